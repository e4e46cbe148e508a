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
from topics.segmentation.lexicon import ANAPHOR, CALENDAR, PRONOUN, ROLE, SPEECH, STOP
from topics.segmentation.tokens import CAPITALISED, LOWER, NUMERIC, SHOUTED, SYMBOLIC, is_quote, stem_term, tokenise
from topics.segmentation.vocabulary import N_TERMS, Vocabulary

__all__ = ["LAST_TOKENS", "MEASURES", "OPENING_TOKENS", "Analysis", "Ragged", "analyse", "join_analyses"]

OPENING_TOKENS: Final = 40  # the network reads so many tokens from a paragraph's start,
LAST_TOKENS: Final = 10  # and so many up to its end
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


def join_analyses(parts: Sequence[Analysis]) -> Analysis:
    """The analysis of paragraphs that were analysed in parts, one after another."""
    if len(parts) == 1:
        return parts[0]
    return Analysis(
        np.concatenate([part.opening for part in parts]),
        np.concatenate([part.opening_shapes for part in parts]),
        np.concatenate([part.ending for part in parts]),
        np.concatenate([part.ending_shapes for part in parts]),
        _join([part.words for part in parts]),
        _join([part.terms for part in parts]),
        np.concatenate([part.counts for part in parts]),
        _join([part.names for part in parts]),
        _join([part.full_names for part in parts]),
        _join([part.surnames for part in parts]),
        np.concatenate([part.measures for part in parts]),
    )


def analyse(
    text: str, paragraphs: Sequence[Paragraph], vocabulary: Vocabulary, *, at: int = 0, line_before: int = 0
) -> Analysis:
    """One :class:`Analysis` row for each paragraph, in order; an empty one for no paragraphs.

    Where they are not the first of a dump, ``text`` begins at its code point ``at``, and the paragraph before them
    stands on line ``line_before``.
    """
    n = len(paragraphs)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    places = np.array([(p.start - at, p.end - at, p.line, p.gap) for p in paragraphs], np.int64).reshape(n, 4)
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
    if n and paragraphs[0].line == line_before:
        measures[0, MEASURES.index("within_line")] = 1.0
    return Analysis(
        opening, opening_shapes, ending, ending_shapes,
        Ragged(w_at, w), Ragged(t_at, t), c, Ragged(n_at, nm), Ragged(f_at, f), Ragged(s_at, s), measures,
    )  # fmt: skip


def _join(parts: Sequence[Ragged]) -> Ragged:
    ends = np.cumsum([0, *(len(part.values) for part in parts)])
    starts = [part.starts[:-1] + end for part, end in zip(parts, ends[:-1], strict=True)]
    return Ragged(np.concatenate([*starts, ends[-1:]]), np.concatenate([part.values for part in parts]))


def _cut(ragged: Ragged, start: int, end: int) -> Ragged:
    first, last = ragged.starts[start], ragged.starts[end]
    return Ragged(ragged.starts[start : end + 1] - first, ragged.values[first:last])


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
        size = tokenise(
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
                elif not is_quote(c):
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
            or (is_quote(last_code) and (before_last == 46 or before_last == 33 or before_last == 63))
        )
        row[2] = is_quote(last_code)
        row[3] = last_code == 58 or last_code == 59 or last_code == 44 or last_code == 45 or last_code == 0x2013
        row[4] = last_code == 63
        row[5] = is_quote(first_code)
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
