"""The best set of starts for a whole dump at once.

In: the probability of a start at each paragraph, which paragraphs are body, and what people decided. Out: the
starts. Maximises ``sum over starts of logit(p) - logit(threshold)`` under the rule that a segment holds at least
one body paragraph, so that of a headline, a byline and a first sentence that all look like starts exactly one is
taken. A decided start is taken and a decided non-start is not, whatever the rule says; the rest is the best set
around them, and only between two decided starts (or the ends of the dump) may a segment stand without body.
Two-state Viterbi, linear in the dump.

The sets that are allowed do not depend on the threshold, and a higher one costs each start more: so a higher
threshold never gives more starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode_starts"]


def decode_starts(
    probabilities: NDArray[np.float64],
    is_body: NDArray[np.bool_],
    threshold: float,
    decided: Mapping[int, bool] | None = None,
) -> NDArray[np.int64]:
    """Indices of the paragraphs that start a segment, the first paragraph always among them.

    ``decided`` says of some paragraphs whether they start one, and that holds; of the first it can say nothing new.

    >>> p, is_body = np.array([1.0, 0.2, 0.9, 0.8, 0.1]), np.array([True, True, False, True, True])
    >>> decode_starts(p, is_body, 0.5).tolist()
    [0, 2]
    >>> decode_starts(p, is_body, 0.5, {2: False, 4: True}).tolist()
    [0, 3, 4]
    """
    n = len(probabilities)
    if n == 0:
        return np.zeros(0, np.int64)
    clipped = np.clip(probabilities, 1e-9, 1 - 1e-9)
    gain = np.log(clipped / (1 - clipped)) - np.log(threshold / (1 - threshold))
    forced = np.zeros(n, np.bool_)
    for i, starts_here in (decided or {}).items():
        if not 0 <= i < n:
            raise ValueError(f"a decision about paragraph {i} of {n}")
        forced[i] = starts_here
        gain[i] = 0.0 if starts_here else -inf  # what is taken in any case decides nothing
    # state 0: the running segment has no body paragraph yet; state 1: it has
    began = np.zeros((n, 2), np.bool_)  # was paragraph i a start on the best way into (i, state)?
    came_from = np.zeros((n, 2), np.int8)
    best = (-inf, 0.0) if is_body[0] else (0.0, -inf)
    for i in range(1, n):
        start = best[1] + gain[i]
        if forced[i]:
            # without a body paragraph since the last start that had to be, state 1 is out of reach
            before = 1 if best[1] > -inf else 0
            state = int(is_body[i])
            began[i, state], came_from[i, state] = True, before
            best = (-inf, best[before]) if state else (best[before], -inf)
        elif is_body[i]:
            # going on: from either state into 1; ties go to fewer segments, so decoding is deterministic
            state, going_on = (1, best[1]) if best[1] >= best[0] else (0, best[0])
            came_from[i, 1] = state
            if start > going_on:
                began[i, 1], came_from[i, 1], going_on = True, 1, start
            best = (-inf, going_on)
        else:
            waiting = best[0]
            if start > waiting:
                began[i, 0], came_from[i, 0], waiting = True, 1, start
            came_from[i, 1] = 1
            best = (waiting, best[1])
    # a dump may end in a segment without body only where nothing else is possible
    state = 1 if best[1] > -inf else 0
    starts: list[int] = []
    for i in range(n - 1, 0, -1):
        if began[i, state]:
            starts.append(i)
        state = int(came_from[i, state])
    return np.array([0, *reversed(starts)], np.int64)
