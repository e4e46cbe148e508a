"""Everything that answers say of a model's topics: right and wrong by topic, outlet and date, how honest, how sure.

Answers go in, a :class:`TopicReport` comes out. Two readings stand side by side: what is *shown*, where a piece left
unknown is not right, and the best *guess*, whatever was shown. Calibration is of the guess. ``topic_intervals`` says
how far figures could move.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from topics.evaluation.answers import Answer
from topics.evaluation.classes import ClassScores, score_classes
from topics.evaluation.ratios import HitCounts, share
from topics.evaluation.topic_intervals import TopicIntervals, measure_intervals
from topics.evaluation.unknowns import Coverage, UnknownScores, measure_auroc, measure_coverage

__all__ = ["Confusion", "PartFigures", "TopicReport", "report_topics"]

_DAYS: Final = 12  # more days than that are told by the month, more months by the year


@dataclass(frozen=True, slots=True)
class Confusion:
    """``n`` of the ``n_true`` pieces of a topic that were given another, which ``n_secondary`` have as secondary."""

    true: str
    given: str
    n: int
    n_true: int
    n_secondary: int

    @property
    def share(self) -> float:
        return self.n / self.n_true

    def to_dict(self) -> dict[str, Any]:
        return {
            "true": self.true,
            "given": self.given,
            "n": self.n,
            "n_true": self.n_true,
            "n_secondary": self.n_secondary,
        }


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The pieces of one outlet or of one stretch of time: how many, and how many guesses and shown topics are right."""

    name: str
    n: int
    n_right: int
    n_either: int  # primary or secondary
    n_shown: int
    n_shown_right: int

    @property
    def accuracy(self) -> float:
        return share(self.n_right, self.n, empty=0.0)

    @property
    def accuracy_with_secondary(self) -> float:
        return share(self.n_either, self.n, empty=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "n": self.n,
            "accuracy": self.accuracy,
            "accuracy_with_secondary": self.accuracy_with_secondary,
            "shown": share(self.n_shown, self.n, empty=0.0),
            "precision_of_shown": share(self.n_shown_right, self.n_shown, empty=1.0),
        }


