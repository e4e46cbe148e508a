"""Everything that one evaluation found, as plain values for JSON and as tables for a person.

Gold, texts and rows of some dumps go in; an :class:`EvaluationReport` comes out, whose figures are
micro-averages over the dumps, with bootstrap intervals for the boundary figures and for the share of text under
the right topic, and the boundary figures of each dump. One dump alone has no intervals: it cannot tell how
others would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.answers import Answer
from topics.evaluation.bootstrap import Interval, bootstrap_interval, bootstrap_intervals, sum_scores
from topics.evaluation.boundaries import BoundaryScores
from topics.evaluation.classes import ClassScores
from topics.evaluation.endtoend import EndToEndScores, answer_rows, evaluate_end_to_end
from topics.evaluation.gold import GoldDump
from topics.evaluation.layout import compare_boundaries, compare_furniture, compare_kinds
from topics.evaluation.ratios import HitCounts, share
from topics.evaluation.topic_report import TopicReport, report_topics
from topics.paragraphs import Punkt

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["BOUNDARY_FIGURES", "EvaluationReport", "evaluate_dumps"]

# the boundary figures that have an interval, by their names in JSON
BOUNDARY_FIGURES: Final[Mapping[str, Callable[[BoundaryScores], float]]] = {
    "exact_f1": lambda scores: scores.f1,
    "lenient_f1": lambda scores: scores.f1_lenient,
    "pk": lambda scores: scores.pk,
    "window_diff": lambda scores: scores.window_diff,
    "similarity": lambda scores: scores.similarity,
}


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of some dumps. ``None`` stands for what the gold could not tell.

    ``boundaries`` needs gold that covers whole dumps, ``furniture`` gold that names it, ``end_to_end`` rows
    with topics. ``topics`` is the classification of the gold segments themselves, the cuts taken as given, ``found``
    that of the segments that the model cut, each against the gold that most of it is of.
    ``boundary_intervals`` go by the names of :data:`BOUNDARY_FIGURES`; ``by_dump`` has the boundary figures of
    each dump, by name and in order. ``n_decisions`` counts the boundary decisions about these dumps, which were in
    force when the model cut them.
    """

    n_dumps: int
    kinds: ClassScores
    boundaries: BoundaryScores | None = None
    boundary_intervals: Mapping[str, Interval] = field(default_factory=dict)
    by_dump: tuple[tuple[str, BoundaryScores | None], ...] = ()
    furniture: HitCounts | None = None
    end_to_end: EndToEndScores | None = None
    body_share_interval: Interval | None = None
    topics: TopicReport | None = None
    found: TopicReport | None = None
    n_decisions: int = 0

    @property
    def partial(self) -> tuple[str, ...]:
        """The dumps whose gold leaves text out: it cannot tell their boundaries."""
        return tuple(name for name, scores in self.by_dump if scores is None)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "n_dumps": self.n_dumps,
            "boundaries": self.boundaries
            and {
                **self.boundaries.to_dict(),
                **{f"{name}_interval": self.boundary_intervals.get(name) for name in BOUNDARY_FIGURES},
            },
            "kinds": self.kinds.to_dict(),
            "furniture": self.furniture and self.furniture.to_dict(),
            "end_to_end": self.end_to_end
            and {
                **self.end_to_end.to_dict(),
                "body_share_interval": self.body_share_interval,
            },
            "topics": self.topics and self.topics.to_dict(),
            "found": self.found and self.found.to_dict(),
            "n_decisions": self.n_decisions,
            "dumps": [{"dump": name, "boundaries": scores and scores.to_dict()} for name, scores in self.by_dump],
        }

    def render(self, console: Console) -> None:
        """Print the tables on a rich console."""
        from topics.evaluation.tables import build_tables

        for table in build_tables(self):
            console.print(table)


def evaluate_dumps(
    dumps: Iterable[tuple[GoldDump, str, Sequence[Mapping[str, Any]]]],
    *,
    topics: TopicReport | None = None,
    punkt: Punkt | None = None,
) -> EvaluationReport:
    """Compare the rows of several dumps with their gold: (gold, text, rows) each; at least one.

    ``punkt`` are the sentence parameters that the rows were made with, for dumps with lines too long to be
    one paragraph. Rows without topics (from ``topics segment``) leave the end-to-end figures out.
    """
    kinds, furniture, end_to_end = [], [], []
    found: list[Answer] = []
    by_dump: list[tuple[str, BoundaryScores | None]] = []
    for gold, text, rows in dumps:
        kinds.append(compare_kinds(gold, text, rows))
        by_dump.append((gold.name, compare_boundaries(gold, text, rows, punkt) if gold.whole else None))
        if (figures := compare_furniture(gold, text, rows, punkt)) is not None:
            furniture.append(figures)
        if all("topic" in row for row in rows):
            end_to_end.append(evaluate_end_to_end(gold, text, rows, punkt))
            found += answer_rows(gold, text, rows)
    boundaries = [scores for _, scores in by_dump if scores is not None]
    return EvaluationReport(
        n_dumps=len(kinds),
        kinds=sum_scores(kinds),
        boundaries=sum_scores(boundaries) if boundaries else None,
        boundary_intervals=bootstrap_intervals(boundaries, BOUNDARY_FIGURES) if len(boundaries) > 1 else {},
        by_dump=tuple(by_dump),
        furniture=sum_scores(furniture) if furniture else None,
        end_to_end=sum_scores(end_to_end) if end_to_end else None,
        body_share_interval=_body_interval(end_to_end) if len(end_to_end) > 1 else None,
        topics=topics,
        found=report_topics(found) if end_to_end else None,
    )


def _body_interval(dumps: Sequence[EndToEndScores]) -> Interval:
    import numpy as np

    pairs = [np.array([scores.n_body_right, scores.n_body]) for scores in dumps]
    return bootstrap_interval(pairs, lambda pair: share(pair[0], pair[1], empty=0.0))
