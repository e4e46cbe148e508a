"""TF-IDF and one linear layer, as plain arrays: counted terms in, topic probabilities out.

A term's value is ``(1 + log(tf)) * idf``, rows scaled to length one, headline terms counted ``TITLE_WEIGHT``
times; the layer's scores go through a softmax at one temperature that was fitted out of fold (Guo et al. 2017).
A second set of columns, fitted with secondary topics as positives too, says which topics a piece is also about.
No scikit-learn here: it is the tests' oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms, count_terms
from topics.records import Prediction, Segment

__all__ = ["N_GUESSES", "TITLE_WEIGHT", "TopicModel", "Vector", "predict_segments", "segment_terms"]

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

    def predict(self, segment: Segment, model: str) -> Prediction:
        """The prediction for one segment; ``model`` is the name it will carry."""
        made = self.predict_terms(segment_terms(segment), model)
        if segment.kind == "boilerplate":
            return Prediction(None, None, (), False, made.topics, model)
        if segment.language != "en":
            return Prediction(None, None, (), True, made.topics, model)
        return made

    def predict_terms(self, terms: Terms, model: str) -> Prediction:
        """The prediction for an English article, given as counted terms."""
        vector = self.vectorise(terms)
        p = self.probabilities(vector)
        order = np.argsort(-p, kind="stable")
        guesses = tuple((self.slugs[k], round(float(p[k]), 4)) for k in order[:N_GUESSES].tolist())
        if not len(vector.columns) or p[order[0]] < self.unknown_below:
            return Prediction(None, None, (), True, guesses, model)
        return Prediction(guesses[0][0], guesses[0][1], self._also(vector, int(order[0])), False, guesses, model)

    def doubt(self, vector: Vector) -> float:
        """How little any topic seems to fit: pieces are left unknown in this order."""
        return 1.0 - float(self.probabilities(vector).max()) if len(vector.columns) else 1.0

    def _also(self, vector: Vector, best: int) -> tuple[str, ...]:
        scores = vector.values @ self.also_weights[vector.columns].astype(np.float64) + self.also_bias
        ranked = [k for k in np.argsort(-scores, kind="stable").tolist() if k != best][:MOST_ALSO]
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
    return [topics.predict(segment, model) for segment in segments]
