"""Words, numbers and marks out of code points, each with what is known of it.

In: a stretch of code points and the vocabulary's tables. Out: for each token where it stands, its token number (see
:mod:`vocabulary`), its shape, and its word. Hashes are those of ``lexicon.hash_word``.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.lexicon import DIGIT, LETTER_LOWER, LETTER_UPPER, SPACE, CharacterTable
from topics.segmentation.vocabulary import FIRST_WORD, N_ENDINGS, N_TERMS, SYMBOL, YEAR

__all__ = [
    "CAPITALISED",
    "LOWER",
    "NUMERIC",
    "N_SHAPES",
    "SHOUTED",
    "SYMBOLIC",
    "is_quote",
    "stem_term",
    "tokenise",
]

# shapes of tokens; 0 is no token
LOWER: Final = 1
CAPITALISED: Final = 2
SHOUTED: Final = 3
NUMERIC: Final = 4
SYMBOLIC: Final = 5
N_SHAPES: Final = 6

_FNV: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_LOW: Final = np.uint32(0xFFFFFF)


@kernel
def _class_of(codes, i, characters):
    code = codes[i]
    return np.int64(characters[code] >> 24) if code < 65536 else np.int64(LETTER_LOWER)


@kernel
def _slot(value):
    """A 64-bit hash as a term below ``N_TERMS``, a power of two; the high bits are folded in."""
    x = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return np.int32((x ^ (x >> np.uint64(33))) & np.uint64(N_TERMS - 1))


@kernel
def _is_apostrophe(code):
    return code == 39 or code == 0x2019


@kernel
def is_quote(code):
    return code == 34 or code == 39 or (0x2018 <= code <= 0x201F) or code == 0xAB or code == 0xBB


@kernel
def _lower(code, characters):
    """Lower case of a code point; the curly apostrophe is a straight one."""
    if code == 0x2019:
        return np.uint64(39)
    return np.uint64(characters[code] & _LOW) if code < 65536 else np.uint64(code)


@kernel
def _hash_span(codes, begin, end, characters):
    """64-bit FNV-1a over lower-case code points, as ``lexicon.hash_word`` (Fowler, Noll, Vo 1991)."""
    value = _FNV
    for i in range(begin, end):
        value = (value ^ _lower(codes[i], characters)) * _PRIME
    return value


@kernel
def _hash_stem(codes, begin, end, characters):
    """Plural, -ing and -ed taken off: crude, but the same word in a new inflection counts as a repetition."""
    n = end - begin
    if n > 4:
        if codes[end - 1] == 115 and codes[end - 2] != 115:  # ...s, not ...ss
            if codes[end - 2] == 101 and codes[end - 3] == 105:  # ...ies -> ...y
                return (_hash_span(codes, begin, end - 3, characters) ^ np.uint64(121)) * _PRIME
            end -= 1
            n -= 1
        if n > 6 and codes[end - 1] == 103 and codes[end - 2] == 110 and codes[end - 3] == 105:
            end -= 3
        elif n > 5 and codes[end - 1] == 100 and codes[end - 2] == 101:
            end -= 2
    return _hash_span(codes, begin, end, characters)


@kernel
def stem_term(codes: NDArray[np.uint32], begin: int, end: int, characters: CharacterTable) -> np.int32:
    """The term that stands for a word in all its inflections, below ``N_TERMS``."""
    term: np.int32 = _slot(_hash_stem(codes, begin, end, characters))
    return term


@kernel
def _find(value, slots, keys):
    """Index of the word with this hash, -1 where there is none."""
    mask = np.uint64(slots.shape[0] - 1)
    slot = value & mask
    while slots[slot] != 0:
        if keys[slots[slot] - 1] == value:
            return np.int64(slots[slot] - 1)
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@kernel
def _number_token(codes, begin, end):
    n = end - begin
    if n == 4 and (codes[begin] == 49 or codes[begin] == 50):
        return YEAR
    return YEAR + min(n, 4)


@kernel
def _ending_token(codes, begin, end, characters, n_words):
    value = _FNV
    for i in range(max(begin, end - 3), end):
        value = (value ^ _lower(codes[i], characters)) * _PRIME
    return FIRST_WORD + n_words + np.int64((value >> np.uint64(20)) % np.uint64(N_ENDINGS))


@kernel
def tokenise(codes, start, end, characters, slots, keys, begins, ends, numbers, shapes, words):
    """Words (inner apostrophes and hyphens kept), numbers (inner commas and points kept), single symbols.

    Fills, for each token, where it begins and ends (a possessive ending left off), its token number, its shape, and
    the index of its word or -1. Returns how many there are.
    """
    n = 0
    i = start
    n_words = keys.shape[0]
    while i < end and n < begins.shape[0]:
        kind = _class_of(codes, i, characters)
        if kind == SPACE:
            i += 1
            continue
        j = i + 1
        words[n] = -1
        begins[n] = i
        if kind >= LETTER_LOWER:
            value = (_FNV ^ _lower(codes[i], characters)) * _PRIME
            lower = kind == LETTER_LOWER
            before = value
            while j < end:
                c = codes[j]
                k = _class_of(codes, j, characters)
                if k >= DIGIT:
                    before = value
                    value = (value ^ _lower(c, characters)) * _PRIME
                    lower = lower or k == LETTER_LOWER
                    j += 1
                elif (_is_apostrophe(c) or c == 45) and j + 1 < end and _class_of(codes, j + 1, characters) >= DIGIT:
                    before = value
                    value = (value ^ _lower(c, characters)) * _PRIME
                    value = (value ^ _lower(codes[j + 1], characters)) * _PRIME
                    lower = lower or _class_of(codes, j + 1, characters) == LETTER_LOWER
                    j += 2
                else:
                    break
            stop = j
            if j - i > 2 and codes[j - 1] == 115 and _is_apostrophe(codes[j - 2]):
                stop = j - 2
                value = before
            ends[n] = stop
            w = _find(value, slots, keys)
            words[n] = w
            numbers[n] = FIRST_WORD + w if w >= 0 else _ending_token(codes, i, stop, characters, n_words)
            if kind == LETTER_UPPER:
                shapes[n] = CAPITALISED if lower or stop - i < 2 else SHOUTED
            else:
                shapes[n] = LOWER
        elif kind == DIGIT:
            while j < end:
                c = codes[j]
                if _class_of(codes, j, characters) == DIGIT:
                    j += 1
                elif (c == 44 or c == 46) and j + 1 < end and _class_of(codes, j + 1, characters) == DIGIT:
                    j += 2
                else:
                    break
            ends[n] = j
            numbers[n] = _number_token(codes, i, j)
            shapes[n] = NUMERIC
        else:
            ends[n] = j
            w = _find((_FNV ^ np.uint64(codes[i])) * _PRIME, slots, keys)
            numbers[n] = FIRST_WORD + w if w >= 0 else SYMBOL
            shapes[n] = SYMBOLIC
        n += 1
        i = j
    return n
