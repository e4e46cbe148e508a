"""Counted terms in, groups of pieces out: which of them are about one thing.

Each piece is a row of TF-IDF over the pieces themselves, seen twice: through its singular vectors (latent semantic
analysis; Deerwester et al. 1990) and as the mean of its terms' word vectors, which know of more text than these
pieces hold. Rows are joined from the bottom up, the two groups nearest on average first (average linkage on cosine
distance), until none are nearer than :data:`FARTHEST`; who wants a certain number of groups gets them by k-means.
Pieces far from their group's middle are let go. Nothing is drawn by lot but where the factoring and k-means begin,
which is seeded; the order of the pieces is the caller's to fix.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms
from topics.classification.vectors import WordVectors, term_vectors

__all__ = ["count_matrix", "group_pieces", "place_pieces"]

Array = NDArray[np.float64]

TITLE_WEIGHT: Final = 3
# Chosen on unknown pieces of BBC 2004, AG News and AllSides, never on the news that benchmarks/discover.py reports.
DIMENSIONS: Final = 30  # of the singular vectors
COMMON: Final = 0.5  # a term in a larger share of the pieces tells none apart
MANY: Final = 400  # pieces from which on a term has to stand in three of them, not two
VECTOR_SHARE: Final = 1.0  # length of a piece's mean word vector, against 1 of its singular vectors
FARTHEST: Final = 0.75  # cosine distance of groups that are still joined
LEAST_LIKENESS: Final = 0.4  # cosine with the group's middle, of its pieces


def group_pieces(
    pieces: Sequence[Terms], vectors: WordVectors | None = None, *, min_group: int, n_groups: int | None = None
) -> list[tuple[list[int], float]]:
    """The groups of at least ``min_group`` pieces: their places, the most typical first, and their likeness (mean
    cosine with the group's middle). The largest group comes first. At most ``n_groups`` are made where it is given."""
    rows = place_pieces(pieces, vectors)
    known = np.flatnonzero(rows.any(axis=1))  # what holds no known term is like nothing
    if len(known) < 2:
        return []
    joined = _join(rows[known], n_groups)
    groups = []
    for number in range(int(joined.max()) + 1):
        places = known[joined == number]
        middle = rows[places].mean(axis=0)
        likeness = rows[places] @ (middle / (np.linalg.norm(middle) + 1e-12))
        places, likeness = places[likeness >= LEAST_LIKENESS], likeness[likeness >= LEAST_LIKENESS]
        if len(places) < min_group:
            continue
        order = np.lexsort((places, -np.round(likeness, 9)))
        groups.append((places[order].tolist(), float(likeness.mean())))
    return sorted(groups, key=lambda group: (-len(group[0]), min(group[0])))


def _join(rows: Array, n_groups: int | None) -> NDArray[np.int64]:
    """The number of its group for every row."""
    from sklearn.cluster import AgglomerativeClustering, KMeans
    from threadpoolctl import threadpool_limits

    groups: Any
    if n_groups is not None:
        n_different = len(np.unique(rows, axis=0))  # k-means complains of more groups than that
        groups = KMeans(min(n_groups, n_different), n_init=10, random_state=0)
    else:
        groups = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=FARTHEST
        )
    with threadpool_limits(limits=1):
        return np.asarray(groups.fit_predict(rows), dtype=np.int64)


def place_pieces(pieces: Sequence[Terms], vectors: WordVectors | None) -> Array:
    """Rows of length one (n_pieces, n_dimensions); a piece without a known term is a row of zeros."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    x, vocabulary = count_matrix(pieces)
    if not vocabulary:
        return np.zeros((len(pieces), 1))
    parts: list[Array] = []
    n_dimensions = min(DIMENSIONS, len(vocabulary) - 1, len(pieces) - 1)
    if n_dimensions >= 1:
        with threadpool_limits(limits=1):  # how a sum is cut among threads shows in its last bits
            parts.append(normalize(TruncatedSVD(n_dimensions, random_state=0, n_iter=7).fit_transform(x)))
    if vectors is not None:
        words = normalize(term_vectors(vocabulary, vectors).astype(np.float64))
        means = np.asarray(x @ words)
        parts.append(VECTOR_SHARE * normalize(means - means.mean(axis=0)))
    if not parts:
        return np.asarray(x.todense(), dtype=np.float64)
    result: Array = normalize(np.hstack(parts))
    return result


def count_matrix(pieces: Sequence[Terms]) -> tuple[Any, list[str]]:
    """(n_pieces, n_terms), rows of length one, and the terms, which two or more pieces have but not most of them."""
    from scipy.sparse import csr_matrix
    from sklearn.preprocessing import normalize

    counts = []
    for piece in pieces:
        count = Counter({term: TITLE_WEIGHT * n for term, n in piece.title.items()})
        count.update(piece.body)
        counts.append(count)
    n_pieces = Counter(term for count in counts for term in count)
    least = 2 if len(pieces) < MANY else 3
    most = max(least, COMMON * len(pieces))
    vocabulary = sorted(term for term, n in n_pieces.items() if least <= n <= most)
    if not vocabulary:
        return csr_matrix((len(pieces), 0)), []
    column = {term: k for k, term in enumerate(vocabulary)}
    idf = np.log((1 + len(pieces)) / (1 + np.array([n_pieces[term] for term in vocabulary], dtype=np.float64))) + 1
    row: list[int] = []
    at: list[int] = []
    value: list[float] = []
    for place, count in enumerate(counts):
        for term in sorted(count.keys() & column.keys()):
            row.append(place)
            at.append(column[term])
            value.append((1.0 + np.log(count[term])) * idf[column[term]])
    return normalize(csr_matrix((value, (row, at)), shape=(len(pieces), len(vocabulary)))), vocabulary
