"""Seven linear models that read one paragraph alone: is it a first, second, third, last, last but one
paragraph, a title, or furniture? Their scores, at a candidate and around it, are the cue words of the boundary
model: for news they say more than topic words do (Beeferman, Berger and Lafferty 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import Ragged

__all__ = ["HEADS", "Heads", "score_heads"]

HEADS: Final = ("first", "second", "third", "last", "last_but_one", "title", "furniture")


@dataclass(frozen=True, slots=True)
class Heads:
    """Weights of the heads: ``weights`` (N_NGRAMS, len(HEADS)), ``bias`` (len(HEADS),)."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


def score_heads(ngrams: Ragged, heads: Heads) -> NDArray[np.float64]:
    """Log-odds of each head for each paragraph, (n_paragraphs, len(HEADS)): summed weights over the root of
    their number."""
    out = np.zeros((len(ngrams.starts) - 1, len(HEADS)))
    _score(ngrams.starts, ngrams.values, heads.weights, heads.bias, out)
    return out


@kernel
def _score(
    starts: NDArray[np.int64],
    values: NDArray[np.int32],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
    out: NDArray[np.float64],
) -> None:
    n_heads = out.shape[1]
    for row in range(out.shape[0]):
        first, last = starts[row], starts[row + 1]
        for j in range(first, last):
            v = values[j]
            for head in range(n_heads):
                out[row, head] += weights[v, head]
        scale = 1.0 / np.sqrt(max(1.0, last - first))
        for head in range(n_heads):
            out[row, head] = out[row, head] * scale + bias[head]
