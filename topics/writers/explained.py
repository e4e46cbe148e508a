"""Why segments have their topics, to read: in a terminal a block a segment, in HTML a page with the terms marked.

A row is what ``explained_row`` in ``topics.classification.explain`` makes; a page also needs ``text``, ``furniture``
and ``marks`` in it. Shares are of all that pulled, towards and against together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from topics.writers.html import render_page
from topics.writers.sinks import Sink
from topics.writers.text import clean_cell, spell_in, strip_controls

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["render_explained", "render_topic_terms", "say_outcome", "write_explained_html"]

Row = Mapping[str, Any]

BAR: Final = 12
FULL: Final = 0.15  # the share that fills a bar
MARKED: Final = (0.01, 0.03, 0.07)  # shares from which on a mark is faint, plain, strong

_REASONS: Final = {
    "boilerplate": "boilerplate has no topic",
    "language": "unknown: not in English",
    "no_terms": "unknown: no word that the model knows",
}


def say_outcome(row: Row) -> str:
    """What was decided, in words: ``gaza 0.93, also us-politics``."""
    if row["reason"] == "unsure":
        return f"unknown: no topic is likely enough (at least {row['unknown_below']:.2f})"
    if row["reason"] is not None:
        said = _REASONS[row["reason"]]
        return f"{said} ({row['language']})" if row["reason"] == "language" else said
    also = f", also {', '.join(row['also'])}" if row["also"] else ""
    return f"{row['topic']} {row['score']:.2f}{also}"


def render_explained(rows: Iterable[Row], *, console: Console) -> int:
    """Prints each segment with the terms that decided; returns how many."""
    show = _printer(console)
    n_shown = 0
    for row in rows:
        if n_shown:
            show("")
        n_shown += 1
        where = f"{clean_cell(row['dump'])} #{row['index']} lines {row['start_line']}-{row['end_line']}"
        show(f"{where}: {clean_cell(row['title'] or row['opening'])}", "bold")
        show(f"  decided  {say_outcome(row)}")
        for topic in row["topics"]:
            show(f"  {topic['topic']} {topic['probability']:.2f}")
            _show_columns(topic, console, show)
    if n_shown:
        show("")
        show("Shares of all that pulled, towards (+) and against (-); * stands in the headline.", "dim")
    return n_shown


def render_topic_terms(row: Row, *, console: Console) -> None:
    """Prints the strongest terms of a topic, towards and against."""
    show = _printer(console)
    show(row["topic"], "bold")
    most = max((abs(term["strength"]) for side in ("towards", "against") for term in row[side]), default=1.0)
    sides = [
        [_bar_line(term["term"], term["strength"] / most, f"{term['strength']:+6.1f}") for term in row[side]]
        for side in ("towards", "against")
    ]
    _show_sides(sides, console, show)
    show(
        "Log-odds of one mention, before a piece is scaled to length one: the rarity of the term times its weight.",
        "dim",
    )


def write_explained_html(rows: Iterable[Row], sink: Sink, *, title: str = "Why these topics", model: str = "") -> int:
    """Writes one page; rows need ``text``, ``furniture`` and ``marks``. Returns how many it shows."""
    held = [_View(row, say_outcome(row)) for row in rows]
    render_page("explained.html.j2", sink, title=title, model=model, segments=held, full=FULL)
    return len(held)


@dataclass(frozen=True, slots=True)
class _Stretch:
    text: str
    style: str  # a class of the page


@dataclass(frozen=True, slots=True)
class _View:
    row: Row
    outcome: str

    @property
    def heading(self) -> str:
        return clean_cell(self.row["title"] or self.row["opening"])

    def paragraphs(self) -> Iterator[list[_Stretch]]:
        """The lines of the text, each in stretches that are furniture, marked or plain."""
        text, start = self.row["text"], self.row["start"]
        at = 0
        for line in text.split("\n"):
            if line.strip():
                yield list(self._cut(start + at, start + at + len(line)))
            at += len(line) + 1

    def _cut(self, begin: int, end: int) -> Iterator[_Stretch]:
        styled = [(a, b, "furniture") for a, b in self.row["furniture"]]
        styled += [(a, b, style) for a, b, share in self.row["marks"] if (style := _mark_style(share))]
        near = sorted((max(a, begin), min(b, end), style) for a, b, style in styled if a < end and b > begin)
        at = begin
        for a, b, style in near:
            if at < a:
                yield self._stretch(at, a, "")
            if max(a, at) < b:
                yield self._stretch(max(a, at), b, style)
            at = max(at, b)
        if at < end:
            yield self._stretch(at, end, "")

    def _stretch(self, begin: int, end: int, style: str) -> _Stretch:
        start = self.row["start"]
        return _Stretch(strip_controls(self.row["text"][begin - start : end - start]), style)


def _mark_style(share: float) -> str:
    strength = sum(abs(share) >= least for least in MARKED)
    return f"{'for' if share > 0 else 'against'} s{strength}" if strength else ""


def _printer(console: Console) -> Any:
    encoding = console.encoding or "utf-8"

    def show(text: str, style: str = "") -> None:
        console.print(spell_in(text, encoding), style=style, markup=False, highlight=False, soft_wrap=True)

    return show


def _show_columns(topic: Row, console: Console, show: Any) -> None:
    others = topic["others"]
    sides = []
    for side in ("towards", "against"):
        lines = [
            _bar_line(
                f"{pull['term']}{' *' if pull['headline'] else ''}", pull["share"] / FULL, f"{pull['share']:+6.1%}"
            )
            for pull in topic[side]
        ]
        rest = others[f"share_{side}"]
        if rest:
            lines.append(f"{rest:+6.1%} {'':<{BAR}} all others")
        sides.append(lines)
    _show_sides(sides, console, show)


def _show_sides(sides: Sequence[Sequence[str]], console: Console, show: Any) -> None:
    """Two lists side by side where the terminal is wide enough, else one below the other."""
    towards, against = sides
    half = (console.width - 6) // 2
    if half >= BAR + 24:
        for k in range(max(len(towards), len(against))):
            left = towards[k] if k < len(towards) else ""
            right = against[k] if k < len(against) else ""
            show(f"    {left[:half]:<{half}}  {right[:half]}".rstrip())
    else:
        for line in (*towards, *against):
            show(f"    {line}")
    if not towards and not against:
        show("    nothing that the model knows")


def _bar_line(term: str, part: float, figure: str) -> str:
    bar = "█" * max(1, round(min(abs(part), 1.0) * BAR))
    return f"{figure} {bar:<{BAR}} {clean_cell(term)}"
