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
from numpy.typing import NDArray

from topics.paragraphs import code_points, rows_of
from topics.records import Paragraph
from topics.segmentation.language import count_words, tell_paragraph

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


def find_tongues(
    text: str, paragraphs: Sequence[Paragraph], at: int = 0, codes: NDArray[np.uint32] | None = None
) -> Tongues:
    """Where some paragraphs of a dump are in another language than English.

    ``text`` begins at the code point ``at`` of the dump; ``codes`` are its code points, if they are known. Lines before
    a change that are too short to have a language belong to what follows from the widest gap among them, else the one
    next to it does. So that a change is found in part of a dump as in the whole, nothing further away than a run of one
    language counts.
    """
    suspects = [] if text.isascii() else _find_suspects(code_points(text) if codes is None else codes, paragraphs, at)
    if not suspects:
        return Tongues()
    n = len(paragraphs)
    spans = (rows_of(paragraphs)[:, :2] - at).tolist()
    answers: dict[str, str | None] = {}  # furniture repeats

    def read(i: int) -> str:
        return text[slice(*spans[i])]

    def tell(i: int) -> str | None:
        own = read(i)
        if own not in answers:
            answers[own] = tell_paragraph(own)
        return answers[own]

    asked = {i: tell(i) for i in suspects}
    # names with such letters stand in English, too: those around are asked where the paragraph is not in English
    doubtful = [i for i, language in asked.items() if language != "en"]
    for i in {i for k in doubtful for i in range(max(0, k - AROUND), min(n, k + AROUND + 1))} - asked.keys():
        asked[i] = tell(i)
    told = {i: language for i, language in sorted(asked.items()) if language is not None}
    changes: set[int] = set()
    foreign: set[int] = set()
    for first, last in _find_runs(told):
        n_words = sum(count_words(read(i)) for i in range(first, last + 1))
        if n_words < MIN_WORDS or (first == last and n_words < 2 * MIN_WORDS):
            continue
        foreign.update(range(first, last + 1))
        if first:
            changes.add(_first_line(first, told, paragraphs))
        if last + 1 < n:
            after = next((i for i in range(last + 1, n) if i in told or i > last + LEAD), n)
            changes.add(_first_line(after, told, paragraphs) if after < n else last + 1)
    return Tongues(tuple(sorted(changes - {0})), tuple(sorted(foreign)))


def _find_suspects(codes: NDArray[np.uint32], paragraphs: Sequence[Paragraph], at: int) -> list[int]:
    """Paragraphs with more letters that English lacks than names alone bring."""
    places = np.flatnonzero(codes >= 0xC0)
    # letters from Latin-1 on; neither punctuation, symbols and currency (U+2000 to U+2BFF) nor forms beyond U+FE00
    own = codes[places]
    places = places[(own < 0x2000) | ((own >= 0x2C00) & (own < 0xFE00))]
    if not len(places):
        return []
    places += at
    starts, ends, _, _ = np.ascontiguousarray(rows_of(paragraphs).T)
    near = np.flatnonzero(np.bincount(np.searchsorted(starts, places, side="right"))[1:])  # the last that begins before
    starts, ends = starts[near], ends[near]
    n_foreign = np.searchsorted(places, ends) - np.searchsorted(places, starts)
    found: list[int] = near[n_foreign > FOREIGN_SHARE * (ends - starts)].tolist()
    return found


def _find_runs(told: Mapping[int, str]) -> list[list[int]]:
    """First and last paragraph of each run of one language that is not English."""
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
    return runs


def _first_line(change: int, told: Mapping[int, str], paragraphs: Sequence[Paragraph]) -> int:
    """``change``, or the line before it that has no language and is likely its headline."""
    first = change
    while first > max(1, change - LEAD) and first - 1 not in told:
        first -= 1
    widest = max(range(first, change + 1), key=lambda i: paragraphs[i].gap)
    return widest if paragraphs[widest].gap > 1 else max(first, change - 1)
