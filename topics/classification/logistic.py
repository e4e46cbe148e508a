"""Logistic regression with a pull to what was believed before: for the few numbers that say how far a model is sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fit_logistic"]

Array = NDArray[np.float64]


def fit_logistic(
    signs: Array,
    right: NDArray[np.bool_],
    prior: Array,
    pull: Array | float,
    *,
    weight: Array | float = 1.0,
    bounds: Sequence[tuple[float, float]] | None = None,
) -> Array:
    """Weights (n_signs,) of least log-loss of ``right`` (n_pieces,) given ``signs`` (n_pieces, n_signs), a constant
    among them where one is wanted.

    Each weight is pulled to its ``prior`` as by ``pull`` pieces, one number or one a sign; ``weight`` is what pieces
    count. The descent begins at the prior.
    """
    from scipy.optimize import minimize

    def loss(at: Array) -> tuple[float, Any]:
        margin = signs @ at
        fault = np.logaddexp(0.0, np.where(right, -margin, margin))
        away = at - prior
        slope = weight * (0.5 + 0.5 * np.tanh(0.5 * margin) - right)  # a logistic that cannot overflow
        return float((weight * fault).sum() + 0.5 * (pull * away**2).sum()), signs.T @ slope + pull * away

    found: Array = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found
