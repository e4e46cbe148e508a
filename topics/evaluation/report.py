"""Everything that one evaluation found, as plain values for JSON and as tables for a person.

Gold, texts and rows of some dumps go in; an :class:`EvaluationReport` comes out, whose figures are
micro-averages over the dumps, with bootstrap intervals for boundary F1 and for the share of text under the
right topic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from topics.evaluation.bootstrap import bootstrap_interval, sum_scores
from topics.evaluation.boundaries import BoundaryScores
from topics.evaluation.classes import ClassScores
from topics.evaluation.endtoend import EndToEndScores, evaluate_end_to_end
from topics.evaluation.gold import GoldDump
from topics.evaluation.layout import compare_boundaries, compare_furniture, compare_kinds
from topics.evaluation.ratios import HitCounts, share
from topics.paragraphs import Punkt

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["EvaluationReport", "evaluate_dumps"]

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of some dumps. ``None`` stands for what the gold could not tell.

    ``boundaries`` needs gold that covers whole dumps, ``furniture`` gold that names it, ``end_to_end`` rows
    with topics. ``topics`` is the classification of the gold segments themselves: the cuts taken as given.
    """

    n_dumps: int
    kinds: ClassScores
    boundaries: BoundaryScores | None = None
    boundary_f1_interval: Interval | None = None
    boundary_f1_lenient_interval: Interval | None = None
    furniture: HitCounts | None = None
    end_to_end: EndToEndScores | None = None
    body_share_interval: Interval | None = None
    topics: ClassScores | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "n_dumps": self.n_dumps,
            "boundaries": self.boundaries
            and {
                **self.boundaries.to_dict(),
                "exact_f1_interval": self.boundary_f1_interval,
                "lenient_f1_interval": self.boundary_f1_lenient_interval,
            },
            "kinds": self.kinds.to_dict(),
            "furniture": self.furniture and self.furniture.to_dict(),
            "end_to_end": self.end_to_end
            and {
                **self.end_to_end.to_dict(),
                "body_share_interval": self.body_share_interval,
            },
            "topics": self.topics and self.topics.to_dict(),
        }

    def render(self, console: Console) -> None:
        """Print the tables on a rich console."""
        from topics.evaluation.tables import build_tables

        for table in build_tables(self):
            console.print(table)


def evaluate_dumps(
    dumps: Iterable[tuple[GoldDump, str, Sequence[Mapping[str, Any]]]],
    *,
    topics: ClassScores | None = None,
    punkt: Punkt | None = None,
) -> EvaluationReport:
    """Compare the rows of several dumps with their gold: (gold, text, rows) each; at least one.

    ``punkt`` are the sentence parameters that the rows were made with, for dumps with lines too long to be
    one paragraph. Rows without topics (from ``topics segment``) leave the end-to-end figures out.
    """
    kinds, boundaries, furniture, end_to_end = [], [], [], []
    for gold, text, rows in dumps:
        kinds.append(compare_kinds(gold, text, rows))
        if gold.whole:
            boundaries.append(compare_boundaries(gold, text, rows, punkt))
        if (figures := compare_furniture(gold, text, rows, punkt)) is not None:
            furniture.append(figures)
        if all("topic" in row for row in rows):
            end_to_end.append(evaluate_end_to_end(gold, text, rows, punkt))
    return EvaluationReport(
        n_dumps=len(kinds),
        kinds=sum_scores(kinds),
        boundaries=sum_scores(boundaries) if boundaries else None,
        boundary_f1_interval=bootstrap_interval(boundaries, lambda s: s.f1) if boundaries else None,
        boundary_f1_lenient_interval=(bootstrap_interval(boundaries, lambda s: s.f1_lenient) if boundaries else None),
        furniture=sum_scores(furniture) if furniture else None,
        end_to_end=sum_scores(end_to_end) if end_to_end else None,
        body_share_interval=_body_interval(end_to_end) if end_to_end else None,
        topics=topics,
    )


def _body_interval(dumps: Sequence[EndToEndScores]) -> Interval:
    import numpy as np

    pairs = [np.array([scores.n_body_right, scores.n_body]) for scores in dumps]
    return bootstrap_interval(pairs, lambda pair: share(pair[0], pair[1], empty=0.0))
