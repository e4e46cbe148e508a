"""Label files in, counts out: how many labels each topic, kind, file, person, source and month has.

A text that was judged several times counts once, with the judgement that holds, so the counts are those of
what training sees; lines by file and person count as they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.labels.entries import Decisions, OnProblem, find_label_files, read_decisions, require_folder, spell_today
from topics.labels.matching import settle_topics
from topics.labels.taxonomy import Taxonomy, load_own_taxonomy

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["LabelCounts", "count_labels", "stats"]

MOST_ROWS = 25


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """How many labels there are. Only the decision that holds for a text counts: a corrected one counts once.

    ``primary`` and ``also`` have every topic of the taxonomy, in its order; ``no_topic`` counts articles and
    blurbs that no topic fits. ``by_file`` and ``by_person`` count decisions of both types as they stand. ``by_source``
    and ``by_month`` (of publication) count texts; ``""`` is where nobody said.
    """

    primary: Mapping[str, int]
    also: Mapping[str, int]
    no_topic: int
    by_kind: Mapping[str, int]
    by_file: Mapping[str, int]
    by_person: Mapping[str, int]
    n_boundaries: int
    by_source: Mapping[str, int] = field(default_factory=dict)
    by_month: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_segments(self) -> int:
        """Texts with a decision that holds."""
        return sum(self.by_kind.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "segments": self.n_segments,
            "boundaries": self.n_boundaries,
            "topics": {slug: {"primary": n, "also": self.also[slug]} for slug, n in self.primary.items()},
            "no_topic": self.no_topic,
            "kinds": dict(self.by_kind),
            "files": dict(self.by_file),
            "people": dict(self.by_person),
            "sources": dict(self.by_source),
            "months": dict(self.by_month),
        }

    def render(self, console: Console) -> None:
        """The counts as tables on a terminal."""
        from rich.table import Table
        from rich.text import Text

        topics = Table("topic", title=f"{self.n_segments} labelled segments", title_justify="left")
        topics.add_column("primary", justify="right")
        topics.add_column("also", justify="right")
        for slug, n in self.primary.items():
            topics.add_row(slug, str(n), str(self.also[slug]))
        topics.add_row("(none fits)", str(self.no_topic), "")
        console.print(topics)
        for title, counts in (
            ("kind", self.by_kind), ("file", self.by_file), ("by", self.by_person),
            ("source", self.by_source), ("published", _by_year(self.by_month)),
        ):  # fmt: skip
            if not counts.keys() - {""}:
                continue
            table = Table(title)
            table.add_column("labels", justify="right")
            for name, n in _pick(counts):
                table.add_row(Text(name or "(nobody said)"), str(n))
            if len(counts) > MOST_ROWS:
                table.add_row(f"({len(counts) - MOST_ROWS} more)", "")
            console.print(table)


def _by_year(months: Mapping[str, int]) -> dict[str, int]:
    years: Counter[str] = Counter()
    for month, n in months.items():
        years[month[:4]] += n
    return dict(years)


def _pick(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The largest counts, as many as a person reads, in the order they had."""
    kept = sorted(counts, key=lambda name: -counts[name])[:MOST_ROWS]
    return [(name, n) for name, n in counts.items() if name in kept]


def stats(labels: Path, taxonomy: Taxonomy | None = None, on_problem: OnProblem | None = None) -> LabelCounts:
    """Count the labels of a folder, by its own taxonomy unless one is given.

    A line that cannot be read goes to ``on_problem``, else it is raised.
    """
    require_folder(labels)
    taxonomy = taxonomy or load_own_taxonomy(labels)
    decisions = read_decisions(find_label_files(labels), on_problem=on_problem)
    topics = tuple(spell_today(entry, taxonomy) for entry in decisions.topics)
    return count_labels(replace(decisions, topics=topics), taxonomy)


def count_labels(decisions: Decisions, taxonomy: Taxonomy) -> LabelCounts:
    """The counts; a topic outside the taxonomy is left out of them, :func:`check_labels` names it."""
    settled = [entry.decision for entry in settle_topics(decisions.topics)]
    primary = Counter(decision.topic for decision in settled)
    also = Counter(slug for decision in settled for slug in decision.also)
    kinds = Counter(decision.kind for decision in settled)
    files = Counter(entry.file for entry in decisions.topics)
    files.update(entry.file for entry in decisions.boundaries)
    people = Counter(entry.decision.by for entry in decisions.topics)
    people.update(entry.decision.by for entry in decisions.boundaries)
    return LabelCounts(
        primary={slug: primary[slug] for slug in taxonomy.slugs},
        also={slug: also[slug] for slug in taxonomy.slugs},
        no_topic=sum(decision.topic is None and decision.kind != "boilerplate" for decision in settled),
        by_kind={kind: kinds[kind] for kind in sorted(kinds)},
        by_file={file: files[file] for file in sorted(files)},
        by_person={person: people[person] for person in sorted(people)},
        n_boundaries=len(decisions.boundaries),
        by_source=_count(decision.source or "" for decision in settled),
        by_month=_count((decision.published or "")[:7] for decision in settled),
    )


def _count(names: Iterable[str]) -> dict[str, int]:
    counts = Counter(names)
    return {name: counts[name] for name in sorted(counts)}
