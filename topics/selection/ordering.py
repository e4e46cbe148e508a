"""The queue: usefulness for all, variety for the most useful, near-duplicates together.

All segments are ranked by usefulness. The first MOST_LEADERS, one a group of near-duplicates, are then spread
over the term space for N_SPREAD steps, which is ten batches of 25; behind them the order is by usefulness alone. A
retraining asks for a new order long before. Of many segments most of the time is sorting,
and the terms of no more than MOST_LEADERS + MOST_TARGETS + MOST_DECIDED pieces are looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.selection.candidates import Candidates, Record
from topics.selection.spreading import spread
from topics.selection.usefulness import measure_usefulness

__all__ = ["MOST_DECIDED", "MOST_LEADERS", "MOST_TARGETS", "N_SPREAD", "RowsOf", "order_candidates"]

Places = NDArray[np.int64]

RowsOf = Callable[[Places], Any]
"""Places of segments to their term rows: sparse, (n_places, n_terms), of length one, always over the same terms."""

MOST_LEADERS: Final = 600
MOST_TARGETS: Final = 600  # a sample of the run, evenly spaced
MOST_DECIDED: Final = 500  # the last ones
N_SPREAD: Final = 250


def order_candidates(
    candidates: Candidates, record: Record | None = None, rows_of: RowsOf | None = None, decided: Any = None
) -> Places:
    """All places, most instructive first: a permutation, the same for the same input.

    Members of a group follow one another, the most useful first. ``decided`` are the term rows of segments that people
    have decided, in the order of the decisions. Without ``rows_of`` there is no variety but that of the groups.
    """
    n = len(candidates)
    if not n:
        return np.zeros(0, np.int64)
    useful = measure_usefulness(candidates, record)
    useful[candidates.is_last] -= useful.max() + 1.0  # behind everything, in the same manner among themselves
    by_use = np.argsort(-useful, kind="stable")
    _, number = np.unique(candidates.groups, return_inverse=True)
    firsts = _first_of_groups(number[by_use])
    heads = by_use[firsts]  # the most useful of each group, best first
    if rows_of is not None:
        heads = _spread_heads(heads, useful, rows_of, decided)
    rank = np.empty(len(heads), np.int64)
    rank[number[heads]] = np.arange(len(heads))
    if len(heads) == n:
        return heads.astype(np.int64)
    return by_use[np.argsort(rank[number[by_use]], kind="stable")].astype(np.int64)


def _first_of_groups(numbers: Places) -> Places:
    """Where each group comes first, ascending."""
    _, first = np.unique(numbers, return_index=True)
    return np.sort(first)


def _spread_heads(heads: Places, useful: NDArray[np.float64], rows_of: RowsOf, decided: Any) -> Places:
    asked = heads[useful[heads] >= 0.0]
    leaders = asked[:MOST_LEADERS]
    if len(leaders) < 2:
        return heads
    reading = np.sort(asked)
    sample = reading[np.unique(np.linspace(0, len(reading) - 1, min(len(reading), MOST_TARGETS)).astype(np.int64))]
    if decided is not None:
        decided = decided[-MOST_DECIDED:] if decided.shape[0] > MOST_DECIDED else decided
    rows = rows_of(np.concatenate((leaders, sample)))
    n = len(leaders)
    first = leaders[spread(rows[:n], useful[leaders], rows[n:], useful[sample], N_SPREAD, decided)]
    rest = heads[~np.isin(heads, first)]
    return np.concatenate((first, rest))
