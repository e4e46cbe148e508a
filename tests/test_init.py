"""A project with the user's own topics: what is made, and that nothing is written over."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from topics.cli import app
from topics.cli.init import ask_topics
from topics.errors import LabelError
from topics.labels.project import list_topics, make_project, make_slug, write_taxonomy
from topics.labels.store import write_new
from topics.labels.taxonomy import Topic, load_taxonomy, parse_taxonomy

LIST = """\
# what the valley paper writes about
Rivers: Floods, dams and fish.
  rule: Water comes first.
  borderline: A dam is financed: money.
  borderline: A bridge is washed away: rivers.
  key words: weir, barge,  eel trap
  key_words: lock

[money] Trade & labour: Firms, wages: all of it.
"""
RIVERS = Topic("rivers", "Rivers", "Floods and dams.")
ROADS = Topic("roads", "Roads", "Traffic and bridges.")


def run(*words: object, stdin: str | None = None):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


def test_a_plain_list_says_everything_about_a_topic():
    assert list_topics(LIST) == [
        Topic(
            "rivers", "Rivers", "Floods, dams and fish.", ("weir", "barge", "eel trap", "lock"), None,
            "Water comes first.", ("A dam is financed: money.", "A bridge is washed away: rivers."),
        ),
        Topic("money", "Trade & labour", "Firms, wages: all of it."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Rivers", "topics:1: not a topic with a description."),
        ("Rivers: ", "topics:1: not a topic with a description."),
        ("河流: 水", 'topics:1: slug "" may hold only a-z'),
        ("Boilerplate: Steam.", 'topics:1: slug "boilerplate" is a kind of segments'),
        ("[Riv] Rivers: Water.", 'topics:1: slug "Riv" may hold only a-z'),
        ("\n  rule: x", "topics:2: belongs to no topic."),
        ("Rivers: Water.\n  rule: x\n  rule: y", "topics:3: neither"),
        ("Rivers: Water.\n  colour: blue", "topics:2: neither"),
        ("Rivers: Water.\n  borderline:", "topics:2: neither"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused_with_its_line(text: str, message: str):
    with pytest.raises(LabelError) as raised:
        list_topics(text)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)


def test_a_topic_that_is_listed_twice_is_named_with_both_of_its_lines(tmp_path: Path):
    path = tmp_path / "list.txt"
    path.write_text("Rivers: Floods.\n# and again\nrivers: Dams.\n", encoding="utf-8")
    done = run("init", tmp_path / "new", "--topics", path)
    assert done.exit_code == 1
    assert done.stderr == f'topics: {path}:3: topic "rivers" again; it stands at {path}:1 too. Keep one of them.\n'
    path.write_text("Roads: Traffic.\nRivers: Floods.\n", encoding="utf-8")
    done = run("init", tmp_path / "new", "--topics", path, "-t", "Rivers: Dams.")
    assert f'{path}:2: topic "rivers" again; it stands at --topic too.' in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_topic_of_an_option_may_begin_with_what_marks_a_comment_in_a_list(tmp_path: Path):
    done = run("init", tmp_path, "-t", "#metoo: Power at work.", "-t", "Rivers: Floods.")
    assert done.exit_code == 0, done.stderr
    taxonomy = load_taxonomy(project=tmp_path)
    assert [(topic.slug, topic.name) for topic in taxonomy.topics] == [("metoo", "#metoo"), ("rivers", "Rivers")]


def test_slugs_are_made_of_names():
    assert [make_slug(name) for name in ("Crime & Justice", "  UK politics ", "Größe", "東京")] == [
        "crime-justice", "uk-politics", "grosse", "",
    ]  # fmt: skip


def test_the_taxonomy_that_is_written_is_read_again_with_hints_for_what_is_missing():
    topics = list_topics(LIST)
    text = write_taxonomy(topics)
    assert parse_taxonomy(text, "t").topics == tuple(topics)
    assert text.count("# rule =") == text.count("# borderline =") == text.count("# key_words =") == 1
    for line in text.splitlines():  # a hint is a line that only needs its mark taken away
        if line.startswith(("# rule =", "# borderline =", "# key_words =")):
            parse_taxonomy(text + line.removeprefix("# "), "t")


def test_a_project_is_made_and_never_written_over(tmp_path: Path):
    folder = tmp_path / "valley"
    made = make_project(folder, [RIVERS, ROADS])
    assert [path.relative_to(tmp_path).as_posix() for path in made] == [
        "valley", "valley/labels", "valley/models", "valley/seeds", "valley/README.md", "valley/labels/taxonomy.toml",
    ]  # fmt: skip
    assert load_taxonomy(project=folder).slugs == ("rivers", "roads")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(LabelError, match="there is a project here already"):
        make_project(folder, [ROADS, RIVERS])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_is_there_already_stays(tmp_path: Path):
    (tmp_path / "seeds").mkdir()
    (tmp_path / "README.md").write_text("mine")
    made = make_project(tmp_path, [RIVERS, ROADS])
    assert (tmp_path / "README.md").read_text() == "mine"
    assert [path.name for path in made] == ["labels", "models", "taxonomy.toml"]
    assert not write_new(tmp_path / "README.md", b"ours") and (tmp_path / "README.md").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md", "labels", "models", "seeds"]


def test_topics_that_make_no_taxonomy_make_no_folder_either(tmp_path: Path):
    for topics in ([], [RIVERS], [RIVERS, RIVERS]):
        with pytest.raises(LabelError):
            make_project(tmp_path / "new", topics)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path):
    (tmp_path / "labels").write_text("a file")
    done = run("init", tmp_path, "-t", "Rivers: Water.", "-t", "Roads: Traffic.")
    assert done.exit_code == 1 and done.stderr.count("\n") == 1 and "cannot be made" in done.stderr


def test_the_command_takes_topics_from_options_a_file_and_stdin(tmp_path: Path):
    (tmp_path / "list.txt").write_text(LIST, encoding="utf-8")
    done = run("init", tmp_path / "a", "--topics", tmp_path / "list.txt", "-t", "Roads: Traffic.")
    assert done.exit_code == 0, done.stderr
    assert load_taxonomy(project=tmp_path / "a").slugs == ("roads", "rivers", "money")
    assert str(tmp_path / "a" / "labels" / "taxonomy.toml") in done.stdout.splitlines()
    assert run("init", tmp_path / "b", "--topics", "-", stdin=LIST).exit_code == 0
    again = run("init", tmp_path / "b", "--topics", "-", stdin=LIST)
    assert again.exit_code == 1 and "already" in again.stderr
    assert run("init", tmp_path / "c").exit_code == 2
    assert run("init", tmp_path / "c", "--topics", tmp_path / "none").exit_code == 1
    assert not (tmp_path / "c").exists()


def test_the_questions_make_the_same_topics_as_a_list():
    answers = iter(
        "Rivers|Floods and dams.|Water first.|A dam: money.||weir, barge|Roads||Rivers|Again.|Roads|Traffic.||||".split(
            "|"
        )
    )
    topics = ask_topics(lambda _question: next(answers))
    assert [topic.slug for topic in topics] == ["rivers", "roads"]
    assert topics[0] == Topic(
        "rivers", "Rivers", "Floods and dams.", ("weir", "barge"), None, "Water first.", ("A dam: money.",)
    )
    assert next(answers, None) is None


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_it_asks(tmp_path: Path):
    import pty

    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "topics", "init", str(tmp_path / "new")]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, b"Rivers\nFloods.\n\n\nweir\nRoads\nTraffic.\n\n\n\n\n")
        shown = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        assert process.wait(timeout=60) == 0, shown
    assert b"Name of topic 3" in shown
    assert load_taxonomy(project=tmp_path / "new").slugs == ("rivers", "roads")


def test_the_readme_of_a_project_names_commands_that_exist(tmp_path: Path):
    make_project(tmp_path, [RIVERS, ROADS])
    named = re.findall(r"`topics ([a-z ]+?)(?: (?:--|[a-z]+/).*?)?`", (tmp_path / "README.md").read_text("utf-8"))
    assert len(named) >= 5
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for words in (name.split() for name in named):
        group = commands[words[0]]
        assert len(words) == 1 or words[1] in group.commands


def test_an_empty_project_can_be_checked_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_project(tmp_path, [RIVERS, ROADS])
    monkeypatch.chdir(tmp_path)
    assert run("labels", "check").exit_code == 0
    assert run("labels", "stats").exit_code == 0


def test_a_new_project_trains_and_classifies_before_there_is_any_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(
        tmp_path,
        [
            Topic("health", "Health", "Hospitals, diseases, vaccines, nurses and patients."),
            Topic("money", "Money", "Trade, firms, prices, ports and wages."),
        ],
    )
    monkeypatch.chdir(tmp_path)
    text = "The nurse gave the vaccine to four patients at the hospital, and the fever of the disease went down.\n"
    (tmp_path / "seeds" / "page.txt").write_text(text, encoding="utf-8")
    trained = run("train")
    assert trained.exit_code == 0, trained.stderr
    assert len(list((tmp_path / "models" / "default").rglob("manifest.json"))) == 1
    done = run("classify", "seeds", "--format", "jsonl")
    (row,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert row["topics"][0]["topic"] == "health" and row["model"].startswith("default@")
