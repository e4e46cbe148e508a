"""A sample of unknown segments in, named groups out, the largest first.

A group has to recur: pieces that resemble no other stay ungrouped, and few unknowns give no groups at all. The same
segments give the same groups, with the same names, whatever order they came in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from topics.discover.naming import make_name, name_groups
from topics.discover.unknowns import Sample, Unknown

if TYPE_CHECKING:
    from topics.classification.vectors import WordVectors

__all__ = ["FEWEST_SEGMENTS", "MIN_GROUP", "Discovery", "Group", "find_groups"]

FEWEST_SEGMENTS = 20  # below which nothing can be told from chance
MIN_GROUP = 5
N_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Segments that belong together, the most typical first. ``likeness`` is how near they are to their middle, on
    average, 0 to 1; ``nearest`` are the topics that the model thought of, with counts."""

    name: str
    terms: tuple[str, ...]
    segments: tuple[Unknown, ...]
    likeness: float
    nearest: tuple[tuple[str, int], ...]

    def to_dict(self, n_examples: int = N_EXAMPLES) -> dict[str, Any]:
        return {
            "group": self.name,
            "segments": len(self.segments),
            "terms": list(self.terms),
            "likeness": round(self.likeness, 4),
            "nearest": [{"topic": topic, "segments": n} for topic, n in self.nearest],
            "examples": [
                {
                    "dump": each.dump,
                    "start": each.start,
                    "end": each.end,
                    "digest": each.digest,
                    "title": each.title,
                    "first": each.first,
                }
                for each in self.segments[:n_examples]
            ],
        }


@dataclass(frozen=True, slots=True)
class Discovery:
    """The groups, by size, and the counts of what they were found among."""

    groups: tuple[Group, ...]
    sample: Sample

    @property
    def n_grouped(self) -> int:
        return sum(len(group.segments) for group in self.groups)

    @property
    def too_few(self) -> bool:
        return len(self.sample.segments) < FEWEST_SEGMENTS

    def to_dict(self, n_examples: int = N_EXAMPLES) -> dict[str, Any]:
        sample = self.sample
        return {
            "segments": sample.n_rows,
            "unknown": sample.n_found,
            "other_languages": sample.n_foreign,
            "copies": sample.n_copies,
            "left_out": sample.n_left_out,
            "looked_at": len(sample.segments),
            "grouped": self.n_grouped,
            "groups": [group.to_dict(n_examples) for group in self.groups],
        }


def find_groups(
    sample: Sample, vectors: WordVectors | None = None, *, min_group: int = MIN_GROUP, n_groups: int | None = None
) -> Discovery:
    """Group a sample; ``vectors`` (a model's) let words that mean much the same count as alike.

    A group has at least ``min_group`` segments; with ``n_groups`` there are at most so many groups. Fewer than
    :data:`FEWEST_SEGMENTS` segments give no groups.
    """
    segments = sample.segments
    if len(segments) < FEWEST_SEGMENTS:
        return Discovery((), sample)
    from topics.discover.grouping import group_pieces

    found = group_pieces([each.terms for each in segments], vectors, min_group=min_group, n_groups=n_groups)
    pieces = [frozenset(each.terms.title) | frozenset(each.terms.body) for each in segments]
    grouped = {place for places, _ in found for place in places}
    rest = [pieces[place] for place in range(len(segments)) if place not in grouped]
    named = name_groups([[pieces[place] for place in places] for places, _ in found], rest)
    taken: set[str] = set()
    groups = []
    for (places, likeness), terms in zip(found, named, strict=True):
        name = make_name(terms, taken)
        taken.add(name)
        groups.append(_make_group(name, terms, [segments[place] for place in places], likeness))
    return Discovery(tuple(groups), sample)


def _make_group(name: str, terms: Sequence[str], segments: Sequence[Unknown], likeness: float) -> Group:
    nearest = Counter(each.nearest for each in segments if each.nearest is not None)
    ranked = sorted(nearest.items(), key=lambda item: (-item[1], item[0]))[:3]
    return Group(name, tuple(terms), tuple(segments), likeness, tuple(ranked))
