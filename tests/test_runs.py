"""Runs: what is written comes back, the same inputs give the same bytes, and no failure touches the run before."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sample_rows import DERBY, FERRY, Piece, files_of_at_most, harbour, make_rows

from topics.errors import DumpError, OutputError
from topics.runs import RunWriter, is_run, read_manifest, read_rows, read_run
from topics.writers.jsonl import encode_row

Row = Mapping[str, Any]

SECOND = make_rows("second.txt", DERBY)
THIRD = make_rows("third.txt", FERRY)


def write_run(folder: Path, *dumps: list[Row], **settings: Any) -> None:
    with RunWriter(folder, "tiny@1", {"clean": False}, **settings) as run:
        for rows in dumps:
            run.add(rows[0]["dump"], f"digest of {rows[0]['dump']}", rows)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the lock, which is empty."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".topics-run")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def shards(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "shards").iterdir())


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_run_gives_its_rows_back_in_order(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(), SECOND, THIRD)
    assert list(read_run(tmp_path / "run")) == [*harbour(), *SECOND, *THIRD]
    assert list(read_rows(tmp_path / "run")) == list(read_run(tmp_path / "run"))


def test_the_manifest_says_what_the_run_holds(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", "tiny@1", {"whole": True}) as run:
        assert run.add("harbour.txt", "d1", harbour()) == 4
        run.problem("bad.gz", "unreadable", "bad.gz: not a gzip file.")
        assert run.add("empty.txt", "d2", []) == 0
    (shard,) = shards(tmp_path / "run")
    assert json.loads((tmp_path / "run/manifest.json").read_bytes()) == {
        "format": "topics-run",
        "format_version": 1,
        "model": "tiny@1",
        "options": {"whole": True},
        "totals": {
            "dumps": 2,
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
        "inputs": [
            {"dump": "harbour.txt", "digest": "d1", "shard": shard, "segments": 4},
            {"dump": "empty.txt", "digest": "d2", "shard": None, "segments": 0},
        ],
        "problems": [{"where": "bad.gz", "reason": "unreadable", "message": "bad.gz: not a gzip file."}],
    }
    problems = (tmp_path / "run/problems.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in problems] == ["unreadable"]


def test_a_run_without_topics_counts_none(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(topics=False))
    assert read_manifest(tmp_path / "run")["totals"]["topics"] == {}
    assert list(read_run(tmp_path / "run")) == harbour(topics=False)


def test_a_run_of_nothing_is_a_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    assert is_run(tmp_path / "run") and list(read_run(tmp_path / "run")) == []
    assert shards(tmp_path / "run") == []


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_run(tmp_path / name, harbour(), SECOND, shard_bytes=1000)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    before = contents(tmp_path / "one")
    write_run(tmp_path / "one", harbour(), SECOND, shard_bytes=1000)
    assert contents(tmp_path / "one") == before


def test_shards_are_cut_between_dumps_and_named_by_what_they_hold(tmp_path: Path) -> None:
    enough_for_one = len(encode_row(SECOND[0])) + 1
    write_run(tmp_path / "run", SECOND, THIRD, harbour(), shard_bytes=enough_for_one)
    first, second, third = (entry["shard"] for entry in read_manifest(tmp_path / "run")["inputs"])
    assert first == second != third
    assert shards(tmp_path / "run") == sorted({first, third})
    assert len((tmp_path / "run/shards" / third).read_bytes().splitlines()) == 4
    write_run(tmp_path / "other", SECOND, THIRD, SECOND, shard_bytes=enough_for_one)
    assert [entry["shard"] for entry in read_manifest(tmp_path / "other")["inputs"]][:2] == [first, second]
    assert third not in shards(tmp_path / "other")


def test_the_same_dump_twice_comes_back_twice(tmp_path: Path) -> None:
    write_run(tmp_path / "run", SECOND, SECOND, shard_bytes=1)
    assert list(read_run(tmp_path / "run")) == [*SECOND, *SECOND]


def test_a_new_run_replaces_the_old_one_and_its_shards(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(), SECOND, shard_bytes=1)
    write_run(tmp_path / "run", SECOND, THIRD, shard_bytes=1)
    write_run(tmp_path / "other", SECOND, THIRD, shard_bytes=1)
    assert contents(tmp_path / "run") == contents(tmp_path / "other")


def test_a_reader_sees_the_old_run_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour())
    with RunWriter(tmp_path / "run", "tiny@2", {}, shard_bytes=1) as run:
        run.add("second.txt", "d", SECOND)
        assert list(read_run(tmp_path / "run")) == harbour()
    assert list(read_run(tmp_path / "run")) == SECOND


def test_the_manifest_is_moved_in_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[str] = []
    replace = os.replace

    def watch(source: Any, target: Any) -> None:
        moved.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", watch)
    write_run(tmp_path / "run", harbour(), SECOND, shard_bytes=1)
    assert moved[-1] == "manifest.json" and len(moved) == 4


# --- what goes wrong


@pytest.mark.parametrize("error", [RuntimeError("stop"), KeyboardInterrupt()])
@pytest.mark.parametrize("shard_bytes", [1, 10**6])
def test_an_error_inside_leaves_the_old_run(error: BaseException, shard_bytes: int, tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(), SECOND, shard_bytes=1)
    before = contents(tmp_path / "run")
    with pytest.raises(type(error)), RunWriter(tmp_path / "run", "b", {}, shard_bytes=shard_bytes) as run:
        run.add("second.txt", "d", SECOND)  # a shard that the old run has too
        run.add("third.txt", "d", THIRD)
        raise error
    assert contents(tmp_path / "run") == before


def test_an_interrupt_after_the_manifest_leaves_the_new_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(run: RunWriter) -> None:
        raise KeyboardInterrupt

    write_run(tmp_path / "run", harbour())
    monkeypatch.setattr(RunWriter, "_sweep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_run(tmp_path / "run", SECOND)
    assert list(read_run(tmp_path / "run")) == SECOND


def test_an_error_inside_leaves_a_run_of_another_version(tmp_path: Path) -> None:
    write_run(tmp_path / "run", SECOND)
    path = tmp_path / "run/manifest.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))
    before = contents(tmp_path / "run")
    with pytest.raises(RuntimeError), RunWriter(tmp_path / "run", "b", {}, shard_bytes=1) as run:
        run.add("second.txt", "d", SECOND)
        raise RuntimeError
    assert contents(tmp_path / "run") == before


def test_an_error_inside_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        with pytest.raises(RuntimeError), RunWriter(tmp_path / name, "b", {}, shard_bytes=1) as run:
            run.add("second.txt", "d", SECOND)
            raise RuntimeError
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("n_good", [0, 1, 2])
def test_a_full_disk_is_one_line_and_leaves_the_old_run(
    call: str, n_good: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    write_run(folder, harbour())
    before = contents(folder)  # neither run has problems, so moving that file changes nothing
    good = getattr(os, call)
    calls = iter(range(100))

    def fail_later(*arguments: Any) -> None:
        if isinstance(arguments[0], int) and os.path.isdir(f"/proc/self/fd/{arguments[0]}"):
            return
        (no_space if next(calls) >= n_good else good)(*arguments)

    monkeypatch.setattr(os, call, fail_later)
    with pytest.raises(OutputError) as caught:
        write_run(folder, SECOND)
    assert str(caught.value).startswith(f"cannot write {folder}")
    assert "No space left on device. Free some space or choose another --output." in str(caught.value)
    assert list(read_run(folder)) == harbour()
    assert contents(folder) == before


@pytest.mark.parametrize("n_rows", [1, 40])  # the first fails when the shard is cut, the others while they are written
def test_a_file_that_cannot_grow_is_one_line_and_leaves_the_old_run(n_rows: int, tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour())
    before = contents(tmp_path / "run")
    large = make_rows("large.txt", *[Piece(["Rain. " * 1000], topic="climate", score=0.5)] * n_rows)
    with files_of_at_most(4000), pytest.raises(OutputError) as caught:
        write_run(tmp_path / "run", large)
    assert str(caught.value) == (
        f"cannot write {tmp_path / 'run'}: File too large. Free some space or choose another --output."
    )
    assert contents(tmp_path / "run") == before


def test_a_dump_that_fails_half_way_leaves_nothing_of_itself(tmp_path: Path) -> None:
    def fail() -> Iterator[Row]:
        yield harbour()[0]
        raise DumpError("harbour.txt: cut short.")

    with RunWriter(tmp_path / "run", "tiny@1", {"clean": False}) as run:
        run.add("second.txt", "digest of second.txt", SECOND)
        with pytest.raises(DumpError):
            run.add("harbour.txt", "d", fail())
        run.add("third.txt", "digest of third.txt", THIRD)
    write_run(tmp_path / "without", SECOND, THIRD)
    assert contents(tmp_path / "run") == contents(tmp_path / "without")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/cat.jpg").touch()
    with pytest.raises(OutputError, match=r"photos exists and is not a run folder\. Choose another --output\."):
        write_run(tmp_path / "photos", SECOND)
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file exists and is not a folder\. Choose another --output\."):
        write_run(tmp_path / "file", SECOND)


def test_a_bundle_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format_version": 1}')
    assert not is_run(tmp_path)
    with pytest.raises(OutputError, match="is not a run folder"):
        write_run(tmp_path, SECOND)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_damaged_manifest_is_no_run(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="latin-1")
    assert not is_run(tmp_path)


def test_two_writers_do_not_share_a_folder(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "run", "tiny@1", {}) as run:
        with pytest.raises(OutputError, match="is being written by another run"):
            write_run(tmp_path / "run", SECOND)
        run.add("third.txt", "d", THIRD)
    assert list(read_run(tmp_path / "run")) == THIRD
    write_run(tmp_path / "run", SECOND)


def test_a_run_that_was_killed_can_be_written_again(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from sample_rows import harbour; from topics.runs import RunWriter\n"
        "with RunWriter(Path(sys.argv[1]), 'tiny@1', {}, shard_bytes=1) as run:\n"
        "    run.add('a', 'd', harbour()); run.add('b', 'd', (os._exit(9) for _ in 'x'))"
    )
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")], env=environment)
    assert done.returncode == 9
    assert len(shards(tmp_path / "run")) == 2  # a shard that is done, and one that is not
    with pytest.raises(DumpError, match="is not a run folder"):
        list(read_run(tmp_path / "run"))
    write_run(tmp_path / "run", SECOND)
    write_run(tmp_path / "other", SECOND)
    assert contents(tmp_path / "run") == contents(tmp_path / "other")


def test_a_foreign_file_in_a_run_stays(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour())
    (tmp_path / "run/notes.txt").write_text("mine")
    (tmp_path / "run/shards/notes.txt").write_text("mine")
    write_run(tmp_path / "run", SECOND)
    assert (tmp_path / "run/notes.txt").exists() and (tmp_path / "run/shards/notes.txt").exists()


def test_a_writer_is_used_in_a_with_statement(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="with statement"):
        RunWriter(tmp_path / "run", "tiny@1", {}).add("a", "d", [])


def test_options_that_cannot_be_kept_fail_at_once(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        RunWriter(tmp_path / "run", "tiny@1", {"where": Path()})


def test_a_dump_name_that_is_not_utf_8_is_kept(tmp_path: Path) -> None:
    rows = make_rows("caf\udce9.txt", DERBY)
    write_run(tmp_path / "run", rows)
    assert read_manifest(tmp_path / "run")["inputs"][0]["dump"] == "caf\udce9.txt"
    assert list(read_run(tmp_path / "run")) == rows


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
    [("gone.jsonl", "there is no such file"), ("a.csv", "a run folder, a .jsonl or"), (".", "is not a run folder")],
)
def test_what_cannot_be_read_is_refused_with_what_can(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DumpError, match=message):
        list(read_rows(tmp_path / name))


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path / "run", SECOND)
    path = tmp_path / "run/manifest.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(DumpError, match="format version 2 is not known here"):
        list(read_run(tmp_path / "run"))


def test_a_manifest_cannot_lead_out_of_the_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run", SECOND)
    path = tmp_path / "run/manifest.json"
    (tmp_path / "secret.jsonl").write_bytes(encode_row(SECOND[0]))
    path.write_text(path.read_text().replace(shards(tmp_path / "run")[0], "../../secret.jsonl"))
    with pytest.raises(DumpError, match="cannot name a shard"):
        list(read_run(tmp_path / "run"))


def test_a_lost_shard_is_an_error_and_not_a_shorter_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(), SECOND, shard_bytes=1)
    (tmp_path / "run/shards" / read_manifest(tmp_path / "run")["inputs"][1]["shard"]).unlink()
    with pytest.raises(DumpError, match="missing, or the run was replaced"):
        list(read_run(tmp_path / "run"))


def test_a_shard_that_was_cut_is_an_error_and_not_a_shorter_run(tmp_path: Path) -> None:
    write_run(tmp_path / "run", harbour(), SECOND)
    (shard,) = (tmp_path / "run/shards").iterdir()
    shard.write_bytes(b"".join(map(encode_row, harbour())))
    with pytest.raises(DumpError, match=r"4 records .* 5"):
        list(read_run(tmp_path / "run"))


def test_a_piece_of_text_survives_a_run(tmp_path: Path) -> None:
    rows = make_rows("odd.txt", Piece(["a\u2028b \x85 c \x1b[0m \u202e d \ufeff e\r"], topic="world", score=0.5))
    write_run(tmp_path / "run", rows)
    assert list(read_run(tmp_path / "run")) == rows
