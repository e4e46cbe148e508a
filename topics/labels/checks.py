"""A label folder in, a report out: what in it cannot be used, contradicts itself, or has lost its text.

Nothing is mended here. Every finding says where, what and the next move, and its ``kind`` is lower-case data,
so that a command can count findings and a test can look for one. How many labels each topic has is in
:func:`count_labels`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topics.errors import LabelError
from topics.labels.counting import LabelCounts, count_labels, load_own_taxonomy, stats
from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.matching import SegmentsByDump, match, settle_topics
from topics.labels.signatures import find_near_duplicates, sign_text
from topics.labels.standoff import read_terms, terms_path
from topics.labels.store import Entry, OnProblem, find_label_files, read_decisions
from topics.labels.taxonomy import Taxonomy
from topics.records import Dump, dump_digest, text_digest

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["FINDING_KINDS", "CheckReport", "Finding", "check", "stats"]

FINDING_KINDS = (
    "unreadable",  # a line or file that is left out; nothing else is said of it
    "unknown-topic",  # a slug that the taxonomy does not have
    "disagreement",  # two people, one text, two topics
    "near-duplicate",  # two texts that are nearly one, and two topics
    "duplicate",  # one person said the same twice
    "wrong-place",  # the span of the dump is not the text that the digest names
    "changed-dump",  # the dump of that name is here with other content
    "retired",  # a boundary stands inside the span
    "stale",  # no segment of today fits, or no text where a boundary should bind
)

TopicEntry = Entry[TopicDecision]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at: ``kind`` is one of :data:`FINDING_KINDS`, ``place`` a file and line."""

    kind: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings, by place in :data:`FINDING_KINDS` and then in file order, and the counts."""

    findings: tuple[Finding, ...]
    counts: LabelCounts

    @property
    def n_findings(self) -> Mapping[str, int]:
        """Kind to number of findings, without the kinds that have none."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind: found[kind] for kind in FINDING_KINDS if found[kind]}

    @property
    def ok(self) -> bool:
        """Whether there is nothing to look at."""
        return not self.findings

    def render(self, console: Console) -> None:
        """One line a finding, under its kind, and a line that sums up."""
        kind = None
        for finding in self.findings:
            if finding.kind != kind:
                kind = finding.kind
                console.print(f"{kind} ({self.n_findings[kind]})", style="bold", markup=False)
            console.print(f"  {finding}", markup=False, highlight=False, soft_wrap=True)
        found = f"{len(self.findings)} to look at" if self.findings else "nothing to look at"
        console.print(f"{self.counts.n_segments} labelled segments, {found}", highlight=False)


def check(
    labels: Path,
    taxonomy: Taxonomy | None = None,
    dumps: Iterable[Dump] = (),
    segments_by_dump: SegmentsByDump | None = None,
) -> CheckReport:
    """Check the label files of a folder, by its own taxonomy unless one is given.

    With ``dumps`` at hand the places are compared with their text; with ``segments_by_dump`` (today's
    segments by dump digest) what is retired or stale is found as well. Near-duplicates are found among all
    texts whose signature is in a term file, or whose text is in the label file or in one of the dumps.
    """
    taxonomy = taxonomy or load_own_taxonomy(labels)
    findings: list[Finding] = []

    def note_unreadable(problem: LabelError) -> None:
        place, _, message = str(problem).partition(": ")
        findings.append(Finding("unreadable", place, message))

    decisions = read_decisions([labels], on_problem=note_unreadable)
    texts = {dump_digest(dump.text): dump for dump in dumps}
    signatures = _read_signatures(labels, note_unreadable)
    findings += _find_unknown_topics(decisions.topics, taxonomy)
    findings += _find_disagreements(decisions.topics)
    findings += _find_differing_twins(decisions.topics, signatures, texts)
    findings += _find_repetitions(decisions.topics)
    findings += _find_lost_places(decisions.topics, texts, segments_by_dump)
    findings += _find_lost_boundaries(decisions.boundaries, texts)
    if segments_by_dump is not None:
        matches = match(decisions, segments_by_dump)
        findings += (
            Finding("retired", entry.place, "a piece starts inside this segment. Label its parts.")
            for entry in matches.retired
        )
        findings += (
            Finding("stale", entry.place, f"no segment of {entry.decision.name} fits. Label it again.")
            for entry in matches.stale
        )
    order = {kind: number for number, kind in enumerate(FINDING_KINDS)}
    findings.sort(key=lambda finding: order[finding.kind])
    return CheckReport(tuple(findings), count_labels(decisions, taxonomy))


def _read_signatures(labels: Path, on_problem: OnProblem) -> dict[str, str]:
    signatures: dict[str, str] = {}
    for file in find_label_files(labels):
        path = terms_path(file)
        if path.exists():
            try:
                signatures.update((row.segment, row.signature) for row in read_terms(path))
            except LabelError as problem:
                on_problem(problem)
    return signatures


