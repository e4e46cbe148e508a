"""What a paragraph takes up again, and what it brings in: names and words.

A new piece introduces people in full whom the piece before called by surname, and takes up words and names unseen for
a while; inside a piece surnames refer back to full names. Memory: 30 paragraphs back, 10 ahead.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["NAMES", "names_and_novelty"]

OWN_WINDOWS: Final = (1, 3, 8)
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
_WITHIN: Final = NAMES.index("names_within_3_before")
_RETURN: Final = NAMES.index("names_return")

_AHEAD: Final = 8  # paragraphs from a candidate on whose names count
_KNOWN: Final = 25  # a name is known so many paragraphs long
_NEW: Final = 30  # a word is new that was not there for so many
_NOT_YET: Final = -1000  # paragraphs away: out of reach of everything
_NEVER: Final = 1 << 30

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Ids = NDArray[np.int32]


@kernel
def names_and_novelty(
    name_at: Ints, name: Ids, full_at: Ints, full: Ids, sur_at: Ints, sur: Ids,
    term_at: Ints, before: Ids, row_of: Ids, weights: Floats, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (n, len(NAMES)). Of terms ``before`` and ``row_of`` are what ``kernels.link_terms`` fills."""
    for i in range(out.shape[0]):
        for f in range(len(NAMES)):
            out[i, f] = 0.0
    _tell_names(name_at, name, full_at, full, sur_at, sur, out)
    _tell_words_before(term_at, before, row_of, weights, out)
    _tell_words_after(term_at, before, row_of, weights, out)


@kernel
def _number(values, keys, slots, n_keys, out):
    """Fill ``out`` with the places of values in ``keys``, which grow by those that are not there yet; returns their
    number. ``slots`` are an open addressing of ``keys``."""
    mask = len(slots) - 1
    for j in range(len(values)):
        value = values[j]
        slot = value & mask
        while slots[slot] >= 0 and keys[slots[slot]] != value:
            slot = (slot + 1) & mask
        if slots[slot] < 0:
            slots[slot] = n_keys
            keys[n_keys] = value
            n_keys += 1
        out[j] = slots[slot]
    return n_keys


@kernel
def _tell_names(name_at, name, full_at, full, sur_at, sur, out):
    n = out.shape[0]
    room = len(name) + len(full) + len(sur)
    size = 64
    while size < 2 * room:
        size *= 2
    keys = np.empty(room, np.int32)
    slots = np.full(size, -1, np.int32)
    names, in_full, surnames = (
        np.empty(len(name), np.int32),
        np.empty(len(full), np.int32),
        np.empty(len(sur), np.int32),
    )
    n_keys = _number(name, keys, slots, 0, names)
    n_keys = _number(full, keys, slots, n_keys, in_full)
    n_keys = _number(sur, keys, slots, n_keys, surnames)

    near = np.empty(_AHEAD, np.float64)
    for d in range(_AHEAD):
        near[d] = math.exp(-d / 3.0)
    decay = np.empty(_KNOWN + 1, np.float64)
    for d in range(_KNOWN + 1):
        decay[d] = math.exp(-d / 8.0)

    latest = np.full(n_keys, -1, np.int32)  # mention of each name so far
    last_full = np.full(n_keys, _NOT_YET, np.int32)  # paragraph that had it in full
    before = np.empty(len(name), np.int32)  # for each mention the one before
    row_of = np.empty(len(name), np.int32)
    in_reach = np.zeros(n, np.int32)  # names from a paragraph on, and how many of them were known
    shared = np.zeros(n, np.int32)
    for x in range(n):
        furthest = max(0, x - _AHEAD + 1)
        row = out[x]
        total = name_at[x + 1] - name_at[x]
        known = 0
        within = 0
        for j in range(name_at[x], name_at[x + 1]):
            k = latest[names[j]]
            latest[names[j]] = j
            before[j] = k
            row_of[j] = x
            r = row_of[k] if k >= 0 else _NOT_YET
            known += x - r <= 8
            within += x - r <= 3
            if k >= 0 and x - r <= 5:
                out[r, _RETURN] += 1.0
                if x - r <= 3:
                    out[r, _WITHIN + 1] += 1.0
            for i in range(max(furthest, r + 1), x + 1):  # it is the first mention from there on
                in_reach[i] += 1
                shared[i] += i - r <= 8
        row[7] = known / (total + 1.0)
        row[8] = total - known
        row[_WITHIN] = within / (total + 1.0)
        for j in range(sur_at[x], sur_at[x + 1]):
            v = surnames[j]
            k = latest[v]
            for i in range(min(x, last_full[v] + _KNOWN), max(furthest, last_full[v] + 1) - 1, -1):
                k, r = _before(i, k, before, row_of)
                out[i, 0] += 1.0
                out[i, 9] += near[x - i] * decay[i - r]
                if x == i:
                    row[2] += 1.0
        for j in range(full_at[x], full_at[x + 1]):
            v = in_full[j]
            k = latest[v]
            for i in range(x, max(furthest, last_full[v] + 1) - 1, -1):
                k, r = _before(i, k, before, row_of)
                if i - r <= _KNOWN:
                    out[i, 1] += 1.0
                    out[i, 10] += near[x - i] * decay[i - r]
                    if x == i:
                        row[3] += 1.0
                elif x == i:
                    row[4] += 1.0
            last_full[v] = x
    for i in range(n):
        row = out[i]
        total = name_at[i + 1] - name_at[i]
        row[5] = (in_reach[i] - shared[i]) / (in_reach[i] + 1.0)
        row[6] = shared[i] / (in_reach[i] + 1.0)
        row[_RETURN] /= total + 1.0
        row[_WITHIN + 1] /= total + 1.0


