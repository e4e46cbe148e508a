"""What a person does on the page, turned into decisions: each is on the disk before :func:`act` returns.

One deed is one moment: all its decisions carry the same ``at``, go in with one append, and are undone together.
Undo and redo are appended like anything else. A segment that meanwhile stands otherwise (another tab has cut it) is
refused by name, so nothing is decided about text that nobody looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from topics.errors import LabelError
from topics.labels.decisions import BoundaryDecision, Decision, Note, TopicDecision, Undo
from topics.labels.store import append_decisions
from topics.records import Kind
from topics.review.desk import Desk
from topics.review.ledger import Action, Standing
from topics.review.taxonomies import add_topic
from topics.review.views import View

__all__ = ["MOST_AT_ONCE", "Deed", "Done", "act"]

MOST_AT_ONCE: Final = 5_000  # segments that one deed may decide


@dataclass(frozen=True, slots=True)
class Deed:
    """What was asked for. ``keys`` name segments; with ``everything`` all that the view shows but those are meant."""

    action: str
    keys: tuple[str, ...] = ()
    everything: bool = False
    topic: str = ""
    offset: int = -1
    words: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: in words, how many decisions were written, and where to look next.

    ``ref`` is where the page should be; with ``onward`` it goes on to the next that is undecided behind it.
    """

    said: str
    n_written: int
    ref: int | None
    onward: bool = False


def act(desk: Desk, deed: Deed, view: View) -> Done:
    """Do it. Raises :class:`LabelError` where it cannot be done; nothing is written then."""
    with desk.lock:
        desk.refresh()
        handler = _ACTIONS.get(deed.action)
        if handler is None:
            raise LabelError(f'there is no action "{deed.action[:40]}".')
        return handler(desk, deed, view)


def _decide(desk: Desk, deed: Deed, view: View) -> Done:
    refs = _find_all(desk, deed, view)
    at = desk.moment(standing for ref in refs if (standing := desk.roster.standing.get(ref)) is not None)
    decisions: list[Decision] = []
    for ref in refs:
        decision = _make_topic_decision(desk, ref, deed, at)
        standing = desk.roster.standing.get(ref)
        if standing is None or _says(standing) != _says(decision) or standing.by != desk.by:
            decisions.append(decision)
    _write(desk, decisions)
    first = decisions[0] if decisions else None
    named = _name(first) if isinstance(first, TopicDecision) else "as before"
    said = f"{named}: {_count(len(decisions), 'segment')}" if len(refs) > 1 else f"Saved: {named}"
    if not decisions:
        said = "Decided so already"
    alone = len(refs) == 1
    return Done(said, len(decisions), refs[0] if alone else None, onward=alone and deed.action != "also")


def _make_topic_decision(desk: Desk, ref: int, deed: Deed, at: str) -> TopicDecision:
    row = desk.roster.record(ref)
    standing = desk.roster.standing.get(ref)
    kind: Kind = "article" if row["kind"] == "boilerplate" else row["kind"]
    topic: str | None
    also: tuple[str, ...] = ()
    if deed.action == "confirm":
        kind, topic, also = row["kind"], row["topic"], tuple(row["also"])
        if standing is not None:
            kind, topic, also = standing.kind, standing.topic, standing.also
    elif deed.action == "boilerplate":
        kind, topic = "boilerplate", None
    elif deed.action == "none":
        topic = None
    elif deed.action == "also":
        topic = standing.topic if standing is not None else row["topic"]
        before = standing.also if standing is not None else tuple(row["also"])
        if topic is None:
            raise LabelError("choose the topic first, then what it is about besides.")
        if deed.topic == topic:
            raise LabelError(f'"{topic}" is its topic already.')
        also = tuple(s for s in before if s != deed.topic) if deed.topic in before else (*before, deed.topic)
    else:
        topic = deed.topic
        held = standing.also if standing is not None else row["also"] if topic == row["topic"] else ()
        also = tuple(slug for slug in held if slug != topic)
    if kind == "boilerplate":
        topic, also = None, ()
    for slug in (topic, *also):
        fault = slug is not None and desk.taxonomy.find_fault(slug)
        if fault:
            raise LabelError(fault)
    return TopicDecision(
        dump=_digest_of(desk, ref), start=row["start"], end=row["end"], segment=row["digest"], topic=topic, also=also,
        kind=kind, by=desk.by, at=at, name=row["dump"], text=row["text"] if desk.keep_text else None,
    )  # fmt: skip


