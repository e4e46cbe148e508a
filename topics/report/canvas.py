"""Drawing functions in, inline SVG out: matplotlib, made fit for a page with a light and a dark side.

Every picture is drawn twice, for a wide page and for a phone. Text stays text, in the page's own type; colours are
CSS variables of the page, put in the place of stand-ins that matplotlib can understand. No date, no version and no
random id gets in: the same figures give the same bytes.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import StringIO
from typing import TYPE_CHECKING, Any

from topics.errors import OutputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FAINT", "INK", "MAIN", "PAPER", "RULE", "SECOND", "SOFT", "TRACK", "Frame", "Picture", "draw"]

NARROW_LEFT = 0.88
WIDE_INCHES, NARROW_INCHES = 6.9, 3.45  # the width of the text column, and of a phone's

# Stand-ins, one a CSS variable of the page; no other colour is used in a chart.
INK, SOFT, FAINT, RULE, TRACK, PAPER = "#010101", "#010102", "#010103", "#010104", "#010105", "#010106"
MAIN, SECOND = "#020201", "#020202"
_COLOURS = {
    INK: "ink", SOFT: "soft", FAINT: "faint", RULE: "rule", TRACK: "track", PAPER: "paper",
    MAIN: "main", SECOND: "second",
}  # fmt: skip

_SETTINGS: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "topics",
    "text.parse_math": False,  # a dollar sign in a name is no formula
    "font.family": ["DejaVu Sans"],  # ships with matplotlib, so that room is measured the same everywhere
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": SOFT,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.8,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
}
_ID = re.compile(r' id="([^"]*)"')
_REFERENCE = re.compile(r'(?:url\(#|xlink:href="#|href="#)([^")]+)')
_FONT = re.compile(r" font-family: [^;\"]*;?")  # the page's own is used
_STYLE = re.compile(r"\s*<defs>\s*<style type=\"text/css\">.*?</style>\s*</defs>", re.DOTALL)
_NO_TURN = re.compile(r' transform="rotate\(-0 [^"]*\)"')
_HEADER = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_OPENING = re.compile(r"<svg [^>]*?viewBox=\"([^\"]*)\"[^>]*>", re.DOTALL)
_COLOUR = re.compile("|".join(map(re.escape, _COLOURS)))


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as two ``<svg>`` elements, for a wide and a narrow page, and ``alt``: what it shows, in words."""

    wide: str
    narrow: str
    alt: str


Drawing = Callable[["Axes", bool], None]


@dataclass(frozen=True, slots=True)
class Frame:
    """Inches around and inside a pair of axes: ``height`` is that of the axes, the rest is room for what is written
    beside them. ``narrow_height`` is that of the picture for a phone, where it differs."""

    height: float
    narrow_height: float | None = None
    left: float = 1.45
    right: float = 0.12
    top: float = 0.08
    bottom: float = 0.08


def draw(name: str, alt: str, drawing: Drawing, frame: Frame) -> Picture:
    """Draws a chart in both widths; ``drawing(axes, is_narrow)`` fills one pair of axes. ``name`` keeps ids apart on
    a page with several pictures."""
    wide = _draw(f"{name}-w", drawing, WIDE_INCHES, frame, narrow=False)
    phone = replace(frame, height=frame.narrow_height or frame.height, left=frame.left * NARROW_LEFT)
    return Picture(wide, _draw(f"{name}-n", drawing, NARROW_INCHES, phone, narrow=True), alt)


def _draw(name: str, drawing: Drawing, width: float, frame: Frame, *, narrow: bool) -> str:
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as error:
        raise OutputError(
            f"the pictures of a report need matplotlib ({error}). Install it: pip install 'topics[report]'"
        ) from None
    with rc_context(_SETTINGS):
        height = frame.top + frame.height + frame.bottom
        figure: Figure = Figure(figsize=(width, height))
        FigureCanvasSVG(figure)
        inner = width - frame.left - frame.right
        axes = figure.add_axes((frame.left / width, frame.bottom / height, inner / width, frame.height / height))
        drawing(axes, narrow)
        held = StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        with warnings.catch_warnings():  # of scripts that its font lacks; the reader's will have them
            warnings.filterwarnings("ignore", message="Glyph .* missing from font")
            figure.savefig(held, format="svg", metadata=nothing)
    return _make_inline(name, held.getvalue())


def _make_inline(name: str, svg: str) -> str:
    """The ``<svg>`` element for the middle of a page: scaled by its column, ids of its own, the page's colours."""
    svg = _METADATA.sub("", _HEADER.sub("", svg, count=1))
    used = set(_REFERENCE.findall(svg))
    svg = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in used else "", svg)
    svg = _REFERENCE.sub(lambda found: found[0].replace(found[1], f"{name}-{found[1]}"), svg)
    svg = _NO_TURN.sub("", _FONT.sub("", _STYLE.sub("", svg, count=1)))
    svg = _COLOUR.sub(lambda found: f"var(--{_COLOURS[found[0]]})", svg)
    svg = svg.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "").replace("xlink:href=", "href=")
    return _OPENING.sub(lambda found: f'<svg viewBox="{found[1]}" aria-hidden="true">', svg, count=1).strip()
