"""Why a topic: the terms that pulled towards it and those that pulled away, exactly, since the model is linear.

A topic's score here is its lead over the mean of all topics, in log-odds: what moves all topics alike decides nothing.
It is the sum of a bias and of one pull a term, the term's TF-IDF value times its weight less the mean of its weights,
over the temperature. So the pulls of all terms add up to the score less the bias, whatever is listed of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms, locate_terms
from topics.classification.model import TopicModel, segment_terms
from topics.records import Prediction, Segment

__all__ = [
    "Explanation",
    "Mark",
    "Pull",
    "Reason",
    "TopicTerms",
    "describe_topic",
    "explain_segment",
    "explain_terms",
    "explained_row",
    "mark_terms",
]

Reason = Literal["boilerplate", "language", "no_terms", "unsure"]


@dataclass(frozen=True, slots=True)
class Pull:
    """One term's part in a topic's score.

    ``share`` is of the sum of all absolute pulls, ``pull`` is in log-odds; both are negative where the term spoke
    against the topic. ``headline`` says that it stands in the headline, where it counts more.
    """

    term: str
    share: float
    pull: float = 0.0
    headline: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decided for or against one topic, strongest first.

    ``score`` is the lead over the mean of all topics, in log-odds. The pulls listed and ``others``, the sum of the
    pulls of the ``n_others`` terms that are not, add up to ``score - bias``; shares of the others are
    ``others_towards`` and ``others_against``.
    """

    topic: str
    probability: float
    towards: tuple[Pull, ...]
    against: tuple[Pull, ...]
    score: float = 0.0
    bias: float = 0.0
    n_others: int = 0
    others: float = 0.0
    others_towards: float = 0.0
    others_against: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, keys in a fixed order."""
        return {
            "topic": self.topic,
            "probability": round(self.probability, 4),
            "score": self.score,
            "bias": self.bias,
            "towards": [_pull_row(pull) for pull in self.towards],
            "against": [_pull_row(pull) for pull in self.against],
            "others": {
                "n": self.n_others,
                "pull": self.others,
                "share_towards": self.others_towards,
                "share_against": self.others_against,
            },
        }


@dataclass(frozen=True, slots=True)
class TopicTerms:
    """The terms that speak most for a topic, and against it, strongest first, with their strength: what one mention
    gives in log-odds before a piece is scaled to length one (idf times weight), so that rare terms count more."""

    topic: str
    towards: tuple[tuple[str, float], ...]
    against: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "topic": self.topic,
            "towards": [{"term": term, "strength": strength} for term, strength in self.towards],
            "against": [{"term": term, "strength": strength} for term, strength in self.against],
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of text, in code points of the dump, with the sum of the shares of the terms that stand there."""

    start: int
    end: int
    share: float


def explain_segment(
    segment: Segment, topics: TopicModel, topic: str | None = None, n_terms: int | None = 8
) -> Explanation:
    """The terms that decided for ``topic``, by default the likeliest. An unknown slug is a ``ValueError``.

    ``n_terms`` are listed for and as many against; all of them where it is ``None``. What the segment calls furniture
    takes no part.
    """
    [found] = explain_terms(
        segment_terms(segment, topics.furniture), topics, None if topic is None else [topic], n_terms
    )
    return found


def explain_terms(
    terms: Terms, topics: TopicModel, wanted: Sequence[str] | int | None = None, n_terms: int | None = 8
) -> list[Explanation]:
    """The same for counted terms and several topics: those that are ``wanted``, or so many of the likeliest (one)."""
    vector = topics.vectorise(terms)
    p = topics.probabilities(vector)
    if wanted is None or isinstance(wanted, int):
        chosen = np.argsort(-p, kind="stable")[: wanted or 1].tolist()
    else:
        if missing := [slug for slug in wanted if slug not in topics.slugs]:
            raise ValueError(f"{missing[0]}: no topic of this model. It has {', '.join(topics.slugs)}.")
        chosen = [topics.slugs.index(slug) for slug in wanted]
    warmth = float(topics.temperature.warmth(topics.also_scores(vector).max()))
    weights = _centred(topics.weights[vector.columns], warmth)
    biases = _centred(topics.bias[None, :], warmth)[0]
    names = [topics.terms[column] for column in vector.columns.tolist()]
    return [
        _explain(topics.slugs[k], float(p[k]), vector.values * weights[:, k], float(biases[k]), names, terms, n_terms)
        for k in chosen
    ]


