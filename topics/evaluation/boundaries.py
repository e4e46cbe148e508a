"""How well predicted starts agree with true ones: F1 exact and lenient, Pk, WindowDiff, boundary similarity.

Indices of paragraphs go in, counts come out, ratios are properties: adding the scores of several dumps gives
the micro-average. Only interior boundaries count, since every dump starts at its first paragraph; each start
matches at most one other. The lenient figures accept a start anywhere in the furniture before a piece.

Boundary similarity is B of Fournier (2013), "Evaluating text segmentation using boundary edit distance", with
transpositions over neighbouring places (n_t = 2): B = 1 - (|A| + |T|/2) / (|A| + |T| + |M|), where M are
matches, T pairs of boundaries one place apart and A all that is left over on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from topics.evaluation.ratios import HitCounts, share

__all__ = ["BoundaryScores", "match_ranges", "score_boundaries"]

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """Counts of one dump, or of several added up; the default is no dump at all."""

    n_true: int = 0
    n_found: int = 0
    n_hits: int = 0
    n_hits_lenient: int = 0
    n_transposed: int = 0
    n_windows: int = 0
    n_pk_errors: int = 0
    n_window_diff_errors: int = 0

    def __add__(self, other: BoundaryScores) -> BoundaryScores:
        return BoundaryScores(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def exact(self) -> HitCounts:
        """Starts found at their very place, with precision, recall and F1."""
        return HitCounts(self.n_true, self.n_found, self.n_hits)

    @property
    def lenient(self) -> HitCounts:
        """Starts found there or in the furniture that leads up to the piece."""
        return HitCounts(self.n_true, self.n_found, self.n_hits_lenient)

    @property
    def precision(self) -> float:
        return self.exact.precision

    @property
    def recall(self) -> float:
        return self.exact.recall

    @property
    def f1(self) -> float:
        return self.exact.f1

    @property
    def f1_lenient(self) -> float:
        return self.lenient.f1

    @property
    def pk(self) -> float:
        """Beeferman's Pk: share of windows whose ends are wrongly put together or apart. Lower is better."""
        return share(self.n_pk_errors, self.n_windows, empty=0.0)

    @property
    def window_diff(self) -> float:
        """Share of windows with the wrong number of boundaries (Pevzner and Hearst). Lower is better."""
        return share(self.n_window_diff_errors, self.n_windows, empty=0.0)

    @property
    def similarity(self) -> float:
        """Fournier's B; 1 where neither side has a boundary."""
        left_over = self.n_true + self.n_found - 2 * (self.n_hits + self.n_transposed)
        places = left_over + self.n_transposed + self.n_hits
        return 1.0 - share(left_over + self.n_transposed / 2, places, empty=0.0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "n_true": self.n_true,
            "n_found": self.n_found,
            "n_hits": self.n_hits,
            "n_hits_lenient": self.n_hits_lenient,
            "exact": self.exact.to_dict(),
            "lenient": self.lenient.to_dict(),
            "pk": self.pk,
            "window_diff": self.window_diff,
            "similarity": self.similarity,
        }


def score_boundaries(
    gold_starts: Sequence[int],
    predicted_starts: Iterable[int],
    n_units: int,
    ranges: Sequence[Range] | None = None,
) -> BoundaryScores:
    """Compare the starts of one dump of ``n_units`` paragraphs; a start at 0 is given and is left out.

    ``ranges`` holds, for each gold start, the first and the last paragraph (both included) where a predicted
    start is good enough: the furniture between the previous piece's last body paragraph and this one's first,
    and that body paragraph. Pk and WindowDiff use windows of half the mean true segment.

    >>> score_boundaries([0, 3], [0, 2], 6, ranges=[(0, 0), (2, 3)]).f1_lenient
    1.0
    """
    for start in (*gold_starts, *(predicted_starts := sorted(set(predicted_starts)))):
        if not 0 <= start < max(n_units, 1):
            raise ValueError(f"a segment starts at paragraph {start} of {n_units}")
    if ranges is None:
        ranges = [(start, start) for start in gold_starts]
    accepted = {}  # gold start -> where a predicted one may stand
    for start, (low, high) in zip(gold_starts, ranges, strict=True):
        if not low <= start <= high:
            raise ValueError(f"range {low} to {high} does not hold its start {start}")
        if start:
            accepted[start] = (low, high)
    gold, found = set(accepted), set(predicted_starts) - {0}
    n_windows, pk_errors, window_diff_errors = _count_window_errors(gold, found, n_units)
    return BoundaryScores(
        n_true=len(gold),
        n_found=len(found),
        n_hits=len(gold & found),
        n_hits_lenient=sum(start is not None for start in match_ranges([*accepted.values()], sorted(found))),
        n_transposed=_count_transpositions(gold - found, found - gold),
        n_windows=n_windows,
        n_pk_errors=pk_errors,
        n_window_diff_errors=window_diff_errors,
    )


def match_ranges(ranges: Sequence[Range], found: Sequence[int]) -> list[int | None]:
    """Which of the starts ``found``, in their order, each range is given, so that the most have one: the range that
    ends first takes the first start in it."""
    free = list(found)
    taken: list[int | None] = [None] * len(ranges)
    for k in sorted(range(len(ranges)), key=lambda k: ranges[k][::-1]):
        low, high = ranges[k]
        start = next((start for start in free if low <= start <= high), None)
        if start is not None:
            free.remove(start)
            taken[k] = start
    return taken


def _count_transpositions(missed: set[int], extra: set[int]) -> int:
    """Pairs of a missed and an extra boundary one place apart; pairing from the left gives the most."""
    free = set(extra)
    n_pairs = 0
    for start in sorted(missed):
        for neighbour in (start - 1, start + 1):
            if neighbour in free:
                free.remove(neighbour)
                n_pairs += 1
                break
    return n_pairs


def _count_window_errors(gold: set[int], found: set[int], n_units: int) -> tuple[int, int, int]:
    """Windows, and how many of them Pk and WindowDiff count as wrong."""
    width = max(1, round(n_units / (2 * (len(gold) + 1))))
    n_windows = n_units - width
    if n_windows <= 0:
        return 0, 0, 0
    from nltk.metrics.segmentation import pk, windowdiff

    # One place between each two paragraphs: a window of `width` places has its ends `width` paragraphs apart.
    true = "".join("01"[start in gold] for start in range(1, n_units))
    ours = "".join("01"[start in found] for start in range(1, n_units))
    return (
        n_windows,
        round(pk(true, ours, width) * n_windows),
        round(windowdiff(true, ours, width) * n_windows),
    )
