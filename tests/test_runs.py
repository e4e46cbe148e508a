"""Runs: what is written comes back, the same inputs give the same bytes, only what is missing is done, and no failure
touches the run before."""

from __future__ import annotations

import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sample_rows import BELL, DERBY, FERRY, HURDLES, Piece, files_of_at_most, harbour, make_rows
from sample_runs import Given, part_of, write_dumps

from topics.errors import DumpError, OutputError
from topics.runs import is_run, read_manifest, read_rows, read_run
from topics.runs.units import Unit, choose_unit_bytes, group_parts
from topics.runs.writing import write_run
from topics.writers.jsonl import encode_row

Row = Mapping[str, Any]

# no two of these share text
SECOND = make_rows("second.txt", HURDLES)
THIRD = make_rows("third.txt", Piece(["The orchard froze in the second week of May."], topic="climate", score=0.6))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the lock, which is empty."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".topics-run")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def shards(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "shards").iterdir())


def named_shards(folder: Path) -> list[str]:
    return [shard["file"] for shard in read_manifest(folder)["shards"]]


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_run_gives_its_rows_back_in_order(format: str, tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", SECOND, make_rows("b.txt", FERRY, BELL), THIRD, format=format, a_unit=2)
    assert list(read_run(tmp_path / "run")) == [*SECOND, *make_rows("b.txt", FERRY, BELL), *THIRD]
    assert list(read_rows(tmp_path / "run")) == list(read_run(tmp_path / "run"))
    assert [Path(name).suffix for name in shards(tmp_path / "run")] == [f".{format}"] * 2


def test_the_manifest_says_what_the_run_holds(tmp_path: Path) -> None:
    unit = Unit((part_of(harbour()), ("bad.gz", [("bad.gz", "corrupt")]), ("empty.txt", [("empty.txt", [])])))
    write_run(tmp_path / "run", [unit], Given(), model="tiny@1", options={"whole": True})
    (shard,) = shards(tmp_path / "run")
    manifest = json.loads((tmp_path / "run/manifest.json").read_bytes())
    (described,) = manifest.pop("shards")
    assert manifest == {
        "format": "topics-run",
        "format_version": 2,
        "model": "tiny@1",
        "options": {"whole": True},
        "totals": {
            "dumps": 2,
            "duplicates": 0,
            "segments": 4,
            "characters": sum(len(row["text"]) for row in harbour()),
            "topics": {
                topic: {"segments": 1, "characters": len(row["text"])}
                for topic, row in zip(
                    ["boilerplate", "business", "sport", "unknown"],
                    [harbour()[place] for place in (3, 0, 1, 2)],
                    strict=True,
                )
            },
        },
        "problems": [{"where": "bad.gz", "reason": "corrupt", "message": "bad.gz: corrupt."}],
    }
    assert described["file"] == shard and described["segments"] == 4
    counts = [(each["input"], each["dumps"], each["segments"]) for each in described["inputs"]]
    assert counts == [("harbour.txt", 1, 4), ("bad.gz", 0, 0), ("empty.txt", 1, 0)]
    assert described["inputs"][0]["digest"] == Given().digest(unit.parts[0])
    problems = (tmp_path / "run/problems.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in problems] == ["corrupt"]


def test_a_run_without_topics_counts_none(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour(topics=False))
    assert read_manifest(tmp_path / "run")["totals"]["topics"] == {}
    assert list(read_run(tmp_path / "run")) == harbour(topics=False)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_run_of_nothing_is_a_run(format: str, tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", format=format)
    assert is_run(tmp_path / "run") and list(read_run(tmp_path / "run")) == []
    unit = Unit((("empty.txt", [("empty.txt", [])]),))
    totals = write_run(tmp_path / "run", [unit], Given(), model="tiny@1", options={}, format=format)
    assert (totals.n_dumps, totals.n_segments, shards(tmp_path / "run")) == (1, 0, [])
    assert list(read_run(tmp_path / "run")) == []
    assert write_run(tmp_path / "run", [unit], Given(), model="tiny@1", options={}, format=format).n_kept == 1


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_the_same_inputs_give_the_same_bytes(format: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_dumps(tmp_path / name, harbour(), SECOND, format=format)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    before = contents(tmp_path / "one")
    assert write_dumps(tmp_path / "one", harbour(), SECOND, format=format).n_kept == 2
    assert contents(tmp_path / "one") == before


def test_the_same_dump_twice_comes_back_twice(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", SECOND, SECOND, a_unit=2)
    assert [row["text"] for row in read_run(tmp_path / "run")] == [SECOND[0]["text"]] * 2


def test_a_new_run_replaces_the_old_one_and_its_shards(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour(), SECOND)
    write_dumps(tmp_path / "run", SECOND, THIRD)
    write_dumps(tmp_path / "other", SECOND, THIRD)
    assert contents(tmp_path / "run") == contents(tmp_path / "other")


def test_a_reader_sees_the_old_run_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour())
    seen = []
    write_dumps(tmp_path / "run", SECOND, THIRD, advance=lambda _: seen.append(list(read_run(tmp_path / "run"))))
    assert seen == [harbour(), harbour()]
    assert list(read_run(tmp_path / "run")) == [*SECOND, *THIRD]


def test_the_manifest_is_moved_in_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    replace = os.replace

    def watch(source: Any, target: Any) -> None:
        moved.append(Path(target).relative_to(tmp_path / "run").parts[0])
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_dumps(tmp_path / "run", harbour())
    assert moved == ["shards", "signatures", "receipts", "problems.jsonl", "manifest.json"]


# --- only what is missing


@dataclass(frozen=True)
class Watched(Given):
    """Says on a file which inputs it was asked for."""

    log: str = ""

    def dumps(self, part: Any, on_problem: Any) -> Iterator[tuple[str, Iterable[Row]]]:
        with open(self.log, "a") as log:
            log.write(f"{part[0]}\n")
        return super().dumps(part, on_problem)


def asked(folder: Path, *dumps: list[Row], options: Mapping[str, Any] | None = None, **settings: Any) -> list[str]:
    """Writes a run; which inputs were worked on."""
    log = folder.with_suffix(".log")
    log.unlink(missing_ok=True)
    write_dumps(folder, *dumps, work=Watched(options or {}, str(log)), **settings)
    return log.read_text().split() if log.exists() else []


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@pytest.mark.parametrize("a_unit", [1, 2, 3])
def test_a_rerun_does_only_what_changed(a_unit: int, format: str, tmp_path: Path) -> None:
    run, settings = tmp_path / "run", {"a_unit": a_unit, "format": format}
    fourth = make_rows("fourth.txt", FERRY)
    assert asked(run, harbour(), SECOND, THIRD, **settings) == ["harbour.txt", "second.txt", "third.txt"]
    assert asked(run, harbour(), SECOND, THIRD, **settings) == []
    assert asked(run, harbour(), fourth, SECOND, THIRD, **settings) == ["fourth.txt"]  # which moves the others
    changed = make_rows("second.txt", BELL)
    assert asked(run, harbour(), fourth, changed, THIRD, **settings) == ["second.txt"]
    assert asked(run, THIRD, harbour(), **settings) == []
    assert asked(run, THIRD, harbour(), options={"clean": True}, **settings) == ["third.txt", "harbour.txt"]
    assert asked(tmp_path / "other", THIRD, harbour(), options={"clean": True}, **settings) != []
    assert contents(run) == contents(tmp_path / "other")


def test_another_format_is_done_anew(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", SECOND)
    assert asked(tmp_path / "run", SECOND, format="parquet") == ["second.txt"]
    assert [Path(name).suffix for name in shards(tmp_path / "run")] == [".parquet"]


@pytest.mark.parametrize("lost", ["shards", "receipts"])
def test_what_was_lost_is_done_again(lost: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    asked(run, harbour(), SECOND)
    before = contents(run)
    next(path for path in (run / lost).iterdir() if b"second.txt" in path.read_bytes()).unlink()
    assert asked(run, harbour(), SECOND) == ["second.txt"]
    assert contents(run) == before


def test_problems_are_remembered_with_the_inputs_that_had_them(tmp_path: Path) -> None:
    unit = Unit((("bad.gz", [("bad.gz", "corrupt")]), part_of(SECOND)))
    for _ in range(2):
        totals = write_run(tmp_path / "run", [unit], Given(), model="tiny@1", options={})
        assert [problem["where"] for problem in totals.problems] == ["bad.gz"]
    more = Unit((*unit.parts, part_of(THIRD)))
    totals = write_run(tmp_path / "run", [more], Given(), model="tiny@1", options={})
    assert (totals.n_kept, [problem["where"] for problem in totals.problems]) == (2, ["bad.gz"])


# --- near-duplicates

LONG = [f"The {word} council met on Tuesday to weigh the plan for the old {word} bridge." for word in "abcdefgh"]


def long_piece(*more: str, order: int = 1) -> Piece:
    return Piece([*LONG[::order], *more], topic="world", score=0.5)


def test_a_near_duplicate_names_the_first_by_name_and_place(tmp_path: Path) -> None:
    nine = make_rows("crawl.jsonl#9", DERBY, long_piece("A vote is due in May."))
    ten = make_rows("crawl.jsonl#10", long_piece("The vote was put off until June."), long_piece())
    for name, dumps in {"one": (ten, nine), "two": (nine, ten)}.items():
        totals = write_dumps(tmp_path / name, *dumps)
        found = {row["id"]: row["duplicate_of"] for row in read_run(tmp_path / name) if row["duplicate_of"]}
        assert found == {ten[0]["id"]: nine[1]["id"], ten[1]["id"]: nine[1]["id"]}
        assert totals.n_duplicates == 2
    texts = {
        name: sorted(path.read_bytes() for path in (tmp_path / name / "shards").iterdir()) for name in ("one", "two")
    }
    assert texts["one"] == texts["two"]


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_duplicates_follow_what_the_run_holds_now(format: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    first, copy = make_rows("a.txt", long_piece()), make_rows("b.txt", DERBY, long_piece("And so on."))
    for dumps in ([first, copy], [copy], [first, copy], [first, copy, THIRD]):
        write_dumps(run, *dumps, format=format)
        write_dumps(tmp_path / "fresh", *dumps, format=format)
        assert contents(run) == contents(tmp_path / "fresh")
        marked = [row["duplicate_of"] for row in read_run(run) if row["duplicate_of"]]
        assert marked == ([first[0]["id"]] if first in dumps else [])
        shutil.rmtree(tmp_path / "fresh")


def test_what_shares_words_and_no_text_is_no_duplicate(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", make_rows("a.txt", long_piece()), make_rows("b.txt", Piece(LONG[:2], topic="world")))
    assert all(row["duplicate_of"] is None for row in read_run(tmp_path / "run"))


def test_furniture_and_case_make_no_difference_and_no_words_no_duplicate(tmp_path: Path) -> None:
    lines = ["~Share this page with a friend, or with two friends, today", *(line.upper() for line in LONG)]
    blank = [make_rows(name, Piece(["~…", "- - -"], topic="world")) for name in ("c.txt", "d.txt")]
    loud = make_rows("b.txt", Piece(lines, topic="world"))
    write_dumps(tmp_path / "run", make_rows("a.txt", long_piece()), loud, *blank)
    assert [row["dump"] for row in read_run(tmp_path / "run") if row["duplicate_of"]] == ["b.txt"]


# --- what goes wrong


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()])
def test_an_error_leaves_the_old_run_and_what_is_done_of_the_new_one(error: BaseException, tmp_path: Path) -> None:
    def stop(_: Any) -> None:
        raise error

    run = tmp_path / "run"
    write_dumps(run, harbour(), SECOND)
    before = contents(run)
    with pytest.raises(type(error)):
        write_dumps(run, THIRD, SECOND, advance=stop)
    assert list(read_run(run)) == [*harbour(), *SECOND]
    assert before.items() <= contents(run).items()
    assert asked(run, THIRD, SECOND) == []
    write_dumps(tmp_path / "fresh", THIRD, SECOND)
    assert contents(run) == contents(tmp_path / "fresh")


def test_an_interrupt_after_the_manifest_leaves_the_new_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    write_dumps(tmp_path / "run", harbour())
    monkeypatch.setattr("topics.runs.writing._sweep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_dumps(tmp_path / "run", SECOND)
    assert list(read_run(tmp_path / "run")) == SECOND


class Broken(Given):
    def dumps(self, part: Any, on_problem: Any) -> Iterator[tuple[str, Iterable[Row]]]:
        def fail() -> Iterator[Row]:
            yield part[1][0][1][0]
            raise DumpError("harbour.txt: cut short.")

        yield part[0], fail()


def test_an_error_in_the_first_unit_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(DumpError):
            write_dumps(tmp_path / name, SECOND, work=Broken())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("n_good", range(5))
def test_a_full_disk_is_one_line_and_leaves_the_old_run(
    call: str, n_good: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    write_dumps(folder, harbour())
    before = contents(folder)  # neither run has problems, so moving that file changes nothing
    good = getattr(os, call)
    calls = iter(range(100))

    def fail_later(*arguments: Any) -> None:
        if isinstance(arguments[0], int) and os.path.isdir(f"/proc/self/fd/{arguments[0]}"):
            return
        (no_space if next(calls) >= n_good else good)(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail_later)
        with pytest.raises(OutputError) as caught:
            write_dumps(folder, SECOND)
    assert str(caught.value).startswith(f"cannot write {folder}")
    assert "No space left on device. Free some space or choose another --output." in str(caught.value)
    assert list(read_run(folder)) == harbour()
    assert before.items() <= contents(folder).items()
    assert not [path for path in folder.rglob(".topics-tmp*")]
    write_dumps(folder, SECOND)
    write_dumps(tmp_path / "fresh", SECOND)
    assert contents(folder) == contents(tmp_path / "fresh")


@pytest.mark.parametrize("n_rows", [1, 40])  # the first fails when the shard is moved in, the other while it is written
def test_a_file_that_cannot_grow_is_one_line_and_leaves_the_old_run(n_rows: int, tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour())
    before = contents(tmp_path / "run")
    large = make_rows("large.txt", *[Piece(["Rain. " * 1000], topic="climate", score=0.5)] * n_rows)
    with files_of_at_most(4000), pytest.raises(OutputError) as caught:
        write_dumps(tmp_path / "run", large)
    assert str(caught.value) == (
        f"cannot write {tmp_path / 'run'}: File too large. Free some space or choose another --output."
    )
    assert contents(tmp_path / "run") == before


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    with pytest.raises(OutputError, match=r"photos exists and is not a run folder\. Choose another --output\."):
        write_dumps(tmp_path / "photos", SECOND)
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file exists and is not a folder\. Choose another --output\."):
        write_dumps(tmp_path / "file", SECOND)


def test_a_bundle_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format_version": 1}')
    assert not is_run(tmp_path)
    with pytest.raises(OutputError, match="is not a run folder"):
        write_dumps(tmp_path, SECOND)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_damaged_manifest_is_no_run(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    assert not is_run(tmp_path)


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    def write_too(_: Any) -> None:
        with pytest.raises(OutputError, match="is being written by another run"):
            write_dumps(tmp_path / "run", SECOND)

    write_dumps(tmp_path / "run", THIRD, advance=write_too)
    assert list(read_run(tmp_path / "run")) == THIRD
    write_dumps(tmp_path / "run", SECOND)


CODE = """
import os, sys, time
from pathlib import Path
from sample_rows import harbour, make_rows, HURDLES
from sample_runs import Given, write_dumps

class Slow(Given):
    def dumps(self, part, on_problem):
        if part[0] == sys.argv[2]:
            Path(sys.argv[1]).with_suffix(".there").touch()
            time.sleep(600)
        return super().dumps(part, on_problem)

write_dumps(sys.argv[1], *({dumps}), work=Slow())
"""


@pytest.mark.parametrize("at", ["harbour.txt", "second.txt"])
def test_a_run_that_was_killed_goes_on_where_it_was(at: str, tmp_path: Path) -> None:
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    code = CODE.format(dumps="harbour(), make_rows('second.txt', HURDLES)")
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "run"), at], env={**os.environ, "PYTHONPATH": paths}
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run.there").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.raises(DumpError, match=r"a run that was not finished\. Classify again with the same --output"):
        list(read_run(tmp_path / "run"))
    done = asked(tmp_path / "run", harbour(), SECOND)
    assert done == (["second.txt"] if at == "second.txt" else ["harbour.txt", "second.txt"])
    write_dumps(tmp_path / "other", harbour(), SECOND)
    assert contents(tmp_path / "run") == contents(tmp_path / "other")


def test_a_foreign_file_in_a_run_stays(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour())
    (tmp_path / "run/notes.txt").write_text("mine")
    (tmp_path / "run/shards/notes.txt").write_text("mine")
    write_dumps(tmp_path / "run", SECOND)
    assert (tmp_path / "run/notes.txt").exists() and (tmp_path / "run/shards/notes.txt").exists()


def test_options_that_cannot_be_kept_fail_at_once(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_run(tmp_path / "run", [], Given(), model="tiny@1", options={"where": Path()})
    assert not (tmp_path / "run").exists()


def test_a_dump_name_that_is_not_utf_8_is_kept(tmp_path: Path) -> None:
    rows = make_rows("caf\udce9.txt", DERBY)
    write_dumps(tmp_path / "run", rows)
    assert read_manifest(tmp_path / "run")["shards"][0]["inputs"][0]["input"] == "caf\udce9.txt"
    assert list(read_run(tmp_path / "run")) == rows
    assert asked(tmp_path / "run", rows) == []


# --- units


def test_units_keep_order_and_are_full_at_their_size() -> None:
    assert group_parts([("a", 5), ("b", 5), ("c", 1), ("d", 30), ("e", 0)], 10) == [["a", "b"], ["c", "d"], ["e"]]
    assert len(group_parts(((k, 0) for k in range(4001)), 10)) == 3


def test_the_size_of_units_follows_from_the_inputs_in_steps() -> None:
    sizes = [choose_unit_bytes(total) for total in (0, 10**6, 10**8, 101 * 10**6, 10**9, 10**13)]
    assert sizes == sorted(sizes) and sizes[2] == sizes[3]
    assert all(size & (size - 1) == 0 for size in sizes)


# --- reading


def test_records_come_from_plain_and_gzipped_files(tmp_path: Path) -> None:
    data = b"\n".join(encode_row(row) for row in harbour())  # with blank lines between
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + data)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data))
    assert list(read_rows(tmp_path / "a.jsonl")) == harbour()
    assert list(read_rows(tmp_path / "a.jsonl.gz")) == harbour()


def test_rows_of_both_kinds_may_stand_in_one_file(tmp_path: Path) -> None:
    rows = [*harbour(topics=False), *harbour(clean=True)]
    (tmp_path / "a.jsonl").write_bytes(b"".join(map(encode_row, rows)))
    assert list(read_rows(tmp_path / "a.jsonl")) == rows


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dump", None), ("index", -1), ("index", True), ("start", "0"), ("end", 1.5), ("kind", "advert"), ("kind", []),
        ("title", 3), ("boundary", 2), ("boundary", None), ("furniture", [[1]]), ("furniture", [["a", "b"]]),
        ("language", None), ("text", ["x"]), ("topic", 7), ("score", "high"), ("also", "world"), ("also", [1]),
        ("unknown", 0), ("topics", [{"topic": "world"}]), ("topics", [[]]), ("model", 1), ("duplicate_of", 1),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_type_is_named_with_its_line(field: str, value: Any, tmp_path: Path) -> None:
    bad = {**harbour()[1], field: value}
    (tmp_path / "a.jsonl").write_bytes(encode_row(harbour()[0]) + json.dumps(bad).encode())
    rows = read_rows(tmp_path / "a.jsonl")
    assert next(rows) == harbour()[0]
    with pytest.raises(DumpError, match=rf'a\.jsonl:2: "{field}" cannot be ') as caught:
        next(rows)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", list(harbour()[0]))
def test_a_missing_field_is_named(field: str, tmp_path: Path) -> None:
    row = {key: value for key, value in harbour()[0].items() if key != field}
    (tmp_path / "a.jsonl").write_bytes(encode_row(row))
    if field == "topic":
        assert list(read_rows(tmp_path / "a.jsonl")) == [row]  # a row without topics, and some more
    else:
        with pytest.raises(DumpError, match=rf'a\.jsonl:1: the record has no "{field}"\.'):
            list(read_rows(tmp_path / "a.jsonl"))


@pytest.mark.parametrize("line", [b"[1]", b"not json", b"\xff\xfe{", b"[" * 100_000, b'"text"'])
def test_a_line_that_is_no_record_is_named(line: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line)
    with pytest.raises(DumpError, match=r"a\.jsonl:1: not a JSON object\."):
        list(read_rows(tmp_path / "a.jsonl"))


@pytest.mark.parametrize("damage", ["cut", "garbled", "no gzip"])
def test_a_damaged_gzip_file_is_one_line(damage: str, tmp_path: Path) -> None:
    data = gzip.compress(b"".join(map(encode_row, harbour())))
    garbled = data[:40] + bytes(reversed(data[40:80])) + data[80:]
    (tmp_path / "a.jsonl.gz").write_bytes({"cut": data[:-20], "garbled": garbled, "no gzip": b"{}"}[damage])
    with pytest.raises(DumpError, match=r"a\.jsonl\.gz") as caught:
        list(read_rows(tmp_path / "a.jsonl.gz"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.jsonl", "there is no such file"),
        ("gone", r"gone: no such file or folder\."),
        ("a.csv", "a run folder, a .jsonl, .jsonl.gz or"),
        (".", "is not a run folder"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(DumpError, match=message):
        list(read_rows(tmp_path / name))


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", SECOND)
    path = tmp_path / "run/manifest.json"
    path.write_text(path.read_text().replace('"format_version": 2', '"format_version": 3'))
    with pytest.raises(DumpError, match="format version 3 is not known here"):
        list(read_run(tmp_path / "run"))


def test_a_manifest_cannot_lead_out_of_the_run(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", SECOND)
    path = tmp_path / "run/manifest.json"
    (tmp_path / "secret.jsonl").write_bytes(encode_row(SECOND[0]))
    path.write_text(path.read_text().replace(shards(tmp_path / "run")[0], "../../secret.jsonl"))
    with pytest.raises(DumpError, match="cannot name a shard"):
        list(read_run(tmp_path / "run"))


def test_a_lost_shard_is_an_error_and_not_a_shorter_run(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour(), SECOND)
    (tmp_path / "run/shards" / named_shards(tmp_path / "run")[1]).unlink()
    with pytest.raises(DumpError, match="missing, or the run was replaced"):
        list(read_run(tmp_path / "run"))


def test_a_shard_that_was_cut_is_an_error_and_not_a_shorter_run(tmp_path: Path) -> None:
    write_dumps(tmp_path / "run", harbour(), SECOND, a_unit=2)
    (shard,) = (tmp_path / "run/shards").iterdir()
    shard.write_bytes(b"".join(map(encode_row, harbour())))
    with pytest.raises(DumpError, match=r"4 records .* 5"):
        list(read_run(tmp_path / "run"))


def test_a_piece_of_text_survives_a_run(tmp_path: Path) -> None:
    rows = make_rows("odd.txt", Piece(["a\u2028b \x85 c \x1b[0m \u202e d \ufeff e\r"], topic="world", score=0.5))
    write_dumps(tmp_path / "run", rows)
    assert list(read_run(tmp_path / "run")) == rows
