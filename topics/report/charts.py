"""Counts in, pictures out: one function a chart, each for a wide and a narrow page.

Names and counts are drawn by few plain means: bars with their figures beside them, a line with its middle, squares
as dark as what they count. What a picture shows in words is for :mod:`topics.report.sections`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from topics.evaluation.classes import Calibration
from topics.report.canvas import FAINT, INK, MAIN, PAPER, RULE, SECOND, SOFT, TRACK, Frame, Picture, draw
from topics.writers.text import clean_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "draw_bars",
    "draw_columns",
    "draw_grid",
    "draw_ranges",
    "draw_reliability",
    "draw_rows_over_time",
    "shorten",
]

ROW_INCHES = 0.235  # of a bar with its name
FEW = 10  # guesses, of which the share that is right says little


def shorten(name: str, limit: int = 26) -> str:
    """A name on one line, cut where it is longer than ``limit``."""
    name = clean_cell(name)
    return name if len(name) <= limit else name[: limit - 1].rstrip() + "…"


def draw_bars(
    name: str,
    alt: str,
    rows: Sequence[tuple[str, float, str]],
    *,
    muted: Sequence[str] = (),
    most: float | None = None,
) -> Picture:
    """A bar a row (name, length, what stands beside it), the first on top; ``muted`` names are drawn in grey."""

    def drawing(axes: Axes, narrow: bool) -> None:
        top = most or max((length for _, length, _ in rows), default=1.0) or 1.0
        for place, (label, length, said) in enumerate(rows):
            axes.barh(place, top, color=TRACK, height=0.62)
            axes.barh(place, length, color=FAINT if label in muted else MAIN, height=0.62)
            axes.text(top * 1.02, place, said, color=SOFT, va="center", ha="left", fontsize=8)
        axes.set_xlim(0, top * (1.32 if narrow else 1.16))
        _name_rows(axes, [label for label, _, _ in rows])
        _bare(axes)

    return draw(name, alt, drawing, Frame(len(rows) * ROW_INCHES))


def draw_columns(
    name: str,
    alt: str,
    edges: Sequence[float],
    stacks: Sequence[tuple[str, Sequence[int]]],
    *,
    label: str,
    percent: bool = True,
) -> Picture:
    """A histogram: counts between ``edges``, the stacks on each other, each with its name in the legend."""

    def drawing(axes: Axes, narrow: bool) -> None:
        below = [0] * (len(edges) - 1)
        widths = [high - low for low, high in pairwise(edges)]
        for colour, (title, counts) in zip((MAIN, FAINT, SECOND), stacks, strict=False):
            axes.bar(edges[:-1], counts, widths, below, color=colour, align="edge", label=title, edgecolor=PAPER)
            below = [low + n for low, n in zip(below, counts, strict=True)]
        _count_axis(axes)
        axes.set_xlim(edges[0], edges[-1])
        if percent:
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
        axes.set_xlabel(label)
        if len(stacks) > 1:
            _legend(axes)

    return draw(name, alt, drawing, Frame(1.95, left=0.62, right=0.25, bottom=0.45))


def draw_ranges(name: str, alt: str, rows: Sequence[tuple[str, float, float, float]]) -> Picture:
    """A line a row from its low to its high value with a dot at the middle one (name, low, middle, high), 0 to 1."""

    def drawing(axes: Axes, narrow: bool) -> None:
        for place, (_, low, middle, high) in enumerate(rows):
            axes.plot([0, 1], [place, place], color=TRACK, linewidth=0.8, zorder=1)
            axes.plot(
                [low, high], [place, place], color=MAIN, linewidth=3, alpha=0.45, solid_capstyle="round", zorder=2
            )
            axes.plot([middle], [place], "o", color=MAIN, markersize=5, zorder=3)
            axes.text(1.03, place, f"{middle:.2f}", color=SOFT, va="center", ha="left", fontsize=8)
        axes.set_xlim(0, 1.16 if narrow else 1.09)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", ".5", "", "1"])
        _name_rows(axes, [label for label, _, _, _ in rows])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)

    return draw(name, alt, drawing, Frame(len(rows) * ROW_INCHES, bottom=0.25))


def draw_rows_over_time(
    name: str, alt: str, ticks: Sequence[tuple[int, str]], rows: Sequence[tuple[str, Sequence[int]]]
) -> Picture:
    """A small column chart a row over the same steps of time, each as high as its own largest step, which stands at
    its end; ``ticks`` are (step, text)."""

    def drawing(axes: Axes, narrow: bool) -> None:
        n_steps = len(rows[0][1])
        for place, (_, counts) in enumerate(rows):
            top = max(counts) or 1
            axes.plot([-0.5, n_steps - 0.5], [place + 0.4] * 2, color=RULE, linewidth=0.6, zorder=1)
            axes.bar(
                range(n_steps), [-0.78 * n / top for n in counts], 0.92 if n_steps > 1 else 0.3, place + 0.4,
                color=MAIN if place else SOFT,
            )  # fmt: skip
            axes.text(n_steps - 0.35, place + 0.1, f"{max(counts):,}", color=SOFT, va="center", ha="left", fontsize=8)
        axes.set_xlim(-0.6, n_steps * (1.16 if narrow else 1.08) - 0.4)
        shown = ticks[::2] if narrow and len(ticks) > 4 else ticks
        axes.set_xticks([step for step, _ in shown], [text for _, text in shown])
        _name_rows(axes, [label for label, _ in rows])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)

    return draw(name, alt, drawing, Frame(len(rows) * 0.34, bottom=0.25))


def draw_reliability(name: str, alt: str, lines: Sequence[tuple[str, Calibration]]) -> Picture:
    """How often guesses were right against how sure they were, a line each; the dots are as large as their bins, and
    those of fewer than FEW guesses are hollow and stand beside the line, since chance alone moves them far."""

    def drawing(axes: Axes, narrow: bool) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        for colour, (title, calibration) in zip((MAIN, SECOND), lines, strict=False):
            bins = [each for each in calibration.bins if each.n]
            largest = max(each.n for each in bins)
            firm = [each for each in bins if each.n >= FEW] or bins
            sure, right = zip(*((each.mean_score, each.accuracy) for each in firm), strict=True)
            axes.plot(sure, right, color=colour, linewidth=1.4, zorder=2, label=title)
            axes.scatter(sure, right, [12 + 90 * each.n / largest for each in firm], color=colour, zorder=3)
            rest = [each for each in bins if each not in firm]
            axes.scatter(
                [each.mean_score for each in rest],
                [each.accuracy for each in rest],
                12,
                "none",
                edgecolors=colour,
                zorder=3,
            )
        axes.set_xlim(-0.02, 1.03)
        axes.set_ylim(-0.02, 1.05)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25%", "50%", "75%", "100%"])
        axes.grid(color=TRACK)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        axes.set_xlabel("score")
        axes.set_ylabel("right")
        if len(lines) > 1:
            _legend(axes)

    return draw(name, alt, drawing, Frame(3.1, 2.5, left=0.62, bottom=0.45))


def draw_grid(
    name: str,
    alt: str,
    names: Sequence[str],
    cells: Mapping[tuple[str, str], float],
    marked: Mapping[tuple[str, str], str],
) -> Picture:
    """A square a pair (row, column) of names, as dark as its value from 0 to 1; ``marked`` ones carry a text."""

    def drawing(axes: Axes, narrow: bool) -> None:
        n = len(names)
        _add_squares(axes, [(x, y) for y in range(n) for x in range(n)], TRACK, 1.0)
        levels: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for y, row in enumerate(names):
            for x, column in enumerate(names):
                value = cells.get((row, column), 0.0)
                if value > 0.004:
                    levels.setdefault((MAIN if row == column else SECOND, round(20 * value**0.7)), []).append((x, y))
                if (row, column) in marked and not narrow:
                    tone = PAPER if value > 0.45 else INK
                    axes.text(x, y, marked[row, column], ha="center", va="center", fontsize=6.5, color=tone)
        for (colour, level), places in sorted(levels.items()):
            _add_squares(axes, places, colour, 0.1 + 0.045 * level)
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(n - 0.5, -0.5)
        axes.set_yticks(range(n), [shorten(each, 18) for each in names])
        axes.set_xticks(range(n), [shorten(each, 18) for each in names], rotation=90)
        axes.xaxis.tick_top()
        _bare(axes, keep_x=True)
        axes.tick_params(labelsize=6 if narrow else 7.5, pad=1.5)
        # squares that are square
        box, room = axes.get_position(), axes.get_window_extent()
        side = min(room.width, room.height)
        width, height = box.width * side / room.width, box.height * side / room.height
        axes.set_position((box.x0, box.y1 - height, width, height))

    n = max(4, len(names))
    frame = Frame(min(5.3, 0.3 * n), min(2.45, 0.16 * n), left=1.12, top=1.1, bottom=0.05)
    return draw(name, alt, drawing, frame)


def _add_squares(axes: Axes, places: Sequence[tuple[int, int]], colour: str, strength: float) -> None:
    """Squares of one colour as one path: hundreds of single ones would make most of the page's bytes."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    r = 0.46
    corners = [[(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r), (x - r, y - r)] for x, y in places]
    squares = [Path(each, closed=True) for each in corners]
    axes.add_patch(PathPatch(Path.make_compound_path(*squares), color=colour, linewidth=0, alpha=strength))


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [shorten(each, 20) for each in names])
    axes.set_ylim(len(names) - 0.5, -0.5)


def _bare(axes: Axes, *, keep_x: bool = False) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    if not keep_x:
        axes.set_xticks([])
    axes.tick_params(length=0)


def _count_axis(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y", color=TRACK)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, fontsize=8, loc="upper left", labelcolor=SOFT, borderaxespad=0.2)
