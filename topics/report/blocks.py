"""What a page is made of: sections with sentences, a picture, and the table behind it; and how counts are spelled."""

from __future__ import annotations

from dataclasses import dataclass

from topics.report.canvas import Picture

__all__ = ["Section", "Table", "count", "percent", "spell_list"]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as they are shown; the first column names the row, the others are figures, or texts where ``texts``
    holds their place."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: frozenset[int] = frozenset()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that a report shows. The first of ``words`` says what the picture shows; where there is nothing to
    draw, why."""

    anchor: str
    title: str
    words: tuple[str, ...]
    picture: Picture | None = None
    table: Table | None = None


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``1 dump``, ``2,000 dumps``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def percent(part: float, whole: float = 1.0) -> str:
    """A share in whole per cent; what is little is not nothing (``<1%``), and what is nearly all is not all."""
    if not whole or not part:
        return "0%"
    share = part / whole
    if share < 0.01:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"


def spell_list(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
