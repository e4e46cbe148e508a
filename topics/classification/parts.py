"""Everything that is fitted on one set of labelled pieces, and how it is mixed into the layer that predicts.

The same function fits the final model, the folds and the models that lack a topic, so that what is measured is what
is shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.doubt import Temperature
from topics.classification.logistic import fit_logistic
from topics.classification.matrix import Rows, Space
from topics.classification.scorers import Layer, fit_em, fit_svms, fit_taught, softmax
from topics.classification.shares import CLEARLY, weigh_shares

__all__ = ["ENOUGH_POOL", "Parts", "Problem", "choose_share", "fit_parts", "fit_temperature"]

Array = NDArray[np.float64]

ENOUGH_POOL: Final = 100  # unlabelled pieces; fewer teach nothing
LEANING: Final = 1.0  # of the SVM's scores in EM's evidence
ALSO_SHARE: Final = 1 / 3  # of the scores that take secondary topics as positive too, beside the primary ones
TAUGHT_SHARE: Final = 3.0  # of the taught SVMs beside EM
POOLED_SCALE: Final = 0.25  # EM speaks in log-probabilities, an SVM in margins
POOL_SHARES: Final = (0.0, 0.25, 0.5, 1.0)  # of the scorers that saw the pool, in the mix
MOST_TAUGHT: Final = 2_000  # pieces of the pool that the taught SVMs see
ODD_SHARE: Final = 0.15  # of the pool: what is least like any topic
REJECT_C: Final = 0.1
TEMPERATURE_WEIGHT: Final = 10.0  # a weak pull of the temperature towards PRIOR_TEMPERATURE, in pieces
CURVE_WEIGHT: Final = 100.0  # and a stronger one of its curve towards none: tens of labels do not show one
PRIOR_TEMPERATURE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Problem:
    """Labelled pieces to learn from: rows, the primary topic of each as a row of one (of none, where it was guessed),
    all its topics, its weight in an SVM and in EM, and the pool (``unfit`` are pieces of which a person said that no
    topic fits)."""

    space: Space
    rows: Rows
    primary: NDArray[np.bool_]
    positive: NDArray[np.bool_]
    weight: Array
    given: Array
    pool: Rows
    unfit: Rows

    @property
    def certain(self) -> NDArray[np.int64]:
        """The places of pieces whose primary topic is known."""
        return np.flatnonzero(self.primary.any(axis=1))

    def subset(self, which: NDArray[np.int64]) -> Problem:
        """The same with only these pieces."""
        return Problem(
            self.space, self.rows[which], self.primary[which], self.positive[which],
            self.weight[which], self.given[which], self.pool, self.unfit,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """Scorers of topics (``svm``; ``pooled`` where the pool was read), of secondary topics, and of pieces that no
    topic fits (one column)."""

    svm: Layer
    also: Layer
    pooled: Layer | None
    reject: Layer | None

    def mix(self, share: float) -> Layer:
        """The layer that predicts, with this share of what the pool taught."""
        if self.pooled is None or share == 0.0:
            return self.svm
        return self.svm * (1.0 - share) + self.pooled * share


def fit_parts(problem: Problem, *, read_pool: bool) -> Parts:
    """Fit on a problem's pieces; ``read_pool`` asks for the scorers that learn topics from the pool too."""
    space, rows, pool = problem.space, problem.rows, problem.pool
    first = problem.certain
    svm = fit_svms(rows[first], problem.primary[first], space, problem.weight[first])
    also = svm
    if (problem.positive != problem.primary).any():
        also = fit_svms(rows, problem.positive, space, problem.weight)
        svm = svm * (1.0 - ALSO_SHARE) + also * ALSO_SHARE
    if len(pool) < ENOUGH_POOL:
        return Parts(svm, also, None, None)
    return Parts(svm, also, _fit_pooled(problem, svm) if read_pool else None, _fit_reject(problem, also))


