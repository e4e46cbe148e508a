"""Labelled pieces in, the learning curve out: how good a model is at growing numbers of labels, and where that leads.

In each fold a model learns from growing samples of the pieces outside it, and judges those inside; folds keep
stories whole. Error is taken to fall as ``floor + scale * n ** -power`` (Hestness et al. 2017, "Deep Learning Scaling
is Predictable, Empirically"; Figueroa et al. 2012, "Predicting sample size required for classification performance"),
fitted by least squares, each size weighed by the number of judgements. Intervals are 95 % when stories are drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.care.fitting import lay_out
from topics.care.gains import Gain, rank_gains
from topics.evaluation.folds import deal_folds
from topics.selection.stopping import measure_kappa

if TYPE_CHECKING:
    from topics.care.gather import Labelled

__all__ = ["Curve", "Point", "PowerLaw", "fit_power_law", "measure_curve", "score_predictions"]

Array = NDArray[np.float64]
Advance = Callable[[str], None]

N_FOLDS: Final = 5
N_SIZES: Final = 6
SMALLEST: Final = 25
MIN_PIECES: Final = 50
N_RESAMPLES: Final = 400
AHEAD: Final = (2, 4)  # times the labels there are
POWERS: Final = np.linspace(0.05, 1.5, 59)


@dataclass(frozen=True, slots=True)
class Point:
    """Accuracy and macro-F1 with their intervals at ``n`` labels; ``predicted`` by the power law, else measured."""

    n: int
    accuracy: float
    accuracy_interval: tuple[float, float]
    macro_f1: float
    macro_f1_interval: tuple[float, float]
    predicted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "labels": self.n,
            "predicted": self.predicted,
            "accuracy": round(self.accuracy, 4),
            "accuracy_interval": [round(end, 4) for end in self.accuracy_interval],
            "macro_f1": round(self.macro_f1, 4),
            "macro_f1_interval": [round(end, 4) for end in self.macro_f1_interval],
        }


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Error at ``n`` labels is ``floor + scale * n ** -power``."""

    floor: float
    scale: float
    power: float

    def error_at(self, n: float) -> float:
        """The error at ``n`` labels, at most 1."""
        return float(min(1.0, self.floor + self.scale * n**-self.power))


@dataclass(frozen=True, slots=True)
class Curve:
    """Points in order of labels, the laws of both errors, and the topics by what their next labels bring; ``kappa`` is
    how far the models of the last two measured sizes agree on pieces that neither saw.

    ``points`` is empty where there are too few labels to measure anything.
    """

    n: int
    points: tuple[Point, ...] = ()
    accuracy_law: PowerLaw | None = None
    macro_f1_law: PowerLaw | None = None
    gains: tuple[Gain, ...] = ()
    kappa: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        laws = {"accuracy": self.accuracy_law, "macro_f1": self.macro_f1_law}
        return {
            "labels": self.n,
            "points": [point.to_dict() for point in self.points],
            "laws": {
                name: {"floor": round(law.floor, 4), "scale": round(law.scale, 4), "power": round(law.power, 4)}
                for name, law in laws.items()
                if law is not None
            },
            "next_labels": [gain.to_dict() for gain in self.gains],
        }


def measure_curve(labelled: Labelled, advance: Advance = lambda name: None) -> Curve:
    """The curve of labelled pieces; ``advance`` is told of each of the N_FOLDS * N_SIZES trainings."""
    slugs = labelled.taxonomy.slugs
    places = [k for k, example in enumerate(labelled.examples) if example.is_certain and example.topic in slugs]
    topics = np.array([slugs.index(str(labelled.examples[place].topic)) for place in places], np.int64)
    if len(places) < MIN_PIECES or len(set(topics.tolist())) < 2:
        return Curve(len(places))
    stories = [labelled.traits[place].story for place in places]
    examples = [labelled.examples[place] for place in places]
    arena = lay_out(examples, slugs, labelled.lessons, labelled.vectors)
    fold = deal_folds([example.topic for example in examples], stories, N_FOLDS)
    most = min(int((fold != k).sum()) for k in range(N_FOLDS))
    sizes = np.unique(np.geomspace(min(SMALLEST, most), most, N_SIZES).round().astype(int))
    found = np.zeros((len(sizes), len(places)), np.int64)
    n_labels = np.zeros((len(sizes), len(slugs)))
    for k in range(N_FOLDS):
        test = np.flatnonzero(fold == k)
        order = np.random.default_rng(k).permutation(np.flatnonzero(fold != k))
        for row, size in enumerate(sizes):
            found[row, test] = arena.predict(np.sort(order[:size]), test)
            n_labels[row] += np.bincount(topics[order[:size]], minlength=len(slugs)) / N_FOLDS
            advance(f"{size} labels")
    weights = _draw(stories)
    drawn = [score_predictions(topics, row, len(slugs), weights) for row in found]
    true = [score_predictions(topics, row, len(slugs), np.ones((1, len(places)))) for row in found]
    points, laws = _describe(sizes, true, drawn, len(places))
    gains = rank_gains(slugs, topics, n_labels, [f1[0] for _, f1 in true], [f1 for _, f1 in drawn])
    kappa = measure_kappa(found[-2], found[-1]) if len(found) > 1 else None
    return Curve(len(places), points, laws[0], laws[1], gains, kappa)


