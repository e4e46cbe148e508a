"""Numba loops over a stretch of paragraphs: cohesion, names, novelty, meaning.

All take ragged arrays as pairs (``starts``, ``values``) and fill an output array of one row a paragraph. ``kept``
lists the paragraphs that are reading matter; ``place[i]`` is how many of them stand before paragraph ``i``, so that
a window of k paragraphs around a candidate means k paragraphs of reading matter.
"""

# inner kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = [
    "BAND",
    "COHESION",
    "MEANING",
    "NAMES",
    "cohesion",
    "count_blocks",
    "gram_band",
    "meaning",
    "names_and_novelty",
]

REACH: Final = 14  # the widest window, in paragraphs, on either side of a candidate
BAND: Final = 2 * REACH  # paragraphs further apart than that are never compared
NEAR: Final = 10  # alikeness to each of so many paragraphs before is told one by one
UNIT_WINDOWS: Final = (1, 2, 4, 8, 14)
WORD_WINDOWS: Final = (40, 100, 250)
MEANING_WINDOWS: Final = (1, 2, 3, 5, 8, 14)
FARNESS: Final = (3, 10, REACH)  # up to so many paragraphs away, beginning beyond the one before
OWN_WINDOWS: Final = (1, 3, 8)

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
MEANING: Final = tuple(f"{kind}_{k}" for k in MEANING_WINDOWS for kind in ("meaning", "meaning_1", "meaning_on"))
NAMES: Final = (
    "surnames_of_known",
    "known_in_full_again",
    "first_surnames_of_known",
    "first_known_in_full_again",
    "first_new_in_full",
    "names_new",
    "names_shared",
    "first_names_shared",
    "first_names_unshared",
    "surnames_decayed",
    "in_full_decayed",
    "words_new",
    "words_new_3",
    "names_return",
    "words_return",
    "earlier_words_return",
    *(f"words_within_{k}_{side}" for side in ("before", "after") for k in OWN_WINDOWS),
    "names_within_3_before",
    "names_within_3_after",
)
_OWN: Final = NAMES.index("words_within_1_before")
_N_OWN: Final = len(OWN_WINDOWS)


N_SLOTS: Final = 1 << 17  # as vocabulary.N_TERMS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


@kernel
def gram_band(starts: Ints, values: Ids, weights: Floats, kept: Ints, out: Floats) -> None:
    """Fill ``out`` (n_kept, BAND): the dot product of each kept paragraph with the one ``d`` before it.

    Terms are chained from one mention to the mention before it, so that only pairs that share a term cost anything.
    """
    latest = np.full(N_SLOTS, -1, np.int64)
    before = np.full(values.shape[0] + 1, -1, np.int64)
    unit_of = np.zeros(values.shape[0] + 1, np.int64)
    for u in range(kept.shape[0]):
        row = kept[u]
        for j in range(starts[row], starts[row + 1]):
            w = weights[j]
            out[u, 0] += w * w
            unit_of[j] = u
            v = values[j]
            k = latest[v]
            before[j] = k
            latest[v] = j
            while k >= 0 and u - unit_of[k] < BAND:
                out[u, u - unit_of[k]] += w * weights[k]
                k = before[k]


@kernel
def _between(sums, a, b, c, d):
    """Dot product of the sum of units a:b with the sum of c:d, where b <= c; ``sums`` are running sums of the band."""
    total = np.float32(0.0)
    for u in range(c, d):
        nearest = u - b + 1
        furthest = min(u - a, BAND - 1)
        if furthest >= nearest:
            total += sums[u, furthest] - sums[u, nearest - 1]
    return total


@kernel
def _within(sums, a, b):
    """Squared norm of the sum of units a:b."""
    total = np.float32(0.0)
    for u in range(a, b):
        own = sums[u, 0]
        total += own + np.float32(2.0) * (sums[u, min(u - a, BAND - 1)] - own)
    return total


@kernel
def _cosine(sums, a, b, c, d):
    if a >= b or c >= d:
        return np.float32(0.0)
    xx = _within(sums, a, b)
    yy = _within(sums, c, d)
    if xx <= 0.0 or yy <= 0.0:
        return np.float32(0.0)
    return np.float32(_between(sums, a, b, c, d) / math.sqrt(xx * yy))


