"""What a person wants to see: filters, a search and an order, as the page's address spells them.

Choosing is vectorised over all segments, so it takes milliseconds for a million. Each order is a permutation kept
with its inverse; pieces that people cut are put in by the place of what they were cut from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

__all__ = ["SORTS", "STATES", "View", "parse_view"]

#: Orders by name, with their words for the page.
SORTS: Final[Mapping[str, str]] = {
    "queue": "What to label next",
    "reading": "Reading order",
    "unsure": "Least sure first",
    "sure": "Surest first",
}
#: What can be asked of the state of a decision.
STATES: Final[Mapping[str, str]] = {
    "all": "All",
    "undecided": "Undecided",
    "decided": "Decided",
    "disagree": "Disagreement",
    "noted": "With a note",
}


@dataclass(frozen=True, slots=True)
class View:
    """One way of looking at a run; empty strings filter nothing. ``low`` and ``high`` are in per cent."""

    topic: str = ""
    state: str = "all"
    dump: str = ""
    low: int = 0
    high: int = 100
    search: str = ""
    sort: str = "queue"

    def to_query(self) -> dict[str, str]:
        """The words of an address that gives this view again; what is as usual is left out."""
        usual = asdict(View())
        return {key: str(value) for key, value in asdict(self).items() if value != usual[key]}


def parse_view(query: Mapping[str, str]) -> View:
    """The view that an address asks for; what makes no sense is as usual."""
    low, high = _percent(query.get("low"), 0), _percent(query.get("high"), 100)
    return View(
        topic=query.get("topic", "")[:200],
        state=query.get("state", "") if query.get("state", "") in STATES else "all",
        dump=query.get("dump", "")[:1000],
        low=min(low, high),
        high=max(low, high),
        search=query.get("search", "")[:1000].strip(),
        sort=query.get("sort", "") if query.get("sort", "") in SORTS else "queue",
    )


def _percent(value: str | None, usual: int) -> int:
    try:
        return min(100, max(0, round(float(value or usual))))
    except (ValueError, OverflowError):
        return usual
