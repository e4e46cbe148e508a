"""Two models on the same pieces: every figure before and after, and how sure the difference is.

Each piece is judged by both. Figures are sums over pieces turned into ratios, so pieces are first summed by cluster
(what stands or falls together: near-duplicates, pieces of one dump), and the clusters are drawn again 2,000 times
(percentile bootstrap, Efron 1979). Both models are read on the same draw, which makes the comparison a paired one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from topics.evaluation.classes import N_BINS, Judged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

__all__ = ["Compared", "Pair", "compare_pairs", "compare_sums", "compare_topics"]

N_RESAMPLES: Final = 2_000
_SEED: Final = 0
_MOST_HELD: Final = 4_000_000  # counts of draws held at once


@dataclass(frozen=True, slots=True)
class Pair:
    """One piece judged by both models; ``cluster`` is shared by pieces that stand or fall together."""

    before: Judged
    after: Judged
    cluster: Hashable


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of both models on the same ``n`` pieces, and the 95% interval of its change.

    ``sure_worse`` and ``sure_better`` are the shares of the draws in which the new model does worse, and better.
    ``higher_is_better`` is false of errors.
    """

    name: str
    n: int
    before: float
    after: float
    low: float
    high: float
    sure_worse: float
    sure_better: float
    higher_is_better: bool = True

    @property
    def change(self) -> float:
        return self.after - self.before

    def to_dict(self) -> dict[str, Any]:
        return {
            "figure": self.name, "n": self.n, "before": round(self.before, 4), "after": round(self.after, 4),
            "change": round(self.change, 4), "interval": [round(self.low, 4), round(self.high, 4)],
            "draws_worse": round(self.sure_worse, 4), "draws_better": round(self.sure_better, 4),
            "higher_is_better": self.higher_is_better,
        }  # fmt: skip


Measure = Callable[["Array"], "Array"]  # summed columns (..., n_columns) to a figure (...)


def compare_sums(
    name: str, before: Array, after: Array, clusters: Sequence[Hashable], measure: Measure, *, higher: bool = True
) -> Compared:
    """Compare by any figure of sums: ``before`` and ``after`` are (n_pieces, n_columns), a row a piece."""
    sums = _by_cluster(before, clusters), _by_cluster(after, clusters)
    return _compare(name, len(before), sums, measure, higher)


def compare_pairs(pairs: Sequence[Pair], slugs: Sequence[str]) -> tuple[Compared, ...]:
    """Accuracy, with secondary topics, macro-F1, Brier score and ECE; nothing where there are no pairs."""
    import numpy as np

    if not pairs:
        return ()
    clusters = [pair.cluster for pair in pairs]
    rows = [np.array([_columns(judged) for judged in side]) for side in _sides(pairs)]
    counts = [np.array([_topic_columns(judged, slugs) for judged in side]) for side in _sides(pairs)]
    bins = [np.array([_bin_columns(judged) for judged in side]) for side in _sides(pairs)]
    n_topics = len(slugs)

    def mean(column: int) -> Measure:
        return lambda sums: sums[..., column] / sums[..., 0]

    def macro_f1(sums: Array) -> Array:
        hits, true, found = (sums[..., k * n_topics : (k + 1) * n_topics] for k in range(3))
        f1 = 2 * hits / np.maximum(true + found, 1)
        result: Array = (f1 * (true > 0)).sum(-1) / np.maximum((true > 0).sum(-1), 1)
        return result

    def ece(sums: Array) -> Array:
        result: Array = np.abs(sums[..., :N_BINS] - sums[..., N_BINS : 2 * N_BINS]).sum(-1) / sums[..., -1]
        return result

    return (
        compare_sums("accuracy", rows[0], rows[1], clusters, mean(1)),
        compare_sums("accuracy with secondary", rows[0], rows[1], clusters, mean(2)),
        compare_sums("macro-F1", counts[0], counts[1], clusters, macro_f1),
        compare_sums("Brier", rows[0], rows[1], clusters, mean(3), higher=False),
        compare_sums("ECE", bins[0], bins[1], clusters, ece, higher=False),
    )


