"""A topic report as rich tables: figures that decide, each topic, what is taken for what, honesty, outlets, days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.bootstrap import Interval
from topics.evaluation.classes import Calibration
from topics.evaluation.topic_report import PartFigures, TopicReport

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["build_topic_tables", "new_table", "spell_interval", "summarise_topics"]

MOST_CONFUSIONS: Final = 10
MOST_PARTS: Final = 20

Row = tuple[str, str, str]  # what, figure, interval


def summarise_topics(report: TopicReport) -> Iterator[Row]:
    """The rows that say it all: right, secondary topics, honest, unknown. Figures of the best guess come first."""
    found = report.intervals.overall

    def row(name: str, figure: float, key: str) -> Row:
        return name, f"{figure:.3f}", spell_interval(found.get(key))

    guessed, shown, unknown = report.guessed, report.shown, report.unknown
    yield row("best guess right", guessed.accuracy, "best_guess_accuracy")
    yield row(
        "best guess is primary or secondary", guessed.accuracy_with_secondary, "best_guess_accuracy_with_secondary"
    )
    yield row("macro-F1 of the best guess", guessed.macro_f1, "best_guess_macro_f1")
    yield row("calibration error (ECE)", shown.calibration.ece, "ece")
    yield "calibration error of perfect scores, by chance", f"{shown.calibration.ece_by_chance:.3f}", ""
    n_shown = sum(n for (_, given), n in shown.confusion.items() if given is not None)
    n_right = sum(n for (true, given), n in shown.confusion.items() if given is not None and true == given)
    yield row("share of pieces shown with a topic", n_shown / max(1, report.n), "shown")
    yield row("right among those shown", n_right / max(1, n_shown), "precision_of_shown")
    yield row("right, unknown counted as an answer", shown.accuracy, "accuracy")
    yield row("macro-F1 of what is shown", shown.macro_f1, "macro_f1")
    for name, counts, key in (
        ("secondary topics, as labelled", report.secondary, "secondary_f1"),
        ("all topics but the first shown", report.further, "further_f1"),
    ):
        if counts.n_true or counts.n_found:
            yield f"{name}: precision, recall", f"{counts.precision:.3f}, {counts.recall:.3f}", ""
            yield row(f"{name}: F1", counts.f1, key)
    if unknown.auroc is not None:
        yield row(f"unknown AUROC, {unknown.n_unfit} pieces that no topic fits", unknown.auroc, "unknown_auroc")
        yield "of those left unknown", f"{unknown.unfit_rejected:.3f}", ""
    yield "of pieces with a topic left unknown", f"{unknown.known_rejected:.3f}", ""


def build_topic_tables(report: TopicReport, of: str) -> Iterator[Table]:
    """The tables of one report; ``of`` says of what, as in "Topics of the true segments".

    Outlets and dates are shown where half of the pieces have one.
    """
    yield _topic_table(report, f"Topics of {of}")
    if report.confusions:
        yield _confusion_table(report, f"Taken for another: {of}")
    yield calibration_table(report.shown.calibration, f"Scores of {of}: how sure, how often right")
    if len(report.coverage) > 1:
        table = new_table(f"If only the surest of {of} were shown", "surest", "pieces", "right", "right or secondary")
        for point in report.coverage:
            precisions = f"{point.precision:.3f}", f"{point.precision_with_secondary:.3f}"
            table.add_row(f"{point.shown:.0%}", str(point.n), *precisions)
        yield table
    for name, parts in (("source", report.by_source), ("date", report.by_date)):
        if len(parts) > 1 and 2 * sum(part.n for part in parts) >= report.n:
            yield _part_table(parts, name, of)


def _topic_table(report: TopicReport, title: str) -> Table:
    table = new_table(title, "topic", "precision", "recall", "F1", "95% interval", "true", "shown")
    for counts in report.shown.topics:
        interval = report.intervals.by_topic.get(counts.topic, {}).get("f1_interval")
        figures = f"{counts.precision:.3f}", f"{counts.recall:.3f}", f"{counts.f1:.3f}"
        table.add_row(counts.topic, *figures, spell_interval(interval), f"{counts.n_true:,}", f"{counts.n_found:,}")
    return table


def _confusion_table(report: TopicReport, title: str) -> Table:
    table = new_table(title, "best guess against label", "pieces", "of the topic", "of them secondary")
    for pair in report.confusions[:MOST_CONFUSIONS]:
        words = f"{pair.true} taken for {pair.given}"
        table.add_row(words, str(pair.n), f"{pair.share:.0%} of {pair.n_true}", str(pair.n_secondary))
    if len(report.confusions) > MOST_CONFUSIONS:
        rest = report.confusions[MOST_CONFUSIONS:]
        table.add_row(f"{len(rest)} other pairs", str(sum(pair.n for pair in rest)), "", "")
    return table


def calibration_table(calibration: Calibration, title: str) -> Table:
    """The reliability of scores, bin by bin; empty bins are left out."""
    table = new_table(title, "score", "mean score", "right", "pieces")
    for part in calibration.bins:
        if part.n:
            bounds = f"{part.low:.2f} to {part.high:.2f}"
            table.add_row(bounds, f"{part.mean_score:.3f}", f"{part.accuracy:.3f}", str(part.n))
    return table


def _part_table(parts: Sequence[PartFigures], name: str, of: str) -> Table:
    """The largest parts; of dates all, in order."""
    table = new_table(f"By {name}: {of}", name, "pieces", "right", "right or secondary", "shown", "right of shown")
    listed = parts if name == "date" else sorted(parts, key=lambda part: (-part.n, part.name))[:MOST_PARTS]
    for part in listed:
        plain: Mapping[str, Any] = part.to_dict()
        keys = ("accuracy", "accuracy_with_secondary", "shown", "precision_of_shown")
        table.add_row(part.name, str(part.n), *(f"{plain[key]:.3f}" for key in keys))
    if len(listed) < len(parts):
        n_left = sum(part.n for part in parts) - sum(part.n for part in listed)
        table.add_row(f"{len(parts) - len(listed)} others", str(n_left), *[""] * 4)
    return table


def new_table(title: str, first: str, *columns: str) -> Table:
    """An empty table whose columns but the first are set to the right."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def spell_interval(interval: Interval | None) -> str:
    """``0.712 to 0.801``, or nothing."""
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"
