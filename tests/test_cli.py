"""The command line: data on stdout, all else on stderr, and exit code 0, 1 or 2; whatever goes wrong is one line."""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from topics.bundle import MANIFEST
from topics.cli import app
from topics.labels.decisions import BoundaryDecision, TopicDecision, to_json
from topics.reading import compression
from topics.records import dump_digest, text_digest
from topics.runs import read_manifest, read_run
from topics.writers import atomic

ROOT = Path(__file__).resolve().parent.parent
WIRE = ROOT / "seeds" / "harbour-wire.txt"
HELD_OUT = ROOT / "tests" / "quality" / "held_out.jsonl"

KEYS = (
    "id digest dump index start end start_line end_line kind title published source topic score also unknown topics "
    "boundary furniture language duplicate_of model text"
).split()
TOPIC_KEYS = {"topic", "score", "also", "unknown", "topics", "model"}

FERRY = (
    "Ferry fares rise again\r\n\r\n"
    "The harbour board raised the fares of all its ferries on Monday, and said that the crane could wait.\r\n\r\n"
    "“Nobody asked us,” said Inès Okafor, who mends nets on the eastern quay.\r\n"
)


class Done:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in err, err

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def run(*words: Any, stdin: str | bytes | None = None) -> Done:
    result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def run_ok(*words: Any, stdin: str | bytes | None = None) -> Done:
    done = run(*words, stdin=stdin)
    assert done.code == 0, done.err
    return done


def command(*words: Any) -> list[str]:
    return [sys.executable, "-m", "topics", *map(str, words)]


def run_process(*words: Any, **options: Any) -> Done:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": ROOT, "timeout": 300, **options}
    done = subprocess.run(command(*words), text=True, check=False, **options)
    return Done(done.returncode, done.stdout or "", done.stderr or "")


def assert_says_what_and_what_next(line: str, *said: str) -> None:
    assert line.startswith("topics: ")
    assert all(part in line for part in said), line
    assert re.search(r"[.)] `?[A-Za-z][^.]* .*\.$", line), line  # a second sentence: the next move


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def list_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Records


def test_classify_writes_records_with_their_keys_in_order() -> None:
    done = run_ok("classify", WIRE)
    assert len(done.rows) > 1
    for row in done.rows:
        assert list(row) == KEYS
        assert len(row["topics"]) == 5
        assert row["dump"] == "harbour-wire.txt"
        assert row["model"].startswith("default@")
        assert (row["topic"] is None) == (row["score"] is None) == (row["unknown"] or row["kind"] == "boilerplate")


def test_counts_go_to_stderr_and_nothing_else_does() -> None:
    done = run_ok("classify", WIRE)
    assert done.err == f"1 dump, {len(done.rows)} segments\n"


def test_the_segments_of_a_dump_are_all_of_it(tmp_path: Path) -> None:
    text = f"\r\n \n{FERRY}\n\n" + WIRE.read_text("utf-8")[:5000] + "\x0b\n"
    rows = run_ok("classify", write(tmp_path / "a.txt", text)).rows
    assert "".join(row["text"] for row in rows) == text
    assert [row["index"] for row in rows] == list(range(len(rows)))
    for row in rows:
        assert row["text"] == text[row["start"] : row["end"]]


def test_segment_writes_the_same_segments_without_topics() -> None:
    cut, tagged = run_ok("segment", WIRE).rows, run_ok("classify", WIRE).rows
    assert [list(row) for row in cut] == [[key for key in KEYS if key not in TOPIC_KEYS]] * len(tagged)
    assert cut == [{key: value for key, value in row.items() if key not in TOPIC_KEYS} for row in tagged]


def test_boundaries_asks_for_more_or_fewer_segments() -> None:
    few, many = (len(run_ok("segment", WIRE, "--boundaries", p).rows) for p in (0.99, 0.01))
    assert few < many


@pytest.mark.parametrize("command", ["segment", "classify"])
def test_a_higher_value_of_boundaries_never_gives_more_segments(command: str) -> None:
    counts = [len(run_ok(command, WIRE, "--boundaries", p).rows) for p in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)]
    assert counts == sorted(counts, reverse=True)


# Boundary decisions


NOBODY = FERRY.index("“Nobody asked us,”")  # in the middle of a piece, where no model cuts


