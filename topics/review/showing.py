"""What the page shows, as plain values for its templates: the piece, its chips, the list around it, the counts.

Nothing here is markup and nothing is escaped: the templates escape everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from topics.labels.decisions import TopicDecision
from topics.records import Segment
from topics.review.columns import BOILERPLATE
from topics.review.deeds import describe
from topics.review.desk import Desk
from topics.review.marking import PageParagraph, find_hits, lay_out
from topics.review.queue import explain_place
from topics.review.roster import DECIDED, DIFFERS, NOTED, PEOPLE_DIFFER
from topics.review.views import View
from topics.writers.facts import describe_lines
from topics.writers.text import clean_cell

__all__ = ["Chip", "Item", "PiecePage", "show_counts", "show_list", "show_piece", "topic_names"]

_BEFORE: Final = 6  # items of the list before the current one
_ITEMS: Final = 40
_MOST_PARAGRAPHS: Final = 400  # shown at first
_MOST_CHARACTERS: Final = 120_000
_KEYS: Final = 9


@dataclass(frozen=True, slots=True)
class Chip:
    """A topic that a key assigns. ``score`` is what the model gives it, if it is among its guesses."""

    key: str
    slug: str
    name: str
    score: float | None
    is_topic: bool
    is_also: bool
    is_guess: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list."""

    key: str
    place: int
    heading: str
    topic: str
    score: float
    dump: str
    is_current: bool
    is_decided: bool
    differs: bool
    noted: bool


@dataclass(frozen=True, slots=True)
class PiecePage:
    """The piece that is read, and everything said about it."""

    key: str
    heading: str
    facts: tuple[str, ...]
    topic: str
    state: str
    is_decided: bool
    differs: bool
    predicted: str
    said: tuple[str, ...]
    reason: str
    note: str
    chips: tuple[Chip, ...]
    also: tuple[str, ...]
    terms: tuple[tuple[str, float], ...]
    terms_topic: str
    paragraphs: tuple[PageParagraph, ...]
    n_hidden: int
    is_first: bool
    bound: str
    language: str
    twins: tuple[str, ...]  # keys of near-duplicates


def show_piece(desk: Desk, ref: int, view: View, *, whole: bool = False) -> PiecePage:
    """The page of one segment; a very long text is cut unless the ``whole`` is wanted."""
    roster = desk.roster
    row, entry = roster.record(ref), roster.entry(ref)
    standing = roster.standing.get(ref)
    topic = _topic_word(standing) if standing is not None else _predicted_word(row)
    about = _about(row, standing)
    terms, terms_topic = _deciding_terms(desk, row, about)
    paragraphs = roster.paragraphs(ref)
    shown = len(paragraphs)
    if not whole:
        shown = next((n for n, p in enumerate(paragraphs) if p.end > _MOST_CHARACTERS), shown)
        shown = min(max(1, shown), _MOST_PARAGRAPHS)
    hits = find_hits(row["text"], view.search) if view.search else []
    flags = int(roster.flags[ref]) if ref >= 0 else roster.piece_flags.get(ref, 0)
    guesses = [guess["topic"] for guess in row["topics"]]
    return PiecePage(
        key=roster.key(ref),
        heading=roster.headings([ref])[0] or "No words",
        facts=tuple(_facts(row)),
        topic=topic,
        state=_state(standing),
        is_decided=bool(flags & DECIDED),
        differs=bool(flags & (DIFFERS | PEOPLE_DIFFER)),
        predicted=_predicted_words(row),
        said=tuple(_say(decision) for decision in roster.people_said(ref)),
        reason=explain_place(entry, *[*guesses, None, None][:2]),
        note=desk.ledger.note(desk.index.dump_digests[roster.dump_of(ref)], row["start"]),
        chips=tuple(_chips(desk, row, standing)),
        also=standing.also if standing is not None else tuple(row["also"]),
        terms=terms,
        terms_topic=terms_topic,
        paragraphs=tuple(lay_out(row, paragraphs[:shown], dict(terms), hits)),
        n_hidden=len(paragraphs) - shown,
        is_first=roster.neighbour(ref, -1) is None,
        bound=_bound_words(desk, ref, row),
        language=row["language"] or "en",
        twins=tuple(roster.key(twin) for twin in desk.chooser.twins(ref)),
    )


def show_list(desk: Desk, view: View, ref: int | None) -> tuple[list[Item], int, int]:
    """The items of a view around a segment, the place of that segment (from 1; 0 where the view does not show it),
    and how many there are."""
    chosen = desk.choose(view)
    at = chosen.place(desk.chooser.rank(ref, view.sort)) if ref is not None else 0
    first = max(0, min(at - _BEFORE, len(chosen) - _ITEMS))
    refs = [int(found) for found in chosen.refs[first : first + _ITEMS]]
    roster = desk.roster
    items = []
    for number, (found, heading) in enumerate(zip(refs, roster.headings(refs), strict=True)):
        flags = int(roster.flags[found]) if found >= 0 else roster.piece_flags.get(found, 0)
        code = int(roster.topic[found]) if found >= 0 else roster.piece_topic.get(found, -1)
        slug = roster.index.codes.slug(code)
        items.append(
            Item(
                key=roster.key(found),
                place=first + number + 1,
                heading=heading or "No words",
                topic=slug or ("boilerplate" if code == BOILERPLATE else "none" if flags & DECIDED else "unknown"),
                score=float(roster.entry(found)["score"]),
                dump=_short_name(roster.index.dump_names[roster.dump_of(found)]),
                is_current=found == ref,
                is_decided=bool(flags & DECIDED),
                differs=bool(flags & (DIFFERS | PEOPLE_DIFFER)),
                noted=bool(flags & NOTED),
            )
        )
    is_there = ref is not None and at < len(chosen) and int(chosen.refs[at]) == ref
    return items, at + 1 if is_there else 0, len(chosen)


