"""Which paragraphs of a scored dump belong to the page, which are headlines, and which are body.

In: what the network says of all paragraphs. Out: three masks. Body is what is neither furniture nor a headline;
decoding asks that every segment has some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.model import Scored

__all__ = ["Roles", "assign_roles"]

Mask = NDArray[np.bool_]

FURNITURE_WORDS: Final = 60  # a furniture line is shorter than that, whatever the network says
TITLE_WORDS: Final = 40


@dataclass(frozen=True, slots=True)
class Roles:
    """One flag a paragraph in each mask; at most one of the three is set."""

    furniture: Mask
    title: Mask
    body: Mask


def assign_roles(scored: Scored) -> Roles:
    """Masks over the paragraphs of ``scored``: the likelier of furniture and headline, where it is likelier than not.

    Of two that are equally likely a paragraph is furniture; long ones are body, unless they stand again and again, and
    one without words is furniture.
    """
    furniture, title = scored.head("furniture"), scored.head("title")
    words = scored.measure("words")
    is_furniture = ((furniture > 0.0) & (furniture >= title) & (words < FURNITURE_WORDS)) | (words == 0)
    is_furniture |= scored.is_foot
    is_title = ~is_furniture & (title > 0.0) & (words < TITLE_WORDS)
    return Roles(is_furniture, is_title, ~is_furniture & ~is_title)
