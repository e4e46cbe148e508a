"""A taxonomy that changes, and the decisions that follow it: renamed, merged and split topics.

Decisions are only ever appended. So a decision on a topic that is gone is said again at the end of its own file, in
today's words and otherwise the same, with ``was`` for the words it had; what stood there stays. Readers
take the later line for the earlier one, in its place (:mod:`topics.labels.entries`): no order and no count changes.

The taxonomy is the point of commitment and goes first, whole or not at all: from then on every old line is read as what
its topic is today, and appending only spells that out, file by file. A process that is killed anywhere leaves labels
that say the same before and after, and the same command again does what is missing. Term files go by text, not by
topic, so they hold for the new line as for the old.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from topics.errors import LabelError
from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry, OnProblem, change_slugs, find_label_files, read_decisions, slugs_of
from topics.labels.matching import settle_topics
from topics.labels.second import find_second_files
from topics.labels.store import append_decisions, hold_labels, write_whole
from topics.labels.taxonomy import Taxonomy, load_taxonomy, parse_taxonomy
from topics.labels.taxonomy_edit import merge_topics, rename_topic

__all__ = ["Edit", "Migration", "Respelling", "merge", "migrate", "rename", "respell"]

Choose = Callable[[TopicDecision], str | None]
Edit = Callable[[str, str], str]
Finish = Callable[[Sequence[Entry[TopicDecision]]], Edit | None]


@dataclass(frozen=True, slots=True)
class Respelling:
    """A decision that holds, where it stands, and the same in today's words."""

    entry: Entry[TopicDecision]
    decision: TopicDecision

    def to_dict(self) -> dict[str, Any]:
        """Plain values: where, what it said, what it will say."""
        before = self.entry.decision
        return {
            "file": self.entry.file,
            "line": self.entry.line,
            "name": before.name,
            "segment": before.segment,
            "topic": [before.topic, self.decision.topic],
            "also": [list(before.also), list(self.decision.also)],
        }


