"""The first part of the network: what a paragraph says, read off the tokens that it opens and ends with.

In: tokens and their shapes. Out: a vector for each paragraph. A convolution of width three over the opening tokens, one
over the last tokens (Kim 2014), the best response of each filter kept, and the mean of the opening tokens.

Words enter linearly, so a filter's response is a sum of numbers that depend on one token each: tables hold these for
every token of the vocabulary, and reading a paragraph is looking up rows and adding them. That is a dozen times cheaper
than multiplying matrices, and ``training.descent`` learns through such tables of floats (``training.reading``). A model
that only reads keeps them in whole steps of ``STEP``, a byte each: what bounds it is how much has to be fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topics.jit import LINE, fetch, kernel
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.products import MOST, Bytes
from topics.segmentation.responses import BLOCK, add_up, respond
from topics.segmentation.tokens import N_SHAPES

__all__ = [
    "STEP",
    "TAPS",
    "Array",
    "RowTable",
    "Sizes",
    "StepTables",
    "Tokens",
    "sizes_of",
]

Array = NDArray[np.float32]

TAPS: Final = 3  # the width of all convolutions
STEP: Final = 2.0**-6
MOST_OF_TOKEN: Final = 127  # in steps; of 10,000 numbers of a token one is larger
MOST_OF_PLACE: Final = 1600  # so that three tokens and a place are far from leaving two bytes


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
    """The sizes of a network, read off its weights; ``ValueError`` where no sizes make such."""
    (encoded,), (embedded, table) = weights["filter_bias"].shape, weights["filters"].shape
    (_, hidden) = weights["enter"].shape
    filters = (table - encoded) // (TAPS - 1)
    last = encoded - filters
    if not 0 < last < filters:
        raise ValueError(f"filters: {table} columns, where {encoded} have a bias")
    return Sizes(embedded, filters - last, last, hidden)


class RowTable:
    """What tokens add to some filters, in whole steps. A token of one shape has a row, which is made when it is first
    met. Rows stand in that order: a short dump has few, and side by side they touch little memory (a tenth of a second
    before its first boundary). The first row is of no token.

    A row is the same whatever rows are made along with it, and on any machine: each is added up by itself.
    """

    def __init__(self, tokens: Array, shapes: Array, filters: NDArray[np.float64]) -> None:
        self._tokens = tokens
        self._filters = (filters / STEP).astype(np.float32)
        self._of_shape = (shapes.astype(np.float64) @ filters / STEP).astype(np.float32)
        n_rows = 1 + len(tokens) * (N_SHAPES - 1)  # most of them are never made, and take no memory
        self.rows = _aligned(n_rows, filters.shape[1])
        self.rows[0] = 0
        self.row_of = np.zeros((len(tokens), N_SHAPES), np.int32)
        self._n_made = 1
        self._lock = threading.Lock()

    def find(self, tokens: NDArray[np.uint16], shapes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The rows of tokens, (n, places + 2), with that of no token before and behind; those not made yet are made."""
        n, n_places = tokens.shape
        rows, met = np.empty((n, n_places + 2), np.int32), np.empty(tokens.size, np.int64)
        if _look_up(tokens, shapes, self.row_of, rows, met):
            with self._lock:
                fresh = np.unique(met[: _look_up(tokens, shapes, self.row_of, rows, met)])
                end = self._n_made + len(fresh)
                _make_rows(self._tokens, self._of_shape, self._filters, fresh, self.rows[self._n_made : end])
                self.row_of[fresh // N_SHAPES, fresh % N_SHAPES] = np.arange(self._n_made, end)
                self._n_made = end
                _look_up(tokens, shapes, self.row_of, rows, met)
        return rows


class StepTables:
    """The tables of one network: ``opening`` for the filters over opening tokens, by tap, and behind them the mean;
    ``ending`` for those over last tokens; and what does not depend on a token."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights
        sizes = sizes_of(weights)
        self.n_opening = sizes.opening
        filters = weights["filters"].astype(np.float64)
        first, last, mean = np.split(filters, [sizes.last_column, sizes.mean_column], axis=1)
        self.opening = RowTable(
            weights["tokens"], weights["shapes"],
            np.concatenate((_in_blocks(first, TAPS), _in_blocks(mean)), axis=1),
        )  # fmt: skip
        self.ending = RowTable(weights["tokens"], weights["shapes"], _in_blocks(last, TAPS))
        # what places add to the three tokens that a filter sees, and the bias; behind the last token there is none
        by_tap = (weights["positions"].astype(np.float64) @ first).reshape(OPENING_TOKENS, TAPS, sizes.opening)
        closing = by_tap[:, 1].copy()
        closing[1:] += by_tap[:-1, 0]
        inside = closing.copy()
        inside[:-1] += by_tap[1:, 2]
        bias = weights["filter_bias"].astype(np.float64)
        of_opening, of_last, of_mean = np.split(bias, [sizes.opening, sizes.filters])
        self.of_place = _as_places(np.stack((inside, closing)) + of_opening)
        self.of_end = _as_places(np.broadcast_to(of_last, (2, LAST_TOKENS, sizes.last)))
        self.of_mean = (of_mean / STEP).astype(np.float32)

    def __reduce__(self) -> tuple[type[StepTables], tuple[Mapping[str, Array]]]:
        return StepTables, (self._weights,)

    def read(self, tokens: Tokens, told: Bytes) -> None:
        """Fill the first columns of ``told`` (n, at least ``Sizes.encoded``) with the vectors of paragraphs, in steps,
        of which ``MOST`` are told."""
        opening = self.opening.find(tokens.opening, tokens.opening_shapes)
        ending = self.ending.find(tokens.ending, tokens.ending_shapes)
        _read(
            opening, self.opening.rows, ending, self.ending.rows,
            self.of_place, self.of_end, self.of_mean, self.n_opening, told,
        )  # fmt: skip


def _aligned(n_rows: int, width: int) -> NDArray[np.int8]:
    """Room for rows whose first begins where a line of the caches does."""
    room = np.empty(n_rows * width + LINE, np.int8)
    begin = -room.ctypes.data % LINE
    return room[begin : begin + n_rows * width].reshape(n_rows, width)


def _in_blocks(columns: NDArray[np.float64], n_parts: int = 1) -> NDArray[np.float64]:
    """The same columns in equal parts, each filled up to whole blocks with zeros."""
    parts = columns.reshape(*columns.shape[:-1], n_parts, -1)
    rest = -parts.shape[-1] % BLOCK
    filled = np.concatenate((parts, np.zeros((*parts.shape[:-1], rest))), axis=-1)
    return filled.reshape(*columns.shape[:-1], -1)


def _as_places(numbers: NDArray[np.float64]) -> NDArray[np.int16]:
    return _in_blocks(_in_steps(numbers, MOST_OF_PLACE)).astype(np.int16)


def _in_steps(numbers: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    steps: NDArray[np.float64] = np.clip(np.rint(numbers / STEP), -most, most)
    return steps


@kernel
def _look_up(
    tokens: NDArray[np.uint16],
    shapes: NDArray[np.uint8],
    row_of: NDArray[np.int32],
    rows: NDArray[np.int32],
    met: NDArray[np.int64],
) -> int:
    """What :meth:`RowTable.find` does. Writes tokens and shapes that have no row, as one number each, to ``met``;
    returns how many they are."""
    n_met = 0
    n, n_places = tokens.shape
    for i in range(n):
        rows[i, 0] = rows[i, n_places + 1] = 0
        for q in range(n_places):
            token, shape = tokens[i, q], shapes[i, q]
            row = row_of[token, shape]
            rows[i, q + 1] = row
            if row == 0 and shape != 0:
                met[n_met] = np.int64(token) * N_SHAPES + shape
                n_met += 1
    return n_met


@kernel
def _make_rows(
    tokens: Array, of_shape: Array, filters: Array, fresh: NDArray[np.int64], rows: NDArray[np.int8]
) -> None:
    """Fill ``rows`` (n, columns) with what tokens of a shape, one number each, add to filters, in the nearest steps."""
    total = np.empty(filters.shape[1], np.float32)
    most = np.float32(MOST_OF_TOKEN)
    for i in range(fresh.shape[0]):
        token = tokens[fresh[i] // N_SHAPES]
        total[:] = of_shape[fresh[i] % N_SHAPES]
        e = 0
        while e + 4 <= filters.shape[0]:  # four at a time, in their order
            a, b, c, d = filters[e], filters[e + 1], filters[e + 2], filters[e + 3]
            first, second, third, fourth = token[e], token[e + 1], token[e + 2], token[e + 3]
            for f in range(total.shape[0]):
                total[f] = (((total[f] + first * a[f]) + second * b[f]) + third * c[f]) + fourth * d[f]
            e += 4
        while e < filters.shape[0]:
            a, first = filters[e], token[e]
            for f in range(total.shape[0]):
                total[f] += first * a[f]
            e += 1
        row = rows[i]
        for f in range(total.shape[0]):
            row[f] = np.int8(np.int32(np.rint(min(max(total[f], -most), most))))


@kernel
def _read(
    opening: NDArray[np.int32],
    opening_rows: NDArray[np.int8],
    ending: NDArray[np.int32],
    ending_rows: NDArray[np.int8],
    of_place: NDArray[np.int16],
    of_end: NDArray[np.int16],
    of_mean: Array,
    n_opening: int,
    told: Bytes,
) -> None:
    """What :meth:`StepTables.read` does. The rows of the next paragraph are fetched while one is read: a quarter of
    the time."""
    n, n_last = opening.shape[0], of_mean.shape[0]
    best_opening, best_last = np.empty(of_place.shape[2], np.int16), np.empty(of_end.shape[2], np.int16)
    total = np.empty(opening_rows.shape[1] - TAPS * of_place.shape[2], np.int16)
    for i in range(n):
        opened, closed = opening[i], ending[i]
        size, begin = 0, LAST_TOKENS
        while size < OPENING_TOKENS and opened[size + 1] != 0:
            size += 1
        while begin > 0 and closed[begin] != 0:
            begin -= 1
        if i + 1 < n:
            for t in range(1, OPENING_TOKENS + 1):
                if opening[i + 1, t] == 0:
                    break
                fetch(opening_rows, opening[i + 1, t])
            for t in range(LAST_TOKENS, 0, -1):
                if ending[i + 1, t] == 0:
                    break
                fetch(ending_rows, ending[i + 1, t])
        respond(opening_rows, opened, np.int64(1), np.int64(size), of_place, best_opening)
        add_up(opening_rows, opened, np.int64(1), np.int64(size), np.int64(TAPS * best_opening.shape[0]), total)
        respond(ending_rows, closed, np.int64(begin + 1), np.int64(LAST_TOKENS), of_end, best_last)
        own = told[i]
        _tell(best_opening, own[:n_opening])
        _tell(best_last, own[n_opening : n_opening + n_last])
        share, half = np.float32(1.0) / np.float32(max(1, size)), np.float32(0.5)
        for f in range(n_last):
            mean = max(np.float32(total[f]) * share + of_mean[f], np.float32(0.0))
            own[n_opening + n_last + f] = np.uint8(np.int32(min(mean + half, np.float32(MOST))))


@kernel
def _tell(best: NDArray[np.int16], told: Bytes) -> None:
    """Write the best responses of filters, none of which is negative, as bytes."""
    for f in range(told.shape[0]):
        told[f] = np.uint8(min(best[f], np.int16(MOST)))
