"""Does labelling more still help? Accuracy with a quarter, half, three quarters and all of the labels.

The parts are nested and drawn by hash, near-duplicates together, and all of them are judged out of fold on the pieces
of the smallest, so that the points of the curve differ by the labels and by nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from topics.classification.training import Example
    from topics.training import Learned

__all__ = ["CurvePoint", "draw_curve"]

PARTS: Final = (0.25, 0.5, 0.75)
FEWEST: Final = 80  # labelled pieces: with fewer a quarter says nothing
MOST: Final = 6_000  # with more it is no longer cheap


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy on ``n_judged`` pieces when ``n_labels`` are learned from."""

    n_labels: int
    accuracy: float
    n_judged: int

    def to_dict(self) -> dict[str, Any]:
        return {"n_labels": self.n_labels, "accuracy": round(self.accuracy, 4), "n_judged": self.n_judged}


def draw_curve(learned: Learned) -> tuple[CurvePoint, ...]:
    """The curve, ascending; empty where there are too few labels to draw one, or so many that it would take long."""
    from topics.classification.training import fit_topics
    from topics.errors import LabelError

    examples = [i for i, example in enumerate(learned.examples) if example.topic is not None]
    if not FEWEST <= len(examples) <= MOST:
        return ()
    place = {i: _draw(learned.examples[i], learned.decisions[i].segment) for i in examples}
    judged = [i for i in examples if place[i] < PARTS[0] and learned.examples[i].is_certain]
    points = []
    for part in (*PARTS, 1.0):
        chosen = [i for i in examples if place[i] < part]
        if part == 1.0:
            words = {i: learned.fitted.out_of_fold[i] for i in judged}
        else:
            some = [learned.examples[i] for i in chosen]
            try:
                fitted = fit_topics(some, learned.taxonomy.slugs, learned.lessons, learned.vectors)
            except LabelError:  # too few of them to learn anything
                continue
            rows = dict(zip(chosen, fitted.out_of_fold, strict=True))
            words = {i: rows[i] for i in judged}
        slugs = learned.fitted.model.slugs
        n_right = sum(slugs[int(row.argmax())] == learned.examples[i].topic for i, row in words.items())
        points.append(CurvePoint(len(chosen), n_right / max(1, len(judged)), len(judged)))
    return tuple(points)


def _draw(example: Example, segment: str) -> float:
    """A number in [0, 1) that near-duplicates share."""
    key = example.group or segment
    return int(hashlib.sha256(f"curve:{key}".encode()).hexdigest()[:12], 16) / 16**12
