"""A model measured on dumps whose true segments are known: its rows held against the gold.

The same model also tags the true segments, cuts given, which tells what is lost to wrong cuts from what is
lost to wrong topics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from topics.evaluation.classes import ClassScores, Judged, score_classes
from topics.evaluation.gold import GoldDump, read_gold
from topics.evaluation.report import EvaluationReport, evaluate_dumps
from topics.records import Dump

if TYPE_CHECKING:
    from topics.bundle import Model

__all__ = ["evaluate"]


def evaluate(dumps: Iterable[Dump], gold: Path | str, model: Model, *, topics: bool = True) -> EvaluationReport:
    """The figures of a model on those of the dumps that the gold speaks of.

    Without ``topics`` only cuts, kinds and furniture are measured. Raises :class:`topics.errors.LabelError`
    for gold that cannot be used.

    >>> import topics
    >>> report = topics.evaluate(topics.read_dumps("seeds"), "tests/quality/held_out.jsonl", topics.load_model())
    >>> report.n_dumps
    6
    """
    from topics.pipeline import classify_dump

    by_name = {dump.name: dump for dump in dumps}
    known = read_gold(Path(gold), by_name.values())
    return evaluate_dumps(
        (
            (true, by_name[name].text, classify_dump(by_name[name], model, topics=topics))
            for name, true in known.items()
        ),
        topics=_classify_gold(known, by_name, model) if topics else None,
        punkt=model.segmentation.punkt,
    )


def _classify_gold(known: Mapping[str, GoldDump], dumps: Mapping[str, Dump], model: Model) -> ClassScores:
    """What the model says of the true segments, boilerplate left out."""

    def judge() -> Iterator[Judged]:
        from topics.pipeline import classify, segment

        for name, true in known.items():
            for piece in true.segments:
                if piece.kind != "boilerplate":
                    whole = Dump(name, dumps[name].text[piece.start : piece.end])
                    [prediction] = classify(segment(whole, model, whole=True), model)
                    guess, score = prediction.topics[0] if prediction.topics else (None, None)
                    yield Judged(piece.topic, prediction.topic, piece.also, guess, score)

    return score_classes(judge())
