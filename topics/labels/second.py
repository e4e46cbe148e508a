"""Second readings: who read a segment again, without knowing what was said of it, and what that person said.

They stand in ``second/`` below the label folder, in the same lines as first readings. Label files are looked for in
the folder alone and not below it, so nothing learns from them or is bound by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, find_label_files
from topics.labels.matching import settle_topics

__all__ = ["SECOND", "Pair", "find_confirmed", "find_second_files", "pair_corrections", "pair_second_readings"]

SECOND = "second"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings of one text, the earlier or first one first."""

    first: Entry[TopicDecision]
    second: Entry[TopicDecision]

    @property
    def agree(self) -> bool:
        """Whether both name the same first topic."""
        return self.first.decision.topic == self.second.decision.topic


def find_second_files(labels: Path) -> list[Path]:
    """The files of second readings of a label folder, by name."""
    return find_label_files(labels / SECOND)


def pair_second_readings(first: Sequence[Entry[TopicDecision]], second: Sequence[Entry[TopicDecision]]) -> list[Pair]:
    """Each reader's last second reading of a text, beside the decision that held just before it, else the earliest."""
    said: dict[str, list[Entry[TopicDecision]]] = {}
    for entry in sorted(first, key=lambda entry: entry.precedence):
        said.setdefault(entry.decision.segment, []).append(entry)
    pairs = []
    for reader in sorted({entry.decision.by for entry in second}):
        for entry in settle_topics(entry for entry in second if entry.decision.by == reader):
            known = said.get(entry.decision.segment)
            if known:
                before = [each for each in known if each.decision.when <= entry.decision.when]
                pairs.append(Pair(before[-1] if before else known[0], entry))
    return pairs


def pair_corrections(entries: Iterable[Entry[TopicDecision]]) -> list[Pair]:
    """The last words of every two people on one text, the earlier first."""
    last: dict[str, dict[str, Entry[TopicDecision]]] = {}
    for entry in sorted(entries, key=lambda entry: entry.precedence):
        last.setdefault(entry.decision.segment, {})[entry.decision.by] = entry
    return [
        Pair(one, other)
        for said in last.values()
        for one, other in combinations(sorted(said.values(), key=lambda entry: entry.precedence), 2)
    ]


def find_confirmed(first: Sequence[Entry[TopicDecision]], second: Sequence[Entry[TopicDecision]]) -> set[str]:
    """Digests of the texts whose topic, as it holds, two people gave, or one who read it twice."""
    holding = {entry.decision.segment: entry.decision for entry in settle_topics(first)}
    said: dict[str, set[tuple[str, bool]]] = {}
    for entries, again in ((first, False), (second, True)):
        for entry in entries:
            decision = entry.decision
            if decision.segment in holding and holding[decision.segment].topic == decision.topic:
                said.setdefault(decision.segment, set()).add((decision.by, again))
    return {segment for segment, readings in said.items() if len(readings) > 1}
