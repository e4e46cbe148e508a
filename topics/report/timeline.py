"""Days with their counts in, steps of time out: days, weeks, months, quarters, years or decades, whichever suits.

The finest step is taken that makes at most :data:`MOST_STEPS`. A few pieces with a far-off date (a typing error, a
reprint from an archive) would press everything else together, so the outermost half per cent at each end is left out
where that allows a finer step; how many that are is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["MOST_STEPS", "Timeline", "lay_out_time"]

MOST_STEPS = 62
FAR_OFF = 0.005

Days = Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Timeline:
    """``starts`` are the first days of the steps, without a gap; ``counts`` in step with them, by topic."""

    unit: str
    starts: tuple[date, ...]
    counts: tuple[Mapping[str, int], ...]
    n_left_out: int

    def ticks(self, most: int = 7) -> list[tuple[int, str]]:
        """At most so many steps to name on the axis, with their names; where they are few, all of them."""
        stride = max(1, -(-len(self.starts) // most))
        return [(step, self.name(step)) for step in range(0, len(self.starts), stride)]

    def name(self, step: int) -> str:
        """A step in few characters: ``21 May``, ``May 2025``, ``Q2 2025``, ``2025``, ``2020s``."""
        start = self.starts[step]
        if self.unit in ("day", "week"):
            return f"{start.day} {start:%b}"
        if self.unit == "month":
            return f"{start:%b %Y}"
        if self.unit == "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        return f"{start.year}s" if self.unit == "decade" else str(start.year)

    def row(self, topic: str) -> tuple[int, ...]:
        """The counts of one topic, a step each."""
        return tuple(counts.get(topic, 0) for counts in self.counts)


def lay_out_time(days: Days) -> Timeline | None:
    """The steps from the first day to the last; ``None`` without any day. Keys are proleptic ordinals of days."""
    if not days:
        return None
    totals = {day: sum(counts.values()) for day, counts in sorted(days.items())}
    first, last = min(totals), max(totals)
    unit = _choose_unit(first, last)
    low, high = _find_core(totals)
    core_unit = _choose_unit(low, high)
    if list(_UNITS).index(core_unit) < list(_UNITS).index(unit):
        unit, first, last = core_unit, low, high
    starts = _list_starts(unit, first, last)
    place = {start: step for step, start in enumerate(starts)}
    counts: list[Counter[str]] = [Counter() for _ in starts]
    n_left_out = 0
    for day, found in days.items():
        if first <= day <= last:
            counts[place[_UNITS[unit](date.fromordinal(day))]].update(found)
        else:
            n_left_out += totals[day]
    return Timeline(unit, tuple(starts), tuple(counts), n_left_out)


def _find_core(totals: Mapping[int, int]) -> tuple[int, int]:
    n = sum(totals.values())
    days = list(totals)
    low, seen = days[0], 0
    for day in days:
        if seen + totals[day] > n * FAR_OFF:
            low = day
            break
        seen += totals[day]
    high, seen = days[-1], 0
    for day in reversed(days):
        if seen + totals[day] > n * FAR_OFF:
            high = day
            break
        seen += totals[day]
    return low, high


def _choose_unit(first: int, last: int) -> str:
    for unit in _UNITS:
        if (last - first) / _DAYS[unit] < MOST_STEPS + 1 and len(_list_starts(unit, first, last)) <= MOST_STEPS:
            return unit
    return "decade"


def _list_starts(unit: str, first: int, last: int) -> list[date]:
    begin = _UNITS[unit]
    starts = [begin(date.fromordinal(first))]
    end = begin(date.fromordinal(last))
    while starts[-1] < end:
        # a little more than one step on, then back to the start of the step that this is in
        starts.append(begin(starts[-1] + timedelta(days=_DAYS[unit] + (_DAYS[unit] > 7) * 5)))
    return starts


_UNITS: dict[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: date.fromordinal(max(1, day.toordinal() - day.weekday())),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "year": lambda day: day.replace(month=1, day=1),
    "decade": lambda day: day.replace(year=max(1, day.year // 10 * 10), month=1, day=1),
}
_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366, "decade": 3653}
