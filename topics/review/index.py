"""The index beside a run: SQLite with the columns of all segments, their headings, and their words (FTS5).

It is made once a run, in pieces of a few thousand segments that can be used as soon as they are in, and holds
nothing that the run does not: it can be deleted at any time. Text stays in the run's shards and is read by its
place; where these cannot be read so, the rows are copied to a file beside the index. One process builds, under a lock;
others read what is there and see it grow.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from topics.errors import DumpError, OutputError
from topics.review.columns import ROW, Rows, TopicCodes, pack_row, stack
from topics.review.sources import Place, PlacedRow, RowSource, read_at
from topics.writers.jsonl import encode_row
from topics.writers.rows import first_words
from topics.writers.text import clean_cell, replace_surrogates

__all__ = ["Index", "build_index", "index_path", "is_complete", "prepare_index"]

_VERSION: Final = 1
_FIRST_CHUNK: Final = 200  # enough for a first page
_CHUNK: Final = 5_000
_HEADING: Final = 160  # characters
_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE chunks (first INTEGER PRIMARY KEY, rows BLOB NOT NULL);
CREATE TABLE headings (seg INTEGER PRIMARY KEY, heading TEXT NOT NULL);
CREATE TABLE dumps (dump INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE topics (code INTEGER PRIMARY KEY, slug TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(title, text, content='', tokenize="unicode61 remove_diacritics 2");
"""


def index_path(source: RowSource) -> Path:
    """Where the index of a run is: in its folder, beside a file of records, or in the user's cache folder where
    neither can be written to."""
    beside, here = source.folder, Path(source.where)
    if beside is not None and os.access(beside, os.W_OK):
        return beside / "review.sqlite" if here.is_dir() else beside / f"{here.name}.review"
    import platformdirs

    cache = platformdirs.user_cache_path("topics", appauthor=False) / "review"
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"{source.fingerprint[:32]}.sqlite"


def copy_path(path: Path) -> Path:
    """Where the rows of a run are copied to that cannot be read by place."""
    return path.with_name(f"{path.name}.rows")


class Index:
    """A run's index, open for reading; :meth:`grow` takes in what was added since."""

    def __init__(self, source: RowSource, path: Path) -> None:
        self.path = path
        self._files = source.files or (copy_path(path),)
        self.codes = TopicCodes()
        self.rows: Rows = np.zeros(0, ROW)
        self.dump_names: list[str] = []
        self.dump_digests: list[str] = []
        self.is_complete = False
        self._connection = _connect(path)
        self._lock = threading.Lock()
        self.grow()

    def close(self) -> None:
        self._connection.close()

    def grow(self) -> bool:
        """Take in chunks that were added since; whether there were any."""
        if self.is_complete:
            return False
        with self._lock, self._connection as connection:
            connection.execute("BEGIN")
            new = connection.execute("SELECT rows FROM chunks WHERE first >= ? ORDER BY first", (len(self.rows),))
            parts = [np.frombuffer(blob, ROW) for (blob,) in new]
            for code, slug in connection.execute("SELECT code, slug FROM topics ORDER BY code"):
                if code >= len(self.codes.slugs):
                    self.codes.code(slug)
            n_whole = len(self.dump_digests) - (self.dump_digests[-1:] == [""])  # the last may have been cut off
            del self.dump_names[n_whole:], self.dump_digests[n_whole:]
            for name, digest in connection.execute(
                "SELECT name, digest FROM dumps WHERE dump >= ? ORDER BY dump", (n_whole,)
            ):
                self.dump_names.append(name)
                self.dump_digests.append(digest)
            self.is_complete = _read_meta(connection, "complete") == "1"
        if parts:
            self.rows = stack([self.rows, *parts])
        return bool(parts)

    def read(self, segment: int) -> Mapping[str, Any]:
        """The record of a segment."""
        row = self.rows[segment]
        return read_at(self._files[row["shard"]], int(row["offset"]), int(row["length"]))

    def headings(self, segments: Sequence[int]) -> list[str]:
        """One line for each segment: its title, or its first words."""
        with self._lock:
            marks = ",".join("?" * len(segments))
            found = dict(
                self._connection.execute(f"SELECT seg, heading FROM headings WHERE seg IN ({marks})", list(segments))
            )
        return [found.get(segment, "") for segment in segments]

    def search(self, query: str) -> Rows:
        """The segments that hold the words of a query, ascending; ``"…"`` is a phrase, ``-word`` must not be there.

        Raises :class:`DumpError` for a query that SQLite cannot make sense of.
        """
        with self._lock:
            return search_words(self._connection, query)


