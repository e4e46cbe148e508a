"""House styles: articles laid out as pages of outlets that do not exist.

The furniture of a page is foreign when its outlet was never seen, and there are more outlets than any corpus of pages
holds. A :class:`House` is one that is made up: a name, a family (wire agency, local paper, ministry …), and a fixed
choice of furniture, order, wording and format. :func:`dress` sets an article as a page of that house, as much of it as
the scraper left, and says of each line what it is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from topics.segmentation.training.furniture_lines import subhead
from topics.segmentation.training.house_manners import START_KINDS, House, Part, draw_house
from topics.segmentation.training.house_phrases import PieceWords

__all__ = ["Dressed", "House", "draw_house", "dress"]

FURNITURE: Final = 0
BODY: Final = 1
TITLE: Final = 2

_RUN_ON_KINDS: Final = frozenset(("byline", "date", "share", "comments", "listen"))
_LEAD_KINDS: Final = frozenset(("byline", "caption"))


@dataclass(frozen=True, slots=True)
class Dressed:
    """A page's lines and what each is: 0 furniture, 1 body, 2 title. The piece starts at line ``start``."""

    lines: tuple[str, ...]
    roles: tuple[int, ...]
    start: int


def dress(
    rng: random.Random, house: House, title: str | None, body: Sequence[str], others: Sequence[tuple[str, str]]
) -> Dressed:
    """One article as a page of this house. The body's paragraphs stay as they are and in their order.

    Standfirsts and subheads are of the article too (1). Lists of links take from ``others``:
    headlines of other pieces, each with the paragraph that its piece opens with.
    """
    if not body:
        raise ValueError("an article without paragraphs cannot be dressed")
    page = _Page(rng, house, title, body, others)
    for part in house.top:
        page.part(part)
    page.head()
    page.body()
    for part in house.tail:
        page.part(part)
    return Dressed(tuple(page.lines), tuple(page.roles), page.start)


class _Page:
    """The lines of one page as they are laid."""

    def __init__(
        self,
        rng: random.Random,
        house: House,
        title: str | None,
        body: Sequence[str],
        others: Sequence[tuple[str, str]],
    ) -> None:
        self.rng, self.house = rng, house
        self.paragraphs = body
        self.lines: list[str] = []
        self.roles: list[int] = []
        self.start = 0
        self._title = title = title.strip() if title else None
        self._words = PieceWords(
            rng,
            title,
            body,
            others,
            authors=house.authors,
            sections=house.sections,
            organisations=house.organisations,
            credits=house.credits,
            domain=house.domain,
            joint=house.joint,
        )

    def part(self, part: Part) -> bool:
        """The part's lines, unless this piece goes without it; whether any came."""
        if self.rng.random() >= part.share * (1.0 - self.house.dropout):
            return False
        return self._put(self._filled(part), FURNITURE)

    def _put(self, lines: Sequence[str], role: int) -> bool:
        self.lines += lines
        self.roles += [role] * len(lines)
        return bool(lines)

    def _filled(self, part: Part) -> list[str]:
        block = part.wordings[0] if len(part.wordings) == 1 else self.rng.choice(part.wordings)
        lines = self._words.fill(block, part.n_items)
        if part.kind == "points" and not self.house.stops:
            lines = [line.removesuffix(".") for line in lines]
        return lines

    def head(self) -> None:
        """The lines down to the body, and where the piece starts."""
        house, rng = self.house, self.rng
        start = lead = joined_from = None
        for part in house.head:
            at = len(self.lines)
            if part.kind == "headline":
                shown = self._title is not None and rng.random() >= house.dropout * 0.3
                came = shown and self._put([self._title or ""], TITLE)
            elif part.kind == "standfirst":
                came = rng.random() < part.share * (1.0 - house.dropout) and self._put(self._standfirst(), BODY)
            else:
                came = self.part(part)
            if not came:
                continue
            if house.run_on is not None and part.kind in _RUN_ON_KINDS:
                at = joined_from = at if joined_from is None else joined_from
                self.lines[at:] = [house.run_on.join(self.lines[at:])]
                del self.roles[at + 1 :]
            else:
                joined_from = None
            if start is None and part.kind in START_KINDS:
                start = at
            if lead is None and part.kind in _LEAD_KINDS:
                lead = at
        self.start = start if start is not None else lead if lead is not None else len(self.lines)

    def _standfirst(self) -> list[str]:
        """A sentence from further down, which no paragraph is made of alone."""
        for _ in range(3):
            sentence = self._words.draw_sentence()
            if sentence not in self.paragraphs and 40 < len(sentence) < 260:
                return [sentence if self.house.stops else sentence.removesuffix(".")]
        return []

    def body(self) -> None:
        """The paragraphs, and what interrupts them."""
        house, rng = self.house, self.rng
        n = len(self.paragraphs)
        before: dict[int, list[str]] = {}
        for part in house.inner if n > 1 else ():
            if rng.random() < part.share * (1.0 - house.dropout):
                at = part.place if 0 < part.place < n else rng.randrange(1, n)
                before.setdefault(at, []).extend(self._filled(part))
        for i, paragraph in enumerate(self.paragraphs):
            self._put(before.get(i, ()), FURNITURE)
            if i:
                if house.advert and i % house.advert_every == 0 and rng.random() > house.dropout:
                    self._put(self._words.fill(house.advert, 1), FURNITURE)
                if i < n - 1 and rng.random() < house.subheads:
                    self._put([subhead(rng, paragraph)], BODY)
            self._put([paragraph], BODY)
