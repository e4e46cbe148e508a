"""Where the rows of a run are: every row with its place, and one row back by its place.

The shards of a run on this machine that are JSONL are read where they stand, by byte offset, and so is a ``.jsonl``
file of records. Of anything else (Parquet, gzip, a run elsewhere) the rows are copied beside the index as they are
indexed. The records of a dump must tile it: a decision names a dump by the digest of its text, put together again here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topics.errors import DumpError
from topics.reading.addresses import is_address
from topics.runs import is_run, read_manifest, read_rows
from topics.runs.layout import SHARDS
from topics.storage import open_folder
from topics.stored_rows import parse_stored_row

__all__ = ["PlacedRow", "RowSource", "is_reviewable", "open_source"]

Row = Mapping[str, Any]
Place = tuple[int, int, int]  # number of the file, byte offset, length

_RECORD_SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")


@dataclass(frozen=True, slots=True)
class PlacedRow:
    """A record, the number of its dump, and its place, where it can be read there. ``dump_digest`` is there with the
    last record of a dump."""

    row: Row
    dump: int
    place: Place | None
    dump_digest: str | None


@dataclass(frozen=True)
class RowSource:
    """A run or a file of records. ``files`` are its shards where they can be read by place, else there are none.

    ``fingerprint`` changes when the content does; ``n_bytes`` says how large it is, ``n_rows`` how many, if known.
    """

    where: str
    files: tuple[Path, ...]
    fingerprint: str
    n_bytes: int
    n_rows: int | None
    model: str | None
    whole: bool = False

    @property
    def folder(self) -> Path | None:
        """Where an index may stand beside it; ``None`` for one that is not on this machine."""
        if is_address(self.where):
            return None
        path = Path(self.where)
        return path if path.is_dir() else path.parent

    def rows(self) -> Iterator[PlacedRow]:
        """Every row, checked."""
        dump, end, name = -1, 0, None
        text = hashlib.sha256()
        waiting: tuple[Row, Place | None] | None = None
        for place, row in self._placed():
            if "topic" not in row:
                raise DumpError(f"{self.where}: has no topics. Run `topics classify` on the dumps.")
            is_new = row["start"] == 0 or row["dump"] != name
            if row["start"] != (0 if is_new else end) or row["end"] != row["start"] + len(row["text"]):
                raise DumpError(
                    f"{self.where}: the records of {row['dump']} leave out a part of it. Review the run, whole."
                )
            if waiting is not None:
                yield PlacedRow(waiting[0], dump, waiting[1], text.hexdigest() if is_new else None)
            if is_new:
                dump, name, text = dump + 1, row["dump"], hashlib.sha256()
            text.update(row["text"].encode("utf-8", "surrogatepass"))
            end = row["end"]
            waiting = row, place
        if waiting is not None:
            yield PlacedRow(waiting[0], dump, waiting[1], text.hexdigest())

    def _placed(self) -> Iterator[tuple[Place | None, Row]]:
        if not self.files:
            yield from ((None, row) for row in read_rows(self.where))
            return
        for number, file in enumerate(self.files):
            offset = 0
            try:
                with open(file, "rb") as lines:
                    for count, line in enumerate(lines, 1):
                        if line.strip():
                            yield (number, offset, len(line)), parse_stored_row(line, f"{file}:{count}")
                        offset += len(line)
            except OSError as error:
                raise DumpError(f"{file}: cannot be read ({error.strerror}). Check the run.") from error


def read_at(file: Path, offset: int, length: int) -> Row:
    """The row at a place of a file."""
    try:
        with open(file, "rb") as lines:
            lines.seek(offset)
            return parse_stored_row(lines.read(length), str(file))
    except OSError as error:
        raise DumpError(f"{file}: cannot be read ({error.strerror}). Was the run replaced? Start again.") from error


def open_source(where: str | Path) -> RowSource:
    """A run folder, here or at an address, or a file of records; no row is read yet."""
    if not is_address(where) and Path(where).is_file():
        return _open_file(Path(where))
    folder = open_folder(where)
    manifest = read_manifest(where)
    names = [shard["file"] for shard in manifest["shards"] if shard["file"] is not None]
    files = [] if is_address(where) else [Path(where) / SHARDS / name for name in names]
    for file in files:
        if not file.is_file():
            raise DumpError(f"{file}: missing. Classify again.")
    by_place = all(name.endswith(".jsonl") for name in names)
    return RowSource(
        where=str(where),
        files=tuple(files) if by_place else (),
        fingerprint=hashlib.sha256(folder.read("manifest.json")).hexdigest(),
        n_bytes=sum(file.stat().st_size for file in files),
        n_rows=sum(shard["segments"] for shard in manifest["shards"]),
        model=str(manifest["model"]),
        whole=bool(manifest["options"].get("whole")),
    )


def is_reviewable(where: str) -> bool:
    """Whether there are rows already, so that nothing has to be classified: a run, or a file of records."""
    if is_address(where):
        return is_run(where)
    path = Path(where)
    if path.is_dir():
        return is_run(path)
    if not path.is_file() or not path.name.lower().endswith(_RECORD_SUFFIXES):
        return False
    try:
        return "topics" in next(iter(read_rows(path)), {})
    except DumpError:  # dumps in JSONL, most likely
        return False


def _open_file(path: Path) -> RowSource:
    facts = path.stat()
    stamp = json.dumps([str(path.resolve()), facts.st_size, facts.st_mtime_ns])
    first = next(iter(read_rows(path)), {})
    return RowSource(
        where=str(path),
        files=(path,) if path.name.lower().endswith(".jsonl") else (),
        fingerprint=hashlib.sha256(stamp.encode()).hexdigest(),
        n_bytes=facts.st_size,
        n_rows=None,
        model=first.get("model"),
    )
