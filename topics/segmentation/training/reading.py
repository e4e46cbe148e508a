"""Reading paragraphs while learning: the first part of the network in floats, with what each filter answered to.

A model that only reads does the same in whole steps (``segmentation.encoding``, which says how).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.encoding import TAPS, Array

__all__ = ["encode", "fill_marks"]

Indices: TypeAlias = NDArray[np.int64]


def fill_marks(shapes: Array, positions: Array, filters: Array, last_column: int) -> Array:
    """What place and shape of a token add to the filters, (OPENING_TOKENS + 1, n_shapes, table), where the last place
    is that of all last tokens. To the mean, the place adds nothing. What tokens add is ``tokens @ filters``."""
    marks = np.repeat((shapes @ filters)[None], OPENING_TOKENS + 1, axis=0)
    marks[:OPENING_TOKENS, :, :last_column] += (positions @ filters)[:, None, :last_column]
    return marks


@kernel
def encode(
    opening: Indices,
    opening_shapes: NDArray[np.uint8],
    ending: Indices,
    ending_shapes: NDArray[np.uint8],
    of_token: Array,
    of_mark: Array,
    bias: Array,
    encoded: Array,
    winners: NDArray[np.int16],
) -> None:
    """Fill ``encoded`` (n, ``Sizes.encoded``) with the vectors of paragraphs, and ``winners`` (n, ``Sizes.filters``)
    with the token at which each filter answered best, or -1 where it gave nothing.

    What is added up for each token stands in rows of its own first: loops over two or three arrays are what compilers
    make wide instructions of (2.3 times as fast as adding while comparing).
    """
    n_filters = winners.shape[1]
    n_last = bias.shape[0] - n_filters
    n_opening = n_filters - n_last
    last_column, mean_column = TAPS * n_opening, TAPS * n_filters
    opened = np.empty((OPENING_TOKENS + 2, last_column), np.float32)
    closed = np.empty((LAST_TOKENS + 2, TAPS * n_last), np.float32)
    best = np.empty(n_opening, np.float32)
    total = np.empty(n_last, np.float32)
    for i in range(opening.shape[0]):
        size = 0
        while size < OPENING_TOKENS and opening_shapes[i, size] != 0:
            size += 1
        total[:] = 0.0
        opened[0] = 0
        opened[size + 1] = 0
        for q in range(size):
            word, mark, row = of_token[opening[i, q]], of_mark[q, opening_shapes[i, q]], opened[q + 1]
            for f in range(last_column):
                row[f] = word[f] + mark[f]
            word, mark = word[mean_column:], mark[mean_column:]
            for f in range(n_last):
                total[f] += word[f] + mark[f]
        _respond(opened, 1, size + 1, n_opening, best)
        for f in range(n_opening):
            encoded[i, f] = max(best[f] + bias[f], np.float32(0.0)) if size else np.float32(0.0)
        begin = 0
        while begin < LAST_TOKENS and ending_shapes[i, begin] == 0:
            begin += 1
        _find_winners(opened, 1, size + 1, best, encoded[i], winners[i, :n_opening])
        closed[begin] = 0
        closed[LAST_TOKENS + 1] = 0
        for q in range(begin, LAST_TOKENS):
            row, word = closed[q + 1], of_token[ending[i, q], last_column:]
            mark = of_mark[OPENING_TOKENS, ending_shapes[i, q], last_column:]
            for f in range(TAPS * n_last):
                row[f] = word[f] + mark[f]
        _respond(closed, begin + 1, LAST_TOKENS + 1, n_last, best)
        for f in range(n_last):
            k = n_opening + f
            encoded[i, k] = max(best[f] + bias[k], np.float32(0.0)) if begin < LAST_TOKENS else np.float32(0.0)
        _find_winners(closed, begin + 1, LAST_TOKENS + 1, best, encoded[i, n_opening:], winners[i, n_opening:])
        for f in range(n_last):
            k = n_filters + f
            encoded[i, k] = max(total[f] / max(1, size) + bias[k], np.float32(0.0))


@kernel
def _respond(rows: Array, first: int, end: int, n: int, best: Array) -> None:
    """The best response of each of ``n`` filters to the tokens whose rows are ``first`` to ``end``."""
    for t in range(first, end):
        before, here, after = rows[t - 1], rows[t, n:], rows[t + 1, 2 * n :]
        if t == first:
            for f in range(n):
                best[f] = before[f] + here[f] + after[f]
        else:
            for f in range(n):
                best[f] = max(best[f], before[f] + here[f] + after[f])


@kernel
def _find_winners(rows: Array, first: int, end: int, best: Array, encoded: Array, winners: NDArray[np.int16]) -> None:
    """The first token whose response is the best, counted from the row 1."""
    n = len(winners)
    for f in range(n):
        winners[f] = -1
        if encoded[f] > 0.0:
            for t in range(first, end):
                if rows[t - 1, f] + rows[t, n + f] + rows[t + 1, 2 * n + f] == best[f]:
                    winners[f] = t - 1
                    break
