"""Why a topic: the terms that pulled towards it and those that pulled away, exactly, since the model is linear.

A term's pull is its TF-IDF value times its weight for the topic, less the mean of its weights over all topics
(what moves all topics alike decides nothing). Shares are of the sum of absolute pulls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from topics.classification.model import TopicModel, segment_terms
from topics.records import Segment

__all__ = ["Explanation", "Pull", "explain_segment", "strongest_terms"]


@dataclass(frozen=True, slots=True)
class Pull:
    """One term's part in the decision; ``share`` is negative where it spoke against the topic."""

    term: str
    share: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decided for or against one topic, strongest first."""

    topic: str
    probability: float
    towards: tuple[Pull, ...]
    against: tuple[Pull, ...]


def explain_segment(segment: Segment, topics: TopicModel, topic: str | None = None, n_terms: int = 8) -> Explanation:
    """The terms that decided for ``topic``, by default the likeliest. An unknown slug is a ``ValueError``."""
    vector = topics.vectorise(segment_terms(segment, topics.furniture))
    p = topics.probabilities(vector)
    chosen = int(p.argmax()) if topic is None else topics.slugs.index(topic)
    weights = topics.weights[vector.columns].astype(np.float64)
    pulls = vector.values * (weights[:, chosen] - weights.mean(axis=1))
    total = float(np.abs(pulls).sum()) or 1.0
    order = np.argsort(-pulls, kind="stable")

    def listed(indices: list[int]) -> tuple[Pull, ...]:
        return tuple(Pull(topics.terms[int(vector.columns[i])], float(pulls[i]) / total) for i in indices)

    towards = [i for i in order.tolist() if pulls[i] > 0][:n_terms]
    against = [i for i in order[::-1].tolist() if pulls[i] < 0][:n_terms]
    return Explanation(topics.slugs[chosen], float(p[chosen]), listed(towards), listed(against))


def strongest_terms(topics: TopicModel, topic: str, n_terms: int = 20) -> list[str]:
    """The terms with the largest pull towards a topic, strongest first."""
    column = topics.slugs.index(topic)
    weights = topics.weights.astype(np.float64)
    pull = topics.idf * (weights[:, column] - weights.mean(axis=1))
    return [topics.terms[i] for i in np.argsort(-pull, kind="stable")[:n_terms].tolist()]
