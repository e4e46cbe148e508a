"""Paragraphs that stand a second time: an article that was scraped twice into one dump.

Words and names that come back hold together what stands between an article and its copy, and an article that is
followed by itself does not seem to end. So copies take no part when a stretch is scored, and are then cut as what they
copy. In: the analysis of a stretch. Out: its :class:`Copies`.

A copy is a run of paragraphs that are those of an earlier run, but for ``MOST_EDITED`` in a row that were edited, left
out or put in; ``LEAST_LONG`` of them have ``LONG_WORDS`` words or more, so that most of what pages repeat (menus, share
lines, appeals) remains.
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

__all__ = ["Copies", "find_copies"]

LONG_WORDS: Final = 12
LEAST_LONG: Final = 3
MOST_EDITED: Final = 2  # paragraphs in a row that differ within a run

# What is added to the log-odds of a start at the first paragraph that is the same, and behind the last one. Text that
# stands twice is a piece more often to its end than from its beginning: what pages repeat stands below an article.
BEGIN_ODDS: Final = np.float32(1.0)
END_ODDS: Final = np.float32(3.0)
FIRST_ODDS: Final = np.float32(5.0)

Array = NDArray[np.float32]

_WORDS: Final = MEASURES.index("words")
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Copies:
    """Where paragraphs of a stretch stand a second time."""

    kept: NDArray[np.int64]  # the paragraphs that are no copies, in order
    places: NDArray[np.int64]  # (n,) row of each among these, of a copy that of what it copies
    seam_odds: Array  # (n,) what speaks for a start where the two part

    def origin_of(self, i: int) -> int:
        """The paragraph that one is a copy of; itself where it is none."""
        return int(self.kept[self.places[i]])

    def spread(self, odds: Array, *, is_first: bool) -> Array:
        """Log-odds (n_kept, n_heads), a start's first, to those of all paragraphs; ``is_first`` where these are the
        first of a dump: then the first of them starts a piece, and so does its copy."""
        spread = odds[self.places]
        spread[:, 0] += self.seam_odds
        if is_first:
            spread[1:, 0][self.places[1:] == 0] = FIRST_ODDS
        return spread


def find_copies(analysis: Analysis) -> Copies | None:
    """The copies that stand in a stretch, ``None`` where there are none."""
    a = analysis
    origins, seam_odds = _find_origins(
        a.opening, a.opening_shapes, a.ending, a.ending_shapes, a.terms.starts, a.terms.values, a.counts, a.measures
    )
    kept = np.flatnonzero(origins == np.arange(len(a)))
    if len(kept) == len(a):
        return None
    return Copies(kept, np.searchsorted(kept, origins), seam_odds)


@kernel
def _find_origins(opening, opening_shapes, ending, ending_shapes, starts, terms, counts, measures):
    """For each paragraph the one that it is a copy of, itself where it is none; and ``Copies.seam_odds``."""
    n = len(measures)
    origins, seam_odds = np.arange(n), np.zeros(n, np.float32)
    size = 64
    while size < 2 * n:
        size *= 2
    slots = np.full(size, -1, np.int64)  # open addressing: the first of all long paragraphs that are the same
    earlier = np.full(n, -1, np.int64)  # and of a long paragraph that stood before, the first
    n_again = 0
    for i in range(n):
        if measures[i, _WORDS] < LONG_WORDS:
            continue
        key = np.uint64(starts[i + 1] - starts[i])
        for k in range(opening.shape[1]):
            key += np.uint64(opening[i, k]) * (_MULTIPLIER << np.uint64(k & 7))
        for k in range(starts[i], starts[i + 1]):
            key += np.uint64(terms[k]) * _MULTIPLIER
        slot = np.int64(key >> np.uint64(40)) & (size - 1)
        while slots[slot] >= 0 and not _is_same(
            slots[slot], i, opening, opening_shapes, ending, ending_shapes, starts, terms, counts
        ):
            slot = (slot + 1) & (size - 1)
        if slots[slot] < 0:
            slots[slot] = i
        else:
            earlier[i] = slots[slot]
            n_again += 1
    if n_again < LEAST_LONG:
        return origins, seam_odds
    end = 0  # of the copy before
    i = 0
    while i < n:
        if earlier[i] < 0:
            i += 1
            continue
        # from the first long paragraph on, then what stands before it
        behind, behind_origin, n_long = i, earlier[i], 0
        gap = gap_of_origin = 0
        while gap >= 0:
            for k in range(behind, behind + gap):  # edited: goes the way of what follows
                origins[k] = origins[behind_origin + gap_of_origin]
            behind += gap
            behind_origin += gap_of_origin
            while (
                behind < n
                and behind_origin < i
                and _is_same(
                    behind_origin, behind, opening, opening_shapes, ending, ending_shapes, starts, terms, counts
                )
            ):
                origins[behind] = origins[behind_origin]
                n_long += measures[behind, _WORDS] >= LONG_WORDS
                behind += 1
                behind_origin += 1
            gap, gap_of_origin = _find_gap(behind, behind_origin, i, earlier)
        if n_long < LEAST_LONG:
            origins[i:behind] = np.arange(i, behind)
            i += 1
            continue
        first, first_of_origin = i, earlier[i]
        while (
            first > end
            and first_of_origin > 0
            and behind_origin < first
            and _is_same(
                first_of_origin - 1, first - 1, opening, opening_shapes, ending, ending_shapes, starts, terms, counts
            )
        ):
            first -= 1
            first_of_origin -= 1
            origins[first] = origins[first_of_origin]
        if first_of_origin:  # nothing is known of what stands before the stretch
            for place in (first, first_of_origin):
                seam_odds[place] = max(seam_odds[place], BEGIN_ODDS)
        seam_odds[behind_origin] = END_ODDS
        if behind < n:
            seam_odds[behind] = END_ODDS
        i = end = behind
    return origins, seam_odds


@kernel
def _find_gap(behind, behind_origin, limit, earlier):
    """How many paragraphs further on, in the copy and in what it copies, the two are the same again; -1 where they are
    not within ``MOST_EDITED``."""
    for total in range(1, 2 * MOST_EDITED + 1):
        for gap in range(max(0, total - MOST_EDITED), min(total, MOST_EDITED) + 1):
            place, origin = behind + gap, behind_origin + total - gap
            if place < len(earlier) and origin < limit and earlier[place] == origin:
                return gap, total - gap
    return -1, -1


@kernel
def _is_same(i, j, opening, opening_shapes, ending, ending_shapes, starts, terms, counts):
    """Do two paragraphs have the same words, as far as they are looked at?"""
    size = starts[i + 1] - starts[i]
    if starts[j + 1] - starts[j] != size:
        return False
    for k in range(opening.shape[1]):
        if opening[i, k] != opening[j, k] or opening_shapes[i, k] != opening_shapes[j, k]:
            return False
    for k in range(ending.shape[1]):
        if ending[i, k] != ending[j, k] or ending_shapes[i, k] != ending_shapes[j, k]:
            return False
    for k in range(size):
        if terms[starts[i] + k] != terms[starts[j] + k] or counts[starts[i] + k] != counts[starts[j] + k]:
            return False
    return True
