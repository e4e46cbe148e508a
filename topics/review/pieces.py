"""Pieces that people cut: the records of spans that no segment of the run has.

The text and the furniture come from the records that the span was made of; headline, date and source are found
anew in the text, and the topic by the model, as for any dump. Without a model a piece has no guesses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from topics.records import Dump, Prediction, Segment, Span, to_row

if TYPE_CHECKING:
    from topics.bundle import Model

__all__ = ["make_piece"]

Row = Mapping[str, Any]
_LINE_END = re.compile(r"\r\n?|\n")


def make_piece(rows: Sequence[Row], span: Span, dump_digest: str, model: Model | None) -> Row:
    """The record of ``span``, which lies within the records given; these are neighbours in their dump."""
    from topics.pipeline import classify, segment

    first, last = rows[0], rows[-1]
    joined = "".join(row["text"] for row in rows)
    start, end = span
    text = joined[start - first["start"] : end - first["start"]]
    before = joined[: start - first["start"] + len(text) - len(text.lstrip())]
    start_line = 1 if start == 0 else first["start_line"] + _count_breaks(before, first)
    end_line = last["end_line"]
    if end < last["end"]:
        counted = text if start == 0 else text.lstrip()
        end_line = start_line + len(_LINE_END.findall(counted)) - (text[-1:] in "\n\r")
    furniture = tuple(
        (max(begin, start), min(stop, end))
        for row in rows
        for begin, stop in row["furniture"]
        if max(begin, start) < min(stop, end)
    )
    is_head = start <= first["start"]
    piece = Segment(
        dump=first["dump"], dump_digest=dump_digest, index=first["index"], start=start, end=end,
        start_line=start_line, end_line=max(start_line, end_line), kind=_tell_kind(rows),
        title=first["title"] if is_head else None, published=first["published"] if is_head else None,
        source=first["source"], boundary=first["boundary"] if is_head else 1.0,
        furniture=furniture, language=first["language"], text=text,
    )  # fmt: skip
    if model is None:
        return to_row(piece, Prediction(None, None, (), piece.kind != "boilerplate", (), "none"))
    for found in segment(Dump(first["dump"], text), model, whole=True):
        piece = replace(
            piece, kind=found.kind, title=found.title or piece.title, published=found.published or piece.published,
            source=found.source or piece.source, language=found.language,
        )  # fmt: skip
    return to_row(piece, classify([piece], model)[0])


def _tell_kind(rows: Sequence[Row]) -> Any:
    kinds = [row["kind"] for row in rows]
    return next((kind for kind in ("article", "blurb") if kind in kinds), "boilerplate")


def _count_breaks(before: str, first: Row) -> int:
    """Line ends between the first line that a record says it has and a place in it."""
    lead = first["text"][: len(first["text"]) - len(first["text"].lstrip())]
    skipped = len(_LINE_END.findall(lead)) if first["start"] else 0  # a record's first line is that of its first words
    return len(_LINE_END.findall(before)) - skipped
