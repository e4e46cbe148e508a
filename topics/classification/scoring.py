"""Text to scores, many pieces at a time: the analyzer's terms, TF-IDF and one linear layer without a dictionary of
counts.

What a spelling counts as is asked of the analyzer once and remembered; then a piece is cut, counted and scored by the
kernels of ``scan``. Text that NFKC changes by more than one code point at a time is cut by the analyzer's own regular
expression, and counted in the same way.
"""

# calls kernels, which Numba types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import BREAK_TERM, LEAD_WORDS, below_title, fold_token, fold_tokens
from topics.classification.scan import (
    ASCII,
    BREAK,
    DROPPED,
    ELLIPSIS,
    FIRST_WORD,
    JOINER,
    NEWLINE,
    OTHER,
    SLOW,
    STOP,
    TABLE_CODES,
    UNKNOWN,
    WORD,
    fill_pairs,
    grow_table,
    read_tokens,
    score_words,
)

__all__ = ["Piece", "Scorer"]

Array = NDArray[np.float64]
Piece = tuple[str | None, str]  # headline and text

BATCH_CODES: Final = 1 << 18  # code points that are read at a time
MOST_SPELLINGS: Final = 1 << 19  # remembered, then all are forgotten: garbage has no end of them
LOGS: Final = 256
LINE: Final = 16  # single floats


