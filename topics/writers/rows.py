"""What the writers need to know of a row, the segment record as ``topics.records.to_row`` lays it out.

A row is a mapping of plain values. Rows of ``topics segment`` have no topic fields; every function here
takes both kinds. Furniture spans are code points of the dump, so they are moved by ``start`` before the
text is cut, and clipped to it: a row that came from an edited file cannot make a writer fail half way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "BOILERPLATE",
    "COLUMNS",
    "UNKNOWN",
    "Row",
    "Run",
    "body_lines",
    "find_topic",
    "first_words",
    "split_runs",
    "text_lines",
    "with_body",
]

Row = Mapping[str, Any]

UNKNOWN = "unknown"
BOILERPLATE = "boilerplate"

#: The columns of a classified row in their order: the header of a file that holds no rows at all.
COLUMNS: tuple[str, ...] = (
    *("id", "digest", "dump", "index", "start", "end", "start_line", "end_line"),
    *("kind", "title", "published", "source"),
    *("topic", "score", "also", "unknown", "topics"),
    *("boundary", "furniture", "language", "duplicate_of", "model", "text"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Part of a line that is either all furniture or all body."""

    text: str
    furniture: bool


def find_topic(row: Row) -> str | None:
    """What a row stands under: a slug, ``"unknown"`` or ``"boilerplate"``; ``None`` without topic fields."""
    if "topic" not in row:
        return None
    if row["kind"] == BOILERPLATE:
        return BOILERPLATE
    return row["topic"] or UNKNOWN


def split_runs(row: Row) -> list[tuple[Run, ...]]:
    """The non-blank lines of a row's text, each cut where furniture begins and ends; white space around a
    line is left out.

    >>> split_runs({"start": 10, "text": "Share\\nIt rained.", "furniture": [[10, 15]]})
    [(Run(text='Share', furniture=True),), (Run(text='It rained.', furniture=False),)]
    """
    lines: list[list[Run]] = [[]]
    for chunk, furniture in _cut_at_furniture(row):
        for number, piece in enumerate(chunk.split("\n")):
            if number:
                lines.append([])
            if piece:
                lines[-1].append(Run(piece, furniture))
    return [stripped for line in lines if (stripped := _strip_line(line))]


def body_lines(row: Row) -> list[str]:
    """The non-blank lines of a row without furniture; ``body`` is taken as it is where the row carries it."""
    body = row.get("body")
    if not isinstance(body, str):
        body = "".join(chunk for chunk, furniture in _cut_at_furniture(row) if not furniture)
    return [stripped for line in body.split("\n") if (stripped := line.strip())]


def text_lines(row: Row) -> list[str]:
    """The non-blank lines of a row, furniture and all."""
    return [stripped for line in row["text"].split("\n") if (stripped := line.strip())]


def first_words(row: Row, limit: int = 160) -> str:
    """About ``limit`` characters of the body (of the text, where all is furniture) on one line, whole words.

    >>> first_words({"start": 0, "text": "Rain fell.\\nIt fell all night."}, 15)
    'Rain fell. It…'
    """
    lines = body_lines(row) or text_lines(row)
    words = " ".join(" ".join(lines)[: limit * 4].split())
    if len(words) <= limit:
        return words
    return (words[:limit].rsplit(" ", 1)[0] if " " in words[:limit] else words[:limit]) + "…"


def with_body(row: Row) -> Row:
    """The row with ``body`` after all other keys, as ``to_row(..., clean=True)`` gives it."""
    if "body" in row:
        return row
    return {**row, "body": "\n".join(body_lines(row))}


def _cut_at_furniture(row: Row) -> list[tuple[str, bool]]:
    text: str = row["text"]
    chunks: list[tuple[str, bool]] = []
    at = 0
    for begin, end in row.get("furniture") or ():
        begin = min(max(begin - row["start"], at), len(text))
        end = min(max(end - row["start"], begin), len(text))
        if begin > at:
            chunks.append((text[at:begin], False))
        if end > begin:
            chunks.append((text[begin:end], True))
        at = end
    if at < len(text):
        chunks.append((text[at:], False))
    return chunks


def _strip_line(line: list[Run]) -> tuple[Run, ...]:
    while line and not line[0].text.strip():
        line = line[1:]
    while line and not line[-1].text.strip():
        line = line[:-1]
    if not line:
        return ()
    if len(line) == 1:
        return (Run(line[0].text.strip(), line[0].furniture),)
    first = Run(line[0].text.lstrip(), line[0].furniture)
    last = Run(line[-1].text.rstrip(), line[-1].furniture)
    return (first, *line[1:-1], last)