def search_words(connection: sqlite3.Connection, query: str) -> Rows:
    """The rows of a table ``words`` that match, ascending."""
    match = spell_query(query)
    if not match:
        return np.zeros(0, np.int64)
    try:
        found = connection.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (match,)).fetchall()
    except sqlite3.OperationalError as error:
        raise DumpError(f"search: {query!r} cannot be searched for ({error}). Use plain words.") from None
    return np.fromiter((row[0] for row in found), np.int64, len(found))


def spell_query(query: str) -> str:
    """What a person types as an FTS5 query: every word quoted, so that none is an operator.

    >>> spell_query('port "ferry fares" -strike trav*')
    '("port" AND "ferry fares" AND "trav" *) NOT ("strike")'
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    rest = replace_surrogates(query).replace("\0", " ")
    while rest := rest.strip():
        negative = rest.startswith("-") and len(rest) > 1
        rest = rest[1:] if negative else rest
        if rest.startswith('"'):
            words, _, rest = rest[1:].partition('"')
        else:
            words, _, rest = rest.partition(" ")
        prefix = words.endswith("*")
        words = words.strip("*").replace('"', " ").strip()
        if any(character.isalnum() for character in words):
            (unwanted if negative else wanted).append(f'"{words}" *' if prefix else f'"{words}"')
    if not wanted:
        return ""
    found = f"({' AND '.join(wanted)})"
    return f"{found} NOT ({' OR '.join(unwanted)})" if unwanted else found


def build_index(source: RowSource, path: Path, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Make the index of a run at ``path``, or what is missing of it.

    An index of another run, or of another version, is replaced. Where another process builds it this returns at once.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    try:
        with _create(source, path) as connection:
            _fill(connection, source, path, should_stop)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(f"{path}: the index cannot be written ({error}). Free some space.") from error
    finally:
        lock.release()


def prepare_index(source: RowSource, path: Path) -> None:
    """Make sure that an index of this run stands at ``path``, be it empty."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock")
    with suppress(Timeout), lock.acquire(timeout=0), _create(source, path):
        pass


def is_complete(path: Path) -> bool:
    """Whether nothing is missing of an index."""
    connection = _connect(path)
    try:
        return _read_meta(connection, "complete") == "1"
    finally:
        connection.close()


