"""Counts, agreement, learning curve and next labels in; one report out, as JSON or for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from topics.care.agreement import Agreement
from topics.care.curve import MIN_PIECES, Curve
from topics.care.enough import look_ahead
from topics.care.gains import NEXT_LABELS, Gain
from topics.labels.counting import LabelCounts

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["LabelStats", "draw_bar"]

BAR: Final = 24  # cells
MOST_TOPICS: Final = 12
BLOCKS: Final = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class LabelStats:
    """What there is of labels. ``curve`` is ``None`` where none was asked for."""

    counts: LabelCounts
    second: Agreement
    corrections: Agreement
    curve: Curve | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values: those of the counts, then agreement, and the curve where there is one."""
        agreement = {"second_readings": self.second.to_dict(), "corrections": self.corrections.to_dict()}
        curve: dict[str, Any] = {}
        if self.curve is not None:
            outlook = look_ahead(self.curve)
            curve = {
                "learning_curve": self.curve.to_dict(),
                "more_labels": None if outlook is None else outlook.to_dict(),
            }
        return {**self.counts.to_dict(), "agreement": agreement, **curve}

    def render(self, console: Console) -> None:
        """Tables, and the curve as bars."""
        self.counts.render(console)
        self.second.render(console, "second readings")
        self.corrections.render(console, "corrected by another")
        if self.curve is not None:
            _render_curve(self.curve, console)


def draw_bar(value: float, width: int = BAR) -> str:
    """A bar of ``width`` cells for a value from 0 to 1, to an eighth of a cell.

    >>> draw_bar(0.5, 4), draw_bar(1.0, 2), draw_bar(0.0, 2)
    ('██  ', '██', '  ')
    """
    eighths = round(min(1.0, max(0.0, value)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (BLOCKS[rest] if rest else "")).ljust(width)


def _render_curve(curve: Curve, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    if not curve.points:
        console.print(f"learning curve: {curve.n} labels with a topic; it takes {MIN_PIECES}", highlight=False)
        return
    table = Table(title=f"learning curve: {curve.n:,} labels with a topic, out of fold", title_justify="left")
    table.add_column("labels", justify="right")
    for name in ("accuracy", "95 %", "macro-F1", "95 %"):
        table.add_column(name)
    for point in curve.points:
        style = "dim" if point.predicted else ""
        table.add_row(
            Text(f"{'→ ' if point.predicted else ''}{point.n:,}", style),
            Text(f"{point.accuracy:.3f} {draw_bar(point.accuracy)}", style),
            Text(_spell_ends(point.accuracy_interval), style),
            Text(f"{point.macro_f1:.3f}", style),
            Text(_spell_ends(point.macro_f1_interval), style),
        )
    console.print(table)
    law = curve.accuracy_law
    if law is not None:
        floor = f"{law.floor:.3f} + " if law.floor else ""
        console.print(f"→ predicted: error = {floor}{law.scale:.2f} × labels^-{law.power:.2f}", highlight=False)
    outlook = look_ahead(curve)
    if outlook is not None:
        console.print(outlook.sentence, highlight=False)
    _render_gains(curve.gains, console)


def _render_gains(gains: tuple[Gain, ...], console: Console) -> None:
    from rich.table import Table

    table = Table("topic", title=f"where {NEXT_LABELS} more labels pay most", title_justify="left")
    for name in ("labels", "F1", "95 %", "gain, points of F1", "95 %"):
        table.add_column(name, justify="right")
    for gain in gains[:MOST_TOPICS]:
        f1 = "" if gain.f1 is None else f"{gain.f1:.2f}"
        ends = "" if gain.f1_interval is None else _spell_ends(gain.f1_interval, 2)
        low, high = (100 * end for end in gain.gain_interval)
        table.add_row(gain.topic, str(gain.n), f1, ends, f"{100 * gain.gain:+.1f}", f"{low:.1f}–{high:.1f}")
    if len(gains) > MOST_TOPICS:
        table.add_row(f"({len(gains) - MOST_TOPICS} more)")
    console.print(table)


def _spell_ends(ends: tuple[float, float], digits: int = 3) -> str:
    return f"{ends[0]:.{digits}f}–{ends[1]:.{digits}f}"
