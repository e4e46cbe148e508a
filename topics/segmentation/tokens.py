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
from topics.segmentation.vocabulary import (
    FIRST_WORD,
    N_ENDINGS,
    N_TERMS,
    SYMBOL,
    YEAR,
    classes_of,
    find_word,
    index_of,
    term_of,
)

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
_KIND: Final = np.uint32(24)  # above so many bits stands the class
_ABOVE: Final = np.uint32(LETTER_LOWER << 24)
_IN_WORD: Final = np.uint32(DIGIT << 24)  # figures and letters are in words
_CASED: Final = LETTER_LOWER & ~LETTER_UPPER & ~DIGIT  # a bit that only small letters have


@kernel
def _look(code, characters):
    """Class and lower case of a code point, as in the table, which ends with the basic plane."""
    return characters[code] if code < 65536 else _ABOVE | code


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
    return np.uint64(_look(code, characters) & _LOW)


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
def tokenise(
    codes, start, end, characters, slots, n_words, begins, ends, keys, numbers, shapes, words, classes, terms
):  # fmt: skip
    """Words (inner apostrophes and hyphens kept), numbers (inner commas and points kept), single symbols.

    Fills, for each token, where it begins and ends (a possessive ending left off), its hash, its token number, its
    shape, and of a word its index or -1, its classes and its term. Returns how many there are.
    """
    size = _cut(codes, start, end, characters, begins, ends, keys, shapes)
    # what is not in the caches is fetched for many tokens at once where nothing else is done between
    for n in range(size):
        known = find_word(keys[n], slots)
        words[n] = index_of(known)
        classes[n] = classes_of(known)
        terms[n] = term_of(known)
    for n in range(size):
        numbers[n] = FIRST_WORD + words[n]
        if shapes[n] == SYMBOLIC:
            numbers[n] = numbers[n] if words[n] >= 0 else SYMBOL
            words[n] = -1
            classes[n] = 0
        elif shapes[n] == NUMERIC:
            numbers[n] = _number_token(codes, begins[n], ends[n])
            words[n] = -1
            classes[n] = 0
        elif words[n] < 0:
            numbers[n] = _ending_token(codes, begins[n], ends[n], characters, n_words)
            terms[n] = stem_term(codes, begins[n], ends[n], characters)
    return size


@kernel
def _cut(codes, start, end, characters, begins, ends, keys, shapes):
    n = 0
    i = start
    while i < end and n < begins.shape[0]:
        found = _look(codes[i], characters)
        kind = found >> _KIND
        if kind == SPACE:
            i += 1
            continue
        j = i + 1
        begins[n] = i
        if kind >= LETTER_LOWER:
            key = (_FNV ^ np.uint64(found & _LOW)) * _PRIME
            kinds = kind
            before = key
            while j < end:
                found = _look(codes[j], characters)
                if found < _IN_WORD:
                    c = codes[j]
                    if j + 1 == end or not (c == 45 or _is_apostrophe(c)):
                        break
                    found = _look(codes[j + 1], characters)
                    if found < _IN_WORD:
                        break
                    before = key
                    key = (key ^ np.uint64(45 if c == 45 else 39)) * _PRIME
                    j += 1
                key = (key ^ np.uint64(found & _LOW)) * _PRIME
                kinds |= found >> _KIND
                j += 1
            stop = j
            if j - i > 2 and codes[j - 1] == 115 and _is_apostrophe(codes[j - 2]):
                stop = j - 2
                key = before
            ends[n] = stop
            keys[n] = key
            shapes[n] = LOWER if kind != LETTER_UPPER else CAPITALISED if kinds & _CASED or stop - i < 2 else SHOUTED
        elif kind == DIGIT:
            while j < end:
                c = codes[j]
                if _look(c, characters) >> _KIND == DIGIT:
                    j += 1
                elif (c == 44 or c == 46) and j + 1 < end and _look(codes[j + 1], characters) >> _KIND == DIGIT:
                    j += 2
                else:
                    break
            ends[n] = j
            keys[n] = 0
            shapes[n] = NUMERIC
        else:
            ends[n] = j
            keys[n] = (_FNV ^ np.uint64(codes[i])) * _PRIME
            shapes[n] = SYMBOLIC
        n += 1
        i = j
    return n
