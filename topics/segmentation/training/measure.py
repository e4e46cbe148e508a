"""Boundary figures of a model on dumps of the five styles, mixed from outlets that it has not seen."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from topics.evaluation.boundaries import BoundaryScores, score_boundaries
from topics.records import Paragraph
from topics.segmentation.decode import decode_starts
from topics.segmentation.furniture import assign_roles
from topics.segmentation.model import SegmentationModel
from topics.segmentation.training.corpora import Corpora
from topics.segmentation.training.pieces import MixedDump
from topics.segmentation.training.styles import build_dumps, styles_of

__all__ = ["find_starts", "locate_starts", "measure_styles", "score_dump"]


def measure_styles(model: SegmentationModel, corpora: Corpora, n_dumps: int = 24) -> dict[str, Any]:
    """F1 exact and lenient of each style that the corpora have the matter for, as plain numbers for the model card."""
    figures = {}
    for style in styles_of(corpora):
        scores = BoundaryScores()
        for dump in build_dumps(corpora, style, n_dumps):
            paragraphs, starts = find_starts(dump.text, model)
            scores += score_dump(dump, paragraphs, starts)
        figures[style] = {
            "f1": round(scores.f1, 4),
            "f1_lenient": round(scores.f1_lenient, 4),
            "n": scores.n_true,
        }
    return figures


def find_starts(text: str, model: SegmentationModel) -> tuple[list[Paragraph], list[int]]:
    """The paragraphs of a text, and which of them the model starts a piece at."""
    scored = model.score(text)
    starts = decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold)
    return list(scored.paragraphs), starts.tolist()


def score_dump(dump: MixedDump, paragraphs: Sequence[Paragraph], starts: Iterable[int]) -> BoundaryScores:
    """Compare starts with the truth; lenient anywhere from the previous piece's tail to the piece's first body
    paragraph."""
    gold, ranges = locate_starts(dump, paragraphs)
    return score_boundaries(gold, starts, len(paragraphs), ranges)


def locate_starts(dump: MixedDump, paragraphs: Sequence[Paragraph]) -> tuple[list[int], list[tuple[int, int]]]:
    """At which paragraph each piece truly starts, and the first and last at which a start is lenient."""
    begins = [p.start for p in paragraphs]

    def unit(offset: int) -> int:
        return max(0, bisect_right(begins, offset) - 1)

    gold = [unit(offset) for offset in dump.starts]
    leads = [unit(offset) for offset in dump.leads]
    tails = [0, *(unit(offset) for offset in dump.tails[:-1])]
    return gold, [(min(tail, start), max(lead, start)) for tail, start, lead in zip(tails, gold, leads, strict=True)]
