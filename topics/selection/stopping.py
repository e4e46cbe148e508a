"""When more labels stop helping: what successive models say of the same pieces in, one sentence and one number out.

Bloodgood and Vijay-Shanker 2009, "A Method for Stopping Active Learning Based on Stabilizing Predictions and the Need
for User-Adjustable Stopping": once the models of the last rounds agree on pieces that nobody labels, kappa of SETTLED
or more on the mean of WINDOW comparisons, further labels change little. No label is needed to see that. It says nothing
about how good the model is: a learning curve does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Stability", "measure_kappa", "measure_stability"]

SETTLED: Final = 0.99
WINDOW: Final = 3
MIN_PIECES: Final = 50  # on fewer, one piece that changes sides is two points


@dataclass(frozen=True, slots=True)
class Stability:
    """``kappas`` of each model with the one before, the oldest first, over ``n_pieces``; ``n_labels`` of the last two
    models, where they are known."""

    kappas: tuple[float, ...]
    n_pieces: int
    n_labels: tuple[int, int] | None = None

    @property
    def kappa(self) -> float | None:
        """The mean of the last WINDOW comparisons, or of as many as there are."""
        return float(np.mean(self.kappas[-WINDOW:])) if self.kappas else None

    @property
    def is_settled(self) -> bool:
        """Whether more labels of this kind are likely to change little."""
        enough = len(self.kappas) >= WINDOW and self.n_pieces >= MIN_PIECES
        return enough and self.kappa is not None and self.kappa >= SETTLED

    @property
    def sentence(self) -> str:
        """For a person who wonders whether to go on."""
        if self.kappa is None:
            return "Whether more labels help is known after the next training."
        last = self.kappas[-WINDOW:]
        models = "the last two models" if len(last) == 1 else f"the last {len(last) + 1} models"
        if self.n_labels is not None and len(last) == 1:
            models = f"models of {self.n_labels[0]:,} and of {self.n_labels[1]:,} labels"
        said = f"{models[0].upper()}{models[1:]} agree with kappa {self.kappa:.3f} on {self.n_pieces:,} pieces"
        if self.is_settled:
            return f"{said}: more labels of this kind change little."
        if self.kappa < SETTLED:
            return f"{said} (settled at {SETTLED}): labels still change what the model says."
        return f"{said}: if that holds for {WINDOW - len(last) or 1} more, labels have stopped changing much."

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "kappa": None if self.kappa is None else round(self.kappa, 4),
            "settled": self.is_settled,
            "pieces": self.n_pieces,
            "sentence": self.sentence,
        }


def measure_kappa(before: NDArray[np.int64], after: NDArray[np.int64]) -> float:
    """Cohen's kappa (1960) of two models' topics, (n_pieces,) each, as numbers; 1 where they agree on everything.

    >>> measure_kappa(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]))
    0.5
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} and {len(after)} predictions are not of the same pieces")
    if (before == after).all():
        return 1.0
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(before, after))


def measure_stability(guesses: Sequence[NDArray[np.int64]], n_labels: Sequence[int] | None = None) -> Stability:
    """From what each of successive models says of the same pieces, the oldest model first.

    ``n_labels`` are the labels that each learned from.
    """
    kappas = tuple(measure_kappa(before, after) for before, after in pairwise(guesses))
    last = (int(n_labels[-2]), int(n_labels[-1])) if n_labels is not None and len(n_labels) > 1 else None
    return Stability(kappas, len(guesses[-1]) if guesses else 0, last)
