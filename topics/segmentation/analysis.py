"""Each paragraph of a dump as numbers, in one pass over its code points.

In: the dump's text and its paragraphs. Out: an :class:`Analysis`: the numbers of the tokens that a paragraph opens
and ends with, for the network; content terms with counts, names and plain measures, for the features; and every known
word, for its meaning. Everything later works on these arrays and never looks at the text again.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.records import Paragraph
from topics.segmentation.lexicon import (
    ANAPHOR,
    CALENDAR,
    DIGIT,
    LETTER_LOWER,
    LETTER_UPPER,
    PRONOUN,
    ROLE,
    SPACE,
    SPEECH,
    STOP,
    CharacterTable,
)
from topics.segmentation.vocabulary import FIRST_WORD, N_ENDINGS, N_TERMS, SYMBOL, YEAR, Vocabulary

__all__ = ["LAST_TOKENS", "MEASURES", "N_SHAPES", "OPENING_TOKENS", "Analysis", "Ragged", "analyse", "stem_term"]

OPENING_TOKENS: Final = 40  # the network reads so many tokens from a paragraph's start,
LAST_TOKENS: Final = 10  # and so many up to its end
MAX_TOKENS: Final = 800  # a paragraph longer than that is judged by its first tokens

# shapes of tokens; 0 is no token
LOWER: Final = 1
CAPITALISED: Final = 2
SHOUTED: Final = 3
NUMERIC: Final = 4
SYMBOLIC: Final = 5
N_SHAPES: Final = 6

MEASURES: Final = (
    "words",
    "ends_in_stop",
    "ends_in_quote",
    "ends_in_colon",
    "ends_in_question",
    "opens_with_quote",
    "capitalised_share",
    "number_share",
    "has_day",
    "roles",
    "opens_with_anaphor",
    "opens_lower",
    "has_speech",
    "quotes",
    "names",
    "all_caps_share",
    "early_pronouns",
    "within_line",
    "new_line",
    "blank_line",
)


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row ``i`` is ``values[starts[i]:starts[i + 1]]``."""

    starts: NDArray[np.int64]  # (n_rows + 1,)
    values: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the paragraphs of one dump, or of one stretch of it, look like in numbers."""

    opening: NDArray[np.uint16]  # (n, OPENING_TOKENS) token numbers, 0 where there are no more
    opening_shapes: NDArray[np.uint8]
    ending: NDArray[np.uint16]  # (n, LAST_TOKENS), right-aligned
    ending_shapes: NDArray[np.uint8]
    words: Ragged  # every known word of a paragraph, as word index (not token number), in order
    terms: Ragged  # distinct stemmed content words, hashes below N_TERMS
    counts: NDArray[np.float32]  # how often each of terms.values stands in its paragraph
    names: Ragged  # every capitalised word of a name
    full_names: Ragged  # last words of names of two words or more
    surnames: Ragged  # names of a single word
    measures: NDArray[np.float32]  # (n, len(MEASURES))

    def __len__(self) -> int:
        return len(self.measures)

    def stretch(self, start: int, end: int) -> Analysis:
        """The analysis of the paragraphs ``start`` to ``end`` alone."""
        terms = self.terms
        return Analysis(
            self.opening[start:end],
            self.opening_shapes[start:end],
            self.ending[start:end],
            self.ending_shapes[start:end],
            _cut(self.words, start, end),
            _cut(terms, start, end),
            self.counts[terms.starts[start] : terms.starts[end]],
            _cut(self.names, start, end),
            _cut(self.full_names, start, end),
            _cut(self.surnames, start, end),
            self.measures[start:end],
        )


def analyse(text: str, paragraphs: Sequence[Paragraph], vocabulary: Vocabulary) -> Analysis:
    """One :class:`Analysis` row for each paragraph, in order; an empty one for no paragraphs."""
    n = len(paragraphs)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    places = np.array([(p.start, p.end, p.line, p.gap) for p in paragraphs], dtype=np.int64).reshape(n, 4)
    opening = np.zeros((n, OPENING_TOKENS), np.uint16)
    opening_shapes = np.zeros((n, OPENING_TOKENS), np.uint8)
    ending = np.zeros((n, LAST_TOKENS), np.uint16)
    ending_shapes = np.zeros((n, LAST_TOKENS), np.uint8)
    measures = np.zeros((n, len(MEASURES)), np.float32)
    v = vocabulary
    (w_at, w, t_at, t, c, n_at, nm, f_at, f, s_at, s) = _scan(
        codes, places, v.characters, v.slots, v.keys, v.classes, v.terms,
        opening, opening_shapes, ending, ending_shapes, measures,
    )  # fmt: skip
    return Analysis(
        opening, opening_shapes, ending, ending_shapes,
        Ragged(w_at, w), Ragged(t_at, t), c, Ragged(n_at, nm), Ragged(f_at, f), Ragged(s_at, s), measures,
    )  # fmt: skip


def _cut(ragged: Ragged, start: int, end: int) -> Ragged:
    first, last = ragged.starts[start], ragged.starts[end]
    return Ragged(ragged.starts[start : end + 1] - first, ragged.values[first:last])


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
def _is_quote(code):
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
def _tokenise(codes, start, end, characters, slots, keys, begins, ends, numbers, shapes, words):
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


@kernel
def _scan(
    codes, places, characters, slots, keys, word_classes, word_terms,
    opening, opening_shapes, ending, ending_shapes, measures,
):  # fmt: skip
    n = places.shape[0]
    room = 1
    for p in range(n):
        room += min(places[p, 1] - places[p, 0], MAX_TOKENS)  # every token has a character of its own
    known = np.empty(room, np.int32)
    terms = np.empty(room, np.int32)
    counts = np.empty(room, np.float32)
    names = np.empty(room, np.int32)
    full_names = np.empty(room, np.int32)
    surnames = np.empty(room, np.int32)
    known_at = np.zeros(n + 1, np.int64)
    terms_at = np.zeros(n + 1, np.int64)
    names_at = np.zeros(n + 1, np.int64)
    full_at = np.zeros(n + 1, np.int64)
    sur_at = np.zeros(n + 1, np.int64)
    n_known = 0
    n_terms = 0
    n_names = 0
    n_full = 0
    n_sur = 0
    begins = np.empty(MAX_TOKENS, np.int64)
    ends = np.empty(MAX_TOKENS, np.int64)
    numbers = np.empty(MAX_TOKENS, np.int64)
    shapes = np.empty(MAX_TOKENS, np.int64)
    words = np.empty(MAX_TOKENS, np.int64)
    classes = np.empty(MAX_TOKENS, np.int64)
    term_of = np.empty(MAX_TOKENS, np.int32)  # the term of a word or name, stemmed
    place = np.full(N_TERMS, -1, np.int32)  # where a term of this paragraph stands in terms
    seen_name = np.full(N_TERMS, -1, np.int32)
    seen_full = np.full(N_TERMS, -1, np.int32)
    seen_sur = np.full(N_TERMS, -1, np.int32)
    for p in range(n):
        size = _tokenise(
            codes, places[p, 0], places[p, 1], characters, slots, keys, begins, ends, numbers, shapes, words
        )
        n_words = 0
        n_upper = 0
        n_caps = 0
        n_numbers = 0
        n_roles = 0
        n_quotes = 0
        n_pronouns = 0
        has_day = 0.0
        has_speech = 0.0
        for k in range(size):
            classes[k] = 0
            if shapes[k] == NUMERIC:
                n_words += 1
                n_numbers += 1
                continue
            if shapes[k] == SYMBOLIC:
                c = codes[begins[k]]
                if c == 34 or c == 0x201C or c == 0x201D:
                    n_quotes += 1
                continue
            w = words[k]
            if w >= 0:
                classes[k] = word_classes[w]
                term_of[k] = word_terms[w]
                known[n_known] = w
                n_known += 1
            else:
                term_of[k] = stem_term(codes, begins[k], ends[k], characters)
            n_words += 1
            if shapes[k] != LOWER:
                n_upper += 1
                if shapes[k] == SHOUTED and ends[k] - begins[k] > 2:
                    n_caps += 1
                if classes[k] & CALENDAR:
                    has_day = 1.0
            if classes[k] & ROLE:
                n_roles += 1
            if classes[k] & SPEECH:
                has_speech = 1.0
            if classes[k] & PRONOUN and n_words <= 8:
                n_pronouns += 1
            if ends[k] - begins[k] >= 3 and not classes[k] & STOP:
                slot = term_of[k]
                at = place[slot]
                if at >= terms_at[p]:
                    counts[at] += np.float32(1.0)
                else:
                    place[slot] = n_terms
                    terms[n_terms] = slot
                    counts[n_terms] = np.float32(1.0)
                    n_terms += 1
        for k in range(min(size, OPENING_TOKENS)):
            opening[p, k] = numbers[k]
            opening_shapes[p, k] = shapes[k]
        for k in range(min(size, LAST_TOKENS)):
            ending[p, LAST_TOKENS - 1 - k] = numbers[size - 1 - k]
            ending_shapes[p, LAST_TOKENS - 1 - k] = shapes[size - 1 - k]
        # names: runs of capitalised words; a sentence's opening stop word is not part of one
        at_start = True
        n_distinct = 0
        k = 0
        while k < size:
            if shapes[k] != CAPITALISED and shapes[k] != SHOUTED:
                c = codes[begins[k]]
                if c == 46 or c == 33 or c == 63:
                    at_start = True
                elif not _is_quote(c):
                    at_start = False
                k += 1
                continue
            j = k
            while j < size and (shapes[j] == CAPITALISED or shapes[j] == SHOUTED):
                j += 1
            if at_start and (classes[k] & (ANAPHOR | STOP)):
                k += 1
            at_start = False
            length = 0
            last = np.int32(-1)
            for q in range(k, j):
                if classes[q] & CALENDAR:
                    continue
                last = term_of[q]
                length += 1
                if seen_name[last] != p:
                    seen_name[last] = p
                    names[n_names] = last
                    n_names += 1
                    n_distinct += 1
            if length >= 2:
                if seen_full[last] != p:
                    seen_full[last] = p
                    full_names[n_full] = last
                    n_full += 1
            elif length == 1 and seen_sur[last] != p:
                seen_sur[last] = p
                surnames[n_sur] = last
                n_sur += 1
            k = j
        # a surname that stands in full in the same paragraph is not a second mention
        kept = sur_at[p]
        for q in range(sur_at[p], n_sur):
            if seen_full[surnames[q]] != p:
                surnames[kept] = surnames[q]
                kept += 1
        n_sur = kept
        first = places[p, 0]
        end = places[p, 1]
        last_code = codes[end - 1] if end > first else np.uint32(0)
        first_code = codes[first] if end > first else np.uint32(0)
        before_last = codes[end - 2] if end - first > 1 else np.uint32(0)
        row = measures[p]
        row[0] = min(n_words, 80)
        row[1] = (
            last_code == 46
            or last_code == 33
            or last_code == 63
            or (_is_quote(last_code) and (before_last == 46 or before_last == 33 or before_last == 63))
        )
        row[2] = _is_quote(last_code)
        row[3] = last_code == 58 or last_code == 59 or last_code == 44 or last_code == 45 or last_code == 0x2013
        row[4] = last_code == 63
        row[5] = _is_quote(first_code)
        row[6] = n_upper / (n_words + 1.0)
        row[7] = n_numbers / (n_words + 1.0)
        row[8] = has_day
        row[9] = n_roles
        row[10] = 1.0 if size and shapes[0] != LOWER and (classes[0] & ANAPHOR) else 0.0
        row[11] = 1.0 if size and shapes[0] == LOWER else 0.0
        row[12] = has_speech
        row[13] = min(n_quotes, 8)
        row[14] = min(n_distinct, 20)
        row[15] = n_caps / (n_words + 1.0)
        row[16] = n_pronouns
        row[17] = 1.0 if p and places[p, 2] == places[p - 1, 2] else 0.0
        row[18] = places[p, 3] == 1
        row[19] = places[p, 3] > 1
        known_at[p + 1] = n_known
        terms_at[p + 1] = n_terms
        names_at[p + 1] = n_names
        full_at[p + 1] = n_full
        sur_at[p + 1] = n_sur
    return (
        known_at, known[:n_known].copy(), terms_at, terms[:n_terms].copy(), counts[:n_terms].copy(),
        names_at, names[:n_names].copy(), full_at, full_names[:n_full].copy(), sur_at, surnames[:n_sur].copy(),
    )  # fmt: skip
