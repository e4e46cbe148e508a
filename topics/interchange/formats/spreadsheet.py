"""CSV as people edit it: what ``topics export`` and ``topics labels export`` write, after a spreadsheet has had it.

Read with a comma, a semicolon or a tab between cells, whichever the header has; any encoding; any order of columns,
columns added or taken out, rows added, blank or reordered. The columns that count are ``topic``, ``also`` (joined by
``;``), ``kind``, and whatever tells the segment: ``topics_ref``, else ``id`` and ``digest``, else ``text``. A ``'``
that was put before a cell which could be taken for a formula comes off again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from topics.errors import LabelError
from topics.interchange.formats.records import read_text
from topics.interchange.refs import REF, parse_ref
from topics.interchange.rows import Answer, Item, Outcome
from topics.labels.taxonomy import NO_TOPIC_WORDS
from topics.writers.csv import format_cell
from topics.writers.text import replace_surrogates

NEEDS_TEXT = False
PERSONAL = False  # whether a labelled row is a person's act even where it says what was suggested
COLUMNS = ("topic", "also", "kind", "score", "title", "text", "dump", "by", "at", "confidence", "id", REF)
NOTHING = {"", "-", *NO_TOPIC_WORDS}
_ALIASES = {"label": "topic", "labels": "topic", "ref": REF, "secondary": "also", "content": "text"}
_JOINTS = re.compile(r"[;,#|\n]")


def write(items: Iterable[Item], slugs: Sequence[str]) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"  # without it Excel takes UTF-8 for something else, and saves what it made of it
    yield _line(COLUMNS)
    for item in items:
        score = item.guesses[0].score if item.guesses and not item.decided else None
        yield _line(
            format_cell(value)
            for value in (
                item.ref.topic, list(item.ref.also), item.ref.kind, score, item.title, item.text, item.ref.name,
                item.by, item.at, item.confidence, item.id, str(item.ref),
            )
        )  # fmt: skip


def read(path: Path) -> Iterator[Answer]:
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise LabelError(f"{path}: no .csv file in it. Export with --format csv, or name a file.")
    for file in files:
        yield from _read_file(file)


def _read_file(path: Path) -> Iterator[Answer]:
    text = read_text(path)
    n_before = 0  # lines above the header
    if text[:4].lower() == "sep=":
        text, n_before = text.partition("\n")[2], 1
    header, delimiter = _find_header(text, path)
    csv.field_size_limit(1 << 30)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    next(rows)
    n_read = rows.line_num
    try:
        for cells in rows:
            first, n_read = n_before + n_read + 1, rows.line_num  # a row may have several lines
            row = {name: cell for name, cell in zip(header, cells, strict=False) if name}
            if any(cell.strip() for cell in cells):
                yield _read_row(row, f"{path}:{first}")
    except csv.Error as error:
        raise LabelError(f"{path}:{n_before + rows.line_num}: not CSV ({error}). Save it as CSV again.") from None


def _find_header(text: str, path: Path) -> tuple[list[str], str]:
    for delimiter in ",;\t":
        try:
            cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
        except csv.Error:
            continue
        names = [name.strip().lower() for name in cells]
        names = [_ALIASES.get(name, name) if _ALIASES.get(name, name) not in names else name for name in names]
        if "topic" in names and {REF, "id", "digest", "text"} & set(names):
            return names, delimiter
    raise LabelError(
        f"{path}: no header with a column topic and one of {REF}, id, digest, text. Keep the header line of the export."
    )


def _read_row(row: dict[str, str], place: str) -> Answer:
    topic = row["topic"].strip() if "topic" in row else ""
    first, *others = [part.strip() for part in topic.split("#")]  # as doccano joins several labels
    also = [part.strip() for part in _JOINTS.split(row.get("also", ""))]
    kind = row.get("kind", "").strip().lower() or None
    if first.lower() in ("boilerplate", *NOTHING):
        kind = "boilerplate" if first.lower() == "boilerplate" else kind
        topics: tuple[str, ...] = ()
    else:
        topics = tuple(dict.fromkeys(part for part in (first, *others, *also) if part and part.lower() not in NOTHING))
    outcome: Outcome = "labelled" if topics else "none"
    return Answer(
        place, outcome, topics, not others, parse_ref(row.get(REF)), _unguard(row.get("text")), row.get("id") or None,
        row.get("digest") or None, kind, row.get("by", "").strip() or None, None, row.get("title") or None,
    )  # fmt: skip


def _unguard(cell: str | None) -> str | None:
    if not cell:
        return None
    return cell[1:] if cell[0] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return replace_surrogates(out.getvalue()).encode()
