"""Topics are not as frequent in what a model will see as among the labels it learned from.

Few labels are mostly as many of each topic, and the world is not so: a model that expects what it learned takes too
much for the rare topics. Unlabelled pieces tell how frequent each topic is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLEARLY", "weigh_shares"]

Array = NDArray[np.float64]

LEAST_FACTOR, MOST_FACTOR = 0.5, 3.0
# where no factor is more, nor its inverse, they say nothing: so much a model of few labels errs
NOTHING: Final = 1.2
CLEARLY: Final = 1.5  # the same for a model that has not seen the pool yet
ROUNDS: Final = 50


def weigh_shares(p: Array, usual: Array, nothing: float = NOTHING) -> Array:
    """How many times as frequent each topic is among unlabelled pieces as among labels, (n_topics,).

    ``p`` (n_pool, n_topics) are probabilities by a model that expects topics to be as frequent as ``usual`` (n_topics,)
    says. By EM (Saerens, Latinne and Decaestecker 2002), with as many pieces added that are as usual, since the model
    that guesses is itself none too good; ones where no topic is more than ``nothing`` times as frequent, or as rare.

    >>> p = np.array([[0.9, 0.1]] * 8 + [[0.1, 0.9]] * 2)
    >>> weigh_shares(p, np.array([0.5, 0.5])).round(2).tolist()
    [1.29, 0.71]
    """
    factors = np.ones_like(usual)
    for _ in range(ROUNDS if len(p) else 0):
        shares = p * factors
        shares /= shares.sum(axis=1, keepdims=True)
        factors = np.clip(0.5 + 0.5 * shares.mean(axis=0) / usual, LEAST_FACTOR, MOST_FACTOR)
    return factors if np.abs(np.log(factors)).max() > np.log(nothing) else np.ones_like(usual)
