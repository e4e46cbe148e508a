"""What a fit is worth: the figures of the card and the manifest, out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from topics.errors import TopicsError

if TYPE_CHECKING:
    from topics.classification.doubt import Acceptance
    from topics.classification.training import Example, Fitted

__all__ = ["measure_fit"]


def measure_fit(examples: Sequence[Example], fitted: Fitted) -> dict[str, Any]:
    """Out-of-fold figures of a fit: accuracy, with secondary topics, macro-F1, ECE, and the counts by topic; the bins
    behind the ECE and the counts of (true, predicted) are what `topics report` draws."""
    from topics.evaluation.classes import Judged, score_classes

    model = fitted.model
    judged = []
    for example, p in zip(examples, fitted.out_of_fold, strict=True):
        if example.topic is None or example.guessed:
            continue
        best = int(p.argmax())
        judged.append(
            Judged(example.topic, model.slugs[best], example.also, model.slugs[best], min(1.0, float(p[best])))
        )
    scores = score_classes(judged)
    return {
        "n": scores.n,
        "accuracy": round(scores.accuracy, 4),
        "accuracy_with_secondary": round(scores.accuracy_with_secondary, 4),
        "macro_f1": round(scores.macro_f1, 4),
        "ece": round(scores.calibration.ece, 4),
        "brier": round(scores.calibration.brier, 4),
        "by_topic": {t.topic: {"f1": round(t.f1, 3), "n": t.n_true} for t in scores.topics},
        "calibration": _rounded(scores.calibration.to_dict()),
        "confusion": scores.to_dict()["confusion"],
        "precision": _spell_acceptance(model.acceptance),
    }


def _rounded(value: Any) -> Any:
    """The same with floats to six places: the last bits differ from one kind of CPU to the next."""
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def _spell_acceptance(acceptance: Acceptance) -> list[dict[str, float]]:
    """What each precision that a user may ask for costs, at the share of unknowns that is taken for granted."""
    rows = []
    for wanted in (0.8, 0.85, 0.9, 0.95, 0.98):
        try:
            threshold = acceptance.threshold_for(wanted)
        except TopicsError:
            continue
        at = acceptance.thresholds.tolist().index(threshold)
        rows.append(
            {
                "precision": wanted,
                "confidence": round(threshold, 3),
                "known_given": round(float(acceptance.known[at]), 3),
                "unknown_given": round(float(acceptance.unknown[at]), 3),
            }
        )
    return rows
