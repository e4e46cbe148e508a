"""How good the topics are, and how anybody knows: from the model's card, or from labels on the run itself.

A model is judged only on what it has not learned from. Its card has figures out of fold: each labelled piece was
judged by a model that had not seen it. A run has more to say where its segments carry labels that came after the
training, which :mod:`topics.report.judged` finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topics.bundle import find_models
from topics.evaluation.classes import Calibration, ClassScores, ReliabilityBin

__all__ = ["MIN_JUDGED", "Evidence", "find_card", "read_card"]

MIN_JUDGED = 40  # labelled segments below which a run says too little of the model


@dataclass(frozen=True, slots=True)
class Evidence:
    """Judged pieces: ``scores`` counts them, ``said_of`` says in words which pieces they are."""

    scores: ClassScores
    said_of: str


def find_card(model_id: str) -> Mapping[str, Any] | None:
    """The manifest of the model that made a run (``name@version``), if it can be found here."""
    version = model_id.rpartition("@")[2]
    return next((info.manifest for info in find_models() if info.manifest.get("version") == version), None)


def read_card(manifest: Mapping[str, Any]) -> Evidence | None:
    """The figures out of fold that a model's manifest carries; ``None`` where it has no such table.

    A table that is not of the form that training writes is none.
    """
    try:
        figures = manifest["metrics"]["topics"]
        bins = tuple(_read_bin(row) for row in figures["calibration"]["bins"])
        calibration = Calibration(bins, float(figures["brier"]) * sum(b.n for b in bins))
        confusion = {(row["true"], row["predicted"]): int(row["n"]) for row in figures["confusion"]}
    except (KeyError, TypeError, ValueError):
        return None
    if not confusion:
        return None
    scores = ClassScores(confusion, 0, calibration)
    return Evidence(
        scores,
        f"{scores.n:,} labelled pieces out of fold, each judged by a model that had not seen it (the model's card)",
    )


def _read_bin(row: Mapping[str, Any]) -> ReliabilityBin:
    n = int(row["n"])
    mean, accuracy = float(row["mean_score"]), float(row["accuracy"])
    return ReliabilityBin(float(row["low"]), float(row["high"]), n, round(accuracy * n), mean * n)
