"""What to label next: the columns of a run in, its segments in the order in which labels teach most, out.

Uncertainty mixed with variety: within each topic that the model guesses the least certain come first (smallest
lead of the best guess over the second), and the topics take turns, so that a few hundred labels never all fall on
one hard pair of topics (margin sampling, Scheffer et al. 2001, stratified by predicted class). Boilerplate stands last.

This is the seam for better queues: the page calls :func:`order_queue` once a run and :func:`explain_place` for the
piece it shows, and knows nothing else of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from topics.review.columns import BOILERPLATE, NO_TOPIC, Rows

__all__ = ["explain_place", "order_queue"]


def order_queue(rows: Rows) -> NDArray[np.int64]:
    """All segments, most instructive first: numbers into ``rows`` (entries of :data:`topics.review.columns.ROW`).

    Every segment is there once; the same rows give the same order, ties by their place in the run.
    """
    n = len(rows)
    certainty = np.lexsort((np.arange(n), rows["margin"]))
    groups = np.where(rows["topic"] == BOILERPLATE, np.int64(-3), rows["best"].astype(np.int64))
    turn = np.empty(n, np.int64)  # how many of the same topic come before
    by_group = certainty[np.argsort(groups[certainty], kind="stable")]
    sorted_groups = groups[by_group]
    first = np.searchsorted(sorted_groups, sorted_groups, side="left")
    turn[by_group] = np.arange(n) - first
    is_last = rows["topic"] == BOILERPLATE
    return np.lexsort((np.arange(n), rows["margin"], turn, is_last)).astype(np.int64)


def explain_place(row: NDArray[np.void], first: str | None, second: str | None) -> str:
    """Why a segment stands where it does in the queue, in words; ``first`` and ``second`` are its best guesses."""
    if row["topic"] == BOILERPLATE:
        return "taken for boilerplate, asked last"
    if row["topic"] == NO_TOPIC:
        return f"nothing fits well; nearest {first}" if first else "nothing is known of it"
    if second is not None and row["margin"] < 0.2:
        return f"undecided between {first} and {second}"
    return f"the model is fairly sure of {first}" if row["margin"] < 0.6 else f"the model is sure of {first}"
