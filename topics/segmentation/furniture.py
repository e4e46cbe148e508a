"""Which paragraphs of a scored dump belong to the page, which are headlines, and which are body.

In: the head scores and measures of all paragraphs. Out: three masks. Body is what is neither furniture nor a
headline; decoding asks that every segment has some. In text without line breaks everything is body.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.analysis import MEASURES
from topics.segmentation.heads import HEADS
from topics.segmentation.model import Scored

__all__ = ["Roles", "assign_roles"]

Mask = NDArray[np.bool_]

FURNITURE_WORDS: Final = 40  # a furniture line is shorter than that, whatever the head says
TITLE_WORDS: Final = 30
# log-odds of the furniture head: alone, and where the line also opens like furniture
FURNITURE_ODDS: Final = 1.0
FURNITURE_ODDS_WITH_CUE: Final = -1.0


@dataclass(frozen=True, slots=True)
class Roles:
    """One flag a paragraph in each mask; at most one of the three is set."""

    furniture: Mask
    title: Mask
    body: Mask


def assign_roles(scored: Scored) -> Roles:
    """Masks over the paragraphs of ``scored``."""
    n = len(scored.paragraphs)
    if scored.unit == "sentences":
        none = np.zeros(n, np.bool_)
        return Roles(none, none.copy(), np.ones(n, np.bool_))
    heads = {name: scored.heads[:, column] for column, name in enumerate(HEADS)}
    measure = {name: scored.analysis.measures[:, column] for column, name in enumerate(MEASURES)}
    words = measure["words"]
    cue = measure["furniture_cue"] > 0
    closed = (measure["ends_in_stop"] > 0) & (measure["ends_in_question"] == 0)  # a whole sentence
    odds = heads["furniture"]
    furniture = (words < FURNITURE_WORDS) & (
        (odds > FURNITURE_ODDS) | (cue & (odds > FURNITURE_ODDS_WITH_CUE) & ~closed) | (words == 0)
    )
    title = ~furniture & ~closed & (words < TITLE_WORDS) & (heads["title"] > 0)
    return Roles(furniture, title, ~furniture & ~title)