def _merge(desk: Desk, deed: Deed, view: View) -> Done:
    ref = _find_one(desk, deed)
    _wait_for_model(desk)
    if desk.roster.neighbour(ref, -1) is None:
        raise LabelError("this is the first piece of its dump: there is nothing before it to merge with.")
    paragraphs = desk.roster.paragraphs(ref)
    start = int(desk.roster.entry(ref)["start"])
    offset = start + (paragraphs[0].start if paragraphs else 0)
    return _bound(desk, ref, offset, starts=False, said="Merged with the piece before")


def _split(desk: Desk, deed: Deed, view: View) -> Done:
    ref = _find_one(desk, deed)
    _wait_for_model(desk)
    start = int(desk.roster.entry(ref)["start"])
    places = [start + paragraph.start for paragraph in desk.roster.paragraphs(ref)]
    if deed.offset not in places[1:]:
        raise LabelError("a piece can start at its second paragraph or later: choose one of those.")
    return _bound(desk, ref, deed.offset, starts=True, said=f"Split before paragraph {places.index(deed.offset) + 1}")


def _bound(desk: Desk, ref: int, offset: int, *, starts: bool, said: str) -> Done:
    dump, start = desk.roster.dump_of(ref), int(desk.roster.entry(ref)["start"])
    if desk.source.whole:
        raise LabelError("this run took every record as one piece (--whole): it has no boundaries to change.")
    name, digest = desk.roster.record(ref)["dump"], _digest_of(desk, ref)
    at = desk.moment(desk.ledger.boundary_decisions(digest))  # all of them: several offsets can mean one paragraph
    decision = BoundaryDecision(dump=digest, offset=offset, starts=starts, by=desk.by, at=at, name=name)
    _write(desk, [decision])
    return Done(said, 1, desk.roster.find_at(dump, start))


def _note(desk: Desk, deed: Deed, view: View) -> Done:
    ref = _find_one(desk, deed)
    row = desk.roster.record(ref)
    words = deed.words.strip()
    digest = _digest_of(desk, ref)
    if words == desk.ledger.note(digest, row["start"]):
        return Done("The note is as before", 0, ref)
    note = Note(
        dump=digest, start=row["start"], end=row["end"], segment=row["digest"], note=words,
        by=desk.by, at=desk.moment(desk.ledger.notes(digest, row["start"])), name=row["dump"],
    )  # fmt: skip
    _write(desk, [note])
    return Done("Saved: note" if words else "Saved: note taken away", 1, ref)


def _undo(desk: Desk, deed: Deed, view: View) -> Done:
    if not desk.ledger.history.done:
        raise LabelError("there is nothing to undo.")
    action = desk.ledger.history.done[-1]
    _write(desk, [Undo(decided=action.at, by=desk.by, at=desk.moment())])
    return Done(f"Undone: {describe(action)}", 1, _place_of(desk, action))


def _redo(desk: Desk, deed: Deed, view: View) -> Done:
    if not desk.ledger.history.undone:
        raise LabelError("there is nothing to redo.")
    action = desk.ledger.history.undone[-1]
    at = desk.moment(action.decisions)
    _write(desk, [_again(desk, decision, at) for decision in action.decisions])
    return Done(f"Redone: {describe(action)}", len(action.decisions), _place_of(desk, action))


def _add(desk: Desk, deed: Deed, view: View) -> Done:
    """A topic more, and the segments that it was thought of for."""
    if deed.keys or deed.everything:
        _find_all(desk, deed, view)
    slug = add_topic(desk.labels, deed.words)
    if not deed.keys and not deed.everything:
        return Done(f"Added topic {slug}", 0, None)
    done = _decide(desk, replace(deed, action="assign", topic=slug), view)
    return replace(done, said=f"Added topic {slug}. {done.said}")


