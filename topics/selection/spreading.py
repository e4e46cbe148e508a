"""Similar segments teach the same: term rows in, an order that covers the doubt of the whole run out.

Transductive experimental design (Yu, Bi and Tresp 2006, "Active Learning via Transductive Experimental Design"): were
the topic a Gaussian process over the term space, a decision on segment i would lower the variance at segment j by
``C[i, j]**2 / (C[i, i] + NOISE)``, where C is the covariance that the decisions before it leave. Each step takes the
segment that lowers most, summed over a sample of the run and weighted by usefulness there and by its own. So it
is close to many doubtful segments, far from what is decided, and never the same thing twice; a batch is any
stretch of the order. The choice is greedy, without a random number; ties go to the earlier segment.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISE", "spread"]

Array = NDArray[np.float64]

NOISE: Final = 0.5  # variance of a decision, against 1 of a segment's own
OWN_POWER: Final = 2.0  # of a segment's own usefulness


def spread(leaders: Any, own: Array, targets: Any, weight: Array, n_steps: int, decided: Any = None) -> list[int]:
    """The first ``n_steps`` of the leaders (all, where there are fewer), most instructive first.

    ``leaders`` (n, n_terms), ``targets`` and ``decided`` are sparse rows of length one over the same terms, ``own``
    (n,) is the leaders' usefulness, ``weight`` that of the targets. Time and memory go with
    ``n * (n + n_targets)``, per step and in all.
    """
    n = leaders.shape[0]
    own = np.maximum(own, 1e-6) ** OWN_POWER  # one without doubt is still better than none
    among, across = _dot(leaders, leaders), _dot(targets, leaders)
    if decided is not None and decided.shape[0]:
        among, across = _condition(
            among, across, _dot(decided, leaders), _dot(targets, decided), _dot(decided, decided)
        )
    is_left = np.ones(n, np.bool_)
    order: list[int] = []
    for _ in range(min(n_steps, n)):
        lowered = weight @ (across * across)
        value = np.where(is_left, own * lowered / (np.maximum(among.diagonal(), 0.0) + NOISE), -1.0)
        chosen = int(value.argmax())
        order.append(chosen)
        is_left[chosen] = False
        column = among[:, chosen] / (max(among[chosen, chosen], 0.0) + NOISE)
        across -= np.outer(across[:, chosen], column)
        among -= np.outer(among[:, chosen].copy(), column)
    return order


def _dot(first: Any, second: Any) -> Array:
    return np.asarray((first @ second.T).todense(), np.float64)


def _condition(among: Array, across: Array, to_leaders: Array, to_targets: Array, own: Array) -> tuple[Array, Array]:
    """The covariances that are left once ``decided`` is known."""
    known = np.linalg.solve(own + NOISE * np.eye(len(own)), to_leaders)
    return among - to_leaders.T @ known, across - to_targets @ known
