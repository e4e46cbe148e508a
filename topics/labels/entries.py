"""Label files in, every decision with its place out, in the words of today's taxonomy.

A line that repeats an earlier one of its file in newer words (``was``, written by :mod:`topics.labels.migrating`)
takes its place, so that nothing after this module sees a decision twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from topics.errors import LabelError
from topics.labels.decisions import BoundaryDecision, Decision, Note, TopicDecision, Undo, from_json
from topics.labels.taxonomy import Taxonomy

__all__ = [
    "AnyDecision",
    "Decisions",
    "Entry",
    "OnProblem",
    "change_slugs",
    "change_topics",
    "find_label_files",
    "is_decision",
    "read_decisions",
    "require_folder",
    "slugs_of",
    "spell_today",
]

OnProblem = Callable[[LabelError], None]
AnyDecision = TypeVar("AnyDecision", TopicDecision, BoundaryDecision, Note)

_CUT_OFF = "the line is cut off, as a killed process leaves it. The next review sets it aside; or delete it."


@dataclass(frozen=True, slots=True)
class Entry(Generic[AnyDecision]):
    """A decision and where it stands; ``rank`` counts the decisions of all files read, in file order.

    One that is said again in the words of a newer taxonomy keeps its rank and stands where it was said last.
    """

    decision: AnyDecision
    file: str
    line: int
    rank: int

    @property
    def place(self) -> str:
        """``file:line``, as messages name it."""
        return f"{self.file}:{self.line}"

    @property
    def precedence(self) -> tuple[datetime, int]:
        """Of two decisions on one text the greater holds: later ``at``, then file order."""
        return self.decision.when, self.rank


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that the label files say and nobody took back, in file order."""

    topics: tuple[Entry[TopicDecision], ...]
    boundaries: tuple[Entry[BoundaryDecision], ...]
    notes: tuple[Entry[Note], ...] = ()


def find_label_files(folder: Path) -> list[Path]:
    """The label files of a folder by name, none where there is no folder; ``.terms.jsonl`` files are no label files."""
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".jsonl")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise LabelError(f"{folder}: cannot be read ({error.strerror or error}). Make it readable.") from error
    files = [path for path in found if not path.name.endswith(".terms.jsonl")]
    for path in files:
        if path.is_dir():
            raise LabelError(f"{path}: a folder, and no label file. Move it, or give it another name.")
    return files


def require_folder(folder: Path) -> None:
    """Refuse a label folder that is not there: that it holds no labels would be said of it, and no mistakes."""
    if not folder.is_dir():
        raise LabelError(f"{folder}: no such label folder. Check the path.")


def read_decisions(
    paths: Iterable[Path],
    taxonomy: Taxonomy | None = None,
    on_problem: OnProblem | None = None,
    *,
    holding: Sequence[bytes] = (),
) -> Decisions:
    """All decisions of these files, or of the label files in these folders, in the order given.

    A line that cannot be used, or names a topic that ``taxonomy`` does not have, goes to ``on_problem`` and
    is left out; without ``on_problem`` it is raised. No file at all is no problem: there are no labels yet.
    With ``taxonomy``, a topic that was renamed or merged is read as what it is today.
    What an :class:`Undo` in any of the files takes back is left out.
    With ``holding``, lines that hold none of these bytes are passed over before anything looks at them.
    """
    held = _Reading(taxonomy)
    problems: list[LabelError] = []
    for path in paths:
        for file in find_label_files(path) if path.is_dir() else [path]:
            for problem in held.take(file, _read_lines(file, holding)):
                if on_problem is None:
                    raise problem
                on_problem(problem)
    decisions = held.finish(problems)
    for problem in problems:
        if on_problem is None:
            raise problem
        on_problem(problem)
    return decisions


