"""Dated labels in, what has shifted between earlier and later dates out: the mix of topics, and the words of a topic.

The labels are parted at a day. Two questions are asked of the parts, each answered by a permutation test (Good 2005,
"Permutation, Parametric and Bootstrap Tests of Hypotheses"): were the dates dealt to the stories at random, how often
would the parts differ as much as they do? A story counts once, since reports on one event share words and date. Of
the mix the difference is the G statistic of topics by part; of a topic's words, the mean squared difference between
the shares of its earlier and of its later pieces that have a term. Terms that only one outlet has are left out: they
tell of the outlet, not of the time. Topics are many, so false alarms are held to ``LEVEL`` among all that is reported
(Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry

if TYPE_CHECKING:
    from topics.care.gather import Labelled

__all__ = [
    "Drift",
    "MixShift",
    "TermShift",
    "find_drift",
    "hold_false_alarms",
    "part_dates",
    "weigh_mix",
    "weigh_terms",
]

Array = NDArray[np.float64]

LEVEL: Final = 0.05
N_PERMUTATIONS: Final = 999
MIN_PIECES: Final = 10  # of a topic on either side, for its words
MIN_PART: Final = 30  # labels on either side
MIN_STORIES: Final = 5  # on either side
MIN_WITH_TERM: Final = 3
MOST_TERMS: Final = 4_000
N_TERMS: Final = 6
MIN_CHANGE: Final = 0.02  # of a topic's share of the labels, worth a line


@dataclass(frozen=True, slots=True)
class TermShift:
    """What a topic's later pieces say more and less than its earlier ones, strongest first."""

    topic: str
    n: tuple[int, int]  # pieces before and after
    p: float
    effect: float  # how much larger the difference is than between parts made at random: 1 is none
    more: tuple[str, ...]
    less: tuple[str, ...]
    entry: Entry[TopicDecision]  # the later piece with most of what is new: where to look first


@dataclass(frozen=True, slots=True)
class MixShift:
    """A topic's share of the labels before and after, and where to look: the later piece that begins its new share, or
    the last one of a topic that has gone."""

    topic: str
    share: tuple[float, float]
    p: float
    entry: Entry[TopicDecision]


@dataclass(frozen=True, slots=True)
class Drift:
    """The two parts, before and from ``since`` on, and what differs between them by more than chance.

    ``p_mix`` is the probability of as different a mix by chance; ``None`` where there are too few dated labels.
    """

    since: str | None
    n: tuple[int, int]
    p_mix: float | None = None
    mix: tuple[MixShift, ...] = ()
    terms: tuple[TermShift, ...] = ()


def find_drift(labelled: Labelled, since: str | None = None) -> Drift:
    """What differs between the labels on text from before ``since`` (an ISO day) and from then on.

    Without ``since`` the middle of the dates parts them. Pieces without a date of publication take no part.
    """
    dates = [traits.published for traits in labelled.traits]
    since = since or part_dates([day for day in dates if day])
    dated = [place for place, day in enumerate(dates) if day and labelled.examples[place].topic is not None]
    if since is None:
        return Drift(None, (len(dated), 0))
    later = np.array([str(dates[place]) >= since for place in dated], bool)
    n = (int((~later).sum()), int(later.sum()))
    if min(n) < MIN_PART:
        return Drift(since, n)
    topics = np.array([labelled.taxonomy.slugs.index(str(labelled.examples[place].topic)) for place in dated])
    stories = [labelled.traits[place].story for place in dated]
    p_mix, mix = _describe_mix(labelled, dated, topics, stories, later)
    return Drift(since, n, p_mix, mix, _describe_terms(labelled, dated, topics, stories, later))


