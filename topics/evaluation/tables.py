"""An evaluation as rich tables: the figures that decide first, then single dumps, topics, kinds and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from topics.evaluation.classes import Calibration, ClassScores
from topics.evaluation.report import BOUNDARY_FIGURES

if TYPE_CHECKING:
    from rich.table import Table

    from topics.evaluation.bootstrap import Interval
    from topics.evaluation.report import EvaluationReport

__all__ = ["build_tables"]

_BOUNDARY_NAMES: Final = {
    "exact_f1": "boundary F1, exact",
    "lenient_f1": "boundary F1, start anywhere in the lead",
    "pk": "Pk (lower is better)",
    "window_diff": "WindowDiff (lower is better)",
    "similarity": "boundary similarity B",
}


def build_tables(report: EvaluationReport) -> Iterator[Table]:
    """The tables of one report; what the gold could not tell is left out."""
    yield _summary_table(report)
    if report.boundaries is not None and report.n_dumps > 1:
        yield _dump_table(report)
    if report.end_to_end is not None:
        yield _topic_table("Topics, in body characters", report.end_to_end.characters)
        yield _calibration_table("Scores of the predicted segments", report.end_to_end.segments.calibration)
    if report.topics is not None:
        yield _topic_table("Topics of the true segments", report.topics)
        yield _calibration_table("Scores of the true segments", report.topics.calibration)
    yield _confusion_table("Kinds (rows: true, columns: predicted)", report.kinds)


def _summary_table(report: EvaluationReport) -> Table:
    table = _new_table(f"{report.n_dumps} dump{'' if report.n_dumps == 1 else 's'}", "", "figure", "95% interval")
    if (scores := report.boundaries) is not None:
        for name, measure in BOUNDARY_FIGURES.items():
            interval = report.boundary_intervals.get(name)
            table.add_row(_BOUNDARY_NAMES[name], f"{measure(scores):.3f}", _spell(interval))
        table.add_row("boundary precision, recall, exact", f"{scores.precision:.3f}, {scores.recall:.3f}", "")
    if report.n_decisions:
        table.add_row("boundary decisions in force", str(report.n_decisions), "")
    if (figures := report.furniture) is not None:
        table.add_row("furniture precision, recall", f"{figures.precision:.3f}, {figures.recall:.3f}", "")
        table.add_row("furniture F1", f"{figures.f1:.3f}", "")
    table.add_row("kinds right", f"{report.kinds.accuracy:.3f}", "")
    if (whole := report.end_to_end) is not None:
        table.add_row("text under the right topic", f"{whole.body_share:.3f}", _spell(report.body_share_interval))
        table.add_row("text under that or a secondary one", f"{whole.body_share_with_secondary:.3f}", "")
        table.add_row("lines under the right topic", f"{whole.line_share:.3f}", "")
        table.add_row("macro-F1 over topics", f"{whole.macro_f1:.3f}", "")
        table.add_row("calibration error", f"{whole.ece:.3f}", "")
    if (topics := report.topics) is not None:
        table.add_row("true segments: topic right", f"{topics.accuracy:.3f}", "")
        table.add_row("true segments: primary or secondary", f"{topics.accuracy_with_secondary:.3f}", "")
        table.add_row("true segments: macro-F1", f"{topics.macro_f1:.3f}", "")
        table.add_row("true segments: calibration error", f"{topics.calibration.ece:.3f}", "")
    return table


def _dump_table(report: EvaluationReport) -> Table:
    columns = ("true", "found", "F1", "F1 in the lead", "Pk", "WindowDiff", "B")
    table = _new_table("Boundaries by dump", "dump", *columns)
    for name, scores in report.by_dump:
        if scores is None:
            table.add_row(name, *("" for _ in columns))
        else:
            figures = (f"{measure(scores):.3f}" for measure in BOUNDARY_FIGURES.values())
            table.add_row(name, str(scores.n_true), str(scores.n_found), *figures)
    return table


def _topic_table(title: str, scores: ClassScores) -> Table:
    table = _new_table(title, "topic", "precision", "recall", "F1", "true", "found")
    for counts in scores.topics:
        table.add_row(
            counts.topic,
            f"{counts.precision:.3f}",
            f"{counts.recall:.3f}",
            f"{counts.f1:.3f}",
            f"{counts.n_true:,}",
            f"{counts.n_found:,}",
        )
    return table


def _confusion_table(title: str, scores: ClassScores) -> Table:
    names = [figures.topic for figures in scores.topics]
    table = _new_table(title, "", *names, "none")
    for true in names:
        counts = (scores.confusion.get((true, found), 0) for found in (*names, None))
        table.add_row(true, *map(str, counts))
    return table


def _calibration_table(title: str, calibration: Calibration) -> Table:
    table = _new_table(title, "score", "mean", "right", "segments")
    for part in calibration.bins:
        if part.n:
            bounds = f"{part.low:.2f} to {part.high:.2f}"
            table.add_row(bounds, f"{part.mean_score:.3f}", f"{part.accuracy:.3f}", str(part.n))
    return table


def _new_table(title: str, first: str, *columns: str) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _spell(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