class _Reading:
    """What was read so far. A decision said again in newer words (``was``) takes the place of the one it repeats."""

    def __init__(self, taxonomy: Taxonomy | None) -> None:
        self.taxonomy = taxonomy
        self.topics: list[Entry[TopicDecision]] = []
        self.boundaries: list[Entry[BoundaryDecision]] = []
        self.notes: list[Entry[Note]] = []
        self.undone: set[tuple[str, str]] = set()  # who, and the moment whose decisions they took back

    def take(self, file: Path, lines: Iterable[tuple[int, bytes, bool]]) -> Iterator[LabelError]:
        """Add the lines of a file; gives back, in order, what is wrong with those that are left out."""
        said: dict[tuple[object, ...], int] = {}  # what a line is about, and who spoke when, to its place in topics
        for line, content, finished in lines:
            place = f"{file}:{line}"
            try:
                if not finished and not is_decision(content):
                    raise LabelError(f"{place}: {_CUT_OFF}")
                decision = _read_decision(content, place)
                if isinstance(decision, TopicDecision):
                    _check_slugs(decision, place, self.taxonomy)
            except LabelError as problem:
                yield problem
                continue
            if isinstance(decision, Undo):
                self.undone.add((decision.by, decision.decided))
                continue
            rank = len(self.topics) + len(self.boundaries) + len(self.notes)
            if isinstance(decision, Note):
                self.notes.append(Entry(decision, str(file), line, rank))
                continue
            if isinstance(decision, BoundaryDecision):
                self.boundaries.append(Entry(decision, str(file), line, rank))
                continue
            key = (decision.dump, decision.start, decision.end, decision.segment, decision.by, decision.at)
            if decision.was is not None and key in said:
                known = said[key]
                self.topics[known] = Entry(decision, str(file), line, self.topics[known].rank)
            else:
                said[key] = len(self.topics)
                self.topics.append(Entry(decision, str(file), line, rank))

    def finish(self, problems: list[LabelError]) -> Decisions:
        """Everything in the words of the taxonomy of today.

        A decision on a topic that was split since is left out; it is a problem where no later one holds.
        """
        standing, boundaries = self._standing(self.topics), self._standing(self.boundaries)
        notes = self._standing(self.notes)
        if self.taxonomy is None:
            return Decisions(standing, boundaries, notes)
        last = {entry.decision.segment: entry for entry in sorted(standing, key=lambda entry: entry.precedence)}
        topics = []
        for entry in standing:
            decision = entry.decision
            faults = [fault for slug in slugs_of(decision) if (fault := self.taxonomy.find_fault(slug))]
            if not faults:
                topics.append(spell_today(entry, self.taxonomy))
            elif last[decision.segment] is entry:
                problems.append(LabelError(f"{entry.place}: {faults[0]}"))
        return Decisions(tuple(topics), boundaries, notes)

    def _standing(self, entries: Sequence[Entry[AnyDecision]]) -> tuple[Entry[AnyDecision], ...]:
        """Those that nobody took back."""
        return tuple(entry for entry in entries if (entry.decision.by, entry.decision.at) not in self.undone)


def slugs_of(decision: TopicDecision) -> tuple[str, ...]:
    """The topics that a decision names, the first one first."""
    return decision.also if decision.topic is None else (decision.topic, *decision.also)


def change_slugs(decision: TopicDecision, spell: Callable[[str], str]) -> TopicDecision:
    """The decision with its slugs spelled otherwise, as :func:`change_topics` has them."""
    topic, also = change_topics(decision.topic, decision.also, spell)
    return replace(decision, topic=topic, also=also)


def change_topics(
    topic: str | None, also: Iterable[str], spell: Callable[[str], str]
) -> tuple[str | None, tuple[str, ...]]:
    """Topics spelled otherwise, primary and secondary; one that would be there twice is there once, first where it can
    be."""
    topic = spell(topic) if topic is not None else None
    return topic, tuple(slug for slug in dict.fromkeys(map(spell, also)) if slug != topic)


def spell_today(entry: Entry[TopicDecision], taxonomy: Taxonomy) -> Entry[TopicDecision]:
    """The decision with the slugs that its topics have today; one that was split, or never was, stays as it is."""
    return replace(entry, decision=change_slugs(entry.decision, taxonomy.spell))


def _check_slugs(decision: TopicDecision, place: str, taxonomy: Taxonomy | None) -> None:
    for slug in slugs_of(decision):
        if taxonomy is not None and not taxonomy.find_successors(slug):
            raise LabelError(f"{place}: {taxonomy.find_fault(slug)}")


def is_decision(line: bytes) -> bool:
    """Whether this is a whole line."""
    try:
        from_json(line.decode())
    except (LabelError, UnicodeDecodeError):
        return False
    return True


def _read_lines(file: Path, holding: Sequence[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Number, content and whether the line has its end, of every line that is not blank and holds any of these."""
    try:
        content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except FileNotFoundError:
        raise LabelError(f"{file}: no such label file. Check the path.") from None
    except OSError as error:
        raise LabelError(f"{file}: cannot be read ({error.strerror}).") from error
    wanted = tuple(words for words in holding if words in content)
    if holding and not wanted:
        return
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if (not holding or any(words in line for words in wanted)) and line.strip():
            yield number, line, number < len(lines)


def _read_decision(content: bytes, place: str) -> Decision:
    try:
        line = content.decode()
    except UnicodeDecodeError:
        raise LabelError(f"{place}: not UTF-8. Mend or delete the line.") from None
    return from_json(line, place)