def _centred(weights: NDArray[Any], warmth: float) -> NDArray[np.float64]:
    """Weights (n, n_topics) less their mean over topics, over the temperature of a piece."""
    exact = weights.astype(np.float64)
    result: NDArray[np.float64] = (exact - exact.mean(axis=1, keepdims=True)) / warmth
    return result


def _explain(
    topic: str,
    probability: float,
    pulls: NDArray[np.float64],
    bias: float,
    names: Sequence[str],
    terms: Terms,
    n_terms: int | None,
) -> Explanation:
    total = float(np.abs(pulls).sum()) or 1.0
    order = np.argsort(-pulls, kind="stable").tolist()
    towards = [i for i in order if pulls[i] > 0][:n_terms]
    against = [i for i in reversed(order) if pulls[i] < 0][:n_terms]
    others = sorted(set(range(len(pulls))) - {*towards, *against})
    rest = pulls[others]

    def listed(places: list[int]) -> tuple[Pull, ...]:
        return tuple(Pull(names[i], float(pulls[i]) / total, float(pulls[i]), names[i] in terms.title) for i in places)

    return Explanation(
        topic,
        probability,
        listed(towards),
        listed(against),
        score=float(pulls.sum()) + bias,
        bias=bias,
        n_others=len(others),
        others=float(rest.sum()),
        others_towards=float(rest[rest > 0].sum()) / total,
        others_against=float(rest[rest < 0].sum()) / total,
    )


def describe_topic(topics: TopicModel, topic: str, n_terms: int = 20) -> TopicTerms:
    """The strongest terms of a topic as a whole; an unknown slug is a ``ValueError``."""
    column = topics.slugs.index(topic)
    pulls = topics.idf * _centred(topics.weights, topics.temperature.base)[:, column]
    order = np.argsort(-pulls, kind="stable").tolist()

    def listed(places: list[int]) -> tuple[tuple[str, float], ...]:
        return tuple((topics.terms[i], float(pulls[i])) for i in places)

    return TopicTerms(
        topic,
        listed([i for i in order[:n_terms] if pulls[i] > 0]),
        listed([i for i in order[::-1][:n_terms] if pulls[i] < 0]),
    )


def explained_row(
    segment: Segment, prediction: Prediction, topics: TopicModel, explanations: Iterable[Explanation]
) -> dict[str, Any]:
    """What was decided of a segment and why, as plain values: ``topics explain --format jsonl`` writes one a line.

    ``reason`` says why no topic is shown: ``boilerplate``, ``language`` (not English), ``no_terms`` (none that the
    model knows) or ``unsure``; ``None`` where one is.
    """
    return {
        "id": segment.id,
        "dump": segment.dump,
        "index": segment.index,
        "start": segment.start,
        "end": segment.end,
        "start_line": segment.start_line,
        "end_line": segment.end_line,
        "kind": segment.kind,
        "title": segment.title,
        "opening": " ".join(segment.body.split())[:90],
        "language": segment.language,
        "topic": prediction.topic,
        "score": prediction.score,
        "also": list(prediction.also),
        "unknown": prediction.unknown,
        "reason": _find_reason(segment, prediction, topics),
        "unknown_below": topics.unknown_below,
        "topics": [explanation.to_dict() for explanation in explanations],
    }


def _find_reason(segment: Segment, prediction: Prediction, topics: TopicModel) -> Reason | None:
    if segment.kind == "boilerplate":
        return "boilerplate"
    if not prediction.unknown:
        return None
    if segment.language != "en":
        return "language"
    return "unsure" if len(topics.vectorise(segment_terms(segment, topics.furniture)).columns) else "no_terms"


def mark_terms(segment: Segment, explanation: Explanation) -> list[Mark]:
    """Where the listed terms stand in the text, furniture left out; stretches in order that do not overlap."""
    shares = {pull.term: pull.share for pull in (*explanation.towards, *explanation.against)}
    marks: list[Mark] = []
    at = segment.start
    for begin, end in (*segment.furniture, (segment.end, segment.end)):
        text = segment.text[at - segment.start : begin - segment.start]
        marks += _cut_marks(locate_terms(text, shares), at, shares)
        at = end
    return marks


def _cut_marks(found: Sequence[tuple[int, int, str]], at: int, shares: Mapping[str, float]) -> list[Mark]:
    cuts = sorted({place for start, end, _ in found for place in (start, end)})
    marks = []
    for start, end in pairwise(cuts):
        over = [shares[term] for a, b, term in found if a <= start and end <= b]
        if over:
            marks.append(Mark(at + start, at + end, sum(over)))
    return marks


def _pull_row(pull: Pull) -> dict[str, Any]:
    return {"term": pull.term, "share": pull.share, "pull": pull.pull, "headline": pull.headline}
