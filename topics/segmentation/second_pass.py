"""The second look: each candidate in the light of its rivals.

In: the first trees' probabilities and the analysis. Out: columns that say how a candidate compares with those
around it, and how alike the two segments are that it would part: from the last likely start to here, and from
here to the next one.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import N_TERMS, Analysis
from topics.segmentation.features import shifted
from topics.segmentation.kernels import cosine, likelihood_ratio

__all__ = ["SECOND_FEATURES", "compute_second_features"]

Array = NDArray[np.float64]

REACH: Final = 60  # a candidate segment is compared over at most so many paragraphs
_OFFSETS: Final = range(-6, 7)
_SUMS: Final = (3, 6, 12, 25)
_PEAKS: Final = (2, 4, 8)
_LIKELY: Final = (0.3, 0.6)
_SEGMENT: Final = (
    "paragraphs_before",
    "paragraphs_after",
    "words_before",
    "words_after",
    "odds_before",
    "odds_after",
)

SECOND_FEATURES: Final[tuple[str, ...]] = (
    *(f"odds@{offset:+d}" for offset in _OFFSETS),
    *(f"starts_{side}_{width}" for width in _SUMS for side in ("behind", "ahead")),
    *(f"odds:peak_{width}" for width in _PEAKS),
    "odds:rank",
    "starts_mean",
    "starts_share",
    *(f"{name}_{level}" for level in _LIKELY for name in (*_SEGMENT, "segments_cosine", "segments_likelihood_ratio")),
)  # fmt: skip


def compute_second_features(probabilities: Array, analysis: Analysis, weight_of_term: Array) -> Array:
    """Rows of ``SECOND_FEATURES`` for a window whose first-pass ``probabilities`` (n,) are known."""
    n = len(probabilities)
    if n == 0:
        return np.zeros((0, len(SECOND_FEATURES)))
    odds = np.log((probabilities + 1e-4) / (1.0 - probabilities + 1e-4))
    at = np.arange(n)
    columns = [shifted(odds, offset, -6.0) for offset in _OFFSETS]
    for width in _SUMS:
        columns.append(np.sum([shifted(probabilities, -k) for k in range(1, width + 1)], axis=0))
        columns.append(np.sum([shifted(probabilities, k) for k in range(1, width + 1)], axis=0))
    for width in _PEAKS:
        around = [k for k in range(-width, width + 1) if k]
        columns.append(odds - np.maximum.reduce([shifted(odds, k, -9.0) for k in around]))
    columns.append(odds.argsort(kind="stable").argsort(kind="stable") / max(1, n - 1))
    columns.append(np.full(n, probabilities.mean()))
    columns.append(np.full(n, (probabilities > 0.5).mean()))

    starts, values, counts = analysis.terms.starts, analysis.terms.values, analysis.counts
    weights = (1.0 + np.log(counts)) * weight_of_term[values]
    n_words = np.add.reduceat(np.append(counts, 0.0), starts[:-1]) * (np.diff(starts) > 0)
    words_to = np.concatenate(([0.0], np.cumsum(n_words)))
    n_vocabulary = float(len(np.unique(values)) + 1)
    for level in _LIKELY:
        likely = np.flatnonzero(probabilities > level)
        before, after = np.zeros(n, np.int64), np.full(n, n, np.int64)
        k = np.searchsorted(likely, at, "left")
        before[k > 0] = likely[k[k > 0] - 1]
        k = np.searchsorted(likely, at, "right")
        after[k < len(likely)] = likely[k[k < len(likely)]]
        columns += [(at - before).astype(np.float64), (after - at).astype(np.float64)]
        columns += [np.log1p(words_to[at] - words_to[before]), np.log1p(words_to[after] - words_to[at])]
        columns += [odds[before], np.where(after < n, odds[np.minimum(after, n - 1)], 5.0)]
        alike = np.zeros((n, 2))
        _compare(before, after, starts, values, weights, counts, n_vocabulary, alike)
        columns.extend(alike.T)
    return np.stack(columns, axis=1).astype(np.float64)


@kernel
def _compare(before, after, starts, values, weights, counts, n_vocabulary, out):
    left = np.zeros(N_TERMS, np.float64)
    right = np.zeros(N_TERMS, np.float64)
    in_left = np.empty(values.shape[0] + 1, np.int64)
    in_right = np.empty(values.shape[0] + 1, np.int64)
    n = out.shape[0]
    rows = np.arange(n)
    for i in range(1, n):
        a = max(before[i], i - REACH)
        b = min(after[i], i + REACH)
        out[i, 0] = cosine(left, right, starts, values, weights, rows, a, i, i, b, in_left, in_right)
        out[i, 1] = likelihood_ratio(
            left, right, starts, values, counts, rows, a, i, i, b, in_left, in_right, n_vocabulary
        )
