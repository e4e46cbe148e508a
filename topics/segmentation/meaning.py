"""Alikeness of neighbouring paragraphs by word vectors.

In: the known words of each paragraph and the words' vectors. Out: each paragraph's summed vector, and the cosines of
windows of such sums before and after it. Many paragraphs go through each step side by side: sums over dimensions
that are added up in their order, as here, could not be made wide instructions of otherwise.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["MEANING", "MEANING_WINDOWS", "Meanings", "meaning"]

MEANING_WINDOWS: Final = (1, 2, 3, 5, 8, 14)
MEANING: Final = tuple(f"{kind}_{k}" for k in MEANING_WINDOWS for kind in ("meaning", "meaning_1", "meaning_on"))

_REACH: Final = MEANING_WINDOWS[-1]
_ABREAST: Final = 64  # paragraphs that are worked on side by side
_SUMS: Final = 5  # of products a window
_WINDOW: Final = _SUMS * _ABREAST  # what is kept of a window

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Meanings:
    """Word vectors: that of word ``i`` is ``steps[i] * scale``. ``steps`` (n_words, n_dimensions), a byte each, fit a
    processor's cache; ``scale`` (n_dimensions,)."""

    steps: NDArray[np.int8]
    scale: Floats

    @property
    def n_dimensions(self) -> int:
        """How long a vector is."""
        return len(self.scale)


@kernel
def meaning(
    starts: NDArray[np.int64],
    words: NDArray[np.int32],
    steps: NDArray[np.int8],
    scale: Floats,
    out: Floats,
    directions: Floats,
) -> None:
    """Fill ``out`` (n, len(MEANING)) with cosines of summed word vectors: the paragraphs before against those after,
    and against the first after; this one against those that follow it. Fill ``directions`` (n, n_dimensions) with the
    direction of each paragraph's own sum, shorter where little is known."""
    n, size = directions.shape
    sums = np.zeros((n, size), np.float32)
    _add_vectors(starts, words, steps, scale, sums)
    beside = np.empty((size, _ABREAST + 2 * _REACH), np.float32)  # a row a dimension, with paragraphs around those
    products = np.empty(len(MEANING_WINDOWS) * _WINDOW, np.float32)
    own = np.empty(_ABREAST, np.float32)
    for first in range(0, n, _ABREAST):
        for x in range(beside.shape[1]):
            i = first + x - _REACH
            for k in range(size):
                beside[k, x] = sums[i, k] if 0 <= i < n else np.float32(0.0)
        _multiply(beside, products, own)
        _divide(products, own)
        for i in range(min(_ABREAST, n - first)):
            shorter = np.divide(np.float32(1.0), math.sqrt(own[i]) + np.float32(1.0))
            for k in range(size):
                directions[first + i, k] = sums[first + i, k] * shorter
            for f in range(len(MEANING_WINDOWS)):
                for k in range(3):
                    out[first + i, 3 * f + k] = products[f * _WINDOW + k * _ABREAST + i]


@kernel
def _add_vectors(starts, words, steps, scale, sums):
    """Whole numbers are added up, then scaled: half the time, and exact."""
    size = len(scale)
    totals = np.empty(size, np.int32)
    for i in range(sums.shape[0]):
        totals[:] = 0
        j = starts[i]
        end = starts[i + 1]
        while j + 4 <= end:
            a, b, c, d = steps[words[j]], steps[words[j + 1]], steps[words[j + 2]], steps[words[j + 3]]
            for k in range(size):
                first, second = np.int16(np.int16(a[k]) + np.int16(b[k])), np.int16(np.int16(c[k]) + np.int16(d[k]))
                totals[k] += np.int32(np.int16(first + second))
            j += 4
        while j < end:
            a = steps[words[j]]
            for k in range(size):
                totals[k] += np.int32(a[k])
            j += 1
        row = sums[i]
        for k in range(size):
            row[k] = np.float32(totals[k]) * scale[k]


@kernel
def _multiply(beside, products, own):
    """Fill ``products`` with the sums over dimensions, for each window: of before with itself, after with itself, both,
    before with the paragraph, after with the paragraph; and ``own`` with that of the paragraph with itself."""
    for i in range(_ABREAST):
        own[i] = 0.0
    for i in range(len(products)):
        products[i] = 1e-6 if i % _WINDOW < 2 * _ABREAST else 0.0
    for k in range(beside.shape[0]):
        row = beside[k]
        for i in range(_ABREAST):  # spelt out, so that all of it becomes one loop of wide instructions
            one = row[i + _REACH]
            own[i] += one * one
            before, after = _widen(row, i, np.float32(0.0), np.float32(0.0), 0, 1)
            _add(products, i, before, after, one)
            before, after = _widen(row, i, before, after, 1, 2)
            _add(products, i + _WINDOW, before, after, one)
            before, after = _widen(row, i, before, after, 2, 3)
            _add(products, i + 2 * _WINDOW, before, after, one)
            before, after = _widen(row, i, before, after, 3, 5)
            _add(products, i + 3 * _WINDOW, before, after, one)
            before, after = _widen(row, i, before, after, 5, 8)
            _add(products, i + 4 * _WINDOW, before, after, one)
            before, after = _widen(row, i, before, after, 8, 14)
            _add(products, i + 5 * _WINDOW, before, after, one)


@kernel
def _widen(row, i, before, after, begin, end):
    for d in range(begin, end):
        before += row[i + _REACH - 1 - d]
        after += row[i + _REACH + d]
    return before, after


@kernel
def _add(products, at, before, after, one):
    products[at] += before * before
    products[at + _ABREAST] += after * after
    products[at + 2 * _ABREAST] += before * after
    products[at + 3 * _ABREAST] += before * one
    products[at + 4 * _ABREAST] += after * one


@kernel
def _divide(products, own):
    """Make cosines of the sums of each window, in the place of the first three."""
    least = np.float32(1e-6)
    for f in range(len(MEANING_WINDOWS)):
        at = f * _WINDOW
        for i in range(at, at + _ABREAST):
            xx, yy = products[i], products[i + _ABREAST]
            xy, xo, yo = products[i + 2 * _ABREAST], products[i + 3 * _ABREAST], products[i + 4 * _ABREAST]
            oo = own[i - at]
            rest = max(yy - np.float32(2.0) * yo + oo, np.float32(0.0)) + np.float32(1e-3)  # without this one
            # np.divide asks for no zeros on the way, which there are none of
            products[i] = np.divide(xy, math.sqrt(xx * yy))
            products[i + _ABREAST] = np.divide(xo, math.sqrt(xx * (oo + least)))
            products[i + 2 * _ABREAST] = np.divide(yo - oo, math.sqrt(rest * (oo + least)))
