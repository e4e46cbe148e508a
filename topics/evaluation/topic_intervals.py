"""How far the figures of topics could move had other stories, or other dumps, been drawn: percentile bootstrap.

All figures are ratios of sums over units, so the sums of each unit are laid out once as columns, and two thousand
drawings of the units are one product of matrices. Calibration error is biased upwards in a drawing, as it is in any
small set; its interval says so by standing somewhat above it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.answers import Answer
from topics.evaluation.bootstrap import Interval
from topics.evaluation.classes import N_BINS
from topics.evaluation.unknowns import measure_auroc

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TopicIntervals", "measure_intervals"]

LEVEL: Final = 0.95
_ROWS: Final = 200  # drawings whose AUROC is measured at a time


@dataclass(frozen=True, slots=True)
class TopicIntervals:
    """95 % intervals: ``overall`` by the name of a figure, ``by_topic`` by topic and name. Empty for one unit."""

    overall: Mapping[str, Interval] = field(default_factory=dict)
    by_topic: Mapping[str, Mapping[str, Interval]] = field(default_factory=dict)


def measure_intervals(answers: Sequence[Answer], *, n_resamples: int = 2_000, seed: int = 0) -> TopicIntervals:
    """The intervals of all figures, over drawings of the units of the answers; none for fewer than two units."""
    import numpy as np

    names = sorted({one.unit for one in answers})
    if len(names) < 2 or not n_resamples:
        return TopicIntervals()
    place = {name: k for k, name in enumerate(names)}
    unit = np.array([place[one.unit] for one in answers])
    rng = np.random.default_rng(seed)
    drawn = np.stack(
        [np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names)) for _ in range(n_resamples)]
    ).astype(np.float64)  # (n_resamples, n_units)
    columns, topics = _lay_out(answers)
    sums = {
        name: drawn @ _sum_by(unit, values, len(names)) for name, values in columns.items()
    }  # name -> (n_resamples, n_columns)
    doubts = np.array([one.doubt for one in answers])
    unfit = np.array([one.topic is None for one in answers], np.bool_)
    areas = np.concatenate(
        [measure_auroc(doubts, unfit, drawn[at : at + _ROWS][:, unit]) for at in range(0, n_resamples, _ROWS)]
    )
    overall = {name: _interval(figure(sums)) for name, figure in _OVERALL.items()}
    overall["unknown_auroc"] = _interval(areas)
    by_topic = {name: figure(sums) for name, figure in _BY_TOPIC.items()}
    return TopicIntervals(
        {name: found for name, found in overall.items() if found is not None},
        {
            topic: {
                f"{name}_interval": found
                for name, values in by_topic.items()
                if (found := _interval(values[:, k])) is not None
            }
            for k, topic in enumerate(topics)
        },
    )


def _lay_out(answers: Sequence[Answer]) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """For each answer its part in every sum, (n_answers, n_columns) a name; and the topics that are columns."""
    import numpy as np

    topics = sorted({slug for one in answers for slug in (one.topic, one.shown, one.guess) if slug is not None})
    index = {slug: k for k, slug in enumerate(topics)}
    fits = np.array([one.topic is not None for one in answers], np.bool_)

    def one_hot(slugs: Sequence[str | None]) -> NDArray[Any]:
        rows = np.zeros((len(slugs), len(topics)))
        for i, slug in enumerate(slugs):
            if slug is not None:
                rows[i, index[slug]] = 1.0
        return rows

    def column(values: Sequence[float]) -> NDArray[Any]:
        return np.array(values, dtype=np.float64)[:, None]

    true = one_hot([one.topic for one in answers])
    shown = one_hot([one.shown for one in answers])
    guessed = one_hot([one.guess if one.topic is not None else None for one in answers])
    bins = np.zeros((len(answers), N_BINS))
    for i, one in enumerate(answers):
        if one.score is not None:
            bins[i, min(N_BINS - 1, int(one.score * N_BINS))] = 1.0
    right = column([one.guess == one.topic for one in answers])
    score = column([one.score or 0.0 for one in answers])
    wanted = [{one.topic, *one.also} - {one.shown, None} for one in answers]
    return {
        "n": column([1.0] * len(answers)),
        "n_fitting": column(fits.tolist()),
        "right": column([one.shown == one.topic for one in answers]),
        "either": column([one.shown == one.topic or one.shown in one.also for one in answers]),
        "n_shown": column([one.shown is not None for one in answers]),
        "shown_right": column([one.shown is not None and one.shown == one.topic for one in answers]),
        "guess_right": right * fits[:, None],
        "guess_either": column([one.guess is not None and one.guess in (one.topic, *one.also) for one in answers]),
        "true": true,
        "shown": shown,
        "shown_hits": true * shown,
        "guessed": guessed,
        "guessed_hits": true * guessed,
        "gap": bins * (right - score),
        "n_scored": bins.sum(axis=1, keepdims=True),
        "also_true": column([len(one.also) for one in answers]),
        "also_found": column([len(one.shown_also) for one in answers]),
        "also_hits": column([len({*one.also} & {*one.shown_also}) for one in answers]),
        "further_true": column([len(slugs) for slugs in wanted]),
        "further_hits": column(
            [len(slugs & {*one.shown_also}) for slugs, one in zip(wanted, answers, strict=True)]
        ),
    }, topics  # fmt: skip


def _sum_by(unit: NDArray[Any], values: NDArray[Any], n_units: int) -> NDArray[Any]:
    import numpy as np

    sums = np.zeros((n_units, values.shape[1]))
    np.add.at(sums, unit, values)
    return sums


Sums = Mapping[str, "NDArray[Any]"]
Figure = Callable[[Sums], "NDArray[Any]"]


def _ratio(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any]:
    """Element by element, nan where there is nothing."""
    import numpy as np

    part = np.broadcast_to(part, whole.shape)
    result: NDArray[Any] = np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
    return result


def _macro_f1(sums: Sums, hits: str, found: str) -> NDArray[Any]:
    """Mean over the topics that are true somewhere in the drawing."""
    import numpy as np

    scores = _ratio(2 * sums[hits], sums["true"] + sums[found])
    there = sums["true"] > 0
    result: NDArray[Any] = np.where(there, scores, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return result


_OVERALL: Final[Mapping[str, Figure]] = {
    "accuracy": lambda sums: _ratio(sums["right"], sums["n"]),
    "accuracy_with_secondary": lambda sums: _ratio(sums["either"], sums["n"]),
    "macro_f1": lambda sums: _macro_f1(sums, "shown_hits", "shown"),
    "shown": lambda sums: _ratio(sums["n_shown"], sums["n"]),
    "precision_of_shown": lambda sums: _ratio(sums["shown_right"], sums["n_shown"]),
    "best_guess_accuracy": lambda sums: _ratio(sums["guess_right"], sums["n_fitting"]),
    "best_guess_accuracy_with_secondary": lambda sums: _ratio(sums["guess_either"], sums["n_fitting"]),
    "best_guess_macro_f1": lambda sums: _macro_f1(sums, "guessed_hits", "guessed"),
    "ece": lambda sums: _ratio(abs(sums["gap"]).sum(axis=1, keepdims=True), sums["n_scored"]),
    "secondary_f1": lambda sums: _ratio(2 * sums["also_hits"], sums["also_true"] + sums["also_found"]),
    "further_f1": lambda sums: _ratio(2 * sums["further_hits"], sums["further_true"] + sums["also_found"]),
}
_BY_TOPIC: Final[Mapping[str, Figure]] = {
    "precision": lambda sums: _ratio(sums["shown_hits"], sums["shown"]),
    "recall": lambda sums: _ratio(sums["shown_hits"], sums["true"]),
    "f1": lambda sums: _ratio(2 * sums["shown_hits"], sums["true"] + sums["shown"]),
}


def _interval(values: NDArray[Any]) -> Interval | None:
    """What holds in LEVEL of the drawings that have the figure at all."""
    import numpy as np

    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
