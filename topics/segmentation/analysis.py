"""Each paragraph of a dump as numbers, in one pass over its code points.

In: the dump's text and its paragraphs. Out: an :class:`Analysis`, ragged arrays (CSR: a pointer array and a
value array) of hashed n-grams for the linear heads, content terms with counts for cohesion, and names; and one
row of plain measures a paragraph. Everything later works on these arrays and never looks at the text again.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import re
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

__all__ = ["MEASURES", "N_NGRAMS", "N_TERMS", "Analysis", "Ragged", "analyse"]

N_NGRAMS: Final = 1 << 18  # hashing space of the heads
N_TERMS: Final = 1 << 17  # hashing space of content terms and names
MAX_HEAD_TOKENS: Final = 90  # the heads read a paragraph's opening, not all of it
MAX_TOKENS: Final = 800  # a paragraph longer than that is judged by its first tokens

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
    "dateline",
    "furniture_cue",
    "date",
    "link",
    "digest_cue",
    "gap",
)
_N_KERNEL_MEASURES: Final = 17
_M: Final = {name: column for column, name in enumerate(MEASURES)}

_DATELINE: Final = re.compile(
    r"""^(?:
        [A-Z][A-Z .,'/-]{2,40}(?:,\ ?[A-Z][\w. ]{2,20})?\ ?(?:\([\w ./]{2,25}\))?\ ?[—–-]{1,2}\   # CAIRO (Wire) —
      | [A-Z][\w. ]{2,25},\ [A-Z][\w. ]{2,20}\ ?(?:\([\w /]{2,20}\))?\ ?[—–]\   # London, United Kingdom –
      | .{0,45}\((?:Reuters|AP|UPI|AFP|CNN|Bloomberg|TASS|Xinhua|dpa)\b[^)]{0,12}\)
    )""",
    re.VERBOSE,
)
_FURNITURE_CUE: Final = re.compile(
    r"(?:published\b|(?:last )?updated\b|posted\b|share\b|recommended\b|"
    r"list of \d|end of list|read (?:more|also|next)\b|"
    r"related\b|advert|by [A-Z]|photo|image|file photo|getty|follow\b|subscribe|sign (?:up|in)\b|log in|comments?\b|"
    r"copyright|©|click\b|watch\b|more\b|see also|tags?\b|topics?\b|loading|menu\b|home\b|search\b|skip to|cookie|"
    r"newsletter|most (?:read|popular)|\d+ min|email\b|print\b|save\b|listen\b|"
    r"story continues|article continues|[-–•·|]+$)",
    re.IGNORECASE,
)
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE: Final = re.compile(
    rf"\b{_MONTH} \d{{1,2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}|"
    rf"\b\d{{4}}-\d\d-\d\d|\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}|\b\d{{1,2}}:\d\d\b"
)
# how round-ups announce themselves: "key developments", "what we know on day 40", "the week in brief"
_DIGEST_CUE: Final = re.compile(
    r"\b(?:(?:key|main|latest|major) (?:developments|events|points|updates|stories)|where things stand|"
    r"what (?:we|you need to|to) know|what happened|at a glance|in brief|round-?up|the state of play|the latest on|"
    r"(?:day|week)[’']s (?:main |top )?(?:news|stories|events|developments)|(?:news|world|war|morning|evening) brief|"
    r"here (?:is|are) (?:what|where|the)|you may have missed|things to know|catch up on|"
    r"on day \d{2,4}|from day [\d,]{2,6})\b",
    re.IGNORECASE,
)
_LINK: Final = re.compile(r"https?:|www\.|\S@\S|\.com\b")


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row ``i`` is ``values[starts[i]:starts[i + 1]]``."""

    starts: NDArray[np.int64]  # (n_rows + 1,)
    values: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the paragraphs of one dump, or of one window of it, look like in numbers."""

    ngrams: Ragged  # hashes below N_NGRAMS, for the heads
    terms: Ragged  # distinct stemmed content words, hashes below N_TERMS
    counts: NDArray[np.float64]  # how often each of terms.values stands in its paragraph
    names: Ragged  # every capitalised word of a name
    full_names: Ragged  # last words of names of two words or more
    surnames: Ragged  # names of a single word
    measures: NDArray[np.float64]  # (n_paragraphs, len(MEASURES))

    def __len__(self) -> int:
        return len(self.measures)

    def window(self, start: int, end: int) -> Analysis:
        """The analysis of the paragraphs ``start`` to ``end`` alone."""
        terms = self.terms
        return Analysis(
            _cut(self.ngrams, start, end),
            _cut(terms, start, end),
            self.counts[terms.starts[start] : terms.starts[end]],
            _cut(self.names, start, end),
            _cut(self.full_names, start, end),
            _cut(self.surnames, start, end),
            self.measures[start:end],
        )


def analyse(
    text: str,
    paragraphs: Sequence[Paragraph],
    characters: CharacterTable,
    lexicon: NDArray[np.uint64],
) -> Analysis:
    """One :class:`Analysis` row for each paragraph, in order; an empty one for no paragraphs."""
    n = len(paragraphs)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    spans = np.array([(p.start, p.end) for p in paragraphs], dtype=np.int64).reshape(n, 2)
    measures = np.zeros((n, len(MEASURES)))
    columns = _scan(codes, spans, characters, lexicon, measures)
    for row, paragraph in enumerate(paragraphs):
        opening = text[paragraph.start : min(paragraph.end, paragraph.start + 400)]
        measures[row, _M["dateline"]] = _DATELINE.match(opening) is not None
        measures[row, _M["furniture_cue"]] = _FURNITURE_CUE.match(opening) is not None
        measures[row, _M["date"]] = _DATE.search(opening) is not None
        measures[row, _M["link"]] = _LINK.search(opening) is not None
        measures[row, _M["digest_cue"]] = _DIGEST_CUE.search(opening, 0, 160) is not None
        measures[row, _M["gap"]] = paragraph.gap
    (g_at, g, t_at, t, c, n_at, nm, f_at, f, s_at, s) = columns
    return Analysis(Ragged(g_at, g), Ragged(t_at, t), c, Ragged(n_at, nm), Ragged(f_at, f), Ragged(s_at, s), measures)


def _cut(ragged: Ragged, start: int, end: int) -> Ragged:
    first, last = ragged.starts[start], ragged.starts[end]
    return Ragged(ragged.starts[start : end + 1] - first, ragged.values[first:last])


_FNV: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_SALT: Final = np.uint64(0x9E3779B97F4A7C15)

# token kinds
_WORD: Final = 0
_NUMBER: Final = 1
_SYMBOL: Final = 2


@kernel
def _class_of(codes, i, characters):
    code = codes[i]
    return np.int64(characters[code] >> 24) if code < 65536 else np.int64(LETTER_LOWER)


@kernel
def _mix(a, b):
    """Join two 64-bit hashes into one; order matters."""
    x = (a ^ (b + _SALT + (a << np.uint64(6)) + (a >> np.uint64(2)))) * _PRIME
    return x ^ (x >> np.uint64(29))


@kernel
def _slot(value, size):
    """A 64-bit hash as an index below ``size``, a power of two; the high bits are folded in."""
    x = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return np.int32((x ^ (x >> np.uint64(33))) & np.uint64(size - 1))


@kernel
def _classes(value, lexicon):
    n = lexicon.shape[0]
    slot = np.int64(value & np.uint64(n - 1))
    while lexicon[slot, 1] != 0:
        if lexicon[slot, 0] == value:
            return np.int64(lexicon[slot, 1])
        slot = (slot + 1) & (n - 1)
    return np.int64(0)


@kernel
def _is_apostrophe(code):
    return code == 39 or code == 0x2019


@kernel
def _is_quote(code):
    return code == 34 or code == 39 or (0x2018 <= code <= 0x201F) or code == 0xAB or code == 0xBB


@kernel
def _tokenise(codes, start, end, characters, begins, ends, kinds):
    """Words (inner apostrophes and hyphens kept), numbers (inner commas and points kept), single symbols."""
    n = 0
    i = start
    while i < end and n < begins.shape[0]:
        kind = _class_of(codes, i, characters)
        if kind == SPACE:
            i += 1
            continue
        j = i + 1
        if kind >= LETTER_LOWER:
            while j < end:
                c = codes[j]
                k = _class_of(codes, j, characters)
                if k >= DIGIT:
                    j += 1
                elif (_is_apostrophe(c) or c == 45) and j + 1 < end and _class_of(codes, j + 1, characters) >= DIGIT:
                    j += 2
                else:
                    break
            kinds[n] = _WORD
        elif kind == DIGIT:
            while j < end:
                c = codes[j]
                if _class_of(codes, j, characters) == DIGIT:
                    j += 1
                elif (c == 44 or c == 46) and j + 1 < end and _class_of(codes, j + 1, characters) == DIGIT:
                    j += 2
                else:
                    break
            kinds[n] = _NUMBER
        else:
            kinds[n] = _SYMBOL
        begins[n] = i
        ends[n] = j
        n += 1
        i = j
    return n


@kernel
def _hash_cased(codes, begin, end):
    value = _FNV
    for i in range(begin, end):
        c = codes[i]
        value = (value ^ np.uint64(39 if c == 0x2019 else c)) * _PRIME
    return value


@kernel
def _hash_lower(codes, begin, end, characters):
    value = _FNV
    for i in range(begin, end):
        c = codes[i]
        if c < 65536:
            c = characters[c] & np.uint32(0xFFFFFF)
        value = (value ^ np.uint64(39 if c == 0x2019 else c)) * _PRIME
    return value


@kernel
def _without_possessive(codes, begin, end):
    if end - begin > 2 and codes[end - 1] == 115 and _is_apostrophe(codes[end - 2]):
        return end - 2
    return end


@kernel
def _hash_stem(codes, begin, end, characters):
    """Plural, -ing and -ed taken off: crude, but the same word in a new inflection counts as a repetition."""
    n = end - begin
    if n > 4:
        if codes[end - 1] == 115 and codes[end - 2] != 115:  # ...s, not ...ss
            if codes[end - 2] == 101 and codes[end - 3] == 105:  # ...ies -> ...y
                return (_hash_lower(codes, begin, end - 3, characters) ^ np.uint64(121)) * _PRIME
            end -= 1
            n -= 1
        if n > 6 and codes[end - 1] == 103 and codes[end - 2] == 110 and codes[end - 3] == 105:
            end -= 3
        elif n > 5 and codes[end - 1] == 100 and codes[end - 2] == 101:
            end -= 2
    return _hash_lower(codes, begin, end, characters)


@kernel
def _scan(codes, spans, characters, lexicon, measures):
    n = spans.shape[0]
    n_characters = 0
    for p in range(n):
        n_characters += spans[p, 1] - spans[p, 0]
    # Every token has a character of its own; the heads add two n-grams for each of at most 90, and a dozen marks.
    room = min(n_characters, n * MAX_TOKENS)
    ngrams = np.empty(min(2 * room, 2 * n * MAX_HEAD_TOKENS) + 13 * n, np.int32)
    terms = np.empty(room + 1, np.int32)
    counts = np.empty(room + 1, np.float64)
    names = np.empty(room + 1, np.int32)
    full_names = np.empty(room + 1, np.int32)
    surnames = np.empty(room + 1, np.int32)
    ngrams_at = np.zeros(n + 1, np.int64)
    terms_at = np.zeros(n + 1, np.int64)
    names_at = np.zeros(n + 1, np.int64)
    full_at = np.zeros(n + 1, np.int64)
    sur_at = np.zeros(n + 1, np.int64)
    n_ngrams = 0
    n_terms = 0
    n_names = 0
    n_full = 0
    n_sur = 0
    begins = np.empty(MAX_TOKENS, np.int64)
    ends = np.empty(MAX_TOKENS, np.int64)
    kinds = np.empty(MAX_TOKENS, np.int64)
    cased = np.empty(MAX_TOKENS, np.uint64)
    lower = np.empty(MAX_TOKENS, np.uint64)
    classes = np.empty(MAX_TOKENS, np.int64)
    upper = np.empty(MAX_TOKENS, np.bool_)
    place = np.full(N_TERMS, -1, np.int64)  # where a term of this paragraph stands in terms
    seen_name = np.full(N_TERMS, -1, np.int64)
    seen_full = np.full(N_TERMS, -1, np.int64)
    seen_sur = np.full(N_TERMS, -1, np.int64)
    number = np.uint64(35)
    for p in range(n):
        size = _tokenise(codes, spans[p, 0], spans[p, 1], characters, begins, ends, kinds)
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
            upper[k] = False
            classes[k] = 0
            if kinds[k] == _NUMBER:
                cased[k] = number
                lower[k] = number
                n_words += 1
                n_numbers += 1
                continue
            cased[k] = _hash_cased(codes, begins[k], ends[k])
            if kinds[k] == _SYMBOL:
                lower[k] = cased[k]
                c = codes[begins[k]]
                if c == 34 or c == 0x201C or c == 0x201D:
                    n_quotes += 1
                continue
            end = _without_possessive(codes, begins[k], ends[k])
            lower[k] = _hash_lower(codes, begins[k], end, characters)
            classes[k] = _classes(lower[k], lexicon)
            upper[k] = _class_of(codes, begins[k], characters) == LETTER_UPPER
            n_words += 1
            if upper[k]:
                n_upper += 1
                if ends[k] - begins[k] > 2:
                    shout = True
                    for i in range(begins[k], ends[k]):
                        if _class_of(codes, i, characters) == LETTER_LOWER:
                            shout = False
                            break
                    if shout:
                        n_caps += 1
                if classes[k] & CALENDAR:
                    has_day = 1.0
            if classes[k] & ROLE:
                n_roles += 1
            if classes[k] & SPEECH:
                has_speech = 1.0
            if classes[k] & PRONOUN and n_words <= 8:
                n_pronouns += 1
            # content terms
            if end - begins[k] >= 3 and not classes[k] & STOP:
                slot = _slot(_hash_stem(codes, begins[k], end, characters), N_TERMS)
                at = place[slot]
                if at >= terms_at[p]:
                    counts[at] += 1.0
                else:
                    place[slot] = n_terms
                    terms[n_terms] = slot
                    counts[n_terms] = 1.0
                    n_terms += 1
        # n-grams of the opening, for the heads
        before = np.uint64(94)
        for k in range(min(size, MAX_HEAD_TOKENS)):
            ngrams[n_ngrams] = _slot(cased[k], N_NGRAMS)
            ngrams[n_ngrams + 1] = _slot(_mix(before, cased[k]), N_NGRAMS)
            n_ngrams += 2
            before = cased[k]
        if size:
            shape = np.uint64(1)
            chain = np.uint64(2)
            for k in range(min(size, 5)):
                if kinds[k] == _SYMBOL:
                    shape = _mix(shape, cased[k])
                elif kinds[k] == _NUMBER:
                    shape = _mix(shape, number)
                else:
                    shape = _mix(shape, np.uint64(7) if upper[k] else np.uint64(8))
                if k < 3:
                    chain = _mix(chain, cased[k])
                    ngrams[n_ngrams] = _slot(chain, N_NGRAMS)
                    n_ngrams += 1
                if k == 2:
                    ngrams[n_ngrams] = _slot(_mix(shape, np.uint64(3)), N_NGRAMS)
                    n_ngrams += 1
            ngrams[n_ngrams] = _slot(shape, N_NGRAMS)
            ngrams[n_ngrams + 1] = _slot(_mix(np.uint64(4), lower[0]), N_NGRAMS)
            n_ngrams += 2
            chain = np.uint64(5)
            for k in range(min(size, 3)):
                chain = _mix(chain, cased[size - 1 - k])
                ngrams[n_ngrams] = _slot(chain, N_NGRAMS)
                n_ngrams += 1
            bucket = min(int(2.0 * np.log2(n_words + 1.0)), 14)
            ngrams[n_ngrams] = _slot(_mix(np.uint64(6), np.uint64(bucket)), N_NGRAMS)
            n_ngrams += 1
        # names: runs of capitalised words; a sentence's opening stop word is not part of one
        at_start = True
        k = 0
        n_distinct = 0
        while k < size:
            if not upper[k]:
                c = codes[begins[k]]
                if c == 46 or c == 33 or c == 63:
                    at_start = True
                elif not _is_quote(c):
                    at_start = False
                k += 1
                continue
            j = k
            while j < size and upper[j]:
                j += 1
            if at_start and (classes[k] & (ANAPHOR | STOP)):
                k += 1
            at_start = False
            length = 0
            last = np.int32(-1)
            for q in range(k, j):
                if classes[q] & CALENDAR:
                    continue
                end = _without_possessive(codes, begins[q], ends[q])
                last = _slot(_mix(np.uint64(9), _hash_cased(codes, begins[q], end)), N_TERMS)
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
        last_code = codes[spans[p, 1] - 1] if spans[p, 1] > spans[p, 0] else np.uint32(0)
        first_code = codes[spans[p, 0]] if spans[p, 1] > spans[p, 0] else np.uint32(0)
        before_last = codes[spans[p, 1] - 2] if spans[p, 1] - spans[p, 0] > 1 else np.uint32(0)
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
        row[10] = 1.0 if size and upper[0] and (classes[0] & ANAPHOR) else 0.0
        row[11] = 1.0 if size and kinds[0] == _WORD and not upper[0] else 0.0
        row[12] = has_speech
        row[13] = min(n_quotes, 8)
        row[14] = min(n_distinct, 20)
        row[15] = n_caps / (n_words + 1.0)
        row[16] = n_pronouns
        ngrams_at[p + 1] = n_ngrams
        terms_at[p + 1] = n_terms
        names_at[p + 1] = n_names
        full_at[p + 1] = n_full
        sur_at[p + 1] = n_sur
    return (
        ngrams_at, ngrams[:n_ngrams].copy(), terms_at, terms[:n_terms].copy(), counts[:n_terms].copy(),
        names_at, names[:n_names].copy(), full_at, full_names[:n_full].copy(), sur_at, surnames[:n_sur].copy(),
    )  # fmt: skip