def score_predictions(
    topics: NDArray[np.int64], found: NDArray[np.int64], n_topics: int, weights: Array
) -> tuple[Array, Array]:
    """Accuracy, (n_draws,), and F1 by topic, (n_draws, n_topics), of predictions under weights (n_draws, n_pieces).

    F1 is nan for a topic that no piece of a draw has.
    """
    right = found == topics
    one = np.eye(n_topics)
    n_true, n_found = weights @ one[topics], weights @ one[found]
    n_right = (weights * right) @ one[topics]
    with np.errstate(invalid="ignore"):
        f1 = np.where(n_true > 0, 2.0 * n_right / np.maximum(n_true + n_found, 1e-12), np.nan)
    return (weights @ right) / weights.sum(axis=1), f1


def fit_power_law(sizes: Sequence[float] | NDArray[Any], errors: Sequence[float] | NDArray[Any]) -> PowerLaw:
    """The law of least squared error with a floor and a scale of 0 or more; larger sizes weigh more.

    >>> law = fit_power_law([10, 20, 40, 80, 160], [0.1 + 2 * n**-0.5 for n in (10, 20, 40, 80, 160)])
    >>> round(law.floor, 3), round(law.scale, 2), round(law.power, 2)
    (0.1, 2.0, 0.5)
    """
    n, y = np.asarray(sizes, float), np.asarray(errors, float)
    weight = np.sqrt(n)
    best = (np.inf, PowerLaw(float(y.mean()), 0.0, 1.0))
    for power in POWERS:
        x = n**-power
        for floor, scale in _solve(x, y, weight):
            loss = float((weight * (y - floor - scale * x) ** 2).sum())
            if loss < best[0] - 1e-15:
                best = (loss, PowerLaw(floor, scale, float(power)))
    return best[1]


def _solve(x: Array, y: Array, weight: Array) -> list[tuple[float, float]]:
    """Candidates for floor and scale: the free solution where both are in bounds, and those on either bound."""
    total = weight.sum()
    mean_x, mean_y = (weight * x).sum() / total, (weight * y).sum() / total
    spread = (weight * (x - mean_x) ** 2).sum()
    scale = float((weight * (x - mean_x) * (y - mean_y)).sum() / spread) if spread > 0 else 0.0
    floor = float(mean_y - scale * mean_x)
    if floor >= 0 and scale >= 0:
        return [(floor, scale)]
    return [(0.0, max(0.0, float((weight * x * y).sum() / (weight * x * x).sum()))), (max(0.0, float(mean_y)), 0.0)]


def _draw(stories: Sequence[object]) -> Array:
    """How often each piece is there when stories are drawn anew: (N_RESAMPLES, n_pieces)."""
    numbers = {story: number for number, story in enumerate(dict.fromkeys(stories))}
    of_piece = np.array([numbers[story] for story in stories])
    random = np.random.default_rng(0)
    counts = random.multinomial(len(numbers), np.full(len(numbers), 1 / len(numbers)), N_RESAMPLES)
    return counts[:, of_piece].astype(np.float64)


def _describe(
    sizes: NDArray[np.int64], true: list[tuple[Array, Array]], drawn: list[tuple[Array, Array]], n: int
) -> tuple[tuple[Point, ...], tuple[PowerLaw, PowerLaw]]:
    """The measured points, then those that the laws predict at multiples of ``n``; intervals from the draws."""
    measured = np.array([[accuracy[0], np.nanmean(f1[0])] for accuracy, f1 in true])  # (n_sizes, 2)
    spread = np.array([[accuracy, np.nanmean(f1, axis=1)] for accuracy, f1 in drawn])  # (n_sizes, 2, n_draws)
    laws = fit_power_law(sizes, 1 - measured[:, 0]), fit_power_law(sizes, 1 - measured[:, 1])
    points = [_make_point(int(size), measured[row], spread[row]) for row, size in enumerate(sizes)]
    ahead = [n * times for times in AHEAD]
    redrawn = [
        [fit_power_law(sizes, 1 - spread[:, figure, draw]) for draw in range(0, spread.shape[2], 4)]
        for figure in (0, 1)
    ]
    for size in ahead:
        best = np.array([1 - law.error_at(size) for law in laws])
        values = np.array([[1 - law.error_at(size) for law in each] for each in redrawn])
        points.append(_make_point(size, best, values, predicted=True))
    return tuple(points), laws


def _make_point(n: int, best: Array, values: Array, predicted: bool = False) -> Point:
    low, high = np.quantile(values, (0.025, 0.975), axis=1)
    return Point(
        n, float(best[0]), (float(low[0]), float(high[0])), float(best[1]), (float(low[1]), float(high[1])), predicted
    )
