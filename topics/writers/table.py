"""Rows as a table a person can read in a terminal, a dump at a time, with a summary by topic at the end.

The width of every column but the title is fixed by the width of the terminal, so that tables of different
dumps line up and each can be printed before the next is known. Narrow terminals lose the lines and the kind
first. Cells go through ``text.clean_cell``, for a headline must not be able to move the cursor; a terminal
that cannot show a character gets the nearest one it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Literal

from topics.records import KINDS
from topics.writers.rows import BOILERPLATE, UNKNOWN, Row, find_topic, first_words
from topics.writers.tally import Tally
from topics.writers.text import clean_cell, spell_in

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

__all__ = ["render_table"]

_WIDE = 110
_NARROW = 72
_TINY = 44
_ROWS_A_TABLE = 500  # rich lays out a table whole; widths are fixed, so a long one is printed in parts


@dataclass(frozen=True, slots=True)
class _Layout:
    """What fits: widths in columns of the terminal; 0 leaves a column out."""

    topic: int
    lines: int
    kind: int
    bar: int


def render_table(rows: Iterable[Row], *, console: Console) -> None:
    """Prints a table a dump as the rows come, then one line a topic.

    Without topic fields the probability that a segment starts at its place stands instead of topic and score.
    """
    layout = _fit_layout(console.width)
    tally = Tally()
    n_dumps = 0
    for dump, group in groupby(rows, key=lambda row: str(row["dump"])):
        if n_dumps:
            console.print()
        n_dumps += 1
        console.print(_make_text(dump, console, "bold"), no_wrap=True, overflow=_overflow(console))
        head = True
        while part := list(islice(group, _ROWS_A_TABLE)):
            for row in part:
                tally.add(row)
            console.print(_make_table(part, console, layout, head), highlight=False)
            head = False
    if not n_dumps:
        console.print("No segments.", highlight=False)
        return
    console.print()
    if tally.topics():
        console.print(_make_summary(tally, console, layout), highlight=False)
        console.print()
    console.print(_make_text(_describe_totals(tally, n_dumps), console, "dim"))


def _fit_layout(width: int) -> _Layout:
    if width >= _WIDE:
        return _Layout(topic=24, lines=13, kind=20, bar=30)
    if width >= _NARROW:
        return _Layout(topic=17, lines=9, kind=11, bar=20)
    if width >= _TINY:
        return _Layout(topic=16, lines=0, kind=0, bar=10)
    return _Layout(topic=10, lines=0, kind=0, bar=0)


def _make_table(rows: list[Row], console: Console, layout: _Layout, head: bool) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=head, header_style="dim", expand=True)
    columns: list[Callable[[Row], Text]] = []

    def add_column(name: str, width: int | None, cell: Callable[[Row], Text], *, right: bool = False) -> None:
        table.add_column(
            name,
            width=width,
            ratio=None if width else 1,
            justify="right" if right else "left",
            no_wrap=True,
            overflow=_overflow(console),
        )
        columns.append(cell)

    add_column("#", 4, lambda row: _make_text(str(row["index"]), console, "dim"), right=True)
    if "topic" in rows[0]:
        add_column("topic", layout.topic, lambda row: _show_topic(row, console))
        add_column("score", 5, lambda row: _show_number(row.get("score"), console), right=True)
    else:
        add_column("start", 5, lambda row: _show_number(row["boundary"], console), right=True)
    if layout.lines:
        add_column("lines", layout.lines, lambda row: _make_text(_show_lines(row), console, "dim"), right=True)
    add_column("title", None, lambda row: _show_title(row, console))
    if layout.kind:
        add_column("kind", layout.kind, lambda row: _make_text(_show_kind(row), console, "dim"))
    for row in rows:
        table.add_row(*(cell(row) for cell in columns))
    return table


def _make_summary(tally: Tally, console: Console, layout: _Layout) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("topic", no_wrap=True, overflow=_overflow(console), max_width=layout.topic + 5)
    table.add_column("segments", justify="right")
    table.add_column("share", justify="right")
    if layout.bar:
        table.add_column("", width=layout.bar, no_wrap=True)
    table.add_column("mean score" if layout.bar else "score", justify="right")
    topics = tally.topics()
    widest = max(count.share for count in topics) or 1.0
    for count in topics:
        cells = [
            _make_text(count.topic, console, _style_topic(count.topic)),
            _make_text(f"{count.n_segments:,}", console),
            _make_text(f"{count.share:.0%}", console),
        ]
        if layout.bar:
            bar = "█" * max(1, round(layout.bar * count.share / widest))
            cells.append(_make_text(bar, console, _style_topic(count.topic)))
        cells.append(_show_number(count.mean_score, console))
        table.add_row(*cells)
    return table


def _show_topic(row: Row, console: Console) -> Text:
    topic = find_topic(row) or ""
    return _make_text("–" if topic == BOILERPLATE else topic, console, _style_topic(topic))


def _style_topic(topic: str) -> str:
    return {BOILERPLATE: "dim", UNKNOWN: "yellow"}.get(topic, "cyan")


def _show_number(number: float | None, console: Console) -> Text:
    return _make_text("" if number is None else f"{number:.2f}", console)


def _show_lines(row: Row) -> str:
    first, last = row["start_line"], row["end_line"]
    return str(first) if first == last else f"{first}–{last}"


def _show_title(row: Row, console: Console) -> Text:
    if row["title"]:
        return _make_text(row["title"], console, "bold")
    return _make_text(first_words(row), console)


def _show_kind(row: Row) -> str:
    flags = [row["kind"]]
    if row["language"] not in ("en", "", None):
        flags.append(row["language"])
    if row["duplicate_of"]:
        flags.append("dup")
    return " ".join(flags)


def _describe_totals(tally: Tally, n_dumps: int) -> str:
    kinds = ", ".join(_count(tally.kinds[kind], kind) for kind in KINDS if tally.kinds[kind])
    return f"{_count(tally.n_segments, 'segment')} in {_count(n_dumps, 'dump')}: {kinds}"


def _count(n: int, noun: str) -> str:
    plural = "" if n == 1 or noun == BOILERPLATE else "s"
    return f"{n:,} {noun}{plural}"


def _make_text(content: str, console: Console, style: str = "") -> Text:
    """Never markup: ``[bold]`` in a headline stays what it is."""
    from rich.text import Text

    return Text(spell_in(clean_cell(content), console.encoding), style=style)


def _overflow(console: Console) -> Literal["ellipsis", "crop"]:
    """Rich marks what it cuts with an ellipsis, which not every terminal has."""
    return "ellipsis" if console.encoding.lower().startswith("utf") else "crop"
