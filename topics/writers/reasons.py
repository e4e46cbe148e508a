"""Why segments start where they do, to read in a terminal: a heading a place, a line a reason with a bar.

A row is what ``StartReasons.to_row`` in ``topics.segmentation.explain`` makes. Of the reasons the strongest are
shown; the data formats have them all.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from topics.writers.rows import Row
from topics.writers.text import clean_cell, spell_in

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["render_reasons"]

MOST: Final = 4
LEAST: Final = 2  # so many are shown even where they weigh little
LITTLE: Final = 0.25  # log-odds
MUCH: Final = 2.0
BAR: Final = 8
FULL: Final = 4.0  # log-odds that fill the bar


def render_reasons(rows: Iterable[Row], *, console: Console) -> None:
    """Prints the places a dump with their strongest reasons."""
    encoding = console.encoding or "utf-8"

    def show(text: str, style: str = "") -> None:
        console.print(spell_in(text, encoding), style=style, markup=False, highlight=False, soft_wrap=True)

    n_shown = 0
    for dump, group in groupby(rows, key=lambda row: str(row["dump"])):
        places = list(group)
        lines = [row["start_line"] for row in places]
        if n_shown:
            show("")
        show(clean_cell(dump), "bold")
        for row in places:
            n_shown += 1
            show("")
            where = f"line {row['start_line']}"
            if lines.count(row["start_line"]) > 1:
                where += f", character {row['start']:,}"
            said = "" if row["starts"] else "no start"
            sure = "" if row["decided"] is not None else f"{row['boundary']:.2f}"
            if row["usual"] is not None:
                sure += f" (usual {row['usual']:.2f})"
            heading = "  ".join(part for part in (where, sure, said) if part)
            name = clean_cell(row["title"] or row["opening"])
            style = "bold" if row["starts"] else "dim"
            show(f"{heading}  {_fit(name, console.width - len(heading) - 2)}", style)
            for reason in _strongest(row):
                _show_reason(reason, console, show)
    if not n_shown:
        show("No segments.")
        return
    show("")
    show("The probability of a start; usual: were the text there as elsewhere in its dump.", "dim")
    show("+ speaks for a start, - against it, in log-odds. Each is weighed alone, so they need not add up.", "dim")


def _strongest(row: Row) -> list[dict[str, Any]]:
    """The two to four reasons that count most, and of a start, where it is much, what they do together."""
    reasons: list[dict[str, Any]] = row["reasons"]
    single = [reason for reason in reasons if reason["group"] != "together"][:MOST]
    shown = [
        reason
        for k, reason in enumerate(single)
        if k < LEAST or reason["effect"] is None or abs(reason["effect"]) >= LITTLE
    ]
    together = [reason for reason in reasons if reason["group"] == "together" and reason["effect"] >= MUCH]
    return shown + together if row["starts"] else shown


def _show_reason(reason: dict[str, Any], console: Console, show: Any) -> None:
    effect = reason["effect"]
    if effect is None:
        head = " " * 2
    else:
        bar = "█" * max(1, round(min(abs(effect), FULL) / FULL * BAR))
        head = f"  {effect:+5.1f} {bar:<{BAR}} "
    width = max(20, console.width - len(head) - 1)
    for k, line in enumerate(wrap(clean_cell(reason["words"]), width)):
        show((head if k == 0 else " " * len(head)) + line)


def _fit(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    return text[: max(8, width - 2)].rsplit(" ", 1)[0] + " …"
