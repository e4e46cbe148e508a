"""What is told of each paragraph beside its words: a row of numbers that the network reads.

In: the :class:`Analysis` of a stretch of paragraphs, the vocabulary, the word vectors. Out: an array (n_paragraphs,
len(FEATURES) + the vectors' dimensions). Cohesion reaches 14 paragraphs of reading matter to either side, names and
novelty 30 back and 10 ahead; the local rarity of terms and the last three columns are of the stretch, which
``model`` keeps to ``WINDOW`` paragraphs, so that a dump of any length is cut as its parts are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.segmentation.analysis import MEASURES, Analysis
from topics.segmentation.kernels import (
    BAND,
    COHESION,
    MEANING,
    NAMES,
    cohesion,
    count_blocks,
    gram_band,
    meaning,
    names_and_novelty,
)
from topics.segmentation.vocabulary import N_TERMS, Vocabulary

__all__ = ["FEATURES", "WINDOW", "Array", "compute_features"]

Array = NDArray[np.float32]

WINDOW: Final = 640  # the most paragraphs that any feature sees at once
BLOCK_WORDS: Final = 120  # a block of the local document frequency
MATTER_WORDS: Final = 8  # reading matter has so many words, or half as many and a full stop

_MEASURE: Final = {name: column for column, name in enumerate(MEASURES)}

FEATURES: Final[tuple[str, ...]] = (
    *MEASURES,
    *COHESION,
    *(f"local_{name}" for name in COHESION),
    *NAMES,
    *MEANING,
    "median_words",
    "short_share",
    "blank_share",
)


def compute_features(analysis: Analysis, vocabulary: Vocabulary, vectors: Array) -> Array:
    """Rows of ``FEATURES`` and of meaning for a stretch; ``vectors`` (n_words, n_dimensions) are weighted by rarity."""
    n = len(analysis)
    out = np.zeros((n, len(FEATURES) + vectors.shape[1]), np.float32)
    if n == 0:
        return out
    measures = analysis.measures
    starts, values, counts = analysis.terms.starts, analysis.terms.values, analysis.counts
    row_of = np.repeat(np.arange(n), np.diff(starts))
    n_terms = np.bincount(row_of, weights=counts, minlength=n).astype(np.float32)
    weights = (np.float32(1.0) + np.log(counts)) * vocabulary.weight_of_term[values]
    local = weights * np.maximum(_local_rarity(starts, values, n_terms), np.float32(0.05))
    words = measures[:, _MEASURE["words"]]
    closed = measures[:, _MEASURE["ends_in_stop"]] > 0
    matter = (words >= MATTER_WORDS) | (closed & (words * 2 >= MATTER_WORDS))
    kept = np.flatnonzero(matter)
    place = np.concatenate(([0], np.cumsum(matter)))[:n]

    at = len(MEASURES)
    out[:, :at] = measures
    for kind in (weights, local):
        band = np.zeros((len(kept), BAND), np.float32)
        gram_band(starts, values, kind, kept, band)
        cohesion(band, n_terms, kept, place, out[:, at : at + len(COHESION)])
        at += len(COHESION)
    names_and_novelty(
        analysis.names.starts, analysis.names.values, analysis.full_names.starts, analysis.full_names.values,
        analysis.surnames.starts, analysis.surnames.values, starts, values, weights, out[:, at : at + len(NAMES)],
    )  # fmt: skip
    at += len(NAMES)
    sums = np.zeros((n, vectors.shape[1]), np.float32)
    meaning(analysis.words.starts, analysis.words.values, vectors, sums, out[:, at : at + len(MEANING)])
    at += len(MEANING)
    short = (words < 16) & ~closed
    out[:, at] = np.median(words)
    out[:, at + 1] = short.mean()
    out[:, at + 2] = measures[:, _MEASURE["blank_line"]].mean()
    out[:, at + 3 :] = sums / (np.sqrt((sums * sums).sum(axis=1, keepdims=True)) + np.float32(1.0))
    return out


def _local_rarity(starts: NDArray[np.int64], values: NDArray[np.int32], n_terms: Array) -> Array:
    """Per term occurrence, log of (blocks + 1) over the number of blocks of this stretch that hold the term."""
    blocks_with = np.zeros(N_TERMS, np.int64)
    n_blocks = count_blocks(starts, values, n_terms, BLOCK_WORDS, blocks_with)
    rarity = np.log((n_blocks + 1.0) / np.arange(1, n_blocks + 1)).astype(np.float32)
    result: Array = rarity[blocks_with[values] - 1]
    return result
