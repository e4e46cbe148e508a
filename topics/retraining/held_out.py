"""Both models, as they are, on dumps that people labelled and that no training learns from.

Gold files speak of whole dumps (``labels/held_out/*.jsonl``, which training does not read, or any that are named). A
dump with a piece or a boundary that either model learned from is left out. Topics are judged on the true pieces,
boundaries on the cuts that each model makes by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topics.evaluation.boundaries import BoundaryScores
from topics.evaluation.classes import Judged
from topics.evaluation.gold import GoldDump, read_gold
from topics.evaluation.layout import compare_boundaries
from topics.records import Dump, dump_digest, text_digest
from topics.retraining.known import Known
from topics.retraining.paired import Pair

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.training import Learned

__all__ = ["HELD_OUT", "HeldOut", "find_held_out", "judge_held_out"]

HELD_OUT = "held_out"  # the folder below the labels


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pieces judged by both, and boundary scores (before, after) of the dumps whose gold is whole, by name."""

    pairs: tuple[Pair, ...] = ()
    boundaries: tuple[tuple[str, BoundaryScores, BoundaryScores], ...] = ()
    n_dumps: int = 0
    notes: tuple[str, ...] = ()


def find_held_out(labels: Path) -> list[Path]:
    """The gold files of a labels folder that training does not read."""
    return sorted((labels / HELD_OUT).glob("*.jsonl"))


def judge_held_out(files: Sequence[Path], learned: Learned, old: Model, new: Model, known: Known) -> HeldOut:
    """Both models on the dumps at hand that these gold files speak of, with the topics of today's taxonomy."""
    notes: list[str] = []
    taught = {decision.segment for decision in learned.decisions}
    taught_dumps = {digest for digest, offsets in learned.decided.items() if offsets}
    seen: list[str] = []
    pairs: list[Pair] = []
    boundaries = []
    names = set()
    by_name = {dump.name: dump for dump in learned.dumps}
    slugs = {*old.topics.slugs, *new.topics.slugs}
    for file in files:
        gold = read_gold(
            file,
            by_name.values(),
            lambda problem: notes.append(str(problem)),
            spell=learned.taxonomy.spell,
            find_fault=lambda slug: None if slug in slugs else learned.taxonomy.find_fault(slug),
        )
        for name, true in gold.items():
            dump = by_name[name]
            digest = dump_digest(dump.text)
            segments = {text_digest(dump.text[piece.start : piece.end]) for piece in true.segments}
            learned_from = segments & taught or any(known.topic_of(segment) for segment in segments)
            if learned_from or digest in taught_dumps or known.boundaries_of(digest):
                seen.append(name)
                continue
            names.add(name)
            pairs += [
                Pair(before, after, name)
                for before, after in zip(_judge(true, dump, old), _judge(true, dump, new), strict=True)
            ]
            if true.whole:
                boundaries.append((name, _cut(true, dump, old), _cut(true, dump, new)))
    if seen:
        notes.append(f"{len(seen)} held-out dumps are left out, since one of the models learned from them: {seen[0]} …")
    return HeldOut(tuple(pairs), tuple(boundaries), len(names), tuple(notes))


def _judge(true: GoldDump, dump: Dump, model: Model) -> Iterator[Judged]:
    """What a model decides about the true pieces, boilerplate left out."""
    from topics.pipeline import classify, segment

    for piece in true.segments:
        if piece.kind != "boilerplate":
            whole = Dump(dump.name, dump.text[piece.start : piece.end])
            [prediction] = classify(segment(whole, model, whole=True), model)
            guess, score = prediction.topics[0]
            yield Judged(piece.topic, prediction.topic, piece.also, guess, score)


def _cut(true: GoldDump, dump: Dump, model: Model) -> BoundaryScores:
    from topics.pipeline import classify_dump

    rows = classify_dump(dump, model, topics=False, decided={})
    return compare_boundaries(true, dump.text, rows, model.segmentation.punkt)