def _find_unknown_topics(entries: Sequence[TopicEntry], taxonomy: Taxonomy) -> Iterator[Finding]:
    for entry in entries:
        for slug in (entry.decision.topic, *entry.decision.also):
            fault = slug is not None and taxonomy.find_fault(slug)
            if fault:
                yield Finding("unknown-topic", entry.place, fault)


def _find_disagreements(entries: Sequence[TopicEntry]) -> Iterator[Finding]:
    """Two people whose last words on one text differ in the topic."""
    last_words: dict[str, dict[str, TopicEntry]] = {}
    for by in sorted({entry.decision.by for entry in entries}):
        for entry in settle_topics(entry for entry in entries if entry.decision.by == by):
            last_words.setdefault(entry.decision.segment, {})[by] = entry
    for said in last_words.values():
        first, *others = sorted(said.values(), key=lambda entry: entry.rank)
        for other in others:
            if other.decision.topic != first.decision.topic:
                yield Finding("disagreement", other.place, _contradict(other, first, "on the same text"))


def _find_differing_twins(
    entries: Sequence[TopicEntry], signatures: Mapping[str, str], texts: Mapping[str, Dump]
) -> Iterator[Finding]:
    """Pairs of texts that are nearly one and whose topics differ; furniture has no topic and is left out."""
    signed = []
    for entry in settle_topics(entries):
        signature = signatures.get(entry.decision.segment) or _sign_entry(entry.decision, texts)
        if signature and entry.decision.kind != "boilerplate":
            signed.append((entry, signature))
    for first, second, likeness in find_near_duplicates([signature for _entry, signature in signed]):
        one, other = signed[first][0], signed[second][0]
        if one.decision.topic != other.decision.topic:
            manner = f"on a text that is {likeness:.0%} the same"
            yield Finding("near-duplicate", other.place, _contradict(other, one, manner))


def _sign_entry(decision: TopicDecision, texts: Mapping[str, Dump]) -> str | None:
    if decision.text is not None:
        return sign_text(decision.text)
    dump = texts.get(decision.dump)
    return sign_text(dump.text[decision.start : decision.end]) if dump else None


def _find_repetitions(entries: Sequence[TopicEntry]) -> Iterator[Finding]:
    """What one person said of one text twice on end, with nothing else by anybody between."""
    last: dict[str, TopicEntry] = {}
    for entry in entries:
        decision = entry.decision
        before = last.get(decision.segment)
        if before and _opinion(before.decision) == _opinion(decision):
            yield Finding("duplicate", entry.place, f"the same as {before.place}. Delete one of the two lines.")
        last[decision.segment] = entry


def _opinion(decision: TopicDecision) -> tuple[object, ...]:
    return decision.by, decision.dump, decision.start, decision.topic, decision.also, decision.kind


def _find_lost_places(
    entries: Sequence[TopicEntry], texts: Mapping[str, Dump], segments_by_dump: SegmentsByDump | None
) -> Iterator[Finding]:
    """Spans that hold another text, and dumps that changed; a text that is a segment today is not lost."""
    by_name = {dump.name: dump for dump in texts.values()}
    found = {segment.digest for segments in (segments_by_dump or {}).values() for segment in segments}
    for entry in entries:
        decision = entry.decision
        dump = texts.get(decision.dump)
        if dump is not None:
            if text_digest(dump.text[decision.start : decision.end]) != decision.segment:
                message = f"{dump.name} has another text at {decision.start}:{decision.end}. Label it again."
                yield Finding("wrong-place", entry.place, message)
        elif decision.name in by_name and decision.segment not in found:
            message = f"{decision.name} has changed since. Label it again where the text is gone."
            yield Finding("changed-dump", entry.place, message)


def _find_lost_boundaries(entries: Sequence[Entry[BoundaryDecision]], texts: Mapping[str, Dump]) -> Iterator[Finding]:
    """Places behind all text, and dumps that changed: there nothing binds."""
    by_name = {dump.name: dump for dump in texts.values()}
    for entry in entries:
        decision = entry.decision
        dump = texts.get(decision.dump)
        if dump is None:
            if decision.name in by_name:
                message = f"{decision.name} has changed since, so this boundary binds nothing. Decide it again."
                yield Finding("changed-dump", entry.place, message)
        elif not dump.text[decision.offset :].strip():
            message = f"{dump.name} has no text from {decision.offset} on to bind. Delete the line."
            yield Finding("stale", entry.place, message)


def _contradict(entry: TopicEntry, other: TopicEntry, manner: str) -> str:
    ours, theirs = entry.decision, other.decision
    return (
        f"{ours.by} says {ours.topic or 'no topic'}, {theirs.by} says {theirs.topic or 'no topic'} {manner} "
        f"({other.place}). Decide and add the decision."
    )
