"""The label files, followed: what stands in them now, what was added since the last look, and a person's history.

Files are only appended to, so a look costs a ``stat`` of each and the reading of new lines; a file that was
replaced makes everything be read anew. What one person did is a list of actions, each the decisions of one moment;
an undo line takes an action back, and doing the same again redoes it. So undo and redo are read off the file, and
outlive the page and the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from topics.errors import LabelError
from topics.labels.decisions import BoundaryDecision, Decision, Note, TopicDecision, Undo, from_json
from topics.labels.entries import change_slugs, find_label_files
from topics.labels.taxonomy import Taxonomy
from topics.review.columns import fold_digest

__all__ = ["Action", "Added", "History", "Ledger", "Standing"]

Standing = TopicDecision | BoundaryDecision | Note
Rank = tuple[datetime, str, int]  # later `at` wins, then file order


@dataclass(slots=True)
class Kept:
    """A decision without its text, and what tells it from a later one; said again in newer words it keeps its rank."""

    decision: TopicDecision
    rank: Rank


@dataclass(frozen=True, slots=True)
class Action:
    """What one person decided at one moment."""

    at: str
    decisions: tuple[Standing, ...]

    @property
    def essence(self) -> tuple[Standing, ...]:
        """The decisions but for their moment: equal for an action and its redoing."""
        return tuple(replace(decision, at="") for decision in self.decisions)


@dataclass
class Added:
    """What a look found: whether all was read anew, else the topic decisions and dumps that new lines speak of."""

    everything: bool = False
    topics: list[TopicDecision] = field(default_factory=list)
    dumps: set[str] = field(default_factory=set)  # whose boundaries changed
    notes: list[tuple[str, int]] = field(default_factory=list)  # dumps and starts of segments
    is_news: bool = False


@dataclass
class History:
    """The actions that can be undone, last one last, and those that can be redone, next one last."""

    done: list[Action] = field(default_factory=list)
    undone: list[Action] = field(default_factory=list)

    def take(self, decision: Decision) -> None:
        """The next line of the person's file."""
        if isinstance(decision, Undo):
            self.settle()
            for place in range(len(self.done) - 1, -1, -1):
                if self.done[place].at == decision.decided:
                    self.undone.append(self.done.pop(place))
                    return
            return
        if self.done and self.done[-1].at == decision.at:
            self.done[-1] = Action(decision.at, (*self.done[-1].decisions, decision))
        else:
            self.settle()
            self.done.append(Action(decision.at, (decision,)))
            self._began = True

    _began: bool = False

    def settle(self) -> None:
        """After the last line of an action: one that says again what was undone last is its redoing, any
        other one leaves nothing to redo."""
        if self._began and self.undone:
            last = self.done[-1].essence if self.done else ()
            if last == self.undone[-1].essence:
                self.undone.pop()
            else:
                self.undone.clear()
        self._began = False


@dataclass
class _File:
    consumed: int = 0
    inode: int = 0
    line: int = 0


