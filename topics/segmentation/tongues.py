"""Where the language of a dump changes: a paragraph that begins a run of another language begins a piece.

The network has learned English, and sees nothing but unknown words elsewhere. What it cannot see is told here: letters
that English does not have point at paragraphs that may be in another language, and these and their neighbours are asked
about. A dump without such letters costs one pass over its code points; a foreign sentence quoted inside a piece is
no run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from topics.paragraphs import rows_of
from topics.records import Paragraph
from topics.segmentation.language import count_words, tell_paragraph
from topics.segmentation.looks import code_points

__all__ = ["LANGUAGE_ODDS", "Tongues", "find_tongues"]

LANGUAGE_ODDS: Final = 10.0  # log-odds that a change of language adds to those of a start
FOREIGN_SHARE: Final = 0.004  # of a paragraph's characters; Italian and Dutch have about as many, German six times
AROUND: Final = 4  # paragraphs on either side of one that may be foreign that are asked about as well
MIN_WORDS: Final = 25  # of a run; a shorter one is a quotation
LEAD: Final = 3  # short lines before a run that may be its headline and byline


@dataclass(frozen=True, slots=True)
class Tongues:
    """Places among some paragraphs: ``changes`` at which a piece in another language begins, or English goes on again,
    and ``foreign`` ones in between. Both in order."""

    changes: tuple[int, ...] = ()
    foreign: tuple[int, ...] = ()

    def part(self, start: int, end: int) -> Tongues:
        """The same for the paragraphs ``start`` to ``end`` alone."""
        changes, foreign = (
            tuple(i - start for i in places if start <= i < end) for places in (self.changes, self.foreign)
        )
        return Tongues(changes, foreign)


def find_tongues(text: str, paragraphs: Sequence[Paragraph], at: int = 0) -> Tongues:
    """Where some paragraphs of a dump are in another language than English.

    ``text`` begins at the code point ``at`` of the dump. Lines before a change that are too short to have a language
    belong to what follows from the widest gap among them, else the one next to it does. So that a change
    is found in part of a dump as in the whole, nothing further away than a run of one language counts.
    """
    paragraphs = [p._replace(start=p.start - at, end=p.end - at) for p in paragraphs] if at else paragraphs
    suspects = _find_suspects(text, paragraphs)
    if not suspects:
        return Tongues()
    n = len(paragraphs)
    asked = {i: tell_paragraph(text[paragraphs[i].start : paragraphs[i].end]) for i in suspects}
    # names with such letters stand in English, too: those around are asked where the paragraph is not in English
    doubtful = [at for at, language in asked.items() if language != "en"]
    for i in {i for at in doubtful for i in range(max(0, at - AROUND), min(n, at + AROUND + 1))} - asked.keys():
        asked[i] = tell_paragraph(text[paragraphs[i].start : paragraphs[i].end])
    told = {i: language for i, language in sorted(asked.items()) if language is not None}
    changes: set[int] = set()
    foreign: set[int] = set()
    for first, last in _find_runs(text, paragraphs, told):
        foreign.update(range(first, last + 1))
        if first:
            changes.add(_first_line(first, told, paragraphs))
        if last + 1 < n:
            after = next((i for i in range(last + 1, n) if i in told or i > last + LEAD), n)
            changes.add(_first_line(after, told, paragraphs) if after < n else last + 1)
    return Tongues(tuple(sorted(changes - {0})), tuple(sorted(foreign)))


def _find_suspects(text: str, paragraphs: Sequence[Paragraph]) -> list[int]:
    """Paragraphs with more letters that English lacks than names alone bring."""
    if text.isascii():
        return []
    points = code_points(text)
    places = np.flatnonzero(points >= 0xC0)
    # letters from Latin-1 on; neither punctuation, symbols and currency (U+2000 to U+2BFF) nor forms beyond U+FE00
    own = points[places]
    places = places[(own < 0x2000) | ((own >= 0x2C00) & (own < 0xFE00))]
    if not len(places):
        return []
    starts, ends, _, _ = np.ascontiguousarray(rows_of(paragraphs).T)
    n_foreign = np.searchsorted(places, ends) - np.searchsorted(places, starts)
    return np.flatnonzero(n_foreign > FOREIGN_SHARE * (ends - starts)).tolist()


def _find_runs(text: str, paragraphs: Sequence[Paragraph], told: Mapping[int, str]) -> list[tuple[int, int]]:
    """First and last paragraph of each run of one language that is not English, long enough to be a piece."""
    runs: list[list[int]] = []
    language = "en"
    for i in sorted(told):
        if told[i] == "en":
            language = "en"
        elif told[i] == language and i - runs[-1][1] <= AROUND:
            runs[-1][1] = i
        else:
            runs.append([i, i])
            language = told[i]
    found = []
    for first, last in runs:
        n_words = sum(count_words(text[p.start : p.end]) for p in paragraphs[first : last + 1])
        if n_words >= MIN_WORDS and (last > first or n_words >= 2 * MIN_WORDS):
            found.append((first, last))
    return found


def _first_line(change: int, told: Mapping[int, str], paragraphs: Sequence[Paragraph]) -> int:
    """``change``, or the line before it that has no language and is likely its headline."""
    first = change
    while first > max(1, change - LEAD) and first - 1 not in told:
        first -= 1
    widest = max(range(first, change + 1), key=lambda i: paragraphs[i].gap)
    return widest if paragraphs[widest].gap > 1 else max(first, change - 1)
