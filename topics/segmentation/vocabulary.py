"""The words that the boundary model knows, as arrays that a kernel can look things up in.

A word is found by the 64-bit hash of its lower case; what is known of it (its number, the closed classes it belongs to,
the term that stands for all its inflections) lies at its number. Everything here is learned from the training
corpora and travels with the weights; words outside the vocabulary are told apart by their last letters.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.arrays import check_shapes
from topics.segmentation.lexicon import N_CHARACTERS, CharacterTable

__all__ = [
    "FIRST_WORD",
    "HIDDEN",
    "N_ENDINGS",
    "N_TERMS",
    "PADDING",
    "SYMBOL",
    "YEAR",
    "Vocabulary",
    "classes_of",
    "find_word",
    "index_of",
    "term_of",
]

N_TERMS: Final = 1 << 17  # hashing space of content terms and names
N_ENDINGS: Final = 512  # buckets for words outside the vocabulary, by their last three letters

# Token numbers: 0 is no token, then five kinds of numbers, an unknown symbol, a hidden token, then the words.
PADDING: Final = 0
YEAR: Final = 1  # four digits that begin with 1 or 2
# 2 to 5: figures of one, two, three and more digits
SYMBOL: Final = 6
HIDDEN: Final = 7  # a token left out while learning
FIRST_WORD: Final = 16


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is known of words. ``keys`` (n_words,) are hashes; word ``i`` has the token number ``FIRST_WORD + i``.

    ``classes`` (n_words,) are bits of :mod:`lexicon`; ``terms`` (n_words,) term slots below ``N_TERMS``;
    ``weight_of_term`` (N_TERMS,) the inverse document frequency of hashed terms.
    """

    keys: NDArray[np.uint64]
    classes: NDArray[np.uint8]
    terms: NDArray[np.int32]
    weight_of_term: NDArray[np.float32]
    characters: CharacterTable
    # open addressing: the key of a word beside all that is known of it (see :func:`index_of`), 0 where a slot is empty
    slots: NDArray[np.uint64] = field(init=False)

    def __post_init__(self) -> None:
        size = 1 << max(10, int(len(self.keys) * 3).bit_length())
        slots = np.zeros((size, 2), np.uint64)
        _fill(slots, self.keys, self.classes, self.terms)
        object.__setattr__(self, "slots", slots)

    @property
    def n_tokens(self) -> int:
        """How many token numbers there are."""
        return FIRST_WORD + len(self.keys) + N_ENDINGS

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle."""
        return {
            "keys": self.keys,
            "classes": self.classes,
            "terms": self.terms,
            "weight_of_term": self.weight_of_term.astype(np.float16),
            "characters": self.characters,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Vocabulary:
        """The inverse of :meth:`to_arrays`; a missing array is a ``KeyError``, one that does not fit the others a
        ``ValueError``."""
        keys, terms = arrays["keys"], arrays["terms"].astype(np.int32)
        check_shapes(arrays, dict.fromkeys(("keys", "classes", "terms"), keys.shape[:1]))
        check_shapes(arrays, {"weight_of_term": (N_TERMS,), "characters": (N_CHARACTERS,)})
        if ((terms < 0) | (terms >= N_TERMS)).any():
            raise ValueError(f"terms: not all below {N_TERMS}")
        return cls(
            keys.astype(np.uint64),
            arrays["classes"].astype(np.uint8),
            terms,
            arrays["weight_of_term"].astype(np.float32),
            arrays["characters"].astype(np.uint32),
        )


@kernel
def _fill(slots, keys, classes, terms):
    mask = np.uint64(slots.shape[0] - 1)
    for i in range(keys.shape[0]):
        slot = keys[i] & mask
        while slots[slot, 1] != 0:
            slot = (slot + np.uint64(1)) & mask
        slots[slot, 0] = keys[i]
        slots[slot, 1] = (
            np.uint64(i + 1) | np.uint64(classes[i]) << np.uint64(32) | np.uint64(terms[i]) << np.uint64(40)
        )


@kernel
def find_word(key, slots):
    """What is known of the word with this hash, 0 where there is none: one look at one place in memory."""
    mask = np.uint64(slots.shape[0] - 1)
    slot = key & mask
    while slots[slot, 1] != 0:
        if slots[slot, 0] == key:
            return slots[slot, 1]
        slot = (slot + np.uint64(1)) & mask
    return np.uint64(0)


@kernel
def index_of(known):
    """The index of a word; -1 of one that is not known."""
    return np.int32(known & np.uint64(0xFFFFFFFF)) - np.int32(1)


@kernel
def classes_of(known):
    """Its classes, none of a word that is not known."""
    return np.int32((known >> np.uint64(32)) & np.uint64(0xFF))


@kernel
def term_of(known):
    """The term of a known word."""
    return np.int32(known >> np.uint64(40))
