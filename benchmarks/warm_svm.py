"""The SVMs of training, going on from the last ones when a few labels are new: what makes learning curves affordable.

Dual coordinate descent (Hsieh et al. 2008, "A Dual Coordinate Descent Method for Large-scale Linear SVM"), all topics
in one pass over the pieces. The problem is that of LinearSVC as training sets it (squared hinge, balanced classes, a
regularised bias), and so is the optimum; only the way there starts where the last one ended.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["WarmSvm"]

Array = NDArray[np.float64]

MOST_PASSES: Final = 60
TOLERANCE: Final = 0.02  # largest step of the dual gradient at which a topic has settled


class WarmSvm:
    """SVMs over fixed rows: sparse ``x`` (n, n_terms) beside ``dense`` (n, n_dimensions); labels come and go."""

    def __init__(self, x: Any, dense: Array, n_topics: int, c: float = 1.0) -> None:
        self._x, self._dense, self._c = x, np.ascontiguousarray(dense), c
        n, n_terms = x.shape
        self._norms = np.asarray(x.multiply(x).sum(axis=1)).ravel() + (dense**2).sum(axis=1) + 1.0
        self._alpha = np.zeros((n, n_topics))
        self._terms = np.zeros((n_terms, n_topics))
        self._space = np.zeros((dense.shape[1], n_topics))
        self._bias = np.zeros(n_topics)

    def copy(self) -> WarmSvm:
        """Another one that goes on from here."""
        other = object.__new__(WarmSvm)
        other._x, other._dense, other._c, other._norms = self._x, self._dense, self._c, self._norms
        other._alpha, other._terms = self._alpha.copy(), self._terms.copy()
        other._space, other._bias = self._space.copy(), self._bias.copy()
        return other

    def fit(self, places: NDArray[np.int64], topics: NDArray[np.int64], weight: Array) -> WarmSvm:
        """Learn from the rows ``places`` with these topics and weights; rows learned before must be among them."""
        n, n_topics = len(places), self._alpha.shape[1]
        positive = topics[:, None] == np.arange(n_topics)
        n_positive = np.maximum(positive.sum(axis=0), 1)
        share = np.where(positive, n / (2 * n_positive), n / (2 * np.maximum(n - n_positive, 1)))
        slack = 0.5 / (self._c * share * weight[:, None])
        random = np.random.default_rng(n)
        for _ in range(MOST_PASSES):
            worst = _pass(
                self._x.indptr, self._x.indices, self._x.data, self._dense, self._norms, places,
                random.permutation(n), np.where(positive, 1.0, -1.0), slack,
                self._alpha, self._terms, self._space, self._bias,
            )  # fmt: skip
            if worst < TOLERANCE:
                break
        return self

    def score(self, places: NDArray[np.int64]) -> Array:
        """(n_places, n_topics)."""
        result: Array = self._x[places] @ self._terms + self._dense[places] @ self._space + self._bias
        return result


@njit(cache=True, fastmath=True)  # type: ignore[untyped-decorator]
def _pass(indptr, indices, data, dense, norms, places, order, sign, slack, alpha, terms, space, bias):  # type: ignore
    n_topics = alpha.shape[1]
    score = np.zeros(n_topics)
    step = np.zeros(n_topics)
    worst = 0.0
    for at in order:
        i = places[at]
        for k in range(n_topics):
            score[k] = bias[k]
        for j in range(indptr[i], indptr[i + 1]):
            value, row = data[j], terms[indices[j]]
            for k in range(n_topics):
                score[k] += value * row[k]
        for d in range(dense.shape[1]):
            value, row = dense[i, d], space[d]
            for k in range(n_topics):
                score[k] += value * row[k]
        moved = False
        for k in range(n_topics):
            gradient = sign[at, k] * score[k] - 1.0 + slack[at, k] * alpha[i, k]
            if alpha[i, k] == 0.0 and gradient > 0.0:
                step[k] = 0.0
                continue
            worst = max(worst, abs(gradient))
            new = max(alpha[i, k] - gradient / (norms[i] + slack[at, k]), 0.0)
            step[k] = (new - alpha[i, k]) * sign[at, k]
            alpha[i, k] = new
            moved = moved or step[k] != 0.0
        if not moved:
            continue
        for k in range(n_topics):
            bias[k] += step[k]
        for j in range(indptr[i], indptr[i + 1]):
            value, row = data[j], terms[indices[j]]
            for k in range(n_topics):
                row[k] += value * step[k]
        for d in range(dense.shape[1]):
            value, row = dense[i, d], space[d]
            for k in range(n_topics):
                row[k] += value * step[k]
    return worst
