"""A verdict as tables for people: before and after side by side, and whether the change is sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from topics.retraining.paired import Compared
from topics.retraining.verdict import SURELY_BETTER, Verdict, got_worse

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["build_tables"]

_MEASURED_ON = {
    "labels": "labelled pieces, out of fold",
    "held out": "held-out dumps, both models as they are",
    "boundary decisions": "boundary decisions, dumps out of fold",
}


def build_tables(verdict: Verdict) -> Iterator[Table]:
    """The tables that have something to show."""
    for where, found in verdict.figures.items():
        if found:
            yield _compare(f"{_MEASURED_ON[where]} ({found[0].n:,})", found, with_n=False)
    for kind, found in verdict.tiers.items():
        yield _compare(f"accuracy by {kind}", found)
    if verdict.topics:
        yield _compare("F1 by topic", verdict.topics)
    if verdict.bands:
        yield _show_bands(verdict)
    if verdict.curve:
        yield _show_curve(verdict)


def _compare(title: str, found: Sequence[Compared], *, with_n: bool = True) -> Table:
    table = _new_table(title, ["", *(["pieces"] if with_n else []), "before", "after", "change", "95%", ""])
    for each in found:
        table.add_row(
            each.name,
            *([f"{each.n:,}"] if with_n else []),
            f"{each.before:.3f}",
            f"{each.after:.3f}",
            f"{each.change:+.3f}",
            f"{each.low:+.3f} {each.high:+.3f}",
            _mark(each),
        )
    return table


def _mark(compared: Compared) -> str:
    if compared.sure_better >= SURELY_BETTER:
        return "[green]better[/]"
    if got_worse(compared):
        return "[red]worse[/]"
    return ""


def _show_bands(verdict: Verdict) -> Table:
    columns = ["score", "n", "mean score", "right", "n", "mean score", "right"]
    table = _new_table("calibration: before (left), after (right)", columns)
    for band in verdict.bands:
        before = (f"{band.n_before:,}", f"{band.score_before:.2f}", f"{band.accuracy_before:.2f}")
        after = (f"{band.n_after:,}", f"{band.score_after:.2f}", f"{band.accuracy_after:.2f}")
        table.add_row(
            f"{band.low:.2f} to {band.high:.2f}",
            *(before if band.n_before else ("0", "", "")),
            *(after if band.n_after else ("0", "", "")),
        )
    return table


def _show_curve(verdict: Verdict) -> Table:
    n_judged = verdict.curve[0].n_judged
    table = _new_table(f"does labelling more help? accuracy on the same {n_judged:,} pieces", ["labels", "accuracy"])
    for point in verdict.curve:
        table.add_row(f"{point.n_labels:,}", f"{point.accuracy:.3f}")
    return table


def _new_table(title: str, columns: Sequence[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.min_width = min(len(title), 78)
    for k, column in enumerate(columns):
        table.add_column(column, justify="right" if k else "left", no_wrap=True)
    return table
