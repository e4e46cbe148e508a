"""Numba loops over windows of paragraphs: cohesion, the Utiyama-Isahara posterior, names, novelty.

All take ragged arrays as pairs (``starts``, ``values``) and fill an output array of one row a paragraph. ``kept`` lists
the paragraphs that are no furniture; ``place[i]`` is how many of them stand before paragraph ``i``, so that a
window of k paragraphs around a candidate means k paragraphs of reading matter.
"""

# inner kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["COHESION", "NAMES", "cohesion", "cosine", "likelihood_ratio", "names_and_novelty", "posterior"]

UNIT_WINDOWS: Final = (1, 2, 4, 8, 14)
WORD_WINDOWS: Final = (40, 100, 250, 600)

COHESION: Final = (
    *(f"{kind}_{k}" for k in UNIT_WINDOWS for kind in ("cosine", "local_cosine")),
    "cosine_8_1",  # eight before against the one after
    "cosine_8_next",  # eight before against the second after
    "cosine_prev_8",  # the one before against eight after
    "cosine_1_8",  # the first after against the seven that follow it
    "cosine_8_last",  # the last before against the seven that lead up to it
    *(f"{kind}_{k}w" for k in WORD_WINDOWS for kind in ("cosine", "local_cosine", "likelihood_ratio")),
)
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
)

N_SLOTS: Final = 1 << 17  # as analysis.N_TERMS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


@kernel
def _gather(sums, starts, values, weights, kept, first, last, touched):
    n = 0
    for u in range(first, last):
        row = kept[u]
        for j in range(starts[row], starts[row + 1]):
            v = values[j]
            if sums[v] == 0.0:
                touched[n] = v
                n += 1
            sums[v] += weights[j]
    return n


@kernel
def cosine(
    left: Floats, right: Floats, starts: Ints, values: Ids, weights: Floats, kept: Ints,
    a0: int, a1: int, b0: int, b1: int, in_left: Ints, in_right: Ints,
) -> float:  # fmt: skip
    """Cosine of the summed term weights of units a0:a1 and b0:b1; 0 where one has none."""
    n_left = _gather(left, starts, values, weights, kept, a0, a1, in_left)
    n_right = _gather(right, starts, values, weights, kept, b0, b1, in_right)
    xx = 0.0
    yy = 0.0
    xy = 0.0
    for j in range(n_left):
        x = left[in_left[j]]
        xx += x * x
        xy += x * right[in_left[j]]
        left[in_left[j]] = 0.0
    for j in range(n_right):
        y = right[in_right[j]]
        yy += y * y
        right[in_right[j]] = 0.0
    return float(xy / math.sqrt(xx * yy)) if xx > 0.0 and yy > 0.0 else 0.0


@kernel
def likelihood_ratio(
    left: Floats, right: Floats, starts: Ints, values: Ids, counts: Floats, kept: Ints,
    a0: int, a1: int, b0: int, b1: int, in_left: Ints, in_right: Ints, n_vocabulary: float,
) -> float:  # fmt: skip
    """How much likelier two word distributions are than one, over the root of the number of words.

    ``[LL(left) + LL(right) - LL(both)] / sqrt(n)`` with ``LL = sum f log(f + 1) - n log(n + V)``.
    """
    n_left = _gather(left, starts, values, counts, kept, a0, a1, in_left)
    n_right = _gather(right, starts, values, counts, kept, b0, b1, in_right)
    total_left = 0.0
    total_right = 0.0
    apart = 0.0
    joined = 0.0
    for j in range(n_left):
        f = left[in_left[j]]
        g = f + right[in_left[j]]
        total_left += f
        apart += f * math.log(f + 1.0)
        joined += g * math.log(g + 1.0)
    for j in range(n_right):
        f = right[in_right[j]]
        total_right += f
        apart += f * math.log(f + 1.0)
        if left[in_right[j]] == 0.0:
            joined += f * math.log(f + 1.0)
    for j in range(n_left):
        left[in_left[j]] = 0.0
    for j in range(n_right):
        right[in_right[j]] = 0.0
    if total_left == 0.0 or total_right == 0.0:
        return 0.0
    total = total_left + total_right
    apart -= total_left * math.log(total_left + n_vocabulary) + total_right * math.log(total_right + n_vocabulary)
    joined -= total * math.log(total + n_vocabulary)
    return float((apart - joined) / math.sqrt(total))


