"""What a house does each time: its pieces end with the same lines.

In: which paragraphs of a stretch say the same, and how likely a piece starts at each. Out: what is added to the
log-odds of a start behind lines that stand again and again: right behind them, or as many short lines further on as
suits all the places of a line best ("Topics", and then what these are).

Behind a line pieces start as often as anywhere, or half of the time, or nearly always. Each of the other places behind
the same line tells which, as far as it is itself known: rate ``r`` has the likelihood ``r * f + 1 - r`` where what
the network saw is ``f`` times as likely at a start (Bayes; a place tells nothing of itself twice). The rate to be
expected then stands in the place of the one before anything was seen, if it is higher: what stands in the midst of
pieces the network knows by itself. Places behind the same line are in doubt for the same reason, so that many doubts
are no certainty: what is less likely a start than ``DOUBT`` speaks against a habit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.repeats import LONG_WORDS, OFTEN, Repeats

__all__ = ["find_habits"]

ANYWHERE: Final = 0.05  # of the paragraphs start a piece
RATES: Final = np.array([ANYWHERE, 0.5, 0.98])
SHARES: Final = np.array([0.9, 0.05, 0.05])  # of the lines that stand again and again
DOUBT: Final = 0.2
MOST_ODDS: Final = 9.0  # no place is surer than this
MOST_STEPS: Final = 3  # short lines that are stepped over,
LEAST_SHARE: Final = 0.8  # at so many of the places behind a line
FURNITURE_COST: Final = 3.0  # of places all of which look like furniture, in log-likelihood

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def find_habits(repeats: Repeats, words: NDArray[np.float32], odds: Array, is_furniture: Flags) -> Array:
    """What is added to the log-odds of a start, (n,) for calibrated ``odds`` of that length."""
    n = len(odds)
    habits = np.zeros(n)
    is_often = (repeats.n_same >= OFTEN) & (words > 0)
    ends = np.flatnonzero(is_often[:-1] & ~is_often[1:])  # the last of what is repeated
    if not len(ends):
        return habits
    _, line, n_places = np.unique(repeats.firsts[ends], return_inverse=True, return_counts=True)
    fit = np.full(len(n_places), -np.inf)
    places, more = ends.copy(), np.zeros(len(ends))
    reached = np.ones(len(ends), np.bool_)
    for steps in range(1 + MOST_STEPS):
        at = np.minimum(ends + 1 + steps, n - 1)
        reached &= (ends + 1 + steps < n) & ~is_often[at]
        if steps:
            reached &= words[at - 1] < LONG_WORDS
        n_reached = _sum(reached[:, None], line, len(n_places))[:, 0]
        may = (n_reached >= np.maximum(OFTEN - 1, LEAST_SHARE * n_places)) if steps else n_reached > 0
        if not may.any():
            break
        told = _tell(odds[at]) * reached[:, None]
        together = _sum(told, line, len(n_places))
        furniture = _sum((is_furniture[at] & reached)[:, None], line, len(n_places))[:, 0]
        suits = together.max(axis=1) - FURNITURE_COST * furniture / np.maximum(n_reached, 1)
        better = may & (suits > fit)
        fit[better] = suits[better]
        chosen = better[line]
        places[chosen] = at[chosen]
        more[chosen] = np.where(reached, _expect(together[line] - told), 0.0)[chosen]
    np.maximum.at(habits, places, more)
    return habits


def _tell(odds: Array) -> Array:
    """What places tell of each rate, (n_places, n_rates), in log-likelihood."""
    likelier = np.exp(np.clip(odds, -MOST_ODDS, MOST_ODDS) - _log_odds(DOUBT))
    told: Array = np.log(likelier[:, None] * RATES + (1 - RATES))
    return told


def _expect(told: Array) -> Array:
    """By how much the log-odds of a start are higher after that."""
    weights = SHARES * np.exp(told - told.max(axis=1, keepdims=True))
    rates = weights @ RATES / weights.sum(axis=1)
    # rounded, so that no last bit decides
    return np.maximum(np.round(_log_odds(rates) - _log_odds(SHARES @ RATES), 2), 0.0)


def _sum(rows: NDArray[np.generic], line: NDArray[np.int64], n_lines: int) -> Array:
    """The sum of each line's rows."""
    sums = np.zeros((n_lines, rows.shape[1]))
    np.add.at(sums, line, rows)
    return sums


def _log_odds(rates: Array | float) -> Array:
    return np.asarray(np.log(rates) - np.log1p(-np.asarray(rates)))
