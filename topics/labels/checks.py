"""A label folder in, a report out: what in it cannot be used, contradicts itself, or has lost its text.

Nothing is mended here. Every finding says where, what and the next move, and its ``kind`` is lower-case data,
so that a command can count findings and a test can look for one. How many labels each topic has is in
:func:`count_labels`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from topics.errors import LabelError
from topics.labels.counting import count_labels, stats
from topics.labels.decisions import BoundaryDecision, Note, TopicDecision
from topics.labels.entries import (
    Decisions,
    Entry,
    OnProblem,
    find_label_files,
    read_decisions,
    require_folder,
    slugs_of,
    spell_today,
)
from topics.labels.findings import FINDING_KINDS, CheckReport, Finding
from topics.labels.matching import is_cut, settle_boundaries, settle_topics
from topics.labels.second import find_second_files, pair_second_readings
from topics.labels.signatures import find_near_duplicates, sign_text
from topics.labels.standoff import read_terms, terms_path
from topics.labels.taxonomy import Taxonomy, load_own_taxonomy
from topics.paragraphs import split_paragraphs
from topics.paragraphs.placing import place_all
from topics.records import Dump, Span, dump_digest, text_digest

__all__ = ["FINDING_KINDS", "CheckReport", "Finding", "check", "stats"]

TopicEntry = Entry[TopicDecision]
AnyEntry = TopicEntry | Entry[BoundaryDecision] | Entry[Note]


def check(
    labels: Path,
    taxonomy: Taxonomy | None = None,
    dumps: Iterable[Dump] = (),
) -> CheckReport:
    """Check the label files of a folder, by its own taxonomy unless one is given.

    With ``dumps`` at hand the places are compared with their text. Near-duplicates are found among all texts whose
    signature is in a term file, or whose text is in the label file or in one of the dumps.
    """
    require_folder(labels)
    taxonomy = taxonomy or load_own_taxonomy(labels)
    findings: list[Finding] = []

    def note_unreadable(problem: LabelError) -> None:
        place, _, message = str(problem).partition(": ")
        findings.append(Finding("unreadable", place, message))

    decisions = read_decisions(find_label_files(labels), on_problem=note_unreadable)
    second = read_decisions(find_second_files(labels), on_problem=note_unreadable).topics
    texts = {dump_digest(dump.text): dump for dump in dumps}
    signatures = _read_signatures(labels, note_unreadable)
    findings += _find_future([*decisions.topics, *decisions.boundaries, *decisions.notes, *second])
    findings += _find_unknown_topics(decisions.topics, taxonomy)
    findings += _find_unknown_topics(second, taxonomy)
    findings += _find_old_words(decisions.topics, taxonomy)
    decisions = replace(decisions, topics=tuple(spell_today(entry, taxonomy) for entry in decisions.topics))
    findings += _find_open_readings(decisions.topics, [spell_today(entry, taxonomy) for entry in second])
    findings += _find_disagreements(decisions.topics)
    findings += _find_differing_twins(decisions.topics, signatures, texts)
    findings += _find_repetitions(decisions.topics)
    findings += _find_other_texts(decisions.topics)
    findings += _find_lost_places(decisions.topics, texts)
    findings += _find_retired(decisions)
    findings += _find_lost_boundaries(decisions.boundaries, texts)
    return CheckReport.of(findings, count_labels(decisions, taxonomy))


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


def _find_future(entries: Sequence[AnyEntry]) -> Iterator[Finding]:
    now = datetime.now(UTC)
    for entry in entries:
        if entry.decision.when > now:
            yield Finding("future", entry.place, f'dated {entry.decision.at}, which is to come. Mend its "at".')


def _find_unknown_topics(entries: Sequence[TopicEntry], taxonomy: Taxonomy) -> Iterator[Finding]:
    """Topics that never were, and split ones where nothing later holds."""
    holding = {entry.rank for entry in settle_topics(entries)}
    for entry in entries:
        for slug in slugs_of(entry.decision):
            fault = taxonomy.find_fault(slug)
            if fault and (entry.rank in holding or not taxonomy.find_successors(slug)):
                yield Finding("unknown-topic", entry.place, fault)


def _find_old_words(entries: Sequence[TopicEntry], taxonomy: Taxonomy) -> Iterator[Finding]:
    """Decisions that hold and name a topic by a slug that it no longer has."""
    for entry in settle_topics(entries):
        for slug in slugs_of(entry.decision):
            after = taxonomy.find_successors(slug)
            if len(after) == 1 and after != (slug,):
                move = f'"topics labels rename {slug} {after[0]}" writes that out.'
                yield Finding("old-words", entry.place, f'says "{slug}", which is read as {after[0]}. {move}')


def _find_open_readings(first: Sequence[TopicEntry], second: Sequence[TopicEntry]) -> Iterator[Finding]:
    """Second readings without a first, and those that differ from it while nobody has decided since."""
    known = {entry.decision.segment for entry in first}
    for entry in second:
        if entry.decision.segment not in known:
            message = f"nobody has read this part of {entry.decision.name} first. Label it, or delete the line."
            yield Finding("unpaired", entry.place, message)
    last = {entry.decision.segment: entry.decision.when for entry in settle_topics(first)}
    for pair in pair_second_readings(first, second):
        if not pair.agree and last[pair.first.decision.segment] <= pair.second.decision.when:
            said = _contradict(pair.second, pair.first, "on a second reading")
            yield Finding("second-reading", pair.second.place, said)


def _find_disagreements(entries: Sequence[TopicEntry]) -> Iterator[Finding]:
    """Two people whose last words on one text differ in the topic, where nobody has decided since."""
    by_text: dict[str, list[TopicEntry]] = {}
    for entry in entries:
        by_text.setdefault(entry.decision.segment, []).append(entry)
    for said in by_text.values():
        said.sort(key=lambda entry: entry.precedence)
        if _is_settled(said):
            continue
        last_words = {entry.decision.by: entry for entry in said}
        first, *others = sorted(last_words.values(), key=lambda entry: entry.rank)
        for other in others:
            if other.decision.topic != first.decision.topic:
                yield Finding("disagreement", other.place, _contradict(other, first, "on the same text"))


def _is_settled(said: Sequence[TopicEntry]) -> bool:
    """Whether the last moment has one answer, given after people had differed; ``said`` is about one text, in order."""
    last = said[-1].decision.when
    before = {entry.decision.by: entry.decision.topic for entry in said if entry.decision.when < last}
    return len(set(before.values())) > 1 and len({e.decision.topic for e in said if e.decision.when == last}) == 1


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


def _find_other_texts(entries: Sequence[TopicEntry]) -> Iterator[Finding]:
    """Decisions that hold and have a text beside them which is not the one that they name."""
    for entry in settle_topics(entries):
        if entry.decision.has_other_text:
            message = "its text is not the one that its digest names, so nothing learns from it. Label it again."
            yield Finding("other-text", entry.place, message)


def _find_lost_places(entries: Sequence[TopicEntry], texts: Mapping[str, Dump]) -> Iterator[Finding]:
    """Spans that hold another text, and dumps that changed."""
    by_name = {dump.name: dump for dump in texts.values()}
    for entry in entries:
        decision = entry.decision
        dump = texts.get(decision.dump)
        if dump is not None:
            if text_digest(dump.text[decision.start : decision.end]) != decision.segment:
                message = f"{dump.name} has another text at {decision.start}:{decision.end}. Label it again."
                yield Finding("wrong-place", entry.place, message)
        elif decision.name in by_name:
            message = f"{decision.name} has changed since. Label it again where the text is gone."
            yield Finding("changed-dump", entry.place, message)


def _find_retired(decisions: Decisions) -> Iterator[Finding]:
    """Decisions that hold on a span in which a piece is said to start, while none holds on any part of it."""
    boundaries = settle_boundaries(decisions)
    holding = settle_topics(decisions.topics)
    spans: dict[str, list[Span]] = {}
    for entry in holding:
        spans.setdefault(entry.decision.dump, []).append((entry.decision.start, entry.decision.end))
    for entry in holding:
        whole = entry.decision
        if is_cut(whole, boundaries.get(whole.dump, {})) and not any(
            whole.start <= start and end <= whole.end and end - start < whole.end - whole.start
            for start, end in spans[whole.dump]
        ):
            message = "a piece is said to start inside this segment, so nothing goes by this label. Label its parts."
            yield Finding("retired", entry.place, message)


def _find_lost_boundaries(entries: Sequence[Entry[BoundaryDecision]], texts: Mapping[str, Dump]) -> Iterator[Finding]:
    """Decisions about dumps that changed, and of the others those that can bind nowhere: cutting refuses them."""
    by_name = {dump.name: dump for dump in texts.values()}
    holding: dict[str, dict[int, Entry[BoundaryDecision]]] = {}
    for entry in sorted(entries, key=lambda entry: entry.precedence):
        decision = entry.decision
        if decision.dump in texts:
            holding.setdefault(decision.dump, {})[decision.offset] = entry
        elif decision.name in by_name:
            message = f"{decision.name} has changed since, so this boundary binds nothing. Decide it again."
            yield Finding("changed-dump", entry.place, message)
    for dump, said in holding.items():
        faults: dict[int, str] = {}
        decided = {offset: entry.decision.starts for offset, entry in said.items()}
        place_all(split_paragraphs(texts[dump].text), decided, faults.__setitem__)
        for offset, entry in said.items():
            if offset in faults:
                yield Finding("stale", entry.place, f"{texts[dump].name}: {faults[offset]}. Delete the line.")


def _contradict(entry: TopicEntry, other: TopicEntry, manner: str) -> str:
    ours, theirs = entry.decision, other.decision
    return (
        f"{ours.by} says {ours.topic or 'no topic'}, {theirs.by} says {theirs.topic or 'no topic'} {manner} "
        f"({other.place}). Decide and add the decision."
    )
