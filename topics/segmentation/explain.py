"""Why a segment starts where it does: the groups of inputs that decided, each with its effect, in words.

In: a dump and the model. Out: for each start, and on request for the likeliest places without one, a list of reasons.
The method is occlusion (Zeiler and Fergus 2014, "Visualizing and Understanding Convolutional Networks"): a group of
inputs at the paragraphs around a candidate is replaced by what the other paragraphs of the stretch have on average,
the candidate is scored again, and what its log-odds lose is the group's effect: above 0 where it speaks for a start.
With all groups replaced at once the place is like any other of the dump: ``usual`` is the probability that is left.

**Effects do not add up.** Occlusion has no efficiency axiom: what two groups say alike is missed when either is
hidden, and no effect then shows it; what they say together is counted in both. Each effect answers one question alone:
how would the odds stand if this group were as everywhere else in this dump? What all effects leave of the way from
``usual`` to the probability is told as ``together``.

A replaced input reaches the candidate through few rows of each layer, the same ones for every candidate, so these alone
are computed again, for all candidates and groups of a stretch at once: time grows with the number of starts, which is
about five more scorings of the dump.
"""

# kernels are called, which have no types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.errors import LabelError
from topics.records import Dump, Segment
from topics.segmentation.analysis import MEASURES, Analysis
from topics.segmentation.copies import look_at
from topics.segmentation.features import FEATURES, compute_features
from topics.segmentation.kernels import COHESION
from topics.segmentation.meaning import MEANING
from topics.segmentation.model import Scored, Seen, SegmentationModel, stretches
from topics.segmentation.network import DILATIONS, OVERVIEW_AFTER, Array, Network
from topics.segmentation.reasons import Teller
from topics.segmentation.recurrence import NAMES
from topics.segmentation.segmenter import place_decisions, segment_dump
from topics.segmentation.tongues import LANGUAGE_ODDS

__all__ = ["GROUPS", "OF_THE_DUMP", "Group", "Reason", "StartReasons", "explain_starts"]

LAYOUT: Final = ("words", "within_line", "new_line", "blank_line")
WORDING: Final = tuple(name for name in MEASURES if name not in LAYOUT)  # what a paragraph's own words show
WORDS: Final = tuple(name for name in NAMES if "words" in name)
OF_THE_DUMP: Final = (
    "median_words",
    "short_share",
    "blank_share",
)  # the same at every paragraph: no reason for a place
AROUND: Final = (-1, 0, 1, 2)  # a candidate's first body paragraph stands up to two behind it
SUPPORT: Final = "its signs back each other up: with one of them hidden the others still say it"
MIXED: Final = "what its signs say together, beside what each says alone"


@dataclass(frozen=True, slots=True)
class Group:
    """Inputs that are hidden together: at which paragraphs, counted from the candidate, and which."""

    rows: tuple[int, ...]
    features: tuple[str, ...]
    tokens: bool = False  # what the network reads of the paragraph's first and last words
    vectors: bool = False  # the paragraph's word vector


