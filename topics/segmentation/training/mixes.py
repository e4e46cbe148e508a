"""In which shares training dumps are mixed.

There are two mixes, since no one of them is like all that is scraped, and networks that learned from different ones err
in different places. ``FIRST`` has many round-ups, of any theme, and short subheads; ``SECOND`` more teasers, between
articles and under them, those among them that were written as such, round-ups of one theme, subheads as long as
headlines, or numbered, and more real pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from topics.segmentation.training.furniture_lines import SHORT_SUBHEADS, SubheadManner

__all__ = ["BOTH", "FIRST", "SECOND", "Mix", "Neighbours"]

Neighbours = Literal["random", "category", "month", "nearest"]


@dataclass(frozen=True, slots=True)
class Mix:
    """What is not alike in all mixes.

    ``blurbs`` (where there are no headlines), ``flat_blurbs``, ``subheads`` (under headlines) and ``flat_subheads``
    (empty: none) are drawn from for each dump: how often a piece is a blurb, has subheads. ``themes`` is how the
    articles that a round-up is made of were found. ``other_subheads`` is how often a dump's subheads are long or
    numbered; ``cards`` how often an invented outlet has teasers of other pieces, and readers' comments, under its own.
    ``teasers`` is the share of blurbs that were written as such (``prose.Prose.teasers``).
    ``transplanted``, ``cut_pages`` and ``houses`` are the shares of dumps with line breaks that are articles in real
    pages, pages as they were, and pages of invented outlets; ``renewed`` is how often a real page is of another day
    (``pages.renew``).
    """

    blurbs: tuple[float, ...]
    flat_blurbs: tuple[float, ...]
    subheads: tuple[float, ...]
    flat_subheads: tuple[float, ...]
    themes: tuple[Neighbours, ...]
    other_subheads: float
    cards: float
    teasers: float
    transplanted: float
    cut_pages: float
    houses: float
    renewed: float

    def draw_subheads(self, rng: random.Random) -> SubheadManner:
        """The manner of one dump."""
        if not self.other_subheads or rng.random() >= self.other_subheads:
            return SHORT_SUBHEADS
        return SubheadManner(longest=rng.choice((6, 8, 10)), number=rng.choice(("", "", "", "{}. ", "{}) ", "{} ")))


FIRST: Final = Mix(
    blurbs=(0.0, 0.0, 0.15, 0.35),
    flat_blurbs=(0.0, 0.0, 0.15, 0.3),
    subheads=(0.0, 0.0, 0.15),
    flat_subheads=(),
    themes=("nearest", "nearest", "category", "random"),
    other_subheads=0.0,
    cards=0.0,
    teasers=0.0,
    transplanted=0.13,
    cut_pages=0.06,
    houses=0.27,
    renewed=0.5,
)
SECOND: Final = Mix(
    blurbs=(0.0, 0.1, 0.25, 0.4),
    flat_blurbs=(0.0, 0.1, 0.2, 0.3),
    subheads=(0.0, 0.1, 0.25),
    flat_subheads=(0.0, 0.0, 0.2),
    themes=("nearest", "nearest", "nearest", "nearest", "nearest", "category", "category", "random"),
    other_subheads=0.4,
    cards=0.4,
    teasers=0.3,
    transplanted=0.17,
    cut_pages=0.07,
    houses=0.25,
    renewed=0.7,
)
BOTH: Final = (FIRST, SECOND)
