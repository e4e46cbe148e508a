"""Paragraphs that stand a second time: an article that was scraped twice into one dump, or what a page repeats.

Words and names that come back hold together what stands between an article and its copy, and an article that is
followed by itself does not seem to end. So copies take no part when a stretch is scored, and are then cut as what they
copy. In: the analysis of a stretch. Out: its :class:`Copies`.

A copy is a run of paragraphs that are those of an earlier run, but for ``MOST_EDITED`` in a row that were edited, left
out or put in. ``LEAST_LONG`` of them have ``LONG_WORDS`` words or more; they stand just twice, or the run is longer
than what a house puts below its pieces (``FOOT_WORDS``), or follows what it copies. What stands again and again
(appeals, rules for comments) and is not that long is the page's, a foot: it takes no part either, and is furniture.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import MEASURES, Analysis
from topics.segmentation.network import CONTEXT
from topics.segmentation.repeats import LONG_WORDS, OFTEN, Repeats

__all__ = ["Copies", "Look", "find_copies", "look_at"]

TELLING_WORDS: Final = 5  # where a run goes on after what was edited, one paragraph has so many
LEAST_LONG: Final = 3
LEAST_AT_ONCE: Final = 2  # of a run that is followed by itself
MOST_EDITED: Final = 2  # paragraphs in a row that differ within a run
# What is the page's: a long paragraph that stands often, of so many different words, in a run of at most so many words
FOOT_TERMS: Final = 6
FOOT_WORDS: Final = 240

# What is added to the log-odds of a start at the first paragraph that is the same, and behind the last one. Text that
# stands twice is a piece more often to its end than from its beginning: what pages repeat stands below an article.
BEGIN_ODDS: Final = np.float32(1.0)
END_ODDS: Final = np.float32(3.0)
ECHO_ODDS: Final = np.float32(12.0)  # where what a dump begins with is followed by itself, which looks like going on

Array = NDArray[np.float32]

_WORDS: Final = MEASURES.index("words")


@dataclass(frozen=True, slots=True)
class Look:
    """Some paragraphs of a stretch, and what they are looked at among: ``rows`` are their rows there."""

    paragraphs: NDArray[np.int64]
    analysis: Analysis
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copies:
    """Where paragraphs of a stretch stand a second time."""

    origins: NDArray[np.int64]  # (n,) what each is a copy of; itself where it is none
    is_edited: NDArray[np.bool_]  # (n,) stands within a copy and nowhere else
    is_foot: NDArray[np.bool_]  # (n,) stands again and again
    seam_odds: Array  # (n,) what speaks for a start where the two part

    @property
    def is_article(self) -> NDArray[np.bool_]:
        """(n,), what is a copy, and what it copies."""
        every = np.arange(len(self.origins))
        is_copy = self.origins != every
        return np.asarray(is_copy | np.isin(every, self.origins[is_copy]))

    def looks(self, analysis: Analysis, *, is_first: bool) -> list[Look]:
        """How the paragraphs of the stretch but its feet are looked at, each once: without copies, and what they copy
        in their place.

        But edited paragraphs are looked at where they stand, and so are copies of what stands at the beginning of the
        stretch, before which there is less to see; where this is the first stretch of a dump, of the lines that lead up
        to its text.
        """
        every, reach = np.arange(len(analysis)), CONTEXT
        if is_first:
            is_long = analysis.measures[:CONTEXT, _WORDS] >= LONG_WORDS
            reach = int(is_long.argmax()) + 1 if is_long.any() else CONTEXT
        is_copy = self.origins != every
        kept = np.flatnonzero(~is_copy & ~self.is_edited & ~self.is_foot)
        alone = (self.is_foot | self.is_edited)[self.origins] | is_copy & (self.origins < reach)
        apart, there = np.flatnonzero(~alone & ~self.is_foot), np.flatnonzero(alone & ~self.is_foot)
        looks = [Look(apart, analysis.pick(kept), np.searchsorted(kept, self.origins[apart]))]
        return [*looks, Look(there, analysis, there)] if len(there) else looks


def find_copies(analysis: Analysis, repeats: Repeats) -> Copies | None:
    """What stands in a stretch more than once, ``None`` where nothing does."""
    words = analysis.measures[:, _WORDS]
    every = np.arange(len(analysis))
    if ((repeats.firsts != every) & (words >= TELLING_WORDS)).sum() < LEAST_LONG:
        return None
    is_foot = _find_feet(repeats.n_same, words, np.diff(analysis.terms.starts))
    origins, is_edited, seam_odds = _find_origins(repeats.firsts, repeats.n_same, words)
    origins[is_foot] = every[is_foot]
    if not is_foot.any() and (origins == every).all():
        return None
    return Copies(origins, is_edited, is_foot, seam_odds)


def look_at(analysis: Analysis, copies: Copies | None, *, is_first: bool) -> list[Look]:
    """:meth:`Copies.looks`; all paragraphs where they stand if there are no copies."""
    every = np.arange(len(analysis))
    return [Look(every, analysis, every)] if copies is None else copies.looks(analysis, is_first=is_first)


@kernel
def _find_feet(n_same, words, n_terms):
    """``Copies.is_foot``. A run of what comes back that is as long as an article is one, however often it stands,
    and where most of a stretch comes back nothing of it is called a foot."""
    n = len(words)
    is_foot = np.zeros(n, np.bool_)
    comes_often = (n_same >= OFTEN) & (words > 0)
    n_foot_words = np.float32(0.0)
    first = 0
    while first < n:
        behind = first
        run_words = np.float32(0.0)
        while behind < n and (comes_often[behind] or words[behind] < TELLING_WORDS):
            run_words += words[behind]
            behind += 1
        if run_words <= FOOT_WORDS:
            for i in range(first, behind):
                if words[i] >= LONG_WORDS and n_terms[i] >= FOOT_TERMS:
                    is_foot[i] = True
                    n_foot_words += words[i]
            # with its heading, and what else is there each time
            for i in range(first + 1, behind):
                is_foot[i] |= is_foot[i - 1] and comes_often[i]
            for i in range(behind - 2, first - 1, -1):
                is_foot[i] |= is_foot[i + 1] and comes_often[i]
        first = behind + 1
    if n_foot_words * 2 > words.sum():
        is_foot[:] = False
    return is_foot


@kernel
def _find_origins(firsts, n_same, words):
    """The other columns of :class:`Copies`, feet not yet thought of."""
    n = len(words)
    origins, is_edited, seam_odds = np.arange(n), np.zeros(n, np.bool_), np.zeros(n, np.float32)
    end = 0  # of the copy before
    i = 0
    while i < n:
        if firsts[i] == i or words[i] < TELLING_WORDS:
            i += 1
            continue
        # where copies follow one another, this one begins with its headline
        limit = i
        while (
            limit > end + 1
            and firsts[i] > i - limit
            and words[limit - 1] < TELLING_WORDS
            and n_same[limit - 1] == n_same[i]
            and firsts[limit - 1] == firsts[firsts[i] - (i - limit) - 1]
        ):
            limit -= 1
        # from the first telling paragraph on, then what stands before it
        behind, behind_origin, n_long, n_twice, n_words = i, firsts[i], 0, 0, np.float32(0.0)
        gap = gap_of_origin = 0
        while gap >= 0:
            is_edited[behind : behind + gap] = True
            behind += gap
            behind_origin += gap_of_origin
            while behind < n and behind_origin < limit and firsts[behind] == firsts[behind_origin]:
                origins[behind] = origins[behind_origin]
                if firsts[behind] == behind_origin and words[behind] >= LONG_WORDS:  # each but once
                    n_long += 1
                    n_twice += n_same[behind] == 2
                    n_words += words[behind]
                behind += 1
                behind_origin += 1
            gap, gap_of_origin = _find_gap(behind, behind_origin, limit, firsts, words)
        is_article = n_twice >= LEAST_LONG or (n_long >= LEAST_LONG and n_words > FOOT_WORDS)
        is_echo = n_long >= LEAST_AT_ONCE and (behind_origin == limit or end == limit)
        if not is_article and not is_echo:
            origins[i:behind] = np.arange(i, behind)
            is_edited[i:behind] = False
            i += 1
            continue
        first, first_of_origin = i, firsts[i]
        while (
            first > end
            and first_of_origin > 0
            and behind_origin < first
            and firsts[first - 1] == firsts[first_of_origin - 1]
        ):
            first -= 1
            first_of_origin -= 1
            origins[first] = origins[first_of_origin]
        if first_of_origin:  # nothing is known of what stands before the stretch
            for place in (first, first_of_origin):
                seam_odds[place] = max(seam_odds[place], BEGIN_ODDS)
        begins_dump = behind_origin == first and not first_of_origin
        seam_odds[behind_origin] = ECHO_ODDS if begins_dump else END_ODDS
        if behind < n:
            seam_odds[behind] = END_ODDS
        i = end = behind
    return origins, is_edited, seam_odds


@kernel
def _find_gap(behind, behind_origin, limit, firsts, words):
    """How many paragraphs further on, in the copy and in what it copies, the two are the same again; -1 where they are
    not within ``MOST_EDITED``."""
    for total in range(1, 2 * MOST_EDITED + 1):
        for gap in range(max(0, total - MOST_EDITED), min(total, MOST_EDITED) + 1):
            place, origin = behind + gap, behind_origin + total - gap
            if place < len(firsts) and origin < limit and firsts[place] == origin and words[place] >= TELLING_WORDS:
                while place > behind and origin > behind_origin and firsts[place - 1] == firsts[origin - 1]:
                    place -= 1  # a headline is short, and the same
                    origin -= 1
                return place - behind, origin - behind_origin
    return -1, -1