GROUPS: Final[Mapping[str, Group]] = {
    "opening": Group((0,), WORDING, tokens=True),
    "before": Group((-2, -1), WORDING, tokens=True),
    "follows": Group((1, 2), WORDING, tokens=True),
    "likeness": Group(AROUND, (*COHESION, *(f"local_{name}" for name in COHESION))),
    "names": Group(AROUND, tuple(name for name in NAMES if name not in WORDS)),
    "words": Group(AROUND, WORDS),
    "meaning": Group(AROUND, MEANING),
    "subject": Group(AROUND, (), vectors=True),
    "layout": Group(AROUND, LAYOUT),
}
_ROWS: Final = tuple(sorted({row for group in GROUPS.values() for row in group.rows}))


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that spoke for a start (``effect`` above 0, in log-odds) or against it.

    ``effect`` is ``None`` where nothing was weighed: the dump starts here, a person decided, a rule forbids.
    """

    group: str
    effect: float | None
    words: str


@dataclass(frozen=True, slots=True)
class StartReasons:
    """A place in a dump, whether a segment starts there, and why; ``reasons`` strongest first."""

    dump: str
    index: int | None  # of the segment that starts here
    start: int  # code point of the paragraph
    line: int
    probability: float
    usual: float | None  # the same were everything around it as elsewhere in the dump; None where nothing is weighed
    decided: bool | None  # what a person decided of this place
    title: str | None
    opening: str
    reasons: tuple[Reason, ...]

    @property
    def starts(self) -> bool:
        """Does a segment start here?"""
        return self.index is not None

    def to_row(self) -> dict[str, Any]:
        """As a JSON object, keys as in ``docs/formats.md``."""
        return {
            "dump": self.dump, "index": self.index, "start": self.start, "start_line": self.line,
            "starts": self.starts, "boundary": self.probability, "usual": self.usual, "decided": self.decided,
            "title": self.title, "opening": self.opening,
            "reasons": [{"group": r.group, "effect": r.effect, "words": r.words} for r in self.reasons],
        }  # fmt: skip


def explain_starts(
    dump: Dump,
    model: SegmentationModel,
    *,
    threshold: float | None = None,
    decided: Mapping[int, bool] | None = None,
    on_problem: Callable[[LabelError], None] | None = None,
    n_others: int = 0,
) -> list[StartReasons]:
    """Why each segment of a dump starts where it does, in the order of the text.

    ``n_others`` asks for that many of the likeliest places where none starts as well. The other options are those of
    ``segment_dump``. All groups that have an effect are listed; these need not sum up to the way from ``usual`` to the
    probability, and what is left of it is the last reason, ``together``.
    """
    segments = segment_dump(dump, model, threshold=threshold, decided=decided, on_problem=on_problem)
    scored, every = model.look_through(dump.text)
    paragraphs = scored.paragraphs
    if not paragraphs:
        return [_blank(dump, segment) for segment in segments]
    placed = place_decisions(dump, paragraphs, decided or {}, lambda problem: None)  # said above
    begins = [paragraph.start for paragraph in paragraphs]
    segment_at = {bisect_left(begins, segment.start): segment for segment in segments}
    likeliest = sorted(range(1, len(paragraphs)), key=lambda i: (-scored.probabilities[i], i))
    others = [i for i in likeliest if i not in segment_at][:n_others]
    wanted = sorted([*segment_at, *others])
    weighed = [i for i in wanted if i and i not in placed]
    weights, copied, columns = _weigh(model, scored, every, weighed)
    teller = Teller(dump.text, scored, columns, model.vocabulary, segment_at)
    limit = scored.threshold if threshold is None else threshold
    found = []
    for i in wanted:
        segment = segment_at.get(i)
        if i == 0:
            reasons = [Reason("dump", None, "the dump starts here")]
        elif i in placed:
            what = "a piece starts here" if placed[i] else "no piece starts here"
            reasons = [Reason("decision", None, f"a person decided that {what}")]
        elif i in copied:
            origin = copied[i]
            where = "again and again" if origin is None else f"at line {paragraphs[origin].line} already"
            reasons = [Reason("copy", None, f"the same words stand {where}")]
        else:
            told = sorted(weights[i].effects.items(), key=lambda pair: -abs(pair[1]))
            reasons = [Reason(name, e, teller.tell(name, i, e)) for name, e in told if e]
            if i in scored.changes:
                reasons.insert(0, Reason("language", LANGUAGE_ODDS, "another language begins here"))
            if weights[i].seam:
                reasons.insert(0, Reason("copy", weights[i].seam, "text that the dump has twice begins or ends here"))
            if habit := weights[i].habit:
                reasons.insert(0, Reason("habit", habit, "pieces often start behind a line that comes before this one"))
            if rest := weights[i].together:
                reasons.append(Reason("together", rest, SUPPORT if rest > 0 and segment else MIXED))
            if segment is None and scored.probabilities[i] >= limit:
                near = teller.first_words(min(segment_at, key=lambda j: abs(j - i)))
                words = f"the piece starts at “{near}” already: no text of its own stands between"
                reasons.insert(0, Reason("rule", None, words))
        p = 1.0 if placed.get(i) else float(scored.probabilities[i])
        found.append(
            StartReasons(
                dump.name,
                segment.index if segment else None,
                paragraphs[i].start,
                paragraphs[i].line,
                round(p, 4),
                weights[i].usual if i in weights else None,
                placed.get(i),
                segment.title if segment else None,
                teller.first_words(i),
                tuple(reasons),
            )
        )
    return found


def _blank(dump: Dump, segment: Segment) -> StartReasons:
    """The start of a dump without any text."""
    reason = Reason("dump", None, "the dump starts here")
    return StartReasons(dump.name, segment.index, segment.start, 1, 1.0, None, None, None, "", (reason,))


@dataclass(frozen=True, slots=True)
class _Weights:
    """What was weighed at one place: the effect of each group, and the probability without any."""

    effects: dict[str, float]
    usual: float
    together: float  # the way from the usual to the actual log-odds, less all effects
    seam: float  # what is added where a copy and its original part
    habit: float  # and behind what stands again and again


def _weigh(
    model: SegmentationModel, scored: Scored, every: Sequence[Seen], wanted: Sequence[int]
) -> tuple[dict[int, _Weights], dict[int, int | None], dict[str, Array]]:
    """The weights at the wanted paragraphs; of those that are copies what they copy, of those that stand again and
    again ``None``; the columns of features that words speak of."""
    n = len(scored.paragraphs)
    found: dict[int, _Weights] = {}
    copied: dict[int, int | None] = {i: None for i in wanted if scored.is_foot[i]}
    columns = {name: np.zeros(n, np.float32) for name in Teller.COLUMNS}
    slope, offset = model.calibration
    own_odds = scored.head("start").astype(np.float64) * slope + offset
    for ((start, end), (keep, stop)), (_, copies, habits) in zip(stretches(n), every, strict=True):
        stretch = scored.analysis.stretch(start, end)
        for look in look_at(stretch, copies, is_first=not start):
            features = compute_features(look.analysis, model.vocabulary, model.vectors)
            places = zip((look.paragraphs + start).tolist(), look.rows.tolist(), strict=True)
            row_of = {i: row for i, row in places if keep <= i < stop}
            for name, column in columns.items():
                column[list(row_of)] = features[list(row_of.values()), FEATURES.index(name)]
            here = [i for i in wanted if i in row_of and i not in copied]
            if copies is not None:
                again = {i: int(copies.origins[i - start]) + start for i in here}
                copied |= {i: origin for i, origin in again.items() if origin != i}
                here = [i for i in here if i not in copied]
            if here:
                places_here = np.array(here) - start
                seams = np.zeros(len(here)) if copies is None else copies.seam_odds[places_here] * slope
                added = np.column_stack((seams, habits[places_here]))
                rows = np.array([row_of[i] for i in here])
                weights = _weigh_rows(model, look.analysis, features, rows, own_odds[here], added)
                found |= zip(here, weights, strict=True)
    return found, copied, columns


def _weigh_rows(
    model: SegmentationModel,
    analysis: Analysis,
    features: Array,
    rows: NDArray[np.int64],
    odds_there: NDArray[np.float64],
    added: NDArray[np.float64],
) -> list[_Weights]:
    """The weights at some rows of an analysis; ``odds_there`` are their log-odds, of which no network added ``added``
    (rows, 2): at seams, by habits."""
    slope, offset = model.calibration
    scores = [_Trace(member, analysis, features).score_without(rows) for member in model.network.members]
    odds = np.mean(scores, axis=0).astype(np.float64) * slope + offset
    odds += (odds_there - added.sum(axis=1))[:, None] - odds[:, :1]  # what bytes say, floats say nearly
    # rounded, so that no last bit of a matrix product shows; + 0.0 turns -0.0 into 0.0
    effects = np.round(odds[:, :1] - odds[:, 1:-1], 2) + 0.0
    usual = np.round(1.0 / (1.0 + np.exp(-odds[:, -1])), 4)
    together = np.round(odds[:, 0] - odds[:, -1] - effects.sum(axis=1), 2) + 0.0
    seams, habits = np.round(added, 2).T
    columns = zip(effects.tolist(), usual.tolist(), together.tolist(), seams.tolist(), habits.tolist(), strict=True)
    return [_Weights(dict(zip(GROUPS, own, strict=True)), *rest) for own, *rest in columns]


def _cones() -> tuple[tuple[int, ...], ...]:
    """For the input and after each convolution: the rows, counted from a candidate, that a replaced input reaches
    and on which the candidate's score depends."""

    def widened(rows: Iterable[int], dilation: int) -> set[int]:
        return {row + tap * dilation for row in rows for tap in (-1, 0, 1)}

    needed = [{0}]
    for dilation in reversed(DILATIONS):
        needed.insert(0, widened(needed[0], dilation))
    reached = [set(_ROWS)]
    for dilation in DILATIONS:
        reached.append(widened(reached[-1], dilation))
    return tuple(tuple(sorted(a & b)) for a, b in zip(needed, reached, strict=True))


