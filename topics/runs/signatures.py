"""Near-duplicate signatures of rows, at the speed of reading them, and which rows repeat earlier ones.

A signature is the minima of 64 permutations of the hashed runs of five words (MinHash, Broder 1997), 16 bits of each;
furniture, case and marks do not count. Four neighbouring minima make one of 16 keys; rows that share a key are
compared, and what is 0.7 alike is a near-duplicate (at that likeness a pair is seen with a probability of 0.99). Label
files keep signatures of another kind (``labels.signatures``), whose making takes a hundred times as long.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.writers.rows import Row

__all__ = ["NEAR_DUPLICATE", "N_MINIMA", "Signature", "find_earlier", "likeness", "sign_row"]

Signature = NDArray[np.uint16]  # (N_MINIMA,)

N_MINIMA: Final = 64
NEAR_DUPLICATE: Final = 0.7
_RUN_WORDS: Final = 5
_BAND: Final = 4  # minima a key: 64 bits
_MOST_LEADERS: Final = 32  # unlike rows with the same key that later ones are compared to
_FNV: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)


def sign_row(row: Row) -> Signature | None:
    """The signature of a row's text without its furniture; ``None`` where no words are left."""
    codes = np.frombuffer(row["text"].encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    spans = np.array(row["furniture"], dtype=np.int64).reshape(-1, 2) - row["start"]
    minima = np.empty(N_MINIMA, np.uint32)
    if not _sign(codes, spans, _MULTIPLIERS, _ADDENDS, minima):
        return None
    return minima.astype(np.uint16)


def likeness(first: Signature, second: Signature) -> float:
    """The share of runs of words that two pieces have in common (Jaccard), 0 to 1, give or take 0.06."""
    return float((first == second).mean())


def find_earlier(signatures: NDArray[np.uint16]) -> NDArray[np.int64]:
    """For each row the first earlier one that it repeats, or -1. ``signatures`` is (n, N_MINIMA), in order."""
    earlier = np.full(len(signatures), -1, np.int64)
    for band in range(N_MINIMA // _BAND):
        keys = np.ascontiguousarray(signatures[:, band * _BAND : (band + 1) * _BAND]).view(np.uint64)[:, 0]
        _match(keys, np.argsort(keys, kind="stable"), signatures, round(NEAR_DUPLICATE * N_MINIMA), earlier)
    return earlier


def _draw(n: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Odd multipliers and addends of ``n`` permutations of the 32-bit numbers (splitmix64, Steele et al. 2014)."""
    mask, state, drawn = (1 << 64) - 1, 1, []
    for _ in range(2 * n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        drawn.append((z ^ (z >> 31)) >> 32)
    return np.array(drawn[:n], np.uint32) | np.uint32(1), np.array(drawn[n:], np.uint32)


_MULTIPLIERS, _ADDENDS = _draw(N_MINIMA)


@kernel
def _is_word(code):
    """Letters and digits, near enough: no ASCII marks, no Latin-1 marks, no general or CJK punctuation."""
    if code < 128:
        return (97 <= code <= 122) or (65 <= code <= 90) or (48 <= code <= 57)
    if code < 0xC0:
        return code == 0xAA or code == 0xB5 or code == 0xBA
    return not (0x2000 <= code <= 0x206F or 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFF0F)


@kernel
def _take(value, multipliers, addends, minima):
    """One run of words into the minima."""
    x = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    h = np.uint32(x >> np.uint64(32))
    for k in range(minima.shape[0]):
        y = np.uint32(multipliers[k] * h + addends[k])
        minima[k] = min(minima[k], y)


@kernel
def _sign(codes, spans, multipliers, addends, minima):
    """Fills ``minima``; returns how many words there were."""
    for k in range(minima.shape[0]):
        minima[k] = np.uint32(0xFFFFFFFF)
    last = np.zeros(_RUN_WORDS, np.uint64)
    n_words = 0
    n_runs = 0
    span = 0
    i = 0
    while i < codes.shape[0]:
        while span < spans.shape[0] and spans[span, 1] <= i:
            span += 1
        if span < spans.shape[0] and i >= spans[span, 0]:
            i = spans[span, 1]
            continue
        if not _is_word(codes[i]):
            i += 1
            continue
        end = codes.shape[0] if span == spans.shape[0] else min(codes.shape[0], spans[span, 0])
        value = _FNV
        while i < end and _is_word(codes[i]):
            code = np.uint64(codes[i])
            if 65 <= codes[i] <= 90:
                code |= np.uint64(32)
            value = (value ^ code) * _PRIME
            i += 1
        last[n_words % _RUN_WORDS] = value
        n_words += 1
        if n_words >= _RUN_WORDS:
            run = _FNV
            for k in range(_RUN_WORDS):
                run = (run ^ last[(n_words + k) % _RUN_WORDS]) * _PRIME
            _take(run, multipliers, addends, minima)
            n_runs += 1
    if n_words and not n_runs:
        run = _FNV
        for k in range(n_words):
            run = (run ^ last[k]) * _PRIME
        _take(run, multipliers, addends, minima)
    return n_words


@kernel
def _match(keys, order, signatures, n_alike, earlier):
    """Rows of the same key, in order: each against those before it that are unlike each other."""
    leaders = np.empty(_MOST_LEADERS, np.int64)
    n_leaders = 0
    for at in range(order.shape[0]):
        row = order[at]
        if at == 0 or keys[row] != keys[order[at - 1]]:
            n_leaders = 0
        found = np.int64(-1)
        for k in range(n_leaders):
            same = 0
            for f in range(signatures.shape[1]):
                same += signatures[leaders[k], f] == signatures[row, f]
            if same >= n_alike:
                found = leaders[k]
                break
        if found >= 0:
            if earlier[row] < 0 or found < earlier[row]:
                earlier[row] = found
        elif n_leaders < _MOST_LEADERS:
            leaders[n_leaders] = row
            n_leaders += 1
