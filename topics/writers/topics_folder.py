"""Rows to a folder that holds one folder a topic, each with files to read and to compute with, and an index above them.

Rows are first set apart by topic in a spool on disk, so that memory holds one topic at a time whatever
there is to export. The whole folder is built beside its place and moved in at the end. A folder that stands
there is replaced only if every file in it is as an earlier export wrote it, by the digests in a marker file: what
a person put or corrected there is never deleted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from topics.errors import OutputError
from topics.marks import MARKER
from topics.records import file_digest
from topics.writers.atomic import StagedFile, replace_folder
from topics.writers.formats import check_format, write_sink
from topics.writers.html import write_html, write_html_index
from topics.writers.jsonl import encode_row
from topics.writers.markdown import escape_markdown, summary_table, write_markdown
from topics.writers.rows import BOILERPLATE, Row, find_topic, with_body
from topics.writers.sinks import Sink, writing
from topics.writers.tally import Tally

__all__ = ["MARKER", "write_topics_folder"]

_FOLDER_NAME = re.compile(r"\w[\w-]{0,99}")
_NOBODYS = {".DS_Store", "Thumbs.db", "desktop.ini"}
_SPOOL_BYTES = 8_000_000
_TITLE = "Segments by topic"
_FIRST = ("topic", "also", "kind", "score", "title", "source", "published", "dump", "start_line", "end_line")


def write_topics_folder(
    rows: Iterable[Row],
    folder: Path,
    *,
    topics: Collection[str] | None = None,
    min_score: float = 0.0,
    format: str | Sequence[str] = "html",
    clean: bool = True,
    also: bool = True,
    names: Mapping[str, str] | None = None,
) -> dict[str, int]:
    """Writes the folder; returns how many segments each topic got, by name.

    ``topics`` keeps only those (``"unknown"`` and ``"boilerplate"`` can be named); without it everything
    but boilerplate is kept. ``min_score`` leaves out segments whose probability *for that topic* is lower;
    it does not apply where nothing was decided. ``also`` puts a segment under its secondary topics too.
    ``clean`` leaves furniture out of pages and adds ``body`` to records. ``format`` is one, or several: pages for
    HTML and Markdown, tables for the others, whose first columns are then those that people look at. ``names`` are what
    people call the topics. Where nothing fits, :class:`OutputError` is raised and what stood there stays.
    """
    formats = tuple(dict.fromkeys(map(check_format, [format] if isinstance(format, str) else format)))
    names = names or {}
    _check_replaceable(folder)
    with replace_folder(folder) as building:
        spool = _Spool(building / ".spool", folder)
        tally = Tally()
        n_segments = 0
        for row in rows:
            found = [topic for topic in _list_topics(row, also) if _is_wanted(row, topic, topics, min_score)]
            for topic in found:
                tally.add_under(topic, row, row["score"] if topic == row["topic"] else None)
                spool.add(topic, row)
            n_segments += bool(found)
        spool.flush()
        if not spool.counts:
            raise OutputError(
                "nothing fits that choice of topics and scores, and nothing was written. "
                "Lower --min-score or take other topics."
            )
        pages: dict[str, dict[str, str]] = {}  # topic to format to file
        for topic in sorted(spool.counts):
            pages[topic] = {each: f"{topic}/{_name_file(topic, each)}" for each in formats}
            for each, name in pages[topic].items():
                with _open_inside(building, name, folder) as sink:
                    _write_topic(spool.read(topic), sink, topic, each, formats, clean, names)
        shutil.rmtree(spool.folder)
        index = _Index(tally, n_segments, pages, names)
        if "html" in formats:
            with _open_inside(building, "index.html", folder) as sink:
                index.write_html(sink)
        if "md" in formats or "html" not in formats:
            with _open_inside(building, "index.md", folder) as sink:
                index.write_markdown(sink)
        _write_marker(building, folder)
    return dict(sorted(spool.counts.items()))


class _Spool:
    """Rows set apart by topic, a JSONL file each, appended to in large pieces and never held open."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self._target = target
        self._held: dict[str, list[bytes]] = {}
        self._n_bytes = 0
        with writing(target):
            folder.mkdir()

    def add(self, topic: str, row: Row) -> None:
        if not _FOLDER_NAME.fullmatch(topic):
            raise OutputError(f"topic {topic!r} cannot name a folder. Use letters, digits and hyphens.")
        line = encode_row(row)
        self.counts[topic] += 1
        self._held.setdefault(topic, []).append(line)
        self._n_bytes += len(line)
        if self._n_bytes >= _SPOOL_BYTES:
            self.flush()

    def flush(self) -> None:
        with writing(self._target):
            for topic, lines in self._held.items():
                with open(self.folder / topic, "ab") as file:
                    file.writelines(lines)
        self._held.clear()
        self._n_bytes = 0

    def read(self, topic: str) -> Iterator[Row]:
        with open(self.folder / topic, "rb") as file:
            for line in file:
                yield json.loads(line)


def _list_topics(row: Row, also: bool) -> list[str]:
    first = find_topic(row)
    if first is None:
        raise OutputError(f"{row['dump']}: no topics in it. Export what `topics classify` wrote.")
    return list(dict.fromkeys((first, *row["also"]))) if also else [first]


