"""The first part of the network: what a paragraph says, read off the tokens that it opens and ends with.

In: tokens and their shapes. Out: a vector for each paragraph. A convolution of width three over the opening tokens, one
over the last tokens (Kim 2014), the best response of each filter kept, and the mean of the opening tokens.

Words enter linearly, so a filter's response is a sum of numbers that depend on one token each: tables hold these for
every token of the vocabulary, and reading a paragraph is looking up rows and adding them. That is a dozen times cheaper
than multiplying matrices, and ``training.descent`` learns through the same tables. A model that only reads keeps them
in whole steps of ``STEP``, two bytes each, which halves what has to be fetched and doubles what is added at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS

__all__ = ["STEP", "TAPS", "Array", "Sizes", "StepTables", "Tokens", "encode", "fill_marks", "sizes_of"]

Array = NDArray[np.float32]
F = TypeVar("F", bound=np.floating[Any])

TAPS: Final = 3  # the width of all convolutions
STEP: Final = 2.0**-10
# in steps: three rows of both are the most that is added, and must fit two bytes
MOST_OF_TOKEN: Final = 8192
MOST_OF_MARK: Final = 2730


class Tokens(Protocol):
    """The tokens of paragraphs; an ``Analysis`` is one."""

    @property
    def opening(self) -> NDArray[np.uint16]: ...
    @property
    def opening_shapes(self) -> NDArray[np.uint8]: ...
    @property
    def ending(self) -> NDArray[np.uint16]: ...
    @property
    def ending_shapes(self) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True)
class Sizes:
    """How wide a network is: dimensions of a token, filters over opening and over last tokens, dimensions of the mean
    (as many as last filters), and of the hidden state."""

    embedded: int
    opening: int
    last: int
    hidden: int

    @property
    def filters(self) -> int:
        """How many filters keep their best response."""
        return self.opening + self.last

    @property
    def encoded(self) -> int:
        """The length of a paragraph's vector: opening filters, last filters, mean."""
        return self.filters + self.last

    @property
    def last_column(self) -> int:
        """Where the columns of the last filters begin in a table; before them stand opening filters by tap."""
        return TAPS * self.opening

    @property
    def mean_column(self) -> int:
        """Where the columns of the mean begin; before them stand last filters by tap."""
        return TAPS * self.filters

    @property
    def table(self) -> int:
        """How many columns a table has."""
        return self.mean_column + self.last


def sizes_of(weights: Mapping[str, NDArray[np.generic]]) -> Sizes:
    """The sizes of a network, read off its weights."""
    (encoded,), (embedded, table) = weights["filter_bias"].shape, weights["filters"].shape
    filters = (table - encoded) // (TAPS - 1)
    last = encoded - filters
    return Sizes(embedded, filters - last, last, weights["enter"].shape[1])


def fill_marks(shapes: NDArray[F], positions: NDArray[F], filters: NDArray[F], last_column: int) -> NDArray[F]:
    """What place and shape of a token add to the filters, (OPENING_TOKENS + 1, n_shapes, table), where the last place
    is that of all last tokens. To the mean, the place adds nothing. What tokens add is ``tokens @ filters``."""
    marks = np.repeat((shapes @ filters)[None], OPENING_TOKENS + 1, axis=0)
    marks[:OPENING_TOKENS, :, :last_column] += (positions @ filters)[:, None, :last_column]
    return marks