_Handler = Callable[[Desk, Deed, View], Done]
_ACTIONS: Final[Mapping[str, _Handler]] = {
    "confirm": _decide,
    "assign": _decide,
    "also": _decide,
    "boilerplate": _decide,
    "none": _decide,
    "merge": _merge,
    "split": _split,
    "note": _note,
    "undo": _undo,
    "redo": _redo,
    "add": _add,
}


def describe(action: Action) -> str:
    """An action in a few words."""
    first = action.decisions[0]
    if isinstance(first, TopicDecision):
        words = _name(first)
    elif isinstance(first, BoundaryDecision):
        words = "split" if first.starts else "merge"
    else:
        words = "note"
    return words if len(action.decisions) == 1 else f"{words} and {len(action.decisions) - 1:,} more"


def _again(desk: Desk, decision: Standing, at: str) -> Decision:
    if isinstance(decision, TopicDecision):
        decision = replace(decision, was=None)
    if isinstance(decision, TopicDecision) and desk.keep_text:
        dumps = desk.roster.dumps_of.get(decision.dump)
        text = desk.roster.text_between(dumps[0], decision.start, decision.end) if dumps else None
        return replace(decision, at=at, text=text)
    return replace(decision, at=at)


def _place_of(desk: Desk, action: Action) -> int | None:
    """The segment that an action is about, as it stands now."""
    first = action.decisions[0]
    at = first.offset if isinstance(first, BoundaryDecision) else first.start
    found: Iterable[int | None] = (desk.roster.find_at(dump, at) for dump in desk.roster.dumps_of.get(first.dump, ()))
    return next((ref for ref in found if ref is not None), None)


def _find_one(desk: Desk, deed: Deed) -> int:
    if len(deed.keys) != 1 or deed.everything:
        raise LabelError("choose one segment for this.")
    ref, is_exact = desk.roster.find(deed.keys[0])
    if ref is None or not is_exact:
        raise LabelError("this piece was cut otherwise meanwhile; it is shown as it stands now. Nothing was written.")
    return ref


def _find_all(desk: Desk, deed: Deed, view: View) -> Sequence[int]:
    found = [desk.roster.find(key) for key in dict.fromkeys(deed.keys)]
    refs = [ref for ref, is_exact in found if ref is not None and is_exact]
    if len(refs) < len(found):
        raise LabelError(
            "this piece was cut otherwise meanwhile; it is shown as it stands now. Nothing was written."
            if len(found) == 1
            else f"{_count(len(found) - len(refs), 'segment')} were cut otherwise meanwhile. Nothing was written."
        )
    if deed.everything:
        left_out = set(refs)
        refs = [ref for ref in desk.choose(view).refs.tolist() if ref not in left_out]
    if not refs:
        raise LabelError("no segment is chosen.")
    if len(refs) > MOST_AT_ONCE:
        raise LabelError(f"{len(refs):,} segments at once are too many; up to {MOST_AT_ONCE:,} can be. Filter further.")
    return refs


def _write(desk: Desk, decisions: Sequence[Decision]) -> None:
    """On the disk, then into what is shown."""
    append_decisions(desk.own, decisions, on_problem=lambda problem: desk.problems.append(str(problem)))
    desk.refresh()


def _wait_for_model(desk: Desk) -> None:
    """Places of paragraphs and the topics of new pieces need it."""
    desk.model(wait=True)
    desk.refresh()


def _digest_of(desk: Desk, ref: int) -> str:
    digest = desk.index.dump_digests[desk.roster.dump_of(ref)]
    if not digest:
        raise LabelError("the rest of this dump is still being read. Decide about it in a moment.")
    return digest


def _says(decision: TopicDecision) -> tuple[Any, ...]:
    return decision.topic, decision.also, decision.kind, decision.segment


def _name(decision: TopicDecision) -> str:
    if decision.kind == "boilerplate":
        return "boilerplate"
    return " + ".join((decision.topic, *decision.also)) if decision.topic else "none of these"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
