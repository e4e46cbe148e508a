"""A run: the folder that one ``classify --output FOLDER`` fills, and the way back from it to rows.

``shards/*.jsonl`` hold the rows, cut between dumps at about 32 MB; a shard is named by a digest of its
number and its bytes, so that no run overwrites what another one holds. ``manifest.json`` says which shards
make up the run and is moved in last: whoever reads sees the old run or the new one. ``problems.jsonl``
repeats the manifest's problems, one a line. There are no times in any of them: the same inputs give the
same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, cast

from topics.errors import DumpError, OutputError
from topics.stored_rows import read_stored_rows
from topics.writers.atomic import TEMPORARY, StagedFile, sync_folder
from topics.writers.jsonl import encode_row
from topics.writers.rows import Row
from topics.writers.sinks import writing
from topics.writers.tally import Tally

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["RunWriter", "is_run", "read_manifest", "read_rows", "read_run"]

_FORMAT = "topics-run"
_FORMAT_VERSION = 1
_MANIFEST = "manifest.json"
_PROBLEMS = "problems.jsonl"
_SHARDS = "shards"
_LOCK = ".topics-run"  # marks the folder as ours before there is a manifest, and keeps two writers apart
_SHARD_BYTES = 32_000_000
_SHARD_NAME = re.compile(r"[0-9a-f]{20}\.jsonl")


class RunWriter:
    """Fills a run folder; used in a ``with`` statement.

    A run that stands there is replaced when the block ends well and stays as it was when it does not. A
    folder that holds anything else is refused. ``options`` is whatever JSON can hold and is kept in the
    manifest.
    """

    def __init__(
        self, folder: Path, model: str, options: Mapping[str, Any], *, shard_bytes: int = _SHARD_BYTES
    ) -> None:
        json.dumps(dict(options), allow_nan=False)  # what cannot be kept fails now and not after hours
        self.folder = folder
        self._model = model
        self._options = dict(options)
        self._shard_bytes = shard_bytes
        self._inputs: list[dict[str, Any]] = []
        self._n_placed = 0  # inputs whose shard has its name
        self._problems: list[dict[str, str]] = []
        self._tally = Tally()
        self._shard: StagedFile | None = None
        self._hash = hashlib.sha256()
        self._n_shards = 0
        self._made: list[Path] = []  # shards that were not there before
        self._lock: BaseFileLock | None = None
        self._is_new = False

    def __enter__(self) -> Self:
        from filelock import FileLock, Timeout

        _check_writable(self.folder)
        with writing(self.folder):
            self._is_new = not self.folder.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.folder / _LOCK, timeout=0)
            try:
                lock.acquire()
            except Timeout:
                raise OutputError(
                    f"{self.folder} is being written by another run. Wait for it or choose another --output."
                ) from None
            self._lock = lock
            try:
                (self.folder / _SHARDS).mkdir(exist_ok=True)
            except BaseException:
                lock.release()
                raise
        return self

    def add(self, dump_name: str, dump_digest: str, rows: Iterable[Row]) -> int:
        """Writes the rows of one dump as they come; returns how many.

        When the rows raise, nothing of the dump is kept, and the run can go on with the next one.
        """
        if self._lock is None:
            raise ValueError("RunWriter is used in a with statement")
        if self._shard is None:
            self._shard = StagedFile(self.folder / _SHARDS / "shard", shown=self.folder)
            self._hash = hashlib.sha256(f"{self._n_shards}:".encode())
            self._n_shards += 1
        position, hash_before = self._shard.sink.tell(), self._hash.copy()
        counted = Tally()
        try:
            for row in rows:
                line = encode_row(row)
                self._shard.sink.write(line)
                self._hash.update(line)
                counted.add(row)
        except Exception:
            self._shard.sink.cut_back(position)
            self._hash = hash_before
            raise
        self._tally.merge(counted)
        self._inputs.append({"dump": dump_name, "digest": dump_digest, "shard": None, "segments": counted.n_segments})
        if self._shard.sink.tell() >= self._shard_bytes:
            self._cut_shard()
        return counted.n_segments

    def problem(self, where: str, reason: str, message: str) -> None:
        """Notes what could not be read, and why: a lower-case ``reason`` to count by and a line to read."""
        self._problems.append({"where": where, "reason": reason, "message": message})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        except BaseException:
            self._undo()
            raise
        else:
            if kind is not None:
                self._undo()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _cut_shard(self) -> None:
        shard, self._shard = self._shard, None
        if shard is None:
            return
        waiting = self._inputs[self._n_placed :]
        self._n_placed = len(self._inputs)
        try:
            if not shard.sink.tell():
                shard.discard()
                return
            name = f"{self._hash.hexdigest()[:20]}.jsonl"
            place = self.folder / _SHARDS / name
            if not place.exists():
                self._made.append(place)
            shard.commit(place)
        except BaseException:
            shard.discard()
            raise
        for entry in waiting:
            entry["shard"] = name if entry["segments"] else None

    def _finish(self) -> None:
        self._cut_shard()
        manifest = {
            "format": _FORMAT,
            "format_version": _FORMAT_VERSION,
            "model": self._model,
            "options": self._options,
            "totals": self._count_totals(),
            "inputs": self._inputs,
            "problems": self._problems,
        }
        problems = StagedFile(self.folder / _PROBLEMS)
        try:
            staged = StagedFile(self.folder / _MANIFEST)
            try:
                for problem in self._problems:
                    problems.sink.write(encode_row(problem))
                staged.sink.write(_encode_manifest(manifest))
                problems.seal()
                staged.seal()
                problems.commit()
                staged.commit()
            except BaseException:
                staged.discard()
                raise
        except BaseException:
            problems.discard()
            raise
        with suppress(OSError):  # what is left over does no harm
            self._sweep()

    def _count_totals(self) -> dict[str, Any]:
        topics = {
            count.topic: {"segments": count.n_segments, "characters": count.n_characters}
            for count in sorted(self._tally.topics(), key=lambda count: count.topic)
        }
        return {
            "dumps": len(self._inputs),
            "segments": self._tally.n_segments,
            "characters": self._tally.n_characters,
            "topics": topics,
        }

    def _sweep(self) -> None:
        """Removes shards that the manifest does not name, and what a killed run left behind."""
        named = _name_shards(self.folder)
        for place in [*self.folder.iterdir(), *(self.folder / _SHARDS).iterdir()]:
            is_old = place.parent.name == _SHARDS and _SHARD_NAME.fullmatch(place.name)
            if (is_old and place.name not in named) or place.name.startswith(TEMPORARY):
                place.unlink()
        sync_folder(self.folder / _SHARDS)

    def _undo(self) -> None:
        if self._shard is not None:
            self._shard.discard()
            self._shard = None
        named = _name_shards(self.folder)  # not empty when an interrupt came after the manifest was moved in
        with suppress(OSError):
            for place in self._made:
                if place.name not in named:
                    place.unlink(missing_ok=True)
        if not (self.folder / _MANIFEST).exists():
            with suppress(OSError):  # a folder that somebody else put a file into stays
                (self.folder / _SHARDS).rmdir()
                (self.folder / _LOCK).unlink(missing_ok=True)
                if self._is_new:
                    self.folder.rmdir()


def is_run(path: Path) -> bool:
    """Whether ``path`` is a folder whose manifest is that of a run, of whatever version."""
    try:
        manifest = json.loads((path / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == _FORMAT


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest of a run."""
    if not is_run(folder):
        raise DumpError(
            f"{folder} is not a run folder. Name one that `topics classify --output FOLDER` wrote, "
            "or a .jsonl file of its records."
        )
    manifest = cast(dict[str, Any], json.loads((folder / _MANIFEST).read_bytes()))
    if manifest.get("format_version") != _FORMAT_VERSION:
        raise DumpError(
            f"{folder / _MANIFEST}: format version {manifest.get('format_version')} is not known here. "
            "Update topics, or classify again."
        )
    return manifest


