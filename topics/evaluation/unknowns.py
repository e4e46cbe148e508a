"""Does the model know when no topic fits? And how often is it right of what it dares to say?

Doubts go in, with whether a topic fits at all, and the area under the ROC curve comes out (the chance that a piece
that fits nothing is doubted more than one that fits something: Mann and Whitney 1947). Doubts go in, with whether the
guess is right, and precision at each share shown comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.ratios import share

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHARES", "Coverage", "UnknownScores", "measure_auroc", "measure_coverage"]

SHARES: Final = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class UnknownScores:
    """Pieces that a topic fits (``known``) and pieces that none fits, and how many of each were called unknown."""

    n_known: int = 0
    n_known_rejected: int = 0
    n_unfit: int = 0
    n_unfit_rejected: int = 0
    auroc: float | None = None  # none without pieces of both sorts

    @property
    def known_rejected(self) -> float:
        return share(self.n_known_rejected, self.n_known, empty=0.0)

    @property
    def unfit_rejected(self) -> float:
        return share(self.n_unfit_rejected, self.n_unfit, empty=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "known_rejected": self.known_rejected, "unfit_rejected": self.unfit_rejected}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The surest ``shown`` of the pieces (a share), and which share of these is right."""

    shown: float
    n: int
    precision: float
    precision_with_secondary: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure_auroc(doubts: NDArray[Any], unfit: NDArray[Any], weights: NDArray[Any] | None = None) -> NDArray[Any]:
    """The area for each row of weights (n_rows, n_pieces), nan where one side has none; no weights are a row of ones.

    >>> import numpy as np
    >>> float(measure_auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))[0])
    0.875
    """
    import numpy as np

    if weights is None:
        weights = np.ones((1, len(doubts)))
    order = np.argsort(doubts, kind="stable")
    starts = np.flatnonzero(np.concatenate(([True], np.diff(doubts[order]) > 0)))[: len(doubts)]
    weights, unfit = weights[:, order].astype(np.float64), unfit[order]
    if not len(doubts):
        return np.full(len(weights), np.nan)
    known = np.add.reduceat(weights * ~unfit, starts, axis=1)  # (n_rows, n_distinct doubts)
    none = np.add.reduceat(weights * unfit, starts, axis=1)
    won = (none * (np.cumsum(known, axis=1) - known / 2)).sum(axis=1)
    pairs = known.sum(axis=1) * none.sum(axis=1)
    result: NDArray[Any] = np.divide(won, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
    return result


def measure_coverage(doubts: Sequence[float], right: Sequence[bool], secondary: Sequence[bool]) -> tuple[Coverage, ...]:
    """Precision among the surest of the pieces, for each share of :data:`SHARES`; ties go to the earlier piece."""
    order = sorted(range(len(doubts)), key=lambda place: doubts[place])
    points = []
    for part in SHARES if order else ():
        kept = order[: max(1, round(part * len(order)))]
        n_right = sum(right[place] for place in kept)
        n_either = sum(right[place] or secondary[place] for place in kept)
        points.append(Coverage(part, len(kept), n_right / len(kept), n_either / len(kept)))
    return tuple(points)
