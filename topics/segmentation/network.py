"""The network that reads paragraphs in their order and says what each of them is.

In: the tokens that a paragraph opens and ends with, and its row of features. Out: log-odds for each of ``HEADS``. A
convolution of width three over the opening tokens, one over the last tokens (Kim 2014), the best response of each
filter kept, and the mean of the opening tokens make a paragraph's vector; dilated convolutions over paragraphs (Yu and
Koltun 2016), each added to what was there before, let every paragraph see those around it, ``CONTEXT`` to either side.

Words enter linearly, so a filter's response is a sum of numbers that depend on one token each: ``Network.tables``
holds these for every token of the vocabulary, and reading a paragraph is looking up rows and adding them. That is a
dozen times cheaper than multiplying matrices, and ``training.descent`` learns through the same tables.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.tokens import N_SHAPES

__all__ = [
    "AVERAGED",
    "CLIP",
    "CONTEXT",
    "DILATIONS",
    "EMBEDDED",
    "ENCODED",
    "HEADS",
    "HIDDEN",
    "LAST_COLUMN",
    "LAST_FILTERS",
    "MEAN_COLUMN",
    "OPENING_FILTERS",
    "OVERVIEW_AFTER",
    "TABLE_WIDTH",
    "TAPS",
    "Array",
    "Committee",
    "Network",
    "Run",
    "Tokens",
    "below",
    "encode",
    "fill_tables",
]

Array = NDArray[np.float32]

HEADS: Final = ("start", "furniture", "title", "last", "boilerplate")

EMBEDDED: Final = 48  # dimensions of a token
OPENING_FILTERS: Final = 96
LAST_FILTERS: Final = 32
AVERAGED: Final = 32  # dimensions of the opening tokens' mean
HIDDEN: Final = 160
DILATIONS: Final = (1, 2, 4, 8, 16, 1)
OVERVIEW_AFTER: Final = 3  # convolutions, every paragraph is told of the stretch as a whole
CONTEXT: Final = sum(DILATIONS)
TAPS: Final = 3  # the width of all convolutions
CLIP: Final = 5.0  # standard deviations beyond which a feature says no more

ENCODED: Final = OPENING_FILTERS + LAST_FILTERS + AVERAGED
# columns of a table: opening filters by tap, last filters by tap, mean
LAST_COLUMN: Final = TAPS * OPENING_FILTERS  # where those of the last filters begin,
MEAN_COLUMN: Final = LAST_COLUMN + TAPS * LAST_FILTERS  # and those of the mean
TABLE_WIDTH: Final = MEAN_COLUMN + AVERAGED


_SHAPES: Final[dict[str, tuple[int, ...]]] = {  # 0 is any number
    "tokens": (0, EMBEDDED),
    "shapes": (N_SHAPES, EMBEDDED),
    "positions": (OPENING_TOKENS, EMBEDDED),
    "filters": (EMBEDDED, TABLE_WIDTH),
    "filter_bias": (ENCODED,),
    "centre": (0,),
    "spread": (0,),
    "enter": (0, HIDDEN),
    "enter_bias": (HIDDEN,),
    **{f"context_{k}": (TAPS, HIDDEN, HIDDEN) for k in range(len(DILATIONS))},
    **{f"context_bias_{k}": (HIDDEN,) for k in range(len(DILATIONS))},
    "overview": (HIDDEN, HIDDEN),
    "overview_bias": (HIDDEN,),
    "leave": (HIDDEN, len(HEADS)),
    "leave_bias": (len(HEADS),),
}


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
class Run:
    """A stretch of n paragraphs on its way through a network.

    ``inputs`` (n, ENCODED + n_features); ``layers`` what goes into each convolution, (n, HIDDEN); ``overview``
    (HIDDEN,) what every paragraph is told of the stretch; ``odds`` (n, len(HEADS)).
    """

    inputs: Array
    layers: tuple[Array, ...]
    overview: Array
    odds: Array


@dataclass(frozen=True)
class Network:
    """Weights by name, all float32.

    ``tokens`` (n_tokens, EMBEDDED), ``shapes`` (N_SHAPES, EMBEDDED), ``positions`` (OPENING_TOKENS, EMBEDDED) and
    ``filters`` (EMBEDDED, TABLE_WIDTH) with ``filter_bias`` (ENCODED,) read a paragraph; ``centre`` and ``spread``
    (n_features,) standardise its features; ``enter`` (ENCODED + n_features, HIDDEN), ``context_k`` (TAPS, HIDDEN,
    HIDDEN) and ``leave`` (HIDDEN, len(HEADS)), each with its bias, place it among the others.
    """

    weights: Mapping[str, Array]

    @cached_property
    def tables(self) -> tuple[Array, Array, Array]:
        """What tokens, shapes and positions add to the filters: (n_tokens, TABLE_WIDTH) and so on."""
        return fill_tables(self.weights, self.weights["tokens"])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle, in half precision: the shipped weights are the measured ones."""
        return {name: array.astype(np.float16) for name, array in self.weights.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Inverse of :meth:`to_arrays`: a missing array is a ``KeyError``, one of another shape a ``ValueError``."""
        weights = {name: arrays[name].astype(np.float32) for name in _SHAPES}
        for name, shape in _SHAPES.items():
            if any(wanted not in (0, found) for wanted, found in zip(shape, weights[name].shape, strict=True)):
                raise ValueError(f"{name}: shape {weights[name].shape}, expected {shape}")
        return cls(weights)

    def score(self, tokens: Tokens, features: Array) -> Array:
        """Log-odds (n, len(HEADS)) of the paragraphs of one stretch."""
        return self.run(tokens, features).odds

    def run(self, tokens: Tokens, features: Array) -> Run:
        """The same with all that is computed on the way."""
        weights = self.weights
        encoded = np.empty((len(features), ENCODED), np.float32)
        winners = np.empty((len(features), OPENING_FILTERS + LAST_FILTERS), np.int16)
        encode(
            tokens.opening, tokens.opening_shapes, tokens.ending, tokens.ending_shapes,
            *self.tables, weights["filter_bias"], encoded, winners,
        )  # fmt: skip
        told = np.clip((features - weights["centre"]) / weights["spread"], -CLIP, CLIP)
        inputs = np.hstack((encoded, told))
        hidden = np.maximum(inputs @ weights["enter"] + weights["enter_bias"], 0.0)
        overview = np.zeros_like(weights["overview_bias"])
        layers = []
        for k, dilation in enumerate(DILATIONS):
            if k == OVERVIEW_AFTER and len(hidden):
                overview = np.maximum(hidden.mean(axis=0) @ weights["overview"] + weights["overview_bias"], 0.0)
                hidden = hidden + overview
            layers.append(hidden)
            taps = weights[f"context_{k}"]
            more = hidden @ taps[1] + weights[f"context_bias_{k}"]
            more[dilation:] += hidden[:-dilation] @ taps[0]
            more[:-dilation] += hidden[dilation:] @ taps[2]
            hidden = hidden + np.maximum(more, 0.0)
        return Run(inputs, tuple(layers), overview, hidden @ weights["leave"] + weights["leave_bias"])


@dataclass(frozen=True)
class Committee:
    """Networks that learned from the same dumps but began and went through them differently: the mean of their log-odds
    is right more often than any of them (Hansen and Salamon 1990). All standardise features alike."""

    members: tuple[Network, ...]

    @property
    def standard(self) -> tuple[Array, Array]:
        """``centre`` and ``spread`` of the features, (n_features,) each."""
        return self.members[0].weights["centre"], self.members[0].weights["spread"]

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle."""
        return {f"{k}.{name}": array for k, one in enumerate(self.members) for name, array in one.to_arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Committee:
        """The inverse of :meth:`to_arrays`, with the errors of a network's."""
        n_members = 1 + max((int(name.split(".")[0]) for name in arrays), default=0)
        return cls(tuple(Network.from_arrays(below(arrays, f"{k}.")) for k in range(n_members)))

    def score(self, tokens: Tokens, features: Array) -> Array:
        """Log-odds (n, len(HEADS)) of the paragraphs of one stretch."""
        scores = [member.score(tokens, features) for member in self.members]
        return sum(scores[1:], scores[0]) / np.float32(len(scores))


def below(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """The arrays whose names begin with ``prefix``, without it. Reads no others of a file."""
    return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}


def fill_tables(weights: Mapping[str, Array], tokens: Array) -> tuple[Array, Array, Array]:
    """``Network.tables`` for some tokens: rows of embeddings (n, EMBEDDED)."""
    filters = weights["filters"]
    return tokens @ filters, weights["shapes"] @ filters, weights["positions"] @ filters


@kernel
def encode(
    opening, opening_shapes, ending, ending_shapes, of_token, of_shape, of_position, bias, encoded, winners
):  # fmt: skip
    """Fill ``encoded`` (n, ENCODED) with the vectors of paragraphs, and ``winners`` (n, OPENING_FILTERS +
    LAST_FILTERS) with the token at which each filter answered best, or -1 where it gave nothing."""
    answer = np.empty(OPENING_FILTERS, np.float32)
    best = np.empty(OPENING_FILTERS, np.float32)
    total = np.empty(AVERAGED, np.float32)
    for i in range(opening.shape[0]):
        size = 0
        while size < OPENING_TOKENS and opening_shapes[i, size] != 0:
            size += 1
        for f in range(OPENING_FILTERS):
            best[f] = -1e9
            winners[i, f] = -1
        for f in range(AVERAGED):
            total[f] = 0.0
        for t in range(size):
            for f in range(OPENING_FILTERS):
                answer[f] = 0.0
            for tap in range(max(0, 1 - t), min(TAPS, size - t + 1)):
                q = t + tap - 1
                word = of_token[opening[i, q]]
                shape = of_shape[opening_shapes[i, q]]
                position = of_position[q]
                at = tap * OPENING_FILTERS
                for f in range(OPENING_FILTERS):
                    answer[f] += word[at + f] + (shape[at + f] + position[at + f])
            for f in range(OPENING_FILTERS):
                if answer[f] > best[f]:
                    best[f] = answer[f]
                    winners[i, f] = t
            word = of_token[opening[i, t]]
            shape = of_shape[opening_shapes[i, t]]
            for f in range(AVERAGED):
                total[f] += word[MEAN_COLUMN + f] + shape[MEAN_COLUMN + f]
        for f in range(OPENING_FILTERS):
            encoded[i, f] = max(best[f] + bias[f], np.float32(0.0))
            if encoded[i, f] == 0.0:
                winners[i, f] = -1
        for f in range(LAST_FILTERS):
            best[f] = -1e9
            winners[i, OPENING_FILTERS + f] = -1
        begin = 0
        while begin < LAST_TOKENS and ending_shapes[i, begin] == 0:
            begin += 1
        for t in range(begin, LAST_TOKENS):
            for f in range(LAST_FILTERS):
                answer[f] = 0.0
            for q in range(max(begin, t - 1), min(LAST_TOKENS, t + 2)):
                word = of_token[ending[i, q]]
                shape = of_shape[ending_shapes[i, q]]
                at = LAST_COLUMN + (q - t + 1) * LAST_FILTERS
                for f in range(LAST_FILTERS):
                    answer[f] += word[at + f] + shape[at + f]
            for f in range(LAST_FILTERS):
                if answer[f] > best[f]:
                    best[f] = answer[f]
                    winners[i, OPENING_FILTERS + f] = t
        for f in range(LAST_FILTERS):
            k = OPENING_FILTERS + f
            encoded[i, k] = max(best[f] + bias[k], np.float32(0.0))
            if encoded[i, k] == 0.0:
                winners[i, k] = -1
        for f in range(AVERAGED):
            k = OPENING_FILTERS + LAST_FILTERS + f
            encoded[i, k] = max(total[f] / max(1, size) + bias[k], np.float32(0.0))
