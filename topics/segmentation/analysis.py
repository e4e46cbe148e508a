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
from topics.paragraphs import code_points, rows_of
from topics.records import Paragraph
from topics.segmentation.lexicon import ANAPHOR, CALENDAR, PRONOUN, ROLE, SPEECH, STOP
from topics.segmentation.tokens import CAPITALISED, LOWER, NUMERIC, SHOUTED, SYMBOLIC, is_quote, tokenise
from topics.segmentation.vocabulary import Vocabulary

__all__ = ["LAST_TOKENS", "MEASURES", "OPENING_TOKENS", "Analysis", "Ragged", "analyse", "join_analyses"]

OPENING_TOKENS: Final = 40  # the network reads so many tokens from a paragraph's start,
LAST_TOKENS: Final = 10  # and so many up to its end
MAX_TOKENS: Final = 800  # a paragraph longer than that is judged by its first tokens
_SLOTS: Final = 2048  # a power of two, more than twice as many

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
    words: Ragged  # every known word that is no stop word, as word index (not token number), in order
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
        if not start and end == len(self):
            return self
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

    def pick(self, rows: NDArray[np.int64]) -> Analysis:
        """The analysis of some paragraphs alone, as if no others stood between them."""
        return Analysis(
            self.opening[rows],
            self.opening_shapes[rows],
            self.ending[rows],
            self.ending_shapes[rows],
            _pick(self.words, rows),
            _pick(self.terms, rows),
            self.counts[_places(self.terms, rows)],
            _pick(self.names, rows),
            _pick(self.full_names, rows),
            _pick(self.surnames, rows),
            self.measures[rows],
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
    text: str | NDArray[np.uint32],
    paragraphs: Sequence[Paragraph],
    vocabulary: Vocabulary,
    *,
    at: int = 0,
    line_before: int = 0,
) -> Analysis:
    """One :class:`Analysis` row for each paragraph, in order; an empty one for no paragraphs.

    ``text`` may be given as its code points. Where they are not the first of a dump, it begins at the dump's code point
    ``at``, and the paragraph before them stands on line ``line_before``.
    """
    n = len(paragraphs)
    codes = code_points(text) if isinstance(text, str) else text
    places = np.array(rows_of(paragraphs))  # start, end, line, gap
    places[:, :2] -= at
    opening = np.zeros((n, OPENING_TOKENS), np.uint16)
    opening_shapes = np.zeros((n, OPENING_TOKENS), np.uint8)
    ending = np.zeros((n, LAST_TOKENS), np.uint16)
    ending_shapes = np.zeros((n, LAST_TOKENS), np.uint8)
    measures = np.zeros((n, len(MEASURES)), np.float32)
    v = vocabulary
    (w_at, w, t_at, t, c, n_at, nm, f_at, f, s_at, s) = _scan(
        codes, places, v.characters, v.slots, len(v.keys),
        opening, opening_shapes, ending, ending_shapes, measures,
    )  # fmt: skip
    if n and paragraphs[0].line == line_before and paragraphs[0].gap == 0:
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


def _pick(ragged: Ragged, rows: NDArray[np.int64]) -> Ragged:
    lengths = np.diff(ragged.starts)[rows]
    return Ragged(np.concatenate([[0], np.cumsum(lengths)]), ragged.values[_places(ragged, rows)])