def part_dates(dates: Sequence[str]) -> str | None:
    """The day that parts dates into halves of about one size: the first day of the later half; ``None`` for one day.

    >>> part_dates(["2025-01-01", "2025-01-02", "2025-01-02", "2025-03-04"])
    '2025-01-02'
    """
    days = sorted(set(dates))[1:]
    counted = Counter(dates)
    before = np.cumsum([counted[day] for day in sorted(counted)])[:-1]
    if not days:
        return None
    return days[int(np.abs(before - len(dates) / 2).argmin())]


def weigh_mix(
    topics: NDArray[np.int64], stories: Sequence[object], later: NDArray[np.bool_], n_topics: int
) -> tuple[float, Array]:
    """The p-value of the mix, and of each topic's share by itself, (n_topics,).

    ``topics`` and ``later`` are (n_pieces,). A story is on the side where most of its pieces are; with too few stories
    on a side nothing can be told, and every p-value is 1.
    """
    means, sides = _average_stories(np.eye(n_topics)[topics], stories, later)
    if min(sides.sum(), (~sides).sum()) < MIN_STORIES:
        return 1.0, np.ones(n_topics)
    after = _deal(sides) @ means  # (1 + N_PERMUTATIONS, n_topics), the true parts first
    before = means.sum(axis=0) - after
    shares = np.abs(after / after.sum(axis=1, keepdims=True) - before / before.sum(axis=1, keepdims=True))
    return _p_value(_g_statistic(before, after)), np.array([_p_value(column) for column in shares.T])


def weigh_terms(presence: Array, stories: Sequence[object], later: NDArray[np.bool_]) -> tuple[float, float, Array]:
    """The p-value of a topic's words, how much larger the difference is than by chance, and what each term adds to it.

    ``presence`` (n_pieces, n_terms) says 1 where a piece has a term; the last value is (n_terms,), with the sign of the
    change: above zero for what later pieces have more often. Too few stories as in :func:`weigh_mix`.
    """
    means, sides = _average_stories(presence, stories, later)
    n_after, n_before = int(sides.sum()), int((~sides).sum())
    if min(n_after, n_before) < MIN_STORIES:
        return 1.0, 1.0, np.zeros(presence.shape[1])
    after = _deal(sides) @ means
    before = means.sum(axis=0) - after
    change = after / n_after - before / n_before
    statistic = (change**2).mean(axis=1)
    signed = np.sign(change[0]) * change[0] ** 2
    return _p_value(statistic), float(statistic[0] / max(statistic[1:].mean(), 1e-12)), signed


def hold_false_alarms(p_values: Sequence[float]) -> list[bool]:
    """Which of many findings stand, false ones being at most ``LEVEL`` of them (Benjamini and Hochberg 1995).

    >>> hold_false_alarms([0.04, 0.001, 0.3])
    [False, True, False]
    """
    from scipy.stats import false_discovery_control

    return [bool(p <= LEVEL) for p in false_discovery_control(p_values)] if p_values else []


def _describe_mix(
    labelled: Labelled, dated: list[int], topics: NDArray[np.int64], stories: list[object], later: NDArray[np.bool_]
) -> tuple[float, tuple[MixShift, ...]]:
    slugs = labelled.taxonomy.slugs
    p_mix, by_topic = weigh_mix(topics, stories, later, len(slugs))
    stand = hold_false_alarms(by_topic.tolist()) if p_mix <= LEVEL else [False] * len(slugs)
    shifts = []
    for k, slug in enumerate(slugs):
        share = float((topics[~later] == k).mean()), float((topics[later] == k).mean())
        if stand[k] and abs(share[1] - share[0]) >= MIN_CHANGE:
            own = [(place, late) for place, topic, late in zip(dated, topics, later, strict=True) if topic == k]
            last = max((place for place, _ in own), key=lambda place: str(labelled.traits[place].published))
            first = next((place for place, late in own if late), last)
            shifts.append(MixShift(slug, share, float(by_topic[k]), labelled.entries[first]))
    return p_mix, tuple(sorted(shifts, key=lambda shift: -abs(shift.share[1] - shift.share[0])))


