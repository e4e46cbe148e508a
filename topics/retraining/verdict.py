"""What retraining came to: every figure before and after, and whether the new model may take over.

The rule. A gated figure got worse when it fell by more than ``DROP`` and at least ``SURE`` of the draws say so: a fall
that chance makes every other time stops nobody, and neither does one that nobody would notice. One gated figure that
got worse is enough to refuse. Gated are accuracy and the Brier score (right and honest) on labelled pieces, accuracy
and boundary F1 on held-out dumps, and the share of boundary decisions that the model would have made by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.retraining.curve import CurvePoint
from topics.retraining.paired import Compared

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["DROP", "SURE", "ScoreBand", "Verdict", "got_better", "got_worse"]

DROP: Final = 0.005
SURE: Final = 0.9
SURELY_BETTER: Final = 0.975
GATES: Final = {
    "labels": ("accuracy", "Brier"),
    "held out": ("accuracy", "boundary F1"),
    "boundary decisions": ("kept by itself",),
}


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """Calibration: of the guesses with a score in [low, high), how sure they were and how often right, by model."""

    low: float
    high: float
    n_before: int
    score_before: float
    accuracy_before: float
    n_after: int
    score_after: float
    accuracy_after: float

    def to_dict(self) -> dict[str, Any]:
        return {name: round(getattr(self, name), 4) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one retraining.

    ``figures`` are by what they were measured on ("labels", "held out", "boundary decisions"); ``tiers`` the accuracy
    on parts of the labels, by the kind of part. ``before`` and ``after`` are model ids; ``own`` is false where nothing
    was in use under this name, and ``before`` is then the model that boundaries were taken from. ``taught`` says
    whether the one in use stands in this folder and labels taught it.
    """

    before: str
    after: str
    path: Path
    n_labels: int
    own: bool = True
    taught: bool = True
    figures: Mapping[str, tuple[Compared, ...]] = field(default_factory=dict)
    topics: tuple[Compared, ...] = ()
    tiers: Mapping[str, tuple[Compared, ...]] = field(default_factory=dict)
    bands: tuple[ScoreBand, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    metrics: Mapping[str, Any] = field(default_factory=dict)
    refined: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    promoted: bool = False

    @property
    def gated(self) -> tuple[tuple[str, Compared], ...]:
        """The figures that decide, with what they were measured on."""
        return tuple(
            (where, compared)
            for where, names in GATES.items()
            for compared in self.figures.get(where, ())
            if compared.name in names
        )

    @property
    def outcome(self) -> str:
        """``same``, ``worse``, ``better``, ``no difference shown`` or ``nothing to compare``."""
        if self.before == self.after:
            return "same"
        gated = [compared for _, compared in self.gated]
        if not gated:
            return "nothing to compare"
        if any(map(got_worse, gated)):
            return "worse"
        return "better" if any(map(got_better, gated)) else "no difference shown"

    @property
    def may_be_promoted(self) -> bool:
        """Whether the new model takes over unasked: it does not where it got worse than the one in use, nor unseen in
        the place of one that labels taught."""
        if self.outcome == "nothing to compare":
            return not self.taught
        return self.outcome not in ("worse", "same") or not self.own

    @property
    def reasons(self) -> tuple[str, ...]:
        """The figures that got worse, or else those that got better, in words."""
        worse = [_spell(where, compared) for where, compared in self.gated if got_worse(compared)]
        return tuple(worse or [_spell(where, compared) for where, compared in self.gated if got_better(compared)])

    @property
    def weaker(self) -> tuple[str, ...]:
        """Topics whose F1 surely fell; they refuse nothing."""
        return tuple(compared.name for compared in self.topics if got_worse(compared, SURELY_BETTER))

    def summary(self) -> str:
        """One line for people."""
        say = {
            "same": f"the labels taught nothing new: {self.after} is what was in use",
            "nothing to compare": f"{self.after} has nothing to be compared by",
            "worse": f"{self.after} got worse than {self.before}",
            "better": f"{self.after} is better than {self.before}",
            "no difference shown": f"no difference shown between {self.after} and {self.before}",
        }[self.outcome]
        return say + (f": {'; '.join(self.reasons)}" if self.reasons else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "before": self.before,
            "after": self.after,
            "path": str(self.path),
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "promoted": self.promoted,
            "n_labels": self.n_labels,
            "figures": {where: [each.to_dict() for each in found] for where, found in self.figures.items()},
            "topics": [each.to_dict() for each in self.topics],
            "tiers": {kind: [each.to_dict() for each in found] for kind, found in self.tiers.items()},
            "calibration": [band.to_dict() for band in self.bands],
            "learning_curve": [point.to_dict() for point in self.curve],
            "weaker_topics": list(self.weaker),
            "refined": self.refined,
            "notes": list(self.notes),
            "problems": list(self.problems),
        }

    def render(self, console: Console) -> None:
        """Print the tables, before and after side by side."""
        from topics.retraining.tables import build_tables

        for table in build_tables(self):
            console.print(table)


def got_worse(compared: Compared, sure: float = SURE) -> bool:
    """Whether a figure fell (an error rose) by more than ``DROP``, surely enough."""
    fall = -compared.change if compared.higher_is_better else compared.change
    return fall > DROP and compared.sure_worse >= sure


def got_better(compared: Compared) -> bool:
    """Whether nearly all draws say that a figure is better."""
    return compared.sure_better >= SURELY_BETTER


def _spell(where: str, compared: Compared) -> str:
    return (
        f"{compared.name} on {where} {compared.before:.3f} to {compared.after:.3f} "
        f"({compared.change:+.3f} [{compared.low:+.3f}, {compared.high:+.3f}], n = {compared.n})"
    )