def _is_wanted(row: Row, topic: str, wanted: Collection[str] | None, min_score: float) -> bool:
    if (topic == BOILERPLATE) if wanted is None else (topic not in wanted):
        return False
    decided = topic == row["topic"] or topic in row["also"]
    return not decided or (_find_score(row, topic) or 0.0) >= min_score


def _find_score(row: Row, topic: str) -> float | None:
    if topic == row["topic"]:
        return row["score"]  # type: ignore[no-any-return]
    return next((guess["score"] for guess in row["topics"] if guess["topic"] == topic), None)


def _name_file(topic: str, format: str) -> str:
    return {"html": "index.html", "md": "README.md"}.get(format, f"{topic}.{format}")


def _write_topic(
    rows: Iterator[Row],
    sink: Sink,
    topic: str,
    format: str,
    formats: Sequence[str],
    clean: bool,
    names: Mapping[str, str],
) -> None:
    if format == "html":
        files = {each: _name_file(topic, each) for each in formats if each != "html"}
        write_html(rows, sink, title=names.get(topic, topic), clean=clean, back="../index.html", files=files)
    elif format == "md":
        write_markdown(rows, sink, title=names.get(topic, topic), clean=clean)
    else:
        kept = (with_body(row) for row in rows) if clean else rows
        write_sink(map(_put_first, kept) if format in ("csv", "parquet") else kept, sink, format)


def _put_first(row: Row) -> Row:
    """The columns that people look at and edit, before the others."""
    return {**{name: row[name] for name in _FIRST}, **row}


@dataclass(frozen=True, slots=True)
class _Index:
    """What the page above the topics says."""

    tally: Tally
    n_segments: int
    pages: Mapping[str, Mapping[str, str]]
    names: Mapping[str, str]

    @property
    def counts(self) -> str:
        said = f"{self.n_segments:,} {'segment' if self.n_segments == 1 else 'segments'}"
        if self.tally.n_segments > self.n_segments:
            n_more = self.tally.n_segments - self.n_segments
            said += f"; {n_more:,} more entries are under a second topic, scores are of first topics"
        return said

    def write_html(self, sink: Sink) -> None:
        write_html_index(
            self.tally.topics(), sink, title=_TITLE, counts=self.counts, links=self.pages, names=self.names
        )

    def write_markdown(self, sink: Sink) -> None:
        links = {topic: files.get("md") or next(iter(files.values())) for topic, files in self.pages.items()}
        sink.write(f"# {escape_markdown(_TITLE)}\n\n{self.counts}.\n\n{summary_table(self.tally, links)}\n".encode())


def _write_marker(building: Path, folder: Path) -> None:
    with writing(folder):
        files = {name: file_digest(building / name) for name in _list_files(building)}
    listed = {"format_version": 2, "files": files}
    with _open_inside(building, MARKER, folder) as sink:
        sink.write(json.dumps(listed, ensure_ascii=False, indent=1).encode() + b"\n")


@contextmanager
def _open_inside(building: Path, name: str, folder: Path) -> Iterator[Sink]:
    """A file of the folder that is being built; its errors name the place where it will stand."""
    with writing(folder):
        (building / name).parent.mkdir(exist_ok=True)
    staged = StagedFile(building / name, shown=folder / name)
    try:
        yield staged.sink
        staged.commit()
    except BaseException:
        staged.discard()
        raise


def _check_replaceable(folder: Path) -> None:
    with writing(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise OutputError(f"{folder} exists and is a file. Choose another --output.")
        files = _list_files(folder)
    if not files:
        return
    digests = _read_marker(folder)
    if digests is None:
        raise OutputError(f"{folder} exists and was not written by an export. Choose another --output.")
    found = [name for name in files if name != MARKER and Path(name).name not in _NOBODYS]
    foreign = [name for name in found if name not in digests]
    if foreign:
        raise OutputError(
            f"{folder / foreign[0]} was not written by the export that would be replaced. "
            "Move it away or choose another --output."
        )
    if None in digests.values():
        raise OutputError(
            f"{folder} was exported by an earlier version, and nothing tells whether it was edited since. "
            "Move it away or choose another --output."
        )
    with writing(folder):
        edited = next((name for name in found if file_digest(folder / name) != digests[name]), None)
    if edited is not None:
        is_sheet = edited.endswith(".csv")  # what was corrected in another file does not come back as labels
        move = f"Run `topics labels import {folder} --format csv`, then move" if is_sheet else "Move"
        raise OutputError(f"{folder / edited} was edited since the export. {move} it away or choose another --output.")


def _read_marker(folder: Path) -> dict[str, str | None] | None:
    """The files that an export wrote with their digests, which earlier versions did not keep; ``None`` without one."""
    try:
        files = json.loads((folder / MARKER).read_bytes())["files"]
        return files if isinstance(files, dict) else dict.fromkeys(files)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _list_files(folder: Path) -> list[str]:
    """The files below a folder, sorted, with ``/`` between the parts."""
    found: list[str] = []
    for root, _, names in os.walk(folder):
        below = Path(root).relative_to(folder)
        found.extend((below / name).as_posix() for name in names)
    return sorted(found)
