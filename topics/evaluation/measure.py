"""A model measured on dumps whose true segments are known: its rows held against the gold.

The same model also tags the true segments, cuts given, which tells what is lost to wrong cuts from what is
lost to wrong topics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.errors import LabelError
from topics.evaluation.answers import Answer, answer
from topics.evaluation.gold import GoldDump, read_gold
from topics.evaluation.report import EvaluationReport, evaluate_dumps
from topics.evaluation.topic_report import TopicReport, report_topics
from topics.records import Dump

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.boundaries import Decided
    from topics.labels.taxonomy import Taxonomy

__all__ = ["evaluate"]


def evaluate(
    dumps: Iterable[Dump],
    gold: Path | str,
    model: Model,
    *,
    topics: bool = True,
    decided: Decided | None = None,
    taxonomy: Taxonomy | None = None,
    on_problem: Callable[[LabelError], None] | None = None,
) -> EvaluationReport:
    """The figures of a model on those of the dumps that the gold speaks of.

    Without ``topics`` only cuts, kinds and furniture are measured. Boundary decisions bind as they do in
    :func:`topics.pipeline.segment`: ``decided={}`` measures the model alone. Raises
    :class:`topics.errors.LabelError` for gold that cannot be used; gold of other dumps
    (:func:`topics.evaluation.gold.read_gold`), topics that neither the model nor the taxonomy has, and decisions that
    cannot hold go to ``on_problem``. Topics of the gold and of the model that have been renamed or merged since go by
    what they are in ``taxonomy``, by default the one in force.

    >>> import topics
    >>> report = topics.evaluate(topics.read_dumps("seeds"), "tests/quality/held_out.jsonl", topics.load_model())
    >>> report.n_dumps
    6
    """
    from topics.labels.taxonomy import load_taxonomy
    from topics.pipeline import classify_dump, decisions_of

    by_name = {dump.name: dump for dump in dumps}
    if topics:
        words = taxonomy or load_taxonomy()
        model = model.respell(words.spell)

        def find_fault(slug: str) -> str | None:
            return None if slug in model.topics.slugs else words.find_fault(slug)

        known = read_gold(Path(gold), by_name.values(), on_problem, spell=words.spell, find_fault=find_fault)
    else:
        known = read_gold(Path(gold), by_name.values(), on_problem)
    n_decisions = sum(len(decisions_of(by_name[name], decided)) for name in known)

    def note(fault: LabelError) -> None:
        nonlocal n_decisions
        n_decisions -= 1
        if on_problem is None:
            raise fault
        on_problem(fault)

    def rows(dump: Dump) -> list[Mapping[str, Any]]:
        return classify_dump(dump, model, topics=topics, decided=decided, on_problem=note)

    report = evaluate_dumps(
        ((true, by_name[name].text, rows(by_name[name])) for name, true in known.items()),
        topics=_classify_gold(known, by_name, model) if topics else None,
        punkt=model.segmentation.punkt,
    )
    return replace(report, n_decisions=n_decisions)


def _classify_gold(known: Mapping[str, GoldDump], dumps: Mapping[str, Dump], model: Model) -> TopicReport:
    """What the model says of the true segments, boilerplate left out."""

    def answers() -> Iterator[Answer]:
        from topics.pipeline import classify, segment

        for name, true in known.items():
            dump = dumps[name]
            for true_piece in true.segments:
                if true_piece.kind != "boilerplate":
                    whole = Dump(name, dump.text[true_piece.start : true_piece.end])
                    [piece] = segment(whole, model, whole=True)
                    [prediction] = classify([piece], model)
                    source, day = piece.source or dump.source, piece.published or dump.published
                    yield answer(prediction, true_piece.topic, true_piece.also, unit=name, source=source, published=day)

    return report_topics(answers())
