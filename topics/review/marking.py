"""A segment's text laid out for the page: numbered paragraphs, each in runs that are furniture, a term that decided,
a word that was searched for, or plain.

Every character that is not white space is in exactly one run; controls that could reorder what is read are left out
at the very end, so that offsets stay those of the dump.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from topics.classification.analyzer import locate_terms
from topics.records import Paragraph, Span
from topics.writers.text import strip_controls

__all__ = ["PageParagraph", "PageRun", "find_hits", "lay_out"]

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class PageRun:
    """Part of a paragraph. ``pull`` is 0, or 1 to 3 for a term that decided, by how much."""

    text: str
    pull: int
    hit: bool


@dataclass(frozen=True, slots=True)
class PageParagraph:
    """A paragraph as it is shown. ``number`` counts from 1; ``offset`` is where it starts in the dump."""

    number: int
    offset: int
    furniture: bool
    heading: bool
    runs: tuple[PageRun, ...]


def lay_out(
    row: Mapping[str, Any],
    paragraphs: Sequence[Paragraph],
    pulls: Mapping[str, float],
    hits: Sequence[Span] = (),
) -> list[PageParagraph]:
    """The paragraphs of a record. ``pulls`` are the shares of the terms that decided, ``hits`` places to mark; both
    offsets and ``paragraphs`` count from the start of the segment."""
    text, start = row["text"], row["start"]
    furniture = [(begin - start, end - start) for begin, end in row["furniture"]]
    title = " ".join((row["title"] or "").split())
    laid: list[PageParagraph] = []
    for number, paragraph in enumerate(paragraphs, 1):
        begin, end = paragraph.start, paragraph.end
        words = text[begin:end]
        is_furniture = any(a <= begin and end <= b for a, b in furniture)
        terms = [] if is_furniture or not pulls else locate_terms(words, pulls)
        marks = [(begin + a, begin + b, _strength(pulls[term])) for a, b, term in terms]
        laid.append(
            PageParagraph(
                number=number,
                offset=start + begin,
                furniture=is_furniture,
                heading=bool(title) and " ".join(words.split()) == title,
                runs=tuple(_cut_runs(text, begin, end, marks, hits)),
            )
        )
    return laid


def find_hits(text: str, query: str) -> list[Span]:
    """Where the words of a search stand, whatever their case.

    >>> find_hits("Ferry fares; the ferryman", "ferry -rope")
    [(0, 5)]
    """
    words = {word.casefold() for part in query.split() if not part.startswith("-") for word in _WORD.findall(part)}
    prefixes = tuple(part.strip('"*').casefold() for part in query.split() if part.endswith("*") and len(part) > 1)
    if not words:
        return []
    return [
        match.span()
        for match in _WORD.finditer(text)
        if (folded := match[0].casefold()) in words or (prefixes and folded.startswith(prefixes))
    ]


def _strength(share: float) -> int:
    return 3 if share >= 0.08 else 2 if share >= 0.04 else 1


def _cut_runs(
    text: str, begin: int, end: int, marks: Iterable[tuple[int, int, int]], hits: Sequence[Span]
) -> Iterable[PageRun]:
    near = [(a, b, pull, False) for a, b, pull in marks]
    for a, b in hits[bisect_left(hits, (begin, 0)) :]:
        if a >= end:
            break
        near.append((a, min(b, end), 0, True))
    cuts = sorted({begin, end, *(mark[0] for mark in near), *(mark[1] for mark in near)})
    for a, b in pairwise(cuts):
        over = [mark for mark in near if mark[0] <= a and b <= mark[1]]
        shown = strip_controls(text[a:b])
        if shown:
            yield PageRun(shown, max((mark[2] for mark in over), default=0), any(mark[3] for mark in over))
