"""Numba loops of classification: code points to tokens, tokens to counted terms, counts to scores.

``read_tokens`` cuts exactly the tokens of the analyzer's regular expression and numbers their spellings in a table that
grows as new ones come; what a spelling counts as is decided by the analyzer itself, once, outside. ``score_words``
counts words and pairs of a piece and adds up the rows of the layer.

What the tricks are worth, on 2.5 KB news pieces and one core: spellings as code points in one arena beat a dictionary
of strings eight times; rows of all columns side by side beat a sparse product for each set of columns three times; a
table of logarithms saves an eighth of the whole.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from typing import Final

import numpy as np

from topics.jit import kernel

__all__ = [
    "ASCII",
    "BREAK",
    "DROPPED",
    "FIRST_WORD",
    "TABLE_CODES",
    "UNKNOWN",
    "fill_pairs",
    "grow_table",
    "read_tokens",
    "score_words",
]

# what a token counts as
DROPPED: Final = 0
BREAK: Final = 1  # no pair of words reaches across it
UNKNOWN: Final = 2  # a word that no term of the vocabulary holds
FIRST_WORD: Final = 3

# classes of code points, in the high bits of the character table; the low 16 bits are the code in NFKC
TABLE_CODES: Final = 0x3000  # beyond are scripts and signs that are read the slow way
ASCII: Final = 128
OTHER: Final = 0
WORD: Final = 1
STOP: Final = 2  # . ! ?
NEWLINE: Final = 3
JOINER: Final = 4  # apostrophes and hyphens: inside a word they belong to it
ELLIPSIS: Final = 5  # three full stops in one
SLOW: Final = 6  # NFKC is not one code point, or depends on its neighbours

_FNV: Final = np.uint64(0xCBF29CE484222325)
_PRIME: Final = np.uint64(0x100000001B3)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_HASHED: Final = np.uint64(1 << 63)  # set in keys that are hashes; no eight ASCII letters set it
_NO_KEY: Final = np.uint64(0xFFFFFFFFFFFFFFFF)  # a hash that is never made: its second highest bit is taken off
_KEY_LETTERS: Final = 8


@kernel
def _read_at(codes, i, characters):
    """What the character table says of a code point."""
    return characters[min(codes[i], np.uint32(TABLE_CODES))]


@kernel
def _slot_of(key, mask):
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
def _is_spelled(entry, codes, start, end, characters, arena, arena_at):
    """Whether the spelling of that number is this one: two may have the same hash."""
    at = arena_at[entry]
    if arena_at[entry + 1] - at != end - start:
        return False
    for k in range(end - start):
        if arena[at + k] != (_read_at(codes, start + k, characters) & np.uint32(0xFFFF)):
            return False
    return True


@kernel
def _write_down(n_entries, codes, start, end, characters, arena, arena_at):
    at = arena_at[n_entries]
    for k in range(end - start):
        arena[at + k] = np.uint16(_read_at(codes, start + k, characters) & 0xFFFF)
    arena_at[n_entries + 1] = at + end - start


@kernel
def grow_table(old, new):
    """Put the keys and numbers of one table into a larger, empty one."""
    mask = np.uint64(new.shape[0] - 1)
    for i in range(old.shape[0]):
        if old[i, 0] != 0:
            slot = _find(_NO_KEY, new, _slot_of(old[i, 0], mask))
            new[slot, 0] = old[i, 0]
            new[slot, 1] = old[i, 1]


@kernel
def _take(letter, packed, shift, value):
    """One more letter of a key: the eight at hand, how many bits they fill, the hash of those before them."""
    if shift == 64:
        value = (value ^ packed) * _PRIME
        packed = np.uint64(0)
        shift = np.uint64(0)
    return packed ^ (letter << shift), shift + np.uint64(8), value


@kernel
def read_tokens(codes, text_at, characters, is_letter, table, arena, arena_at, n_entries, tokens, token_at, slow):
    """Fill ``tokens`` with the numbers of the spellings in each text, ``token_at`` (n + 1) with where these begin.

    Text ``i`` is ``codes[text_at[i]:text_at[i + 1] - 1]``: between texts, and twice behind the last, stands a NUL, so
    that no look back or ahead needs to know where a text ends. ``is_letter`` (ASCII,) says what ``characters`` says,
    shorter. A break has the number 0. A text that has to be read the slow way is marked in ``slow`` and gives no
    tokens. Returns the number of spellings that are known then.
    """
    n_tokens = 0
    mask = np.uint64(table.shape[0] - 1)
    for text in range(text_at.shape[0] - 1):
        token_at[text] = n_tokens
        i = text_at[text]
        end = text_at[text + 1] - 1
        while i < end:
            at = _read_at(codes, i, characters)
            kind = at >> 16
            if kind == WORD:
                # the key: up to eight ASCII letters as they are, else a hash of them eight at a time (as FNV-1a;
                # Fowler, Noll, Vo 1991): one multiplication a letter took a third longer
                start = i
                packed = np.uint64(0)
                shift = np.uint64(0)
                seen = np.uint64(0)
                value = _FNV
                while True:
                    code = codes[i]
                    while code < ASCII and is_letter[code]:  # nine letters in ten; a third off the whole loop
                        packed, shift, value = _take(np.uint64(code), packed, shift, value)
                        i += 1
                        code = codes[i]
                    at = _read_at(codes, i, characters)
                    kind = at >> 16
                    if kind == JOINER:  # a mark that a letter follows belongs to the word
                        if _read_at(codes, i + 1, characters) >> 16 != WORD:
                            break
                    elif kind != WORD and (
                        at != (STOP << 16 | 46)
                        or _read_at(codes, i + 1, characters) >> 16 != WORD
                        or _read_at(codes, i + 2, characters) >> 16 == WORD
                    ):
                        break
                    letter = np.uint64(at & np.uint32(0xFFFF))
                    packed, shift, value = _take(letter, packed, shift, value)
                    seen |= letter
                    i += 1
                key = packed
                if seen >= 128 or i - start > _KEY_LETTERS:
                    value = ((value ^ packed) ^ np.uint64(i - start)) * _PRIME
                    key = ((value ^ (value >> np.uint64(29))) >> np.uint64(2)) | _HASHED
                slot = _find(key, table, _slot_of(key, mask))
                while (
                    key >= _HASHED
                    and table[slot, 0] == key
                    and not _is_spelled(np.int64(table[slot, 1]), codes, start, i, characters, arena, arena_at)
                ):
                    slot = _find(key, table, (slot + np.uint64(1)) & mask)
                if table[slot, 0] != key:
                    table[slot, 0] = key
                    table[slot, 1] = np.uint64(n_entries)
                    _write_down(n_entries, codes, start, i, characters, arena, arena_at)
                    n_entries += 1
                tokens[n_tokens] = np.int32(table[slot, 1])
                n_tokens += 1
                continue
            if kind == STOP:
                # a dot after a single letter ends no sentence, nor does one that a word follows
                ends = _read_at(codes, i + 1, characters) >> 16 != WORD
                if ends and i > text_at[text] and _read_at(codes, i - 1, characters) >> 16 == WORD:
                    ends = i - 1 > text_at[text] and _read_at(codes, i - 2, characters) >> 16 == WORD
                if ends:
                    tokens[n_tokens] = 0
                    n_tokens += 1
            elif kind == NEWLINE or kind == ELLIPSIS:
                tokens[n_tokens] = 0
                n_tokens += 1
            elif kind == SLOW:
                slow[text] = True
                n_tokens = token_at[text]
                break
            i += 1
    token_at[text_at.shape[0] - 1] = n_tokens
    return n_entries


@kernel
def _pair_slot(key, mask):
    x = key * _MIX
    return (x ^ (x >> np.uint64(32))) & mask


@kernel
def _bit_of(key, mask):
    """The place of a pair's bit in the filter: its word, and the bit in that."""
    x = key * _MIX
    return (x >> np.uint64(38)) & mask, np.uint64(1) << ((x >> np.uint64(32)) & np.uint64(63))


