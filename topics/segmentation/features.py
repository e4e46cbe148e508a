"""What is told of each paragraph beside its words: a row of numbers that the network reads.

In: the :class:`Analysis` of a stretch of paragraphs, the vocabulary, the word vectors. Out: an array (n_paragraphs,
len(FEATURES) + the vectors' dimensions). Cohesion reaches 14 paragraphs of reading matter to either side, names and
novelty 30 back and 10 ahead; the local rarity of terms and the last three columns are of the stretch, which
``model`` keeps to ``WINDOW`` paragraphs, so that a dump of any length is cut as its parts are.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.segmentation.analysis import MAX_TOKENS, MEASURES, Analysis
from topics.segmentation.kernels import BAND, COHESION, cohesion, gram_band, link_terms, weigh_terms
from topics.segmentation.meaning import MEANING, Meanings, meaning
from topics.segmentation.recurrence import NAMES, names_and_novelty
from topics.segmentation.vocabulary import Vocabulary

__all__ = ["FEATURES", "WINDOW", "Array", "compute_features"]

Array = NDArray[np.float32]

WINDOW: Final = 640  # the most paragraphs that any feature sees at once
BLOCK_WORDS: Final = 120  # a block of the local document frequency
MATTER_WORDS: Final = 8  # reading matter has so many words, or half as many and a full stop

SHORT_WORDS: Final = 16  # a paragraph of fewer words without a full stop is short

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


_WORDS: Final = MEASURES.index("words")
_MOST_WORDS: Final = 80  # that are told
_CLOSED: Final = MEASURES.index("ends_in_stop")
_BLANK: Final = MEASURES.index("blank_line")
_COHESION: Final = len(MEASURES)
_NAMES: Final = _COHESION + 2 * len(COHESION)
_MEANING: Final = _NAMES + len(NAMES)
_SHARES: Final = _MEANING + len(MEANING)
_WEIGHT_OF_COUNT: Final = np.float32(1.0) + np.log(np.arange(MAX_TOKENS + 1, dtype=np.float32).clip(1.0))


def compute_features(analysis: Analysis, vocabulary: Vocabulary, meanings: Meanings) -> Array:
    """Rows of ``FEATURES`` and of meaning for a stretch; ``meanings`` are weighted by rarity."""
    a = analysis
    out = np.empty((len(a), len(FEATURES) + meanings.n_dimensions), np.float32)
    _fill(
        a.measures, a.terms.starts, a.terms.values, a.counts, _WEIGHT_OF_COUNT, vocabulary.weight_of_term,
        a.names.starts, a.names.values, a.full_names.starts, a.full_names.values, a.surnames.starts, a.surnames.values,
        a.words.starts, a.words.values, meanings.steps, meanings.scale, out,
    )  # fmt: skip
    return out


@kernel
def _fill(
    measures, starts, values, counts, weight_of_count, weight_of_term, name_at, name, full_at, full, sur_at, sur,
    word_at, words, steps, scale, out,
):  # fmt: skip
    """One kernel that calls all others: a call of its own for each would cost as much as what most of them do."""
    n = len(measures)
    n_terms = np.empty(n, np.float32)
    mentions = np.empty((3, len(values)), np.int32)
    before, row_of, blocks = mentions[0], mentions[1], mentions[2]
    n_blocks = link_terms(starts, values, counts, BLOCK_WORDS, before, row_of, n_terms, blocks)
    weights = np.empty((2, len(values)), np.float32)
    weigh_terms(values, counts, blocks, n_blocks, weight_of_count, weight_of_term, weights)
    kept, place = _find_matter(measures)
    bands = np.empty((2, BAND, len(kept)), np.float32)
    gram_band(starts, before, row_of, weights, kept, bands)
    for kind in range(2):
        at = _COHESION + kind * len(COHESION)
        cohesion(bands[kind], n_terms, kept, place, out[:, at : at + len(COHESION)])
    names_and_novelty(
        name_at, name, full_at, full, sur_at, sur, starts, before, row_of, weights[0], out[:, _NAMES:_MEANING]
    )
    meaning(word_at, words, steps, scale, out[:, _MEANING:_SHARES], out[:, _SHARES + 3 :])
    _tell_shares(measures, out[:, _SHARES : _SHARES + 3])
    for i in range(n):
        for f in range(len(MEASURES)):
            out[i, f] = measures[i, f]


@kernel
def _find_matter(measures):
    """Which paragraphs are reading matter, and how many of these stand before each paragraph."""
    n = len(measures)
    kept, place = np.empty(n, np.int64), np.empty(n, np.int64)
    n_kept = 0
    for i in range(n):
        words = measures[i, _WORDS]
        place[i] = n_kept
        if words >= MATTER_WORDS or (measures[i, _CLOSED] > 0 and words * 2 >= MATTER_WORDS):
            kept[n_kept] = i
            n_kept += 1
    return kept[:n_kept], place


@kernel
def _tell_shares(measures, out):
    """What is told of the stretch as a whole: the median of words, the share of short paragraphs, and of those that
    follow a blank line."""
    n = len(measures)
    with_words = np.zeros(_MOST_WORDS + 1, np.int64)
    n_short = 0
    n_blank = 0
    for i in range(n):
        words = measures[i, _WORDS]
        with_words[int(words)] += 1
        n_short += words < SHORT_WORDS and not measures[i, _CLOSED] > 0
        n_blank += measures[i, _BLANK] > 0
    below = 0
    lower = upper = -1  # the two in the middle
    for words in range(_MOST_WORDS + 1):
        below += with_words[words]
        if lower < 0 and below > (n - 1) // 2:
            lower = words
        if upper < 0 and below > n // 2:
            upper = words
    for i in range(n):
        out[i, 0] = (lower + upper) / 2
        out[i, 1] = n_short / n
        out[i, 2] = n_blank / n