def show_counts(desk: Desk) -> dict[str, Any]:
    """What the head of the page says, and what the pulse reports."""
    n_segments, n_decided = desk.counts()
    history = desk.ledger.history
    return {
        "version": desk.version,
        "n_segments": n_segments,
        "n_decided": n_decided,
        "file": str(desk.own),
        "n_lines": desk.ledger.n_lines,
        "undo": describe(history.done[-1]) if history.done else "",
        "redo": describe(history.undone[-1]) if history.undone else "",
        "indexing": not desk.index.is_complete,
        "n_indexed": len(desk.index.rows),
        "n_rows": desk.source.n_rows or 0,
        "notice": clean_cell(desk.notice),
    }


def topic_names(desk: Desk) -> dict[str, str]:
    """Slug to name of every topic: the taxonomy's, then those that only the run knows."""
    names = {topic.slug: topic.name for topic in desk.taxonomy.topics}
    for slug in desk.index.codes.slugs:
        names.setdefault(slug, slug)
    return names


def _facts(row: Mapping[str, Any]) -> Iterable[str]:
    yield clean_cell(row["dump"])
    yield describe_lines(row)
    yield from (clean_cell(fact) for fact in (row["source"], row["published"]) if fact)
    if row["kind"] != "article":
        yield row["kind"]
    if row["language"] not in ("en", "", None):
        yield f"language {clean_cell(row['language'])}"
    if row["duplicate_of"]:
        yield f"near-duplicate of {clean_cell(row['duplicate_of'])}"


def _bound_words(desk: Desk, ref: int, row: Mapping[str, Any]) -> str:
    """How sure it is that a piece starts here, or who decided."""
    decided = desk.ledger.boundaries(desk.index.dump_digests[desk.roster.dump_of(ref)])
    lead = len(row["text"]) - len(row["text"].lstrip())
    if any(starts and row["start"] <= offset <= row["start"] + lead for offset, starts in decided.items()):
        return "start decided"
    return "start of the dump" if row["start"] == 0 else f"starts here with {row['boundary']:.0%}"


def _topic_word(decision: TopicDecision) -> str:
    return "boilerplate" if decision.kind == "boilerplate" else decision.topic or "none"


def _predicted_word(row: Mapping[str, Any]) -> str:
    return "boilerplate" if row["kind"] == "boilerplate" else row["topic"] or "unknown"


def _predicted_words(row: Mapping[str, Any]) -> str:
    word = _predicted_word(row)
    return f"{word} {row['score']:.0%}" if row["score"] is not None else word


def _state(standing: TopicDecision | None) -> str:
    if standing is None:
        return "Not decided"
    return f"Decided by {standing.by}, {standing.at[:10]}"


def _say(decision: TopicDecision) -> str:
    also = f" + {', '.join(decision.also)}" if decision.also else ""
    return f"{decision.by} ({decision.at[:10]}): {_topic_word(decision)}{also}"


def _about(row: Mapping[str, Any], standing: TopicDecision | None) -> str | None:
    """The topic whose terms are marked: what holds, else the likeliest."""
    if standing is not None and standing.topic:
        return standing.topic
    guesses: Sequence[Mapping[str, Any]] = row["topics"]
    return row["topic"] or (guesses[0]["topic"] if guesses else None)


def _deciding_terms(desk: Desk, row: Mapping[str, Any], topic: str | None) -> tuple[tuple[tuple[str, float], ...], str]:
    model = desk.model()
    if model is None or topic is None or topic not in model.topics.slugs:
        return (), ""
    from topics.classification.explain import explain_segment

    explained = explain_segment(_to_segment(row), model.topics, topic)
    return tuple((pull.term, pull.share) for pull in explained.towards), topic


def _chips(desk: Desk, row: Mapping[str, Any], standing: TopicDecision | None) -> Iterable[Chip]:
    """The model's guesses, best first, then the topics that were used last, then the taxonomy's."""
    names = topic_names(desk)
    guesses = {guess["topic"]: guess["score"] for guess in row["topics"]}
    held = standing.topic if standing is not None else row["topic"]
    also = standing.also if standing is not None else tuple(row["also"])
    held_ones = [slug for slug in (held, *also) if slug]
    chosen = dict.fromkeys([*guesses, *held_ones, *_recent(desk), *desk.taxonomy.slugs])
    for number, slug in enumerate(list(chosen)[:_KEYS], 1):
        yield Chip(
            key=str(number),
            slug=slug,
            name=names.get(slug, slug),
            score=guesses.get(slug),
            is_topic=slug == held,
            is_also=slug in also,
            is_guess=slug in guesses,
        )


def _recent(desk: Desk, limit: int = 200) -> Iterable[str]:
    for action in reversed(desk.ledger.history.done[-limit:]):
        first = action.decisions[0]
        if isinstance(first, TopicDecision) and first.topic:
            yield first.topic


def _short_name(name: str) -> str:
    cleaned = clean_cell(name)
    return cleaned if len(cleaned) <= 60 else f"…{cleaned[-59:]}"


def _to_segment(row: Mapping[str, Any]) -> Segment:
    return Segment(
        dump=row["dump"], dump_digest="", index=row["index"], start=row["start"], end=row["end"],
        start_line=row["start_line"], end_line=row["end_line"], kind=row["kind"], title=row["title"],
        published=None, source=None, boundary=row["boundary"],
        furniture=tuple((begin, end) for begin, end in row["furniture"]), language=row["language"], text=row["text"],
    )  # fmt: skip