class Ledger:
    """What the label files of a folder say. ``own`` is the file that ``by`` appends to."""

    def __init__(
        self,
        folder: Path,
        by: str,
        own: Path,
        taxonomy: Callable[[], Taxonomy],
        on_problem: Callable[[LabelError], None],
    ) -> None:
        self.folder = folder
        self._taxonomy = taxonomy
        self.by = by
        self.own = own
        self._on_problem = on_problem
        self._forget()

    def _forget(self) -> None:
        self._retired = self._taxonomy().retired
        self._said: dict[tuple[object, ...], Kept] = {}  # file, place, who and when
        self._files: dict[Path, _File] = {}
        self.by_digest: dict[int, list[Kept]] = {}
        self.by_dump: dict[str, list[Kept]] = {}
        self._by_moment: dict[tuple[str, str], list[Standing]] = {}
        self._boundaries: dict[str, list[tuple[Rank, BoundaryDecision]]] = {}
        self._notes: dict[tuple[str, int], list[tuple[Rank, Note]]] = {}
        self.undone: set[tuple[str, str]] = set()
        self.history = History()
        self.n_lines = 0

    def follow(self) -> Added:
        """Read what was added since the last look."""
        files = find_label_files(self.folder) if self.folder.is_dir() else []
        facts = {file: file.stat() for file in files}
        for file, known in [*self._files.items()]:
            is_other = self._taxonomy().retired != self._retired
            if (
                is_other
                or file not in facts
                or facts[file].st_ino != known.inode
                or facts[file].st_size < known.consumed
            ):
                self._forget()
                added = Added(everything=True, is_news=True)
                break
        else:
            added = Added()
        for file in files:
            known = self._files.setdefault(file, _File(inode=facts[file].st_ino))
            if facts[file].st_size > known.consumed:
                self._read_on(file, known, added)
        self.history.settle()
        return added

    def stands(self, decision: Standing) -> bool:
        """Whether nobody took it back."""
        return (decision.by, decision.at) not in self.undone

    def boundaries(self, dump: str) -> dict[int, bool]:
        """What is decided of a dump: offset to whether a piece starts there, in the order of the decisions."""
        settled: dict[int, bool] = {}
        for decision in self.boundary_decisions(dump):
            settled.pop(decision.offset, None)
            settled[decision.offset] = decision.starts
        return settled

    def boundary_decisions(self, dump: str) -> list[BoundaryDecision]:
        """Those of a dump that nobody took back, the last word last."""
        said = sorted(self._boundaries.get(dump, ()), key=lambda entry: entry[0])
        return [decision for _, decision in said if self.stands(decision)]

    def said_at(self, at: str) -> Sequence[Standing]:
        """What the person decided at that moment, taken back or not."""
        return self._by_moment.get((self.by, at), ())

    @property
    def cut_dumps(self) -> Iterable[str]:
        """The dumps that boundary decisions speak of, taken back or not."""
        return self._boundaries.keys()

    @property
    def noted_places(self) -> Iterable[tuple[str, int]]:
        """Dump and start of every segment that was ever written about."""
        return self._notes.keys()

    def note(self, dump: str, start: int) -> str:
        """What stands beside the segment that starts there; empty where nothing does."""
        said = self.notes(dump, start)
        return said[-1].note if said else ""

    def notes(self, dump: str, start: int) -> list[Note]:
        """The notes on that segment that nobody took back, the last word last."""
        said = sorted(self._notes.get((dump, start), ()), key=lambda entry: entry[0])
        return [note for _, note in said if self.stands(note)]

    def _read_on(self, file: Path, known: _File, added: Added) -> None:
        with file.open("rb") as lines:
            lines.seek(known.consumed)
            new = lines.read()
        whole = new[: new.rfind(b"\n") + 1]  # a line that is still being written waits for the next look
        known.consumed += len(whole)
        for line in whole.split(b"\n")[:-1]:
            known.line += 1
            if not line.strip():
                continue
            place = f"{file}:{known.line}"
            try:
                decision = from_json(line.decode("utf-8-sig"), place)
            except (LabelError, UnicodeDecodeError) as fault:
                self._on_problem(fault if isinstance(fault, LabelError) else LabelError(f"{place}: not UTF-8."))
                continue
            self._take(decision, file, known.line, added)

    def _take(self, decision: Decision, file: Path, line: int, added: Added) -> None:
        added.is_news = True
        self.n_lines += 1
        if isinstance(decision, TopicDecision):
            decision = change_slugs(replace(decision, text=None), self._taxonomy().spell)
            said = (file, decision.dump, decision.start, decision.end, decision.segment, decision.by, decision.at)
            if decision.was is not None and said in self._said:
                self._said[said].decision = decision
                added.topics.append(decision)
                return
        if file == self.own and decision.by == self.by:
            self.history.take(decision)
        if isinstance(decision, Undo):
            self.undone.add((decision.by, decision.decided))
            for affected in self._by_moment.get((decision.by, decision.decided), ()):
                _say_affected(affected, added)
            return
        rank = (decision.when, str(file), line)
        self._by_moment.setdefault((decision.by, decision.at), []).append(decision)
        _say_affected(decision, added)
        if isinstance(decision, TopicDecision):
            kept = self._said[said] = Kept(decision, rank)
            self.by_digest.setdefault(fold_digest(decision.segment), []).append(kept)
            self.by_dump.setdefault(decision.dump, []).append(kept)
        elif isinstance(decision, BoundaryDecision):
            self._boundaries.setdefault(decision.dump, []).append((rank, decision))
        else:
            self._notes.setdefault((decision.dump, decision.start), []).append((rank, decision))


def _say_affected(decision: Standing, added: Added) -> None:
    if isinstance(decision, TopicDecision):
        added.topics.append(decision)
    elif isinstance(decision, BoundaryDecision):
        added.dumps.add(decision.dump)
    else:
        added.notes.append((decision.dump, decision.start))