def cut_at(offset: int, starts: bool = True, text: str = FERRY) -> str:
    return to_json(
        BoundaryDecision(
            dump=dump_digest(text), offset=offset, starts=starts, by="ana", at="2026-01-05T12:00:00Z", name="quay.txt"
        )
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A project with a dump, which is returned, and labels; commands run in it with the model that ships."""
    monkeypatch.chdir(tmp_path)

    def make(*lines: str, folder: str = "labels") -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        write(tmp_path / folder / "mine.jsonl", "".join(f"{line}\n" for line in lines))
        return write(tmp_path / "quay.txt", FERRY)

    return make


def list_starts(*words: Any) -> list[int]:
    return [row["start"] for row in run_ok(*words).rows]


@pytest.mark.parametrize("command", ["segment", "classify"])
def test_a_decided_boundary_binds_on_its_dump(command: str, project: Callable[..., Path]) -> None:
    path = project(cut_at(NOBODY))
    rows = run_ok(command, path, "--boundaries", 0.99).rows
    assert [(row["start"], row["boundary"]) for row in rows] == [(0, 1.0), (NOBODY, 1.0)]
    assert "".join(row["text"] for row in rows) == FERRY
    assert list_starts(command, path, "--boundaries", 0.99, "--no-labels") == [0]


@pytest.mark.parametrize("command", ["segment", "classify"])
def test_a_boundary_that_was_taken_away_stays_away(command: str, project: Callable[..., Path]) -> None:
    text = WIRE.read_bytes().decode()
    free = list_starts(command, WIRE, "--no-labels")
    project(cut_at(free[1], False, text), cut_at(free[2], True, text))
    kept = list_starts(command, WIRE)
    assert free[1] not in kept and free[2] in kept


def test_labels_can_stand_elsewhere(project: Callable[..., Path]) -> None:
    path = project(cut_at(NOBODY), folder="others")
    assert list_starts("segment", path, "--boundaries", 0.99) == [0]
    assert list_starts("segment", path, "--boundaries", 0.99, "--labels", "others") == [0, NOBODY]
    done = run("segment", path, "--labels", "gone")
    assert (done.code, done.out) == (1, "")
    assert_says_what_and_what_next(done.err.strip(), "gone: no such label folder")


def test_a_decision_binds_whatever_the_dump_is_called_and_only_there(project: Callable[..., Path]) -> None:
    project(cut_at(NOBODY))
    few = ("--boundaries", 0.99)
    assert len(run_ok("segment", "-", *few, stdin=FERRY.encode()).rows) == 2
    assert len(run_ok("segment", "-", *few, stdin=FERRY.encode() + b" ").rows) == 1


def test_a_record_that_is_a_segment_already_is_not_cut(project: Callable[..., Path], tmp_path: Path) -> None:
    path = project(cut_at(NOBODY))
    assert list_starts("classify", path, "--whole") == [0]
    run_ok("classify", path, "--whole", "--output", tmp_path / "run")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["options"]["decisions"] is None  # none was in force


def test_explain_shows_the_segments_that_classify_shows(project: Callable[..., Path]) -> None:
    path = project(cut_at(NOBODY))
    assert "quay.txt #1 " in run_ok("explain", path, "--format", "table").out
    project(cut_at(NOBODY, False))
    n_free, n_bound = (len(run_ok("explain", path, *more).rows) for more in (["--no-labels"], []))
    assert n_free == len(run_ok("classify", path, "--no-labels").rows)
    assert n_bound == len(run_ok("classify", path).rows)


def test_a_decision_that_cannot_hold_is_said_and_the_dump_is_cut_all_the_same(project: Callable[..., Path]) -> None:
    path = project(cut_at(9999), cut_at(NOBODY), cut_at(3)[:60])
    done = run("classify", path, "--boundaries", 0.99)
    assert done.code == 1
    assert [row["start"] for row in done.rows] == [0, NOBODY]
    cut_off, stale, counts = done.errors
    assert_says_what_and_what_next(cut_off, "mine.jsonl:3", "not JSON")
    assert_says_what_and_what_next(stale, "quay.txt", "9999", "no paragraph starts there or later")
    assert counts == "1 dump, 2 segments, 2 decisions not kept"
    strict = run("classify", path, "--strict")
    assert (strict.code, strict.out) == (1, "")
    assert_says_what_and_what_next(strict.err.strip(), "mine.jsonl:3")


def test_two_workers_keep_to_the_same_decisions(project: Callable[..., Path], tmp_path: Path) -> None:
    one = project(cut_at(NOBODY), cut_at(9999))
    two = write(tmp_path / "more.txt", FERRY * 3)
    words = ("classify", one, write(tmp_path / "empty.txt", ""), two, "--boundaries", 0.99)
    here = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    alone, shared = run(*words), run_process(*words, "--jobs", 2, **here)
    assert alone.code == shared.code == 1
    assert alone.out == shared.out
    assert sorted(alone.errors) == sorted(shared.errors)
    assert [row["start"] for row in shared.rows][:2] == [0, NOBODY]
    runs = [tmp_path / "run1", tmp_path / "run2"]
    run(*words, "--output", runs[0])
    run_process(*words, "--output", runs[1], "--jobs", 2, **here)
    assert (runs[0] / "manifest.json").read_bytes() == (runs[1] / "manifest.json").read_bytes()


def test_a_run_names_the_decisions_that_bound(project: Callable[..., Path], tmp_path: Path) -> None:
    path = project(cut_at(NOBODY), cut_at(9999))

    def manifest(*more: Any) -> dict[str, Any]:
        run("segment", path, "--output", tmp_path / "run", *more)
        return json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))

    bound, free = manifest(), manifest("--no-labels")
    assert re.fullmatch(r"[0-9a-f]{64}", bound["options"]["decisions"])
    assert free["options"]["decisions"] is None
    [problem] = bound["problems"]
    assert (problem["where"], problem["reason"]) == ("quay.txt", "decision")
    project(cut_at(NOBODY, False), cut_at(9999))
    assert manifest()["options"]["decisions"] not in (None, bound["options"]["decisions"])


def test_help_reads_no_labels(tmp_path: Path) -> None:
    code = "import sys, topics.cli; sys.argv = ['topics', '--help']\ntry: topics.cli.main()\nexcept SystemExit: pass\n"
    code += "print([m for m in sys.modules if m.startswith('topics.labels')], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == "[]\n"


def test_clean_adds_the_text_without_furniture() -> None:
    rows = run_ok("classify", ROOT / "seeds" / "gulf-pages.txt", "--clean").rows
    assert [list(row) for row in rows] == [[*KEYS, "body"]] * len(rows)
    assert any(row["furniture"] for row in rows)
    for row in rows:
        if row["furniture"]:
            assert len(row["body"]) < len(row["text"])


def test_whole_takes_each_record_as_a_segment_named_by_its_id(tmp_path: Path) -> None:
    body = FERRY.split("\r\n\r\n", 1)[1]  # no headline of its own, so the record's is taken
    records = [
        {"id": "2026/7", "body": body, "title": "Fares", "date": "2026-01-05", "source": "The Quay"},
        {"body": FERRY + FERRY},
    ]
    path = write(tmp_path / "feed.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    rows = run_ok("classify", path, "--whole", "--text-field", "body").rows
    assert [(row["dump"], row["text"]) for row in rows] == [("2026/7", body), ("feed.jsonl#2", FERRY + FERRY)]
    assert (rows[0]["title"], rows[0]["published"], rows[0]["source"]) == ("Fares", "2026-01-05", "The Quay")


def test_a_dash_is_stdin() -> None:
    rows = run_ok("classify", "-", stdin=FERRY).rows
    assert {row["dump"] for row in rows} == {"stdin"}
    assert "".join(row["text"] for row in rows) == FERRY


def test_an_encoding_can_be_forced(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", FERRY.encode("cp1252"))
    assert "".join(row["text"] for row in run_ok("segment", path, "--encoding", "cp1252").rows) == FERRY
    refused = run("segment", path, "--encoding", "klingon")
    assert refused.code == 1
    assert_says_what_and_what_next(refused.errors[0], "klingon")


def test_two_workers_give_the_bytes_of_one(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.txt", FERRY * (number + 1))
    write(tmp_path / "empty.txt", "")
    one, two = run("classify", tmp_path), run_process("classify", tmp_path, "--jobs", 2)
    assert one.code == two.code == 1
    assert (one.out, one.err) == (two.out, two.err)
    assert len(one.rows) >= 3


def test_much_text_is_shared_out_and_a_little_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.txt", FERRY * (number + 1))
    asked = []

    def engine(jobs: int, prepare: Callable[[], Any], **_: Any) -> Callable[..., Any]:
        asked.append(jobs)
        return map

    monkeypatch.setattr("topics.engines.local.JoblibEngine", engine)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    alone = run_ok("classify", tmp_path)
    monkeypatch.setattr("topics.engines.local.BYTES_FOR_JOB", 100)
    shared = run_ok("classify", tmp_path)
    assert (alone.out, alone.err) == (shared.out, shared.err)
    run_ok("classify", tmp_path, "--jobs", 1)
    assert asked == [2]


# Formats and outputs


def test_a_file_has_the_format_of_its_suffix(tmp_path: Path) -> None:
    rows = run_ok("classify", WIRE).rows
    for name in ("a.jsonl", "a.csv", "a.parquet", "a.md", "a.html"):
        done = run_ok("classify", WIRE, "--output", tmp_path / name)
        assert done.out == ""
        assert done.err == f"1 dump, {len(rows)} segments\n"
    assert [json.loads(line) for line in (tmp_path / "a.jsonl").read_text("utf-8").splitlines()] == rows
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == [row["id"] for row in rows]
    from pyarrow.parquet import read_table

    table = read_table(tmp_path / "a.parquet")
    assert table.column_names == KEYS
    assert table.column("text").to_pylist() == [row["text"] for row in rows]
    title = next(row["title"] for row in rows if row["title"] and row["title"].isascii())
    assert title in (tmp_path / "a.md").read_text("utf-8")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert title in page
    assert list_files(tmp_path) == ["a.csv", "a.html", "a.jsonl", "a.md", "a.parquet"]


def test_the_format_on_stdout_can_be_named() -> None:
    assert run_ok("classify", WIRE, "--format", "CSV").out.startswith("id,digest,dump,")
    assert run_ok("classify", WIRE, "--format", "markdown").out.startswith("#")


def test_a_format_beats_a_suffix_and_a_pipe_can_be_an_output(tmp_path: Path) -> None:
    run_ok("classify", WIRE, "--output", tmp_path / "a.txt", "--format", "jsonl")
    expected = (tmp_path / "a.txt").read_text("utf-8")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        run_ok("classify", WIRE, "--output", pipe, "--format", "csv")
        assert os.read(reader, 10) == b"id,digest,"
    finally:
        os.close(reader)
    assert len(expected.splitlines()) > 1


@pytest.mark.parametrize("words", [["classify"], ["segment"], ["segment", "--explain"]], ids=" ".join)
def test_a_dash_as_output_is_stdout(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_ok(*words, WIRE, "-o", "-").out == run_ok(*words, WIRE).out
    assert list_files(tmp_path) == []


@pytest.mark.parametrize("command", ["classify", "segment", "explain"])
def test_a_command_does_not_read_what_it_writes(tmp_path: Path, command: str) -> None:
    write(tmp_path / "wire.txt", WIRE.read_bytes())
    with (tmp_path / "out.jsonl").open("w", encoding="utf-8") as out:
        run_process(command, tmp_path, stdout=out)
    expected = (tmp_path / "out.jsonl").read_bytes()
    assert expected == run_process(command, tmp_path / "wire.txt").out.encode()
    for _ in range(2):
        run_ok(command, tmp_path, "--output", tmp_path / "out.jsonl")
        assert (tmp_path / "out.jsonl").read_bytes() == expected


def test_a_run_in_a_folder_of_dumps_is_the_same_however_often_it_is_filled(tmp_path: Path) -> None:
    write(tmp_path / "wire.txt", WIRE.read_bytes())
    words = ["classify", tmp_path, "--output", tmp_path / "run"]
    run_ok(*words)
    before = files_below(tmp_path / "run")
    run_ok("export", tmp_path / "run", "--output", tmp_path / "pages")
    assert "1 input done before" in run_ok(*words).err
    assert files_below(tmp_path / "run") == before
    for folder in ("run", "pages"):
        done = run("classify", tmp_path / folder)
        assert (done.code, done.out) == (1, "")
        assert_says_what_and_what_next(done.errors[0], str(tmp_path / folder), "holds no dumps")


@pytest.mark.parametrize(
    "words",
    [
        "classify {0}/wire.txt --format jsonl --output",
        "segment {0}/wire.txt --format jsonl --output",
        "segment {0}/wire.txt --explain --format jsonl --output",
        "explain {0}/wire.txt --format jsonl --output",
        "models diff default default {0}/wire.txt --format jsonl --output",
        "evaluate {0}/wire.txt --gold tests/quality/held_out.jsonl --output",
        "evaluate seeds --gold {0}/wire.txt --output",
        "report {0}/wire.txt --output",
        "labels export --format csv --run {0}/wire.txt --output",
        "labels export --format csv --labels {0} --output",
    ],
)
def test_an_output_that_is_an_input_is_refused(tmp_path: Path, words: str) -> None:
    wire = write(tmp_path / "wire.txt", WIRE.read_bytes())
    (tmp_path / "link").symlink_to(wire)
    done = run(*words.format(tmp_path).split(), tmp_path / "link")
    assert (done.code, done.out, len(done.errors)) == (1, "", 1)
    assert_says_what_and_what_next(done.err.strip(), str(tmp_path / "link"), "is an input")
    assert wire.read_bytes() == WIRE.read_bytes()
    assert list_files(tmp_path) == ["link", "wire.txt"]


def test_a_run_that_is_the_input_of_its_own_is_refused(tmp_path: Path) -> None:
    run_ok("classify", WIRE, "--output", tmp_path / "run")
    before = files_below(tmp_path / "run")
    assert run("classify", tmp_path / "run", "--output", tmp_path / "run").code == 1
    assert files_below(tmp_path / "run") == before


def test_standard_input_is_kept_from_the_output_too(tmp_path: Path) -> None:
    wire = write(tmp_path / "wire.txt", WIRE.read_bytes())
    for redirected in (f"--output {wire} --format jsonl", f">> {wire}"):
        done = run_in_shell(f"topics classify - < {wire} {redirected}")
        assert done.returncode == 1
        assert wire.read_bytes() == WIRE.read_bytes()


def test_a_run_can_be_exported_as_one_folder_a_topic(tmp_path: Path) -> None:
    seeds = [WIRE, ROOT / "seeds" / "frontline-lines.txt"]
    rows = run_ok("classify", *seeds).rows
    done = run_ok("classify", *seeds, "--output", tmp_path / "run")
    assert done.out == ""
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["totals"]["segments"] == len(rows)
    inputs = [entry["input"] for shard in manifest["shards"] for entry in shard["inputs"]]
    assert inputs == [path.name for path in seeds]

    topics = sorted({topic for row in rows for topic in (row["topic"], *row["also"]) if topic})
    exported = run_ok("export", tmp_path / "run", "--output", tmp_path / "pages")
    assert exported.out == f"{tmp_path / 'pages'}\n"
    for topic in topics:
        assert (tmp_path / "pages" / topic / "index.html").is_file()
        assert topic in exported.err

    run_ok("export", tmp_path / "run", "-o", tmp_path / "one", "-t", topics[0], "-f", "jsonl", "--min-score", 0.01)
    assert [path.name for path in (tmp_path / "one").iterdir() if path.is_dir()] == [topics[0]]
    lines = (tmp_path / "one" / topics[0] / f"{topics[0]}.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["id"] for line in lines} <= {row["id"] for row in rows}


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_export_of_nothing_says_so_and_leaves_the_one_before(tmp_path: Path) -> None:
    rows = [{**row, "topic": "rivers"} for row in run_ok("classify", WIRE).rows if row["topic"]]
    write(tmp_path / "run.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    words = ("export", tmp_path / "run.jsonl", "--output", tmp_path / "pages", "--format", "csv")
    run_ok(*words)
    before = files_below(tmp_path)
    for topic in ("sport", "unknown"):
        done = run(*words, "--topic", topic)
        assert (done.code, done.out) == (1, "")
        assert_says_what_and_what_next(done.errors[-1], "nothing fits that choice", "nothing was written")
        assert files_below(tmp_path) == before
    done = run(*words, "--topic", "rivers", "--topic", "sprot")
    assert (done.code, done.out, files_below(tmp_path)) == (1, "", before)
    said = 'topics: unknown topic "sprot". Is "sport" meant? Known topics are in labels/taxonomy.toml.'
    assert done.errors == [said]
    run_ok(*words, "--topic", "rivers", "--topic", "sport")


def test_a_run_of_many_workers_has_the_bytes_of_one(tmp_path: Path) -> None:
    for n in range(40):
        write(tmp_path / "dumps" / f"{n:02}.txt", f"Wire number {n}\n\n{WIRE.read_text('utf-8')}")
    for name, more in {"one": [], "two": ["--jobs", 2], "parquet": ["--format", "parquet"]}.items():
        run_process("classify", tmp_path / "dumps", "--output", tmp_path / name, *more)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    assert len(list((tmp_path / "one" / "shards").iterdir())) > 2
    assert list(read_run(tmp_path / "parquet")) == list(read_run(tmp_path / "one"))
    before = files_below(tmp_path / "one")
    assert run_ok("classify", tmp_path / "dumps", "--output", tmp_path / "one").err.endswith(
        "near-duplicates, 40 inputs done before\n"
    )
    assert files_below(tmp_path / "one") == before


def test_a_large_jsonl_file_is_cut_and_its_records_keep_their_numbers(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"{n}. {FERRY * 12}"}) if n % 7 else "" for n in range(1, 400)]
    write(tmp_path / "crawl.jsonl", "\n".join([*lines, "no record", *lines]))
    done = run("segment", tmp_path / "crawl.jsonl", "--output", tmp_path / "run")
    plain = run("segment", tmp_path / "crawl.jsonl", "--format", "jsonl")
    assert (done.code, plain.code) == (1, 1)
    assert (
        done.errors[0]
        == plain.errors[0]
        == f"topics: {tmp_path / 'crawl.jsonl'}:400: not JSON. Mend or remove the line."
    )
    rows = [{**row, "duplicate_of": None} for row in read_run(tmp_path / "run")]
    assert rows == plain.rows
    assert len(list((tmp_path / "run" / "shards").iterdir())) > 2


def test_standard_input_can_fill_a_run(tmp_path: Path) -> None:
    text = WIRE.read_text("utf-8")
    run_process("classify", "-", "--output", tmp_path / "run", input=text)
    assert "".join(row["text"] for row in read_run(tmp_path / "run")) == text
    assert {row["dump"] for row in read_run(tmp_path / "run")} == {"stdin"}


def test_what_cannot_be_kept_for_a_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.txt")
        done = run("classify", "a.txt", WIRE, "--output", "run")
        assert done.code == 1
        assert_says_what_and_what_next(done.errors[0], "a.txt")
        assert done.errors[1] == "1 dump, 8 segments, 1 input passed over"
        assert [problem["reason"] for problem in read_manifest("run")["problems"]] == ["unreadable"]
        strict = run("classify", "a.txt", WIRE, "--output", "other", "--strict")
        assert strict.code == 1 and len(strict.errors) == 1 and not Path("other").exists()


@pytest.mark.parametrize(
    ("jobs", "how"), [(n, getattr(signal, f"SIG{how}")) for how in ("KILL", "INT", "TERM") for n in (1, 2)]
)
def test_a_run_that_is_broken_off_goes_on_where_it_was(jobs: int, how: signal.Signals, tmp_path: Path) -> None:
    for n in range(60):
        write(tmp_path / "dumps" / f"{n:02}.txt", f"Wire number {n}\n\n{WIRE.read_text('utf-8')}" * 3)
    words = ["classify", tmp_path / "dumps", "--output", tmp_path / "run", "--jobs", jobs]
    process = subprocess.Popen(command(*words), stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True)
    while not list(tmp_path.glob("run/receipts/*.json")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, how)
    _, err = process.communicate(timeout=300)
    assert process.returncode != 0 and err.decode() in ("", "Aborted!\n", "Aborted.\n")
    done = len(list(tmp_path.glob("run/receipts/*.json")))
    assert run("export", tmp_path / "run", "--output", tmp_path / "x").code == 1
    again = run_ok(*words)
    assert int(again.err.split(" inputs done before")[0].split()[-1]) >= done
    run_ok("classify", tmp_path / "dumps", "--output", tmp_path / "fresh")
    assert files_below(tmp_path / "run") == files_below(tmp_path / "fresh")


def test_a_folder_that_is_no_run_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path / "mine.txt", "do not touch")
    done = run("classify", WIRE, "--output", tmp_path)
    assert done.code == 1
    assert_says_what_and_what_next(done.errors[-1], str(tmp_path), "not a run folder")
    assert list_files(tmp_path) == ["mine.txt"]


# The other commands


def test_explain_names_the_terms_that_decided() -> None:
    done = run_ok("explain", WIRE, "--segment", 0, "--format", "table")
    assert done.out.startswith("harbour-wire.txt #0 lines 1-")
    assert re.search(r"\+\d+\.\d% █+ +sudan", done.out)
    assert re.search(r"-\d+\.\d% █+", done.out)
    assert done.err == ""


def test_explain_can_be_asked_about_another_topic_or_a_topic_alone() -> None:
    words = ("explain", WIRE, "--segment", 0, "--topic", "climate")
    assert "\n  climate 0." in run_ok(*words, "--format", "table").out
    assert [topic["topic"] for topic in run_ok(*words).rows[0]["topics"]] == ["climate"]
    assert len(run_ok("explain", "--topic", "climate", "--format", "table").out.split()) > 5


def test_explain_reads_the_field_and_the_encoding_that_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", (json.dumps({"body": FERRY}, ensure_ascii=False) + "\n").encode("cp1252"))
    more = ("--whole", "--encoding", "cp1252")
    refused = run("explain", path, *more)
    assert refused.code == 1
    assert_says_what_and_what_next(refused.errors[0], "feed.jsonl:1", "Text is in: body", "--text-field")
    [row] = run_ok("explain", path, *more, "--text-field", "body", "--terms", 3).rows
    assert row["id"] == run_ok("classify", path, *more, "--text-field", "body").rows[0]["id"]


def test_explaining_a_segment_that_is_not_there_is_a_problem() -> None:
    done = run("explain", WIRE, "--segment", 9999)
    assert (done.code, done.out) == (1, "")
    assert_says_what_and_what_next(done.err.strip(), "9999")


def test_evaluate_measures_cuts_and_topics_or_cuts_alone(tmp_path: Path) -> None:
    both = json.loads(run_ok("evaluate", "seeds", "--gold", HELD_OUT, "--json").out)
    assert both["topics"]
    cuts = json.loads(run_ok("evaluate", "seeds", "--segmentation", HELD_OUT).out)
    assert not cuts["topics"]
    assert {key for key in both if both[key] != cuts[key]} == {"topics", "found", "end_to_end"}
    done = run_ok("evaluate", "seeds", "--segmentation", HELD_OUT, "--output", tmp_path / "figures.json")
    assert done.out == ""
    assert json.loads((tmp_path / "figures.json").read_text("utf-8")) == cuts


@pytest.fixture
def gold(tmp_path: Path) -> Callable[..., Path]:
    """Gold by physical lines for dumps of two pieces, each of two lines."""

    def make(*names: str, last_line: int = 4) -> Path:
        rows = []
        (tmp_path / "dumps").mkdir()
        for name in names:
            write(tmp_path / "dumps" / name, "".join(f"{line}\n" for line in TWO_PIECES))
            for first, last in ((1, 2), (3, last_line)):
                rows.append({"dump": name, "start_line": first, "end_line": last, "kind": "blurb"})
        return write(tmp_path / "gold.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    return make


TWO_PIECES = [
    "Ferry fares rise again",
    "The harbour board raised the fares of all its ferries on Monday, and said that the crane could wait.",
    "Bell ringers ask for a new rope",
    "Bell ringers in Upper Stour have asked the council for a new rope, and for a shorter peal on Sundays.",
]
FIGURES = ("pk", "window_diff", "similarity")


def test_a_users_own_gold_gives_every_boundary_figure_by_dump_and_over_all(gold: Callable[..., Path]) -> None:
    path = gold("a.txt", "b.txt", "c.txt")
    report = json.loads(run_ok("evaluate", path.parent / "dumps", "--segmentation", path, "--no-labels").out)
    whole = report["boundaries"]
    assert (report["n_dumps"], whole["n_true"]) == (3, 3)
    for name in FIGURES:
        low, high = whole[f"{name}_interval"]
        assert low <= whole[name] <= high
    for name in ("exact", "lenient"):
        low, high = whole[f"{name}_f1_interval"]
        assert low <= whole[name]["f1"] <= high
    assert [entry["dump"] for entry in report["dumps"]] == ["a.txt", "b.txt", "c.txt"]
    assert all({"exact", "lenient", *FIGURES} <= set(entry["boundaries"]) for entry in report["dumps"])


def test_gold_by_lines_and_by_decisions_give_the_same_figures(gold: Callable[..., Path], tmp_path: Path) -> None:
    by_lines = gold("a.txt")
    text = (tmp_path / "dumps" / "a.txt").read_text("utf-8")
    cut = text.index(TWO_PIECES[2])
    at = "2026-01-05T12:00:00Z"
    spans = [(0, cut), (cut, len(text))]
    said = [
        TopicDecision(
            dump=dump_digest(text), start=start, end=end, segment=text_digest(text[start:end]), topic=None,
            kind="blurb", by="ana", at=at, name="a.txt",
        )
        for start, end in spans
    ]  # fmt: skip
    by_decisions = write(tmp_path / "labels.jsonl", "".join(f"{to_json(decision)}\n" for decision in said))
    one, other = (
        run_ok("evaluate", tmp_path / "dumps" / "a.txt", "--segmentation", path).out
        for path in (by_lines, by_decisions)
    )
    assert json.loads(one)["boundaries"]["n_true"] == 1
    assert one == other


def test_gold_of_dumps_that_are_not_given_is_said_and_the_others_are_measured(
    gold: Callable[..., Path], tmp_path: Path
) -> None:
    path = gold("a.txt", "b.txt", "c.txt")
    done = run("evaluate", tmp_path / "dumps" / "a.txt", tmp_path / "dumps" / "c.txt", "--segmentation", path)
    assert done.code == 1
    assert [entry["dump"] for entry in json.loads(done.out)["dumps"]] == ["a.txt", "c.txt"]
    [said] = done.errors
    assert_says_what_and_what_next(said, f"{path}:3", '"b.txt"')


def test_gold_that_leaves_text_out_is_said_where_boundaries_are_asked_for(gold: Callable[..., Path]) -> None:
    path = gold("a.txt", last_line=3)
    done = run("evaluate", path.parent / "dumps" / "a.txt", "--segmentation", path)
    assert (done.code, json.loads(done.out)["boundaries"]) == (1, None)
    assert_says_what_and_what_next(done.err.strip(), str(path), '"a.txt"')
    assert run_ok("evaluate", path.parent / "dumps" / "a.txt", "--gold", path).err == ""


def test_decisions_bind_where_a_model_is_measured_and_that_is_said(
    gold: Callable[..., Path], project: Callable[..., Path]
) -> None:
    path = gold("a.txt", "b.txt")
    text = (path.parent / "dumps" / "a.txt").read_text("utf-8")
    project(cut_at(text.index(TWO_PIECES[2]), False, text), cut_at(text.index(TWO_PIECES[3]), True, text))
    words = ("evaluate", path.parent / "dumps", "--segmentation", path)
    bound, free = run_ok(*words), run_ok(*words, "--no-labels")
    figures = json.loads(bound.out)
    assert figures["boundaries"]["n_hits"] == 0 and figures["boundaries"]["n_found"] >= 2
    assert figures["n_decisions"] == 4  # two dumps of the same text
    assert_says_what_and_what_next(bound.err.strip(), "in force: 4.", "--no-labels")
    assert (free.err, json.loads(free.out)["n_decisions"]) == ("", 0)
    project(cut_at(text.index(TWO_PIECES[2]), False, text), cut_at(len(text) + 9, True, text))
    half = run(*words)
    assert (half.code, json.loads(half.out)["n_decisions"]) == (1, 2)  # the other cannot hold


def test_gold_that_speaks_of_other_dumps_is_a_problem(tmp_path: Path) -> None:
    done = run("evaluate", write(tmp_path / "a.txt", FERRY), "--gold", HELD_OUT)
    assert (done.code, done.out) == (1, "")
    assert_says_what_and_what_next(done.err.strip(), "held_out.jsonl")


def decide(text: str, topic: str | None, by: str = "ana", at: str = "2026-01-05T12:00:00Z", name: str = "a.txt") -> str:
    return to_json(
        TopicDecision(
            dump=dump_digest(text), start=0, end=len(text), segment=text_digest(text), topic=topic, kind="article",
            by=by, at=at, name=name, text=text,
        )
    )  # fmt: skip


@pytest.fixture
def labels(tmp_path: Path) -> Callable[..., Path]:
    def make(*lines: str) -> Path:
        folder = tmp_path / "labels"
        folder.mkdir()
        shutil.copy(ROOT / "labels" / "taxonomy.toml", folder)
        write(folder / "mine.jsonl", "".join(f"{line}\n" for line in lines))
        return folder

    return make


def test_labels_are_counted_and_found_in_order(labels: Callable[..., Path]) -> None:
    folder = labels(decide(FERRY, "business"), decide("Snow fell on the pass.", "climate"))
    done = run_ok("labels", "check", folder, "--quick", "--format", "table")
    assert "2 labelled segments, nothing to look at" in done.out
    assert done.err == ""
    assert json.loads(run_ok("labels", "stats", folder, "--json", "--quick").out)["segments"] == 2


def test_a_label_with_an_unknown_topic_is_named_by_file_and_line(labels: Callable[..., Path]) -> None:
    folder = labels(decide(FERRY, "business"), decide("Snow fell on the pass.", "sprots"))
    done = run("labels", "check", folder, "--quick", "--format", "table")
    assert done.code == 1
    assert f'{folder / "mine.jsonl"}:2: unknown topic "sprots". ' in done.out
    assert_says_what_and_what_next(done.err.strip(), str(folder), "1 unknown-topic")


def test_two_labels_that_disagree_are_named(labels: Callable[..., Path]) -> None:
    folder = labels(decide(FERRY, "business"), decide(FERRY, "world", by="ben"))
    done = run("labels", "check", folder, "--quick", "--format", "table")
    assert done.code == 1
    assert f"{folder / 'mine.jsonl'}:2: ben says world, ana says business on the same text" in done.out
    assert_says_what_and_what_next(done.err.strip(), "1 disagreement")


def test_check_reads_the_dumps_that_can_be_read(labels: Callable[..., Path], tmp_path: Path) -> None:
    folder = labels(decide(FERRY, "business"))
    changed = write(tmp_path / "a.txt", FERRY.replace("Monday", "Sunday"))
    dumps = ("--dumps", tmp_path / "missing.txt", "--dumps", changed)
    done = run("labels", "check", folder, "--quick", "--format", "table", *dumps)
    assert done.code == 1
    assert "changed-dump" in done.out
    assert_says_what_and_what_next(done.errors[0], "missing.txt")


def test_training_says_which_labels_it_left_out(tmp_path: Path) -> None:
    project = tmp_path / "labels"
    project.mkdir()
    for name in ("taxonomy.toml", "samples.jsonl"):
        shutil.copy(ROOT / "labels" / name, project)
    write(project / "mine.jsonl", decide(FERRY, "sprots") + "\n")
    done = run("train", "--labels", project, "--dumps", "seeds", "--output", tmp_path / "mine")
    assert done.code == 1
    assert Path(done.out.strip()).parent == tmp_path / "mine"
    [said] = [line for line in done.errors if "sprots" in line]
    assert_says_what_and_what_next(said, "mine.jsonl:1", 'unknown topic "sprots"')
    assert run_ok("models", "show", tmp_path / "mine").out.startswith("# Model")
    assert run_ok("classify", WIRE, "--model", tmp_path / "mine").rows[0]["model"].startswith("mine@")


def test_models_are_listed_and_shown() -> None:
    done = run_ok("models", "list")
    assert done.out.startswith("default ")
    assert "project" in done.out
    assert run_ok("models", "show").out.startswith("# Model")
    assert json.loads(run_ok("models", "show", "default", "--json").out)["name"] == "default"


# Help and usage


def list_commands() -> Iterator[list[str]]:
    for name, each in get_command(app).commands.items():  # type: ignore[attr-defined]
        children = getattr(each, "commands", None)
        yield from ([name, child] for child in children) if children else [[name]]


@pytest.mark.parametrize("words", list(list_commands()), ids=" ".join)
def test_every_command_shows_an_example(words: list[str]) -> None:
    done = run_ok(*words, "--help")
    assert "\n  Example:\n    topics " in done.out
    assert f"\n    topics {' '.join(words)}" in done.out
    assert max(map(len, done.out.splitlines())) <= 100


@pytest.mark.parametrize(
    "words",
    [
        ["frobnicate"],
        ["classify"],
        ["classify", "--frobnicate", "a.txt"],
        ["classify", "a.txt", "--boundaries", "7"],
        ["classify", "a.txt", "--jobs", "0"],
        ["classify", "a.txt", "--format", "xml"],
        ["classify", "seeds/harbour-wire.txt", "--format", "csv", "--output", "no-suffix"],
        ["segment", "a.txt", "--whole"],
        ["classify", "a.txt", "--labels", "labels", "--no-labels"],
        ["classify", "seeds/harbour-wire.txt", "--unknown-share", "0.2"],
        ["explain"],
        ["explain", "--topic", "sudan", "--segment", "1"],
        ["explain", "--topic", "sudan", "--whole"],
        ["explain", "--topic", "sudan", "--runners-up", "2"],
        ["explain", "seeds/harbour-wire.txt", "--topic", "sudan", "--runners-up", "2"],
        ["explain", "a.txt", "--topic", "sprots"],
        ["evaluate", "seeds"],
        ["evaluate"],
        ["evaluate", "--folds", "sheep"],
        ["evaluate", "seeds", "--gold", "a.jsonl", "--segmentation", "b.jsonl"],
        ["export", "run"],
        ["export", "run", "--output", "x", "--format", "xml"],
        ["export", "run", "--output", "x", "--min-score", "2"],
        ["labels", "frobnicate"],
        ["segment", "a.txt", "--boundaries", "nan"],
        ["classify", "a.txt", "--min-precision", "nan"],
        ["classify", "a.txt", "--min-precision", "0.9", "--unknown-share", "nan"],
        ["export", "run", "--output", "x", "--min-score", "nan"],
        ["discover", "run", "--below", "nan"],
        ["discover", "run", "--name", "Volcanoes"],
        ["labels", "split", "culture", "--into", "culture", "--into", "film", "--min-score", "nan"],
    ],
    ids=" ".join,
)
def test_a_command_that_makes_no_sense_exits_with_2(words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert re.search(r"^(Error|Usage): ", done.err, re.M)


def test_the_version_is_told() -> None:
    import topics

    assert run_ok("--version").out == f"{topics.__version__}\n"


# Bad input


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with a good dump among bad ones."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    write(folder / "blank.txt", "\n" * 1_000_000)
    write(folder / "bytes.txt", "The café is élégant, ".encode() + b"\xff but this is not.")
    write(folder / "empty.txt", "")
    write(folder / "good.txt", FERRY)
    write(folder / "locked.txt", FERRY)
    write(folder / "photo.txt", b"\x89PNG\r\n\x1a\n" + b"\0" * 90)
    return folder


@pytest.fixture
def _locked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody may read ``locked.txt``; root reads everything, so it has to be made up."""

    def refuse(path: Any, *rest: Any, **more: Any) -> Any:
        if Path(path).name == "locked.txt":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open(path, *rest, **more)

    monkeypatch.setattr(compression, "open", refuse, raising=False)


BAD = ["blank.txt", "bytes.txt", "empty.txt", "locked.txt", "photo.txt", "missing.txt"]


@pytest.mark.usefixtures("_locked")
def test_bad_inputs_are_said_in_a_line_each_and_the_good_one_is_done(mixed: Path) -> None:
    done = run("classify", mixed, mixed / "missing.txt")
    assert done.code == 1
    assert {row["dump"] for row in done.rows} == {"good.txt"}
    assert "".join(row["text"] for row in done.rows) == FERRY
    *said, counts = done.errors
    for line, name in zip(said, BAD, strict=True):
        assert_says_what_and_what_next(line, str(mixed / name))
    segments = f"{len(done.rows)} segment{'s' if len(done.rows) > 1 else ''}"
    assert counts == f"1 dump, {segments}, 6 inputs passed over"


@pytest.mark.usefixtures("_locked")
@pytest.mark.parametrize("words", [["segment"], ["explain"]], ids=" ".join)
def test_every_command_that_reads_dumps_reads_the_good_ones(mixed: Path, words: list[str]) -> None:
    done = run(*words, mixed)
    assert done.code == 1
    assert "good.txt" in done.out
    assert sum(line.startswith("topics: ") for line in done.errors) == 5


@pytest.mark.usefixtures("_locked")
def test_a_run_keeps_what_could_not_be_read(mixed: Path, tmp_path: Path) -> None:
    done = run("classify", mixed, "--output", tmp_path / "run")
    assert done.code == 1
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    inputs = [entry for shard in manifest["shards"] for entry in shard["inputs"]]
    assert [entry["input"] for entry in inputs if entry["dumps"]] == ["good.txt"]
    assert [Path(problem["where"]).name for problem in manifest["problems"]] == BAD[:-1]
    assert [problem["reason"] for problem in manifest["problems"]] == [
        "empty", "undecodable", "empty", "no_permission", "binary",
    ]  # fmt: skip


def test_strict_stops_at_the_first_and_writes_nothing(mixed: Path, tmp_path: Path) -> None:
    for output in ("a.jsonl", "a.parquet", "run"):
        done = run("classify", mixed, "--strict", "--output", tmp_path / output)
        assert (done.code, done.out) == (1, "")
        assert_says_what_and_what_next(done.err.strip(), "blank.txt")
        assert [path.name for path in tmp_path.iterdir()] == ["mixed"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_strict_gives_out_what_came_before_whatever_the_jobs(tmp_path: Path, jobs: int) -> None:
    good, bad = write(tmp_path / "a.txt", FERRY), write(tmp_path / "b.txt", " ")
    done = run("classify", good, bad, good, "--strict", "--jobs", jobs)
    assert done.code == 1 and "".join(row["text"] for row in done.rows) == FERRY
    assert_says_what_and_what_next(done.err.strip(), "b.txt")


def test_nothing_to_read_at_all_leaves_an_empty_result(tmp_path: Path) -> None:
    done = run("classify", tmp_path / "missing.txt")
    assert (done.code, done.out) == (1, "")
    assert done.errors[1] == "0 dumps, 0 segments, 1 input passed over"


def test_a_line_of_ten_megabytes_is_done(tmp_path: Path) -> None:
    sentence = "The harbour board raised the fares of all its ferries on Monday " + "and said " * 400 + "nothing. "
    text = (sentence * 3000)[:10_000_000]
    rows = run_ok("segment", write(tmp_path / "long.txt", text)).rows
    assert "".join(row["text"] for row in rows) == text


def test_a_path_with_a_line_break_is_still_one_line(tmp_path: Path) -> None:
    for words in (["classify", f"{tmp_path}/a\nb.txt"], ["classify", WIRE, "--output", f"{tmp_path}/no\nfolder/a.csv"]):
        done = run(*words)
        assert done.code == 1
        assert_says_what_and_what_next(done.errors[0], "\\n")


# Bundles


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The shipped model as links, so that one file can be changed."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for path in (ROOT / "models" / "default").iterdir():
        (folder / path.name).symlink_to(path)
    return folder


def change(path: Path, content: str | None) -> None:
    path.unlink()
    if content is not None:
        path.write_text(content, "utf-8")


def test_a_bundle_that_is_whole_is_used(bundle: Path) -> None:
    assert run_ok("classify", WIRE, "--model", bundle).rows[0]["model"].startswith("default@")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("topics.npz", None, "missing"),
        ("punkt.json", None, "missing"),
        ("vocabulary.json", '{"topics": [], "terms": []}', "altered"),
        ("CARD.md", "# A better model", "altered"),
        (MANIFEST, None, f"no {MANIFEST}"),
        (MANIFEST, "{}", "not a model's manifest"),
        (MANIFEST, "{", "cannot be read"),
    ],
)
def test_a_bundle_with_a_missing_or_altered_file_is_refused(
    bundle: Path, name: str, content: str | None, said: str
) -> None:
    change(bundle / name, content)
    for words in (["classify", WIRE], ["explain", WIRE], ["evaluate", "seeds", "--gold", HELD_OUT]):
        done = run(*words, "--model", bundle)
        assert (done.code, done.out) == (1, "")
        assert len(done.errors) == 1
        assert_says_what_and_what_next(done.err.strip(), str(bundle), said)


