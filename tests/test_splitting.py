"""A topic that becomes several: what key words and predictions propose, what stays, and that nothing is lost."""

from __future__ import annotations

import inspect
import json
import shlex
import shutil
from pathlib import Path

from killing import can_kill, run_until_write
from typer.testing import CliRunner

from topics.care.gather import Labelled
from topics.care.splitting import find_key_terms, propose, split
from topics.classification.analyzer import Terms, count_terms
from topics.classification.training import Example
from topics.cli import app
from topics.cli.label_changes import split_labels
from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, find_label_files, read_decisions
from topics.labels.matching import settle_topics
from topics.labels.store import append_decisions
from topics.labels.taxonomy import Topic, load_taxonomy, parse_taxonomy
from topics.records import dump_digest, text_digest

SLUGS = ("water", "roads")
TAXONOMY = "".join(f'[[topic]]\nslug = "{slug}"\nname = "{slug}"\ndescription = "On {slug}."\n\n' for slug in SLUGS)
CREEKS = Topic("creeks", "Creeks", "Creeks, otters and weirs.", ("otter", "weir", "eel trap"))
LAKES = Topic("lakes", "Lakes", "Lakes, pikes and regattas.", ("pike", "regatta", "sailing boat"))
ROADS = Topic("roads", "roads", "On roads.")
TEXTS = {
    1: "The otter came back below the weir.",
    2: "A pike of twelve pounds won the regatta supper.",
    3: "An otter and a pike were seen on one day.",
    4: "Herons nest where the willows lean.",
    5: "The lorry crossed the bridge, and an otter watched from the weir.",
}


def decide(number: int, topic: str | None, *also: str, by: str = "ada", day: int = 1) -> TopicDecision:
    text = TEXTS[number]
    return TopicDecision(
        dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), topic=topic, also=also,
        kind="article", by=by, at=f"2026-03-{day:02}T10:00:00Z", name=f"{number}.txt", text=text,
    )  # fmt: skip


SAID = (decide(1, "water"), decide(2, "water"), decide(3, "water"), decide(4, "water"), decide(5, "roads", "water"))
SECOND = (decide(1, "water", by="ben", day=2), decide(4, "roads", by="ben", day=2))


