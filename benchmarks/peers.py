"""Three published segmenters to compare with: TextTiling, C99 and Utiyama-Isahara.

Each takes the paragraphs of a dump and gives the indices of those that start a segment, the first left out.
None is trained. TextTiling is nltk's (Hearst 1997); C99 (Choi 2000, "Advances in domain independent linear
text segmentation") and Utiyama and Isahara (2001, "A statistical model for domain-independent text
segmentation") are written here from the papers, with paragraphs for units. All leave out the same stop
words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from topics.classification.word_lists import STOP_WORDS

__all__ = ["segment_c99", "segment_texttiling", "segment_utiyama_isahara"]

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SUFFIXES = ("'s", "’s", "ingly", "edly", "ing", "ed", "ies", "es", "ly", "s")

RANK_REACH = 5  # C99 ranks a similarity among its 11 x 11 neighbours
C99_DEVIATIONS = 1.2  # Choi's c: how far above the mean a gain in density must lie
_SMOOTHING = np.array([1, 2, 4, 8, 4, 2, 1]) / 22


def stem_words(text: str) -> list[str]:
    """The words of a text, lower case, without stop words and the commonest endings."""
    return [_strip_suffix(word) for word in map(str.lower, _WORD.findall(text)) if word not in STOP_WORDS]


def _strip_suffix(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def segment_texttiling(paragraph_texts: list[str]) -> list[int]:
    """nltk's TextTiling with its defaults; its cuts fall on the blank lines that are put between paragraphs.

    Text too short for its windows is left whole. Block comparison is done with arrays here: the same scores
    as nltk's, minutes faster on a long dump.
    """
    from nltk.tokenize.texttiling import TextTilingTokenizer

    tiling: Any = TextTilingTokenizer(stopwords=sorted(STOP_WORDS))  # type: ignore[no-untyped-call]
    tiling._block_comparison = lambda sequences, table: _compare_blocks(
        len(sequences), [word.ts_occurences for word in table.values()], tiling.k
    )
    paragraphs = [" ".join(text.split()) for text in paragraph_texts]
    try:
        tiles = tiling.tokenize("\n\n".join(paragraphs))
    except (ValueError, IndexError, ZeroDivisionError):
        return []  # fewer paragraphs or words than one window holds
    ends = np.cumsum([len(tile) for tile in tiles])[:-1]
    breaks = np.cumsum([len(text) + 2 for text in paragraphs]) - 2  # where the blank line behind each begins
    return sorted({int(np.argmin(np.abs(breaks - end))) + 1 for end in ends} - {len(paragraphs)})


def _compare_blocks(n_sequences: int, occurrences: list[list[list[int]]], reach: int) -> list[float]:
    """Cosine of the up to ``reach`` pseudo-sentences on either side of each gap."""
    counts = np.zeros((n_sequences + 1, len(occurrences)))
    for word, places in enumerate(occurrences):
        for sequence, n in places:
            counts[sequence + 1, word] = n
    before = counts.cumsum(axis=0)  # (n_sequences + 1, n_words): counts of the sequences before
    n_gaps = n_sequences - 1
    scores = []
    for gap in range(n_gaps):
        if gap < reach - 1:
            width = gap + 1
        elif gap > n_gaps - reach:
            width = n_gaps - gap
        else:
            width = reach
        left = before[gap + 1] - before[gap - width + 1]
        right = before[min(gap + width + 1, n_sequences)] - before[gap + 1]
        norm = np.sqrt((left @ left) * (right @ right))
        scores.append(float(left @ right / norm) if norm else 0.0)
    return scores


def segment_c99(paragraph_texts: list[str]) -> list[int]:
    """C99: similarities ranked among neighbours, then the cuts that make segments densest inside."""
    n = len(paragraph_texts)
    if n < 3:
        return []
    ranks = _rank_locally(_find_similarities(paragraph_texts))
    total = np.zeros((n + 1, n + 1))
    total[1:, 1:] = ranks.cumsum(axis=0).cumsum(axis=1)  # total[i, j]: sum of ranks[:i, :j]
    cuts, densities = _cut_greedily(total)
    gains = np.diff(densities)
    smooth = np.convolve(np.pad(gains, 3, mode="edge"), _SMOOTHING, mode="valid")
    above = np.flatnonzero(smooth > smooth.mean() + C99_DEVIATIONS * smooth.std())
    return sorted(cuts[: int(above[-1]) + 1]) if len(above) else []


def _find_similarities(texts: list[str]) -> NDArray[np.float64]:
    """Cosine of word counts of every two paragraphs, (n, n)."""
    counts = [Counter(stem_words(text)) for text in texts]
    columns = {word: i for i, word in enumerate(sorted({word for words in counts for word in words}))}
    matrix = np.zeros((len(texts), max(1, len(columns))))
    for row, words in enumerate(counts):
        for word, n in words.items():
            matrix[row, columns[word]] = n
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(norms, norms, 1)
    return matrix @ matrix.T


def _rank_locally(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the neighbours in an 11 x 11 square that are less similar."""
    n = len(similarities)
    padded = np.pad(similarities, RANK_REACH, constant_values=np.nan)
    lower, seen = np.zeros((n, n)), np.zeros((n, n))
    for i in range(2 * RANK_REACH + 1):
        for j in range(2 * RANK_REACH + 1):
            if (i, j) != (RANK_REACH, RANK_REACH):
                neighbour = padded[i : i + n, j : j + n]
                lower += neighbour < similarities
                seen += ~np.isnan(neighbour)
    return lower / seen