def test_a_bundle_of_a_newer_format_is_refused_by_name(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text("utf-8"))
    change(bundle / MANIFEST, json.dumps({**manifest, "format": manifest["format"] + 1}))
    done = run("classify", WIRE, "--model", bundle)
    assert (done.code, done.out) == (1, "")
    assert_says_what_and_what_next(done.err.strip(), str(bundle), f"format {manifest['format'] + 1}")


def test_a_model_that_nobody_has_is_refused() -> None:
    for words in (["classify", WIRE, "-m", "nobody"], ["models", "show", "nobody"], ["models", "show", "no/where"]):
        done = run(*words)
        assert (done.code, done.out) == (1, "")
        assert_says_what_and_what_next(done.err.strip(), "no")


# Full disks, readers that stop, Ctrl-C


def no_space(*_: Any) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.html", "run"])
def test_a_full_disk_leaves_no_half_of_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(atomic.os, "fsync", no_space)
    done = run("classify", WIRE, "--output", tmp_path / name)
    assert (done.code, done.out) == (1, "")
    assert_says_what_and_what_next(done.err.strip(), str(tmp_path / name), "No space left on device", "Free some space")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = write(tmp_path / "a.csv", "as it was")
    monkeypatch.setattr(atomic.os, "fsync", no_space)
    assert run("classify", WIRE, "--output", before).code == 1
    assert before.read_text() == "as it was"
    assert list_files(tmp_path) == ["a.csv"]


needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")


@needs_full
@pytest.mark.parametrize(
    "words",
    [["classify", WIRE], ["labels", "stats", "--quick"], ["--help"], ["--version"]],
    ids=["classify", "labels stats", "help", "version"],
)
def test_a_full_disk_behind_stdout_is_one_line(words: list[Any]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run_process(*words, stdout=full)
    assert done.code == 1
    assert_says_what_and_what_next(done.err.strip(), "standard output", "No space left on device", "Free some space")


@needs_full
def test_a_full_device_as_output_is_one_line() -> None:
    done = run("classify", WIRE, "--output", "/dev/full", "--format", "jsonl")
    assert done.code == 1
    assert_says_what_and_what_next(done.err.strip(), "/dev/full", "Free some space")


@pytest.mark.parametrize(
    "words", [["classify", "seeds"], ["explain", "seeds"], ["classify", "seeds", "--jobs", "2"]], ids=" ".join
)
def test_a_reader_that_stops_early_is_no_error(words: list[str]) -> None:
    with subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(timeout=300) == 0
    assert re.fullmatch(r"|12 dumps, \d+ segments\n", err)  # the latter where all of it fitted into the pipe


def run_in_shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in which ``topics`` is the command."""
    script = f'topics() {{ "{sys.executable}" -m topics "$@"; }}; {line}'
    done = subprocess.run(script, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert "Traceback" not in done.stderr
    return done


def test_a_closed_stdin_is_a_problem() -> None:
    done = run_in_shell("topics classify - <&-")
    assert done.returncode == 1
    assert_says_what_and_what_next(done.stderr.splitlines()[0], "stdin")


@pytest.mark.parametrize("words", [f"classify {WIRE}", "labels stats --quick", "--help", "--version"])
def test_data_for_a_closed_stdout_is_a_problem(words: str) -> None:
    done = run_in_shell(f"topics {words} >&-")
    assert done.returncode == 1
    assert_says_what_and_what_next(done.stderr.strip(), "cannot write standard output")


@pytest.mark.parametrize("closed", ["2>&-", pytest.param("2>/dev/full", marks=needs_full), "<&- >&- 2>&-"])
@pytest.mark.parametrize("words", ["--output {0}/a.jsonl", "--output {0}/run --jobs 2"])
def test_what_cannot_be_said_stops_nothing(tmp_path: Path, words: str, closed: str) -> None:
    done = run_in_shell(f"topics classify {WIRE} {words.format(tmp_path)} {closed}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    written = next(tmp_path.iterdir())
    rows = read_run(written) if written.is_dir() else map(json.loads, written.read_text("utf-8").splitlines())
    assert "".join(row["text"] for row in rows) == WIRE.read_text("utf-8")


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("output", [None, "a.jsonl"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda how: how.name)
def test_an_interrupt_leaves_no_traceback_and_no_half_of_a_result(
    tmp_path: Path, output: str | None, jobs: int, how: signal.Signals
) -> None:
    words = ["classify", "-", "--jobs", jobs, *(["--output", tmp_path / output] if output else [])]
    with (tmp_path / "stdout").open("wb") as out:
        process = subprocess.Popen(
            command(*words), stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True
        )
    with process:
        assert process.stdin is not None and process.stderr is not None
        record = json.dumps({"text": FERRY * 40}) + "\n"
        process.stdin.write((record * 12 + '{"text": 0}\n' + record).encode())  # and no end: it waits for more
        process.stdin.flush()
        wait_for_line(process, b"no text in field")  # so it is under way
        if how == signal.SIGINT:
            os.killpg(process.pid, how)  # as a terminal does it: to workers as well
        else:
            process.send_signal(how)
        _, err = process.communicate(timeout=300)
    assert process.returncode in ((130, 1) if how == signal.SIGINT else (128 + how,))
    assert err.decode() in ("", "Aborted!\n", "Aborted.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["stdout"]
    for line in (tmp_path / "stdout").read_text("utf-8").splitlines():
        json.loads(line)


def test_an_interrupt_that_a_library_swallowed_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    def swallow(*_: Any, **__: Any) -> Any:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        yield from ()

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("topics.pipeline.classify_dumps", swallow)
    done = run("classify", WIRE)
    assert done.code in (130, 1)
    assert done.out == ""
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_while_the_command_line_is_imported_leaves_no_traceback() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    module, _, function = scripts["topics"].partition(":")
    code = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        f"sys.meta_path.insert(0, Interrupt())\nfrom {module} import {function}\n{function}()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_that_falls_into_a_finaliser_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def finalise(*_: Any, **__: Any) -> Any:
        Late()
        yield from ()

    before = sys.unraisablehook
    monkeypatch.setattr("topics.pipeline.classify_dumps", finalise)
    done = run("classify", WIRE)
    assert done.code in (130, 1)
    assert (done.out, "ignored" in done.err) == ("", False)
    assert sys.unraisablehook is before


@pytest.mark.parametrize("is_signal", [False, True])
def test_an_interrupt_that_a_library_wrapped_is_an_interrupt(monkeypatch: pytest.MonkeyPatch, is_signal: bool) -> None:
    """Numba's error may come with the interrupt as its cause, or with whatever the interrupt broke."""

    def wrap(*_: Any, **__: Any) -> Any:
        if is_signal:
            with contextlib.suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        raise SystemError("returned a result with an exception set") from (
            TypeError("half loaded") if is_signal else KeyboardInterrupt()
        )

    monkeypatch.setattr("topics.pipeline.classify_dumps", wrap)
    done = run("classify", WIRE)
    assert done.code in (130, 1)
    assert (done.out, "SystemError" in done.err) == ("", False)


def test_an_interrupt_while_a_kernel_hands_its_results_over_waits_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numba does not look for an error of the Python code that it calls there, and the process would die."""
    from topics.segmentation import analysis

    handed_over = False

    def scan(*arguments: Any) -> Any:
        nonlocal handed_over
        exec("raise_signal(SIGINT)", {"__name__": "numba.core.serialize", **vars(signal)})
        handed_over = True
        return real(*arguments)

    real = analysis._scan
    monkeypatch.setattr(analysis, "_scan", scan)
    monkeypatch.setattr(analysis, "_a_kernel", real, raising=False)
    done = run("classify", WIRE)
    assert done.code in (130, 1)
    assert (done.out, handed_over, sys.gettrace()) == ("", True, None)


def wait_for_line(process: subprocess.Popen[bytes], said: bytes) -> None:
    assert process.stderr is not None
    ready, _, _ = select.select([process.stderr], [], [], 300)
    assert ready
    assert said in process.stderr.readline()


# Terminals


@pytest.mark.parametrize("width", [120, 80, 50])
def test_a_terminal_gets_a_table_that_fits(width: int) -> None:
    lines = run_on_terminal(width, "classify", WIRE)
    assert max(map(len, lines)) <= width
    assert "harbour-wire.txt" in lines
    assert sum(bool(re.match(r" *\d+ [a-z]", line)) for line in lines) > 5  # a line a segment
    assert not any("{" in line for line in lines)
    assert any(line.startswith("1 dump, ") for line in lines)


def run_on_terminal(width: int, *words: Any) -> list[str]:
    """The lines that a terminal of this width shows, without colours; of one written over, what came last."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        command(*words), stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT,
        env={**environment, "TERM": "xterm-256color"}, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        pieces = []
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the other side is closed
                break
            if not piece:
                break
            pieces.append(piece)
        os.close(ours)
        assert process.wait(timeout=300) == 0
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(pieces).decode())
    return [line.rstrip("\r").split("\r")[-1] for line in shown.split("\n")]
