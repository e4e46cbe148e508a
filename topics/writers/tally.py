"""Counts by topic: how many segments, how much of the text, how sure the model was.

Rows go in one at a time, so that a summary costs no memory however many there are. Topics come out by their
share of the characters, largest first, ties by name; ``unknown`` and ``boilerplate`` stand last, for they
are not topics.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from topics.writers.rows import BOILERPLATE, UNKNOWN, Row, find_topic

__all__ = ["Tally", "TopicCount"]


@dataclass(frozen=True, slots=True)
class TopicCount:
    """One line of a summary. ``share`` is of all characters that were counted, from 0 to 1; ``mean_score`` is
    over the segments that have a score."""

    topic: str
    n_segments: int
    n_characters: int
    share: float
    mean_score: float | None


class Tally:
    """Counts rows by topic and by kind; rows without topic fields count by kind alone."""

    def __init__(self) -> None:
        self.n_segments = 0
        self.n_characters = 0
        self.kinds: Counter[str] = Counter()
        self._segments: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._sums: dict[str, float] = {}  # of scores
        self._scored: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        """Counts a row under its own topic."""
        self.add_under(find_topic(row), row, row.get("score"))

    def add_under(self, topic: str | None, row: Row, score: float | None) -> None:
        """Counts a row under a topic that need not be its first; without a ``score`` it takes no part in the mean."""
        n_characters = len(row["text"])
        self.n_segments += 1
        self.n_characters += n_characters
        self.kinds[row["kind"]] += 1
        if topic is None:
            return
        self._segments[topic] += 1
        self._characters[topic] += n_characters
        if score is not None:
            self._sums[topic] = self._sums.get(topic, 0.0) + score
            self._scored[topic] += 1

    def merge(self, other: Tally) -> None:
        """Adds what another tally counted."""
        self.n_segments += other.n_segments
        self.n_characters += other.n_characters
        self.kinds.update(other.kinds)
        self._segments.update(other._segments)
        self._characters.update(other._characters)
        self._scored.update(other._scored)
        for topic, total in other._sums.items():
            self._sums[topic] = self._sums.get(topic, 0.0) + total

    def topics(self) -> list[TopicCount]:
        """The summary: by share, largest first; ``unknown``, then ``boilerplate`` at the end."""
        counts = [self._count(topic) for topic in self._segments]
        return sorted(counts, key=lambda c: (c.topic == BOILERPLATE, c.topic == UNKNOWN, -c.share, c.topic))

    def _count(self, topic: str) -> TopicCount:
        n_scored = self._scored[topic]
        return TopicCount(
            topic=topic,
            n_segments=self._segments[topic],
            n_characters=self._characters[topic],
            share=self._characters[topic] / self.n_characters if self.n_characters else 0.0,
            mean_score=self._sums[topic] / n_scored if n_scored else None,
        )
