"""The labelled pieces, judged by the old labels' model and by the new labels' model, neither of which saw them.

The truth is what people say today. The new model's word on a piece is its out-of-fold one: fitted without the piece and
all else of its story. The model in use has seen most of these pieces, so it cannot be asked itself: its labels, as they
were, are fitted anew by the same recipe, which gives an out-of-fold word on the pieces that it knew, and a plain one
on the others. What is compared is thus what the labels taught. Where too many of its labels have no text or terms here
to fit them again, it is asked itself, about the pieces that it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.classes import Judged
from topics.retraining.known import Known, KnownTopic
from topics.retraining.paired import Pair

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.classification.model import TopicModel
    from topics.classification.training import Example
    from topics.labels.decisions import TopicDecision
    from topics.training import Learned

__all__ = ["JudgedPiece", "Judging", "judge_pieces"]

LEAST_COVERED: Final = 0.95  # of the old labels, by number, for fitting them again

NEW, CHANGED, KEPT = "labelled since", "label changed since", "labelled before"


@dataclass(frozen=True, slots=True)
class JudgedPiece:
    """A labelled piece with both judgements; ``status`` says whether its label is new, changed or kept."""

    decision: TopicDecision
    pair: Pair
    status: str


@dataclass(frozen=True, slots=True)
class Judging:
    """The pieces that both could judge, and in words how they were judged and what was left out."""

    pieces: tuple[JudgedPiece, ...]
    notes: tuple[str, ...] = ()
    refitted: bool = True


def judge_pieces(learned: Learned, old: Model, known: Known) -> Judging:
    """Both models on every labelled piece whose topic is certain, where that can be had honestly."""
    notes = list(known.notes)
    clusters = _cluster(learned.decisions, learned.examples)
    labelled = [i for i, example in enumerate(learned.examples) if example.is_certain]
    topical = (i for i, example in enumerate(learned.examples) if example.topic is not None)
    told = {i: topic for i in topical if (topic := known.topic_of(learned.decisions[i].segment)) is not None}
    here = sum(known.topic_of(decision.segment) is not None for decision in learned.decisions)
    refitted = bool(told) and here >= LEAST_COVERED * known.n_pieces
    if refitted:
        if here < known.n_pieces:
            notes.append(
                f"{known.n_pieces - here} pieces that {old.id} learned from are not here to fit its labels again"
            )
        before = _judge_refitted(learned, old, told)
    else:
        if known.n_pieces:
            notes.append(
                f"{here} of the {known.n_pieces} pieces that {old.id} learned from are here, too few to fit its labels "
                "again: it is asked itself, about pieces that it does not know"
            )
        before = dict.fromkeys(told)
        before.update((i, _judge(old.topics, learned.examples[i])) for i in labelled if i not in told)
    known_groups = {learned.examples[i].group for i in told if learned.examples[i].group}
    near = [i for i in labelled if i not in told and learned.examples[i].group in known_groups]
    if near:
        notes.append(f"{len(near)} new pieces are left out: of stories that {old.id} knew")
    pieces = []
    for i in labelled:
        judged = before.get(i)
        if judged is None or i in set(near):
            continue
        decision, example = learned.decisions[i], learned.examples[i]
        after = _judge_row(example, learned.fitted.model.slugs, learned.fitted.out_of_fold[i])
        pieces.append(JudgedPiece(decision, Pair(judged, after, clusters[i]), _status(told.get(i), decision)))
    return Judging(tuple(pieces), tuple(notes), refitted)


def _judge_refitted(learned: Learned, old: Model, told: Mapping[int, KnownTopic]) -> dict[int, Judged | None]:
    from topics.classification.training import fit_topics

    slugs = learned.taxonomy.slugs
    renamed = _find_renamed(told, learned.examples, slugs)
    before: list[Example] = []
    for i, topic in told.items():
        names = [renamed.get(name, name) for name in (topic.topic, *topic.also) if name is not None]
        first = names[0] if topic.topic is not None and names[0] in slugs else None
        also = tuple(dict.fromkeys(name for name in names if name in slugs and name != first))
        before.append(replace(learned.examples[i], topic=first, also=also))
    old_slugs = {renamed.get(slug, slug) for slug in old.topics.slugs}
    lessons = [lesson for lesson in learned.lessons if lesson.topic in old_slugs]
    fitted = fit_topics(before, slugs, lessons, learned.vectors)
    judged: dict[int, Judged | None] = {}
    for row, i in enumerate(told):
        if before[row].topic is not None:
            judged[i] = _judge_row(learned.examples[i], slugs, fitted.out_of_fold[row])
        else:  # it had learned nothing from this piece
            judged[i] = _judge(fitted.model, learned.examples[i])
    for i, example in enumerate(learned.examples):
        if i not in judged and example.topic is not None:
            judged[i] = _judge(fitted.model, example)
    return judged


def _find_renamed(told: Mapping[int, KnownTopic], examples: Sequence[Example], slugs: Sequence[str]) -> dict[str, str]:
    """A topic that is no more, to the one that most of its pieces have now: renaming and merging is no loss."""
    now: dict[str, Counter[str]] = {}
    for i, topic in told.items():
        today = examples[i].topic
        if topic.topic is not None and topic.topic not in slugs and today is not None:
            now.setdefault(topic.topic, Counter())[today] += 1
    return {gone: min(found, key=lambda slug: (-found[slug], slug)) for gone, found in now.items()}


def _judge(model: TopicModel, example: Example) -> Judged:
    return _judge_row(example, model.slugs, model.probabilities(model.vectorise(example.terms)))


def _judge_row(example: Example, slugs: Sequence[str], probabilities: Any) -> Judged:
    """By the best guess, as the figures of the model card are."""
    best = int(probabilities.argmax())
    return Judged(example.topic, slugs[best], example.also, slugs[best], min(1.0, float(probabilities[best])))


def _status(told: KnownTopic | None, decision: TopicDecision) -> str:
    if told is None:
        return NEW
    return KEPT if (told.topic, told.also) == (decision.topic, decision.also) else CHANGED


def _cluster(decisions: Sequence[TopicDecision], examples: Sequence[Example]) -> list[int]:
    """A number a piece, shared by pieces of one story and by pieces of one dump, also by way of a third."""
    parent = list(range(len(examples)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, (decision, example) in enumerate(zip(decisions, examples, strict=True)):
        for key in (("dump", decision.dump), ("group", example.group)):
            if key[1]:
                low, high = sorted((root(first.setdefault(key, i)), root(i)))
                parent[high] = low
    return [root(i) for i in range(len(examples))]
