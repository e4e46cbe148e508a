"""The linear scorers that a topic model is mixed from: SVMs on labels, EM over a pool, SVMs taught by that EM.

Each gives weights of terms (n_terms, n_topics) and a bias (n_topics,), so that any sum of them is one layer again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.matrix import Rows, Space, fold_back, spread_out

__all__ = ["Layer", "fit_em", "fit_svms", "fit_taught", "softmax"]

Array = NDArray[np.float64]

SVM_C: Final = 1.0
EM_LENGTH: Final = 25.0  # to which the mean sum of a piece's TF-IDF values is scaled
EM_ROUNDS: Final = 20
SETTLED: Final = 0.01  # no piece of the pool moves by more: EM is done
EVIDENCE: Final = 0.3  # power of the likelihood: words of one piece are far from independent
POOL_WEIGHT: Final = 0.1  # of an unlabelled piece, against a labelled one,
MOST_OF_POOL: Final = 8.0  # and of all of them together, against all labelled ones: a few would be drowned
SMOOTHING: Final = 0.2  # as a share of the total mass, spread over the vocabulary
TAUGHT_C: Final = 0.1
TAUGHT_WEIGHT: Final = 0.3  # of a pool piece whose topic EM is sure of, against a labelled one


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear scorer: ``x @ weights + bias``."""

    weights: Array
    bias: Array

    def score(self, rows: Rows) -> Array:
        """(n_pieces, n_columns)."""
        result: Array = np.asarray(rows.x @ self.weights) + self.bias
        return result

    def __add__(self, other: Layer) -> Layer:
        return Layer(self.weights + other.weights, self.bias + other.bias)

    def __mul__(self, factor: float) -> Layer:
        return Layer(self.weights * factor, self.bias * factor)


def fit_svms(
    rows: Rows, positive: NDArray[np.bool_], space: Space, weight: Array, c: float = SVM_C, tolerance: float = 1e-4
) -> Layer:
    """One squared-hinge SVM a column of ``positive`` (n_pieces, n_columns), both sides weighing the same (LIBLINEAR,
    Fan et al. 2008). A column that is all of one kind scores -1 everywhere."""
    from sklearn.svm import LinearSVC

    seen = spread_out(rows)
    n_columns = positive.shape[1]
    coefficients = np.zeros((n_columns, seen.shape[1]))
    bias = np.full(n_columns, -1.0)
    for k in range(n_columns):
        if positive[:, k].any() and not positive[:, k].all():
            svm = LinearSVC(C=c, class_weight="balanced", random_state=0, max_iter=5000, tol=tolerance)
            svm.fit(seen, positive[:, k], sample_weight=weight)
            coefficients[k] = svm.coef_[0]
            bias[k] = svm.intercept_[0]
    return Layer(fold_back(coefficients, space), bias)


def fit_em(rows: Rows, given: Array, pool: Rows, leaning: Array) -> tuple[Layer, Array]:
    """Multinomial naive Bayes over labelled pieces and a pool, by tempered EM (Nigam et al. 2000, "Text classification
    from labeled and unlabeled documents using EM"): the layer, and what it makes of the pool (n_pool, n_topics).

    ``given`` (n_pieces, n_topics) are the labels' weights. ``leaning`` (n_pool, n_topics) is added to the evidence of
    every E-step: what another scorer says of the pool. Scores are centred over topics; terms in no piece have none.
    """
    pool_weight = min(POOL_WEIGHT, MOST_OF_POOL * float(given.sum()) / max(1, len(pool)))
    n_terms = rows.x.shape[1]
    seen = np.flatnonzero(np.asarray(rows.x.sum(axis=0) + pool.x.sum(axis=0)).ravel())
    rows, pool = Rows(rows.x[:, seen], None), Rows(pool.x[:, seen], None)
    total = rows.x.sum() + pool.x.sum()
    scale = EM_LENGTH * (len(rows) + len(pool)) / max(total, 1e-9)
    labelled = np.asarray((rows.x * scale).T @ given)
    pool_x = (pool.x * scale).tocsr()
    pool_t = pool_x.T.tocsr()
    smoothing = SMOOTHING * scale * (rows.x.sum() + pool_weight * pool.x.sum()) / rows.x.shape[1]
    mass, prior = labelled + smoothing, given.sum(axis=0) + 1.0
    logs = np.log(mass / mass.sum(axis=0))
    bias = np.zeros(given.shape[1])
    share = np.zeros((len(pool), given.shape[1]))
    for _ in range(EM_ROUNDS):
        before, share = share, softmax(EVIDENCE * (pool_x @ logs) + bias + leaning)
        mass = labelled + pool_weight * np.asarray(pool_t @ share) + smoothing
        logs = np.log(mass / mass.sum(axis=0))
        counts = prior + pool_weight * share.sum(axis=0)
        bias = np.log(counts / counts.sum())
        if np.abs(share - before).max() < SETTLED:
            break
    pulls = EVIDENCE * scale * (logs - logs.mean(axis=1, keepdims=True))
    bias = bias - bias.mean()
    weights = np.zeros((n_terms, given.shape[1]))
    weights[seen] = pulls
    return Layer(weights, bias), softmax(np.asarray(pool.x @ pulls) + bias + leaning)


def fit_taught(rows: Rows, given: Array, pool: Rows, share: Array, space: Space) -> Layer:
    """SVMs on labelled pieces and on a pool as EM sees it: each piece under its likeliest topic, as sure as that is."""
    best = share.argmax(axis=1)
    positive = np.concatenate((given > 0, np.eye(given.shape[1], dtype=bool)[best]))
    weight = np.concatenate((given.sum(axis=1), TAUGHT_WEIGHT * share.max(axis=1) ** 4))
    return fit_svms(rows + pool, positive, space, weight, c=TAUGHT_C, tolerance=1e-3)


def softmax(scores: Array) -> Array:
    """Over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Array = powers / powers.sum(axis=-1, keepdims=True)
    return result
