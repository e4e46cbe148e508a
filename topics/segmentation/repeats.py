"""Which paragraphs of a stretch say the same, as far as they are looked at: first and last words, and terms.

In: the analysis of a stretch. Out: its :class:`Repeats`, which ``copies`` and ``habits`` go by.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import Analysis

__all__ = ["LONG_WORDS", "OFTEN", "Repeats", "find_repeats"]

OFTEN: Final = 5  # what stands so many times in a stretch is the page's
LONG_WORDS: Final = 12  # from so many words on a paragraph is matter rather than a line of the page

_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)


class Repeats(NamedTuple):
    """For each paragraph the first that says the same, and how many do."""

    firsts: NDArray[np.int64]
    n_same: NDArray[np.int64]


def find_repeats(analysis: Analysis) -> Repeats:
    """What paragraphs of a stretch have in common with others."""
    a = analysis
    return Repeats(
        *_find_same(a.opening, a.opening_shapes, a.ending, a.ending_shapes, a.terms.starts, a.terms.values, a.counts)
    )


@kernel
def _find_same(opening, opening_shapes, ending, ending_shapes, starts, terms, counts):
    """For each paragraph the first with the same words, as far as they are looked at, and how many have them."""
    n = len(opening)
    firsts = np.arange(n)
    n_same = np.ones(n, np.int64)
    size = 64
    while size < 2 * n:
        size *= 2
    slots = np.full(size, -1, np.int64)  # open addressing
    for i in range(n):
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
            firsts[i] = slots[slot]
            n_same[slots[slot]] += 1
    return firsts, n_same[firsts]


@kernel
def _is_same(i, j, opening, opening_shapes, ending, ending_shapes, starts, terms, counts):
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