def make_labels(folder: Path) -> Path:
    labels = folder / "labels"
    labels.mkdir(parents=True)
    (labels / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    append_decisions(labels / "a.jsonl", SAID[:3])
    append_decisions(labels / "b.jsonl", SAID[3:])
    append_decisions(labels / "second" / "ben.jsonl", SECOND)
    return labels


def gather(labels: Path) -> Labelled:
    """The pieces with the terms of their texts, without a model."""
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    entries = settle_topics(read_decisions(find_label_files(labels), taxonomy, lambda problem: None).topics)
    said = [entry.decision for entry in entries]
    examples = [Example(count_terms(None, d.text), d.topic, d.also, str(n)) for n, d in enumerate(said)]
    return Labelled(taxonomy, tuple(examples), (), tuple(entries), (), None)


def contents(labels: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in labels.rglob("*") if file.is_file() and file.name != ".lock"}


def meanings(labels: Path) -> dict[str, tuple[str | None, tuple[str, ...]]]:
    entries = read_decisions(find_label_files(labels), load_taxonomy(labels / "taxonomy.toml")).topics
    return {e.decision.name: (e.decision.topic, e.decision.also) for e in settle_topics(entries)}


def test_key_terms_are_those_of_one_topic_alone_and_whole_phrases():
    found = find_key_terms([CREEKS, Topic("dens", "", "", ("otter", "fox den"))])
    assert found == {"creeks": {"weir", "eel trap"}, "dens": {"fox den"}}


def test_two_key_words_decide_and_a_tie_does_not(tmp_path: Path):
    found = propose(gather(make_labels(tmp_path)), "water", [CREEKS, LAKES], min_score=1.0)
    by_number = {number: found[text_digest(text)] for number, text in TEXTS.items()}
    assert [by_number[n].into for n in (1, 2, 3, 4, 5)] == ["creeks", "lakes", None, None, "creeks"]
    assert by_number[1].why == "key words: otter, weir"
    assert by_number[3].why.startswith("nothing tells: ")


def test_a_prediction_decides_where_it_is_sure():
    taxonomy = parse_taxonomy(TAXONOMY, "t")
    words = {"creeks": "otter weir reeds mill current", "lakes": "pike regatta shore sail depth"}
    pieces = [("water", words[slug]) for slug in words for _ in range(6)]
    pieces += [("water", "reeds mill current"), ("water", "reeds shore")]
    counted = [Terms({}, dict.fromkeys(text.split(), 1)) for _, text in pieces]
    examples = [Example(terms, "water", (), str(n)) for n, terms in enumerate(counted)]
    entries = [
        Entry(
            TopicDecision(
                dump="d" * 64, start=0, end=9, segment=f"{n:064x}", topic=topic, kind="article", by="ada",
                at="2026-03-01", name="x",
            ),
            "a.jsonl", n + 1, n,
        )
        for n, (topic, _) in enumerate(pieces)
    ]  # fmt: skip
    found = propose(Labelled(taxonomy, tuple(examples), (), tuple(entries), (), None), "water", [CREEKS, LAKES])
    sure, torn = found[f"{12:064x}"], found[f"{13:064x}"]
    assert sure.into == "creeks" and sure.why.startswith("prediction: creeks 0.")
    assert torn.into is None and "creeks 0." in torn.why and "lakes 0." in torn.why


def test_a_split_moves_what_it_can_and_lists_the_rest(tmp_path: Path):
    labels = make_labels(tmp_path)
    found = split(labels, "water", ["creeks", "lakes"], gather(labels), new=[CREEKS, LAKES], min_score=1.0)
    assert meanings(labels) == {
        "1.txt": ("creeks", ()),
        "2.txt": ("lakes", ()),
        "3.txt": ("water", ()),
        "4.txt": ("water", ()),
        "5.txt": ("roads", ("creeks",)),
    }
    assert [Path(entry.file).name for entry in found.undecided] == ["a.jsonl", "b.jsonl"]
    assert load_taxonomy(labels / "taxonomy.toml").slugs == ("water", "creeks", "lakes", "roads")
    (again, other) = read_decisions([labels / "second"]).topics
    assert (again.decision.topic, again.decision.by, other.decision.topic) == ("creeks", "ben", "roads")


def test_the_same_split_goes_on_once_a_person_has_decided_and_takes_the_topic_away(tmp_path: Path):
    labels = make_labels(tmp_path)
    split(labels, "water", ["creeks", "lakes"], gather(labels), new=[CREEKS, LAKES], min_score=1.0)
    append_decisions(labels / "b.jsonl", [decide(3, "lakes", by="cleo", day=9), decide(4, "creeks", by="cleo", day=9)])
    found = split(labels, "water", ["creeks", "lakes"], gather(labels), min_score=1.0)
    assert (found.respelled, found.undecided) == ((), ())
    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    assert taxonomy.slugs == ("creeks", "lakes", "roads")
    assert taxonomy.retired == {"water": ("creeks", "lakes")}
    assert meanings(labels)["3.txt"] == ("lakes", ())
    assert split(labels, "water", ["creeks", "lakes"], gather(labels)).respelled == ()


def test_the_rest_can_be_sent_somewhere(tmp_path: Path):
    labels = make_labels(tmp_path)
    found = split(
        labels, "water", ["creeks", "lakes"], gather(labels), new=[CREEKS, LAKES], rest="lakes", min_score=1.0
    )
    assert found.undecided == () and "water" not in load_taxonomy(labels / "taxonomy.toml")
    assert (meanings(labels)["3.txt"], meanings(labels)["4.txt"]) == (("lakes", ()), ("lakes", ()))
    assert found.why[text_digest(TEXTS[4])].startswith("the rest (")


def test_a_topic_may_be_one_of_those_it_becomes(tmp_path: Path):
    labels = make_labels(tmp_path)
    (labels / "taxonomy.toml").write_text(
        TAXONOMY.replace('"On water."', '"On water."\nkey_words = ["pike", "regatta"]')
    )
    found = split(labels, "water", ["water", "creeks"], gather(labels), new=[CREEKS], min_score=1.0)
    assert {each.decision.name for each in found.respelled} == {"1.txt", "5.txt"}
    assert load_taxonomy(labels / "taxonomy.toml").slugs == ("water", "creeks", "roads")
    assert meanings(labels)["2.txt"] == ("water", ())


SPLIT = """
from pathlib import Path
from test_splitting import CREEKS, LAKES, gather
from topics.care.splitting import split
labels = Path(sys.argv[1])
pieces = gather(labels)
new = [] if "creeks" in pieces.taxonomy else [CREEKS, LAKES]
split(labels, "water", ["creeks", "lakes"], pieces, new=new, rest="lakes", min_score=1.0)
"""


@can_kill
def test_a_split_killed_at_any_write_is_finished_by_the_same_command(tmp_path: Path):
    whole = make_labels(tmp_path / "whole")
    n_calls = run_until_write(SPLIT, 0, str(whole))
    assert n_calls >= 10  # the taxonomy, three label files, the taxonomy without the topic, each brought to the disk
    for stop in range(1, n_calls + 1):
        labels = make_labels(tmp_path / str(stop))
        run_until_write(SPLIT, stop, str(labels))
        run_until_write(SPLIT, 0, str(labels))
        assert meanings(labels) == meanings(whole)
        assert (labels / "taxonomy.toml").read_bytes() == (whole / "taxonomy.toml").read_bytes()
        for name in ("a.jsonl", "b.jsonl", "second/ben.jsonl"):
            assert (labels / name).read_bytes() == (whole / name).read_bytes()


def test_the_examples_of_the_help_can_be_given_to_the_shipped_taxonomy(tmp_path: Path):
    (tmp_path / "labels").mkdir()
    shutil.copy(Path(__file__).parent.parent / "labels" / "taxonomy.toml", tmp_path / "labels")
    examples = inspect.cleandoc(split_labels.__doc__ or "").partition("Example:")[2].replace("\\\n", "").strip()
    for line in examples.splitlines():
        done = CliRunner().invoke(app, [*shlex.split(line)[1:], "--labels", str(tmp_path / "labels")])
        assert done.exit_code == 0, (line, done.stderr)
    assert "asia" in load_taxonomy(tmp_path / "labels" / "taxonomy.toml")


def test_the_command_adds_the_topics_it_is_told_of(tmp_path: Path):
    labels = make_labels(tmp_path)
    before = contents(labels)
    words = ["labels", "split", "water", "--into", "creeks", "--into", "lakes", "--min-score", "1"]
    words += ["--labels", str(labels)]
    runner = CliRunner()
    unknown = runner.invoke(app, words)
    assert unknown.exit_code == 1 and '--describe "creeks=…"' in unknown.stderr
    words += ["--describe", "creeks=Creeks.", "--describe", "lakes=Lakes.", "--key-words", "creeks=otter, weir"]
    dry = runner.invoke(app, [*words, "--dry-run"])
    shown = json.loads(dry.stdout)
    assert contents(labels) == before
    assert [row["topic"] for row in shown["decisions"]][:1] == [["water", "creeks"]]
    assert len(shown["undecided"]) == 3 and shown["undecided"][0]["why"].startswith("nothing tells")
    done = runner.invoke(app, [*words, "--format", "table"])
    assert done.exit_code == 0, done.stderr
    assert "undecided (3)" in done.stdout and "3 undecided, still water" in done.stderr
    assert load_taxonomy(labels / "taxonomy.toml")["creeks"].key_words == ("otter", "weir")
    for wrong in (
        ["labels", "split", "water", "--into", "creeks"],
        [*words, "--rest", "roads"],
        [*words, "--describe", "roads=x"],
        [*words, "--key-words", "creeks"],
    ):
        assert runner.invoke(app, [*wrong, "--labels", str(labels)]).exit_code == 2
    nothing = runner.invoke(app, ["labels", "split", "sprots", *words[3:9], "--labels", str(labels)])
    assert nothing.exit_code == 1 and 'unknown topic "sprots"' in nothing.stderr
