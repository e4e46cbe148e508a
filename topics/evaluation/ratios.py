"""The ratios that every score is made of, and what they are where there is nothing to divide by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["HitCounts", "f_score", "share"]


def share(part: float, whole: float, *, empty: float) -> float:
    """``part / whole``, or ``empty`` where the whole is nought."""
    return part / whole if whole else empty


def f_score(n_hits: float, n_true: float, n_found: float) -> float:
    """Harmonic mean of precision and recall; 1 where there was nothing to find and nothing was found."""
    return share(2 * n_hits, n_true + n_found, empty=1.0)


@dataclass(frozen=True, slots=True)
class HitCounts:
    """One class of things: how many were true, how many were found, and how many of those were both."""

    n_true: int = 0
    n_found: int = 0
    n_hits: int = 0

    def __add__(self, other: HitCounts) -> HitCounts:
        return HitCounts(self.n_true + other.n_true, self.n_found + other.n_found, self.n_hits + other.n_hits)

    @property
    def precision(self) -> float:
        """Share of what was found that is true; 1 where there was nothing to find and nothing was found."""
        return share(self.n_hits, self.n_found, empty=float(self.n_true == 0))

    @property
    def recall(self) -> float:
        """Share of what is true that was found; 1 where there was nothing to find and nothing was found."""
        return share(self.n_hits, self.n_true, empty=float(self.n_found == 0))

    @property
    def f1(self) -> float:
        return f_score(self.n_hits, self.n_true, self.n_found)

    def to_dict(self) -> dict[str, Any]:
        return {"precision": self.precision, "recall": self.recall, "f1": self.f1, "support": self.n_true}
