"""Differences between two models, to read: a table on a terminal, or one HTML page.

They come as the plain rows of ``topics models diff``; what is counted over all of them comes last on a terminal, and
first on the page, which therefore holds the rows in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from topics.writers.html import render_page
from topics.writers.sinks import Sink
from topics.writers.text import clean_cell

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["render_differences", "render_moves", "write_differences_html"]

Row = Mapping[str, Any]
Moves = Sequence[tuple[tuple[str, str], int]]
_WIDTHS = (("lines", 9), ("before", 24), ("after", 24))


def render_differences(rows: Iterable[Row], console: Console) -> None:
    """Print a block for each dump: line numbers, topic and score before and after, title."""
    from rich.table import Table

    dump, table = None, None
    for row in rows:
        if row["dump"] != dump:
            if table is not None:
                console.print(table)
            dump = row["dump"]
            console.print(f"[bold]{_escape(clean_cell(dump))}[/]")
            table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
            for name, width in _WIDTHS:
                table.add_column(name, width=width, no_wrap=True)
            rest = console.width - sum(width + 1 for _, width in _WIDTHS) - 1
            table.add_column("title", width=max(10, rest), no_wrap=True)
        assert table is not None
        for line in _list_lines(row):
            table.add_row(*map(_escape, line))
    if table is not None:
        console.print(table)


def render_moves(moves: Moves, console: Console, limit: int = 12) -> None:
    """Print which topics went where, most often first."""
    for (before, after), n in moves[:limit]:
        console.print(f"{n:5,}  {before} → {after}", markup=False, highlight=False)


def write_differences_html(
    rows: Iterable[Row], sink: Sink, *, before: str, after: str, summary: str, moves: Moves
) -> None:
    """Write one page: what changed in sum, then every difference, topics and boundaries apart."""
    render_page(
        "differences.html.j2",
        sink,
        title=f"{before} and {after}",
        before=before,
        after=after,
        summary=summary,
        moves=list(moves),
        rows=list(rows),
    )


def _list_lines(row: Row) -> Iterable[tuple[str, ...]]:
    """A line for a changed topic; for other cuts a line a segment, those before and those after."""
    if row["change"] == "topic":
        [first], [second] = row["before"], row["after"]
        yield _lines_of(second), _say(first), _say(second), _name(second)
        return
    for first in row["before"]:
        yield _lines_of(first), _say(first), "", _name(first)
    for second in row["after"]:
        yield _lines_of(second), "", _say(second), _name(second)


def _say(part: Row) -> str:
    if part["kind"] == "boilerplate":
        return "boilerplate"
    score = "" if part["score"] is None else f" {part['score']:.2f}"
    return (part["topic"] or "unknown") + score + "".join(f" +{name}" for name in part["also"])


def _lines_of(part: Row) -> str:
    return f"{part['start_line']}–{part['end_line']}"


def _name(part: Row) -> str:
    """The headline, else how the piece begins."""
    return clean_cell(part["title"] or part["opening"])


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
