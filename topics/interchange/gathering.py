"""Labels, or the rows of a run, as items to send out; and the references of a run's rows, to find them again.

A row of a run names its dump by name, a label by digest. The digest is that of all the dump's text, which its segments
joined are; the row's ``id`` is made of digest and offsets, so it tells whether the run still holds the whole dump.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from topics.interchange.refs import REF, Ref, State
from topics.interchange.rows import Guess, Item
from topics.labels.matching import settle_topics
from topics.records import Dump, dump_digest, segment_id, text_digest

if TYPE_CHECKING:
    from topics.labels.decisions import TopicDecision
    from topics.labels.store import Decisions

__all__ = ["add_references", "gather_labels", "gather_run", "refer", "refer_rows"]

Row = Mapping[str, Any]


def gather_labels(decisions: Decisions, dumps: Iterable[Dump], *, with_text: bool = True) -> Iterator[Item]:
    """The decisions that hold, an item each, in file order; text from the dumps, else from the decision."""
    by_digest = {dump_digest(dump.text): dump.text for dump in dumps} if with_text else {}
    for entry in settle_topics(decisions.topics):
        decision = entry.decision
        yield Item(
            refer(decision),
            segment_id(decision.dump, decision.start, decision.end),
            _find_text(decision, by_digest) if with_text else None,
            decided=True,
            title=decision.title,
            by=decision.by,
            at=decision.at,
            confidence=decision.confidence,
        )


def gather_run(
    rows: Iterable[Row], decided: Mapping[str, TopicDecision] | None = None, *, with_text: bool = True
) -> Iterator[Item]:
    """The segments of a run, an item each: what people decided (by segment digest) is theirs, the rest the model's.
    A row whose dump is not whole in the run is passed over."""
    decided = decided or {}
    for row, ref in refer_rows(rows):
        if ref is None:
            continue
        decision = decided.get(ref.segment)
        if decision is not None:
            kind, topic, also = decision.kind, decision.topic, decision.also
            ref = Ref(ref.dump, ref.start, ref.end, ref.segment, kind, topic, also, ref.name)
        yield Item(
            ref,
            row["id"],
            row["text"] if with_text else None,
            decided=decision is not None,
            title=row["title"],
            by=decision.by if decision is not None else None,
            at=decision.at if decision is not None else None,
            model=row.get("model"),
            guesses=tuple(Guess(guess["topic"], guess["score"]) for guess in row.get("topics") or ()),
        )


def refer_rows(rows: Iterable[Row]) -> Iterator[tuple[Row, Ref | None]]:
    """Each row with its reference; ``None`` where the dump is not whole in these rows. Holds a dump at a time."""
    for _, group in groupby(rows, key=lambda row: row["dump"]):
        held: list[Row] = []
        for row in group:
            if row["index"] == 0 and held:  # another dump of the same name
                yield from _refer_dump(held)
                held = []
            held.append(row)
        yield from _refer_dump(held)


def add_references(rows: Iterable[Row], decided: Mapping[str, TopicDecision] | None = None) -> Iterator[Row]:
    """The rows of a run with their references in a last column, by which an edited table comes back.

    ``decided`` are the labels (by segment digest): a reference says what they said, for they may change before that.
    """
    decided = decided or {}
    for row, ref in refer_rows(rows):
        decision = decided.get(ref.segment) if ref is not None else None
        if ref is not None and decision is not None:
            ref = replace(ref, label=State(decision.topic, decision.also, decision.kind))
        yield {**row, REF: str(ref) if ref is not None else None}


def refer(decision: TopicDecision) -> Ref:
    """The reference of a labelled piece, with its label."""
    d = decision
    return Ref(d.dump, d.start, d.end, d.segment, d.kind, d.topic, d.also, d.name)


def _refer_dump(rows: Sequence[Row]) -> Iterator[tuple[Row, Ref | None]]:
    digest = dump_digest("".join(row["text"] for row in rows))
    for row in rows:
        if segment_id(digest, row["start"], row["end"]) != row["id"]:
            yield row, None
            continue
        segment = row.get("digest") or text_digest(row["text"])
        topic, also = row.get("topic"), tuple(row.get("also") or ())
        yield row, Ref(digest, row["start"], row["end"], segment, row["kind"], topic, also, row["dump"])


def _find_text(decision: TopicDecision, dumps: Mapping[str, str]) -> str | None:
    whole = dumps.get(decision.dump)
    if whole is not None:
        text = whole[decision.start : decision.end]
        if text_digest(text) == decision.segment:
            return text
    return decision.text
