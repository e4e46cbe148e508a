"""The commonest words of English, counted.

In: the code points of a text. Out: how many tokens stand in it between white space, how many of them are such words,
and whether there is a letter of another script.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.paragraphs.scan import is_space

__all__ = ["count_common", "hold_common"]

COMMON: Final = (
    "the of and to in is that for on was with as it at by he from be are have his has this not but they who an "
    "were which their said will would been had its or she more after about"
).split()
_LONGEST: Final = 5  # letters
_SPREAD: Final = 205829  # by which no two of them share a slot
_SLOTS: Final = 128


@kernel
def _slot(word):
    """Where a word of up to five letters, as the number that its bytes are, stands in the table."""
    return ((word * _SPREAD) >> 20) & (_SLOTS - 1)


def _build_table() -> NDArray[np.int64]:
    table = np.zeros(_SLOTS, np.int64)
    for word in COMMON:
        number = int.from_bytes(word.encode("ascii"), "big")
        table[((number * _SPREAD) >> 20) & (_SLOTS - 1)] = number
    return table


_TABLE: Final = _build_table()


@kernel
def count_common(codes: NDArray[np.uint32]) -> tuple[int, int, bool]:
    """Tokens, common words among them, and whether there may be a letter that is not Latin."""
    n_tokens = 0
    n_common = 0
    may_be_foreign = False
    length = 0
    word = np.int64(0)
    for code in codes:
        if is_space(code):
            if length:
                n_tokens += 1
                n_common += length <= _LONGEST and _TABLE[_slot(word)] == word
            length = 0
            word = np.int64(0)
            continue
        length += 1
        if code >= 128:
            length = _LONGEST + 1
            may_be_foreign |= code >= 0x250 and not 0x2000 <= code < 0x2070
        word = (word << 8) | np.int64(code | 32)
    if length:
        n_tokens += 1
        n_common += length <= _LONGEST and _TABLE[_slot(word)] == word
    return n_tokens, n_common, may_be_foreign


@kernel
def hold_common(codes: NDArray[np.uint32], width: int, fewest: int, share: float) -> bool:
    """Do the first, the middle and the last ``width`` code points each hold ``fewest`` tokens, of which a ``share`` are
    common words, and no letter that may not be Latin?"""
    last = codes.shape[0] - width
    for k in range(3):
        start = last * k // 2
        n_tokens, n_common, may_be_foreign = count_common(codes[start : start + width])
        if may_be_foreign or n_tokens < fewest or n_common < share * n_tokens:
            return False
    return True