def compare_topics(pairs: Sequence[Pair], slugs: Sequence[str]) -> tuple[Compared, ...]:
    """F1 of each topic that is true of some piece; ``n`` counts these pieces."""
    import numpy as np

    clusters = [pair.cluster for pair in pairs]
    true = [pair.after.topic for pair in pairs]
    found = []
    for slug in (slug for slug in slugs if slug in true):
        sides = [
            np.array([[slug == j.topic == j.predicted, slug == j.topic, slug == j.predicted] for j in side], float)
            for side in _sides(pairs)
        ]

        def f1(sums: Array) -> Array:
            result: Array = 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)
            return result

        compared = compare_sums(slug, sides[0], sides[1], clusters, f1)
        found.append(Compared(slug, true.count(slug), *_figures(compared)))
    return tuple(found)


def _figures(compared: Compared) -> tuple[float, float, float, float, float, float]:
    c = compared
    return c.before, c.after, c.low, c.high, c.sure_worse, c.sure_better


def _sides(pairs: Sequence[Pair]) -> tuple[list[Judged], list[Judged]]:
    return [pair.before for pair in pairs], [pair.after for pair in pairs]


def _columns(judged: Judged) -> tuple[float, float, float, float]:
    right = judged.predicted == judged.topic
    near = right or judged.predicted in judged.also
    error = 0.0 if judged.score is None else (judged.score - (judged.guess == judged.topic)) ** 2
    return 1.0, float(right), float(near), error


def _topic_columns(judged: Judged, slugs: Sequence[str]) -> list[float]:
    hits = [float(slug == judged.topic == judged.predicted) for slug in slugs]
    true = [float(slug == judged.topic) for slug in slugs]
    found = [float(slug == judged.predicted) for slug in slugs]
    return [*hits, *true, *found]


def _bin_columns(judged: Judged) -> list[float]:
    """How often right and how sure, bin by bin, and a one to count."""
    columns = [0.0] * (2 * N_BINS + 1)
    if judged.score is not None:
        place = min(N_BINS - 1, int(judged.score * N_BINS))
        columns[place] = float(judged.guess == judged.topic)
        columns[N_BINS + place] = judged.score
    columns[-1] = 1.0
    return columns


def _by_cluster(rows: Array, clusters: Sequence[Hashable]) -> Array:
    """Rows of one cluster added up, in the order in which clusters first come."""
    import numpy as np

    place: dict[Hashable, int] = {}
    where = [place.setdefault(cluster, len(place)) for cluster in clusters]
    sums = np.zeros((len(place), rows.shape[1]))
    np.add.at(sums, where, rows)
    return sums


def _compare(name: str, n: int, sums: tuple[Array, Array], measure: Measure, higher: bool) -> Compared:
    import numpy as np

    before, after = (float(measure(side.sum(axis=0))) for side in sums)
    changes = [measure(drawn @ sums[1]) - measure(drawn @ sums[0]) for drawn in _draws(len(sums[0]))]
    change = np.concatenate(changes)
    low, high = np.quantile(change, [0.025, 0.975])
    rose, fell = float((change > 1e-12).mean()), float((change < -1e-12).mean())
    worse, better = (fell, rose) if higher else (rose, fell)
    return Compared(name, n, before, after, float(low), float(high), worse, better, higher)


def _draws(n_clusters: int) -> Iterator[Array]:
    """How often each cluster is drawn, in blocks of (n_draws, n_clusters); the same for the same number."""
    if n_clusters * N_RESAMPLES <= _MOST_HELD:
        yield _draw_block(n_clusters, N_RESAMPLES, _SEED)
        return
    step = max(1, _MOST_HELD // n_clusters)
    for at in range(0, N_RESAMPLES, step):
        yield _draw_block(n_clusters, min(step, N_RESAMPLES - at), at)


@lru_cache(maxsize=2)
def _draw_block(n_clusters: int, n_draws: int, seed: int) -> Array:
    import numpy as np

    drawn = np.random.default_rng(seed).integers(0, n_clusters, (n_draws, n_clusters))
    flat = drawn + np.arange(n_draws)[:, None] * n_clusters
    return np.bincount(flat.ravel(), minlength=n_draws * n_clusters).reshape(n_draws, n_clusters).astype(np.float64)