class Scorer:
    """Scores of pieces under one linear layer; ``layer`` is (n_terms, n_columns), ``bias`` (n_columns,), ``idf``
    (n_terms,).

    A headline's terms count ``title_weight`` times; a headline that is the first line of the text too is headline
    alone. The first words below it (LEAD_WORDS) count twice.
    """

    _table: NDArray[np.uint64]  # (n_slots, 2): keys of spellings and their numbers
    _word_of: NDArray[np.int32]  # what a spelling counts as
    _arena: NDArray[np.uint16]  # all spellings, one after another,
    _arena_at: NDArray[np.int64]  # and where each begins
    _n_entries: int

    def __init__(
        self, terms: Sequence[str], idf: Array, layer: NDArray[np.float32], bias: Array, title_weight: int
    ) -> None:
        words: dict[str, int] = {}
        column_of = [-1] * FIRST_WORD
        pairs: list[tuple[int, int, int]] = []

        def number(word: str) -> int:
            found = words.setdefault(word, len(column_of))
            if found == len(column_of):
                column_of.append(-1)
            return found

        for column, term in enumerate(terms):
            first, _, second = term.partition(" ")
            if second:
                pairs.append((number(first), number(second), column))
            else:
                column_of[number(first)] = column
        size = 1 << max(4, (2 * len(pairs)).bit_length())
        self._words = words
        self._column_of = np.array(column_of, np.int32)
        self._pair_keys = np.zeros(size, np.uint64)
        self._pair_values = np.zeros(size, np.int32)
        self._pair_bits = np.zeros(max(64, size // 8), np.uint64)  # four to eight bits a slot
        table = np.array(pairs, np.int64).reshape(-1, 3)
        fill_pairs(table[:, 0], table[:, 1], table[:, 2], self._pair_keys, self._pair_values, self._pair_bits)
        self._idf = np.ascontiguousarray(idf, np.float64)
        # rows are filled up to whole lines of the cache
        self._layer = np.zeros((len(terms), -(-layer.shape[1] // LINE) * LINE), np.float32)
        self._layer[:, : layer.shape[1]] = layer
        self._bias = np.asarray(bias, np.float64)
        self._title_weight = title_weight
        self._logs = np.concatenate(([0.0], 1.0 + np.log(np.arange(1, LOGS, dtype=np.float64))))
        self._counts = np.zeros(len(terms), np.int32)
        self._lock = threading.Lock()
        self._forget()

    def score(self, pieces: Sequence[Piece]) -> tuple[Array, NDArray[np.int64]]:
        """Scores (n_pieces, n_columns), and how many different known terms each piece holds, (n_pieces,)."""
        texts: list[str] = []
        piece_of: list[int] = []
        weight_of: list[int] = []
        lead_of: list[int] = []
        for place, (title, body) in enumerate(pieces):
            if title:
                texts.append(title)
                piece_of.append(place)
                weight_of.append(self._title_weight)
                lead_of.append(0)
                body = below_title(title, body)
            texts.append(body)
            piece_of.append(place)
            weight_of.append(1)
            lead_of.append(LEAD_WORDS)
        scores = np.zeros((len(pieces), self._layer.shape[1]))
        known = np.zeros(len(pieces), np.int64)
        with self._lock:
            for begin, end in _batches(texts, piece_of):
                words, word_at = self._read(texts[begin:end])
                score_words(
                    words, word_at, np.array(piece_of[begin:end]), np.array(weight_of[begin:end]),
                    np.array(lead_of[begin:end]), self._column_of, self._pair_keys, self._pair_values, self._pair_bits,
                    self._idf, self._layer, self._logs, self._counts, scores, known, )  # fmt: skip
        return scores[:, : len(self._bias)] + self._bias, known

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The numbers of the words of some texts, one after another, and where each text begins in them."""
        codes = np.frombuffer("\0".join([*texts, "\0"]).encode("utf-32-le", "surrogatepass"), np.uint32)
        text_at = np.array([0, *accumulate(len(text) + 1 for text in texts)], np.int64)
        self._make_room(len(codes))
        tokens = np.empty(len(codes), np.int32)
        token_at = np.empty(len(texts) + 1, np.int64)
        slow = np.zeros(len(texts), np.bool_)
        n_before = self._n_entries
        self._n_entries = int(
            read_tokens(
                codes, text_at, character_table(), ascii_letters(), self._table, self._arena, self._arena_at,
                self._n_entries, tokens, token_at, slow,
            )
        )  # fmt: skip
        self._decide(n_before)
        words: NDArray[np.int32] = self._word_of[tokens[: token_at[-1]]]
        return self._read_slow(texts, slow, words, token_at) if slow.any() else (words, token_at)

    def _decide(self, n_before: int) -> None:
        """What the spellings from ``n_before`` on count as."""
        at = self._arena_at[n_before : self._n_entries + 1].tolist()
        spelled = self._arena[at[0] : at[-1]].tobytes().decode("utf-16-le", "surrogatepass")
        decided = [
            self._words.get(term, UNKNOWN) if (term := fold_token(spelled[a - at[0] : b - at[0]])) else DROPPED
            for a, b in pairwise(at)
        ]
        self._word_of[n_before : self._n_entries] = decided

    def _read_slow(
        self, texts: Sequence[str], slow: NDArray[np.bool_], words: NDArray[np.int32], word_at: NDArray[np.int64]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        parts = []
        for place, text in enumerate(texts):
            if slow[place]:
                terms = fold_tokens(text)
                parts.append(
                    np.array([BREAK if t == BREAK_TERM else self._words.get(t, UNKNOWN) for t in terms], np.int32)
                )
            else:
                parts.append(words[word_at[place] : word_at[place + 1]])
        return np.concatenate(parts), np.array([0, *accumulate(map(len, parts))], np.int64)

    def _make_room(self, n_codes: int) -> None:
        """Room for as many new spellings as ``n_codes`` code points can hold."""
        if self._n_entries > MOST_SPELLINGS:
            self._forget()
        n_entries, n_arena = self._n_entries + n_codes // 2 + 2, int(self._arena_at[self._n_entries]) + n_codes
        if n_entries >= len(self._word_of):
            more = max(n_entries, 2 * len(self._word_of))
            self._word_of = _grown(self._word_of, more)
            self._arena_at = _grown(self._arena_at, more + 1)
        if n_arena >= len(self._arena):
            self._arena = _grown(self._arena, max(n_arena, 2 * len(self._arena)))
        if 4 * n_entries >= 3 * len(self._table):
            table = np.zeros((1 << (3 * n_entries // 2).bit_length(), 2), np.uint64)
            grow_table(self._table, table)
            self._table = table

    def _forget(self) -> None:
        """Begin with no spelling but that of a break, which has the number 0 and stands in no slot."""
        self._table = np.zeros((BATCH_CODES // 2, 2), np.uint64)
        self._word_of = np.full(BATCH_CODES, BREAK, np.int32)
        self._arena = np.zeros(4 * BATCH_CODES, np.uint16)
        self._arena_at = np.zeros(BATCH_CODES + 1, np.int64)
        self._n_entries = 1


@lru_cache(maxsize=1)
def character_table() -> NDArray[np.uint32]:
    """For each code point below ``TABLE_CODES``, and for all others together, its class (high 16 bits) and what NFKC
    makes of it (low 16 bits).

    It is made from the running Python's Unicode data, as the regular expressions of the analyzer are.
    """
    table = [*(_describe(code) for code in range(TABLE_CODES)), SLOW << 16]
    return np.array(table, np.uint32)


@lru_cache(maxsize=1)
def ascii_letters() -> NDArray[np.bool_]:
    """Which of the first ASCII code points are of words, by :func:`character_table`."""
    letters: NDArray[np.bool_] = character_table()[:ASCII] >> 16 == WORD
    return letters


def _describe(code: int) -> int:
    character = chr(code)
    if code == 0x2026:
        return ELLIPSIS << 16 | code
    folded = unicodedata.normalize("NFKC", character)
    # marks and Hangul jamo join what stands before them; soft hyphens vanish
    joins = unicodedata.category(character)[0] == "M" or 0x1100 <= code <= 0x11FF or code == 0xAD
    if len(folded) != 1 or joins or unicodedata.category(folded)[0] == "M" or ord(folded) >= 1 << 16:
        return SLOW << 16 | code
    kind = OTHER
    if folded.isalnum() or folded == "_":
        kind = WORD
    elif folded in ".!?":
        kind = STOP
    elif folded == "\n":
        kind = NEWLINE
    elif folded in "'’‘ʼ-‐":
        kind = JOINER
    return kind << 16 | ord(folded)


def _batches(texts: Sequence[str], piece_of: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of texts of about ``BATCH_CODES`` each that keep the texts of a piece together."""
    ranges = []
    begin = n = 0
    for place, text in enumerate(texts):
        if n + len(text) > BATCH_CODES and place > begin and piece_of[place] != piece_of[place - 1]:
            ranges.append((begin, place))
            begin, n = place, 0
        n += len(text)
    if begin < len(texts):
        ranges.append((begin, len(texts)))
    return ranges


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    more = np.zeros(size, array.dtype)
    more[: len(array)] = array
    return more
