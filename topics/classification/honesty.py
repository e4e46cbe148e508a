"""Fitting what a model says about itself: confidence, precision by threshold, and the threshold of secondary topics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.doubt import Acceptance, Doubt
from topics.classification.logistic import fit_logistic

__all__ = ["Signs", "also_threshold", "fit_doubt", "holds_others", "measure_acceptance", "read_signs"]

Array = NDArray[np.float64]

LEFT_OUT_SHARE: Final = 0.1  # what pieces of left-out topics weigh, together, beside the labelled ones
PRIOR_WEIGHTS: Final = (0.5, 1.0, -1.0)  # of the three signs, each over its spread, before any is seen
PRIOR_PIECES: Final = 20.0  # how many pieces the prior counts for
N_THRESHOLDS: Final = 101
LOW_SHARES: Final = (0.05, 0.1, 0.25, 0.5)  # of labelled pieces, the least like any topic
CLEARLY_MORE: Final = 1.5  # standard errors by which more of a pool is as unlike them


@dataclass(frozen=True, slots=True)
class Signs:
    """Of many pieces, out of fold: (n_pieces,) each, as :class:`Doubt` takes them, and whether the guess is right."""

    log_odds: Array
    likeness: Array
    reject: Array
    right: NDArray[np.bool_]

    def __add__(self, other: Signs) -> Signs:
        return Signs(
            np.concatenate((self.log_odds, other.log_odds)),
            np.concatenate((self.likeness, other.likeness)),
            np.concatenate((self.reject, other.reject)),
            np.concatenate((self.right, other.right)),
        )

    def __len__(self) -> int:
        return len(self.right)


def read_signs(probabilities: Array, also: Array, reject: Array, right: NDArray[np.bool_]) -> Signs:
    """From calibrated probabilities and ``also`` scores (n_pieces, n_topics) and the reject column (n_pieces,)."""
    best = np.clip(probabilities.max(axis=1), 1e-6, 1.0 - 1e-6)
    return Signs(np.log(best / (1.0 - best)), also.max(axis=1), reject, right)


def fit_doubt(known: Signs, left_out: Signs) -> Doubt:
    """Logistic regression of being right on the signs; pieces of left-out topics are wrong, whatever was guessed.

    The weights are pulled to PRIOR_WEIGHTS, so that a few dozen labels do not turn a sign around.
    """
    both = known + left_out
    signs = np.stack((both.log_odds, both.likeness, both.reject), axis=1)
    spread = np.maximum(signs[: len(known)].std(axis=0), 1e-9)
    middle = signs[: len(known)].mean(axis=0)
    scaled = np.column_stack(((signs - middle) / spread, np.ones(len(both))))
    right = np.concatenate((known.right, np.zeros(len(left_out), np.bool_)))
    weight = np.ones(len(both))
    if len(left_out):
        weight[len(known) :] = LEFT_OUT_SHARE / (1.0 - LEFT_OUT_SHARE) * len(known) / len(left_out)
    prior = np.append(np.array(PRIOR_WEIGHTS) * (signs.std(axis=0) > 0), 1.0)
    pull = np.array([PRIOR_PIECES] * len(PRIOR_WEIGHTS) + [0.0])  # the bias goes where it will
    at = fit_logistic(scaled, right, prior, pull, weight=weight)
    weights = at[:-1] / spread
    return Doubt(weights, float(at[-1] - weights @ middle))


def holds_others(pool: Array, known: Array) -> bool:
    """Whether a pool seems to hold pieces of other topics than the labelled ones: whether more of it is unlike any
    topic than of the labelled pieces.

    ``pool`` (n_models, n_pool) and ``known`` (n_pieces,) are likenesses under models that did not see the piece. The
    shares of the pool below four quantiles of ``known`` are taken over their standard errors, so that many labels show
    a small difference and few only a large one.
    """
    shares = np.array(LOW_SHARES)
    found = (pool.ravel()[:, None] <= np.quantile(known, shares)).mean(axis=0)
    excess = (found - shares) / np.sqrt(shares * (1.0 - shares) / len(known))
    return bool(excess.mean() > CLEARLY_MORE)


def measure_acceptance(doubt: Doubt, known: Signs, left_out: Signs) -> Acceptance:
    """What comes of each threshold; thresholds stand at even shares of the known pieces."""
    sure = doubt.confidence(known.log_odds, known.likeness, known.reject)
    others = doubt.confidence(left_out.log_odds, left_out.likeness, left_out.reject)
    thresholds = np.unique(np.quantile(sure, np.linspace(0.0, 0.99, N_THRESHOLDS - 1)))
    thresholds = np.concatenate(([0.0], thresholds))
    accepted = sure[None, :] >= thresholds[:, None]
    unknown = (others[None, :] >= thresholds[:, None]).mean(axis=1) if len(others) else np.zeros(len(thresholds))
    return Acceptance(
        thresholds,
        accepted.mean(axis=1),
        (accepted & known.right[None, :]).mean(axis=1),
        unknown,
        len(known),
        len(left_out),
    )


def also_threshold(scores: Array, positive: NDArray[np.bool_], best: NDArray[np.int64]) -> float:
    """The threshold of best F1 for topics other than the predicted one, on a grid."""
    rows = np.arange(len(best))
    scores, wanted = scores.copy(), positive.copy()
    scores[rows, best] = -np.inf
    wanted[rows, best] = False
    top, chosen = -1.0, 1.0
    for threshold in np.linspace(-1.0, 0.6, 65):
        found = scores >= threshold
        f1 = 2.0 * (found & wanted).sum() / max(1, found.sum() + wanted.sum())
        if f1 > top:
            top, chosen = f1, float(threshold)
    return chosen
