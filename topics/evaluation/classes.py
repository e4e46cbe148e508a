"""How well predicted topics agree with true ones, and how honest the scores are.

Judged pieces go in (what a person decided beside what the model said), counts come out; every figure is a
property of the counts, and counts of several dumps add up. ``None`` stands for "no topic fits" on the gold
side and for "unknown" on the other, and the two agree with each other. Calibration is measured on the best
guess, whatever was decided about it: expected calibration error over 15 bins of equal width (Guo et al.
2017), and the Brier score of that guess.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from topics.evaluation.ratios import HitCounts, share

__all__ = [
    "N_BINS",
    "Calibration",
    "ClassScores",
    "Judged",
    "ReliabilityBin",
    "TopicFigures",
    "score_classes",
]

N_BINS = 15


@dataclass(frozen=True, slots=True)
class Judged:
    """One piece (or some of its characters: ``weight``) with the truth and the prediction.

    ``guess`` and ``score`` are the topic with the highest probability and that probability; without them the
    piece says nothing about calibration.
    """

    topic: str | None
    predicted: str | None
    also: tuple[str, ...] = ()
    guess: str | None = None
    score: float | None = None
    weight: int = 1


@dataclass(frozen=True, slots=True)
class TopicFigures(HitCounts):
    """One topic: how much of it was true, how much was predicted, and how much was both."""

    topic: str = ""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The guesses whose score is in ``[low, high)``, the last bin with its end: how sure, how often right."""

    low: float
    high: float
    n: int = 0
    n_right: int = 0
    score_sum: float = 0.0

    @property
    def mean_score(self) -> float:
        return share(self.score_sum, self.n, empty=0.0)

    @property
    def accuracy(self) -> float:
        return share(self.n_right, self.n, empty=0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Reliability of the scores: sums a bin, and the sum of squared errors."""

    bins: tuple[ReliabilityBin, ...] = tuple(ReliabilityBin(i / N_BINS, (i + 1) / N_BINS) for i in range(N_BINS))
    squared_error: float = 0.0

    def __add__(self, other: Calibration) -> Calibration:
        return Calibration(
            tuple(
                ReliabilityBin(a.low, a.high, a.n + b.n, a.n_right + b.n_right, a.score_sum + b.score_sum)
                for a, b in zip(self.bins, other.bins, strict=True)
            ),
            self.squared_error + other.squared_error,
        )

    @property
    def n(self) -> int:
        return sum(b.n for b in self.bins)

    @property
    def ece(self) -> float:
        """Mean distance between score and accuracy, bin by bin: 0 is honest."""
        return share(sum(abs(b.n_right - b.score_sum) for b in self.bins), self.n, empty=0.0)

    @property
    def ece_by_chance(self) -> float:
        """The ``ece`` that perfect scores have on average on as many pieces: nothing below it can be asked for."""
        return share(sum(_mean_deviation(b.n, b.mean_score) for b in self.bins), self.n, empty=0.0)

    @property
    def brier(self) -> float:
        """Mean squared distance between the score of the guess and whether it was right."""
        return share(self.squared_error, self.n, empty=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "ece": self.ece,
            "ece_by_chance": self.ece_by_chance,
            "brier": self.brier,
            "bins": [
                {"low": b.low, "high": b.high, "n": b.n, "mean_score": b.mean_score, "accuracy": b.accuracy}
                for b in self.bins
            ],
        }


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Counts of (gold topic, predicted topic), of those right by a secondary topic only, and calibration."""

    confusion: Mapping[tuple[str | None, str | None], int] = field(default_factory=dict)
    n_secondary: int = 0
    calibration: Calibration = field(default_factory=Calibration)

    def __add__(self, other: ClassScores) -> ClassScores:
        confusion = Counter(self.confusion)
        confusion.update(other.confusion)
        return ClassScores(dict(confusion), self.n_secondary + other.n_secondary, self.calibration + other.calibration)

    @property
    def n(self) -> int:
        return sum(self.confusion.values())

    @property
    def n_right(self) -> int:
        return sum(n for (true, found), n in self.confusion.items() if true == found)

    @property
    def accuracy(self) -> float:
        return share(self.n_right, self.n, empty=0.0)

    @property
    def accuracy_with_secondary(self) -> float:
        """Share whose predicted topic is the primary topic or one of the secondary ones."""
        return share(self.n_right + self.n_secondary, self.n, empty=0.0)

    @property
    def topics(self) -> tuple[TopicFigures, ...]:
        """The counts of each topic that is true or predicted somewhere, in the order of their names."""
        true: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for (gold, predicted), n in self.confusion.items():
            if gold is not None:
                true[gold] += n
            if predicted is not None:
                found[predicted] += n
        return tuple(
            TopicFigures(true[topic], found[topic], self.confusion.get((topic, topic), 0), topic)
            for topic in sorted({*true, *found})
        )

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the topics that are true somewhere; others have none of their own to count."""
        scores = [figures.f1 for figures in self.topics if figures.n_true]
        return share(sum(scores), len(scores), empty=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_with_secondary": self.accuracy_with_secondary,
            "macro_f1": self.macro_f1,
            "topics": [{"topic": figures.topic, **figures.to_dict()} for figures in self.topics],
            "confusion": [
                {"true": gold, "predicted": predicted, "n": n}
                for (gold, predicted), n in sorted(self.confusion.items(), key=lambda item: _sort_key(item[0]))
            ],
            "calibration": self.calibration.to_dict(),
        }


def score_classes(pieces: Iterable[Judged]) -> ClassScores:
    """Count the judged pieces.

    >>> score_classes([Judged("sport", "sport"), Judged("iran", "world", also=("world",))]).accuracy
    0.5
    """
    confusion: Counter[tuple[str | None, str | None]] = Counter()
    n_secondary = 0
    bins = [[0, 0, 0.0] for _ in range(N_BINS)]
    squared_error = 0.0
    for piece in pieces:
        confusion[piece.topic, piece.predicted] += piece.weight
        if piece.predicted is not None and piece.predicted != piece.topic and piece.predicted in piece.also:
            n_secondary += piece.weight
        if piece.score is None or piece.guess is None:
            continue
        if not 0 <= piece.score <= 1:
            raise ValueError(f"score {piece.score} is not a probability")
        right = piece.guess == piece.topic
        chosen = bins[min(N_BINS - 1, int(piece.score * N_BINS))]
        chosen[0] += piece.weight
        chosen[1] += piece.weight * right
        chosen[2] += piece.weight * piece.score
        squared_error += piece.weight * (piece.score - right) ** 2
    calibration = Calibration(
        tuple(
            ReliabilityBin(i / N_BINS, (i + 1) / N_BINS, int(n), int(right), score_sum)
            for i, (n, right, score_sum) in enumerate(bins)
        ),
        squared_error,
    )
    return ClassScores(dict(confusion), n_secondary, calibration)


def _mean_deviation(n: int, p: float) -> float:
    """How far from its mean a binomial count is on average (De Moivre 1730)."""
    if not n or not 0.0 < p < 1.0:
        return 0.0
    k = math.floor(n * p) + 1
    log_ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return 2 * k * math.exp(log_ways + k * math.log(p) + (n - k + 1) * math.log1p(-p))


def _sort_key(pair: tuple[str | None, str | None]) -> tuple[str, str]:
    return (pair[0] or "", pair[1] or "")
