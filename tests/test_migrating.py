"""Decisions follow a taxonomy that changes: nothing is lost or reordered, whenever the process is killed."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import can_kill, run_until_write
from typer.testing import CliRunner

from topics.cli import app
from topics.errors import LabelError
from topics.labels.decisions import BoundaryDecision, TopicDecision, to_json
from topics.labels.entries import find_label_files, read_decisions
from topics.labels.matching import settle_topics
from topics.labels.migrating import merge, migrate, rename
from topics.labels.store import append_decisions
from topics.labels.taxonomy import load_taxonomy
from topics.labels.taxonomy_edit import drop_topic, rename_topic

SLUGS = ("rivers", "hills", "woods", "fens")
TAXONOMY = "".join(f'[[topic]]\nslug = "{slug}"\nname = "{slug}"\ndescription = "On {slug}."\n\n' for slug in SLUGS)
CUT = BoundaryDecision(dump="d" * 64, offset=70, starts=True, by="ada", at="2026-03-01T10:00:00Z", name="wire.txt")


def decide(number: int, topic: str | None, *also: str, by: str = "ada", day: int = 1, **more) -> TopicDecision:
    fields = {
        "dump": "d" * 64, "start": 10 * number, "end": 10 * number + 10, "segment": f"{number:064x}", "kind": "article",
        "name": "wire.txt",
    }  # fmt: skip
    return TopicDecision(topic=topic, also=also, by=by, at=f"2026-03-{day:02}T10:00:00Z", **(fields | more))


def make_project(
    folder: Path, *decisions: TopicDecision | BoundaryDecision, second: tuple[TopicDecision, ...] = ()
) -> Path:
    labels = folder / "labels"
    labels.mkdir()
    (labels / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    for number, decision in enumerate(decisions):
        append_decisions(labels / f"{'ab'[number % 2]}.jsonl", [decision])
    append_decisions(labels / "second" / "ben.jsonl", second)
    return labels


def meanings(labels: Path) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """Text digest to what holds for it, read as training reads it: any problem is raised."""
    files = find_label_files(labels)
    entries = read_decisions(files, load_taxonomy(labels / "taxonomy.toml")).topics
    return {e.decision.segment: (e.decision.topic, e.decision.also) for e in settle_topics(entries)}


def plain_meanings(labels: Path) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    """The same, read by the letter of the format: every line counts, later ``at`` wins, then file order."""
    found: dict[str, tuple[str, dict]] = {}
    for file in find_label_files(labels):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["type"] == "topic" and row["at"] >= found.get(row["segment"], ("",))[0]:
                found[row["segment"]] = (row["at"], row)
    return {segment: (row["topic"], tuple(row["also"])) for segment, (_at, row) in found.items()}


def contents(labels: Path) -> dict[str, bytes]:
    return {str(p.relative_to(labels)): p.read_bytes() for p in labels.rglob("*") if p.is_file() and p.name != ".lock"}


def test_a_rename_appends_what_holds_and_leaves_every_line_that_stood_there(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "hills", "rivers"), decide(3, "woods"), CUT)
    before = contents(labels)
    found = rename(labels, "rivers", "waters")
    after = contents(labels)
    assert meanings(labels) == plain_meanings(labels)
    assert meanings(labels)[f"{1:064x}"] == ("waters", ())
    assert meanings(labels)[f"{2:064x}"] == ("hills", ("waters",))
    assert all(after[name].startswith(before[name]) for name in ("a.jsonl", "b.jsonl"))
    assert [after[f"{name}.jsonl"].count(b"\n") - before[f"{name}.jsonl"].count(b"\n") for name in "ab"] == [1, 1]
    (line,) = after["a.jsonl"][len(before["a.jsonl"]) :].decode().splitlines()
    assert json.loads(line) == json.loads(to_json(decide(1, "rivers"))) | {"topic": "waters", "was": ["rivers"]}
    assert [each.entry.line for each in found.respelled] == [1, 1]
    assert found.done


def test_a_decision_said_again_counts_once_and_keeps_its_place(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "woods"))
    rename(labels, "rivers", "waters")
    rename(labels, "waters", "rivers")
    entries = read_decisions([labels]).topics
    assert [(e.decision.topic, Path(e.file).name, e.line, e.rank) for e in entries] == [
        ("rivers", "a.jsonl", 3, 0),
        ("woods", "b.jsonl", 1, 1),
    ]
    assert (labels / "a.jsonl").read_text("utf-8").count("\n") == 3


def test_a_merge_leaves_no_topic_twice(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers", "fens", "hills"), decide(2, "woods", "rivers", "fens"))
    merge(labels, ["rivers", "fens"], "wetlands")
    assert meanings(labels) == plain_meanings(labels)
    assert list(meanings(labels).values()) == [("wetlands", ("hills",)), ("woods", ("wetlands",))]


def test_only_what_holds_is_said_again(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "woods"), decide(1, "hills", by="ben", day=2))
    assert rename(labels, "rivers", "waters").respelled == ()
    assert meanings(labels)[f"{1:064x}"] == ("hills", ())
    by_ada = [e.decision.topic for e in read_decisions([labels], load_taxonomy(labels / "taxonomy.toml")).topics]
    assert by_ada == ["waters", "hills", "woods"]


def test_second_readings_go_with_the_first_and_stay_apart(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), second=(decide(1, "rivers", by="ben", day=3),))
    found = rename(labels, "rivers", "waters")
    assert [Path(each.entry.file).parent.name for each in found.respelled] == ["labels", "second"]
    (entry,) = read_decisions([labels / "second"]).topics
    assert (entry.decision.topic, entry.decision.by) == ("waters", "ben")


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "rivers"))
    before = contents(labels)
    dry = merge(labels, ["rivers"], "woods", dry_run=True)
    assert contents(labels) == before and not dry.done
    assert dry == replace(merge(labels, ["rivers"], "woods"), done=False)


def test_lines_that_cannot_be_read_and_topics_that_never_were_stay_and_are_named(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "sprots"))
    with (labels / "a.jsonl").open("a", encoding="utf-8") as file:
        file.write("<<<<<<<\n")
    problems: list[LabelError] = []
    assert len(rename(labels, "rivers", "waters", on_problem=problems.append).respelled) == 1
    assert [str(problem).split(": ")[1][:8] for problem in problems] == ["not JSON"]
    assert b"<<<<<<<" in (labels / "a.jsonl").read_bytes()


def test_lines_from_a_branch_that_did_not_know_are_read_in_todays_words_and_said_again_by_the_same_command(
    tmp_path: Path,
):
    labels = make_project(tmp_path, decide(1, "rivers"))
    rename(labels, "rivers", "waters")
    append_decisions(labels / "a.jsonl", [decide(4, "rivers", day=9)])
    assert meanings(labels)[f"{4:064x}"] == ("waters", ())
    assert len(rename(labels, "rivers", "waters").respelled) == 1
    assert meanings(labels) == plain_meanings(labels)
    assert rename(labels, "rivers", "waters").respelled == ()


def test_a_rename_is_done_already_only_where_the_one_slug_became_the_other(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "fens"))
    rename(labels, "rivers", "waters")
    merge(labels, ["waters", "fens"], "wetlands")
    for new in ("waters", "wetlands"):
        assert rename(labels, "rivers", new).respelled == ()
    with pytest.raises(LabelError, match="was a topic once"):
        rename(labels, "rivers", "fens")  # both are wetlands now, and neither became the other


def test_topics_cannot_trade_slugs_since_lines_that_stand_there_would_mean_something_else(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "hills"))
    rename(labels, "rivers", "waters")
    before = contents(labels)
    with pytest.raises(LabelError, match='labels that say so mean "waters" now'):
        rename(labels, "hills", "rivers")
    assert contents(labels) == before
    rename(labels, "waters", "rivers")
    assert list(meanings(labels).values()) == list(plain_meanings(labels).values()) == [("rivers", ()), ("hills", ())]


def test_the_slug_of_a_rename_that_was_killed_is_not_given_away(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "hills"))
    path = labels / "taxonomy.toml"
    path.write_text(rename_topic(path.read_text("utf-8"), "t", "rivers", "waters"), encoding="utf-8")
    with pytest.raises(LabelError, match='"rivers" was a topic once'):
        rename(labels, "hills", "rivers")
    assert meanings(labels)[f"{1:064x}"] == ("waters", ())
    rename(labels, "rivers", "waters")
    assert meanings(labels) == plain_meanings(labels)


def test_a_folder_that_cannot_be_held_is_one_line_and_stays_as_it_is(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"))
    (labels / ".lock").unlink()
    (labels / ".lock").mkdir()
    before = contents(labels)
    done = CliRunner().invoke(app, ["labels", "rename", "rivers", "waters", "--labels", str(labels)])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"topics: {labels}: cannot be written (") and "Make it writable" in done.stderr
    assert contents(labels) == before


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda labels: rename(labels, "lakes", "ponds"), 'no topic "lakes".'),
        (lambda labels: rename(labels, "rivers", "hills"), 'topic "hills" is there already.'),
        (lambda labels: rename(labels, "rivers", "rivers"), 'topic "rivers" is there already.'),
        (lambda labels: merge(labels, ["rivers", "lakes"], "hills"), 'no topic "lakes".'),
        (lambda labels: merge(labels, ["rivers"], "rivers"), 'only "rivers" itself'),
    ],
)
def test_a_migration_that_makes_no_sense_changes_nothing(tmp_path: Path, step, message: str):
    labels = make_project(tmp_path, decide(1, "rivers"))
    before = contents(labels)
    with pytest.raises(LabelError) as raised:
        step(labels)
    assert message in str(raised.value)
    assert contents(labels) == before


def test_what_is_left_of_a_split_is_history_once_a_later_decision_holds(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers"), decide(2, "rivers"), decide(1, "fens", by="ben", day=2))

    def take_away(text: str, source: str) -> str:
        return drop_topic(text, source, "rivers", ["fens", "woods"])

    found = migrate(labels, take_away)
    assert [entry.decision.segment for entry in found.undecided] == [f"{2:064x}"]
    problems: list[LabelError] = []
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    left = read_decisions([labels], taxonomy, problems.append).topics
    assert [entry.decision.topic for entry in left] == ["fens"]
    assert [str(p).partition(": ")[2] for p in problems] == [
        'topic "rivers" was split into fens, woods. Decide which it is.'
    ]


DECISIONS = st.builds(
    decide,
    st.integers(0, 5),
    st.sampled_from(SLUGS),
    by=st.sampled_from(["ada", "ben"]),
    day=st.integers(1, 2),
    segment=st.sampled_from([f"{n:064x}" for n in range(3)]),
    end=st.sampled_from([60, 61, 200]),
)


@settings(deadline=None)
@given(st.lists(DECISIONS, max_size=12), st.sampled_from(SLUGS), st.sampled_from((*SLUGS, "bogs")))
def test_whatever_was_said_means_the_same_in_the_new_words(decisions: list[TopicDecision], gone: str, into: str):
    if gone == into:
        return
    with tempfile.TemporaryDirectory() as folder:
        labels = make_project(Path(folder), *decisions)
        before = read_decisions([labels]).topics
        merge(labels, [gone], into)
        after = read_decisions([labels], load_taxonomy(labels / "taxonomy.toml")).topics
        assert [(e.rank, e.decision.segment, e.decision.by, e.decision.at) for e in before] == [
            (e.rank, e.decision.segment, e.decision.by, e.decision.at) for e in after
        ]
        assert [into if e.decision.topic == gone else e.decision.topic for e in before] == [
            e.decision.topic for e in after
        ]
        assert plain_meanings(labels) == meanings(labels)


MERGE = """
from pathlib import Path
from topics.labels.migrating import merge
merge(Path(sys.argv[1]), ["rivers", "fens"], "wetlands")
"""


@can_kill
def test_a_migration_killed_at_any_write_loses_nothing_and_is_finished_by_the_same_command(tmp_path: Path):
    said = (decide(1, "rivers"), decide(2, "fens", "rivers"), decide(3, "woods", "fens"), CUT, decide(4, "rivers"))
    second = (decide(1, "fens", by="ben", day=3),)

    def run(folder: str, stop: int) -> tuple[Path, int]:
        (tmp_path / folder).mkdir()
        labels = make_project(tmp_path / folder, *said, second=second)
        return labels, run_until_write(MERGE, stop, str(labels))

    whole, n_calls = run("whole", 0)
    assert n_calls >= 8  # the taxonomy, and three label files, each with its bytes to the disk
    expected = meanings(whole)
    wetlands = {"rivers": "wetlands", "fens": "wetlands"}
    for stop in range(1, n_calls + 1):
        labels, _ = run(str(stop), stop)
        torn = [file for file in labels.rglob("*.jsonl") if not file.read_bytes().endswith(b"\n")]
        problems: list[LabelError] = []
        taxonomy = load_taxonomy(labels / "taxonomy.toml")
        left = settle_topics(read_decisions([labels], taxonomy, problems.append).topics)
        assert sum("cut off" in str(p) for p in problems) == len(problems) == sum(f.parent == labels for f in torn)
        assert {e.decision.segment: wetlands.get(e.decision.topic or "", e.decision.topic) for e in left} == {
            segment: topic for segment, (topic, _also) in expected.items()
        }
        merge(labels, ["rivers", "fens"], "wetlands")
        assert meanings(labels) == plain_meanings(labels) == expected
        assert (labels / "taxonomy.toml").read_bytes() == (whole / "taxonomy.toml").read_bytes()
        for name in ("a.jsonl", "b.jsonl", "second/ben.jsonl"):
            assert (labels / name).read_bytes() == (whole / name).read_bytes()


def test_the_commands_print_what_changed(tmp_path: Path):
    labels = make_project(tmp_path, decide(1, "rivers", name="[i]dump.txt"), decide(2, "hills"))
    runner = CliRunner()
    dry = runner.invoke(app, ["labels", "rename", "rivers", "waters", "--labels", str(labels), "--dry-run"])
    assert dry.exit_code == 0 and "Nothing was written" in dry.stderr
    shown = json.loads(dry.stdout)
    assert (shown["done"], shown["files"]) == (False, {str(labels / "a.jsonl"): 1})
    assert shown["decisions"][0]["topic"] == ["rivers", "waters"]
    assert '+slug = "waters"' in shown["taxonomy"]
    table = runner.invoke(
        app, ["labels", "merge", "rivers", "--into", "fens", "--labels", str(labels), "--format", "table"]
    )
    assert table.exit_code == 0 and "[i]dump.txt" in table.stdout and "1 decision in 1 file said again" in table.stderr
    wrong = runner.invoke(app, ["labels", "rename", "rivers", "hills", "--labels", str(labels)])
    assert wrong.exit_code == 1 and wrong.stderr.count("\n") == 1
    assert runner.invoke(app, ["labels", "rename", "a", "b", "--format", "xml"]).exit_code == 2
    nowhere = runner.invoke(app, ["labels", "rename", "a", "b", "--labels", str(tmp_path / "none")])
    assert nowhere.exit_code == 1 and "topics init" in nowhere.stderr and not (tmp_path / "none").exists()