def _places(ragged: Ragged, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the values of some rows stand."""
    lengths = np.diff(ragged.starts)[rows]
    return np.repeat(ragged.starts[rows] - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


@kernel
def _scan(
    codes, places, characters, slots, n_vocabulary, opening, opening_shapes, ending, ending_shapes, measures
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
    keys = np.empty(MAX_TOKENS, np.uint64)
    numbers = np.empty(MAX_TOKENS, np.int32)
    shapes = np.empty(MAX_TOKENS, np.int32)
    words = np.empty(MAX_TOKENS, np.int32)
    classes = np.empty(MAX_TOKENS, np.int32)
    term_of = np.empty(MAX_TOKENS, np.int32)
    content = np.empty(MAX_TOKENS + 1, np.int32)  # terms of the words that carry a topic
    capitals = np.empty(MAX_TOKENS + 1, np.int32)  # tokens that are capitalised words
    is_full = np.empty(MAX_TOKENS, np.bool_)  # of the names of this paragraph
    is_single = np.empty(MAX_TOKENS, np.bool_)
    singles = np.empty(MAX_TOKENS, np.int32)
    term_slots = np.full(_SLOTS, -1, np.int32)
    name_slots = np.full(_SLOTS, -1, np.int32)
    for p in range(n):
        size = tokenise(
            codes, places[p, 0], places[p, 1], characters, slots, n_vocabulary,
            begins, ends, keys, numbers, shapes, words, classes, term_of,
        )  # fmt: skip
        for k in range(min(size, OPENING_TOKENS)):
            opening[p, k] = numbers[k]
            opening_shapes[p, k] = shapes[k]
        for k in range(min(size, LAST_TOKENS)):
            ending[p, LAST_TOKENS - 1 - k] = numbers[size - 1 - k]
            ending_shapes[p, LAST_TOKENS - 1 - k] = shapes[size - 1 - k]
        n_words = 0
        n_caps = 0
        n_numbers = 0
        n_roles = 0
        n_quotes = 0
        n_pronouns = 0
        n_content = 0
        n_capitals = 0
        met = 0  # classes of all words, and of those that are capitalised
        met_upper = 0
        for k in range(size):  # hardly a branch: what words are is nothing that a processor could foresee
            shape = shapes[k]
            own = classes[k]
            length = ends[k] - begins[k]
            c = codes[begins[k]]
            is_upper = (shape == CAPITALISED) | (shape == SHOUTED)
            n_words += shape != SYMBOLIC
            n_numbers += shape == NUMERIC
            n_quotes += (c == 34) | (c == 0x201C) | (c == 0x201D)
            n_caps += (shape == SHOUTED) & (length > 2)
            met |= own
            met_upper |= own * is_upper
            n_roles += (own & ROLE) != 0
            n_pronouns += ((own & PRONOUN) != 0) & (n_words <= 8)
            tells = (own & STOP) == 0
            known[n_known] = words[k]
            n_known += (words[k] >= 0) & tells
            content[n_content] = term_of[k]
            n_content += (shape <= SHOUTED) & (length >= 3) & tells
            capitals[n_capitals] = k
            n_capitals += is_upper
        first = n_terms
        for k in range(n_content):
            slot = _slot_of(content[k], terms, first, term_slots)
            at = term_slots[slot]
            if at >= first:
                counts[at] += np.float32(1.0)
            else:
                term_slots[slot] = n_terms
                terms[n_terms] = content[k]
                counts[n_terms] = np.float32(1.0)
                n_terms += 1
        # names: runs of capitalised words; a sentence's opening stop word is not part of one
        first = n_names
        n_singles = 0
        q = 0
        while q < n_capitals:
            k = capitals[q]
            q += 1
            while q < n_capitals and capitals[q] == capitals[q - 1] + 1:
                q += 1
            if classes[k] & (ANAPHOR | STOP) and _opens_sentence(codes, begins, k):
                k += 1
            length = 0
            at = -1
            for t in range(k, capitals[q - 1] + 1):
                if classes[t] & CALENDAR:
                    continue
                length += 1
                slot = _slot_of(term_of[t], names, first, name_slots)
                at = name_slots[slot]
                if at < first:
                    at = name_slots[slot] = n_names
                    names[at] = term_of[t]
                    is_full[at - first] = is_single[at - first] = False
                    n_names += 1
            if length >= 2:
                if not is_full[at - first]:
                    is_full[at - first] = True
                    full_names[n_full] = names[at]
                    n_full += 1
            elif length == 1 and not is_single[at - first]:
                is_single[at - first] = True
                singles[n_singles] = at
                n_singles += 1
        # a surname that stands in full in the same paragraph is not a second mention
        for k in range(n_singles):
            if not is_full[singles[k] - first]:
                surnames[n_sur] = names[singles[k]]
                n_sur += 1
        begin = places[p, 0]
        end = places[p, 1]
        last_code = codes[end - 1] if end > begin else np.uint32(0)
        first_code = codes[begin] if end > begin else np.uint32(0)
        before_last = codes[end - 2] if end - begin > 1 else np.uint32(0)
        row = measures[p]
        row[0] = min(n_words, 80)
        row[1] = _is_stop(last_code) or (is_quote(last_code) and _is_stop(before_last))
        row[2] = is_quote(last_code)
        row[3] = last_code == 58 or last_code == 59 or last_code == 44 or last_code == 45 or last_code == 0x2013
        row[4] = last_code == 63
        row[5] = is_quote(first_code)
        row[6] = n_capitals / (n_words + 1.0)
        row[7] = n_numbers / (n_words + 1.0)
        row[8] = met_upper & CALENDAR != 0
        row[9] = n_roles
        row[10] = 1.0 if size and shapes[0] != LOWER and (classes[0] & ANAPHOR) else 0.0
        row[11] = 1.0 if size and shapes[0] == LOWER else 0.0
        row[12] = met & SPEECH != 0
        row[13] = min(n_quotes, 8)
        row[14] = min(n_names - first, 20)
        row[15] = n_caps / (n_words + 1.0)
        row[16] = n_pronouns
        row[17] = 1.0 if p and places[p, 3] == 0 else 0.0
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


@kernel
def _slot_of(value, values, first, slots):
    """The slot that holds the place of a value among ``values`` from ``first`` on, or a lower number for one that is
    not there: so slots need not be emptied for the next paragraph."""
    slot = value & (_SLOTS - 1)
    while slots[slot] >= first and values[slots[slot]] != value:
        slot = (slot + 1) & (_SLOTS - 1)
    return slot


@kernel
def _opens_sentence(codes, begins, k):
    """Does a token open the paragraph or follow a full stop, with or without quotation marks between?"""
    k -= 1
    while k >= 0 and is_quote(codes[begins[k]]):
        k -= 1
    return k < 0 or _is_stop(codes[begins[k]])


@kernel
def _is_stop(code):
    return code == 46 or code == 33 or code == 63
