"""Unlabelled dumps, read and counted, and the word vectors that come of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Final

from topics.errors import TopicsError

if TYPE_CHECKING:
    from topics.classification.vectors import WordVectors
    from topics.segmentation import SegmentationModel
    from topics.unlabelled import Unlabelled

__all__ = ["learn_words", "read_unlabelled"]

Say = Callable[[str], None]

ENOUGH_ALONE: Final = 200  # unlabelled pieces to learn word vectors from, where the base model has none
ENOUGH_BESIDE: Final = 2_000  # where it has, but
ENOUGH_KNOWN: Final = 0.9  # of all words, that have one there, make more of them needless


def read_unlabelled(
    inputs: Sequence[str], segmentation: SegmentationModel, labelled: Set[str], say: Say
) -> tuple[Unlabelled, list[str]]:
    """Unlabelled pieces, counted, and a line for each input that cannot be read."""
    from topics.unlabelled import count_pieces, read_pieces

    problems: list[str] = []
    pieces = read_pieces(
        inputs, segmentation, labelled, on_problem=lambda problem: problems.append(problem.message), on_progress=say
    )
    if not pieces and problems:
        raise TopicsError(problems[0])
    if not pieces:
        raise TopicsError(f"{', '.join(inputs)}: no unlabelled piece in English. Give other dumps with --unlabelled.")
    say(f"counting the terms of {len(pieces):,} unlabelled pieces")
    return count_pieces(pieces), problems


def learn_words(
    learned: Unlabelled, general: WordVectors | None, about: Mapping[str, Any], say: Say
) -> tuple[WordVectors | None, Mapping[str, Any]]:
    """Word vectors with what unlabelled pieces say of words, and a note for the manifest.

    Vectors that the base model learned from the same pieces are taken as they are; those it learned from others make
    room, so that nothing adds up from one training to the next.
    """
    from topics.classification.vectors import join_vectors, learn_vectors

    if general is not None and about.get("pieces") == learned.digest:
        return general, about
    if general is not None and "general" in about:
        general = general.first(about["general"]) if about["general"] else None
    if len(learned.words) < (ENOUGH_BESIDE if general is not None else ENOUGH_ALONE):
        return general, {}
    if general is not None:
        n_known = sum(word in general.words for words in learned.words for word in words)
        if n_known >= ENOUGH_KNOWN * sum(map(len, learned.words)):
            return general, {}
    say(f"learning words from {len(learned.words):,} unlabelled pieces")
    own = learn_vectors(learned.words)
    note = {"pieces": learned.digest, "general": 0 if general is None else general.steps.shape[1]}
    return (own if general is None else join_vectors(general, own)), note
