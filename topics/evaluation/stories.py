"""Which pieces tell of the same event: counted terms and dates in, a story number for each piece out.

Two reports on one event share few sentences and many words, so near-duplicates do not see them, and a model that has
learned from the one has seen most of the other. Pieces are compared by the cosine of their TF-IDF rows, within a window
of days; average linkage (Sokal and Michener 1958) joins them while two groups are alike on the mean, which keeps a
day's news from chaining into one story as the nearest pairs would; pairs that are plainly one event are joined whatever
the mean says. docs/evaluation.md says how the two thresholds were found.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DAYS", "SAME_EVENT", "SAME_STORY", "group_stories"]

SAME_STORY: Final = 0.20  # mean cosine of two groups of pieces that are joined
SAME_EVENT: Final = 0.40  # cosine of two pieces that are joined at once
DAYS: Final = 3  # between two pieces of one story; the next step of it has its own date
MOST_AT_ONCE: Final = 4_000  # pieces whose distances are held in memory together
_STEP: Final = 0.05
_ROWS: Final = 1_000  # compared with all others at a time


def group_stories(
    counts: Sequence[Mapping[str, int]],
    published: Sequence[str | None] = (),
    duplicates: Sequence[Hashable] = (),
) -> list[int]:
    """A story number for each piece: the place of the first piece of its story.

    ``counts`` are a piece's counted terms, ``published`` its ISO dates (a missing one is near to every date),
    ``duplicates`` its near-duplicate group, which is never parted. Without one of these all pieces lack it.

    >>> ferry, strike = {"ferry": 2, "quay": 1, "aground": 1}, {"strike": 2, "pay": 1}
    >>> group_stories([ferry, strike, {"ferry": 1, "quay": 1, "aground": 2}])
    [0, 1, 0]
    >>> group_stories([ferry, ferry], ["2026-01-05", "2026-03-09"])
    [0, 1]
    """
    n = len(counts)
    for name, column in (("published", published), ("duplicates", duplicates)):
        if len(column) not in (0, n):
            raise ValueError(f"{name}: {len(column)} values for {n} pieces")
    if n < 2:
        return list(range(n))
    alike = _compare(counts, _read_days(published or [None] * n))
    labels = _join(alike, SAME_STORY)
    return _number(n, labels, _components(alike >= SAME_EVENT), duplicates)


def _read_days(published: Sequence[str | None]) -> NDArray[np.float64]:
    """Days since the year 1, nan where there is no date or none that can be read."""
    import numpy as np

    def read(text: str | None) -> float:
        try:
            return float(date.fromisoformat((text or "")[:10]).toordinal())
        except ValueError:
            return np.nan

    return np.array([read(text) for text in published])


def _compare(counts: Sequence[Mapping[str, int]], days: NDArray[np.float64]) -> Any:
    """Cosines of SAME_STORY or more between pieces at most DAYS apart: sparse, (n, n), zero on the diagonal."""
    import numpy as np
    from scipy.sparse import csr_matrix, vstack
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_extraction.text import TfidfTransformer

    if not any(counts):
        return csr_matrix((len(counts), len(counts)))
    x = DictVectorizer(dtype=np.float32).fit_transform([dict(piece) for piece in counts])
    x = TfidfTransformer(sublinear_tf=True).fit_transform(x)
    parts = []
    for at in range(0, x.shape[0], _ROWS):
        cosines = (x[at : at + _ROWS] @ x.T).toarray()
        far = np.abs(days[at : at + _ROWS, None] - days[None, :]) > DAYS  # nan is never far
        cosines[far | (cosines < SAME_STORY)] = 0.0
        rows = np.arange(len(cosines))
        cosines[rows, rows + at] = 0.0
        parts.append(csr_matrix(cosines))
    return vstack(parts, format="csr")


def _components(linked: Any) -> NDArray[np.int32]:
    from scipy.sparse.csgraph import connected_components

    labels: NDArray[np.int32] = connected_components(linked, directed=False)[1]
    return labels


def _join(alike: Any, threshold: float) -> NDArray[np.int64]:
    """Average linkage down to ``threshold``, part by part: no group of it reaches across two components."""
    import numpy as np

    components = _components(alike >= threshold)
    order = np.argsort(components, kind="stable")
    labels = np.zeros(len(components), np.int64)
    n_labels = 0
    for members in np.split(order, np.flatnonzero(np.diff(components[order])) + 1):
        if len(members) > MOST_AT_ONCE and threshold + _STEP < SAME_EVENT:
            found = _join(alike[members][:, members], threshold + _STEP)
        else:
            found = _link(alike[members][:, members], threshold)
        labels[members] = found + n_labels
        n_labels += int(found.max()) + 1
    return labels


def _link(alike: Any, threshold: float) -> NDArray[np.int64]:
    import numpy as np

    n = alike.shape[0]
    if n <= 2 or n > MOST_AT_ONCE:  # one piece, a pair that is alike, or more of one story than can be told apart
        return np.zeros(n, np.int64)
    from sklearn.cluster import AgglomerativeClustering

    clusters = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=1.0 - threshold
    )
    labels: NDArray[np.int64] = clusters.fit_predict(1.0 - alike.toarray().astype(np.float64))
    return labels


def _number(n: int, *groupings: Sequence[Hashable] | NDArray[Any]) -> list[int]:
    """The pieces that any of the groupings joins, numbered by the first of them."""
    import numpy as np
    from scipy.sparse import coo_matrix

    first: list[int] = []
    second: list[int] = []
    for grouping in groupings:
        seen: dict[Hashable, int] = {}
        for place, group in enumerate(grouping):
            first.append(seen.setdefault(group, place))
            second.append(place)
    joined = _components(coo_matrix((np.ones(len(first)), (first, second)), shape=(n, n)))
    start: dict[int, int] = {}
    return [start.setdefault(label, place) for place, label in enumerate(joined.tolist())]
