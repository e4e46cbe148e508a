"""Text to scores, many pieces at a time: the analyzer's terms, TF-IDF and one linear layer without a dictionary of
counts.

What a spelling counts as is asked of the analyzer once and remembered; then a piece is cut, counted and scored by the
kernels of ``scan``. Text that NFKC changes by more than one code point at a time is read twice: it has to be settled
first.
"""

# calls kernels, which Numba types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import LEAD_WORDS, below_title, fold_token
from topics.classification.scan import (
    BREAK,
    BREAK_KEY,
    DOT,
    DROPPED,
    ELLIPSIS,
    FIRST_WORD,
    HASHED,
    JOINER,
    NEWLINE,
    OTHER,
    PADDING,
    SLOW,
    STOP,
    UNKNOWN,
    WORD,
    decide_words,
    fill_pairs,
    grow_table,
    read_words,
    score_words,
    slot_of,
)

__all__ = ["Piece", "Scorer"]

Array = NDArray[np.float64]
Piece = tuple[str | None, str]  # headline and text

BATCH_BYTES: Final = 1 << 16  # that are read at a time, about: what is made of them stays in the nearest caches
MOST_SPELLINGS: Final = 1 << 19  # remembered, then all are forgotten: garbage has no end of them
MOST_SLOTS: Final = 1 << 22  # of the table, while pieces do not need more: four times as many as so many spellings take
LOGS: Final = 256
LINE: Final = 16  # single floats
TABLE_CODES: Final = 0x3000  # of text as it comes; beyond are scripts and signs that have to be settled
LETTER_CODES: Final = 0x34000  # the planes of scripts
_MARKS: Final = {"\n": NEWLINE, ".": DOT, **dict.fromkeys("!?", STOP), **dict.fromkeys("'’‘-‐", JOINER)}


