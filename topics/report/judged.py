"""Labels and the rows of a run in, judged pieces out: what people said beside what the model said.

A label speaks of the segment with its digest, else of the one in its dump that overlaps it by 90% or more, as
everywhere. Labels that the model has learned from are set apart, and so are near-duplicates of them: a model is
right about those too easily. Which they are is told by the digests of the label files in its manifest; label
files are only appended to, so what came later is what stands behind the bytes that the digest covers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from topics.errors import LabelError
from topics.evaluation.classes import Judged
from topics.labels.decisions import TopicDecision
from topics.labels.matching import MIN_OVERLAP, is_cut, measure_overlap, settle_boundaries, settle_topics
from topics.labels.signatures import find_near_duplicates, sign_text
from topics.labels.standoff import read_terms, terms_path
from topics.labels.store import Entry, OnProblem, find_label_files, read_decisions
from topics.writers.rows import Row, body_lines

__all__ = ["JudgedRun", "Judging", "Labels", "read_labels"]


@dataclass(frozen=True, slots=True)
class Labels:
    """What holds, by segment digest and by dump digest, with the names of these dumps; ``seen`` are the digests that a
    model has learned from, and ``signatures`` tell near-duplicates of those."""

    by_digest: Mapping[str, Entry[TopicDecision]]
    by_dump: Mapping[str, Sequence[Entry[TopicDecision]]]
    names: frozenset[str]
    seen: frozenset[str]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """Labelled segments of a run: ``unseen`` may judge the model; ``n_seen`` were learned from, or nearly.

    ``n_stale`` labels speak of dumps of the run and fit no segment of it.
    """

    unseen: tuple[Judged, ...]
    n_seen: int
    n_stale: int = 0

    @property
    def n(self) -> int:
        return len(self.unseen) + self.n_seen


@dataclass(frozen=True, slots=True)
class _Place:
    """A row that labels may speak of, by its text or by its place."""

    digest: str
    dump: str  # digest; "" where no label names a dump of this name
    start: int
    end: int
    row: tuple[str | None, str | None, float | None]  # predicted topic, best guess, its score
    signature: str


def read_labels(folder: Path, learned: Mapping[str, str] | None, on_problem: OnProblem | None = None) -> Labels:
    """The topic decisions of a folder that hold. ``learned`` maps label file names to the SHA-256 that each had
    when the model was trained; with ``None`` nobody knows, and all of them count as seen."""
    files = find_label_files(folder)
    decisions = read_decisions(files, on_problem=on_problem)
    boundaries = settle_boundaries(decisions)
    n_learned = {str(file): _count_learned(file, learned) for file in files}
    seen = {entry.decision.segment for entry in decisions.topics if entry.line <= n_learned[entry.file]}
    holding = [
        entry
        for entry in settle_topics(decisions.topics)
        if not is_cut(entry.decision, boundaries.get(entry.decision.dump, {}))
    ]
    by_dump: dict[str, list[Entry[TopicDecision]]] = {}
    for entry in holding:
        by_dump.setdefault(entry.decision.dump, []).append(entry)
    return Labels(
        {entry.decision.segment: entry for entry in holding},
        by_dump,
        frozenset(_last_part(entry.decision.name) for entry in holding),
        frozenset(seen),
        tuple(_read_signatures(files, decisions.topics, seen, on_problem)),
    )


class Judging:
    """Takes the rows of a run in their order; keeps those that a label may speak of."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._places: list[_Place] = []
        self._name = ""
        self._hash = hashlib.sha256()
        self._waiting: list[_Place] = []  # of the dump that is being read

    def add(self, row: Row) -> None:
        """Looks at a row; rows without topic fields are passed over."""
        if row["dump"] != self._name or row["index"] == 0:
            self._close_dump()
            self._name = row["dump"]
        named = _last_part(self._name) in self._labels.names
        if named:
            self._hash.update(row["text"].encode("utf-8", "surrogatepass"))
        if "topic" not in row or not (named or row["digest"] in self._labels.by_digest):
            return
        best = row["topics"][0] if row["topics"] else {"topic": None, "score": None}
        said = (row["topic"], best["topic"], best["score"])
        signature = sign_text("\n".join(body_lines(row)))
        self._waiting.append(_Place(row["digest"], "", row["start"], row["end"], said, signature))

    def finish(self) -> JudgedRun:
        """What the labels say of the rows added."""
        self._close_dump()
        digests = {place.digest for place in self._places}
        found = [(place, said) for place in self._places if (said := self._find(place, digests)) is not None]
        seen = {place.digest for place, _ in found if place.digest in self._labels.seen}
        seen |= {place.digest for place, decision in found if decision.segment in self._labels.seen}
        seen |= _find_twins(found, seen, self._labels.signatures)
        unseen = [
            Judged(decision.topic, place.row[0], decision.also, place.row[1], place.row[2])
            for place, decision in found
            if place.digest not in seen and decision.kind != "boilerplate"
        ]
        n_seen = sum(place.digest in seen for place, _ in found)
        return JudgedRun(tuple(unseen), n_seen, self._count_stale(digests))

    def _find(self, place: _Place, digests: AbstractSet[str]) -> TopicDecision | None:
        """The decision that holds for a row; ``digests`` are those of all rows."""
        exact = self._labels.by_digest.get(place.digest)
        fitting = [
            entry
            for entry in self._labels.by_dump.get(place.dump, ())
            if entry.decision.segment not in digests and _fits(entry.decision, place)
        ]
        last = max([*fitting, *([exact] if exact else [])], key=lambda entry: entry.precedence, default=None)
        return last.decision if last else None

    def _count_stale(self, digests: AbstractSet[str]) -> int:
        """How many decisions about dumps of the run speak of no row."""
        places: dict[str, list[_Place]] = {}
        for place in self._places:
            places.setdefault(place.dump, []).append(place)
        return sum(
            entry.decision.segment not in digests and not any(_fits(entry.decision, place) for place in places[dump])
            for dump, entries in self._labels.by_dump.items()
            if dump in places
            for entry in entries
        )

    def _close_dump(self) -> None:
        digest = self._hash.hexdigest() if _last_part(self._name) in self._labels.names else ""
        self._places += [replace(place, dump=digest) for place in self._waiting]
        self._waiting = []
        self._hash = hashlib.sha256()


