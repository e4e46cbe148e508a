"""The best set of starts for a whole dump at once.

In: the probability of a start at each paragraph and which paragraphs are body. Out: the starts. Maximises ``sum
over starts of logit(p) - logit(threshold)`` under the rule that a segment holds at least one body paragraph, so
that of a headline, a byline and a first sentence that all look like starts exactly one is taken. Two-state
Viterbi, linear in the dump.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["decode_starts"]

_NEVER: Final = -1e18


def decode_starts(
    probabilities: NDArray[np.float64], is_body: NDArray[np.bool_], threshold: float
) -> NDArray[np.int64]:
    """Indices of the paragraphs that start a segment, the first paragraph always among them.

    >>> decode_starts(np.array([1.0, 0.2, 0.9, 0.8, 0.1]), np.array([True, True, False, True, True]), 0.5).tolist()
    [0, 2]
    """
    n = len(probabilities)
    if n == 0:
        return np.zeros(0, np.int64)
    clipped = np.clip(probabilities, 1e-9, 1 - 1e-9)
    gain = np.log(clipped / (1 - clipped)) - np.log(threshold / (1 - threshold))
    # state 0: the running segment has no body paragraph yet; state 1: it has
    began = np.zeros((n, 2), np.bool_)  # was paragraph i a start on the best way into (i, state)?
    came_from = np.zeros((n, 2), np.int8)
    best = (_NEVER, 0.0) if is_body[0] else (0.0, _NEVER)
    for i in range(1, n):
        start = best[1] + gain[i]
        if is_body[i]:
            # going on: from either state into 1; ties go to fewer segments, so decoding is deterministic
            state, going_on = (1, best[1]) if best[1] >= best[0] else (0, best[0])
            came_from[i, 1] = state
            if start > going_on:
                began[i, 1], came_from[i, 1], going_on = True, 1, start
            best = (_NEVER, going_on)
        else:
            waiting = best[0]
            if start > waiting:
                began[i, 0], came_from[i, 0], waiting = True, 1, start
            came_from[i, 1] = 1
            best = (waiting, best[1])
    # a dump may end in a segment without body only where nothing else is possible
    state = 1 if best[1] > _NEVER / 2 else 0
    starts: list[int] = []
    for i in range(n - 1, 0, -1):
        if began[i, state]:
            starts.append(i)
        state = int(came_from[i, state])
    return np.array([0, *reversed(starts)], np.int64)