class Scorer:
    """Scores of pieces under one linear layer; ``layer`` is (n_terms, n_columns), ``bias`` (n_columns,), ``idf``
    (n_terms,).

    A headline's terms count ``title_weight`` times; a headline that is the first line of the text too is headline
    alone. The first words below it (LEAD_WORDS) count twice.
    """

    _table: NDArray[np.uint64]  # (n_slots, 2): keys of spellings; what they count as, and where they are written down
    _arena: NDArray[np.uint64]  # spellings that are longer than a key, in UTF-8
    _n_arena: int
    _n_spellings: int

    def __init__(
        self, terms: Sequence[str], idf: Array, layer: NDArray[np.float32], bias: Array, title_weight: int
    ) -> None:
        is_pair = np.array([" " in term for term in terms], np.bool_)
        order = np.argsort(is_pair, kind="stable")
        n_single = int((~is_pair).sum())
        words = {terms[column]: FIRST_WORD + row for row, column in enumerate(order[:n_single].tolist())}
        pairs: list[tuple[int, int, int]] = []
        for row, column in enumerate(order[n_single:].tolist(), n_single):
            first, second = (words.setdefault(word, FIRST_WORD + len(words)) for word in terms[column].split(" "))
            pairs.append((first, second, row))
        size = 1 << max(4, (2 * len(pairs)).bit_length())
        self._words = words
        self._n_single = n_single
        self._pairs = np.zeros((size, 2), np.uint64)
        self._pair_bits = np.zeros(max(64, size // 8), np.uint64)  # four to eight bits a slot
        table = np.array(pairs, np.int64).reshape(-1, 3)
        fill_pairs(table[:, 0], table[:, 1], table[:, 2], self._pairs, self._pair_bits)
        self._idf = np.ascontiguousarray(idf[order], np.float64)
        self._layer = _new_rows(len(terms), layer.shape[1])
        self._layer[:, : layer.shape[1]] = layer[order]
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
                    np.array(lead_of[begin:end]), self._n_single, self._pairs, self._pair_bits, self._idf, self._layer,
                    self._logs, self._counts, scores, known, )  # fmt: skip
        return scores[:, : len(self._bias)] + self._bias, known

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The numbers of the words of some texts, one after another, and where each text begins in them."""
        words, word_at, slow = self._cut(texts, is_settled=False)
        if not slow.any():
            return words, word_at
        places = np.flatnonzero(slow).tolist()
        more, more_at, _ = self._cut([settle(texts[place]) for place in places], is_settled=True)
        parts = np.split(words[: word_at[-1]], word_at[1:-1])
        for place, part in zip(places, np.split(more[: more_at[-1]], more_at[1:-1]), strict=True):
            parts[place] = part
        return np.concatenate(parts), np.array([0, *accumulate(map(len, parts))], np.int64)

    def _cut(
        self, texts: Sequence[str], *, is_settled: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
        """The same, but of texts that hold SLOW characters, which are marked, nothing: they have to be settled."""
        kinds = settled_kinds() if is_settled else character_kinds()
        encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
        data = np.frombuffer(b"\0".join([*encoded, bytes(PADDING)]), np.uint8)
        text_at = np.array([0, *accumulate(len(text) + 1 for text in encoded)], np.int64)
        self._make_room(len(data))
        new_slots = np.empty(len(data) // 2 + 2, np.int64)
        words = np.empty(len(data), np.int32)
        word_at = np.empty(len(texts) + 1, np.int64)
        slow = np.zeros(len(texts), np.bool_)
        n_new, self._n_arena = read_words(
            data, text_at, kinds, self._table, self._arena, self._n_arena, new_slots, words, word_at, slow
        )
        if n_new:
            decide_words(words, word_at, self._decide(new_slots[:n_new], is_settled=is_settled))
        return words, word_at, slow

    def _decide(self, slots: NDArray[np.int64], *, is_settled: bool) -> NDArray[np.int32]:
        """What the spellings in these slots count as, written there too."""
        self._n_spellings += len(slots)
        places = self._table[slots, 1] >> np.uint64(32)
        spellings = map(self._spelling, self._table[slots, 0].tolist(), places.tolist())
        terms = (fold_token(s if is_settled or s.isascii() else unicodedata.normalize("NFKC", s)) for s in spellings)
        decided = np.array([self._words.get(term, UNKNOWN) if term else DROPPED for term in terms], np.int32)
        self._table[slots, 1] = places << np.uint64(32) | decided.astype(np.uint64)
        return decided

    def _spelling(self, key: int, place: int) -> str:
        if key < HASHED:
            return key.to_bytes(8, "little").rstrip(b"\0").decode("utf-8")
        n = int(self._arena[place])
        return self._arena[place + 1 : place + 1 - -n // 8].tobytes()[:n].decode("utf-8")

    def _make_room(self, n_bytes: int) -> None:
        """Room for as many new spellings as ``n_bytes`` can hold."""
        is_roomy = len(self._table) > max(MOST_SLOTS, 16 * n_bytes)  # a piece of many megabytes was here
        if self._n_spellings > MOST_SPELLINGS or is_roomy:
            self._forget()
        if self._n_arena + n_bytes > len(self._arena):  # eight letters and a blank take three words of eight bytes
            arena = np.zeros(max(self._n_arena + n_bytes, 2 * len(self._arena)), np.uint64)
            arena[: self._n_arena] = self._arena[: self._n_arena]
            self._arena = arena
        n_spellings = self._n_spellings + n_bytes // 2 + 2
        if 4 * n_spellings >= 3 * len(self._table):
            table = np.zeros((1 << (3 * n_spellings // 2).bit_length(), 2), np.uint64)
            grow_table(self._table, table)
            self._table = table

    def _forget(self) -> None:
        """Begin with no spelling but that of a break."""
        self._table = np.zeros((2 * BATCH_BYTES, 2), np.uint64)
        self._table[slot_of(BREAK_KEY, np.uint64(len(self._table) - 1))] = BREAK_KEY, BREAK
        self._arena = np.zeros(4 * BATCH_BYTES, np.uint64)
        self._n_arena = 0
        self._n_spellings = 1


def _new_rows(n: int, width: int) -> NDArray[np.float32]:
    """Rows of zeros, at least ``width`` long, each from the beginning of a line of the cache to the end of one."""
    width = -(-width // LINE) * LINE
    room = np.zeros(n * width + LINE, np.float32)
    skipped = -room.ctypes.data // room.itemsize % LINE
    return room[skipped : skipped + n * width].reshape(n, width)


def settle(text: str) -> str:
    """A text as the analyzer's regular expression sees it."""
    return unicodedata.normalize("NFKC", text).replace("\u00ad", "")


@lru_cache(maxsize=1)
def character_kinds() -> NDArray[np.uint8]:
    """The kind of each code point below ``TABLE_CODES``, and that of all others together, in text as it comes.

    It is made from the running Python's Unicode data, as the regular expressions of the analyzer are.
    """
    return np.array([*map(_kind_of, range(TABLE_CODES)), SLOW], np.uint8)


def _kind_of(code: int) -> int:
    character = chr(code)
    if code == 0x2026:
        return ELLIPSIS
    folded = unicodedata.normalize("NFKC", character)
    # marks and Hangul jamo join what stands before them; soft hyphens vanish
    joins = unicodedata.category(character)[0] == "M" or 0x1100 <= code <= 0x11FF or code == 0xAD
    if len(folded) != 1 or joins or unicodedata.category(folded)[0] == "M":
        return SLOW
    if folded.isalnum() or folded == "_":
        return WORD
    return _MARKS.get(folded, OTHER)


@lru_cache(maxsize=1)
def settled_kinds() -> NDArray[np.uint8]:
    """The same in text that is settled, where a character is what it is. No letter stands beyond ``LETTER_CODES``."""
    kinds = np.full(LETTER_CODES + 1, OTHER, np.uint8)
    codes = np.arange(LETTER_CODES, dtype=np.uint32)
    codes[0xD800:0xE000] = 0  # surrogates, which are no letters
    for word in re.finditer(r"\w+", codes.tobytes().decode("utf-32-le")):
        kinds[word.start() : word.end()] = WORD
    for mark, kind in _MARKS.items():
        kinds[ord(mark)] = kind
    return kinds


def _batches(texts: Sequence[str], piece_of: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges of texts of about ``BATCH_BYTES`` each that keep the texts of a piece together."""
    ranges = []
    begin = n = 0
    for place, text in enumerate(texts):
        if n + len(text) > BATCH_BYTES and place > begin and piece_of[place] != piece_of[place - 1]:
            ranges.append((begin, place))
            begin, n = place, 0
        n += len(text)
    if begin < len(texts):
        ranges.append((begin, len(texts)))
    return ranges
