"""TF-IDF and one linear layer, as plain arrays: counted terms in, topic probabilities out.

A term's value is ``(1 + log(tf)) * idf``, rows scaled to length one, headline terms counted ``TITLE_WEIGHT``
times; the layer's scores go through a softmax at a temperature that was fitted out of fold.
A second set of columns, fitted with secondary topics as positives too, says which topics a piece is also about,
and one more how like a piece of no topic it is; with them comes the confidence in the best guess
(``classification.doubt``). No scikit-learn here: it is the tests' oracle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms, count_terms
from topics.classification.doubt import TRUSTING, UNMEASURED, Acceptance, Doubt, Temperature
from topics.classification.furniture import NO_FURNITURE, Furniture
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

TITLE_WEIGHT: Final = 4
N_GUESSES: Final = 5
MOST_ALSO: Final = 2


@dataclass(frozen=True, slots=True)
class Vector:
    """A piece as a sparse row of length one: columns of the vocabulary, ascending, and their values."""

    columns: NDArray[np.int64]
    values: Array


class Ranked(NamedTuple):
    """What the layer says of one piece: probabilities by topic, topics from the likeliest on, scores of ``also``, how
    likely the best guess is right, and how many different terms it holds that are known."""

    probabilities: list[float]
    order: list[int]
    also: list[float]
    confidence: float
    n_known: int


@dataclass(frozen=True)
class TopicModel:
    """The weights. ``weights`` and ``also_weights`` are (n_terms, n_topics), biases (n_topics,), ``idf`` and
    ``reject_weights`` (n_terms,).

    A piece is unknown where confidence in its best guess is under ``unknown_below``, or where no known term stands in
    it. A topic other than the best is secondary where its ``also`` score reaches ``also_above``.
    """

    slugs: tuple[str, ...]
    terms: tuple[str, ...]
    columns: Mapping[str, int]
    idf: Array
    weights: NDArray[np.float32]
    bias: Array
    also_weights: NDArray[np.float32]
    also_bias: Array
    reject_weights: NDArray[np.float32]
    reject_bias: float
    temperature: Temperature
    unknown_below: float
    also_above: float
    trust: Doubt
    acceptance: Acceptance
    furniture: Furniture = NO_FURNITURE

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
        return self.temperature.probabilities(self.scores(vector), self.also_scores(vector).max())

    def also_scores(self, vector: Vector) -> Array:
        """How much the piece is also about each topic, (n_topics,)."""
        result: Array = vector.values @ self.also_weights[vector.columns].astype(np.float64) + self.also_bias
        return result

    def __getstate__(self) -> dict[str, Any]:
        """Its fields: the scorer is made again where it is wanted."""
        return {name: value for name, value in self.__dict__.items() if name != "scorer"}

    @cached_property
    def scorer(self) -> Scorer:
        """Scores whole pieces under all columns: those of the topics, those of ``also``, that of ``reject``."""
        return Scorer(
            self.terms,
            self.idf,
            np.hstack((self.weights, self.also_weights, self.reject_weights[:, None])),
            np.concatenate((self.bias, self.also_bias, [self.reject_bias])),
            TITLE_WEIGHT,
        )

    def rank(self, scores: Array, known: NDArray[np.int64]) -> list[Ranked]:
        """What scores under all columns (n_pieces, 2 n_topics + 1) come to; pieces hold ``known`` different terms."""
        n_topics = len(self.slugs)
        also, reject = scores[:, n_topics:-1], scores[:, -1]
        likeness = also.max(axis=1)
        p = self.temperature.probabilities(scores[:, :n_topics], likeness)
        order = np.argsort(-p, axis=1, kind="stable")
        best = np.minimum(np.maximum(p.max(axis=1), 1e-6), 1.0 - 1e-6)
        sure = self.trust.confidence(np.log(best / (1.0 - best)), likeness, reject)
        sure = np.where(known > 0, sure, 0.0)
        return list(map(Ranked, p.tolist(), order.tolist(), also.tolist(), sure.tolist(), known.tolist()))

    def rank_vector(self, vector: Vector) -> Ranked:
        """The same for one piece, given as its row."""
        reject = vector.values @ self.reject_weights[vector.columns].astype(np.float64) + self.reject_bias
        scores = np.concatenate((self.scores(vector), self.also_scores(vector), [reject]))
        return self.rank(scores[None, :], np.array([len(vector.columns)]))[0]

    def doubt(self, vector: Vector) -> float:
        """How little the best guess is to be trusted: pieces are left unknown in this order."""
        return 1.0 - self.rank_vector(vector).confidence

    def predict(self, segment: Segment, model: str, accept_above: float | None = None) -> Prediction:
        """The prediction for one segment; ``model`` is the name it will carry. ``accept_above`` is the confidence from
        which on a guess is given out, by default the model's own."""
        return predict_segments([segment], self, model, accept_above)[0]

    def predict_terms(self, terms: Terms, model: str) -> Prediction:
        """The prediction for an English article, given as counted terms."""
        return self.judge(self.rank_vector(self.vectorise(terms)), model)

    def decide(self, segment: Segment, ranked: Ranked, model: str, accept_above: float | None = None) -> Prediction:
        """The prediction that follows from a segment's scores."""
        made = self.judge(ranked, model, accept_above)
        if segment.kind == "boilerplate":
            return Prediction(None, None, (), False, made.topics, model)
        if segment.language != "en":
            return Prediction(None, None, (), True, made.topics, model)
        return made

    def judge(self, ranked: Ranked, model: str, accept_above: float | None = None) -> Prediction:
        """The same for an English article."""
        guesses = tuple((self.slugs[k], round(ranked.probabilities[k], 4)) for k in ranked.order[:N_GUESSES])
        best = ranked.order[0]
        limit = self.unknown_below if accept_above is None else accept_above
        if not ranked.n_known or ranked.confidence < limit:
            return Prediction(None, None, (), True, guesses, model)
        return Prediction(guesses[0][0], guesses[0][1], self._also(ranked.also, best), False, guesses, model)

    def _also(self, scores: Sequence[float], best: int) -> tuple[str, ...]:
        enough = [k for k, score in enumerate(scores) if score >= self.also_above and k != best]
        return tuple(self.slugs[k] for k in sorted(enough, key=lambda k: -scores[k])[:MOST_ALSO])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle; ``slugs`` and ``terms`` are JSON and go beside them."""
        return {
            "idf": self.idf.astype(np.float32),
            "weights": self.weights.astype(np.float16),
            "bias": self.bias,
            "also_weights": self.also_weights.astype(np.float16),
            "also_bias": self.also_bias,
            "reject_weights": self.reject_weights.astype(np.float16),
            "reject_bias": np.array(self.reject_bias),
            "temperature": np.array(astuple(self.temperature)),
            "unknown_below": np.array(self.unknown_below),
            "also_above": np.array(self.also_above),
            "doubt": np.array([*self.trust.weights.tolist(), self.trust.bias]),
            **self.acceptance.to_arrays(),
            **self.furniture.to_arrays(),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], slugs: Sequence[str], terms: Sequence[str]) -> TopicModel:
        """The inverse of :meth:`to_arrays`; arrays that do not fit each other are a ``ValueError``."""
        weights = arrays["weights"].astype(np.float32)
        if weights.shape != (len(terms), len(slugs)):
            raise ValueError(f"weights of {weights.shape} for {len(terms)} terms and {len(slugs)} topics")
        judged = "doubt" in arrays  # models of before 0.4 go by the probability alone
        return cls(
            tuple(slugs),
            tuple(terms),
            {term: column for column, term in enumerate(terms)},
            arrays["idf"].astype(np.float64),
            weights,
            arrays["bias"].astype(np.float64),
            arrays["also_weights"].astype(np.float32),
            arrays["also_bias"].astype(np.float64),
            arrays["reject_weights"].astype(np.float32) if judged else np.zeros(len(terms), np.float32),
            float(arrays["reject_bias"]) if judged else 0.0,
            Temperature(*np.atleast_1d(arrays["temperature"]).tolist()),
            float(arrays["unknown_below"]),
            float(arrays["also_above"]),
            Doubt(arrays["doubt"][:3], float(arrays["doubt"][3])) if judged else TRUSTING,
            Acceptance.from_arrays(arrays) if judged else UNMEASURED,
            Furniture.from_arrays(arrays) if judged else NO_FURNITURE,
        )


def segment_terms(segment: Segment, furniture: Furniture = NO_FURNITURE) -> Terms:
    """What the classifier reads of a segment: its headline, and its text without what belongs to the page, as
    paragraphs or as sentences of a publisher's ``furniture``."""
    return count_terms(segment.title, furniture.drop(segment.body))


def predict_segments(
    segments: Sequence[Segment], topics: TopicModel, model: str, accept_above: float | None = None
) -> list[Prediction]:
    """One prediction a segment, in order; ``accept_above`` as :meth:`TopicModel.predict` takes it, anything but a
    number from 0 to 1 is a ``ValueError``."""
    if accept_above is not None and not 0.0 <= accept_above <= 1.0:
        raise ValueError(f"accept_above {accept_above}: give a confidence from 0 to 1.")
    drop = topics.furniture.drop
    ranked = rank_pieces([(segment.title, drop(segment.body)) for segment in segments], topics)
    return [topics.decide(segment, one, model, accept_above) for segment, one in zip(segments, ranked, strict=True)]


def rank_pieces(pieces: Sequence[Piece], topics: TopicModel) -> list[Ranked]:
    """What the layer says of headlines with their texts, each piece by itself."""
    return topics.rank(*topics.scorer.score(pieces)) if pieces else []
