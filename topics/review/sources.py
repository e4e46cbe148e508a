"""Where the rows of a run are: its shards, a line at a time with its place, and one line back by its place.

Both a run folder and a ``.jsonl`` file of records will do, as long as the records of a dump tile it: a decision
names a dump by the digest of its text, which in a file has to be put together again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from topics.errors import DumpError
from topics.records import dump_digest
from topics.runs import is_run, read_manifest
from topics.stored_rows import parse_stored_row

__all__ = ["PlacedRow", "RowSource", "is_reviewable", "open_source"]

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A record, the number, name and digest of its dump, and its place: shard, byte offset, length."""

    row: Row
    dump: int
    dump_name: str
    dump_digest: str
    place: tuple[int, int, int]


@dataclass(frozen=True)
class RowSource:
    """The files that hold the rows, in order. ``fingerprint`` changes when their content does; ``dumps`` are name,
    digest and number of rows of each, in order, where the run says them."""

    path: Path
    files: tuple[Path, ...]
    fingerprint: str
    n_bytes: int
    n_rows: int | None
    model: str | None
    dumps: tuple[tuple[str, str, int], ...] = ()
    whole: bool = False

    def rows(self) -> Iterator[PlacedRow]:
        """Every row with its place, each checked."""
        lines = self._lines()
        if self.path.is_dir():
            for number, (name, digest, n_rows) in enumerate(self.dumps):
                for _ in range(n_rows):
                    place, row = next(lines, (None, None))
                    if place is None or row is None:
                        raise DumpError(f"{self.path}: fewer records than its manifest says. Classify again.")
                    yield PlacedRow(row, number, name, digest, place)
            return
        for number, (name, group) in enumerate(groupby(lines, key=lambda line: str(line[1]["dump"]))):
            held = list(group)
            digest = _digest_tiles([row for _, row in held], self.path)
            for place, row in held:
                yield PlacedRow(row, number, name, digest, place)

    def read(self, shard: int, offset: int, length: int) -> Row:
        """The row at a place."""
        file = self.files[shard]
        try:
            with open(file, "rb") as lines:
                lines.seek(offset)
                return parse_stored_row(lines.read(length), str(file))
        except OSError as error:
            raise DumpError(f"{file}: cannot be read ({error.strerror}). Was the run replaced? Start again.") from error

    def _lines(self) -> Iterator[tuple[tuple[int, int, int], Row]]:
        for shard, file in enumerate(self.files):
            offset = 0
            try:
                with open(file, "rb") as lines:
                    for number, line in enumerate(lines, 1):
                        if line.strip():
                            row = parse_stored_row(line, f"{file}:{number}")
                            if "topic" not in row:
                                raise DumpError(f"{self.path}: has no topics. Run `topics classify` on the dumps.")
                            yield (shard, offset, len(line)), row
                        offset += len(line)
            except OSError as error:
                raise DumpError(f"{file}: cannot be read ({error.strerror}). Check the run.") from error


def open_source(path: Path) -> RowSource:
    """The rows of a run folder or of a file of records; neither is read yet."""
    if path.is_dir():
        manifest = read_manifest(path)
        entries = [entry for entry in manifest["inputs"] if entry["segments"]]
        files = tuple(path / "shards" / name for name in dict.fromkeys(entry["shard"] for entry in entries))
        for file in files:
            if not file.is_file():
                raise DumpError(f"{file}: missing. Classify again.")
        return RowSource(
            path=path,
            files=files,
            fingerprint=hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest(),
            n_bytes=sum(file.stat().st_size for file in files),
            n_rows=sum(entry["segments"] for entry in entries),
            model=str(manifest["model"]),
            whole=bool(manifest["options"].get("whole")),
            dumps=tuple((entry["dump"], entry["digest"], entry["segments"]) for entry in entries),
        )
    facts = path.stat()
    with open(path, "rb") as lines:
        first: Row = next((json.loads(line) for line in lines if line.strip()), {})
    stamp = f"{path.resolve()}:{facts.st_size}:{facts.st_mtime_ns}"
    fingerprint = hashlib.sha256(stamp.encode("utf-8", "surrogatepass")).hexdigest()
    return RowSource(path, (path,), fingerprint, facts.st_size, None, first.get("model"))


def _is_record_file(path: Path) -> bool:
    """Whether it is a ``.jsonl`` file whose first line is a record of ``topics classify``."""
    if not path.name.lower().endswith(".jsonl"):
        return False
    try:
        with open(path, "rb") as lines:
            first = next((line for line in lines if line.strip()), b"")
        row = json.loads(first)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(row, dict) and row.keys() >= {"id", "digest", "dump", "start", "end", "topics", "text"}


def is_reviewable(path: Path) -> bool:
    """Whether ``path`` holds rows already, so that nothing has to be classified."""
    return is_run(path) or _is_record_file(path)


def _digest_tiles(rows: list[Row], path: Path) -> str:
    at = 0
    for row in rows:
        if row["start"] != at or row["end"] != at + len(row["text"]):
            raise DumpError(
                f"{path}: the records of {row['dump']} leave out a part of it. Review all its records, or the run."
            )
        at = row["end"]
    return dump_digest("".join(row["text"] for row in rows))
