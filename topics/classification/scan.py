"""Numba loops of classification: UTF-8 to tokens, tokens to counted terms, counts to scores.

``read_words`` cuts exactly the tokens of the analyzer's regular expression and numbers their spellings in a table that
grows as new ones come; what a spelling counts as is decided by the analyzer itself, once, outside. ``score_words``
counts words and pairs of a piece and adds up the rows of the layer.

What the tricks are worth, on 2.5 KB news pieces and one core: a table of spellings beats a dictionary of strings eight
times; eight bytes classified at once, which are the key of a short word too, take a third off reading; looking words up
in a loop of its own a seventh, and so pairs a quarter off counting; rows of all columns side by side beat a sparse
product for each set of columns three times; a table of logarithms saves an eighth of the whole.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np

from topics.jit import kernel

__all__ = [
    "BREAK",
    "BREAK_KEY",
    "DROPPED",
    "FIRST_WORD",
    "HASHED",
    "PADDING",
    "UNKNOWN",
    "decide_words",
    "fill_pairs",
    "grow_table",
    "read_words",
    "score_words",
    "slot_of",
]

# what a token counts as
DROPPED: Final = 0
BREAK: Final = 1  # no pair of words reaches across it
UNKNOWN: Final = 2  # a word that no term of the vocabulary holds
FIRST_WORD: Final = 3

# kinds of characters; from DOT on they may carry a word on
OTHER: Final = 0
NEWLINE: Final = 1
ELLIPSIS: Final = 2  # three full stops in one
STOP: Final = 3  # ! ?
DOT: Final = 4
JOINER: Final = 5  # apostrophes and hyphens: inside a word they belong to it
WORD: Final = 6
SLOW: Final = 7  # NFKC is not one code point, or depends on its neighbours

BLANK: Final = 32
PADDING: Final = 16  # NULs behind the last text, so that no look ahead needs to know where a text ends

_FNV: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
HASHED: Final = np.uint64(1 << 63)  # set in keys that are hashes
BREAK_KEY: Final = np.uint64(1)  # no spelling: a break, which is in every table from the start
_NO_KEY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)  # a hash that is never made: its second highest bit is taken off
_KEY_BYTES: Final = 8
_ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)
_ONES: Final = np.uint64(0x0101010101010101)
_HIGHS: Final = np.uint64(0x8080808080808080)
_LOWS: Final = np.uint64(0x7F7F7F7F7F7F7F7F)
_CASES: Final = np.uint64(0x2020202020202020)
# what lifts a byte from each of these on, and none below, to its high bit
_FROM_A: Final = np.uint64((0x80 - ord("a")) * 0x0101010101010101)
_BEYOND_Z: Final = np.uint64((0x80 - ord("z") - 1) * 0x0101010101010101)
_FROM_0: Final = np.uint64((0x80 - ord("0")) * 0x0101010101010101)
_BEYOND_9: Final = np.uint64((0x80 - ord("9") - 1) * 0x0101010101010101)


@kernel
def _load(data, i):
    """Eight bytes as one integer, the first lowest: one instruction, since the places cannot be negative."""
    at = np.uint64(i)
    return (
        np.uint64(data[at])
        | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
        | np.uint64(data[at + np.uint64(2)]) << np.uint64(16)
        | np.uint64(data[at + np.uint64(3)]) << np.uint64(24)
        | np.uint64(data[at + np.uint64(4)]) << np.uint64(32)
        | np.uint64(data[at + np.uint64(5)]) << np.uint64(40)
        | np.uint64(data[at + np.uint64(6)]) << np.uint64(48)
        | np.uint64(data[at + np.uint64(7)]) << np.uint64(56)
    )


@kernel
def _load_some(data, i, n):
    """The first ``n`` of them, 1 to 8, the others 0."""
    return _load(data, i) & (_ALL >> np.uint64(64 - 8 * n))


@kernel
def _mark_others(x):
    """The high bit of each of eight bytes that is no ASCII letter and no digit (all at once: Mycroft 1987)."""
    low = x & _LOWS
    small = low | _CASES
    letters = (small + _FROM_A) & ~(small + _BEYOND_Z)
    digits = (low + _FROM_0) & ~(low + _BEYOND_9)
    return (~(letters | digits) | x) & _HIGHS


@kernel
def _below(marks):
    """All bits of the bytes below the first mark; of no mark, all."""
    return ((marks & (~marks + np.uint64(1))) >> np.uint64(7)) - np.uint64(1)


@kernel
def _count_bytes(bits):
    return np.int64(((bits & _ONES) * _ONES) >> np.uint64(56))


@kernel
def _kind_at(data, i, kinds):
    """The kind of the character that begins at ``i``, and its length in bytes."""
    first = np.int64(data[i])
    if first < 0x80:
        return np.int64(kinds[first]), 1
    if first < 0xE0:
        return np.int64(kinds[(first & 31) << 6 | np.int64(data[i + 1]) & 63]), 2
    beyond = kinds.shape[0] - 1
    code = (first & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | np.int64(data[i + 2]) & 63
    if first < 0xF0:
        return np.int64(kinds[min(code, beyond)]), 3
    return np.int64(kinds[min((code & 0x7FFF) << 6 | np.int64(data[i + 3]) & 63, beyond)]), 4


@kernel
def _is_word(data, i, kinds):
    return _kind_at(data, i, kinds)[0] == WORD


@kernel
def _step_back(data, i):
    """Where the character before ``i`` begins."""
    i -= 1
    while data[i] & 0xC0 == 0x80:
        i -= 1
    return i


@kernel
def _end_word(data, i, kinds):
    """The end of a word that has been read up to ``i``."""
    while True:
        marks = _mark_others(_load(data, i))
        if marks == 0:
            i += 8
            continue
        i += _count_bytes(_below(marks))
        kind, size = _kind_at(data, i, kinds)
        if kind == JOINER:  # a mark that a letter follows belongs to the word
            if not _is_word(data, i + size, kinds):
                return i
        elif kind == DOT:  # and so does a dot that a single letter follows
            follows, length = _kind_at(data, i + size, kinds)
            if follows != WORD or _is_word(data, i + size + length, kinds):
                return i
        elif kind != WORD:
            return i
        i += size


@kernel
def _key_of(data, start, end):
    """Up to eight bytes as they are, else a hash of them eight at a time (as FNV-1a; Fowler, Noll, Vo 1991)."""
    n = end - start
    value = _FNV
    while end - start > _KEY_BYTES:
        value = (value ^ _load(data, start)) * _PRIME
        start += 8
    last = _load_some(data, start, end - start)
    if n <= _KEY_BYTES and last < HASHED:
        return last
    value = ((value ^ last) ^ np.uint64(n)) * _PRIME
    return ((value ^ (value >> np.uint64(29))) >> np.uint64(2)) | HASHED


@kernel
def slot_of(key, mask):
    x = key * _MIX
    return (x ^ (x >> np.uint64(32))) & mask


@kernel
def _find(key, table, slot):
    """The slot of a key from ``slot`` on, or the empty one where it would stand.

    ``table`` (n_slots, 2) holds keys and numbers side by side, so that a word costs one line of the cache.
    """
    mask = np.uint64(table.shape[0] - 1)
    while True:
        found = table[slot, 0]
        if found == key or found == np.uint64(0):
            return slot
        slot = (slot + np.uint64(1)) & mask


@kernel
def _pack(place, word):
    """What a slot says of its spelling: where it is written down, and what it counts as (or a number below 0)."""
    return np.uint64(place) << np.uint64(32) | np.uint64(word & 0xFFFFFFFF)


@kernel
def _place_of(packed):
    return np.int64(packed >> np.uint64(32))


@kernel
def _word_of(packed):
    return np.int32(np.uint32(packed & np.uint64(0xFFFFFFFF)))


@kernel
def _is_spelled(arena, place, data, start, end):
    """Whether this spelling is written down there: two may have the same hash."""
    n = end - start
    if arena[place] != np.uint64(n):
        return False
    place += 1
    while n > 8:
        if arena[place] != _load(data, start):
            return False
        place += 1
        start += 8
        n -= 8
    return arena[place] == _load_some(data, start, n)


@kernel
def _write_down(arena, place, data, start, end):
    """Its length, then the spelling eight bytes at a time; returns the place behind it."""
    n = end - start
    arena[place] = np.uint64(n)
    place += 1
    while n > 8:
        arena[place] = _load(data, start)
        place += 1
        start += 8
        n -= 8
    arena[place] = _load_some(data, start, n)
    return place + 1


@kernel
def grow_table(old, new):
    """Put the keys and numbers of one table into a larger, empty one."""
    mask = np.uint64(new.shape[0] - 1)
    for i in range(old.shape[0]):
        if old[i, 0] != 0:
            slot = _find(_NO_KEY, new, slot_of(old[i, 0], mask))
            new[slot, 0] = old[i, 0]
            new[slot, 1] = old[i, 1]


@kernel
def _cut(data, begin, end, kinds, keys, starts, ends):
    """Fill in the keys, starts and ends of the tokens of one text; returns how many they are, or -1 where there is a
    SLOW character."""
    n = 0
    i = begin
    while i < end:
        kind, size = _kind_at(data, i, kinds)
        if kind == WORD:
            start = i
            packed = _load(data, i)
            marks = _mark_others(packed)
            if marks == 0:
                i = _end_word(data, i + 8, kinds)
                key = _key_of(data, start, i)
            else:  # seven words in ten end within eight letters, and most of them at a mark that ends them surely
                own = _below(marks)
                i += _count_bytes(own)
                key = packed & own
                if data[i] >= 0x80 or kinds[data[i]] >= DOT:
                    i = _end_word(data, i, kinds)
                    key = _key_of(data, start, i)
            keys[n] = key
            starts[n] = start
            ends[n] = i
            n += 1
            i += data[i] == BLANK  # as most words do, so that the next round finds the next word
            continue
        if kind == STOP or kind == DOT:
            # a stop after a single letter ends no sentence, nor does one that a word follows
            breaks = not _is_word(data, i + size, kinds)
            if breaks and i > begin:
                before = _step_back(data, i)
                if _is_word(data, before, kinds):
                    breaks = before > begin and _is_word(data, _step_back(data, before), kinds)
            keys[n] = BREAK_KEY
            n += breaks
        elif kind == NEWLINE or kind == ELLIPSIS:
            keys[n] = BREAK_KEY
            n += 1
        elif kind == SLOW:
            return -1
        i += size
    return n


@kernel
def read_words(data, text_at, kinds, table, arena, n_arena, new_slots, words, word_at, slow):
    """Fill ``words`` with what the tokens of each text count as, those that are dropped left out, and ``word_at``
    (n + 1) with where the words of each text begin.

    Text ``i`` is the UTF-8 of ``data[text_at[i]:text_at[i + 1] - 1]``: between texts stands a NUL, and PADDING of them
    behind the last. ``kinds`` says what a code point is, its last entry what all beyond are. A text with a SLOW one is
    marked in ``slow`` and gives no words. Of a spelling that is met for the first time the slot is put into
    ``new_slots``, and a number below 0 stands for it until it is decided (:func:`decide_words`). Spellings whose keys
    are hashes are written down in ``arena`` from ``n_arena`` on. Returns how many spellings are new, and how much of
    the arena is filled then.

    Cutting and looking up are two loops: what the table's memory keeps waiting in the second then waits together.
    """
    n = 0
    n_new = 0
    longest = 0
    for text in range(text_at.shape[0] - 1):
        longest = max(longest, text_at[text + 1] - text_at[text])
    keys = np.empty(longest + 1, np.uint64)
    starts = np.empty(longest + 1, np.int64)
    ends = np.empty(longest + 1, np.int64)
    mask = np.uint64(table.shape[0] - 1)
    for text in range(text_at.shape[0] - 1):
        word_at[text] = n
        n_tokens = _cut(data, text_at[text], text_at[text + 1] - 1, kinds, keys, starts, ends)
        slow[text] = n_tokens < 0
        for k in range(n_tokens):
            key = keys[k]
            slot = _find(key, table, slot_of(key, mask))
            while (
                key >= HASHED
                and table[slot, 0] == key
                and not _is_spelled(arena, _place_of(table[slot, 1]), data, starts[k], ends[k])
            ):
                slot = _find(key, table, (slot + np.uint64(1)) & mask)
            if table[slot, 0] != key:
                table[slot, 0] = key
                new_slots[n_new] = slot
                n_new += 1
                table[slot, 1] = _pack(n_arena, -n_new)
                if key >= HASHED:
                    n_arena = _write_down(arena, n_arena, data, starts[k], ends[k])
            word = _word_of(table[slot, 1])
            words[n] = word
            n += word != DROPPED  # two tokens in five are; a branch would be wrong at every other one
    word_at[text_at.shape[0] - 1] = n
    return n_new, n_arena


@kernel
def decide_words(words, word_at, decided):
    """Put what new spellings count as in their places in ``words``; ``decided[k]`` is that of the number ``-k - 1``."""
    n = 0
    for text in range(word_at.shape[0] - 1):
        begin, end = word_at[text], word_at[text + 1]
        word_at[text] = n
        for word in words[begin:end]:
            if word < 0:
                word = decided[-word - 1]
            words[n] = word
            n += word != DROPPED
    word_at[word_at.shape[0] - 1] = n


@kernel
def _bit_of(key, mask):
    """The place of a pair's bit in the filter: its word, and the bit in that."""
    x = key * _MIX
    return (x >> np.uint64(38)) & mask, np.uint64(1) << ((x >> np.uint64(32)) & np.uint64(63))


