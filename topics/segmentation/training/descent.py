"""Learning the network's weights by gradient descent, in NumPy and two kernels.

``Learner`` holds the weights while they change: ``step`` runs a batch of dumps forward, the error back, and moves the
weights by Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019). The convolutions over
tokens are learned through tables (``reading``): the gradient of a filter reaches one place in each paragraph, so
going back is adding a few numbers to a few rows. ``Learner.resume`` takes up weights that were learned before, which
are then drawn back to where they began and not to nothing (Li, Grandvalet and Davoine 2018). Everything is drawn from a
seed and computed on one thread: the same dumps give the same weights.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.encoding import TAPS, Array, Sizes, sizes_of
from topics.segmentation.network import DILATIONS, HEADS, OVERVIEW_AFTER
from topics.segmentation.tokens import CAPITALISED, N_SHAPES
from topics.segmentation.training.reading import encode, fill_marks
from topics.segmentation.vocabulary import HIDDEN as HIDDEN_TOKEN

__all__ = ["STANDARD", "Batch", "Example", "Learner", "Noise", "gather"]

GAP: Final = max(DILATIONS)  # empty rows between the dumps of a batch, so that none sees another
DECAY: Final = 0.01
FIRST_MOMENT, SECOND_MOMENT = 0.9, 0.999
LONGEST_GRADIENT: Final = 1.0
N_TOKEN_NUMBERS: Final = 1 << 16
STANDARD: Final = ("centre", "spread")  # of the features: weights of a network that are not learned by descent


@dataclass(frozen=True, slots=True)
class Noise:
    """What is left out while learning: a share of the inputs and of the hidden state, a share of the tokens, of each
    dump a share of the names (of what stands with a capital, wherever it does so), and the words of a share of the
    dumps: of outlets and events that a network has not met, words tell less."""

    inputs: float = 0.0
    tokens: float = 0.0
    words: float = 0.0
    names: float = 0.0


NO_NOISE: Final = Noise()


@dataclass(frozen=True, slots=True)
class Example:
    """A dump to learn from. ``features`` are standardised; ``truth`` and ``weight`` (n, len(HEADS)) say what each
    paragraph is, 0 or 1 or how likely, and how much that counts."""

    opening: NDArray[np.uint16]
    opening_shapes: NDArray[np.uint8]
    ending: NDArray[np.uint16]
    ending_shapes: NDArray[np.uint8]
    features: NDArray[np.float16]
    truth: NDArray[np.uint8] | NDArray[np.float16]
    weight: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.truth)

    def stretch(self, start: int, end: int) -> Example:
        """The paragraphs ``start`` to ``end`` alone."""
        return Example(
            self.opening[start:end],
            self.opening_shapes[start:end],
            self.ending[start:end],
            self.ending_shapes[start:end],
            self.features[start:end],
            self.truth[start:end],
            self.weight[start:end],
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """Several dumps as one: ``rows`` are the places of their paragraphs in a sequence with gaps, ``present``
    (n_rows, 1) is 1 at these and 0 in the gaps. ``tokens`` are the distinct token numbers; ``opening`` and ``ending``
    count in them."""

    tokens: NDArray[np.int64]
    opening: NDArray[np.int64]
    opening_shapes: NDArray[np.uint8]
    ending: NDArray[np.int64]
    ending_shapes: NDArray[np.uint8]
    features: Array
    truth: Array
    weight: Array
    rows: NDArray[np.int64]
    present: Array
    bounds: NDArray[np.int64]  # (n_dumps + 1,) where each dump's paragraphs begin


def gather(examples: Sequence[Example], rng: np.random.Generator | None = None, noise: Noise = NO_NOISE) -> Batch:
    """A batch; with ``rng`` some tokens and names are hidden."""
    opening = np.concatenate([e.opening for e in examples])
    ending = np.concatenate([e.ending for e in examples])
    if rng is not None:
        for tokens in (opening, ending):
            hidden = (rng.random(tokens.shape, dtype=np.float32) < noise.tokens) & (tokens > 0)
            tokens[hidden] = HIDDEN_TOKEN
        if noise.names:
            _hide_names(examples, opening, ending, rng, noise.names)
    distinct, places = np.unique(np.concatenate((opening.ravel(), ending.ravel())), return_inverse=True)
    rows = []
    at = GAP
    for example in examples:
        rows.append(np.arange(at, at + len(example)))
        at += len(example) + GAP
    where = np.concatenate(rows)
    present = np.zeros((at, 1), np.float32)
    present[where] = 1.0
    return Batch(
        distinct.astype(np.int64),
        places[: opening.size].reshape(opening.shape),
        np.concatenate([e.opening_shapes for e in examples]),
        places[opening.size :].reshape(ending.shape),
        np.concatenate([e.ending_shapes for e in examples]),
        np.concatenate([e.features for e in examples]).astype(np.float32),
        np.concatenate([e.truth for e in examples]).astype(np.float32),
        np.concatenate([e.weight for e in examples]).astype(np.float32),
        where,
        present,
        np.cumsum([0, *(len(example) for example in examples)]),
    )


def _hide_names(
    examples: Sequence[Example],
    opening: NDArray[np.uint16],
    ending: NDArray[np.uint16],
    rng: np.random.Generator,
    share: float,
) -> None:
    """The same names throughout a dump; drawn for each dump anew."""
    at = 0
    for example in examples:
        rows = slice(at, at + len(example))
        at = rows.stop
        is_hidden = rng.random(N_TOKEN_NUMBERS, dtype=np.float32) < share
        for tokens, shapes in ((opening[rows], example.opening_shapes), (ending[rows], example.ending_shapes)):
            tokens[is_hidden[tokens] & (shapes == CAPITALISED)] = HIDDEN_TOKEN


class Learner:
    """Weights in the making. ``weights`` are those of ``Network`` but for ``centre`` and ``spread``."""

    def __init__(self, sizes: Sizes, n_tokens: int, n_features: int, seed: int, noise: Noise = NO_NOISE) -> None:
        rng = np.random.default_rng(seed)

        def draw(*shape: int, scale: float) -> Array:
            return (rng.standard_normal(shape) * scale).astype(np.float32)

        embedded, hidden = sizes.embedded, sizes.hidden
        filters = draw(embedded, sizes.table, scale=(TAPS * embedded) ** -0.5)
        filters[:, sizes.mean_column :] *= TAPS**0.5
        entering = sizes.encoded + n_features
        self.weights: dict[str, Array] = {
            "tokens": draw(n_tokens, embedded, scale=0.3),
            "shapes": draw(N_SHAPES, embedded, scale=0.3),
            "positions": draw(OPENING_TOKENS, embedded, scale=0.05),
            "filters": filters,
            "filter_bias": np.zeros(sizes.encoded, np.float32),
            "enter": draw(entering, hidden, scale=entering**-0.5),
            "enter_bias": np.zeros(hidden, np.float32),
            "overview": draw(hidden, hidden, scale=hidden**-0.5),
            "overview_bias": np.zeros(hidden, np.float32),
            "leave": draw(hidden, len(HEADS), scale=0.05),
            "leave_bias": np.full(len(HEADS), -2.0, np.float32),
        }
        for k in range(len(DILATIONS)):
            self.weights[f"context_{k}"] = draw(TAPS, hidden, hidden, scale=0.8 * (TAPS * hidden) ** -0.5)
            self.weights[f"context_bias_{k}"] = np.zeros(hidden, np.float32)
        self._begin(noise)

    def _begin(self, noise: Noise, anchor: Mapping[str, Array] | None = None, pull: float = DECAY) -> None:
        self.noise, self._anchor, self._pull = noise, anchor, pull
        self._first = {name: np.zeros_like(w) for name, w in self.weights.items()}
        self._second = {name: np.zeros_like(w) for name, w in self.weights.items()}
        self._n_steps = 0

    @classmethod
    def resume(cls, weights: Mapping[str, Array], *, pull: float = DECAY) -> Learner:
        """Go on from the weights of a ``Network``. A step at rate r takes r times ``pull`` of the way back to them;
        nothing is left out, so that what the weights say already moves nothing by itself."""
        learner = cls.__new__(cls)
        learner.weights = {name: w.copy() for name, w in weights.items() if name not in STANDARD}
        learner._begin(NO_NOISE, {name: w.copy() for name, w in learner.weights.items()}, pull)
        return learner

    def step(self, batch: Batch, rate: float, rng: np.random.Generator) -> float:
        """Learn from a batch; returns its mean loss at the first head, in nats a paragraph."""
        loss, gradients = self.differentiate(batch, rng)
        self._move(gradients, batch.tokens, rate)
        return loss

    def differentiate(self, batch: Batch, rng: np.random.Generator | None = None) -> tuple[float, dict[str, Array]]:
        """Loss of the first head and the gradient of each weight (of ``tokens``: of the batch's tokens alone); with
        ``rng`` some inputs are left out. The gradient is that of the cross-entropy of all heads, weighted by paragraph
        and head, over the number of paragraphs."""
        weights = self.weights
        sizes = sizes_of(weights)
        n = len(batch.truth)
        embedded = weights["tokens"][batch.tokens]
        filters = weights["filters"]
        marks = fill_marks(weights["shapes"], weights["positions"], filters, sizes.last_column)
        encoded = np.empty((n, sizes.encoded), np.float32)
        winners = np.empty((n, sizes.filters), np.int16)
        encode(
            batch.opening, batch.opening_shapes, batch.ending, batch.ending_shapes,
            embedded @ filters, marks, weights["filter_bias"], encoded, winners,
        )  # fmt: skip
        lengths = np.diff(batch.bounds)
        entering = np.concatenate((encoded, batch.features), axis=1)
        kept_entering = _kept(entering.shape, rng, self.noise.inputs)
        if rng is not None and self.noise.words > 0.0:
            wordless = rng.random(len(batch.bounds) - 1) < self.noise.words
            kept_entering[np.repeat(wordless, lengths), : sizes.encoded] = 0.0
        entering *= kept_entering
        entered = np.maximum(entering @ weights["enter"] + weights["enter_bias"], 0.0)
        hidden = np.zeros((len(batch.present), entered.shape[1]), np.float32)
        hidden[batch.rows] = entered
        befores, addeds = [], []
        dump_of = np.repeat(np.arange(len(lengths)), lengths)
        for k, dilation in enumerate(DILATIONS):
            if k == OVERVIEW_AFTER:
                seen = np.add.reduceat(hidden[batch.rows], batch.bounds[:-1]) / lengths[:, None].astype(np.float32)
                overview = np.maximum(seen @ weights["overview"] + weights["overview_bias"], 0.0)
                hidden = hidden.copy()
                hidden[batch.rows] += overview[dump_of]
            taps = weights[f"context_{k}"]
            added = hidden @ taps[1]
            added[dilation:] += hidden[:-dilation] @ taps[0]
            added[:-dilation] += hidden[dilation:] @ taps[2]
            added += weights[f"context_bias_{k}"]
            np.maximum(added, 0.0, out=added)
            added *= batch.present
            befores.append(hidden)
            addeds.append(added)
            hidden = hidden + added
        leaving = hidden[batch.rows]
        kept_leaving = _kept(leaving.shape, rng, self.noise.inputs)
        leaving *= kept_leaving
        odds = leaving @ weights["leave"] + weights["leave_bias"]
        loss = float((np.logaddexp(0.0, odds[:, 0]) - batch.truth[:, 0] * odds[:, 0]).mean())

        # and back
        with np.errstate(over="ignore"):  # 1 / inf is 0, as it should be
            g_odds = (1.0 / (1.0 + np.exp(-odds)) - batch.truth) * batch.weight / np.float32(n)
        gradients = {"leave": leaving.T @ g_odds, "leave_bias": g_odds.sum(axis=0)}
        g_hidden = np.zeros_like(hidden)
        g_hidden[batch.rows] = (g_odds @ weights["leave"].T) * kept_leaving
        for k in reversed(range(len(DILATIONS))):
            dilation, taps, before = DILATIONS[k], weights[f"context_{k}"], befores[k]
            g_added = g_hidden * (addeds[k] > 0)
            gradients[f"context_bias_{k}"] = g_added.sum(axis=0)
            gradients[f"context_{k}"] = np.stack(
                (
                    before[:-dilation].T @ g_added[dilation:],
                    before.T @ g_added,
                    before[dilation:].T @ g_added[:-dilation],
                )
            )
            g_hidden = g_hidden + g_added @ taps[1].T
            g_hidden[:-dilation] += g_added[dilation:] @ taps[0].T
            g_hidden[dilation:] += g_added[:-dilation] @ taps[2].T
            if k == OVERVIEW_AFTER:
                g_overview = np.add.reduceat(g_hidden[batch.rows], batch.bounds[:-1]) * (overview > 0)
                gradients["overview"] = seen.T @ g_overview
                gradients["overview_bias"] = g_overview.sum(axis=0)
                g_seen = (g_overview @ weights["overview"].T) / lengths[:, None].astype(np.float32)
                g_hidden[batch.rows] += g_seen[dump_of]
        g_entered = g_hidden[batch.rows] * (entered > 0)
        gradients["enter"] = entering.T @ g_entered
        gradients["enter_bias"] = g_entered.sum(axis=0)
        g_encoded = np.ascontiguousarray(((g_entered @ weights["enter"].T) * kept_entering)[:, : sizes.encoded])
        of_token, of_shape, of_position = (
            np.zeros((rows, sizes.table), np.float32) for rows in (len(embedded), N_SHAPES, OPENING_TOKENS)
        )
        g_bias = np.zeros(sizes.encoded, np.float32)
        _encode_back(
            batch.opening, batch.opening_shapes, batch.ending, batch.ending_shapes, encoded, winners, g_encoded,
            of_token, of_shape, of_position, g_bias,
        )  # fmt: skip
        gradients["filter_bias"] = g_bias
        gradients["filters"] = (
            embedded.T @ of_token + weights["shapes"].T @ of_shape + weights["positions"].T @ of_position
        )
        gradients["tokens"] = of_token @ filters.T
        gradients["shapes"] = of_shape @ filters.T
        gradients["positions"] = of_position @ filters.T
        return loss, gradients

    def _move(self, gradients: dict[str, Array], tokens: NDArray[np.int64], rate: float) -> None:
        self._n_steps += 1
        length = float(np.sqrt(sum(float((g * g).sum()) for g in gradients.values())))
        shrink = np.float32(min(1.0, LONGEST_GRADIENT / (length + 1e-9)))
        correction = (1.0 - SECOND_MOMENT**self._n_steps) ** 0.5 / (1.0 - FIRST_MOMENT**self._n_steps)
        pace = np.float32(rate * correction)
        for name, gradient in gradients.items():
            g = gradient * shrink
            weight, first, second = self.weights[name], self._first[name], self._second[name]
            if name == "tokens":  # only the rows that were seen
                first[tokens] = FIRST_MOMENT * first[tokens] + (1.0 - FIRST_MOMENT) * g
                second[tokens] = SECOND_MOMENT * second[tokens] + (1.0 - SECOND_MOMENT) * g * g
                weight[tokens] -= pace * first[tokens] / (np.sqrt(second[tokens]) + np.float32(1e-8))
                continue
            first *= FIRST_MOMENT
            first += (1.0 - FIRST_MOMENT) * g
            second *= SECOND_MOMENT
            second += (1.0 - SECOND_MOMENT) * g * g
            if self._anchor is not None:
                weight += np.float32(rate * self._pull) * (self._anchor[name] - weight)
            elif weight.ndim > 1:
                weight *= np.float32(1.0 - rate * self._pull)
            weight -= pace * first / (np.sqrt(second) + np.float32(1e-8))


def _kept(shape: tuple[int, ...], rng: np.random.Generator | None, dropped: float) -> Array:
    """A mask of 0 for what is left out, and more than 1 for the rest, so that sums keep their size."""
    if rng is None or dropped == 0.0:
        return np.ones(shape, np.float32)
    kept: Array = (rng.random(shape, dtype=np.float32) >= dropped).astype(np.float32) / np.float32(1.0 - dropped)
    return kept


@kernel
def _encode_back(
    opening, opening_shapes, ending, ending_shapes, encoded, winners, g_encoded,
    of_token, of_shape, of_position, g_bias,
):  # fmt: skip
    """What :func:`encode` does to its tables, backwards: adds gradients to the rows that made each answer."""
    n_filters = winners.shape[1]
    n_last = g_bias.shape[0] - n_filters
    n_opening = n_filters - n_last
    last_column, mean_column = TAPS * n_opening, TAPS * n_filters
    share = np.empty(n_last, np.float32)
    for i in range(opening.shape[0]):
        size = 0
        while size < OPENING_TOKENS and opening_shapes[i, size] != 0:
            size += 1
        for f in range(n_opening):
            t = winners[i, f]
            if t < 0:
                continue
            g = g_encoded[i, f]
            g_bias[f] += g
            for q in range(max(0, t - 1), min(size, t + 2)):
                column = (q - t + 1) * n_opening + f
                of_token[opening[i, q], column] += g
                of_shape[opening_shapes[i, q], column] += g
                of_position[q, column] += g
        begin = 0
        while begin < LAST_TOKENS and ending_shapes[i, begin] == 0:
            begin += 1
        for f in range(n_last):
            t = winners[i, n_opening + f]
            if t < 0:
                continue
            g = g_encoded[i, n_opening + f]
            g_bias[n_opening + f] += g
            for q in range(max(begin, t - 1), min(LAST_TOKENS, t + 2)):
                column = last_column + (q - t + 1) * n_last + f
                of_token[ending[i, q], column] += g
                of_shape[ending_shapes[i, q], column] += g
        for f in range(n_last):  # a share of nothing adds nothing: no branch is left in the loops below
            share[f] = np.float32(0.0)
            k = n_filters + f
            if encoded[i, k] > 0.0:
                g = g_encoded[i, k]
                g_bias[k] += g
                share[f] = g / np.float32(max(1, size))
        for t in range(size):
            word, shape = of_token[opening[i, t], mean_column:], of_shape[opening_shapes[i, t], mean_column:]
            for f in range(n_last):
                word[f] += share[f]
                shape[f] += share[f]
