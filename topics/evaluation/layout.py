"""Gold and rows laid over one text: starts, kinds and furniture compared on the dump's own paragraphs.

What a model says of a dump comes as rows of the segment record (docs/formats.md), what is true as a
:class:`GoldDump`. Both are offsets, so both are first brought to units: the paragraphs of the dump, parted
further wherever either side starts a segment, so that a start is right only at the very place.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from topics.evaluation.boundaries import BoundaryScores, score_boundaries
from topics.evaluation.classes import ClassScores, Judged, score_classes
from topics.evaluation.gold import GoldDump
from topics.evaluation.ratios import HitCounts
from topics.paragraphs import Punkt, split_paragraphs
from topics.records import Span

__all__ = ["compare_boundaries", "compare_furniture", "compare_kinds", "find_overlaps", "find_units"]

Row = Mapping[str, Any]
_INK = re.compile(r"\S")


def compare_boundaries(gold: GoldDump, text: str, rows: Sequence[Row], punkt: Punkt | None = None) -> BoundaryScores:
    """Boundary scores of one dump, whose gold must be whole.

    The lenient figures accept a start from behind the last body unit before a piece up to the first unit of
    the piece that is not furniture; where the gold does not know furniture they are the exact ones.
    """
    if not gold.whole:
        raise ValueError(f"the gold of {gold.name} leaves text out: it cannot tell every boundary")
    found = [(_find_ink(text, segment.start), segment.end) for segment in gold.segments]
    gold_starts = [at for at, end in found if at < end]  # a piece of white space alone is nowhere
    row_starts = [at for at in (_find_ink(text, row["start"]) for row in rows) if at < len(text)]
    units = sorted({*find_units(text, punkt), *gold_starts, *row_starts} - {len(text)})
    spans = [span for segment in gold.segments for span in segment.furniture or ()]
    body = [not _is_inside(start, spans) for start in units]
    firsts = [bisect_left(units, start) for start in gold_starts]
    ranges = []
    for i, first in enumerate(firsts):
        end = firsts[i + 1] if i + 1 < len(firsts) else len(units)
        low, high = first, next((unit for unit in range(first, end) if body[unit]), first)
        if i:
            before = range(first - 1, firsts[i - 1], -1)
            low = next((unit + 1 for unit in before if body[unit]), firsts[i - 1] + 1)
        ranges.append((low, high))
    return score_boundaries(firsts, (bisect_left(units, at) for at in row_starts), len(units), ranges)


def compare_kinds(gold: GoldDump, text: str, rows: Sequence[Row]) -> ClassScores:
    """Each gold segment's kind beside the kind of the row that holds most of its text."""
    shares: list[Counter[str]] = [Counter() for _ in gold.segments]
    for i, j, start, end in find_overlaps(gold, rows):
        shares[i][rows[j]["kind"]] += sum(map(len, text[start:end].split()))
    return score_classes(
        Judged(segment.kind, kinds.most_common(1)[0][0] if kinds else None)
        for segment, kinds in zip(gold.segments, shares, strict=True)
    )


def compare_furniture(gold: GoldDump, text: str, rows: Sequence[Row], punkt: Punkt | None = None) -> HitCounts | None:
    """Furniture paragraph by paragraph, or ``None`` where the gold does not know it.

    Only pieces count: inside boilerplate everything belongs to the page, whatever it is called.
    """
    pieces = [segment for segment in gold.segments if segment.kind != "boilerplate"]
    if not pieces or any(segment.furniture is None for segment in pieces):
        return None
    true_spans = [span for segment in pieces for span in segment.furniture or ()]
    found_spans = [(begin, end) for row in rows for begin, end in row["furniture"]]
    whole = [(segment.start, segment.end) for segment in pieces]
    n_true = n_found = n_hits = 0
    for start in find_units(text, punkt):
        if _is_inside(start, whole):
            true, found = _is_inside(start, true_spans), _is_inside(start, found_spans)
            n_true += true
            n_found += found
            n_hits += true and found
    return HitCounts(n_true, n_found, n_hits)


def find_overlaps(gold: GoldDump, rows: Sequence[Row]) -> Iterator[tuple[int, int, int, int]]:
    """Index of a gold segment, index of a row, and the span they share; both are in order and disjoint."""
    i = j = 0
    while i < len(gold.segments) and j < len(rows):
        segment, row = gold.segments[i], rows[j]
        start, end = max(segment.start, row["start"]), min(segment.end, row["end"])
        if start < end:
            yield i, j, start, end
        if segment.end <= row["end"]:
            i += 1
        else:
            j += 1


def find_units(text: str, punkt: Punkt | None = None) -> list[int]:
    """Where the paragraphs of a text start."""
    return [paragraph.start for paragraph in split_paragraphs(text, punkt)]


def _find_ink(text: str, offset: int) -> int:
    """The first character at or behind ``offset`` that is not white space."""
    match = _INK.search(text, offset)
    return match.start() if match else len(text)


def _is_inside(offset: int, spans: Sequence[Span]) -> bool:
    """Is the offset in one of these spans, which stand in order?"""
    at = bisect_right(spans, (offset, float("inf"))) - 1
    return at >= 0 and spans[at][0] <= offset < spans[at][1]
