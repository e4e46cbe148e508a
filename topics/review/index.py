"""The index beside a run: SQLite with the columns of all segments, their headings, and their words (FTS5).

It is made once a run, in pieces of a few thousand segments that can be used as soon as they are in, and holds
nothing that the run does not: it can be deleted at any time. Text stays in the run's shards and is read by its
place. One process builds, under a lock; others read what is there and see it grow.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import numpy as np

from topics.errors import DumpError, OutputError
from topics.review.columns import ROW, Rows, TopicCodes, pack_row, stack
from topics.review.sources import PlacedRow, RowSource
from topics.writers.rows import first_words
from topics.writers.text import clean_cell, replace_surrogates

__all__ = ["Index", "build_index", "index_path"]

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
    import os

    beside = (
        source.path / "review.sqlite" if source.path.is_dir() else source.path.with_name(f"{source.path.name}.review")
    )
    if os.access(beside.parent, os.W_OK):
        return beside
    import platformdirs

    cache = platformdirs.user_cache_path("topics", appauthor=False) / "review"
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"{source.fingerprint[:32]}.sqlite"


class Index:
    """A run's index, open for reading; :meth:`grow` takes in what was added since."""

    def __init__(self, path: Path) -> None:
        self.path = path
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
            for name, digest in connection.execute(
                "SELECT name, digest FROM dumps WHERE dump >= ? ORDER BY dump", (len(self.dump_names),)
            ):
                self.dump_names.append(name)
                self.dump_digests.append(digest)
            self.is_complete = _read_meta(connection, "complete") == "1"
        if parts:
            self.rows = stack([self.rows, *parts])
        return bool(parts)

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


def build_index(
    source: RowSource,
    path: Path,
    *,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Make the index of a run at ``path``, or what is missing of it; ``on_progress`` gets bytes done and bytes in all.

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
            _fill(connection, source, on_progress, should_stop)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            f"{path}: the index cannot be written ({error}). Free some space, or review a copy."
        ) from error
    finally:
        lock.release()


def prepare_index(source: RowSource, path: Path) -> None:
    """Make sure that an index of this run stands at ``path``, be it empty."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock")
    with suppress(Timeout), lock.acquire(timeout=0), _create(source, path):
        pass


@contextmanager
def _create(source: RowSource, path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to write with, to an index of this run."""
    if path.exists() and not _is_of(source, path):
        for stale in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
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


def _fill(
    connection: sqlite3.Connection,
    source: RowSource,
    on_progress: Callable[[int, int], None],
    should_stop: Callable[[], bool],
) -> None:
    connection.execute("PRAGMA synchronous = OFF")  # it is a cache: what is lost is made again
    codes = TopicCodes()
    for (slug,) in connection.execute("SELECT slug FROM topics ORDER BY code").fetchall():
        codes.code(slug)
    n_there = _count(connection)
    if _read_meta(connection, "complete") == "1":
        return
    held: list[PlacedRow] = []
    first = n_there
    for number, placed in enumerate(source.rows()):
        if number < n_there:  # what an earlier, interrupted build had put in
            continue
        held.append(placed)
        if len(held) >= (_CHUNK if first else _FIRST_CHUNK):
            _put(connection, codes, first, held)
            first += len(held)
            on_progress(_bytes_before(source, placed), source.n_bytes)
            held = []
        if should_stop():
            return
    _put(connection, codes, first, held)
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('complete', '1')")
    on_progress(source.n_bytes, source.n_bytes)


def _put(connection: sqlite3.Connection, codes: TopicCodes, first: int, held: Sequence[PlacedRow]) -> None:
    """One chunk, in one transaction."""
    n_topics = len(codes.slugs)
    packed = np.array([pack_row(p.row, codes, p.dump, p.place) for p in held], ROW)
    dumps = {p.dump: (p.dump, replace_surrogates(p.dump_name), p.dump_digest) for p in held}
    with connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT OR IGNORE INTO dumps VALUES (?, ?, ?)", dumps.values())
        connection.executemany("INSERT INTO topics VALUES (?, ?)", list(enumerate(codes.slugs))[n_topics:])
        connection.executemany(
            "INSERT INTO headings VALUES (?, ?)", ((first + i, make_heading(p.row)) for i, p in enumerate(held))
        )
        connection.executemany(
            "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
            ((first + i, *searchable(p.row)) for i, p in enumerate(held)),
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


def _bytes_before(source: RowSource, placed: PlacedRow) -> int:
    shard, offset, length = placed.place
    return sum(file.stat().st_size for file in source.files[:shard]) + offset + length


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


def _count(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT first, length(rows) FROM chunks ORDER BY first DESC LIMIT 1").fetchone()
    return found[0] + found[1] // ROW.itemsize if found else 0


def _read_meta(connection: sqlite3.Connection, key: str) -> str | None:
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return found[0] if found else None
