"""One line of a label file to one decision and back: what a person said of a segment, or of a place.

A decision names text by digest and offsets and never needs the text itself. Both directions are exact, so a
file that is read and written again stays the same; whatever the line says is checked here, once, before
anything uses it. Files are only appended to, so taking a decision back is a line too: an undo names the
person and the moment, and everything that person decided at that moment no longer counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from topics.errors import LabelError
from topics.records import KINDS, Kind, Span, text_digest

__all__ = [
    "BoundaryDecision",
    "Decision",
    "Note",
    "TopicDecision",
    "Undo",
    "date_behind",
    "find_fault",
    "from_json",
    "to_json",
]

_DIGEST = re.compile(r"[0-9a-f]{64}")
_TICK = timedelta(microseconds=1)


class _Dated:
    """A decision made at a moment."""

    __slots__ = ()
    at: str

    @property
    def when(self) -> datetime:
        """``at`` as a moment; a time without a zone is taken as UTC."""
        return _parse_time(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDecision(_Dated):
    """A person says what a segment is about. ``topic`` is ``None`` for boilerplate and where no topic fits.

    ``segment`` is the :func:`topics.records.text_digest` of ``dump[start:end]``. ``text`` is there when it
    may be kept; ``source`` (the outlet) and ``published`` (an ISO date) where they are known, for folds that keep
    outlets or days apart; ``title`` and ``furniture`` (spans of the dump) when the decision is gold for those;
    ``confidence`` when the person gave one (h, m or l). ``was`` makes it no decision of its own: it is an
    earlier one in the same file, said again in the words of a newer taxonomy, and names the slugs that it had.
    """

    dump: str
    start: int
    end: int
    segment: str
    topic: str | None
    also: tuple[str, ...] = ()
    kind: Kind
    by: str
    at: str
    name: str
    source: str | None = None
    published: str | None = None
    confidence: str | None = None
    title: str | None = None
    furniture: tuple[Span, ...] | None = None
    was: tuple[str, ...] | None = None
    text: str | None = None

    @property
    def has_other_text(self) -> bool:
        """Whether ``text`` is there and is not the one that ``segment`` names."""
        return self.text is not None and text_digest(self.text) != self.segment


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryDecision(_Dated):
    """A person says that a piece starts at ``offset`` of the dump, or that none does."""

    dump: str
    offset: int
    starts: bool
    by: str
    at: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(_Dated):
    """What a person wrote beside a segment, in their own words; an empty ``note`` takes the last one away."""

    dump: str
    start: int
    end: int
    segment: str
    note: str
    by: str
    at: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Takes back whatever ``by`` decided at the moment ``decided``, spelled as in those decisions' ``at``."""

    decided: str
    by: str
    at: str


Decision = TopicDecision | BoundaryDecision | Note | Undo


def to_json(decision: Decision) -> str:
    """The decision as one line without its end: keys in a fixed order, absent fields left out."""
    row: dict[str, Any]
    if not isinstance(decision, TopicDecision):
        kind, checks = _PLAIN_TYPES[type(decision)]
        row = {"type": kind}
        row.update((key, getattr(decision, key)) for key in checks)
    else:
        row = {"type": "topic"}
        for key in _TOPIC_CHECKS:
            value = getattr(decision, key)
            if value is None and key not in _TOPIC_REQUIRED:
                continue
            row[key] = value
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8 reaches us with lone surrogates in it
        line = json.dumps(row)
    return line


def from_json(line: str, place: str = "line") -> Decision:
    """The decision that one line spells.

    ``place`` (``file:line``) leads the message of the :class:`LabelError` that a wrong line raises. Slugs are
    compared with a taxonomy by :func:`topics.labels.store.read_decisions`, not here.
    """
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise LabelError(f"{place}: not JSON ({error.msg}, column {error.colno}). Mend or delete the line.") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in brackets
        raise LabelError(f"{place}: not JSON that a decision can be. Mend or delete the line.") from None
    if not isinstance(row, dict):
        raise LabelError(f"{place}: not a decision but a bare value. Mend or delete the line.")
    match row.pop("type", None):
        case "topic":
            values = _check_row(row, _TOPIC_CHECKS, _TOPIC_REQUIRED, place)
            topic_decision = TopicDecision(**values)
            _check_together(topic_decision, place)
            return topic_decision
        case "boundary":
            return BoundaryDecision(**_check_row(row, _BOUNDARY_CHECKS, frozenset(_BOUNDARY_CHECKS), place))
        case "note":
            note = Note(**_check_row(row, _NOTE_CHECKS, frozenset(_NOTE_CHECKS), place))
            if note.start >= note.end:
                raise LabelError(
                    f"{place}: the segment ends ({note.end}) before it starts ({note.start}). Mend the line."
                )
            return note
        case "undo":
            return Undo(**_check_row(row, _UNDO_CHECKS, frozenset(_UNDO_CHECKS), place))
        case other:
            raise LabelError(
                f'{place}: type {json.dumps(other)} is none of "topic", "boundary", "note" and "undo". Mend the line.'
            )


def find_fault(field: str, value: Any) -> str | None:
    """What is wrong with a value of a topic decision's field, as half a sentence; ``None`` for a good one.

    >>> find_fault("at", "yesterday")
    'is not an ISO 8601 time such as 2026-01-31T12:00:00Z'
    """
    return _TOPIC_CHECKS[field](value)


