"""Inputs and runs by address: what fsspec holds in memory, and this machine's files under their address."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_rows import DERBY, harbour, make_rows
from sample_runs import write_dumps
from typer.testing import CliRunner

from topics.cli import app
from topics.errors import DumpError, OutputError
from topics.reading import Problem, list_inputs, read_dumps
from topics.reading.addresses import is_address
from topics.reading.containers import ReadOptions
from topics.reading.parts import Part, cut_source, digest_part, read_part
from topics.reading.sources import Source
from topics.records import Dump
from topics.runs import is_run, read_manifest, read_rows, read_run
from topics.storage import RemoteFolder, open_folder

fsspec = pytest.importorskip("fsspec")
ROOT = Path(__file__).resolve().parent.parent
WIRE = (ROOT / "seeds" / "harbour-wire.txt").read_bytes()
OTHER = make_rows("other.txt", DERBY)


@pytest.fixture
def memory() -> Iterator[Any]:
    filesystem = fsspec.filesystem("memory")
    yield filesystem
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


def files_in(filesystem: Any, path: str) -> dict[str, bytes]:
    names = (name for name in filesystem.find(path) if not name.endswith(".topics-run"))
    return {name.removeprefix(f"{path}/"): filesystem.cat_file(name) for name in names}


def files_below(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".topics-run")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


# Inputs


def test_dumps_are_read_from_a_file_a_folder_and_a_pattern(memory: Any) -> None:
    memory.pipe({"/in/a.txt": WIRE, "/in/deep/b.txt.gz": gzip.compress(WIRE), "/in/c.png": b"x", "/in/.hid.txt": WIRE})
    for given, names in {
        "memory://in/a.txt": ["a.txt"],
        "memory://in": ["a.txt", "deep/b.txt.gz"],
        "memory://in/*.txt": ["a.txt"],
        "memory://in/**": ["a.txt", "c.png", "b.txt.gz"],
    }.items():
        assert [source.name for source in list_inputs(given)] == names, given
    assert [dump.text.encode() for dump in read_dumps(["memory://in", "memory://in/a.txt"])] == [WIRE] * 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("memory://nothing/here.txt", "no such file or folder"),
        ("nonsense://bucket/a", "Protocol not known: nonsense"),
        ("s3://bucket/a", "s3fs"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_line(given: str, said: str, memory: Any) -> None:
    if given.startswith("s3"):
        pytest.importorskip("fsspec")
        if __import__("importlib.util").util.find_spec("s3fs"):
            pytest.skip("s3fs is here")
    problems: list[Any] = []
    assert list(read_dumps([given], on_problem=problems.append)) == []
    (problem,) = problems
    assert problem.message.startswith(f"{given}: ") and said in problem.message and "\n" not in problem.message


def test_runs_and_exports_below_an_address_are_no_dumps(memory: Any) -> None:
    memory.pipe("/in/a.txt", b"It rained on the quay.")
    for mark in (".topics-run", ".topics-export"):
        memory.pipe(f"/in/{mark[8:]}/{mark}", b"")
        memory.pipe(f"/in/{mark[8:]}/shards/0.jsonl", b'{"text": "It rained on the quay."}')
    assert [dump.name for dump in read_dumps(["memory://in/"])] == ["a.txt"]
    problems: list[Problem] = []
    assert not list(read_dumps(["memory://in/run"], on_problem=problems.append))
    assert [problem.reason for problem in problems] == ["results"]


def test_paths_are_no_addresses() -> None:
    assert [is_address(each) for each in ("a/b", "C:/x", "C://x", "-", Path("s3://x"))] == [False] * 5
    assert is_address("file:///x") and is_address("gzip::s3://x/y.gz")


@pytest.mark.parametrize("n_bytes", [1, 30, 64, 100, 10_000])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_parts_of_a_jsonl_file_are_the_whole(n_bytes: int, end: bytes, memory: Any, tmp_path: Path) -> None:
    lines = [b'{"text": "%d. It rained on the quay."}' % n if n % 3 else b" " * n for n in range(1, 60)]
    data = b"\n".join([b"\xef\xbb\xbf" + lines[0], *lines[1:30], b"bad", *lines[30:]]) + end
    memory.pipe("/in/a.jsonl", data)
    (tmp_path / "a.jsonl").write_bytes(data)
    options = ReadOptions()
    for source in (Source("a.jsonl", "memory://in/a.jsonl"), Source("a.jsonl", tmp_path / "a.jsonl")):
        parts = [part for part, _ in cut_source(source, n_bytes, options)]
        assert (len(parts) > 1) == (n_bytes < len(data) // 2)
        whole = list(read_part(Part(source), options))
        assert [item for part in parts for item in read_part(part, options)] == whole
        assert len({part.name for part in parts}) == len(parts)
        assert len({digest_part(part) for part in parts}) == len(parts)


@pytest.mark.parametrize("n_bytes", [100, 10_000])
def test_a_line_that_is_too_long_is_one_problem_and_the_others_are_read(
    n_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("topics.reading.compression.MAX_TEXT_BYTES", 50)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"text": "{n} {"x" * (n == 21) * 400}"}}\n' for n in range(1, 41)))
    parts = [part for part, _ in cut_source(Source("a.jsonl", path), n_bytes, ReadOptions())]
    found = [item for part in parts for item in read_part(part, ReadOptions())]
    dumps = [item for item in found if isinstance(item, Dump)]
    assert [dump.name for dump in dumps] == [f"a.jsonl#{n}" for n in range(1, 41) if n != 21]
    (problem,) = (item for item in found if isinstance(item, Problem))
    assert (problem.where, problem.reason) == (f"{path}:21", "too_large")


# Runs


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_a_run_in_memory_has_the_bytes_of_one_on_disk(format: str, memory: Any, tmp_path: Path) -> None:
    for _ in range(2):
        write_dumps("memory://out/run", harbour(), OTHER, format=format)
    assert write_dumps("memory://out/run", harbour(), OTHER, format=format).n_kept == 2
    write_dumps(tmp_path / "run", harbour(), OTHER, format=format)
    assert files_in(memory, "/out/run") == files_below(tmp_path / "run")
    assert is_run("memory://out/run")
    assert list(read_rows("memory://out/run")) == list(read_run(tmp_path / "run"))


def test_a_file_address_is_a_folder_on_disk(tmp_path: Path) -> None:
    write_dumps(f"file://{tmp_path}/run", harbour())
    write_dumps(tmp_path / "plain", harbour())
    assert files_below(tmp_path / "run") == files_below(tmp_path / "plain")
    assert list(read_run(f"file://{tmp_path}/run")) == harbour()


def test_an_error_leaves_the_run_in_memory_as_it_was(memory: Any) -> None:
    def stop(_: Any) -> None:
        raise RuntimeError("stop")

    write_dumps("memory://out/run", harbour())
    with pytest.raises(RuntimeError):
        write_dumps("memory://out/run", OTHER, advance=stop)
    assert list(read_run("memory://out/run")) == harbour()
    write_dumps("memory://out/run", OTHER)
    write_dumps("memory://out/fresh", OTHER)
    assert files_in(memory, "/out/run") == files_in(memory, "/out/fresh")


def test_what_is_no_run_is_refused_in_memory_too(memory: Any) -> None:
    memory.pipe("/out/photos/cat.jpg", b"cat")
    with pytest.raises(OutputError, match="is not a run folder"):
        write_dumps("memory://out/photos", OTHER)
    with pytest.raises(OutputError, match="is not a folder"):
        write_dumps("memory://out/photos/cat.jpg", OTHER)
    with pytest.raises(DumpError, match="is not a run folder"):
        read_manifest("memory://out/photos")


def test_what_cannot_be_sent_is_one_line(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Access Denied")

    monkeypatch.setattr(type(memory), "put_file", refuse)
    with pytest.raises(OutputError, match=r"cannot write memory://out/run: Access Denied\. Choose an --output"):
        write_dumps("memory://out/run", OTHER)


def test_a_staged_file_that_is_discarded_is_nowhere(memory: Any) -> None:
    folder = open_folder("memory://out")
    assert isinstance(folder, RemoteFolder)
    staged = folder.stage("a/b.txt")
    staged.sink.write(b"half")
    staged.discard()
    assert folder.names() == [] and not folder.exists("a/b.txt")
    staged = folder.stage("a/b.txt")
    staged.sink.write(b"whole")
    staged.commit()
    assert (folder.names("a"), folder.read("a/b.txt")) == (["b.txt"], b"whole")
    assert io.BytesIO(folder.open("a/b.txt").read()).getvalue() == b"whole"


def test_the_command_line_reads_and_writes_by_address(
    memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    memory.pipe("/in/a.txt", WIRE)
    done = CliRunner().invoke(app, ["classify", "memory://in", "--output", "memory://out/run"])
    assert done.exit_code == 0, done.stderr
    assert "".join(row["text"] for row in read_run("memory://out/run")) == WIRE.decode()
    done = CliRunner().invoke(app, ["export", "memory://out/run", "--output", str(tmp_path / "pages")])
    assert done.exit_code == 0 and (tmp_path / "pages").is_dir()
