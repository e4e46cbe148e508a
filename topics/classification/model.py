"""TF-IDF and one linear layer, as plain arrays: counted terms in, topic probabilities out.

A term's value is ``(1 + log(tf)) * idf``, rows scaled to length one, headline terms counted ``TITLE_WEIGHT``
times; the layer's scores go through a softmax at one temperature that was fitted out of fold (Guo et al. 2017).
A second set of columns, fitted with secondary topics as positives too, says which topics a piece is also about.
No scikit-learn here: it is the tests' oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms, count_terms
from topics.classification.scoring import Piece, Scorer
from topics.records import Prediction, Segment

__all__ = [
    "N_GUESSES",
    "TITLE_WEIGHT",
    "Ranked",
    "TopicModel",
    "Vector",
    "predict_segments",
    "rank_pieces",
    "segment_terms",
]

Array = NDArray[np.float64]

TITLE_WEIGHT: Final = 3
N_GUESSES: Final = 5
MOST_ALSO: Final = 2


@dataclass(frozen=True, slots=True)
class Vector:
    """A piece as a sparse row of length one: columns of the vocabulary, ascending, and their values."""

    columns: NDArray[np.int64]
    values: Array


@dataclass(frozen=True, slots=True)
class Ranked:
    """What the layer says of one piece: probabilities by topic, topics from the likeliest on, scores of ``also``, and
    how many different terms it holds that are known."""

    probabilities: list[float]
    order: list[int]
    also: list[float]
    n_known: int


@dataclass(frozen=True)
class TopicModel:
    """The weights. ``weights`` and ``also_weights`` are (n_terms, n_topics), biases (n_topics,), ``idf`` (n_terms,).

    A piece whose best probability is under ``unknown_below``, or in which no known term stands, is unknown. A
    topic other than the best is secondary where its ``also`` score reaches ``also_above``.
    """

    slugs: tuple[str, ...]
    terms: tuple[str, ...]
    columns: Mapping[str, int]
    idf: Array
    weights: NDArray[np.float32]
    bias: Array
    also_weights: NDArray[np.float32]
    also_bias: Array
    temperature: float
    unknown_below: float
    also_above: float

    def vectorise(self, terms: Terms) -> Vector:
        """Counted terms as a TF-IDF row; terms outside the vocabulary fall away."""
        counts: dict[int, int] = {}
        for counted, weight in ((terms.title, TITLE_WEIGHT), (terms.body, 1)):
            for term, n in counted.items():
                column = self.columns.get(term)
                if column is not None:
                    counts[column] = counts.get(column, 0) + weight * n
        found = np.array(sorted(counts), dtype=np.int64)
        values = np.array([counts[column] for column in found.tolist()], dtype=np.float64)
        values = (1.0 + np.log(values)) * self.idf[found]
        length = float(np.sqrt((values * values).sum()))
        return Vector(found, values / length if length else values)

    def scores(self, vector: Vector) -> Array:
        """Raw scores of the layer, (n_topics,)."""
        result: Array = vector.values @ self.weights[vector.columns].astype(np.float64) + self.bias
        return result

    def probabilities(self, vector: Vector) -> Array:
        """Calibrated probabilities, (n_topics,), summing to one."""
        z = self.scores(vector) / self.temperature
        e = np.exp(z - z.max())
        result: Array = e / e.sum()
        return result

    @cached_property
    def scorer(self) -> Scorer:
        """Scores whole pieces under all columns: those of the topics, then those of ``also``."""
        return Scorer(
            self.terms,
            self.idf,
            np.hstack((self.weights, self.also_weights)),
            np.concatenate((self.bias, self.also_bias)),
            TITLE_WEIGHT,
        )

    def predict(self, segment: Segment, model: str) -> Prediction:
        """The prediction for one segment; ``model`` is the name it will carry."""
        return predict_segments([segment], self, model)[0]

    def predict_terms(self, terms: Terms, model: str) -> Prediction:
        """The prediction for an English article, given as counted terms."""
        vector = self.vectorise(terms)
        p = self.probabilities(vector)
        also = vector.values @ self.also_weights[vector.columns].astype(np.float64) + self.also_bias
        order = np.argsort(-p, kind="stable")
        return self.judge(Ranked(p.tolist(), order.tolist(), also.tolist(), len(vector.columns)), model)

    def decide(self, segment: Segment, ranked: Ranked, model: str) -> Prediction:
        """The prediction that follows from a segment's scores."""
        made = self.judge(ranked, model)
        if segment.kind == "boilerplate":
            return Prediction(None, None, (), False, made.topics, model)
        if segment.language != "en":
            return Prediction(None, None, (), True, made.topics, model)
        return made

    def judge(self, ranked: Ranked, model: str) -> Prediction:
        """The same for an English article."""
        guesses = tuple((self.slugs[k], round(ranked.probabilities[k], 4)) for k in ranked.order[:N_GUESSES])
        best = ranked.order[0]
        if not ranked.n_known or ranked.probabilities[best] < self.unknown_below:
            return Prediction(None, None, (), True, guesses, model)
        return Prediction(guesses[0][0], guesses[0][1], self._also(ranked.also, best), False, guesses, model)

    def doubt_of(self, vector: Vector) -> float:
        """How little any topic seems to fit: pieces are left unknown in this order."""
        return 1.0 - float(self.probabilities(vector).max()) if len(vector.columns) else 1.0

    def _also(self, scores: Sequence[float], best: int) -> tuple[str, ...]:
        ranked = sorted((k for k in range(len(scores)) if k != best), key=lambda k: -scores[k])[:MOST_ALSO]
        return tuple(self.slugs[k] for k in ranked if scores[k] >= self.also_above)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle; ``slugs`` and ``terms`` are JSON and go beside them."""
        return {
            "idf": self.idf.astype(np.float32),
            "weights": self.weights.astype(np.float16),
            "bias": self.bias,
            "also_weights": self.also_weights.astype(np.float16),
            "also_bias": self.also_bias,
            "temperature": np.array(self.temperature),
            "unknown_below": np.array(self.unknown_below),
            "also_above": np.array(self.also_above),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], slugs: Sequence[str], terms: Sequence[str]) -> TopicModel:
        """The inverse of :meth:`to_arrays`; arrays that do not fit each other are a ``ValueError``."""
        weights = arrays["weights"].astype(np.float32)
        if weights.shape != (len(terms), len(slugs)):
            raise ValueError(f"weights of {weights.shape} for {len(terms)} terms and {len(slugs)} topics")
        return cls(
            tuple(slugs),
            tuple(terms),
            {term: column for column, term in enumerate(terms)},
            arrays["idf"].astype(np.float64),
            weights,
            arrays["bias"].astype(np.float64),
            arrays["also_weights"].astype(np.float32),
            arrays["also_bias"].astype(np.float64),
            float(arrays["temperature"]),
            float(arrays["unknown_below"]),
            float(arrays["also_above"]),
        )


def segment_terms(segment: Segment) -> Terms:
    """What the classifier reads of a segment: its headline, and its text without furniture."""
    return count_terms(segment.title, segment.body)


def predict_segments(segments: Sequence[Segment], topics: TopicModel, model: str) -> list[Prediction]:
    """One prediction a segment, in order."""
    ranked = rank_pieces([(segment.title, segment.body) for segment in segments], topics)
    return [topics.decide(segment, one, model) for segment, one in zip(segments, ranked, strict=True)]


def rank_pieces(pieces: Sequence[Piece], topics: TopicModel) -> list[Ranked]:
    """The scores of headlines with their texts, each piece's by itself."""
    scores, known = topics.scorer.score(pieces)
    n_topics = len(topics.slugs)
    z = scores[:, :n_topics] / topics.temperature
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    order = np.argsort(-p, axis=1, kind="stable")
    return list(map(Ranked, p.tolist(), order.tolist(), scores[:, n_topics:].tolist(), known.tolist()))
