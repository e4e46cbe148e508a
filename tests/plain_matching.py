"""Which decision holds for which segment, in the plainest words: what faster ways are compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topics.labels.decisions import TopicDecision
from topics.labels.matching import MIN_OVERLAP, is_cut, measure_overlap, settle_boundaries
from topics.labels.store import Decisions
from topics.records import Segment


def match(
    decisions: Decisions, segments_by_dump: Mapping[str, Sequence[Segment]]
) -> tuple[dict[tuple[str, int], TopicDecision], list[TopicDecision]]:
    """The decision that holds for each segment, by dump digest and start; and those that speak of no segment at hand
    or that a boundary retires."""
    boundaries = settle_boundaries(decisions)
    every = [segment for segments in segments_by_dump.values() for segment in segments]
    holding: dict[tuple[str, int], TopicDecision] = {}
    idle = []
    for entry in sorted(decisions.topics, key=lambda entry: entry.precedence):
        d = entry.decision
        found = [segment for segment in every if segment.digest == d.segment] or [
            segment
            for segment in segments_by_dump.get(d.dump, ())
            if measure_overlap((d.start, d.end), (segment.start, segment.end)) >= MIN_OVERLAP
        ]
        if not found or is_cut(d, boundaries.get(d.dump, {})):
            idle.append(d)
            continue
        holding.update({(segment.dump_digest, segment.start): d for segment in found})
    return holding, idle
