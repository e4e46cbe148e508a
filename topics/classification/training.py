"""Fitting the topic model: labelled pieces as counted terms in, weights, temperature and thresholds out.

One-against-rest linear SVMs (Fan et al. 2008) on TF-IDF with balanced classes; each topic's description is one
more labelled piece. Scores out of fold, in folds that keep near-duplicates together, give the temperature, the
thresholds and the figures of the model card. No random choice is made: the same labels give the same weights.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms
from topics.classification.model import TITLE_WEIGHT, TopicModel
from topics.classification.vectors import WordVectors, term_vectors
from topics.errors import LabelError

__all__ = ["Example", "Fitted", "fit_topics"]

Array = NDArray[np.float64]

FOLDS: Final = 5
MIN_PIECES: Final = 2  # a term stands in at least so many labelled pieces
SVM_C: Final = 1.0
DESCRIPTION_WEIGHT: Final = 10.0  # of a topic's description, in pieces
VECTOR_SHARE: Final = 1.5  # length of a piece's mean vector, against 1 of its terms (docs/classification.md)
KNOWN_REJECTED: Final = 0.03  # share of labelled pieces that the unknown threshold may reject
TEMPERATURE_WEIGHT: Final = 10.0  # a weak pull of the temperature towards PRIOR_TEMPERATURE, in pieces
PRIOR_TEMPERATURE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled piece. ``topic`` is ``None`` where a person said that none fits; ``group`` is shared by
    near-duplicates."""

    terms: Terms
    topic: str | None
    also: tuple[str, ...] = ()
    group: str = ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model, and the out-of-fold probabilities (n_examples, n_topics) that its figures come from."""

    model: TopicModel
    out_of_fold: Array


def fit_topics(
    examples: Sequence[Example],
    slugs: Sequence[str],
    descriptions: Mapping[str, Terms],
    vectors: WordVectors | None = None,
) -> Fitted:
    """Fit on examples of at least two topics; ``descriptions`` adds one piece a topic that never enters a test fold.

    With ``vectors`` the SVM sees each piece twice, as terms and as the mean of its terms' vectors; both fold back into
    one weight a term, and words that no label holds get one too.
    """
    slugs = tuple(slugs)
    index = {slug: k for k, slug in enumerate(slugs)}
    labelled = [e for e in examples if e.topic is not None]
    if len({e.topic for e in labelled} | set(descriptions)) < 2:
        raise LabelError(
            "labels: pieces of at least two topics are needed to train. Label more, or describe topics in the taxonomy."
        )
    described = [Example(terms, slug) for slug, terms in sorted(descriptions.items())]
    everything = [*labelled, *described]
    vocabulary = _vocabulary(everything, vectors)
    if not vocabulary:
        raise LabelError("labels: no term stands in two labelled pieces, so nothing can be learned. Label more.")
    counts = _count_matrix(everything, vocabulary)
    idf = _inverse_frequency(counts, vocabulary, vectors)
    x = _tfidf(counts, idf)
    space = _Space.over(x, vocabulary, vectors)
    weight = np.concatenate((np.ones(len(labelled)), np.full(len(described), DESCRIPTION_WEIGHT)))
    y = np.array([index[e.topic] for e in everything if e.topic is not None])
    positive = np.zeros((len(everything), len(slugs)), np.bool_)
    for row, example in enumerate(everything):
        positive[row, [index[s] for s in (example.topic, *example.also) if s in index]] = True
    primary = np.eye(len(slugs), dtype=bool)[y]

    n = len(labelled)
    fold = np.concatenate((_folds(labelled), np.full(len(described), -1)))
    raw = np.zeros((n, len(slugs)))
    also = np.zeros((n, len(slugs)))
    for k in range(FOLDS):
        test = np.flatnonzero(fold == k)
        train = np.flatnonzero(fold != k)
        if len(test):
            raw[test] = _apply(x[test], *_fit_columns(x[train], primary[train], space, weight[train]))
            also[test] = _apply(x[test], *_fit_columns(x[train], positive[train], space, weight[train]))
    temperature = _fit_temperature(raw, y[:n]) if n else PRIOR_TEMPERATURE
    probabilities = _softmax(raw / temperature)
    unknown_below = float(np.quantile(probabilities.max(axis=1), KNOWN_REJECTED)) if n >= 50 else 0.0
    also_above = _also_threshold(also, positive[:n], raw.argmax(axis=1)) if n else 1.0

    weights, bias = _fit_columns(x, primary, space, weight)
    also_weights, also_bias = _fit_columns(x, positive, space, weight)
    model = TopicModel(
        slugs, tuple(vocabulary), {term: i for i, term in enumerate(vocabulary)}, idf,
        _halved(weights), bias, _halved(also_weights), also_bias,
        temperature, unknown_below, also_above,
    )  # fmt: skip
    return Fitted(model, _in_order(examples, probabilities, len(slugs)))


def _in_order(examples: Sequence[Example], probabilities: Array, n_topics: int) -> Array:
    """Rows for all examples; nan where no topic was given."""
    rows = np.full((len(examples), n_topics), np.nan)
    rows[[i for i, e in enumerate(examples) if e.topic is not None]] = probabilities
    return rows


@dataclass(frozen=True, slots=True)
class _Space:
    """What the SVM sees beside the terms: ``rows`` (n_terms, n_dimensions), scaled so that pieces have length
    VECTOR_SHARE."""

    rows: Array | None

    @classmethod
    def over(cls, x: Any, vocabulary: Sequence[str], vectors: WordVectors | None) -> _Space:
        if vectors is None:
            return cls(None)
        rows = term_vectors(vocabulary, vectors).astype(np.float64)
        lengths = ((x @ rows) ** 2).sum(axis=1)
        return cls(rows * (VECTOR_SHARE / (np.sqrt(lengths.mean()) + 1e-9)))


def _vocabulary(examples: Sequence[Example], vectors: WordVectors | None) -> list[str]:
    pieces: Counter[str] = Counter()
    for example in examples:
        pieces.update(set(example.terms.title) | set(example.terms.body))
    return sorted({term for term, n in pieces.items() if n >= MIN_PIECES} | set(vectors.words if vectors else ()))


def _inverse_frequency(counts: Any, vocabulary: Sequence[str], vectors: WordVectors | None) -> Array:
    """Smooth idf over the pieces; of words with a vector, over the many texts that those were learned from."""
    pieces = np.bincount(counts.indices, minlength=len(vocabulary))
    idf: Array = np.log((1.0 + counts.shape[0]) / (1.0 + pieces)) + 1.0
    for column, term in enumerate(vocabulary if vectors else ()):
        if vectors and term in vectors.words:
            idf[column] = vectors.idf[vectors.words[term]]
    return idf.astype(np.float32).astype(np.float64)


def _halved(weights: Array) -> NDArray[np.float32]:
    """Rounded to what the bundle keeps, so that a saved model scores as the fitted one."""
    return weights.astype(np.float16).astype(np.float32)


def _count_matrix(examples: Sequence[Example], vocabulary: Sequence[str]) -> Any:
    from scipy.sparse import csr_matrix

    columns = {term: i for i, term in enumerate(vocabulary)}
    indices: list[int] = []
    data: list[float] = []
    starts = [0]
    for example in examples:
        row: dict[int, float] = {}
        for counted, weight in ((example.terms.title, TITLE_WEIGHT), (example.terms.body, 1)):
            for term, n in counted.items():
                if term in columns:
                    row[columns[term]] = row.get(columns[term], 0.0) + weight * n
        indices.extend(sorted(row))
        data.extend(row[i] for i in sorted(row))
        starts.append(len(indices))
    return csr_matrix(
        (np.array(data), np.array(indices, np.int32), np.array(starts)),
        shape=(len(examples), len(vocabulary)),
    )


def _tfidf(counts: Any, idf: Array) -> Any:
    from sklearn.preprocessing import normalize

    x = counts.copy()
    x.data = (1.0 + np.log(x.data)) * idf[x.indices]
    return normalize(x)


def _folds(examples: Sequence[Example]) -> NDArray[np.int64]:
    """Folds that keep groups whole and spread each topic: groups are dealt in turn, in an order that hashes draw."""
    groups: dict[str, list[int]] = {}
    for i, example in enumerate(examples):
        groups.setdefault(example.group or f"#{i}", []).append(i)

    def key(name: str) -> tuple[str, str]:
        return (examples[groups[name][0]].topic or "", hashlib.sha256(name.encode()).hexdigest())

    fold = np.zeros(len(examples), np.int64)
    for turn, name in enumerate(sorted(groups, key=key)):
        fold[groups[name]] = turn % FOLDS
    return fold


def _fit_columns(x: Any, positive: NDArray[np.bool_], space: _Space, weight: Array) -> tuple[Array, Array]:
    """One SVM a topic: (n_terms, n_topics) and (n_topics,). A topic without a positive piece scores -1 everywhere."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.svm import LinearSVC

    n_terms = x.shape[1]
    seen = x if space.rows is None else hstack((x, csr_matrix(x @ space.rows)), format="csr")
    weights = np.zeros((n_terms, positive.shape[1]))
    bias = np.full(positive.shape[1], -1.0)
    for k in range(positive.shape[1]):
        if positive[:, k].any() and not positive[:, k].all():
            svm = LinearSVC(C=SVM_C, class_weight="balanced", random_state=0, max_iter=5000)
            svm.fit(seen, positive[:, k], sample_weight=weight)
            weights[:, k] = svm.coef_[0][:n_terms]
            if space.rows is not None:
                weights[:, k] += space.rows @ svm.coef_[0][n_terms:]
            bias[k] = svm.intercept_[0]
    return weights, bias