def _cut_greedily(total: NDArray[np.float64]) -> tuple[list[int], list[float]]:
    """Every cut in the order that divisive clustering makes it, and the density before and after each."""
    n = len(total) - 1
    places = np.arange(1, n)
    starts, ends = np.zeros(n - 1, dtype=np.int64), np.full(n - 1, n)  # the segment that each place lies in

    def square(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        within: NDArray[np.float64] = total[b, b] - total[a, b] - total[b, a] + total[a, a]
        return within

    inside, area = float(total[n, n]), float(n * n)
    cuts: list[int] = []
    densities = [inside / area]
    free = np.ones(n - 1, dtype=bool)
    while free.any():
        sums = inside - square(starts, ends) + square(starts, places) + square(places, ends)
        areas = area - (ends - starts) ** 2.0 + (places - starts) ** 2.0 + (ends - places) ** 2.0
        density = np.divide(sums, areas, out=np.full(n - 1, -np.inf), where=free)
        best = int(np.argmax(density))  # a tie goes to the earlier place
        inside, area = float(sums[best]), float(areas[best])
        cut = int(places[best])
        same = (starts == starts[best]) & (ends == ends[best])
        ends[same & (places < cut)] = cut
        starts[same & (places > cut)] = cut
        free[best] = False
        cuts.append(cut)
        densities.append(inside / area)
    return cuts, densities


def segment_utiyama_isahara(paragraph_texts: list[str]) -> list[int]:
    """The segmentation of least cost: words by their segment's own Laplace estimates, log n for each segment.

    A segment of m words in which word w stands f times costs m log(m + V) - sum f log(f + 1) + log n, where
    V is the number of different words and n the number of words in the dump. The optimum is found by
    dynamic programming.
    """
    words = [stem_words(text) for text in paragraph_texts]
    n_words = sum(map(len, words))
    n = len(words)
    if n < 2 or not n_words:
        return []
    lengths = np.concatenate([[0], np.cumsum([len(w) for w in words])])
    n_types = len({word for paragraph in words for word in paragraph})
    agreement = _sum_agreement(words)
    best = np.zeros(n + 1)
    back = np.zeros(n + 1, dtype=np.int64)
    for end in range(1, n + 1):
        m = lengths[end] - lengths[:end]
        costs = best[:end] + m * np.log(m + n_types) - agreement[:end, end - 1] + np.log(n_words)
        back[end] = np.argmin(costs)  # a tie goes to the earlier start
        best[end] = costs[back[end]]
    starts = []
    at = int(back[n])
    while at:
        starts.append(at)
        at = int(back[at])
    return starts[::-1]


def _sum_agreement(words: list[list[str]]) -> NDArray[np.float64]:
    """For paragraphs i to j (j included): the sum over words of f log(f + 1), as an (n, n) array.

    A word's r-th occurrence after the start adds r log(r + 1) - (r - 1) log r from its paragraph on. Which
    occurrence is the first depends on i alone, so each pair of occurrences of a word adds one step to one
    band of starts.
    """
    n = len(words)
    places = defaultdict(list)
    for paragraph, tokens in enumerate(words):
        for token in tokens:
            places[token].append(paragraph)
    longest = max(map(len, places.values()))
    f = np.arange(longest + 1)
    steps = np.diff(f * np.log(f + 1))  # steps[r - 1]: what the r-th occurrence adds
    added = np.zeros((n + 1, n))
    for occurrences in places.values():
        at = np.array(occurrences)
        previous = np.concatenate([[-1], at[:-1]])
        for first in range(len(at)):
            low, high = previous[first] + 1, at[first] + 1  # starts for which this occurrence is the first
            if low < high:
                np.add.at(added[low], at[first:], steps[: len(at) - first])
                np.subtract.at(added[high], at[first:], steps[: len(at) - first])
    by_start: NDArray[np.float64] = added[:n].cumsum(axis=0).cumsum(axis=1)
    return by_start
