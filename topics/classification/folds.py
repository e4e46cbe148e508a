"""A labelled piece, and which topics are left out of training together to see what a model makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms

__all__ = ["FOLDS", "Example", "group_topics"]

FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled piece. ``topic`` is ``None`` where a person said that none fits; ``group`` is shared by
    pieces of one story, which stay together in folds; ``""`` is a story of its own.

    ``guessed``: which of its topics comes first was a guess of the labeller's (confidence ``l``). It teaches which
    topics there are in such a piece and not which is the primary one, and no model is measured by it. ``weight`` is
    what the piece counts in an SVM.
    """

    terms: Terms
    topic: str | None
    also: tuple[str, ...] = ()
    group: str = ""
    guessed: bool = False
    weight: float = 1.0

    @property
    def is_certain(self) -> bool:
        """Whether it says surely what the primary topic is."""
        return self.topic is not None and not self.guessed


def group_topics(n_pieces: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Topics that are left out together, to see what a model makes of what it never saw: up to FOLDS groups of about
    as many pieces. Empty where fewer than two topics would be left."""
    present = [int(k) for k in np.argsort(-n_pieces, kind="stable") if n_pieces[k]]
    n_groups = min(FOLDS, len(present))
    if len(present) < 3:
        return []
    return [np.array(sorted(present[g::n_groups])) for g in range(n_groups)]