@kernel
def count_blocks(starts: Ints, values: NDArray[np.int32], n_words: Floats, block_words: int, blocks_with: Ints) -> int:
    """Count in ``blocks_with`` (n_terms,) the blocks that hold each term; returns how many blocks there are.

    A block ends with the paragraph in which it has ``block_words`` words.
    """
    last = np.zeros(len(blocks_with), np.int64)
    total = np.float32(0.0)
    block = 0
    for i in range(len(n_words)):
        total += n_words[i]
        block = int(total // block_words)
        for k in range(starts[i], starts[i + 1]):
            if last[values[k]] != block + 1:
                last[values[k]] = block + 1
                blocks_with[values[k]] += 1
    return block + 1


@kernel
def cohesion(band: Floats, n_words: Floats, kept: Ints, place: Ints, out: Floats) -> None:
    """Fill ``out`` (n, len(COHESION)) with cosines of the text before and after each paragraph's start.

    ``band`` is what :func:`gram_band` fills. No window reaches over more than ``REACH`` paragraphs of reading matter.
    """
    n = kept.shape[0]
    sums = np.zeros((n, BAND), np.float32)
    for u in range(n):
        total = np.float32(0.0)
        for d in range(BAND):
            total += band[u, d]
            sums[u, d] = total
    for i in range(out.shape[0]):
        p = place[i]
        if i > 0 and p == place[i - 1]:  # nothing was read in between
            for f in range(out.shape[1]):
                out[i, f] = out[i - 1, f]
            continue
        f = 0
        for k in UNIT_WINDOWS:
            out[i, f] = _cosine(sums, max(0, p - k), p, p, min(n, p + k))
            f += 1
        a = p
        b = p
        left = np.float32(0.0)
        right = np.float32(0.0)
        for width in WORD_WINDOWS:  # widths grow, so each window starts from the last one's edges
            while a > 0 and p - a < REACH and left < width:
                a -= 1
                left += n_words[kept[a]]
            while b < n and b - p < REACH and right < width:
                right += n_words[kept[b]]
                b += 1
            out[i, f] = _cosine(sums, a, p, p, b)
            f += 1
        far = max(0, p - 8)
        ahead = min(n, p + 8)
        one = min(n, p + 1)
        last = max(0, p - 1)
        out[i, f] = _cosine(sums, far, p, p, one)
        out[i, f + 1] = _cosine(sums, far, p, one, min(n, p + 2))
        out[i, f + 2] = _cosine(sums, last, p, p, ahead)
        out[i, f + 3] = _cosine(sums, p, one, one, ahead)
        out[i, f + 4] = _cosine(sums, far, last, last, p)
        f += 5
        for d in range(1, NEAR + 1):
            if p < n and p - d >= 0:
                xx = sums[p - d, 0]
                yy = sums[p, 0]
                if xx > 0.0 and yy > 0.0:
                    out[i, f] = band[p, d] / math.sqrt(xx * yy)
            f += 1
        d = 1
        for far in FARNESS:
            before = np.float32(0.0)
            after = np.float32(0.0)
            while d <= far:
                if p < n and p - d >= 0 and sums[p, 0] > 0.0 and sums[p - d, 0] > 0.0:
                    before = max(before, np.float32(band[p, d] / math.sqrt(sums[p, 0] * sums[p - d, 0])))
                if p + d < n and sums[p, 0] > 0.0 and sums[p + d, 0] > 0.0:
                    after = max(after, np.float32(band[p + d, d] / math.sqrt(sums[p, 0] * sums[p + d, 0])))
                d += 1
            out[i, f] = before
            out[i, f + len(FARNESS)] = after
            f += 1


@kernel
def meaning(starts: Ints, words: Ids, vectors: Floats, sums: Floats, out: Floats) -> None:
    """Fill ``sums`` (n, n_dimensions) with the summed word vectors of each paragraph, and ``out`` (n, len(MEANING))
    with their cosines: the paragraphs before against those after, and against the first after; this one against those
    that follow it."""
    n = sums.shape[0]
    size = sums.shape[1]
    for i in range(n):
        for j in range(starts[i], starts[i + 1]):
            w = words[j]
            for k in range(size):
                sums[i, k] += vectors[w, k]
    left = np.zeros(size, np.float32)
    right = np.zeros(size, np.float32)
    for i in range(n):
        for k in range(size):
            left[k] = 0.0
            right[k] = 0.0
        own = np.float32(0.0)
        for k in range(size):
            own += sums[i, k] * sums[i, k]
        reach = 0
        f = 0
        for width in MEANING_WINDOWS:
            while reach < width:
                if i - reach - 1 >= 0:
                    for k in range(size):
                        left[k] += sums[i - reach - 1, k]
                if i + reach < n:
                    for k in range(size):
                        right[k] += sums[i + reach, k]
                reach += 1
            xx = np.float32(1e-6)
            yy = np.float32(1e-6)
            xy = np.float32(0.0)
            xo = np.float32(0.0)
            yo = np.float32(0.0)
            for k in range(size):
                xx += left[k] * left[k]
                yy += right[k] * right[k]
                xy += left[k] * right[k]
                xo += left[k] * sums[i, k]
                yo += right[k] * sums[i, k]
            out[i, f] = xy / math.sqrt(xx * yy)
            out[i, f + 1] = xo / math.sqrt(xx * (own + np.float32(1e-6)))
            rest = max(yy - np.float32(2.0) * yo + own, np.float32(0.0)) + np.float32(1e-3)  # without this one
            out[i, f + 2] = (yo - own) / math.sqrt(rest * (own + np.float32(1e-6)))
            f += 3


@kernel
def names_and_novelty(
    name_at: Ints, name: Ids, full_at: Ints, full: Ids, sur_at: Ints, sur: Ids,
    term_at: Ints, term: Ids, weights: Floats, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (n, len(NAMES)).

    A new piece introduces people in full whom the piece before called by surname, and takes up words and names
    unseen for a while; inside a piece surnames refer back to full names. Memory: 30 paragraphs back, 10 ahead.
    """
    n = out.shape[0]
    far = -1000
    last_name = np.full(N_SLOTS, far, np.int32)
    last_full = np.full(N_SLOTS, far, np.int32)
    last_word = np.full(N_SLOTS, far, np.int32)
    stamp = np.full(N_SLOTS, -1, np.int32)
    stamp_name = np.full(N_SLOTS, -1, np.int32)
    for i in range(n):
        row = out[i]
        in_reach = 0.0
        shared = 0.0
        first_in_reach = 0.0
        first_shared = 0.0
        for x in range(i, min(n, i + 8)):
            near = math.exp(-(x - i) / 3.0)
            for j in range(sur_at[x], sur_at[x + 1]):
                v = sur[j]
                if i - last_full[v] <= 25 and stamp[v] != i:
                    row[0] += 1.0
                    row[9] += near * math.exp(-(i - last_name[v]) / 8.0)
                    if x == i:
                        row[2] += 1.0
            for j in range(full_at[x], full_at[x + 1]):
                v = full[j]
                if stamp[v] != i:
                    if i - last_name[v] <= 25:
                        row[1] += 1.0
                        row[10] += near * math.exp(-(i - last_name[v]) / 8.0)
                        if x == i:
                            row[3] += 1.0
                    elif x == i:
                        row[4] += 1.0
                    stamp[v] = i
            for j in range(name_at[x], name_at[x + 1]):
                v = name[j]
                known = i - last_name[v] <= 8
                if stamp_name[v] != i:
                    stamp_name[v] = i
                    in_reach += 1.0
                    if known:
                        shared += 1.0
                if x == i:
                    first_in_reach += 1.0
                    if known:
                        first_shared += 1.0
        row[5] = (in_reach - shared) / (in_reach + 1.0)
        row[6] = shared / (in_reach + 1.0)
        row[7] = first_shared / (first_in_reach + 1.0)
        row[8] = first_in_reach - first_shared
        mass = 0.0
        fresh = 0.0
        mass_3 = 0.0
        fresh_3 = 0.0
        for x in range(i, min(n, i + 3)):
            for j in range(term_at[x], term_at[x + 1]):
                w = weights[j]
                new = i - last_word[term[j]] > 30
                mass_3 += w
                if new:
                    fresh_3 += w
                if x == i:
                    mass += w
                    if new:
                        fresh += w
        own = 1.0
        for j in range(term_at[i], term_at[i + 1]):
            w = weights[j]
            own += w
            age = i - last_word[term[j]]
            for k in range(_N_OWN):
                if age <= OWN_WINDOWS[k]:
                    row[_OWN + k] += w
        for k in range(_N_OWN):
            row[_OWN + k] /= own
        total = 1.0
        for j in range(name_at[i], name_at[i + 1]):
            total += 1.0
            if i - last_name[name[j]] <= 3:
                row[_OWN + 2 * _N_OWN] += 1.0
        row[_OWN + 2 * _N_OWN] /= total
        row[11] = fresh / (mass + 1.0)
        row[12] = fresh_3 / (mass_3 + 1.0)
        for j in range(name_at[i], name_at[i + 1]):
            last_name[name[j]] = i
        for j in range(full_at[i], full_at[i + 1]):
            last_full[full[j]] = i
        for j in range(term_at[i], term_at[i + 1]):
            last_word[term[j]] = i
    never = 1 << 30
    next_name = np.full(N_SLOTS, never, np.int32)
    next_word = np.full(N_SLOTS, never, np.int32)
    for i in range(n - 1, -1, -1):
        row = out[i]
        total = 0.0
        back = 0.0
        for j in range(name_at[i], name_at[i + 1]):
            total += 1.0
            if next_name[name[j]] - i <= 5:
                back += 1.0
            if next_name[name[j]] - i <= 3:
                row[_OWN + 2 * _N_OWN + 1] += 1.0
        row[13] = back / (total + 1.0)
        row[_OWN + 2 * _N_OWN + 1] /= total + 1.0
        mass = 0.0
        again = 0.0
        for j in range(term_at[i], term_at[i + 1]):
            mass += weights[j]
            wait = next_word[term[j]] - i
            if wait <= 10:
                again += weights[j]
            for k in range(_N_OWN):
                if wait <= OWN_WINDOWS[k]:
                    row[_OWN + _N_OWN + k] += weights[j]
        row[14] = again / (mass + 1.0)
        for k in range(_N_OWN):
            row[_OWN + _N_OWN + k] /= mass + 1.0
        for j in range(name_at[i], name_at[i + 1]):
            next_name[name[j]] = i
        for j in range(term_at[i], term_at[i + 1]):
            next_word[term[j]] = i
        mass = 0.0
        again = 0.0
        for x in range(max(0, i - 3), i):
            for j in range(term_at[x], term_at[x + 1]):
                mass += weights[j]
                if next_word[term[j]] - i <= 10:
                    again += weights[j]
        row[15] = again / (mass + 1.0)