@kernel
def fill_pairs(first, second, columns, keys, values, bits):
    """Put pairs of word numbers into an open-addressing table; a key of 0 is an empty slot, and no pair has it.

    ``bits`` is a filter of one bit a pair (Bloom 1970): of the pairs of a text nine in ten are in no term, and for
    most of these the filter, which the nearest cache holds, says so.
    """
    mask = np.uint64(keys.shape[0] - 1)
    bits_mask = np.uint64(bits.shape[0] - 1)
    for i in range(first.shape[0]):
        key = (np.uint64(first[i]) << np.uint64(32)) | np.uint64(second[i])
        slot = _pair_slot(key, mask)
        while keys[slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        keys[slot] = key
        values[slot] = columns[i]
        place, bit = _bit_of(key, bits_mask)
        bits[place] |= bit


@kernel
def score_words(
    words, word_at, piece_of, weight_of, lead_of, column_of, pair_keys, pair_values, pair_bits, idf, layer, logs,
    counts, scores, known ):  # fmt: skip
    """Add the rows of ``layer`` (n_terms, n_columns) into ``scores`` (n_pieces, n_columns) by the TF-IDF of each piece.

    Text ``i``, ``words[word_at[i]:word_at[i + 1]]``, belongs to piece ``piece_of[i]`` (ascending) and counts
    ``weight_of[i]`` times, its first ``lead_of[i]`` words once more. ``known`` (n_pieces,) is filled with the number of
    different terms. ``counts`` (n_terms,) is scratch and must be zero; it is left so. ``logs[n]`` is 1 + log n.
    """
    mask = np.uint64(pair_keys.shape[0] - 1)
    bits_mask = np.uint64(pair_bits.shape[0] - 1)
    touched = np.empty(2 * words.shape[0] + 1, np.int64)
    sums = np.zeros(layer.shape[1], np.float64)
    n_texts = piece_of.shape[0]
    text = 0
    while text < n_texts:
        piece = piece_of[text]
        n = 0
        while text < n_texts and piece_of[text] == piece:
            lead = lead_of[text]
            before = np.int64(0)
            for at in range(word_at[text], word_at[text + 1]):
                word = words[at]
                if word == DROPPED:
                    continue
                if word < FIRST_WORD:
                    lead -= word == UNKNOWN
                    before = np.int64(0)
                    continue
                weight = weight_of[text] + (lead > 0)
                lead -= 1
                column = np.int64(column_of[word])
                if column >= 0:
                    if counts[column] == 0:
                        touched[n] = column
                        n += 1
                    counts[column] += weight
                if before:
                    key = (np.uint64(before) << np.uint64(32)) | np.uint64(word)
                    place, bit = _bit_of(key, bits_mask)
                    slot = _pair_slot(key, mask)
                    while pair_bits[place] & bit and pair_keys[slot] != 0:
                        if pair_keys[slot] == key:
                            column = np.int64(pair_values[slot])
                            if counts[column] == 0:
                                touched[n] = column
                                n += 1
                            counts[column] += weight
                            break
                        slot = (slot + np.uint64(1)) & mask
                before = np.int64(word)
            text += 1
        known[piece] = n
        length = 0.0
        for f in range(sums.shape[0]):
            sums[f] = 0.0
        for k in range(n):
            column = touched[k]
            count = counts[column]
            counts[column] = 0
            value = (logs[count] if count < logs.shape[0] else 1.0 + math.log(count)) * idf[column]
            length += value * value
            for f in range(sums.shape[0]):
                sums[f] += value * layer[column, f]
        if n:
            length = math.sqrt(length)
            for f in range(sums.shape[0]):
                scores[piece, f] += sums[f] / length