def read_run(folder: Path) -> Iterator[Row]:
    """The rows of a run in the order in which they were written."""
    n_rows: Counter[str] = Counter()  # by shard, in the order of the run
    for entry in read_manifest(folder)["inputs"]:
        if entry["segments"]:
            n_rows[entry["shard"]] += entry["segments"]
    for name, n_expected in n_rows.items():
        if not _SHARD_NAME.fullmatch(name):
            raise DumpError(f"{folder / _MANIFEST}: {name!r} cannot name a shard. Classify again.")
        shard = folder / _SHARDS / name
        if not shard.exists():
            raise DumpError(f"{shard}: missing, or the run was replaced while it was read. Read it again.")
        n_found = 0
        for row in read_stored_rows(shard):
            n_found += 1
            yield row
        if n_found != n_expected:
            raise DumpError(f"{shard}: {n_found} records where the run has {n_expected}. Classify again.")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a run folder, or of a ``.jsonl`` or ``.jsonl.gz`` file of records."""
    if path.is_dir():
        yield from read_run(path)
    elif path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        yield from read_stored_rows(path)
    else:
        raise DumpError(f"{path}: records are read from a run folder, a .jsonl or a .jsonl.gz file. Name one.")


def _check_writable(folder: Path) -> None:
    with writing(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise OutputError(f"{folder} exists and is not a folder. Choose another --output.")
        names = {place.name for place in folder.iterdir()}
    unfinished = _LOCK in names and _MANIFEST not in names  # a run that was killed
    if names and not unfinished and not is_run(folder):
        raise OutputError(f"{folder} exists and is not a run folder. Choose another --output.")


def _name_shards(folder: Path) -> set[str]:
    """The shards that the manifest names; none where it cannot be read."""
    with suppress(DumpError, LookupError, TypeError):
        return {entry["shard"] for entry in read_manifest(folder)["inputs"] if entry["shard"]}
    return set()


def _encode_manifest(manifest: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(manifest, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:  # a file name that is not UTF-8
        return json.dumps(manifest, indent=1, allow_nan=False).encode() + b"\n"