@dataclass(frozen=True, slots=True)
class TopicReport:
    """The figures of some answers. ``unit`` names what was drawn anew for the intervals: stories or dumps.

    ``secondary`` compares the secondary topics that are shown with those that were labelled; ``further`` with all
    labelled topics but the one shown first, so that a primary topic that is shown second counts as found.
    """

    n: int
    shown: ClassScores
    guessed: ClassScores
    secondary: HitCounts
    further: HitCounts
    unknown: UnknownScores
    confusions: tuple[Confusion, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    by_source: tuple[PartFigures, ...] = ()
    by_date: tuple[PartFigures, ...] = ()
    unit: str = ""
    n_units: int = 0
    intervals: TopicIntervals = field(default_factory=TopicIntervals)

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the figures of what is shown first, then those of the guesses."""
        shown = self.shown.to_dict()
        for row in shown["topics"]:
            row.update(self.intervals.by_topic.get(row["topic"], {}))
        return {
            **shown,
            "best_guess": self.guessed.to_dict(),
            "secondary": self.secondary.to_dict(),
            "further": self.further.to_dict(),
            "unknown": self.unknown.to_dict(),
            "confusions": [confusion.to_dict() for confusion in self.confusions],
            "coverage": [point.to_dict() for point in self.coverage],
            "by_source": [part.to_dict() for part in self.by_source],
            "by_date": [part.to_dict() for part in self.by_date],
            "unit": self.unit,
            "n_units": self.n_units,
            "intervals": dict(self.intervals.overall),
        }


def report_topics(answers: Iterable[Answer], unit: str = "dump", *, n_resamples: int = 2_000) -> TopicReport:
    """The report on some answers; ``unit`` is what their units are called. Fewer than two units have no intervals."""
    held = list(answers)
    fitting = [one for one in held if one.topic is not None]
    return TopicReport(
        n=len(held),
        shown=score_classes(one.as_shown for one in held),
        guessed=score_classes(one.as_guessed for one in fitting),
        secondary=_add(_secondary(one) for one in held),
        further=_add(_further(one) for one in held),
        unknown=_score_unknowns(held),
        confusions=_find_confusions(fitting),
        coverage=_cover(held),
        by_source=_parts(fitting, lambda one: one.source or ""),
        by_date=_parts(fitting, _stretch([one.published for one in fitting])),
        unit=unit,
        n_units=len({one.unit for one in held}),
        intervals=measure_intervals(held, n_resamples=n_resamples),
    )


def _add(counts: Iterable[HitCounts]) -> HitCounts:
    return sum(counts, HitCounts())


def _secondary(one: Answer) -> HitCounts:
    return HitCounts(len(one.also), len(one.shown_also), len({*one.also} & {*one.shown_also}))


def _further(one: Answer) -> HitCounts:
    wanted = {one.topic, *one.also} - {one.shown, None}
    return HitCounts(len(wanted), len(one.shown_also), len(wanted & {*one.shown_also}))


def _score_unknowns(answers: Sequence[Answer]) -> UnknownScores:
    import numpy as np

    unfit = np.array([one.topic is None for one in answers], np.bool_)
    rejected = np.array([one.shown is None for one in answers], np.bool_)
    area = float(measure_auroc(np.array([one.doubt for one in answers]), unfit)[0])
    return UnknownScores(
        n_known=int((~unfit).sum()),
        n_known_rejected=int((rejected & ~unfit).sum()),
        n_unfit=int(unfit.sum()),
        n_unfit_rejected=int((rejected & unfit).sum()),
        auroc=None if np.isnan(area) else area,
    )


def _cover(answers: Sequence[Answer]) -> tuple[Coverage, ...]:
    """By doubt, as the model itself leaves pieces out; a piece that fits no topic is wrong wherever it is shown."""
    guessed = [one for one in answers if one.guess is not None]
    return measure_coverage(
        [one.doubt for one in guessed],
        [one.guess == one.topic for one in guessed],
        [one.guess in one.also for one in guessed],
    )


def _find_confusions(answers: Sequence[Answer]) -> tuple[Confusion, ...]:
    """Wrong guesses, pair by pair, the most frequent first."""
    true = Counter(one.topic for one in answers)
    pairs: Counter[tuple[str, str]] = Counter()
    secondary: Counter[tuple[str, str]] = Counter()
    for one in answers:
        if one.topic is not None and one.guess is not None and one.topic != one.guess:
            pairs[one.topic, one.guess] += 1
            secondary[one.topic, one.guess] += one.guess in one.also
    ranked = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Confusion(a, b, n, true[a], secondary[a, b]) for (a, b), n in ranked)


def _parts(answers: Sequence[Answer], name: Callable[[Answer], str]) -> tuple[PartFigures, ...]:
    """Figures by name, in order of name; pieces without one are left out."""
    parts: dict[str, list[Answer]] = {}
    for one in answers:
        parts.setdefault(name(one), []).append(one)
    parts.pop("", None)
    return tuple(
        PartFigures(
            key,
            len(own),
            sum(one.guess == one.topic for one in own),
            sum(one.guess is not None and one.guess in (one.topic, *one.also) for one in own),
            sum(one.shown is not None for one in own),
            sum(one.shown is not None and one.shown == one.topic for one in own),
        )
        for key, own in sorted(parts.items())
    )


def _stretch(days: Sequence[str | None]) -> Callable[[Answer], str]:
    """How to name a piece's date: the day, or where these are many the month, or the year."""
    known = {day for day in days if day}
    length = next((n for n in (10, 7) if len({day[:n] for day in known}) <= _DAYS), 4)
    return lambda one: (one.published or "")[:length]
