"""Cohesion: do the paragraphs before a candidate use the words of those after it?

In: the terms of each paragraph. Out: for each paragraph, cosines of windows that end before it with windows that begin
at it. Mentions of a term are linked first, each to the one before, so that nothing looks a term up after that. The dot
product of each paragraph with those before it follows from the links, and cosines of windows from these products. Only
paragraphs of reading matter take part, called units here; what is computed for all units goes from one unit to the next
in the innermost loop, which is what compilers make wide instructions of.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["BAND", "COHESION", "REACH", "cohesion", "gram_band", "link_terms", "link_values", "weigh_terms"]

REACH: Final = 14  # the widest window, in paragraphs, on either side of a candidate
BAND: Final = 2 * REACH  # paragraphs further apart than that are never compared
NEAR: Final = 10  # alikeness to each of so many paragraphs before is told one by one
UNIT_WINDOWS: Final = (1, 2, 4, 8, 14)
WORD_WINDOWS: Final = (40, 100, 250)
# other windows: where the first begins, from a candidate, and how many units it has, and the same of the second
OTHER_WINDOWS: Final = ((-8, 8, 0, 1), (-8, 8, 1, 1), (-1, 1, 0, 8), (0, 1, 1, 7), (-8, 7, -1, 1))
LEAST_RARITY: Final = np.float32(0.05)  # of a term that stands everywhere
FARNESS: Final = (3, 10, REACH)  # up to so many paragraphs away, beginning beyond the one before

COHESION: Final = (
    *(f"cosine_{k}" for k in UNIT_WINDOWS),
    *(f"cosine_{k}w" for k in WORD_WINDOWS),
    "cosine_8_1",  # eight before against the one after
    "cosine_8_next",  # eight before against the second after
    "cosine_prev_8",  # the one before against eight after
    "cosine_1_8",  # the first after against the seven that follow it
    "cosine_8_last",  # the last before against the seven that lead up to it
    *(f"cosine_to_{d}" for d in range(1, NEAR + 1)),  # the first after against each before
    *(f"most_alike_{side}_{d}" for side in ("before", "after") for d in FARNESS),
)

_WINDOWS: Final = (*((-k, k, 0, k) for k in UNIT_WINDOWS), *OTHER_WINDOWS)
_IN_WORDS: Final = len(UNIT_WINDOWS)  # column of the first cosine of windows of words
_OTHER: Final = _IN_WORDS + len(WORD_WINDOWS)
_SINGLE: Final = _OTHER + len(OTHER_WINDOWS)

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


@kernel
def link_values(values: Ids, before: Ids) -> None:
    """Fill ``before`` with the place of the mention of each value before this one, -1 where there is none."""
    size = 64
    while size < 2 * len(values):
        size *= 2
    mask = size - 1
    latest = np.full(size, -1, np.int32)  # open addressing: the latest mention of a value
    for j in range(len(values)):
        value = values[j]
        slot = value & mask
        while latest[slot] >= 0 and values[latest[slot]] != value:
            slot = (slot + 1) & mask
        before[j] = latest[slot]
        latest[slot] = j


@kernel
def link_terms(
    starts: Ints, values: Ids, counts: Floats, block_words: int, before: Ids, row_of: Ids, n_words: Floats, blocks: Ids
) -> int:
    """Fill, for each mention of a term, ``before`` (see :func:`link_values`), ``row_of`` with its paragraph, and
    ``blocks`` with how many blocks hold its term; for each paragraph ``n_words``. Returns how many blocks there are.

    A block ends with the paragraph in which it has ``block_words`` words.
    """
    link_values(values, before)
    n = len(n_words)
    block_of = np.empty(n, np.int64)
    total = np.float32(0.0)
    for i in range(n):
        own = np.float32(0.0)
        for j in range(starts[i], starts[i + 1]):
            own += counts[j]
        n_words[i] = own
        total += own
        block_of[i] = int(total // block_words)
        for j in range(starts[i], starts[i + 1]):
            row_of[j] = i
            k = before[j]
            blocks[j] = blocks[k] + (block_of[row_of[k]] != block_of[i]) if k >= 0 else 1
    for j in range(len(values) - 1, -1, -1):  # the last mention knows
        if before[j] >= 0:
            blocks[before[j]] = blocks[j]
    return block_of[n - 1] + 1 if n else 1


@kernel
def weigh_terms(
    values: Ids,
    counts: Floats,
    blocks: Ids,
    n_blocks: int,
    weight_of_count: Floats,
    weight_of_term: Floats,
    out: Floats,
) -> None:
    """Fill ``out`` (2, n_mentions) with the weight of each mention, and with the same times how rare the term is here:
    the log of (blocks + 1) over the number of blocks that hold it."""
    rarity = np.empty(n_blocks, np.float32)
    for k in range(n_blocks):
        rarity[k] = max(np.float32(math.log((n_blocks + 1.0) / (k + 1.0))), LEAST_RARITY)
    for j in range(len(values)):
        weight = weight_of_count[int(counts[j])] * weight_of_term[values[j]]
        out[0, j] = weight
        out[1, j] = weight * rarity[blocks[j] - 1]


@kernel
def gram_band(starts: Ints, before: Ids, row_of: Ids, weights: Floats, kept: Ints, out: Floats) -> None:
    """Fill ``out`` (2, BAND, n_kept): for both kinds of ``weights`` the dot product of each unit with the one ``d``
    before it. Only pairs of paragraphs that share a term cost anything.
    """
    n_rows = len(starts) - 1
    unit_of = np.empty(n_rows, np.int64)  # of what is not kept, the next unit
    is_kept = np.zeros(n_rows, np.bool_)
    for row in kept:
        is_kept[row] = True
    unit = 0
    for i in range(n_rows):
        unit_of[i] = unit
        unit += is_kept[i]
    plain, local = weights[0], weights[1]
    sums = np.empty((BAND, 2), np.float32)
    for u in range(len(kept)):
        row = kept[u]
        for d in range(BAND):
            sums[d, 0] = sums[d, 1] = 0.0
        for j in range(starts[row], starts[row + 1]):
            w, v = plain[j], local[j]
            sums[0, 0] += w * w
            sums[0, 1] += v * v
            k = before[j]
            while k >= 0:
                d = u - unit_of[row_of[k]]
                if d >= BAND:
                    break
                if is_kept[row_of[k]]:
                    sums[d, 0] += w * plain[k]
                    sums[d, 1] += v * local[k]
                k = before[k]
        for d in range(BAND):
            out[0, d, u] = sums[d, 0]
            out[1, d, u] = sums[d, 1]


@kernel
def cohesion(band: Floats, n_words: Floats, kept: Ints, place: Ints, out: Floats) -> None:
    """Fill ``out`` (n, len(COHESION)) with cosines of the text before and after each paragraph's start.

    ``band`` (BAND, n_kept) is what :func:`gram_band` fills. ``place`` tells how many units stand before each paragraph.
    No window reaches over more than ``REACH`` units.
    """
    n = len(kept)
    runs = _running(band)
    norms = _norms(runs)
    told = np.zeros((len(COHESION), n + 1), np.float32)  # of each place between units
    for f in range(len(_WINDOWS)):
        first, n_first, second, n_second = _WINDOWS[f]
        _compare(runs, norms, first, n_first, second, n_second, told[f if f < _IN_WORDS else f - _IN_WORDS + _OTHER])
    _compare_words(runs, norms, n_words, kept, told[_IN_WORDS:_OTHER])
    _compare_single(band, told[_SINGLE:])
    for i in range(out.shape[0]):
        p = place[i]
        for f in range(len(COHESION)):
            out[i, f] = told[f, p]


@kernel
def _running(band):
    """Running sums of the band (BAND, n + 3 * REACH), by where they begin: in row ``d`` and column ``REACH + a`` the
    sum of the products of unit ``a + d`` with itself and the ``d`` units before it, to ``a``. Units that are not there,
    before the first and behind the last, have nothing in common with any."""
    n = band.shape[1]
    runs = np.zeros((BAND, n + 3 * REACH), np.float32)
    total = np.zeros(n, np.float32)
    for d in range(BAND):
        own, run = band[d], runs[d]
        for u in range(n):
            total[u] += own[u]
        for u in range(max(0, d - REACH), n):
            run[REACH + u - d] = total[u]
    return runs


@kernel
def _norms(runs):
    """Squared norms of summed units (REACH + 1, columns of ``runs``): row ``k`` of ``k`` units, by the first one."""
    width = runs.shape[1] - REACH
    norms = np.zeros((REACH + 1, runs.shape[1]), np.float32)
    for k in range(REACH):
        fewer, more, run, own = norms[k], norms[k + 1], runs[k], runs[0, k:]
        for c in range(width):
            more[c] = fewer[c] + (own[c] + np.float32(2.0) * (run[c] - own[c]))
    return norms


@kernel
def _compare(runs, norms, a, n_first, c, n_second, out):
    """Fill ``out`` (n + 1,) with cosines of ``n_first`` units that begin ``a`` from each place with ``n_second`` units
    that begin ``c`` from it, after the first have ended."""
    n = len(out)
    far = c - a  # from the first unit of the first to the first unit of the second
    for j in range(n_second):
        whole, near = runs[far + j, REACH + a :], runs[far + j - n_first, REACH + a + n_first :]
        for p in range(n):
            out[p] += whole[p] - near[p]
    first, second = norms[n_first, REACH + a :], norms[n_second, REACH + c :]
    for p in range(n):
        out[p] = _cosine(out[p], first[p], second[p])


@kernel
def _cosine(xy, xx, yy):
    # np.divide asks for no zeros on the way
    cosine = np.divide(xy, math.sqrt(xx * yy))
    return cosine if xx > 0.0 and yy > 0.0 else np.float32(0.0)


@kernel
def _compare_words(runs, norms, n_words, kept, out):
    """Fill ``out`` (len(WORD_WINDOWS), n + 1) with cosines of as many units on either side as hold so many words."""
    n = len(kept)
    words = np.zeros(n + 2 * REACH, np.float32)
    for u in range(n):
        words[REACH + u] = n_words[kept[u]]
    left = np.zeros(n + 1, np.float32)
    right = np.zeros(n + 1, np.float32)
    n_left = np.ones((len(WORD_WINDOWS), n + 1), np.int32)
    n_right = np.ones((len(WORD_WINDOWS), n + 1), np.int32)
    for k in range(REACH - 1):
        for p in range(n + 1):
            left[p] += words[REACH + p - 1 - k]
            right[p] += words[REACH + p + k]
        for f in range(len(WORD_WINDOWS)):
            width = WORD_WINDOWS[f]
            for p in range(n + 1):
                n_left[f, p] += left[p] < width
                n_right[f, p] += right[p] < width
    for f in range(len(WORD_WINDOWS)):
        for p in range(n + 1):
            a = n_left[f, p]
            at = REACH + p
            total = np.float32(0.0)
            for j in range(n_right[f, p]):
                total += runs[a + j, at - a] - runs[j, at]
            out[f, p] = _cosine(total, norms[a, at - a], norms[n_right[f, p], at])


@kernel
def _compare_single(band, out):
    """Fill ``out`` with the cosines of the first unit after with single units before it, and the greatest of them and
    of those with units after it, by how far away they are."""
    n = band.shape[1]
    alike = np.zeros(n + 1 + REACH, np.float32)
    own = np.zeros(n + 1 + REACH, np.float32)
    for p in range(n):
        own[REACH + p] = band[0, p]
    d = 1
    for f in range(len(FARNESS)):
        before, after = out[NEAR + f], out[NEAR + len(FARNESS) + f]
        while d <= FARNESS[f]:
            other = own[REACH - d :]
            for p in range(n):
                alike[p] = _cosine(band[d, p], other[p], own[REACH + p])
            for p in range(n):
                before[p] = max(before[p], alike[p])
            for p in range(n):
                after[p] = max(after[p], alike[p + d])
            if d <= NEAR:
                for p in range(n):
                    out[d - 1, p] = alike[p]
            d += 1
