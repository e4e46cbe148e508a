"""A learning curve in, whether more labels still help out: one number and one sentence.

Two signs are read. How much MORE labels are expected to add to accuracy, from the law that was fitted to the curve; and
whether models of about half the labels and of all say the same of pieces that neither learned from (kappa,
:mod:`topics.selection.stopping`). Labels of the same kind have stopped helping where the expected gain is under
WORTH.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from topics.care.curve import Curve

__all__ = ["MORE", "WORTH", "Outlook", "look_ahead"]

MORE: Final = 100  # labels: about two hours of them
WORTH: Final = 0.0025  # accuracy: under a quarter of a point for MORE labels, other things pay better


@dataclass(frozen=True, slots=True)
class Outlook:
    """``gain`` is what MORE labels are expected to add to accuracy, ``kappa`` the agreement of the models of
    ``n_labels[0]`` and ``n_labels[1]`` labels."""

    gain: float
    kappa: float
    n_labels: tuple[int, int]

    @property
    def is_enough(self) -> bool:
        """Whether more labels of the same kind are hardly worth it."""
        return self.gain < WORTH

    @property
    def sentence(self) -> str:
        """For a person who wonders whether to go on."""
        before, after = self.n_labels
        said = (
            f"{MORE} more labels like these are expected to add {100 * self.gain:.2f} points of accuracy; models of "
            f"{before:,} and {after:,} labels agree with kappa {self.kappa:.2f}"
        )
        if self.is_enough:
            return f"{said}. More of the same hardly helps: label new outlets or thin topics, or stop."
        return f"{said}. More labels still help."

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "more_labels": MORE,
            "expected_gain": round(self.gain, 5),
            "kappa": round(self.kappa, 4),
            "enough": self.is_enough,
            "sentence": self.sentence,
        }


def look_ahead(curve: Curve) -> Outlook | None:
    """The outlook of a curve; ``None`` where nothing was measured."""
    if curve.accuracy_law is None or curve.kappa is None:
        return None
    measured = [point.n for point in curve.points if not point.predicted]
    gain = curve.accuracy_law.error_at(curve.n) - curve.accuracy_law.error_at(curve.n + MORE)
    return Outlook(gain, curve.kappa, (measured[-2], measured[-1]))