class StepTables:
    """The tables of one network in whole steps. Rows are made when a token is first met, and stand in that order: a
    short dump has few, and side by side they touch little memory (a tenth of a second before its first boundary).

    They are made in doubles, in which sums of these few halves are exact enough for a row to be the same whatever rows
    are made along with it; in single precision, products of matrices differ in their last bits with their size.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights
        shapes, positions, self._filters = (
            weights[name].astype(np.float64) for name in ("shapes", "positions", "filters")
        )
        marks = fill_marks(shapes, positions, self._filters, sizes_of(weights).last_column)
        self.of_mark = _in_steps(marks, MOST_OF_MARK)
        n_tokens = len(weights["tokens"])
        self.of_token = np.empty((n_tokens, marks.shape[-1]), np.int16)
        self._row_of = np.full(n_tokens, -1, np.int32)
        self._n_made = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[StepTables], tuple[Mapping[str, Array]]]:
        return StepTables, (self._weights,)

    def find_rows(self, tokens: Tokens) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The rows of ``of_token`` of the opening and of the ending tokens; those that are not made yet are."""
        met = np.zeros(len(self._row_of), np.bool_)
        met[tokens.opening] = True
        met[tokens.ending] = True
        with self._lock:
            fresh = np.flatnonzero(met & (self._row_of < 0))
            if len(fresh):
                end = self._n_made + len(fresh)
                rows = self._weights["tokens"][fresh].astype(np.float64) @ self._filters
                self.of_token[self._n_made : end] = _in_steps(rows, MOST_OF_TOKEN)
                self._row_of[fresh] = np.arange(self._n_made, end)
                self._n_made = end
        return self._row_of[tokens.opening], self._row_of[tokens.ending]


def _in_steps(rows: NDArray[np.float64], most: int) -> NDArray[np.int16]:
    steps: NDArray[np.int16] = np.clip(np.rint(rows / STEP), -most, most).astype(np.int16)
    return steps


@kernel
def encode(
    opening: NDArray[Any],
    opening_shapes: NDArray[np.uint8],
    ending: NDArray[Any],
    ending_shapes: NDArray[np.uint8],
    of_token: NDArray[Any],
    of_mark: NDArray[Any],
    step: np.float32,
    bias: Array,
    encoded: Array,
    winners: NDArray[np.int16],
) -> None:
    """Fill the first columns of ``encoded`` (n, at least ``Sizes.encoded``) with the vectors of paragraphs, and
    ``winners`` (n, ``Sizes.filters``) with the token at which each filter answered best, or -1 where it gave nothing;
    of no rows where nobody asks. ``step`` is the unit of the tables, which are floats or whole numbers.

    What is added up for each token stands in rows of its own first: loops over two or three arrays are what compilers
    make wide instructions of (2.3 times as fast as adding while comparing).
    """
    n_filters = winners.shape[1]
    n_last = bias.shape[0] - n_filters
    n_opening = n_filters - n_last
    last_column, mean_column = TAPS * n_opening, TAPS * n_filters
    opened = np.empty((OPENING_TOKENS + 2, last_column), of_token.dtype)
    closed = np.empty((LAST_TOKENS + 2, TAPS * n_last), of_token.dtype)
    best = np.empty(n_opening, of_token.dtype)
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
            encoded[i, f] = max(best[f] * step + bias[f], np.float32(0.0)) if size else np.float32(0.0)
        begin = 0
        while begin < LAST_TOKENS and ending_shapes[i, begin] == 0:
            begin += 1
        if i < winners.shape[0]:
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
            encoded[i, k] = max(best[f] * step + bias[k], np.float32(0.0)) if begin < LAST_TOKENS else np.float32(0.0)
        if i < winners.shape[0]:
            _find_winners(closed, begin + 1, LAST_TOKENS + 1, best, encoded[i, n_opening:], winners[i, n_opening:])
        for f in range(n_last):
            k = n_filters + f
            encoded[i, k] = max(total[f] * step / max(1, size) + bias[k], np.float32(0.0))


@kernel
def _respond(rows: NDArray[Any], first: int, end: int, n: int, best: NDArray[Any]) -> None:
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
def _find_winners(
    rows: NDArray[Any], first: int, end: int, best: NDArray[Any], encoded: Array, winners: NDArray[np.int16]
) -> None:
    """The first token whose response is the best, counted from the row 1."""
    n = len(winners)
    for f in range(n):
        winners[f] = -1
        if encoded[f] > 0.0:
            for t in range(first, end):
                if rows[t - 1, f] + rows[t, n + f] + rows[t + 1, 2 * n + f] == best[f]:
                    winners[f] = t - 1
                    break