@kernel
def _before(i, k, before, row_of):
    """The last mention before paragraph ``i``, from the mention ``k`` back, and its paragraph."""
    while k >= 0 and row_of[k] >= i:
        k = before[k]
    return k, row_of[k] if k >= 0 else _NOT_YET


@kernel
def _if(holds, weight):
    return weight if holds else np.float32(0.0)


@kernel
def _tell_words_before(starts, before, row_of, weights, out):
    """Which words are new, and which were there a short while ago."""
    n = out.shape[0]
    mass = mass_1 = mass_2 = 0.0  # from this paragraph on, from the one before it, and from the one before that
    fresh = fresh_1 = fresh_2 = 0.0
    for x in range(n + 2):
        mass, mass_1, mass_2 = 0.0, mass, mass_1
        fresh, fresh_1, fresh_2 = 0.0, fresh, fresh_1
        if x < n:
            own = 1.0
            within_1 = within_3 = within_8 = np.float32(0.0)
            for j in range(starts[x], starts[x + 1]):
                w = weights[j]
                k, r = _before(x, before[j], before, row_of)
                age = x - r
                own += w
                within_1 += _if(age <= OWN_WINDOWS[0], w)
                within_3 += _if(age <= OWN_WINDOWS[1], w)
                within_8 += _if(age <= OWN_WINDOWS[2], w)
                mass += w
                mass_1 += w
                mass_2 += w
                fresh += _if(age > _NEW, w)
                k, r = _before(x - 1, k, before, row_of)
                fresh_1 += _if(x - 1 - r > _NEW, w)
                k, r = _before(x - 2, k, before, row_of)
                fresh_2 += _if(x - 2 - r > _NEW, w)
            row = out[x]
            row[11] = fresh / (mass + 1.0)
            row[_OWN] = within_1 / own
            row[_OWN + 1] = within_3 / own
            row[_OWN + 2] = within_8 / own
        if x >= 2:
            out[x - 2, 12] = fresh_2 / (mass_2 + 1.0)


@kernel
def _tell_words_after(starts, before, row_of, weights, out):
    """Which words come again soon."""
    n = out.shape[0]
    after = np.full(len(before), -1, np.int32)
    for j in range(len(before)):
        if before[j] >= 0:
            after[before[j]] = j
    mass_1 = mass_2 = mass_3 = 0.0  # of the three paragraphs before the next one, the one after it, and so on
    again_1 = again_2 = again_3 = 0.0
    for x in range(n):
        mass = again = 0.0
        within_1 = within_3 = within_8 = np.float32(0.0)
        out[x, 15] = again_1 / (mass_1 + 1.0)
        mass_1, mass_2, mass_3 = mass_2, mass_3, 0.0
        again_1, again_2, again_3 = again_2, again_3, 0.0
        for j in range(starts[x], starts[x + 1]):
            w = weights[j]
            k, r = _after(x + 1, after[j], after, row_of)
            wait = r - x
            mass += w
            again += _if(wait <= 10, w)
            within_1 += _if(wait <= OWN_WINDOWS[0], w)
            within_3 += _if(wait <= OWN_WINDOWS[1], w)
            within_8 += _if(wait <= OWN_WINDOWS[2], w)
            mass_1 += w
            mass_2 += w
            mass_3 += w
            again_1 += _if(wait - 1 <= 10, w)
            k, r = _after(x + 2, k, after, row_of)
            again_2 += _if(r - x - 2 <= 10, w)
            k, r = _after(x + 3, k, after, row_of)
            again_3 += _if(r - x - 3 <= 10, w)
        row = out[x]
        row[14] = again / (mass + 1.0)
        row[_OWN + _N_OWN] = within_1 / (mass + 1.0)
        row[_OWN + _N_OWN + 1] = within_3 / (mass + 1.0)
        row[_OWN + _N_OWN + 2] = within_8 / (mass + 1.0)


@kernel
def _after(i, k, after, row_of):
    """The first mention from paragraph ``i`` on, from the mention ``k`` on, and its paragraph."""
    while k >= 0 and row_of[k] < i:
        k = after[k]
    return k, row_of[k] if k >= 0 else _NEVER
