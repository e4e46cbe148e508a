"""Decisions and today's segments in, labelled segments out: which decision speaks of which segment.

Segments change when the segmenter does, decisions do not. So a decision is first looked up by the digest of
its text, which finds the piece in any dump, then by its place in its own dump; what neither finds is stale
and reported.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.entries import AnyDecision, Decisions, Entry
from topics.records import Segment

__all__ = [
    "MIN_OVERLAP",
    "LabelledSegment",
    "Matches",
    "match",
    "measure_overlap",
    "settle_boundaries",
    "settle_topics",
]

MIN_OVERLAP = 0.9

SegmentsByDump = Mapping[str, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """A segment and the decision that holds for it."""

    segment: Segment
    entry: Entry[TopicDecision]


@dataclass(frozen=True, slots=True)
class Matches:
    """Where the decisions went; every topic decision is in exactly one of the five.

    ``labelled`` is in the order of the segments; one decision can be there several times, for a text that
    stands in several places. ``superseded`` lost to a later one on the same segment. ``retired`` have a
    boundary inside their span. ``stale`` have their dump here, and no segment of it fits. ``absent`` have no
    dump here and no segment elsewhere with their digest: nothing can be said of them without the text.
    """

    labelled: tuple[LabelledSegment, ...]
    superseded: tuple[Entry[TopicDecision], ...]
    retired: tuple[Entry[TopicDecision], ...]
    stale: tuple[Entry[TopicDecision], ...]
    absent: tuple[Entry[TopicDecision], ...]


def match(decisions: Decisions, segments_by_dump: SegmentsByDump) -> Matches:
    """Find the segments that topic decisions speak of; ``segments_by_dump`` goes by digest, in dump order.

    A decision applies to every segment with its digest, in any dump; else to the segment of its own dump
    whose span overlaps it by :data:`MIN_OVERLAP` or more (:func:`measure_overlap`); else it is stale. Of
    several on one segment the latest ``at`` holds, then the last in file order. A decision with a start
    strictly inside its span is retired before that, whichever of the two came first: a boundary decision
    always binds.
    """
    by_digest: dict[str, list[Segment]] = {}
    for segments in segments_by_dump.values():
        for segment in segments:
            by_digest.setdefault(segment.digest, []).append(segment)
    segment_starts = {dump: [segment.start for segment in found] for dump, found in segments_by_dump.items()}
    boundaries = settle_boundaries(decisions)
    candidates: dict[tuple[str, int], list[Entry[TopicDecision]]] = {}
    retired: list[Entry[TopicDecision]] = []
    stale: list[Entry[TopicDecision]] = []
    absent: list[Entry[TopicDecision]] = []
    for entry in decisions.topics:
        decision = entry.decision
        if _is_cut(decision, boundaries.get(decision.dump, {})):
            retired.append(entry)
            continue
        found = by_digest.get(decision.segment, [])
        if not found and decision.dump in segments_by_dump:
            found = _find_overlapping(decision, segments_by_dump[decision.dump], segment_starts[decision.dump])
        if not found:
            (stale if decision.dump in segments_by_dump else absent).append(entry)
        for segment in found:
            candidates.setdefault((segment.dump_digest, segment.start), []).append(entry)
    winners = {place: max(entries, key=_precedence) for place, entries in candidates.items()}
    labelled = tuple(
        LabelledSegment(segment, winners[segment.dump_digest, segment.start])
        for segments in segments_by_dump.values()
        for segment in segments
        if (segment.dump_digest, segment.start) in winners
    )
    holding = {entry.rank for entry in winners.values()}
    gone = {entry.rank for entry in (*retired, *stale, *absent)}
    superseded = tuple(entry for entry in decisions.topics if entry.rank not in holding | gone)
    return Matches(labelled, superseded, tuple(retired), tuple(stale), tuple(absent))


def measure_overlap(first: tuple[int, int], second: tuple[int, int]) -> float:
    """Code points that both spans hold, divided by those that either holds: 0 (disjoint) to 1 (equal).

    >>> measure_overlap((0, 100), (10, 100))
    0.9
    """
    common = max(0, min(first[1], second[1]) - max(first[0], second[0]))
    either = (first[1] - first[0]) + (second[1] - second[0]) - common
    return common / either if either else 0.0


def settle_boundaries(decisions: Decisions) -> dict[str, dict[int, bool]]:
    """What holds for each place of each dump: dump digest to offset to whether a piece starts there.

    The offsets of a dump stand in the order in which they were last decided.
    """
    settled: dict[str, dict[int, bool]] = {}
    for entry in sorted(decisions.boundaries, key=_precedence):
        decision: BoundaryDecision = entry.decision
        offsets = settled.setdefault(decision.dump, {})
        offsets.pop(decision.offset, None)
        offsets[decision.offset] = decision.starts
    return settled


def settle_topics(entries: Iterable[Entry[TopicDecision]]) -> list[Entry[TopicDecision]]:
    """The decision that holds for each text, in file order: of those on one digest, the last word."""
    settled: dict[str, Entry[TopicDecision]] = {}
    for entry in sorted(entries, key=_precedence):
        settled[entry.decision.segment] = entry
    return sorted(settled.values(), key=lambda entry: entry.rank)


def _precedence(entry: Entry[AnyDecision]) -> tuple[datetime, int]:
    return entry.precedence


def _is_cut(decision: TopicDecision, boundaries: Mapping[int, bool]) -> bool:
    """Whether a piece is said to start strictly inside the span."""
    return any(starts and decision.start < offset < decision.end for offset, starts in boundaries.items())


def _find_overlapping(decision: TopicDecision, segments: Sequence[Segment], starts: Sequence[int]) -> list[Segment]:
    """At most one: whatever covers most of a span holds its middle, and segments are disjoint."""
    place = bisect_right(starts, (decision.start + decision.end) // 2) - 1
    if place < 0:
        return []
    segment = segments[place]
    overlap = measure_overlap((decision.start, decision.end), (segment.start, segment.end))
    return [segment] if overlap >= MIN_OVERLAP else []
