"""How far a figure could move had other dumps been drawn: percentile bootstrap over dumps.

Scores of single dumps go in, an interval comes out. Dumps, not segments, are drawn again, because the
segments of one dump stand or fall together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any, TypeVar

__all__ = ["bootstrap_interval", "sum_scores"]

Scores = TypeVar("Scores", bound=Any)


def sum_scores(scores: Sequence[Scores]) -> Scores:
    """The micro-average over dumps: all counts added up. At least one dump is needed."""
    if not scores:
        raise ValueError("no scores to add up")
    return reduce(add, scores)


def bootstrap_interval(
    scores: Sequence[Scores],
    measure: Callable[[Scores], float],
    *,
    n_resamples: int = 2_000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """The interval that ``measure`` of the summed scores keeps in ``level`` of the resamples of the dumps.

    >>> bootstrap_interval([3, 3, 3], float)
    (9.0, 9.0)
    """
    import numpy as np

    if not scores:
        raise ValueError("no scores to draw from")
    drawn = np.random.default_rng(seed).integers(0, len(scores), (n_resamples, len(scores)))
    measured = [measure(sum_scores([scores[i] for i in row])) for row in drawn.tolist()]
    low, high = np.quantile(measured, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