_CONES: Final = _cones()


class _Trace:
    """One stretch on its way through a network, ready to be computed again in part: in floats, which tell apart what
    differs little."""

    def __init__(self, network: Network, analysis: Analysis, features: Array) -> None:
        self.weights, self.encoded = network.weights, network.sizes.encoded
        self.inputs = network.tell(analysis, features)
        weights, n = self.weights, len(features)
        hidden = np.maximum(self.inputs @ weights["enter"] + weights["enter_bias"], 0.0)
        self.layers: list[Array] = []  # what goes into each convolution
        for k, dilation in enumerate(DILATIONS):
            if k == OVERVIEW_AFTER:
                seen = hidden.mean(axis=0)
                self.overview = np.maximum(seen @ weights["overview"] + weights["overview_bias"], 0.0)
                hidden = hidden + self.overview
            self.layers.append(hidden)
            around = np.pad(hidden, ((dilation, dilation), (0, 0)))
            taps = weights[f"context_{k}"]
            more = sum(around[tap * dilation : tap * dilation + n] @ taps[tap] for tap in range(len(taps)))
            hidden = hidden + np.maximum(more + weights[f"context_bias_{k}"], 0.0)
        self.odds: Array = hidden @ weights["leave"][:, 0] + weights["leave_bias"][0]  # of a start

    def score_without(self, at: NDArray[np.int64]) -> Array:
        """The log-odds of a start at the rows ``at``, (len(at), len(GROUPS) + 2): with everything, without each of
        ``GROUPS``, without all of them."""
        n = len(self.inputs)
        variants = len(GROUPS) + 2
        encoded = self.encoded
        usual = (self.inputs.sum(axis=0) - self.inputs) / max(1, n - 1)  # what the other paragraphs have on average
        given = {row: np.repeat(self._take(self.inputs, at, row), variants, axis=0) for row in _ROWS}
        for k, group in enumerate(GROUPS.values(), start=1):
            columns = np.zeros(self.inputs.shape[1], np.bool_)
            columns[[encoded + FEATURES.index(name) for name in group.features]] = True
            columns[:encoded] = group.tokens
            columns[encoded + len(FEATURES) :] = group.vectors
            for row in group.rows:
                given[row][k::variants, columns] = self._take(usual, at, row)[:, columns]
        for row in _ROWS:
            given[row][variants - 1 :: variants] = self._take(usual, at, row)
        return self._score_again(np.repeat(at, variants), given).reshape(len(at), variants)

    def _take(self, rows: Array, at: NDArray[np.int64], offset: int) -> Array:
        """The rows ``at + offset``; zeros, as the convolutions see them, where the stretch has none."""
        place = at + offset
        inside = (place >= 0) & (place < len(rows))
        result: Array = rows[np.clip(place, 0, len(rows) - 1)] * inside[:, None].astype(np.float32)
        return result

    def _score_again(self, at: NDArray[np.int64], given: Mapping[int, Array]) -> Array:
        """The log-odds of a start at each of ``at`` with other inputs around it; the stretch as a whole stays."""
        weights = self.weights
        n = len(self.inputs)
        inside = {
            row: ((at + row >= 0) & (at + row < n))[:, None].astype(np.float32)
            for row in sorted({row for cone in _CONES for row in cone})
        }
        hidden = {
            row: np.maximum(given[row] @ weights["enter"] + weights["enter_bias"], 0.0) * inside[row]
            for row in _CONES[0]
        }
        for k, dilation in enumerate(DILATIONS):
            if k == OVERVIEW_AFTER:
                hidden = {row: (values + self.overview) * inside[row] for row, values in hidden.items()}
            taps, bias = weights[f"context_{k}"], weights[f"context_bias_{k}"]
            below = dict(hidden)
            hidden = {}
            for row in _CONES[k + 1]:
                seen = [row - dilation, row, row + dilation]
                for other in seen:
                    if other not in below:
                        below[other] = self._take(self.layers[k], at, other)
                more = below[seen[0]] @ taps[0] + below[seen[1]] @ taps[1] + below[seen[2]] @ taps[2] + bias
                hidden[row] = (below[row] + np.maximum(more, 0.0)) * inside[row]
        result: Array = hidden[0] @ weights["leave"][:, 0] + weights["leave_bias"][0]
        return result