def _apply(x: Any, weights: Array, bias: Array) -> Array:
    result: Array = np.asarray(x @ weights) + bias
    return result


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    result: Array = e / e.sum(axis=1, keepdims=True)
    return result


def _fit_temperature(raw: Array, y: NDArray[np.int64]) -> float:
    """The temperature of least out-of-fold log-loss, with a weak pull to the prior; few labels need it."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        p = _softmax(raw / np.exp(log_temperature))
        likelihood = np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).sum()
        return float(-likelihood + TEMPERATURE_WEIGHT * 0.5 * (log_temperature - np.log(PRIOR_TEMPERATURE)) ** 2)

    found = minimize_scalar(loss, bounds=(np.log(0.02), np.log(8.0)), method="bounded")
    return float(np.exp(found.x))


def _also_threshold(scores: Array, positive: NDArray[np.bool_], best: NDArray[np.int64]) -> float:
    """The threshold of best F1 for topics other than the predicted one, on a grid."""
    rows = np.arange(len(best))
    scores, wanted = scores.copy(), positive.copy()
    scores[rows, best] = -np.inf
    wanted[rows, best] = False
    top, chosen = -1.0, 1.0
    for threshold in np.linspace(-1.0, 0.6, 33):
        found = scores >= threshold
        f1 = 2.0 * (found & wanted).sum() / max(1, found.sum() + wanted.sum())
        if f1 > top:
            top, chosen = f1, float(threshold)
    return chosen