def date_behind(at: str, replaced: Iterable[TopicDecision | BoundaryDecision | Note]) -> str:
    """The ``at`` of a decision made at ``at``: a microsecond behind the latest that it replaces, where that is later.

    So what replaces a decision holds, whatever date that has. :class:`LabelError` behind the last moment there is.
    """
    latest = max((decision.when for decision in replaced), default=None)
    if latest is None or _parse_time(at) > latest:
        return at
    if latest > datetime.max.replace(tzinfo=UTC) - _TICK:
        raise LabelError(f'a decision is dated {latest:%Y-%m-%d}, and nothing comes after that. Mend its "at".')
    return (latest + _TICK).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check_row(
    row: dict[str, Any], checks: Mapping[str, _Check], required: frozenset[str], place: str
) -> dict[str, Any]:
    unknown = [key for key in row if key not in checks]
    if unknown:
        raise LabelError(f'{place}: unknown field "{unknown[0]}". docs/formats.md lists the fields of a decision.')
    missing = [key for key in checks if key in required and key not in row]
    if missing:
        raise LabelError(f'{place}: field "{missing[0]}" is missing. Add it or delete the line.')
    for key, value in row.items():
        fault = checks[key](value)
        if fault and not (value is None and key not in required):
            raise LabelError(f'{place}: field "{key}" {fault}. Mend or delete the line.')
    for key in ("also", "was"):
        if row.get(key) is not None:
            row[key] = tuple(row[key])
    if row.get("furniture") is not None:
        row["furniture"] = tuple((begin, end) for begin, end in row["furniture"])
    return row


def _check_together(decision: TopicDecision, place: str) -> None:
    """What no field can say alone."""
    fault = None
    if decision.start >= decision.end:
        fault = f"the segment ends ({decision.end}) before it starts ({decision.start})"
    elif decision.kind == "boilerplate" and (decision.topic or decision.also):
        fault = 'a segment of kind "boilerplate" has no topic'
    elif len({decision.topic, *decision.also}) <= len(decision.also):
        fault = '"also" repeats a topic'
    else:
        at = decision.start
        for begin, end in decision.furniture or ():
            if not at <= begin < end <= decision.end:
                fault = f"furniture [{begin}, {end}] is out of order or outside the segment"
                break
            at = end
    if fault:
        raise LabelError(f"{place}: {fault}. Mend or delete the line.")


_Check = Callable[[Any], str | None]


def _digest(value: Any) -> str | None:
    return None if isinstance(value, str) and _DIGEST.fullmatch(value) else "is not a SHA-256 in lower case hex"


def _offset(value: Any) -> str | None:
    return None if type(value) is int and value >= 0 else "is not an offset of 0 or more"


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "is neither true nor false"


def _words(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else "is not a text"


def _maybe_slug(value: Any) -> str | None:
    return None if value is None else _words(value)


def _slugs(value: Any) -> str | None:
    return None if isinstance(value, list) and not any(map(_words, value)) else "is not a list of slugs"


def _kind(value: Any) -> str | None:
    return None if value in KINDS else f"is none of {', '.join(KINDS)}"


def _confidence(value: Any) -> str | None:
    return None if value in ("h", "m", "l") else "is none of h, m, l"


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "is not a text"


def _spans(value: Any) -> str | None:
    pairs = isinstance(value, list) and all(isinstance(span, list) and len(span) == 2 for span in value)
    return None if pairs and not any(_offset(at) for span in value for at in span) else "is not a list of [start, end]"


def _time(value: Any) -> str | None:
    try:
        _parse_time(value)
    except (TypeError, ValueError, OverflowError):
        return "is not an ISO 8601 time such as 2026-01-31T12:00:00Z"
    return None


def _day(value: Any) -> str | None:
    try:
        fits = date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        fits = False
    return None if fits else "is not an ISO 8601 date such as 2026-01-31"


def _parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# The fields in the order they are written, each with its check.
_TOPIC_CHECKS: dict[str, _Check] = {
    "dump": _digest,
    "start": _offset,
    "end": _offset,
    "segment": _digest,
    "topic": _maybe_slug,
    "also": _slugs,
    "kind": _kind,
    "by": _words,
    "at": _time,
    "name": _text,
    "source": _words,
    "published": _day,
    "confidence": _confidence,
    "title": _text,
    "furniture": _spans,
    "was": _slugs,
    "text": _text,
}
_TOPIC_REQUIRED = frozenset(("dump", "start", "end", "segment", "topic", "also", "kind", "by", "at", "name"))
_BOUNDARY_CHECKS: dict[str, _Check] = {
    "dump": _digest,
    "offset": _offset,
    "starts": _flag,
    "by": _words,
    "at": _time,
    "name": _text,
}
_NOTE_CHECKS: dict[str, _Check] = {
    "dump": _digest,
    "start": _offset,
    "end": _offset,
    "segment": _digest,
    "note": _text,
    "by": _words,
    "at": _time,
    "name": _text,
}
_UNDO_CHECKS: dict[str, _Check] = {"decided": _time, "by": _words, "at": _time}
_PLAIN_TYPES: dict[type, tuple[str, dict[str, _Check]]] = {
    BoundaryDecision: ("boundary", _BOUNDARY_CHECKS),
    Note: ("note", _NOTE_CHECKS),
    Undo: ("undo", _UNDO_CHECKS),
}
