"""The network that reads paragraphs in their order and says what each of them is.

In: the tokens that a paragraph opens and ends with, and its row of features. Out: log-odds for each of ``HEADS``.
``encoding`` makes a vector of a paragraph's tokens; with its features it enters a hidden state, and dilated
convolutions over paragraphs (Yu and Koltun 2016), each added to what was there before, let every paragraph see those
around it, ``CONTEXT`` to either side. How wide a network is, its weights tell (``encoding.Sizes``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import OPENING_TOKENS
from topics.segmentation.encoding import STEP, TAPS, Array, Sizes, StepTables, Tokens, encode, sizes_of
from topics.segmentation.tokens import N_SHAPES

__all__ = [
    "CLIP",
    "CONTEXT",
    "DILATIONS",
    "HEADS",
    "OVERVIEW_AFTER",
    "Array",
    "Committee",
    "Network",
    "Run",
    "below",
]

HEADS: Final = ("start", "furniture", "title", "last", "boilerplate")

DILATIONS: Final = (1, 2, 4, 8, 16, 1)
OVERVIEW_AFTER: Final = 3  # convolutions, every paragraph is told of the stretch as a whole
CONTEXT: Final = sum(DILATIONS)
CLIP: Final = 5.0  # standard deviations beyond which a feature says no more


def _shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """The shape of each weight; 0 is any number."""
    hidden, heads = sizes.hidden, len(HEADS)
    return {
        "tokens": (0, sizes.embedded),
        "shapes": (N_SHAPES, sizes.embedded),
        "positions": (OPENING_TOKENS, sizes.embedded),
        "filters": (sizes.embedded, sizes.table),
        "filter_bias": (sizes.encoded,),
        "centre": (0,),
        "spread": (0,),
        "enter": (0, hidden),
        "enter_bias": (hidden,),
        **{f"context_{k}": (TAPS, hidden, hidden) for k in range(len(DILATIONS))},
        **{f"context_bias_{k}": (hidden,) for k in range(len(DILATIONS))},
        "overview": (hidden, hidden),
        "overview_bias": (hidden,),
        "leave": (hidden, heads),
        "leave_bias": (heads,),
    }


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of n paragraphs on its way through a network.

    ``inputs`` (n, encoded + n_features); ``layers`` what goes into each convolution, (n, hidden); ``overview``
    (hidden,) what every paragraph is told of the stretch; ``odds`` (n, len(HEADS)).
    """

    inputs: Array
    layers: tuple[Array, ...]
    overview: Array
    odds: Array


@dataclass(frozen=True)
class Network:
    """Weights by name, all float32.

    ``tokens`` (n_tokens, embedded), ``shapes`` (N_SHAPES, embedded), ``positions`` (OPENING_TOKENS, embedded) and
    ``filters`` (embedded, table) with ``filter_bias`` (encoded,) read a paragraph; ``centre`` and ``spread``
    (n_features,) standardise its features; ``enter`` (encoded + n_features, hidden), ``context_k`` (TAPS, hidden,
    hidden) and ``leave`` (hidden, len(HEADS)), each with its bias, place it among the others.
    """

    weights: Mapping[str, Array]

    @cached_property
    def sizes(self) -> Sizes:
        """How wide it is."""
        return sizes_of(self.weights)

    @cached_property
    def tables(self) -> StepTables:
        """What tokens add to the filters."""
        return StepTables(self.weights)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle, in half precision: the shipped weights are the measured ones."""
        return {name: array.astype(np.float16) for name, array in self.weights.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Inverse of :meth:`to_arrays`: a missing array is a ``KeyError``, one of another shape a ``ValueError``."""
        shapes = _shapes(sizes_of(arrays))
        weights = {name: arrays[name].astype(np.float32) for name in shapes}
        for name, shape in shapes.items():
            if any(wanted not in (0, found) for wanted, found in zip(shape, weights[name].shape, strict=True)):
                raise ValueError(f"{name}: shape {weights[name].shape}, expected {shape}")
        return cls(weights)

    def score(self, tokens: Tokens, features: Array) -> Array:
        """Log-odds (n, len(HEADS)) of the paragraphs of one stretch."""
        return self.run(tokens, features).odds

    def run(self, tokens: Tokens, features: Array) -> Run:
        """The same with all that is computed on the way."""
        weights, sizes, tables = self.weights, self.sizes, self.tables
        n = len(features)
        inputs = np.empty((n, sizes.encoded + features.shape[1]), np.float32)
        nobody = np.empty((0, sizes.filters), np.int16)
        opening, ending = tables.find_rows(tokens)
        encode(
            opening, tokens.opening_shapes, ending, tokens.ending_shapes,
            tables.of_token, tables.of_mark, np.float32(STEP), weights["filter_bias"], inputs, nobody,
        )  # fmt: skip
        told = inputs[:, sizes.encoded :]
        np.subtract(features, weights["centre"], out=told)
        told /= weights["spread"]
        np.clip(told, -CLIP, CLIP, out=told)
        hidden = np.maximum(inputs @ weights["enter"] + weights["enter_bias"], 0.0)
        overview = np.zeros_like(weights["overview_bias"])
        layers = []
        for k, dilation in enumerate(DILATIONS):
            if k == OVERVIEW_AFTER and n:
                overview = np.maximum(hidden.mean(axis=0) @ weights["overview"] + weights["overview_bias"], 0.0)
                hidden = hidden + overview
            layers.append(hidden)
            # one product of three times the width keeps the processor busier than three products
            added = _beside(hidden, dilation) @ weights[f"context_{k}"].reshape(-1, sizes.hidden)
            _grow(hidden, weights[f"context_bias_{k}"], added)
            hidden = added
        return Run(inputs, tuple(layers), overview, hidden @ weights["leave"] + weights["leave_bias"])


def _beside(hidden: Array, dilation: int) -> Array:
    """Each row with the one ``dilation`` before it and the one after it, zeros where there is none."""
    n, width = hidden.shape
    beside = np.zeros((n, TAPS * width), np.float32)
    beside[dilation:, :width] = hidden[:-dilation]
    beside[:, width : 2 * width] = hidden
    beside[:-dilation, 2 * width :] = hidden[dilation:]
    return beside


@kernel
def _grow(hidden: Array, bias: Array, added: Array) -> None:
    """Make ``added``, products of matrices, the next hidden state, in one pass over both."""
    for i in range(added.shape[0]):
        before, after = hidden[i], added[i]
        for f in range(bias.shape[0]):
            after[f] = before[f] + max(after[f] + bias[f], np.float32(0.0))


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
