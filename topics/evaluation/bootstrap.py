"""How far a figure could move had other dumps been drawn: percentile bootstrap over dumps.

Scores of single dumps go in, an interval comes out. Dumps, not segments, are drawn again, because the
segments of one dump stand or fall together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, TypeVar

__all__ = ["Interval", "bootstrap_interval", "bootstrap_intervals", "sum_scores"]

Scores = TypeVar("Scores", bound=Any)
Interval = tuple[float, float]


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
) -> Interval:
    """The interval that ``measure`` of the summed scores keeps in ``level`` of the resamples of the dumps.

    >>> bootstrap_interval([3, 3, 3], float)
    (9.0, 9.0)
    """
    options: dict[str, Any] = {"n_resamples": n_resamples, "level": level, "seed": seed}
    return bootstrap_intervals(scores, {"": measure}, **options)[""]


def bootstrap_intervals(
    scores: Sequence[Scores],
    measures: Mapping[str, Callable[[Scores], float]],
    *,
    n_resamples: int = 2_000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Interval]:
    """The same for several measures on the same resamples, by the name of each."""
    import numpy as np

    if not scores:
        raise ValueError("no scores to draw from")
    drawn = np.random.default_rng(seed).integers(0, len(scores), (n_resamples, len(scores)))
    sums = [sum_scores([scores[i] for i in row]) for row in drawn.tolist()]
    intervals = {}
    for name, measure in measures.items():
        low, high = np.quantile([measure(total) for total in sums], [(1 - level) / 2, (1 + level) / 2])
        intervals[name] = float(low), float(high)
    return intervals
