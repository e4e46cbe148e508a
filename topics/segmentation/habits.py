"""What a house does each time: its pieces end with the same lines.

In: which paragraphs of a stretch say the same, and how likely a piece starts at each. Out: what is added to the
log-odds of a start behind lines that stand again and again.

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

from topics.segmentation.repeats import OFTEN, Repeats

__all__ = ["find_habits"]

ANYWHERE: Final = 0.05  # of the paragraphs start a piece
RATES: Final = np.array([ANYWHERE, 0.5, 0.98])
SHARES: Final = np.array([0.9, 0.05, 0.05])  # of the lines that stand again and again
DOUBT: Final = 0.2
MOST_ODDS: Final = 9.0  # no place is surer than this

Array = NDArray[np.float64]


def find_habits(repeats: Repeats, words: NDArray[np.float32], odds: Array) -> Array:
    """What is added to the log-odds of a start, (n,) for calibrated ``odds`` of that length."""
    habits = np.zeros(len(odds))
    is_often = (repeats.n_same >= OFTEN) & (words > 0)
    places = np.flatnonzero(is_often[:-1] & ~is_often[1:]) + 1  # right behind what is repeated
    if not len(places):
        return habits
    _, line = np.unique(repeats.firsts[places - 1], return_inverse=True)
    likelier = np.exp(np.clip(odds[places], -MOST_ODDS, MOST_ODDS) - _log_odds(DOUBT))
    told = np.log(likelier[:, None] * RATES + (1 - RATES))  # (places, rates)
    together = np.zeros((int(line.max()) + 1, len(RATES)))
    np.add.at(together, line, told)
    others = together[line] - told
    weights = SHARES * np.exp(others - others.max(axis=1, keepdims=True))
    rates = weights @ RATES / weights.sum(axis=1)
    # rounded, so that no last bit decides
    habits[places] = np.maximum(np.round(_log_odds(rates) - _log_odds(SHARES @ RATES), 2), 0.0)
    return habits


def _log_odds(rates: Array | float) -> Array:
    return np.asarray(np.log(rates) - np.log1p(-np.asarray(rates)))
