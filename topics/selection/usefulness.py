"""How much a decision on each segment would teach by itself: doubt, times likely errors, times how thin its topic is.

Where people corrected a topic more often than the model's own scores made one expect, its other segments are asked for
sooner: that is a systematic error, which the model's doubt cannot see. Topics with few labels come sooner too, since in
macro-F1 each topic counts the same and error falls fastest where labels are few.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.selection.candidates import Candidates, Record

__all__ = ["measure_usefulness"]

Array = NDArray[np.float64]

PRIOR_ERRORS: Final = 2.0  # expected and seen before the first decision: a few corrections are no system
ERROR_BOUNDS: Final = (0.4, 2.5)
THIN_POWER: Final = 0.25  # usefulness goes with n_labels ** -THIN_POWER, against the median topic
THIN_LABELS: Final = 5.0  # added to the labels of every topic
THIN_BOUNDS: Final = (0.7, 1.5)


def measure_usefulness(candidates: Candidates, record: Record | None = None) -> Array:
    """One number a segment, (n,), 0 or more; without a record it is the doubt.

    >>> one = Candidates(np.array([0, 1]), np.array([0.5, 0.5]), np.arange(2), np.zeros(2, bool))
    >>> seen = Record(np.array([50.0, 50.0]), np.array([4.0, 0.0]), np.array([2.0, 2.0]))
    >>> measure_usefulness(one, seen).tolist()
    [0.75, 0.25]
    """
    if record is None or not len(record.n_labels):
        return candidates.doubt.copy()
    errors = np.clip((record.n_wrong + PRIOR_ERRORS) / (record.expected_wrong + PRIOR_ERRORS), *ERROR_BOUNDS)
    n_labels = record.n_labels + THIN_LABELS
    thin = np.clip((np.median(n_labels) / n_labels) ** THIN_POWER, *THIN_BOUNDS)
    factors = np.append(errors * thin, 1.0)  # the last is that of no topic
    result: Array = candidates.doubt * factors[np.where(candidates.best >= 0, candidates.best, len(factors) - 1)]
    return result