@kernel
def cohesion(
    starts: Ints, values: Ids, weights: Floats, local_weights: Floats, counts: Floats, n_words: Floats,
    kept: Ints, place: Ints, n_vocabulary: float, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (n, len(COHESION)): how alike the text is on both sides of each paragraph's start."""
    left = np.zeros(N_SLOTS, np.float64)
    right = np.zeros(N_SLOTS, np.float64)
    in_left = np.empty(values.shape[0] + 1, np.int64)
    in_right = np.empty(values.shape[0] + 1, np.int64)
    n_kept = kept.shape[0]
    before = np.zeros(n_kept + 1)
    for u in range(n_kept):
        before[u + 1] = before[u] + n_words[kept[u]]
    for i in range(out.shape[0]):
        p = place[i]
        f = 0
        for k in UNIT_WINDOWS:
            a = max(0, p - k)
            b = min(n_kept, p + k)
            out[i, f] = cosine(left, right, starts, values, weights, kept, a, p, p, b, in_left, in_right)
            out[i, f + 1] = cosine(left, right, starts, values, local_weights, kept, a, p, p, b, in_left, in_right)
            f += 2
        a = max(0, p - 8)
        b = min(n_kept, p + 8)
        one = min(n_kept, p + 1)
        two = min(n_kept, p + 2)
        last = max(0, p - 1)
        out[i, f] = cosine(left, right, starts, values, weights, kept, a, p, p, one, in_left, in_right)
        out[i, f + 1] = cosine(left, right, starts, values, weights, kept, a, p, one, two, in_left, in_right)
        out[i, f + 2] = cosine(left, right, starts, values, weights, kept, last, p, p, b, in_left, in_right)
        out[i, f + 3] = cosine(left, right, starts, values, weights, kept, p, one, one, b, in_left, in_right)
        out[i, f + 4] = cosine(left, right, starts, values, weights, kept, a, last, last, p, in_left, in_right)
        f += 5
        a = p
        b = p
        for width in WORD_WINDOWS:  # widths grow, so each window starts from the last one's edges
            while a > 0 and before[p] - before[a] < width:
                a -= 1
            while b < n_kept and before[b] - before[p] < width:
                b += 1
            out[i, f] = cosine(left, right, starts, values, weights, kept, a, p, p, b, in_left, in_right)
            out[i, f + 1] = cosine(left, right, starts, values, local_weights, kept, a, p, p, b, in_left, in_right)
            out[i, f + 2] = likelihood_ratio(
                left, right, starts, values, counts, kept, a, p, p, b, in_left, in_right, n_vocabulary
            )
            f += 3


@kernel
def posterior(
    starts: Ints, values: Ids, counts: Floats, kept: Ints,
    n_vocabulary: float, longest: int, scale: float, penalty: float, out: Floats,
) -> None:  # fmt: skip
    """Log posterior that a segment starts at each kept unit, by forward-backward over all segmentations.

    A segment's likelihood is Utiyama and Isahara's (2001): every word is drawn from the segment's own add-one smoothed
    distribution; ``penalty`` is the cost of a segment, ``longest`` its limit in units. Fills ``out`` (n_kept,).
    """
    n = kept.shape[0]
    seen = np.zeros(N_SLOTS, np.int64)
    scores = np.full((n, longest), -1e18)  # scores[a, l]: log-likelihood of the segment of l + 1 units from a
    for a in range(n):
        words = 0.0
        total = 0.0
        stop = min(n, a + longest)
        for b in range(a, stop):
            row = kept[b]
            for j in range(starts[row], starts[row + 1]):
                v = values[j]
                for _ in range(int(counts[j])):
                    c = seen[v]
                    total += (c + 1) * math.log(c + 2.0) - c * math.log(c + 1.0)
                    seen[v] = c + 1
                    words += 1.0
            scores[a, b - a] = scale * (total - words * math.log(words + n_vocabulary)) - penalty
        for b in range(a, stop):
            row = kept[b]
            for j in range(starts[row], starts[row + 1]):
                seen[values[j]] = 0
    forward = np.full(n + 1, -1e18)
    backward = np.full(n + 1, -1e18)
    forward[0] = 0.0
    backward[n] = 0.0
    for e in range(1, n + 1):
        first = max(0, e - longest)
        best = -1e18
        for a in range(first, e):
            best = max(best, forward[a] + scores[a, e - a - 1])
        total = 0.0
        for a in range(first, e):
            total += math.exp(forward[a] + scores[a, e - a - 1] - best)
        forward[e] = best + math.log(total)
    for a in range(n - 1, -1, -1):
        stop = min(n, a + longest)
        best = -1e18
        for e in range(a + 1, stop + 1):
            best = max(best, backward[e] + scores[a, e - a - 1])
        total = 0.0
        for e in range(a + 1, stop + 1):
            total += math.exp(backward[e] + scores[a, e - a - 1] - best)
        backward[a] = best + math.log(total)
    for a in range(n):
        out[a] = forward[a] + backward[a] - forward[n]


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
    last_name = np.full(N_SLOTS, far, np.int64)
    last_full = np.full(N_SLOTS, far, np.int64)
    last_word = np.full(N_SLOTS, far, np.int64)
    stamp = np.full(N_SLOTS, -1, np.int64)
    stamp_name = np.full(N_SLOTS, -1, np.int64)
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
        row[11] = fresh / (mass + 1.0)
        row[12] = fresh_3 / (mass_3 + 1.0)
        for j in range(name_at[i], name_at[i + 1]):
            last_name[name[j]] = i
        for j in range(full_at[i], full_at[i + 1]):
            last_full[full[j]] = i
        for j in range(term_at[i], term_at[i + 1]):
            last_word[term[j]] = i
    never = 1 << 30
    next_name = np.full(N_SLOTS, never, np.int64)
    next_word = np.full(N_SLOTS, never, np.int64)
    for i in range(n - 1, -1, -1):
        row = out[i]
        total = 0.0
        back = 0.0
        for j in range(name_at[i], name_at[i + 1]):
            total += 1.0
            if next_name[name[j]] - i <= 5:
                back += 1.0
        row[13] = back / (total + 1.0)
        mass = 0.0
        again = 0.0
        for j in range(term_at[i], term_at[i + 1]):
            mass += weights[j]
            if next_word[term[j]] - i <= 10:
                again += weights[j]
        row[14] = again / (mass + 1.0)
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
