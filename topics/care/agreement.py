"""Two readings of the same segments in, how far they agree out: share, Cohen's kappa, Krippendorff's alpha.

Readings come in pairs of two kinds. *Second readings* stand in ``labels/second/`` and were made without knowing the
first: each is compared with what held in the label folder when it was made, so that what was settled afterwards does
not flatter the figure. *Corrections* are what several people said of one text in the label folder itself, where the
later one knew the earlier: their agreement says how often people change a label, not how clear the topics are.
nltk computes the coefficients (Artstein and Poesio 2008, "Inter-Coder Agreement for Computational Linguistics").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.labels.decisions import TopicDecision
from topics.labels.entries import OnProblem, find_label_files, read_decisions
from topics.labels.second import Pair, find_second_files, pair_corrections, pair_second_readings
from topics.labels.taxonomy import Taxonomy

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Agreement", "measure_agreement", "read_agreement"]

NO_TOPIC: Final = "(none)"
N_RESAMPLES: Final = 500
MOST_CONFUSED: Final = 8


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far pairs of readings agree. Coefficients are 1 for perfect, 0 for chance; ``None`` where they say nothing.

    ``loose`` counts a pair also where the first topic of one is a secondary topic of the other; ``masi`` is alpha over
    first and secondary topics as sets (Passonneau 2006). ``by_topic`` has the specific agreement of each topic (twice
    the pairs where both name it, by how often either does) and that number of times; ``confused`` the commonest pairs
    of topics that stood against each other. Intervals are 95 % when segments are drawn anew.
    """

    n: int
    agreement: float | None = None
    loose: float | None = None
    kappa: float | None = None
    alpha: float | None = None
    masi: float | None = None
    intervals: Mapping[str, tuple[float, float]] | None = None
    by_topic: Mapping[str, tuple[float, int]] | None = None
    confused: tuple[tuple[str, str, int], ...] = ()
    readers: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        figures = ("agreement", "loose", "kappa", "alpha", "masi")
        return {
            "n": self.n,
            "readers": list(self.readers),
            **{name: _rounded(getattr(self, name)) for name in figures},
            "intervals": {name: [_rounded(end) for end in ends] for name, ends in (self.intervals or {}).items()},
            "topics": {slug: {"agreement": _rounded(f), "n": n} for slug, (f, n) in (self.by_topic or {}).items()},
            "confused": [{"first": a, "second": b, "n": n} for a, b, n in self.confused],
        }

    def render(self, console: Console, title: str) -> None:
        """The figures as a table; a line where there is nothing to compare."""
        from rich.table import Table

        if not self.n:
            console.print(f"{title}: none", highlight=False)
            return
        intervals = self.intervals or {}
        table = Table("figure", title=f"{title}: {self.n} segments, {' and '.join(self.readers)}", title_justify="left")
        table.add_column("value", justify="right")
        table.add_column("95 %", justify="right")
        rows = (
            ("agreement", "the same topic", self.agreement),
            ("loose", "the same, or one's second topic", self.loose),
            ("kappa", "Cohen's kappa", self.kappa),
            ("alpha", "Krippendorff's alpha", self.alpha),
            ("masi", "alpha over all topics (MASI)", self.masi),
        )
        for name, words, value in rows:
            ends = intervals.get(name)
            shown = f"{ends[0]:.2f}–{ends[1]:.2f}" if ends else ""
            table.add_row(words, "" if value is None else f"{value:.3f}", shown)
        console.print(table)
        if self.confused:
            stood = ", ".join(f"{a} against {b} {n}" for a, b, n in self.confused)
            console.print(f"most often: {stood}", highlight=False)


def read_agreement(
    labels: Path, taxonomy: Taxonomy, on_problem: OnProblem | None = None
) -> tuple[Agreement, Agreement]:
    """The agreement of second readings with first ones, and of corrections, in a label folder."""
    first = read_decisions(find_label_files(labels), taxonomy, on_problem).topics
    second = read_decisions(find_second_files(labels), taxonomy, on_problem).topics
    return measure_agreement(pair_second_readings(first, second)), measure_agreement(pair_corrections(first))


