"""A label folder in, its labelled pieces out, each with its terms and with the file and line that labels it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, OnProblem, find_label_files, read_decisions
from topics.labels.matching import settle_topics
from topics.labels.taxonomy import Taxonomy, load_own_taxonomy
from topics.records import Dump

if TYPE_CHECKING:
    from topics.classification.training import Example
    from topics.classification.vectors import WordVectors
    from topics.evaluation.folds import Traits

__all__ = ["Labelled", "gather_labelled"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """Three columns of one length: the labelled pieces that have text or terms, in the order of the label files.

    ``said`` is every topic decision, those that another took the place of among them.
    ``lessons`` are what teaches topics beside them, ``vectors`` the word vectors of the base model.
    """

    taxonomy: Taxonomy
    examples: tuple[Example, ...]
    traits: tuple[Traits, ...]
    entries: tuple[Entry[TopicDecision], ...]
    lessons: tuple[Example, ...]
    vectors: WordVectors | None
    said: tuple[Entry[TopicDecision], ...] = ()


def gather_labelled(
    labels: Path, dumps: Iterable[Dump] = (), model: str | None = None, on_problem: OnProblem | None = None
) -> Labelled:
    """The pieces of a label folder; text comes from ``dumps``, from the label itself, or as stand-off terms.

    ``model`` names whose segmentation finds headlines and whose word vectors are used; ``None`` for the default one.
    Lines that cannot be used go to ``on_problem`` and are left out; without it they are raised.
    """
    from topics.bundle import load_model, load_vectors
    from topics.examples import gather_pieces, read_lessons, texts_by_dump

    taxonomy = load_own_taxonomy(labels)
    files = find_label_files(labels)
    decisions = read_decisions(files, taxonomy, on_problem)
    loaded = load_model(model)
    texts = texts_by_dump(dumps)
    lessons, _ = read_lessons(labels, taxonomy)
    pieces = gather_pieces(decisions, files, texts, loaded.segmentation, loaded.topics.furniture)
    by_segment = {entry.decision.segment: entry for entry in settle_topics(decisions.topics)}
    return Labelled(
        taxonomy,
        pieces.examples,
        pieces.traits,
        tuple(by_segment[decision.segment] for decision in pieces.decisions),
        lessons,
        load_vectors(loaded),
        decisions.topics,
    )