def _fits(decision: TopicDecision, place: _Place) -> bool:
    return measure_overlap((decision.start, decision.end), (place.start, place.end)) >= MIN_OVERLAP


def _find_twins(
    found: Sequence[tuple[_Place, TopicDecision]], seen: AbstractSet[str], signatures: Sequence[str]
) -> set[str]:
    """Digests of labelled segments that are near-duplicates of what the model has seen."""
    fresh = [place for place, _ in found if place.digest not in seen]
    known = [*signatures, *(place.signature for place, _ in found if place.digest in seen)]
    if not fresh or not known:
        return set()
    pairs = find_near_duplicates([*known, *(place.signature for place in fresh)])
    return {fresh[second - len(known)].digest for first, second, _ in pairs if first < len(known) <= second}


def _count_learned(file: Path, learned: Mapping[str, str] | None) -> int:
    """How many lines of a label file a model has learned from; all of them where that cannot be told."""
    lines = file.read_bytes().split(b"\n")
    if learned is None:
        return len(lines)
    digests = set(learned.values())
    running = hashlib.sha256()
    n_learned = 0
    for number, line in enumerate(lines, 1):
        running.update(line if number == len(lines) else line + b"\n")
        if running.hexdigest() in digests:
            n_learned = number
    # a file of that name whose lines were changed since: any of them may have been learned from
    return len(lines) if not n_learned and file.name in learned else n_learned


def _read_signatures(
    files: Sequence[Path], entries: Sequence[Entry[TopicDecision]], seen: AbstractSet[str], on_problem: OnProblem | None
) -> Iterator[str]:
    for file in files:
        path = terms_path(file)
        if not path.exists():
            continue
        try:
            yield from (row.signature for row in read_terms(path) if row.segment in seen)
        except LabelError as problem:
            if on_problem is None:
                raise
            on_problem(problem)
    for entry in entries:
        if entry.decision.text is not None and entry.decision.segment in seen:
            yield sign_text(entry.decision.text)


def _last_part(name: str) -> str:
    """Of a dump's name: the folder that was given may differ from run to run."""
    return name.replace("\\", "/").rpartition("/")[2]
