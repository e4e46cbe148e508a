"""One row of numbers for each paragraph: what the trees that place boundaries look at.

In: the :class:`Analysis` of a window of paragraphs, the heads' scores, the weights of terms. Out: an array
(n_paragraphs, len(FEATURES)) and, for people, the names of its columns. Nothing here looks further than the
window it is given, and ``segmenter`` gives windows of at most ``WINDOW`` paragraphs, so that a dump of any
length is cut as its parts are.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.analysis import MEASURES, N_TERMS, Analysis
from topics.segmentation.heads import HEADS
from topics.segmentation.kernels import COHESION, NAMES, cohesion, names_and_novelty, posterior

__all__ = ["FEATURES", "WINDOW", "Array", "compute_features", "shifted"]

Array = NDArray[np.float64]

WINDOW: Final = 600  # the most paragraphs that any feature sees at once
LONGEST_SEGMENT: Final = 40  # in paragraphs, for the posterior
BLOCK_WORDS: Final = 120  # a block of the local document frequency
DIGEST_REACH: Final = 60  # a round-up announced longer ago than that is over
MASKED_WORDS: Final = 25  # a likely furniture paragraph shorter than this leaves the windows

_MEASURE: Final = {name: column for column, name in enumerate(MEASURES)}
_NEIGHBOURS: Final = {  # how far around a paragraph each head's score is looked at
    "first": range(-4, 5),
    "second": range(0, 3),
    "third": range(1, 4),
    "last": range(-3, 2),
    "last_but_one": range(-2, 0),
    "title": range(-2, 3),
    "furniture": range(-3, 4),
}
_STANDARDISED: Final = ("cosine_4", "local_cosine_4", "cosine_8", "local_cosine_8", "cosine_100w",
                        "local_cosine_100w", "cosine_250w", "local_cosine_250w")  # fmt: skip
_SHIFTED_MEASURES: Final = (
    "words", "ends_in_stop", "ends_in_quote", "ends_in_colon", "ends_in_question", "opens_with_quote",
    "capitalised_share", "has_day", "opens_with_anaphor", "dateline", "furniture_cue", "date", "gap",
)  # fmt: skip

FEATURES: Final[tuple[str, ...]] = (
    *COHESION,
    "posterior",
    "posterior_soft",
    *NAMES,
    *(f"{name}:z" for name in _STANDARDISED),
    *(f"{name}:depth" for name in _STANDARDISED),
    *(f"{head}@{offset:+d}" for head in HEADS for offset in _NEIGHBOURS[head]),
    "first:z",
    "first:peak",
    "first:rank",
    "title:peak",
    "title:rank",
    "opening",
    *MEASURES,
    *(f"{name}@{offset:+d}" for name in _SHIFTED_MEASURES for offset in (-1, 1)),
    *(f"words@{offset:+d}" for offset in (-3, -2, 2, 3, 4)),
    "furniture_cues_ahead",
    "furniture_cues_behind",
    "since_digest_cue",
    "median_words",
    "short_share",
    "gap_share",
)


def compute_features(analysis: Analysis, heads: Array, weight_of_term: Array) -> Array:
    """Rows of ``FEATURES`` for a window: ``heads`` is (n, len(HEADS)), ``weight_of_term`` is (N_TERMS,)."""
    n = len(analysis)
    if n == 0:
        return np.zeros((0, len(FEATURES)))
    measures = analysis.measures
    columns: list[Array] = []
    starts, values = analysis.terms.starts, analysis.terms.values
    counts = analysis.counts
    n_words = np.bincount(_row_of(starts), weights=counts, minlength=n).astype(np.float64)
    weights = (1.0 + np.log(counts)) * weight_of_term[values]
    local = weights * np.maximum(_local_rarity(starts, values, n_words), 0.05)
    masked = (heads[:, HEADS.index("furniture")] > 0.0) & (measures[:, 0] < MASKED_WORDS)
    kept = np.flatnonzero(~masked).astype(np.int64)
    place = np.concatenate(([0], np.cumsum(~masked)))[:n].astype(np.int64)
    n_vocabulary = float(len(np.unique(values)) + 1)

    cohesive = np.zeros((n, len(COHESION)))
    cohesion(starts, values, weights, local, counts, n_words, kept, place, n_vocabulary, cohesive)
    columns.extend(cohesive.T)
    for scale, penalty in ((1.0, math.log(n_words.sum() + 2.0)), (0.25, math.log(15.0))):
        scores = np.full(len(kept) + 1, -20.0)
        if len(kept):
            posterior(starts, values, counts, kept, n_vocabulary, LONGEST_SEGMENT, scale, penalty, scores[:-1])
        columns.append(np.maximum(scores[place], -20.0))
    known = np.zeros((n, len(NAMES)))
    names_and_novelty(
        analysis.names.starts, analysis.names.values, analysis.full_names.starts, analysis.full_names.values,
        analysis.surnames.starts, analysis.surnames.values, starts, values, weights, known,
    )  # fmt: skip
    columns.extend(known.T)
    chosen = [cohesive[:, COHESION.index(name)] for name in _STANDARDISED]
    columns.extend(_standardised(column) for column in chosen)
    columns.extend(_depth(column) for column in chosen)
    for head, scores in zip(HEADS, heads.T, strict=True):
        columns.extend(shifted(scores, offset, -3.0) for offset in _NEIGHBOURS[head])
    first = heads[:, HEADS.index("first")]
    columns.append(_standardised(first))
    columns += [_peak(first), _rank(first)]
    title = heads[:, HEADS.index("title")]
    columns += [_peak(title), _rank(title)]
    second, last = heads[:, HEADS.index("second")], heads[:, HEADS.index("last")]
    columns.append(first + shifted(second, 1, -3.0) + shifted(last, -1, 0.0))
    columns.extend(measures.T)
    for name in _SHIFTED_MEASURES:
        columns.extend(shifted(measures[:, _MEASURE[name]], offset) for offset in (-1, 1))
    columns.extend(shifted(measures[:, 0], offset) for offset in (-3, -2, 2, 3, 4))
    cues = measures[:, _MEASURE["furniture_cue"]]
    columns.append(np.sum([shifted(cues, k) for k in range(1, 6)], axis=0))
    columns.append(np.sum([shifted(cues, -k) for k in range(1, 6)], axis=0))
    columns.append(_since(measures[:, _MEASURE["digest_cue"]] > 0, DIGEST_REACH))
    short = (measures[:, 0] < 16) & (measures[:, _MEASURE["ends_in_stop"]] == 0)
    gaps = measures[:, _MEASURE["gap"]]
    columns.append(np.full(n, np.median(measures[:, 0])))
    columns.append(np.full(n, short.mean()))
    columns.append(np.full(n, (gaps >= gaps.max()).mean()))
    return np.stack(columns, axis=1)


def shifted(column: Array, offset: int, fill: float = 0.0) -> Array:
    """The column as seen from ``offset`` rows earlier: row ``i`` holds row ``i + offset``, or ``fill`` outside."""
    n = len(column)
    moved = np.full(n, fill)
    if abs(offset) < n:
        if offset >= 0:
            moved[: n - offset] = column[offset:]
        else:
            moved[-offset:] = column[:offset]
    return moved


def _row_of(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def _local_rarity(starts: NDArray[np.int64], values: NDArray[np.int32], n_words: Array) -> Array:
    """Per term occurrence, log of (blocks + 1) over the number of blocks of this window that hold the term."""
    block_of_row = (np.cumsum(n_words) // BLOCK_WORDS).astype(np.int64)
    block = block_of_row[_row_of(starts)]
    if not len(block):
        return np.zeros(0)
    n_blocks = int(block.max()) + 1
    pairs = np.unique(values.astype(np.int64) * n_blocks + block)
    blocks_with = np.bincount(pairs // n_blocks, minlength=N_TERMS)
    rarity: Array = np.log((n_blocks + 1.0) / blocks_with[values])
    return rarity


def _standardised(column: Array) -> Array:
    result: Array = (column - column.mean()) / (column.std() + 1e-6)
    return result


def _peak(column: Array) -> Array:
    """How far a score stands above the three before and the three after it."""
    result: Array = column - np.maximum.reduce([shifted(column, k, -9.0) for k in (-3, -2, -1, 1, 2, 3)])
    return result


def _rank(column: Array) -> Array:
    """Place among all of the window, 0 to 1."""
    return column.argsort(kind="stable").argsort(kind="stable") / max(1, len(column) - 1)


def _since(flags: NDArray[np.bool_], reach: int) -> Array:
    """Paragraphs since the last flag before, at most ``reach``."""
    n = len(flags)
    last = np.maximum.accumulate(np.where(flags, np.arange(n), -reach))
    before = np.concatenate(([-reach], last[:-1]))
    return np.minimum(np.arange(n) - before, reach).astype(np.float64)


def _depth(column: Array, reach: int = 12) -> Array:
    """How deep a valley is: the smaller of the rises to the highest point within reach on either side."""
    left = np.zeros(len(column))
    right = np.zeros(len(column))
    for k in range(1, reach + 1):
        left = np.maximum(left, shifted(column, -k) - column)
        right = np.maximum(right, shifted(column, k) - column)
    return np.minimum(left, right)
