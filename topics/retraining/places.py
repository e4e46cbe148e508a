"""Boundary decisions, kept to or not by the old and the new boundary model, neither of which saw them.

The dumps that people decided about are dealt into folds, and for each fold the boundaries are refined on the others;
the places decided in it are then looked at as a new dump would be, with no decision binding. The model in use is asked
itself about dumps that it was not refined on; for the others its own decisions are refined on again without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from topics.evaluation.classes import Judged
from topics.records import Dump, dump_digest
from topics.retraining.known import Known
from topics.retraining.paired import Pair

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.segmentation import SegmentationModel
    from topics.training import Learned

__all__ = ["PlacesJudged", "judge_places"]

FOLDS: Final = 3
STARTS, NONE = "starts", "does not start"

Say = Callable[[str], None]
Decided = Mapping[str, Mapping[int, bool]]
Spelled = tuple[tuple[str, tuple[tuple[int, bool], ...]], ...]


@dataclass(frozen=True, slots=True)
class PlacesJudged:
    """The decided places that both could judge, and in words what was left out."""

    pairs: tuple[Pair, ...] = ()
    n_dumps: int = 0
    notes: tuple[str, ...] = ()


def judge_places(learned: Learned, old: Model, known: Known, say: Say) -> PlacesJudged:
    """Both models on every place decided in a dump that is at hand."""
    by_digest = {dump_digest(dump.text): dump for dump in learned.dumps}
    decided = {digest: learned.decided[digest] for digest in sorted(by_digest) if learned.decided.get(digest)}
    if not decided:
        return PlacesJudged()
    refines = learned.about["segmentation"].get("refined") is not None
    if refines and len(decided) == 1:
        return PlacesJudged(notes=("boundaries are decided in one dump alone, so none is left to measure on",))
    order = sorted(decided, key=lambda digest: hashlib.sha256(digest.encode()).hexdigest())
    n_folds = min(FOLDS, len(order)) if refines else 1
    folds = [order[k::n_folds] for k in range(n_folds)]
    told = {digest: known.boundaries_of(digest) for digest in decided}
    wanted = [_leave_out(decided, tested) for tested in folds] if refines else []
    wanted += [_leave_out(told, tested) for tested in folds if any(told[digest] for digest in tested)]
    refined = _refine_all(learned, wanted, say)
    pairs = []
    for tested in folds:
        after = refined[_spell(_leave_out(decided, tested))] if refines else learned.segmentation
        for digest in tested:
            before = refined[_spell(_leave_out(told, tested))] if told[digest] else old.segmentation
            pairs += _judge_dump(by_digest[digest], decided[digest], before, after)
    return PlacesJudged(tuple(pairs), len(decided))


def _leave_out(decided: Decided, tested: Sequence[str]) -> Decided:
    return {digest: offsets for digest, offsets in decided.items() if offsets and digest not in tested}


def _spell(decided: Decided) -> Spelled:
    """The same decisions, the same word."""
    return tuple((digest, tuple(sorted(offsets.items()))) for digest, offsets in sorted(decided.items()))


def _refine_all(learned: Learned, wanted: Sequence[Decided], say: Say) -> dict[Spelled, SegmentationModel]:
    """The boundaries refined on each of these, once where two are the same, as many at once as there are processors."""
    from joblib import Parallel, cpu_count, delayed
    from threadpoolctl import threadpool_limits

    distinct = {_spell(decided): decided for decided in wanted}
    refined: dict[Spelled, SegmentationModel] = {}
    if not distinct:
        return refined
    with threadpool_limits(limits=1):  # here too, since each refinement gives back the limit that it found
        # threads, since descent works through kernels and matrix products that let go of the GIL
        at_once = Parallel(n_jobs=min(len(distinct), cpu_count()), prefer="threads", return_as="generator")
        done = at_once(delayed(_refine)(learned, decided) for decided in distinct.values())
        say(f"judging boundaries, refined without a fold: 0 of {len(distinct)}")
        for spelled, model in zip(distinct, done, strict=True):
            refined[spelled] = model
            say(f"judging boundaries, refined without a fold: {len(refined)} of {len(distinct)}")
    return refined


def _refine(learned: Learned, decided: Decided) -> SegmentationModel:
    """The boundaries refined on these decisions alone, from the model that the new ones were refined from."""
    from topics.training import refine_boundaries

    if learned.base is None:
        return learned.segmentation
    return refine_boundaries(learned.base, learned.dumps, decided, learned.articles)


def _judge_dump(
    dump: Dump, decided: Mapping[int, bool], before: SegmentationModel, after: SegmentationModel
) -> list[Pair]:
    first, second = _look(dump, decided, before), _look(dump, decided, after)
    return [Pair(first[at], second[at], dump_digest(dump.text)) for at in sorted(first.keys() & second.keys())]


def _look(dump: Dump, decided: Mapping[int, bool], model: SegmentationModel) -> dict[int, Judged]:
    """Code point of each decided paragraph to what the model says of it by itself."""
    from topics.segmentation.decode import decode_starts
    from topics.segmentation.furniture import assign_roles
    from topics.segmentation.segmenter import place_decisions

    scored = model.score(dump.text)
    placed = place_decisions(dump, scored.paragraphs, decided, lambda problem: None)
    placed.pop(0, None)  # a dump's first paragraph starts a piece whatever anyone says
    starts = set(decode_starts(scored.probabilities, assign_roles(scored).body, scored.threshold).tolist())
    found = {}
    for i, is_start in placed.items():
        p = float(scored.probabilities[i])
        found[scored.paragraphs[i].start] = Judged(
            STARTS if is_start else NONE,
            STARTS if i in starts else NONE,
            (),
            STARTS if p >= 0.5 else NONE,
            max(p, 1.0 - p),
        )
    return found