@kernel
def fill_pairs(first, second, rows, pairs, bits):
    """Put pairs of word numbers into an open-addressing table (n_slots, 2) of keys and rows; a key of 0 is an empty
    slot, and no pair has it.

    ``bits`` is a filter of one bit a pair (Bloom 1970): of the pairs of a text nine in ten are in no term, and for
    most of these the filter, which the nearest cache holds, says so.
    """
    mask = np.uint64(pairs.shape[0] - 1)
    bits_mask = np.uint64(bits.shape[0] - 1)
    for i in range(first.shape[0]):
        key = (np.uint64(first[i]) << np.uint64(32)) | np.uint64(second[i])
        slot = _find(key, pairs, slot_of(key, mask))
        pairs[slot, 0] = key
        pairs[slot, 1] = np.uint64(rows[i])
        place, bit = _bit_of(key, bits_mask)
        bits[place] |= bit


@kernel
def score_words(
    words, word_at, piece_of, weight_of, lead_of, n_single, pairs, pair_bits, idf, layer, logs, counts, scores, known
):
    """Add the rows of ``layer`` (n_terms, n_columns) into ``scores`` (n_pieces, n_columns) by the TF-IDF of each piece.

    Text ``i``, ``words[word_at[i]:word_at[i + 1]]``, belongs to piece ``piece_of[i]`` (ascending) and counts
    ``weight_of[i]`` times, its first ``lead_of[i]`` words once more. The ``n_single`` words from FIRST_WORD on are
    terms, with the first rows. ``known`` (n_pieces,) is filled with the number of different terms. ``counts``
    (n_terms,) is scratch and must be zero; it is left so. ``logs[n]`` is 1 + log n.
    """
    mask = np.uint64(pairs.shape[0] - 1)
    bits_mask = np.uint64(pair_bits.shape[0] - 1)
    n_texts = piece_of.shape[0]
    longest = begin = 0
    for text in range(n_texts):
        begin = begin if text and piece_of[text] == piece_of[text - 1] else word_at[text]
        longest = max(longest, word_at[text + 1] - begin)
    touched = np.empty(2 * longest + 1, np.int32)
    likely = np.empty(longest + 1, np.uint64)
    weights = np.empty(longest + 1, np.int64)
    sums = np.zeros(layer.shape[1], np.float64)
    text = 0
    while text < n_texts:
        piece = piece_of[text]
        n = 0
        n_likely = 0
        while text < n_texts and piece_of[text] == piece:
            lead = lead_of[text]
            before = np.uint64(0)
            for word in words[word_at[text] : word_at[text + 1]]:
                if word < FIRST_WORD:
                    lead -= word == UNKNOWN
                    before = np.uint64(0)
                    continue
                weight = weight_of[text] + (lead > 0)
                lead -= 1
                row = word - FIRST_WORD
                if row < n_single:
                    touched[n] = row
                    n += counts[row] == 0
                    counts[row] += weight
                key = before | np.uint64(word)  # without a word before it, that of no pair
                place, bit = _bit_of(key, bits_mask)
                likely[n_likely] = key
                weights[n_likely] = weight
                n_likely += (pair_bits[place] & bit) != 0
                before = np.uint64(word) << np.uint64(32)
            text += 1
        for k in range(n_likely):  # apart from the loop above, so that neither waits for the other's memory
            slot = _find(likely[k], pairs, slot_of(likely[k], mask))
            if pairs[slot, 0] == likely[k]:
                row = np.int32(pairs[slot, 1])
                touched[n] = row
                n += counts[row] == 0
                counts[row] += weights[k]
        known[piece] = n
        length = 0.0
        for f in range(sums.shape[0]):
            sums[f] = 0.0
        for row in touched[:n]:
            count = counts[row]
            counts[row] = 0
            value = (logs[count] if count < logs.shape[0] else 1.0 + math.log(count)) * idf[row]
            length += value * value
            pulls = layer[row]
            for f in range(sums.shape[0]):
                sums[f] += value * pulls[f]
        if n:
            length = math.sqrt(length)
            for f in range(sums.shape[0]):
                scores[piece, f] += sums[f] / length
