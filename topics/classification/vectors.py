"""Word vectors from unlabelled text, for training alone: they carry what a label says of one word over to words
like it.

Positive pointwise mutual information of words within ten places of each other, contexts smoothed by the power
.75 (Levy, Goldberg and Dagan 2015), factored to a few hundred dimensions. At prediction nothing of it is left:
fitted weights of the dimensions fold back into the weights of terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.errors import DumpError

__all__ = ["WordVectors", "join_vectors", "learn_vectors", "term_vectors"]

WINDOW: Final = 10
CONTEXT_POWER: Final = 0.75
MIN_COUNT: Final = 8  # of a word
MIN_PAIRS: Final = 2  # of two words together
DIMENSIONS: Final = 160
MOST_WORDS: Final = 25_000


@dataclass(frozen=True, slots=True)
class WordVectors:
    """``words`` maps a word to its row; ``idf`` (n_words,) is over the texts read.

    ``steps`` (n_words, n_dimensions) are whole numbers from -127 to 127, times ``scale`` (n_dimensions,): finer
    values change no figure, and a quarter of the size lets the vectors travel with a model, so that it can be
    trained again without the corpora.
    """

    words: Mapping[str, int]
    steps: NDArray[np.int8]
    scale: NDArray[np.float32]
    idf: NDArray[np.float32]

    def first(self, n_dimensions: int) -> WordVectors:
        """The same words with only so many dimensions; words without any of them are left out."""
        kept = np.flatnonzero(self.steps[:, :n_dimensions].any(axis=1))
        words = list(self.words)
        return WordVectors(
            {words[i]: place for place, i in enumerate(kept.tolist())},
            self.steps[kept, :n_dimensions],
            self.scale[:n_dimensions],
            self.idf[kept],
        )

    @property
    def rows(self) -> NDArray[np.float32]:
        """The vectors, (n_words, n_dimensions)."""
        result: NDArray[np.float32] = self.steps.astype(np.float32) * self.scale
        return result

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Named arrays for the bundle; the words as UTF-8, one a line."""
        words = np.frombuffer("\n".join(self.words).encode("utf-8"), dtype=np.uint8)
        return {"words": words, "steps": self.steps, "scale": self.scale, "idf": self.idf}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> WordVectors:
        """The inverse of :meth:`to_arrays`."""
        words = arrays["words"].tobytes().decode("utf-8").split("\n")
        return cls({word: i for i, word in enumerate(words)}, arrays["steps"], arrays["scale"], arrays["idf"])


def learn_vectors(
    texts: Sequence[Sequence[str]],
    *,
    n_words: int = MOST_WORDS,
    n_dimensions: int = DIMENSIONS,
    min_count: int = MIN_COUNT,
) -> WordVectors:
    """Vectors of the commonest words of ``texts``, each a sequence of folded words in order. Deterministic.

    Where no word stands ``min_count`` times, that is a :class:`~topics.errors.DumpError`.
    """
    from scipy.sparse import coo_matrix, csr_matrix
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    totals: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for text in texts:
        totals.update(text)
        pieces.update(set(text))
    common = sorted((w for w, n in totals.items() if n >= min_count), key=lambda w: (-totals[w], w))[:n_words]
    if not common:
        raise DumpError(f"text to learn words from: none stands in it {min_count} times. Give more of it, or none.")
    index = {word: i for i, word in enumerate(common)}
    n = len(common)
    gap = np.full(WINDOW, -1, np.int32)  # between texts, so that no pair reaches across
    parts: list[NDArray[np.int32]] = []
    for text in texts:
        parts += [np.array([index[w] for w in text if w in index], np.int32), gap]
    stream = np.concatenate(parts) if parts else np.zeros(0, np.int32)
    together = csr_matrix((n, n), dtype=np.float32)
    for distance in range(1, WINDOW + 1):
        a, b = stream[:-distance], stream[distance:]
        both = (a >= 0) & (b >= 0)
        ones = np.ones(int(both.sum()), np.float32)
        together = together + coo_matrix((ones, (a[both], b[both])), shape=(n, n)).tocsr()
    pairs = (together + together.T).tocoo()
    total = pairs.data.sum()
    occurrences = np.bincount(pairs.row, pairs.data, n) + 1e-9
    contexts = occurrences**CONTEXT_POWER
    contexts /= contexts.sum()
    information = np.log(pairs.data / total / (occurrences[pairs.row] / occurrences.sum() * contexts[pairs.col]))
    kept = (information > 0) & (pairs.data >= MIN_PAIRS)
    matrix = csr_matrix((information[kept].astype(np.float32), (pairs.row[kept], pairs.col[kept])), shape=(n, n))
    with threadpool_limits(limits=1):  # how a sum is cut among threads shows in its last bits
        u, s, _ = randomized_svd(matrix, min(n_dimensions, max(1, n - 1)), random_state=0, n_iter=2)
    rows = u * np.sqrt(s)
    rows -= rows.mean(axis=0)
    idf = np.log((1.0 + len(texts)) / (1.0 + np.array([pieces[w] for w in common], dtype=np.float64))) + 1.0
    return _in_steps(index, rows, idf)


def join_vectors(general: WordVectors, own: WordVectors) -> WordVectors:
    """Both side by side, each at mean square length one: a word that only one knows has zeros for the other. How rare
    a word is, ``general`` tells where it can."""
    words = sorted({*general.words, *own.words})
    n_general = general.steps.shape[1]
    rows = np.zeros((len(words), n_general + own.steps.shape[1]))
    idf = np.zeros(len(words))
    for part, columns in ((own, slice(n_general, None)), (general, slice(0, n_general))):
        known = [i for i, word in enumerate(words) if word in part.words]
        places = [part.words[words[i]] for i in known]
        given = part.rows[places].astype(np.float64)
        rows[known, columns] = given / (np.sqrt((given**2).sum(axis=1).mean()) + 1e-12)
        idf[known] = part.idf[places]
    return _in_steps({word: i for i, word in enumerate(words)}, rows, idf)


def _in_steps(words: Mapping[str, int], rows: Any, idf: Any) -> WordVectors:
    scale = (np.abs(rows).max(axis=0, initial=0.0) / 127.0 + 1e-12).astype(np.float32)
    return WordVectors(words, np.round(rows / scale).astype(np.int8), scale, idf.astype(np.float32))


def term_vectors(terms: Sequence[str], vectors: WordVectors) -> Any:
    """Rows for terms (n_terms, n_dimensions): a pair of words has the mean of its words, an unknown term zeros."""
    from scipy.sparse import csr_matrix

    row: list[int] = []
    column: list[int] = []
    share: list[float] = []
    for i, term in enumerate(terms):
        known = [vectors.words[w] for w in term.split(" ") if w in vectors.words]
        row += [i] * len(known)
        column += known
        share += [1.0 / len(known)] * len(known) if known else []
    mean = csr_matrix((np.array(share, np.float32), (row, column)), shape=(len(terms), len(vectors.words)))
    return np.asarray(mean @ vectors.rows)
