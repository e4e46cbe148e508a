"""Boundary decisions placed at paragraphs: of which one an offset speaks, and which decision can hold nowhere.

An offset speaks of the first paragraph that starts there or behind it; of several that speak of one, those that do not
stand inside the paragraph before it count, and of these the last given. What is decided behind the last paragraph, or
against the start of the dump, can hold nowhere.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

from topics.records import Paragraph

__all__ = ["OnFault", "Placing", "place_all"]

OnFault = Callable[[int, str], None]  # the offset, and as a sentence without its end why the decision cannot hold


class Placing:
    """What was decided of one dump (offset to whether a piece starts there), placed as its paragraphs come."""

    def __init__(self, decided: Mapping[int, bool], on_fault: OnFault) -> None:
        self._on_fault = on_fault
        self._waiting = sorted(decided.items(), key=lambda item: item[0])
        self._order = {offset: order for order, offset in enumerate(decided)}
        self._next = 0
        self._end_before = 0  # of the paragraph before

    def place(self, first: int, paragraphs: Sequence[Paragraph]) -> dict[int, bool]:
        """Decisions by the place of their paragraph; the first of these paragraphs has the place ``first``."""
        placed: dict[int, bool] = {}
        is_waiting = self._next < len(self._waiting)
        begins = [paragraph.start for paragraph in paragraphs] if is_waiting else []
        while begins and self._next < len(self._waiting) and self._waiting[self._next][0] <= begins[-1]:
            at = bisect_left(begins, self._waiting[self._next][0])
            own = []
            while self._next < len(self._waiting) and self._waiting[self._next][0] <= begins[at]:
                own.append(self._waiting[self._next])
                self._next += 1
            self._decide(first + at, own, paragraphs[at - 1].end if at else self._end_before, placed)
        if paragraphs:
            self._end_before = paragraphs[-1].end
        return placed

    def finish(self) -> None:
        """Say what speaks of no paragraph."""
        for offset, starts in self._waiting[self._next :]:
            self._complain(offset, starts, "no paragraph starts there or later")

    def _decide(self, place: int, own: list[tuple[int, bool]], end_before: int, placed: dict[int, bool]) -> None:
        own.sort(key=lambda item: self._order[item[0]])
        inside, exact = [], []
        for offset, starts in own:
            if not place and not starts:
                self._complain(offset, starts, "a dump starts with one")
            elif place and offset < end_before:
                inside.append(starts)
            else:
                exact.append(starts)
        if inside or exact:
            placed[place] = (exact or inside)[-1]

    def _complain(self, offset: int, starts: bool, why: str) -> None:
        what = f"a boundary decision says that {'a' if starts else 'no'} piece starts at {offset}"
        self._on_fault(offset, f"{what}, but {why}")


def place_all(paragraphs: Sequence[Paragraph], decided: Mapping[int, bool], on_fault: OnFault) -> dict[int, bool]:
    """Decisions by offset to decisions by paragraph, of a dump that is at hand; what fits none is said."""
    placing = Placing(decided, on_fault)
    placed = placing.place(0, paragraphs)
    placing.finish()
    return placed
