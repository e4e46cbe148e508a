"""When to say nothing: one number for how likely the best guess is right, and what each threshold on it buys.

``Doubt`` reads three signs of a piece: the log-odds of its best topic, how like any topic it is (the highest of the
``also`` scores), and the reject column. They are weighed by logistic regression on labelled pieces out of fold and on
pieces of topics that were left out of training. ``Acceptance`` is what those pieces came to at each threshold, so that
a user may name the precision he wants among the accepted. Nothing here needs scikit-learn; fitting is in
``classification.honesty``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.errors import TopicsError

__all__ = ["TRUSTING", "UNKNOWN_SHARE", "UNMEASURED", "Acceptance", "Doubt", "Temperature"]

Array = NDArray[np.float64]

TINY: Final = 1e-12
UNKNOWN_SHARE: Final = 0.1  # of pieces that no topic fits, where the user names none


@dataclass(frozen=True, slots=True)
class Temperature:
    """From scores to probabilities: a softmax over scores divided by a temperature (Guo et al. 2017), and then a curve
    for the best topic's log-odds.

    The divisor is ``base``, times ``exp(heat * likeness)``, where likeness is the highest ``also`` score, since a piece
    that is like several topics is another matter than one that is like one. The log-odds ``l`` of the best topic become
    ``offset + slope * l``, and ``curve * l**2`` more above even odds: one temperature fits the sure and the unsure
    pieces, and is too sure of those between. The other topics share what is left as before, and the best stays best.
    """

    base: float
    heat: float = 0.0
    offset: float = 0.0
    slope: float = 1.0
    curve: float = 0.0

    def warmth(self, likeness: Any) -> Array:
        """The divisor of one piece, or of many."""
        result: Array = self.base * np.exp(_within(self.heat * np.asarray(likeness), 3.0))
        return result

    def probabilities(self, scores: Array, likeness: Any) -> Array:
        """Of one piece (n_topics,) or of many (n_pieces, n_topics)."""
        z = scores / self.warmth(likeness)[..., None]
        powers = np.exp(z - z.max(axis=-1, keepdims=True))
        return self._bend(powers / powers.sum(axis=-1, keepdims=True))

    def _bend(self, p: Array) -> Array:
        if (self.offset, self.slope, self.curve) == (0.0, 1.0, 0.0) or p.shape[-1] < 2:
            return p
        ranked = np.sort(p, axis=-1)
        top, second = ranked[..., -1:], ranked[..., -2:-1]
        rest = np.maximum(1.0 - top, TINY)
        odds = np.log(np.maximum(top, TINY) / rest)
        bent = self.offset + self.slope * odds + self.curve * np.maximum(odds, 0.0) ** 2
        q = 1.0 / (1.0 + np.exp(-_within(bent, 30.0)))
        q = np.maximum(q, (1.0 + 1e-6) * second / (rest + second))  # with less, the second would be likelier
        shared = np.where(p == top, q, p * (1.0 - q) / rest)
        result: Array = shared / shared.sum(axis=-1, keepdims=True)  # more than one where several are best
        return result


@dataclass(frozen=True, slots=True)
class Doubt:
    """Weights (3,) of the signs, and a bias; their sum, through a logistic, is the probability that the guess is
    right."""

    weights: Array
    bias: float

    def confidence(self, log_odds: Any, likeness: Any, reject: Any) -> Any:
        """Signs of one piece, or of many, to probabilities."""
        signs = self.weights[0] * log_odds + self.weights[1] * likeness + self.weights[2] * reject
        return 1.0 / (1.0 + np.exp(-_within(signs + self.bias, 30.0)))


@dataclass(frozen=True, slots=True)
class Acceptance:
    """By threshold (ascending): the shares of known pieces accepted, of known pieces accepted and right, and of pieces
    of unknown topics accepted, (n_thresholds,) each; ``n_known`` and ``n_unknown`` are how many were seen."""

    thresholds: Array
    known: Array
    right: Array
    unknown: Array
    n_known: int
    n_unknown: int

    def precision(self, unknown_share: float = UNKNOWN_SHARE) -> Array:
        """Share of the accepted that are right, where ``unknown_share`` of all pieces are of no known topic."""
        right = (1.0 - unknown_share) * self.right
        accepted = (1.0 - unknown_share) * self.known + unknown_share * self.unknown
        result: Array = np.divide(right, accepted, out=np.zeros_like(right), where=accepted > 0)
        return result

    def threshold_for(self, min_precision: float, unknown_share: float = UNKNOWN_SHARE) -> float:
        """The lowest threshold from which on precision is never below ``min_precision``.

        Raises :class:`TopicsError` where none reaches it, or where nothing was measured.
        """
        if not 0.0 < min_precision < 1.0 or not 0.0 <= unknown_share < 1.0:
            raise ValueError("precision and share of unknowns are given between 0 and 1")
        if not len(self.thresholds):
            raise TopicsError("the model knows of no precision by threshold. Train it again, on more labels.")
        reached = self.precision(unknown_share)
        enough = reached >= min_precision
        if not enough[-1]:
            raise TopicsError(
                f"precision {min_precision:g} is more than the model reaches where {unknown_share:.0%} of pieces are "
                f"of no topic: {reached.max():.3f} at most. Ask for less, or label more."
            )
        below = np.flatnonzero(~enough)
        return float(self.thresholds[below[-1] + 1 if len(below) else 0])

    def describe(self, threshold: float, unknown_share: float = UNKNOWN_SHARE) -> str:
        """One line for people: what a threshold of the table keeps."""
        at = int(np.searchsorted(self.thresholds, threshold))
        precision = self.precision(unknown_share)[at]
        return (
            f"topics are given from a confidence of {threshold:.3f} on: {precision:.3f} of them right where "
            f"{unknown_share:.0%} of pieces are of no topic, and {self.known[at]:.0%} of the others given one "
            f"(from {self.n_known:,} and {self.n_unknown:,} pieces out of fold)"
        )

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle."""
        return {
            "accept_thresholds": self.thresholds,
            "accept_known": self.known,
            "accept_right": self.right,
            "accept_unknown": self.unknown,
            "accept_seen": np.array([self.n_known, self.n_unknown]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Acceptance:
        """The inverse of :meth:`to_arrays`."""
        n_known, n_unknown = arrays["accept_seen"].tolist()
        return cls(
            arrays["accept_thresholds"],
            arrays["accept_known"],
            arrays["accept_right"],
            arrays["accept_unknown"],
            n_known,
            n_unknown,
        )


def _within(values: Any, limit: float) -> Any:
    """Values no further than ``limit`` from 0. A call of ``np.clip`` would cost as much as all else done to a few."""
    return np.minimum(np.maximum(values, -limit), limit)


TRUSTING: Final = Doubt(np.array([1.0, 0.0, 0.0]), 0.0)  # confidence is the probability of the best topic
UNMEASURED: Final = Acceptance(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), 0, 0)
