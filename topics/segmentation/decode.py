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
from math import inf, log

import numpy as np
from numpy.typing import NDArray

__all__ = ["Decoder", "decode_starts"]


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
    for i in decided or {}:
        if not 0 <= i < n:
            raise ValueError(f"a decision about paragraph {i} of {n}")
    decoder = Decoder(threshold)
    starts = decoder.push(probabilities, is_body, decided or {})
    return np.array([*starts, *decoder.finish()], np.int64)


class Decoder:
    """:func:`decode_starts` for paragraphs that come by and by: starts are given out as soon as they are sure.

    They are at each body paragraph, where a single way is left. What has to be remembered is a run without body.
    """

    def __init__(self, threshold: float) -> None:
        self._cost = log(threshold / (1.0 - threshold))
        self._n = 0  # paragraphs seen
        self._given = False  # was the first paragraph, which always starts a segment, given out?
        self._best = (0.0, 0.0)
        # of each paragraph since the last sure one, for state 0 (the running segment has no body paragraph yet) and
        # state 1 (it has): did the best way into the state start a segment here, and from which state did it come?
        self._began: list[tuple[bool, bool]] = []
        self._came_from: list[tuple[int, int]] = []

    def push(
        self, probabilities: NDArray[np.float64], is_body: NDArray[np.bool_], decided: Mapping[int, bool]
    ) -> list[int]:
        """The starts that are sure once these paragraphs are there; ``decided`` counts paragraphs from the first of
        all."""
        clipped = np.clip(probabilities, 1e-9, 1 - 1e-9)
        gains = np.log(clipped / (1 - clipped)) - self._cost
        # body after body that does not start a segment, which nearly all paragraphs are, changes nothing
        matters = ~is_body | (gains > 0.0)
        matters[1:] |= ~is_body[:-1]
        matters[:1] = True
        first = self._n
        matters[[i - first for i in decided if first <= i < first + len(gains)]] = True
        at = np.flatnonzero(matters)
        sure: list[int] = []
        for i, gain, body in zip((first + at).tolist(), gains[at].tolist(), is_body[at].tolist(), strict=True):
            self._n = i + 1
            if body and i and self._best[0] == -inf and not self._began and i not in decided:
                # one way leads here, and it starts or goes on
                if gain > 0.0:
                    sure += [*self._settle(1), i]
                continue
            if i == 0:
                self._best = (-inf, 0.0) if body else (0.0, -inf)
                continue
            began, came_from = [False, False], [0, 0]
            forced = decided.get(i)
            best = self._best
            if forced:
                # without a body paragraph since the last start that had to be, state 1 is out of reach
                before = 1 if best[1] > -inf else 0
                state = int(body)
                began[state], came_from[state] = True, before
                self._best = (-inf, best[before]) if state else (best[before], -inf)
            else:
                start = -inf if forced is False else best[1] + gain
                if body:
                    # going on: from either state into 1; ties go to fewer segments, so decoding is deterministic
                    came_from[1], going_on = (1, best[1]) if best[1] >= best[0] else (0, best[0])
                    if start > going_on:
                        began[1], came_from[1], going_on = True, 1, start
                    self._best = (-inf, going_on)
                else:
                    waiting = best[0]
                    if start > waiting:
                        began[0], came_from[0], waiting = True, 1, start
                    came_from[1] = 1
                    self._best = (waiting, best[1])
            self._began.append((began[0], began[1]))
            self._came_from.append((came_from[0], came_from[1]))
            if body or forced:
                sure += self._settle(int(body))
        self._n = first + len(gains)
        return sure

    def finish(self) -> list[int]:
        """The starts that are left, and the first paragraph if nothing else was there."""
        # a dump may end in a segment without body only where nothing else is possible
        return self._settle(1 if self._best[1] > -inf else 0) if self._n else []

    def _settle(self, state: int) -> list[int]:
        """The starts on the best way into a state of the last paragraph, which is then the only one there is."""
        first = self._n - len(self._began)
        starts = []
        for k in range(len(self._began) - 1, -1, -1):
            if self._began[k][state]:
                starts.append(first + k)
            state = self._came_from[k][state]
        if not self._given:
            starts.append(0)
            self._given = True
        self._began.clear()
        self._came_from.clear()
        return starts[::-1]
