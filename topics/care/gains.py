"""A learning curve's predictions in, the topics by what their next labels bring out.

A topic's error (1 less its F1) is taken to fall as ``labels ** -power``, with one power for all topics, which is read
off the whole curve: the slope of log error by log labels within topics. F1 of a topic with few pieces is
chance, so it leans on the mean F1 with the weight of ``PRIOR`` pieces. A topic gains much where it has few labels
and where its F1 is low; the interval says how sure that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NEXT_LABELS", "Gain", "fit_power", "rank_gains"]

Array = NDArray[np.float64]

NEXT_LABELS: Final = 20
PRIOR: Final = 4.0  # pieces
POWER_BOUNDS: Final = (0.05, 1.0)


@dataclass(frozen=True, slots=True)
class Gain:
    """What ``NEXT_LABELS`` more labels of a topic are expected to add to its F1; intervals are 95 %.

    ``n`` labels are there now; ``f1`` is out of fold, ``None`` where no piece has the topic.
    """

    topic: str
    n: int
    f1: float | None
    f1_interval: tuple[float, float] | None
    gain: float
    gain_interval: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "topic": self.topic,
            "labels": self.n,
            "f1": None if self.f1 is None else round(self.f1, 4),
            "f1_interval": None if self.f1_interval is None else [round(end, 4) for end in self.f1_interval],
            "gain": round(self.gain, 4),
            "gain_interval": [round(end, 4) for end in self.gain_interval],
        }


def fit_power(n_labels: Array, f1: Array) -> float:
    """How fast error falls with labels: the slope of log error by log labels within topics, both (n_sizes, n_topics).

    >>> n = np.array([[10.0, 40.0], [20.0, 80.0], [40.0, 160.0]])
    >>> round(fit_power(n, 1 - n ** -0.5), 3)
    0.5
    """
    usable = (n_labels >= 2) & np.isfinite(f1) & (f1 < 1)
    slope, total = 0.0, 0.0
    for topic in range(f1.shape[1]):
        at = usable[:, topic]
        if at.sum() > 1:
            x, y = np.log(n_labels[at, topic]), np.log(1 - f1[at, topic])
            slope += float(((x - x.mean()) * (y - y.mean())).sum())
            total += float(((x - x.mean()) ** 2).sum())
    power = -slope / total if total > 0 else POWER_BOUNDS[0]
    return float(np.clip(power, *POWER_BOUNDS))


def rank_gains(
    slugs: Sequence[str], topics: NDArray[np.int64], n_labels: Array, f1: Sequence[Array], drawn: Sequence[Array]
) -> tuple[Gain, ...]:
    """The topics by expected gain, the largest first.

    ``topics`` (n_pieces,) are those of all pieces, ``n_labels`` (n_sizes, n_topics) what each size of the curve was
    learned from, ``f1`` (n_topics,) a size, ``drawn`` (n_draws, n_topics) a size; sizes in ascending order.
    """
    n_now = np.bincount(topics, minlength=len(slugs))
    power = fit_power(n_labels, np.array(f1))
    powers = np.array([fit_power(n_labels, np.array([size[d] for size in drawn])) for d in range(len(drawn[0]))])
    best = _shrink(f1[-1][None, :], n_now)[0]
    spread = _shrink(drawn[-1], n_now)
    gains = []
    for k, slug in enumerate(slugs):
        n = int(n_now[k])
        left = (n + 1) / (n + 1 + NEXT_LABELS)  # the description counts as a label
        values = (1 - spread[:, k]) * (1 - left**powers)
        low, high = np.quantile(values, (0.025, 0.975))
        ends = np.nanquantile(drawn[-1][:, k], (0.025, 0.975)).tolist() if n else None
        gain = float((1 - best[k]) * (1 - left**power))
        gains.append(
            Gain(
                slug, n, float(f1[-1][k]) if n else None, (ends[0], ends[1]) if ends else None,
                gain, (float(low), float(high)),
            )
        )  # fmt: skip
    return tuple(sorted(gains, key=lambda gain: (-gain.gain, gain.topic)))


def _shrink(f1: Array, n: NDArray[np.int64]) -> Array:
    """F1 (n_draws, n_topics) leaning on the mean of its draw; a topic without pieces has none: 0."""
    mean = np.nanmean(f1, axis=1, keepdims=True)
    known = np.where(np.isfinite(f1), f1, mean)
    return np.where(n > 0, (known * n + PRIOR * mean) / (n + PRIOR), 0.0)
