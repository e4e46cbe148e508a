"""Out-of-fold probabilities in, the labels that are probably wrong out: confident learning.

Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70. A topic's
threshold is the mean probability that its own pieces have for it; a piece counts for the likeliest of the topics
whose threshold it reaches. One that counts for another topic than its label is a suspect, unless a person named that
topic as secondary; one whose label is the likelier of the two stays in peace. Suspects are ranked by how far the other
topic is ahead ("normalized margin").
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry

if TYPE_CHECKING:
    from topics.care.gather import Labelled
    from topics.classification.model import TopicModel
    from topics.classification.training import Fitted

__all__ = ["MIN_PIECES", "Suspect", "find_suspects", "rank_suspects", "self_confidence"]

Array = NDArray[np.float64]

MIN_PIECES: Final = 5  # under so many the mean of a topic's own pieces says nothing
N_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label to look at: ``entry`` says ``topic``, and a model that has not seen it says ``other``.

    ``probability`` and ``own_probability`` are the model's, out of fold, of the one and the other; ``words`` are the
    terms that spoke most for ``other`` and against ``topic``.
    """

    entry: Entry[TopicDecision]
    topic: str
    other: str
    probability: float
    own_probability: float
    words: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is to be seen, and the next move."""
        return f"{self.entry.decision.name} is {self.reason}. Correct it, or have a second reader confirm."

    @property
    def reason(self) -> str:
        """What is to be seen, for where the piece itself is shown."""
        words = f": {', '.join(self.words)}" if self.words else ""
        return (
            f"labelled {self.topic} ({self.own_probability:.2f}); a model that has not "
            f"seen it says {self.other} ({self.probability:.2f}){words}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "topic": self.topic, "other": self.other, "probability": round(self.probability, 4),
            "own_probability": round(self.own_probability, 4), "words": list(self.words),
            "name": self.entry.decision.name, "segment": self.entry.decision.segment,
        }  # fmt: skip


def self_confidence(probabilities: Array, labels: NDArray[np.int64]) -> Array:
    """The mean probability of each topic over its own pieces, (n_topics,); infinite where those are too few.

    >>> p = np.array([[0.9, 0.1]] * 5 + [[0.4, 0.6]] * 5)
    >>> self_confidence(p, np.array([0] * 5 + [1] * 5)).round(2).tolist()
    [0.9, 0.6]
    """
    thresholds = np.full(probabilities.shape[1], np.inf)
    for topic in range(probabilities.shape[1]):
        own = probabilities[labels == topic, topic]
        if len(own) >= MIN_PIECES:
            thresholds[topic] = own.mean()
    return thresholds


def rank_suspects(probabilities: Array, labels: NDArray[np.int64], allowed: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(place, other topic) of every suspect, the likeliest mistake first.

    ``probabilities`` (n_pieces, n_topics) are out of fold, ``labels`` (n_pieces,) are columns of it; ``allowed``
    (n_pieces, n_topics) marks the topics that are no mistake for a piece beside its label.
    """
    confident = np.where(probabilities >= self_confidence(probabilities, labels), probabilities, -np.inf)
    best = confident.argmax(axis=1)
    rows = np.arange(len(labels))
    margin = probabilities[rows, best] - probabilities[rows, labels]
    off = np.isfinite(confident[rows, best]) & (margin > 0) & ~allowed[rows, best]
    order = sorted(np.flatnonzero(off).tolist(), key=lambda place: (-margin[place], place))
    return [(place, int(best[place])) for place in order]


def find_suspects(labelled: Labelled, fitted: Fitted, confirmed: Collection[str] = ()) -> list[Suspect]:
    """The suspects among labelled pieces, the likeliest mistake first.

    ``fitted`` is the model of these pieces with its out-of-fold probabilities. Texts whose digest is in ``confirmed``,
    since two people said the same of them, are left out.
    """
    slugs = fitted.model.slugs
    index = {slug: column for column, slug in enumerate(slugs)}
    trusted = set(confirmed)
    places = [k for k, example in enumerate(labelled.examples) if example.is_certain and example.topic in index]
    if not places:
        return []
    labels = np.array([index[str(labelled.examples[place].topic)] for place in places])
    allowed = np.zeros((len(places), len(slugs)), bool)
    for row, place in enumerate(places):
        allowed[row, [index[slug] for slug in labelled.examples[place].also if slug in index]] = True
    probabilities = fitted.out_of_fold[places]
    found = []
    for row, other in rank_suspects(probabilities, labels, allowed):
        entry = labelled.entries[places[row]]
        if entry.decision.segment in trusted:
            continue
        own = int(labels[row])
        words = _weigh_words(labelled, places[row], fitted.model, own, other)
        p = probabilities[row]
        found.append(Suspect(entry, slugs[own], slugs[other], float(p[other]), float(p[own]), words))
    return found


def _weigh_words(labelled: Labelled, place: int, model: TopicModel, own: int, other: int) -> tuple[str, ...]:
    """The terms of a piece that pull most from one topic to the other."""
    vector = model.vectorise(labelled.examples[place].terms)
    weights = model.weights[vector.columns].astype(np.float64)
    pulls = vector.values * (weights[:, other] - weights[:, own])
    strongest = [i for i in np.argsort(-pulls, kind="stable")[:N_WORDS].tolist() if pulls[i] > 0]
    return tuple(model.terms[int(vector.columns[i])] for i in strongest)
