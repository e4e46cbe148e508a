"""Which decisions hold, and of which segments they speak.

Segments change when the segmenter does, decisions do not. So a decision speaks of every segment with the digest of its
text, in any dump; else of the one in its own dump that its span overlaps by :data:`MIN_OVERLAP` or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.entries import AnyDecision, Decisions, Entry

__all__ = ["MIN_OVERLAP", "is_cut", "measure_overlap", "settle_boundaries", "settle_topics"]

MIN_OVERLAP = 0.9


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


def is_cut(decision: TopicDecision, boundaries: Mapping[int, bool]) -> bool:
    """Whether a piece is said to start strictly inside the span, which retires the decision: a boundary always binds.

    ``boundaries`` are what :func:`settle_boundaries` has of its dump.
    """
    return any(starts and decision.start < offset < decision.end for offset, starts in boundaries.items())