def _fit_pooled(problem: Problem, svm: Layer) -> Layer:
    problem = problem.subset(problem.certain)
    known = problem.primary.any(axis=0)
    scores = svm.score(problem.pool)
    counts = problem.primary.sum(axis=0) + 1.0
    # topics that the SVM, which expects them to be alike frequent, finds often there are likely often there
    factors = weigh_shares(softmax(scores / PRIOR_TEMPERATURE), counts / counts.sum(), CLEARLY)
    leaning = LEANING * scores + np.log(factors)
    leaning[:, ~known] = -30.0  # a topic without a piece takes none of the pool
    given = problem.primary * problem.given[:, None]
    em, share = fit_em(problem.rows, given, problem.pool, leaning)
    seen = _every(len(problem.pool), MOST_TAUGHT)
    taught = fit_taught(problem.rows, given, problem.pool[seen], share[seen], problem.space)
    pooled = (em + taught * TAUGHT_SHARE) * POOLED_SCALE
    pooled.bias[~known] = -10.0
    return pooled


def _fit_reject(problem: Problem, also: Layer) -> Layer:
    """Pieces of the pool that are least like any topic, against labelled pieces and the half that is most like one."""
    seen = problem.pool[_every(len(problem.pool), 2 * MOST_TAUGHT)]
    order = np.argsort(also.score(seen).max(axis=1), kind="stable")
    n_odd = max(5, int(ODD_SHARE * len(seen)))
    odd, familiar = np.sort(order[:n_odd]), np.sort(order[len(seen) // 2 :])
    rows = problem.rows + seen[familiar] + seen[odd] + problem.unfit
    n_known = len(problem.rows) + len(familiar)
    positive = (np.arange(len(rows)) >= n_known)[:, None]
    return fit_svms(rows, positive, problem.space, np.ones(len(rows)), c=REJECT_C, tolerance=1e-3)


def _every(n: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of ``n`` places, evenly spaced."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def choose_share(losses: Sequence[Array]) -> float:
    """How much of what the pool taught to mix in: ``losses`` (n_pieces,) out of fold are those of POOL_SHARES.

    The largest share that is better than none, if one is, unless another is better by a standard error. Out of a few
    dozen labels half is by chance often too much; a quarter keeps most of what there is to gain.
    """
    means = [float(loss.mean()) for loss in losses]
    start = next((i for i in range(len(means) - 1, 0, -1) if means[i] < means[0]), 0)
    best = means.index(min(means))
    gain = losses[start] - losses[best]
    if gain.mean() > gain.std() / np.sqrt(len(gain)):
        start = best
    return POOL_SHARES[start]


def fit_temperature(scores: Array, likeness: Array, y: NDArray[np.int64]) -> Temperature:
    """The temperature of least log-loss, then the curve of least log-loss of the best guess being right; each with a
    weak pull to the prior, since few labels need it."""
    from scipy.optimize import minimize

    prior = np.array([np.log(PRIOR_TEMPERATURE), 0.0])
    truth = np.arange(len(y)), y

    def loss(at: Array) -> float:
        p = Temperature(float(np.exp(at[0])), float(at[1])).probabilities(scores, likeness)
        pull = at - prior
        return float(-np.log(np.maximum(p[truth], 1e-12)).sum() + TEMPERATURE_WEIGHT * 0.5 * (pull @ pull))

    found = minimize(loss, prior, method="L-BFGS-B", bounds=[(np.log(0.02), np.log(8.0)), (-2.0, 2.0)]).x
    straight = Temperature(float(np.exp(found[0])), float(found[1]))
    p = straight.probabilities(scores, likeness)
    offset, slope, curve = _fit_curve(p.max(axis=1), p.argmax(axis=1) == y)
    return replace(straight, offset=offset, slope=slope, curve=curve)


def _fit_curve(best: Array, right: NDArray[np.bool_]) -> list[float]:
    """Offset, slope and curve of the best topic's log-odds; within their bounds they never turn an order around."""
    clipped = np.clip(best, 1e-9, 1.0 - 1e-9)
    odds = np.log(clipped / (1.0 - clipped))
    signs = np.stack((np.ones(len(odds)), odds, np.maximum(odds, 0.0) ** 2), axis=1)
    bounds = [(-3.0, 3.0), (0.1, 3.0), (0.0, 1.0)]
    found: list[float] = fit_logistic(signs, right, np.array([0.0, 1.0, 0.0]), CURVE_WEIGHT, bounds=bounds).tolist()
    return found
