"""An evaluation as rich tables: the figures that decide first, then single dumps, topics, kinds and calibration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from topics.evaluation.classes import ClassScores
from topics.evaluation.report import BOUNDARY_FIGURES
from topics.evaluation.topic_tables import build_topic_tables, new_table, spell_interval, summarise_topics

if TYPE_CHECKING:
    from rich.table import Table

    from topics.evaluation.report import EvaluationReport
    from topics.evaluation.topic_report import TopicReport

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
    if report.topics is not None:
        yield _both_table(report.topics, report.found)
        yield from build_topic_tables(report.topics, "the true segments")
    yield _confusion_table("Kinds (rows: true, columns: predicted)", report.kinds)


def _summary_table(report: EvaluationReport) -> Table:
    table = new_table(f"{report.n_dumps} dump{'' if report.n_dumps == 1 else 's'}", "", "figure", "95% interval")
    if (scores := report.boundaries) is not None:
        for name, measure in BOUNDARY_FIGURES.items():
            interval = report.boundary_intervals.get(name)
            table.add_row(_BOUNDARY_NAMES[name], f"{measure(scores):.3f}", spell_interval(interval))
        table.add_row("boundary precision, recall, exact", f"{scores.precision:.3f}, {scores.recall:.3f}", "")
    if report.n_decisions:
        table.add_row("boundary decisions in force", str(report.n_decisions), "")
    if (figures := report.furniture) is not None:
        table.add_row("furniture precision, recall", f"{figures.precision:.3f}, {figures.recall:.3f}", "")
        table.add_row("furniture F1", f"{figures.f1:.3f}", "")
    table.add_row("kinds right", f"{report.kinds.accuracy:.3f}", "")
    if (whole := report.end_to_end) is not None:
        table.add_row(
            "text under the right topic", f"{whole.body_share:.3f}", spell_interval(report.body_share_interval)
        )
        table.add_row("text under that or a secondary one", f"{whole.body_share_with_secondary:.3f}", "")
        table.add_row("lines under the right topic", f"{whole.line_share:.3f}", "")
        table.add_row("macro-F1 over topics, in text", f"{whole.macro_f1:.3f}", "")
    return table


def _both_table(true: TopicReport, found: TopicReport | None) -> Table:
    """The figures of the true segments and of those found, side by side."""
    columns = {"true segments": true} | ({"segments found": found} if found is not None else {})
    table = new_table("Topics", "", *(text for name in columns for text in (name, "95% interval")))
    rows = {name: {what: cells for what, *cells in summarise_topics(report)} for name, report in columns.items()}
    for what in dict.fromkeys(what for figures in rows.values() for what in figures):
        table.add_row(what, *(cell for figures in rows.values() for cell in figures.get(what, ["", ""])))
    return table


def _dump_table(report: EvaluationReport) -> Table:
    columns = ("true", "found", "F1", "F1 in the lead", "Pk", "WindowDiff", "B")
    table = new_table("Boundaries by dump", "dump", *columns)
    for name, scores in report.by_dump:
        if scores is None:
            table.add_row(name, *("" for _ in columns))
        else:
            figures = (f"{measure(scores):.3f}" for measure in BOUNDARY_FIGURES.values())
            table.add_row(name, str(scores.n_true), str(scores.n_found), *figures)
    return table


def _topic_table(title: str, scores: ClassScores) -> Table:
    table = new_table(title, "topic", "precision", "recall", "F1", "true", "found")
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
    table = new_table(title, "", *names, "none")
    for true in names:
        counts = (scores.confusion.get((true, found), 0) for found in (*names, None))
        table.add_row(true, *map(str, counts))
    return table