def measure_agreement(pairs: Sequence[Pair]) -> Agreement:
    """The coefficients over pairs of readings, with intervals."""
    if not pairs:
        return Agreement(0)
    named = [(_name(pair.first.decision), _name(pair.second.decision)) for pair in pairs]
    sets = [(_name_all(pair.first.decision), _name_all(pair.second.decision)) for pair in pairs]
    loose = [a[0] in b or b[0] in a for a, b in sets]
    uses = Counter(slug for pair in named for slug in pair)
    both = Counter(a for a, b in named if a == b)
    against = Counter((a, b) for a, b in named if a != b)
    figures = _compute(named, sets, loose)
    return Agreement(
        len(pairs),
        **figures,
        intervals=_draw_intervals(named, loose),
        by_topic={slug: (2 * both[slug] / uses[slug], uses[slug]) for slug in sorted(uses)},
        confused=tuple(
            (a, b, n) for (a, b), n in sorted(against.items(), key=lambda item: (-item[1], item[0]))[:MOST_CONFUSED]
        ),
        readers=tuple(sorted({e.decision.by for pair in pairs for e in (pair.first, pair.second)})),
    )


Named = Sequence[tuple[str, str]]
Sets = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]


def _compute(named: Named, sets: Sets, loose: Sequence[bool]) -> dict[str, float | None]:
    from nltk.metrics.agreement import AnnotationTask
    from nltk.metrics.distance import masi_distance

    def task(labels: Iterable[tuple[Any, Any]], **more: Any) -> Any:
        rows = [
            (who, str(item), label) for item, pair in enumerate(labels) for who, label in zip("12", pair, strict=True)
        ]
        return AnnotationTask(rows, **more)

    agreement = sum(a == b for a, b in named) / len(named)
    figures: dict[str, float | None] = {"agreement": agreement, "loose": sum(loose) / len(loose)}
    if len({slug for pair in named for slug in pair}) < 2:
        return {**figures, "kappa": None, "alpha": None, "masi": None}  # one topic: chance would agree as well
    plain = task(named)
    masi = task([(frozenset(a), frozenset(b)) for a, b in sets], distance=masi_distance)
    return {**figures, "kappa": float(plain.kappa()), "alpha": float(plain.alpha()), "masi": float(masi.alpha())}


def _draw_intervals(named: Named, loose: Sequence[bool]) -> dict[str, tuple[float, float]]:
    """95 % of the shares and of kappa when pairs are drawn anew; kappa by its formula, nltk's for two people."""
    import numpy as np

    slugs = sorted({slug for pair in named for slug in pair})
    index = {slug: k for k, slug in enumerate(slugs)}
    first = np.array([index[a] for a, _ in named])
    second = np.array([index[b] for _, b in named])
    drawn = np.random.default_rng(0).integers(0, len(named), (N_RESAMPLES, len(named)))
    agree = (first == second)[drawn].mean(axis=1)
    chance = np.array(
        [
            np.bincount(first[row], minlength=len(slugs)) @ np.bincount(second[row], minlength=len(slugs))
            for row in drawn
        ]
    ) / len(named) ** 2  # fmt: skip
    values = {"agreement": agree, "loose": np.array(loose)[drawn].mean(axis=1)}
    if len(slugs) > 1:
        values["kappa"] = np.where(chance < 1, (agree - chance) / np.maximum(1 - chance, 1e-12), 1.0)
    ends = {name: np.quantile(each, (0.025, 0.975)) for name, each in values.items()}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def _name(decision: TopicDecision) -> str:
    return decision.topic or NO_TOPIC


def _name_all(decision: TopicDecision) -> tuple[str, ...]:
    return (_name(decision), *decision.also)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