def _describe_terms(
    labelled: Labelled, dated: list[int], topics: NDArray[np.int64], stories: list[object], later: NDArray[np.bool_]
) -> tuple[TermShift, ...]:
    shifts = []
    for k, slug in enumerate(labelled.taxonomy.slugs):
        rows = np.flatnonzero(topics == k)
        late = later[rows]
        if min(int(late.sum()), int((~late).sum())) < MIN_PIECES:
            continue
        held = [set(terms.title) | set(terms.body) for terms in (labelled.examples[dated[row]].terms for row in rows)]
        kept = _pick_terms(held, [labelled.traits[dated[row]].outlet for row in rows])
        if not kept:
            continue
        presence = np.array([[float(term in terms) for term in kept] for terms in held])
        p, effect, signed = weigh_terms(presence, [stories[row] for row in rows], late)
        order = np.argsort(signed, kind="stable").tolist()
        newest = np.where(late, presence @ signed, -np.inf).argmax()
        shifts.append(
            TermShift(
                slug, (int((~late).sum()), int(late.sum())), p, effect,
                tuple(kept[i] for i in order[::-1][:N_TERMS] if signed[i] > 0),
                tuple(kept[i] for i in order[:N_TERMS] if signed[i] < 0),
                labelled.entries[dated[int(rows[newest])]],
            )
        )  # fmt: skip
    stand = hold_false_alarms([shift.p for shift in shifts])
    return tuple(sorted((s for s, keep in zip(shifts, stand, strict=True) if keep), key=lambda s: (-s.effect, s.topic)))


def _pick_terms(held: Sequence[set[str]], outlets: Sequence[str]) -> list[str]:
    """The terms of a topic's pieces to compare: in some pieces, and of two outlets or more where there are so many."""
    counted = Counter(term for terms in held for term in terms)
    of_outlets = Counter(
        term for _outlet, term in {(o, t) for o, terms in zip(outlets, held, strict=True) for t in terms}
    )
    n_outlets = min(2, len(set(outlets)))
    common = (term for term, n in counted.items() if n >= MIN_WITH_TERM and of_outlets[term] >= n_outlets)
    return sorted(common, key=lambda term: (-counted[term], term))[:MOST_TERMS]


def _average_stories(
    rows: Array, stories: Sequence[object], later: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """The mean row of each story, (n_stories, n), of rows (n_pieces, n); and whether it is later, (n_stories,)."""
    numbers = {story: number for number, story in enumerate(dict.fromkeys(stories))}
    of_piece = np.array([numbers[story] for story in stories])
    sums = np.zeros((len(numbers), rows.shape[1]))
    np.add.at(sums, of_piece, rows)
    late = np.bincount(of_piece, weights=np.where(later, 1.0, -1.0), minlength=len(numbers))
    return sums / np.bincount(of_piece)[:, None], late > 0


def _deal(sides: NDArray[np.bool_]) -> Array:
    """The true sides of the stories, and N_PERMUTATIONS times the same sides dealt anew: (1 + n, n_stories)."""
    random = np.random.default_rng(0)
    dealt = np.tile(sides, (N_PERMUTATIONS, 1))
    return np.vstack((sides, random.permuted(dealt, axis=1))).astype(np.float64)


def _g_statistic(before: Array, after: Array) -> Array:
    """Twice the log-likelihood ratio of two rows of counts, for each pair of rows."""
    total = before + after
    result = np.zeros(len(before))
    for part in (before, after):
        expected = total * (part.sum(axis=1, keepdims=True) / total.sum(axis=1, keepdims=True))
        with np.errstate(divide="ignore", invalid="ignore"):
            result += 2.0 * np.nansum(part * np.log(part / expected), axis=1)
    return result


def _p_value(statistic: Array) -> float:
    """The share of values that reach the first, itself among them."""
    return float((statistic >= statistic[0] - 1e-12).mean())
