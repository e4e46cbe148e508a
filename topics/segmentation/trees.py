"""A boosted ensemble of regression trees as flat arrays: what is fitted with scikit-learn and applied without it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["Trees", "score_trees"]


@dataclass(frozen=True, slots=True)
class Trees:
    """Nodes of all trees one after another. ``feature`` is -1 at a leaf, whose ``value`` is added to the score.

    ``roots`` (n_trees,), the others (n_nodes,). A row goes left where its feature is at most ``value``.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    value: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    bias: float

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Named arrays for the bundle."""
        return {
            "roots": self.roots,
            "feature": self.feature,
            "value": self.value,
            "left": self.left,
            "right": self.right,
            "bias": np.array(self.bias),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Trees:
        """The inverse of :meth:`to_arrays`."""
        return cls(
            arrays["roots"].astype(np.int32),
            arrays["feature"].astype(np.int16),
            arrays["value"].astype(np.float64),
            arrays["left"].astype(np.int32),
            arrays["right"].astype(np.int32),
            float(arrays["bias"].astype(np.float64)),
        )


def score_trees(rows: NDArray[np.float64], trees: Trees) -> NDArray[np.float64]:
    """Raw scores (log-odds), one a row."""
    out = np.full(len(rows), trees.bias)
    _score(np.ascontiguousarray(rows), trees.roots, trees.feature, trees.value, trees.left, trees.right, out)
    return out


@kernel
def _score(
    rows: NDArray[np.float64],
    roots: NDArray[np.int32],
    feature: NDArray[np.int16],
    value: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    out: NDArray[np.float64],
) -> None:
    for tree in range(roots.shape[0]):
        root = roots[tree]
        for i in range(rows.shape[0]):
            node = root
            while feature[node] >= 0:
                node = left[node] if rows[i, feature[node]] <= value[node] else right[node]
            out[i] += value[node]