@dataclass(frozen=True, slots=True)
class Migration:
    """What a change of the taxonomy is, or was: the file before and after, and the decisions said again.

    ``undecided`` are decisions on a split topic of which no rule can tell where they go; they stay as they are.
    """

    path: Path
    before: str
    after: str
    respelled: tuple[Respelling, ...]
    undecided: tuple[Entry[TopicDecision], ...] = ()
    done: bool = False
    why: Mapping[str, str] = field(default_factory=dict)  # text digest to the reason why it goes where it goes

    @property
    def by_file(self) -> dict[str, list[Respelling]]:
        """The decisions by the file they stand in, in order."""
        found: dict[str, list[Respelling]] = {}
        for each in self.respelled:
            found.setdefault(each.entry.file, []).append(each)
        return found

    @property
    def taxonomy_diff(self) -> list[str]:
        """The change of the taxonomy as the lines of a unified diff; none where it stays as it is."""
        before, after = self.before.splitlines(), self.after.splitlines()
        return list(difflib.unified_diff(before, after, str(self.path), str(self.path), lineterm="", n=1))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order."""
        return {
            "done": self.done,
            "taxonomy": self.taxonomy_diff,
            "files": {file: len(each) for file, each in self.by_file.items()},
            "decisions": [
                {**each.to_dict(), "why": self.why.get(each.decision.segment)} for each in self.respelled
            ],
            "undecided": [
                {
                    "file": e.file, "line": e.line, "name": e.decision.name, "segment": e.decision.segment,
                    "why": self.why.get(e.decision.segment),
                }
                for e in self.undecided
            ],
        }  # fmt: skip


def rename(
    labels: Path,
    old: str,
    new: str,
    *,
    name: str | None = None,
    dry_run: bool = False,
    on_problem: OnProblem | None = None,
) -> Migration:
    """Give a topic another slug, in the taxonomy and in every decision that holds.

    A rename that was killed is finished by the same call. With ``dry_run`` nothing is written.
    """

    def edit(text: str, source: str) -> str:
        known = parse_taxonomy(text, source)
        after = known.retired.get(old, ())
        while len(after) == 1 and after != (new,):
            after = known.retired.get(after[0], ())
        if after == (new,):
            return text  # done already, up to the label files perhaps
        return rename_topic(text, source, old, new, name)

    return migrate(labels, edit, dry_run=dry_run, on_problem=on_problem)


def merge(
    labels: Path,
    gone: Sequence[str],
    into: str,
    *,
    name: str | None = None,
    description: str | None = None,
    dry_run: bool = False,
    on_problem: OnProblem | None = None,
) -> Migration:
    """Make one topic of several, in the taxonomy and in every decision that holds; as :func:`rename` otherwise."""

    def edit(text: str, source: str) -> str:
        known = parse_taxonomy(text, source)
        left = [
            slug for slug in gone if slug != into and not (slug not in known and known.find_successors(slug) == (into,))
        ]
        if not left:
            if into in known and set(gone) - {into}:
                return text
            raise LabelError(f'{source}: only "{into}" itself is to go into "{into}". Name the topics to merge.')
        return merge_topics(text, source, left, into, name=name, description=description)

    return migrate(labels, edit, dry_run=dry_run, on_problem=on_problem)


def migrate(
    labels: Path,
    edit: Edit,
    *,
    choose: Mapping[str, Choose] | None = None,
    finish: Finish | None = None,
    why: Mapping[str, str] | None = None,
    dry_run: bool = False,
    on_problem: OnProblem | None = None,
) -> Migration:
    """Change the taxonomy of a label folder by ``edit`` (text and name to text), then say its decisions in new words.

    ``choose`` tells of a split topic where each decision on it goes, ``why`` (by text digest) for what reason.
    ``finish`` may give one more edit, once the decisions stand and these are left undecided. The folder is held
    meanwhile; second readings go with the first.
    """
    path = labels / "taxonomy.toml"
    load_taxonomy(path)
    with ExitStack() as held:
        if not dry_run:
            for folder in (labels, *{file.parent for file in find_second_files(labels)}):
                held.enter_context(hold_labels(folder))
        before = path.read_bytes().decode("utf-8-sig")
        after = edit(before, str(path))
        taxonomy = parse_taxonomy(after, str(path))
        respelled: list[Respelling] = []
        undecided: list[Entry[TopicDecision]] = []
        if not dry_run and after != before:
            write_whole(path, after.encode())
        for files in (find_label_files(labels), find_second_files(labels)):
            entries = read_decisions(files, on_problem=on_problem or (lambda _problem: None)).topics
            found, left = respell(entries, taxonomy, choose or {})
            respelled += found
            undecided += left
        plan = Migration(path, before, after, tuple(respelled), tuple(undecided), not dry_run, why or {})
        if not dry_run:
            for file, changes in plan.by_file.items():
                append_decisions(Path(file), [change.decision for change in changes], on_problem)
        last = finish(undecided) if finish else None
        if last is not None:
            after = last(after, str(path))
            if not dry_run and after != plan.after:
                write_whole(path, after.encode())
        return replace(plan, after=after)


def respell(
    entries: Sequence[Entry[TopicDecision]], taxonomy: Taxonomy, choose: Mapping[str, Choose]
) -> tuple[list[Respelling], list[Entry[TopicDecision]]]:
    """The decisions that hold and name a topic of ``choose`` or one that is gone, said again; and those nobody can
    tell. Lines with a topic that never was are left alone, as in training."""
    respelled, undecided = [], []
    usable = (
        e for e in entries if all(slug in choose or taxonomy.find_successors(slug) for slug in slugs_of(e.decision))
    )
    for entry in settle_topics(usable):
        into = dict(_find_new_words(entry.decision, taxonomy, choose))
        if None in into.values():
            undecided.append(entry)
        changed = {old: new for old, new in into.items() if new is not None and new != old}
        if changed:
            spelled = {slug: slug for slug in slugs_of(entry.decision)} | changed
            decision = change_slugs(entry.decision, spelled.__getitem__)
            respelled.append(Respelling(entry, replace(decision, was=tuple(changed))))
    return respelled, undecided


def _find_new_words(
    decision: TopicDecision, taxonomy: Taxonomy, choose: Mapping[str, Choose]
) -> Iterator[tuple[str, str | None]]:
    """Each slug of the decision that has a new word or needs one; ``None`` where nobody can tell which."""
    for slug in slugs_of(decision):
        if slug in choose:
            yield slug, choose[slug](decision)
        elif slug not in taxonomy:
            after = taxonomy.find_successors(slug)
            if after:  # an unknown topic is for "labels check" to name
                yield slug, after[0] if len(after) == 1 else None