@contextmanager
def _create(source: RowSource, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to write with, to an index of this run."""
    if path.exists() and not _is_of(source, path):
        for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm"), copy_path(path)):
            stale.unlink(missing_ok=True)
    is_new = not path.exists()
    connection = _connect(path)
    try:
        if is_new:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN;{_TABLES}")
            wanted = {"version": str(_VERSION), "fingerprint": source.fingerprint, "codes": json.dumps(ROW.descr)}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", wanted.items())
            connection.execute("COMMIT")
        yield connection
    finally:
        connection.close()


def _fill(connection: sqlite3.Connection, source: RowSource, path: Path, should_stop: Callable[[], bool]) -> None:
    if _read_meta(connection, "complete") == "1":
        return
    connection.execute("PRAGMA synchronous = OFF")  # it is a cache: what is lost is made again
    codes = TopicCodes()
    for (slug,) in connection.execute("SELECT slug FROM topics ORDER BY code").fetchall():
        codes.code(slug)
    n_there, n_copied = _count(connection)
    with _copy(source, path, n_copied) as put:
        held: list[tuple[PlacedRow, Place]] = []
        first = n_there
        for number, placed in enumerate(source.rows()):
            if number < n_there:  # what an earlier, interrupted build had put in
                continue
            held.append((placed, placed.place or put(placed.row)))
            if len(held) >= (_CHUNK if first else _FIRST_CHUNK):
                put(None)
                _put(connection, codes, first, held)
                first += len(held)
                held = []
            if should_stop():
                return
        put(None)
        _put(connection, codes, first, held)
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('complete', '1')")


@contextmanager
def _copy(source: RowSource, path: Path, n_bytes: int) -> Iterator[Callable[[Any], Place]]:
    """A function that copies a row and says where to; called with ``None`` it makes readable what was copied."""
    if source.files:
        yield lambda row: (0, 0, 0)
        return
    with open(copy_path(path), "ab") as copy:
        copy.truncate(n_bytes)
        copy.seek(n_bytes)

        def put(row: Any) -> Place:
            if row is None:
                copy.flush()
                return (0, 0, 0)
            line = encode_row(row)
            copy.write(line)
            return 0, copy.tell() - len(line), len(line)

        yield put


def _put(
    connection: sqlite3.Connection, codes: TopicCodes, first: int, held: Sequence[tuple[PlacedRow, Place]]
) -> None:
    """One chunk, in one transaction."""
    n_topics = len(codes.slugs)
    packed = np.array([pack_row(p.row, codes, p.dump, place) for p, place in held], ROW)
    names = {p.dump: replace_surrogates(p.row["dump"]) for p, _ in held}
    digests = {p.dump: p.dump_digest for p, _ in held if p.dump_digest}
    with connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT OR IGNORE INTO dumps VALUES (?, ?, '')", names.items())
        connection.executemany("UPDATE dumps SET digest = ? WHERE dump = ?", ((d, n) for n, d in digests.items()))
        connection.executemany("INSERT INTO topics VALUES (?, ?)", list(enumerate(codes.slugs))[n_topics:])
        connection.executemany(
            "INSERT INTO headings VALUES (?, ?)", ((first + i, make_heading(p.row)) for i, (p, _) in enumerate(held))
        )
        connection.executemany(
            "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
            ((first + i, *searchable(p.row)) for i, (p, _) in enumerate(held)),
        )
        if held:
            connection.execute("INSERT INTO chunks VALUES (?, ?)", (first, packed.tobytes()))


def make_heading(row: Any) -> str:
    """One line that names a segment: its title, else its first words, cut to what a list has room for."""
    words = clean_cell((row["title"] or "")[: 4 * _HEADING]) or clean_cell(first_words(row, _HEADING))
    return words if len(words) <= _HEADING else f"{words[: _HEADING - 1]}…"


def searchable(row: Any) -> tuple[str, str]:
    """Title and text as they are searched."""
    return replace_surrogates(row["title"] or ""), replace_surrogates(row["text"])


def _is_of(source: RowSource, path: Path) -> bool:
    try:
        connection = _connect(path)
        try:
            return (
                _read_meta(connection, "version") == str(_VERSION)
                and _read_meta(connection, "fingerprint") == source.fingerprint
                and _read_meta(connection, "codes") == json.dumps(ROW.descr)
            )
        finally:
            connection.close()
    except sqlite3.Error:
        return False


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def _count(connection: sqlite3.Connection) -> tuple[int, int]:
    """Segments that are in, and where the last of them ends in the copy."""
    found = connection.execute("SELECT first, rows FROM chunks ORDER BY first DESC LIMIT 1").fetchone()
    if found is None:
        return 0, 0
    rows = np.frombuffer(found[1], ROW)
    return found[0] + len(rows), int(rows[-1]["offset"] + rows[-1]["length"])


def _read_meta(connection: sqlite3.Connection, key: str) -> str | None:
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return found[0] if found else None
