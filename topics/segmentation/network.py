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
from topics.segmentation.arrays import below, check_shapes
from topics.segmentation.encoding import STEP, TAPS, Array, Sizes, StepTables, Tokens, sizes_of
from topics.segmentation.products import MARGIN_ROWS, Bytes, Layer, room_for, settle
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
]

HEADS: Final = ("start", "furniture", "title", "last", "boilerplate")

DILATIONS: Final = (1, 2, 4, 8, 16, 1)
OVERVIEW_AFTER: Final = 3  # convolutions, every paragraph is told of the stretch as a whole
CONTEXT: Final = sum(DILATIONS)
CLIP: Final = 5.0  # standard deviations beyond which a feature says no more
# In a model that only reads, all that enters a layer is a byte. So many units make one:
FEATURE_UNITS: Final = 25
FEATURE_ZERO: Final = 128  # features may be negative, so this stands for 0
# the hidden state grows with each convolution; of 10,000 numbers that enter one, one says more than a byte can
HIDDEN_UNITS: Final = (12, 12, 10, 7, 7, 6)


def _shapes(sizes: Sizes, n_features: int) -> dict[str, tuple[int, ...]]:
    """The shape of each weight; 0 is any number."""
    hidden, heads = sizes.hidden, len(HEADS)
    return {
        "tokens": (0, sizes.embedded),
        "shapes": (N_SHAPES, sizes.embedded),
        "positions": (OPENING_TOKENS, sizes.embedded),
        "filters": (sizes.embedded, sizes.table),
        "filter_bias": (sizes.encoded,),
        "centre": (n_features,),
        "spread": (n_features,),
        "enter": (sizes.encoded + n_features, hidden),
        "enter_bias": (hidden,),
        **{f"context_{k}": (TAPS, hidden, hidden) for k in range(len(DILATIONS))},
        **{f"context_bias_{k}": (hidden,) for k in range(len(DILATIONS))},
        "overview": (hidden, hidden),
        "overview_bias": (hidden,),
        "leave": (hidden, heads),
        "leave_bias": (heads,),
    }


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
    def steps(self) -> _Steps:
        """The same weights in whole steps, by which it reads."""
        return _Steps.of(self.weights)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle, in half precision: the shipped weights are the measured ones."""
        return {name: array.astype(np.float16) for name, array in self.weights.items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Network:
        """Inverse of :meth:`to_arrays`: a missing array is a ``KeyError``, one of another shape a ``ValueError``."""
        shapes = _shapes(sizes_of(arrays), len(arrays["centre"]))
        weights = {name: arrays[name].astype(np.float32) for name in shapes}
        check_shapes(weights, shapes)
        return cls(weights)

    def score(self, tokens: Tokens, features: Array) -> Array:
        """Log-odds (n, len(HEADS)) of the paragraphs of one stretch."""
        weights, steps, n = self.weights, self.steps, len(features)
        hidden = np.zeros((n, steps.enter.n_outputs), np.float32)
        own = hidden[:, : self.sizes.hidden]
        steps.enter.grow(self._tell(tokens, features), 0, hidden)
        rows = room_for(n, hidden.shape[1])
        for k, (dilation, layer) in enumerate(zip(DILATIONS, steps.context, strict=True)):
            if k == OVERVIEW_AFTER and n:
                own += np.maximum(own.mean(axis=0) @ weights["overview"] + weights["overview_bias"], 0.0)
            settle(hidden, np.float32(HIDDEN_UNITS[k]), rows)
            layer.grow(rows, dilation, hidden)
        odds: Array = own @ weights["leave"] + weights["leave_bias"]
        return odds

    def tell(self, tokens: Tokens, features: Array) -> Array:
        """What it is told of each paragraph, (n, encoded + n_features): its vector and its standardised features."""
        units, zeros = _input_units(self.sizes.encoded, features.shape[1])
        told = self._tell(tokens, features)[MARGIN_ROWS : MARGIN_ROWS + len(features), : len(units)]
        return ((told - zeros) * units).astype(np.float32)

    def _tell(self, tokens: Tokens, features: Array) -> Bytes:
        """The same in whole units, with margins."""
        n = len(features)
        told = room_for(n, self.steps.enter.n_inputs)
        own = told[MARGIN_ROWS : MARGIN_ROWS + n]
        self.steps.tables.read(tokens, own)
        _standardise(features, self.weights["centre"], self.steps.scale, self.sizes.encoded, own)
        return told


@dataclass(frozen=True)
class _Steps:
    """A network in whole steps: tables of tokens, units of a feature, the layer by which both enter, convolutions."""

    tables: StepTables
    scale: Array
    enter: Layer
    context: tuple[Layer, ...]

    @classmethod
    def of(cls, weights: Mapping[str, Array]) -> _Steps:
        sizes = sizes_of(weights)
        enter, hidden = weights["enter"], sizes.hidden
        inputs = _input_units(sizes.encoded, len(enter) - sizes.encoded)
        zeros = np.zeros(hidden)
        return cls(
            StepTables(weights),
            np.float32(FEATURE_UNITS) / weights["spread"],
            Layer.of(enter[None], weights["enter_bias"], *inputs),
            tuple(
                Layer.of(weights[f"context_{k}"], weights[f"context_bias_{k}"], np.full(hidden, 1.0 / units), zeros)
                for k, units in enumerate(HIDDEN_UNITS)
            ),
        )


def _input_units(n_encoded: int, n_features: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What one means in each column that is told of a paragraph, and what stands there for 0."""
    units, zeros = (STEP, 1.0 / FEATURE_UNITS), (0.0, float(FEATURE_ZERO))
    return np.repeat(units, (n_encoded, n_features)), np.repeat(zeros, (n_encoded, n_features))


@kernel
def _standardise(features: Array, centre: Array, scale: Array, column: int, told: Bytes) -> None:
    """Features in units, none beyond ``CLIP``, into ``told``, from ``column`` on."""
    most, zero = np.float32(CLIP * FEATURE_UNITS), np.float32(FEATURE_ZERO + 0.5)
    for i in range(features.shape[0]):
        own, standard = features[i], told[i, column:]
        for f in range(own.shape[0]):
            units = min(max((own[f] - centre[f]) * scale[f], -most), most)
            standard[f] = np.uint8(np.int32(units + zero))


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
