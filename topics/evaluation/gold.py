"""What is true of some dumps: their segments, kinds, topics and furniture, read from a JSONL file.

Two formats, told apart line by line. Decisions of our label format (``"type": "topic"``) name a dump by
digest and give offsets; they may carry ``title`` and ``furniture``. Lines with ``start_line`` and
``end_line`` give physical lines of a named dump, 1-based and both included, as written by hand. Either way
the segments of a dump come out in order and disjoint, in code points of its text. What a line says is
checked here and not in ``labels``, so that gold needs no taxonomy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

from topics.errors import LabelError
from topics.records import KINDS, Dump, Kind, Span, dump_digest

__all__ = ["NO_TOPIC", "GoldDump", "GoldSegment", "read_gold"]

NO_TOPIC: Final = "other"  # what hand-written gold says where no topic fits; read as None
_LINE_END = re.compile(r"\r\n|\r|\n")
_INK = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class GoldSegment:
    """One true piece. ``furniture`` is ``None`` where nobody said which of its paragraphs are furniture."""

    start: int
    end: int
    kind: Kind
    topic: str | None
    also: tuple[str, ...] = ()
    furniture: tuple[Span, ...] | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class GoldDump:
    """The true segments of one dump, in order and disjoint.

    ``whole`` says that they cover all of its text but white space: only then do they tell every boundary.
    """

    name: str
    segments: tuple[GoldSegment, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the file, with the place that leads every message about it."""

    place: str
    values: Mapping[str, Any]

    def take(self, key: str, *kinds: type) -> Any:
        value = self.values.get(key)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            found = json.dumps(value) if key in self.values else "nothing"
            raise LabelError(f'{self.place}: "{key}" is {found}. Mend or delete the line.')
        return value

    def refuse(self, fault: str) -> LabelError:
        return LabelError(f"{self.place}: {fault}. Mend or delete the line.")


@dataclass(frozen=True, slots=True)
class _Missed:
    """The dumps that the file speaks of and that cannot be measured, each with its first message."""

    changed: dict[str, LabelError] = field(default_factory=dict)
    unknown: dict[str, LabelError] = field(default_factory=dict)

    def note_unknown(self, row: _Row, name: str) -> None:
        message = f'{row.place}: no dump "{name}" among those given. Give it too, or take its gold out.'
        self.unknown.setdefault(name, LabelError(message))


def read_gold(
    path: Path,
    dumps: Iterable[Dump],
    on_problem: Callable[[LabelError], None] | None = None,
    *,
    spell: Callable[[str], str] = str,
    find_fault: Callable[[str], str | None] = lambda slug: None,
) -> dict[str, GoldDump]:
    """The gold of those of the dumps that the file speaks of, by dump name, in the order of the dumps.

    A later decision on the same text replaces an earlier one, and a boundary decision retires the topic
    decisions whose span it cuts. Raises :class:`LabelError` for a line that cannot be used, and where nothing in
    the file speaks of these dumps. A dump of the file that is not among these, or whose text has changed, goes to
    ``on_problem`` once; without ``on_problem`` the former is left out and the latter raised. ``spell`` gives the slug
    that a topic has today for the one that it had when the gold was made; ``find_fault`` says what is wrong with one,
    which goes to ``on_problem`` once too and is raised without it.
    """
    by_name = {dump.name: dump for dump in dumps}
    by_digest = {dump_digest(dump.text): dump for dump in reversed(by_name.values())}
    missed = _Missed()
    line_starts: dict[str, list[int]] = {}
    found: dict[str, list[tuple[GoldSegment, str]]] = {name: [] for name in by_name}
    decisions = []
    for row in _drop_undone(_read_rows(path)):
        if "type" in row.values:
            dump = _find_dump(row, by_digest, by_name, missed)
            if dump is not None:
                decisions.append((dump, row))
        elif (dump := by_name.get(name := row.take("dump", str))) is None:
            missed.note_unknown(row, name)
        else:
            if dump.name not in line_starts:
                line_starts[dump.name] = _find_lines(dump.text)
            found[dump.name].append((_read_lines(row, dump, line_starts[dump.name]), row.place))
    for dump, row, segment in _apply_decisions(decisions):
        found[dump.name].append((segment, row.place))
    placed = {
        name: [(_respell(segment, spell), place) for segment, place in segments]
        for name, segments in found.items()
        if segments
    }
    gold = {name: _gather(by_name[name], segments) for name, segments in placed.items()}
    topic_faults = _find_topic_faults(chain.from_iterable(placed.values()), find_fault)
    if missed.changed and (on_problem is None or not gold):
        raise next(iter(missed.changed.values()))
    if not gold:
        raise LabelError(f"{path}: nothing here speaks of the {len(by_name)} dumps given. Name their gold file.")
    if on_problem is None and topic_faults:
        raise topic_faults[0]
    if on_problem is not None:
        for problem in (*missed.changed.values(), *missed.unknown.values(), *topic_faults):
            on_problem(problem)
    return gold


def _read_rows(path: Path) -> list[_Row]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: cannot be read ({error}). Give a JSONL file of gold segments.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LabelError(f"{place}: not JSON ({error}). Mend or delete the line.") from error
        if not isinstance(values, dict):
            raise LabelError(f"{place}: not a JSON object. Mend or delete the line.")
        rows.append(_Row(place, values))
    return rows


# Decisions


def _drop_undone(rows: Sequence[_Row]) -> list[_Row]:
    """The rows without notes, undos, and what these took back: all that the same person decided at that moment."""
    undone = {(row.take("by", str), row.take("decided", str)) for row in rows if row.values.get("type") == "undo"}
    return [
        row
        for row in rows
        if row.values.get("type") not in ("note", "undo")
        and ("type" not in row.values or (row.values.get("by"), row.values.get("at")) not in undone)
    ]


def _find_dump(row: _Row, by_digest: Mapping[str, Dump], by_name: Mapping[str, Dump], missed: _Missed) -> Dump | None:
    digest = row.take("dump", str)
    dump = by_digest.get(digest)
    if dump is None:
        name = str(row.values.get("name") or digest[:12])
        if name in by_name:
            message = (
                f'{row.place}: the text of "{name}" has changed since it was labelled. Restore it or label it again.'
            )
            missed.changed.setdefault(name, LabelError(message))
        else:
            missed.note_unknown(row, name)
    return dump


def _apply_decisions(decisions: Iterable[tuple[Dump, _Row]]) -> list[tuple[Dump, _Row, GoldSegment]]:
    """The topic decisions that stand: the latest on their text, and not cut by a boundary decision."""
    standing: list[tuple[Dump, _Row, GoldSegment]] = []
    boundaries: dict[tuple[str, int], bool] = {}
    for dump, row in sorted(decisions, key=lambda item: _read_time(item[1])):
        match row.values["type"]:
            case "boundary":
                boundaries[dump.name, row.take("offset", int)] = row.take("starts", bool)
            case "topic":
                new = _read_offsets(row, dump)
                standing = [
                    (d, r, old)
                    for d, r, old in standing
                    if d.name != dump.name or old.end <= new.start or new.end <= old.start
                ]
                standing.append((dump, row, new))
            case other:
                raise row.refuse(f'"type" is {json.dumps(other)}, none of "topic", "boundary", "note" and "undo"')
    return [
        (dump, row, segment)
        for dump, row, segment in standing
        if not any(
            name == dump.name
            and (segment.start < offset < segment.end if starts else offset in (segment.start, segment.end))
            for (name, offset), starts in boundaries.items()
        )
    ]


def _read_time(row: _Row) -> datetime:
    """When it was decided; a line that does not say comes first, a time without a zone is taken as UTC."""
    if row.values.get("at") is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(row.take("at", str))
    except ValueError as error:
        raise row.refuse(f'"at" is {json.dumps(row.values["at"])}, no ISO 8601 time') from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read_offsets(row: _Row, dump: Dump) -> GoldSegment:
    start, end = row.take("start", int), row.take("end", int)
    if not 0 <= start < end <= len(dump.text):
        raise row.refuse(f"{start} to {end} is no span of {len(dump.text)} characters")
    furniture = None
    if row.values.get("furniture") is not None:
        furniture = tuple(_read_span(row, span, start, end) for span in row.take("furniture", list))
    title = row.take("title", str) if row.values.get("title") is not None else None
    return _make_segment(row, start, end, furniture, title)


def _read_span(row: _Row, span: Any, start: int, end: int) -> Span:
    match span:
        case [int(first), int(last)] if start <= first < last <= end:
            return first, last
    raise row.refuse(f"furniture {json.dumps(span)} is no span inside the segment")


# Physical lines


def _find_lines(text: str) -> list[int]:
    """Offsets where the physical lines start, and the end of the text."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    return starts if starts[-1] == len(text) else [*starts, len(text)]


def _read_lines(row: _Row, dump: Dump, lines: list[int]) -> GoldSegment:
    first, last = row.take("start_line", int), row.take("end_line", int)
    n_lines = len(lines) - 1
    if not 1 <= first <= last <= n_lines:
        raise row.refuse(f'lines {first} to {last} are not in the {n_lines} lines of "{dump.name}"')
    furniture = None
    if row.values.get("furniture_lines") is not None:
        numbers = row.take("furniture_lines", list)
        if not all(isinstance(n, int) and first <= n <= last for n in numbers):
            raise row.refuse("furniture_lines are not all lines of the segment")
        furniture = tuple((lines[n - 1], lines[n]) for n in sorted(numbers))
    title = None
    if row.values.get("title_line") is not None:
        at = row.take("title_line", int)
        if not first <= at <= last:
            raise row.refuse(f"title_line {at} is not in the segment")
        title = dump.text[lines[at - 1] : lines[at]].strip()
    return _make_segment(row, lines[first - 1], lines[last], furniture, title)


# Both


def _make_segment(
    row: _Row, start: int, end: int, furniture: tuple[Span, ...] | None, title: str | None
) -> GoldSegment:
    kind = row.take("kind", str)
    if kind not in KINDS:
        raise row.refuse(f'"kind" is "{kind}", none of {", ".join(KINDS)}')
    topic = row.take("topic", str, type(None))
    also = row.take("also", list) if row.values.get("also") is not None else []
    if not all(isinstance(slug, str) for slug in also):
        raise row.refuse('"also" is no list of topics')
    if kind == "boilerplate" and topic is not None:
        raise row.refuse(f'boilerplate has no topic, but this says "{topic}"')
    return GoldSegment(
        start,
        end,
        kind,
        None if topic == NO_TOPIC else topic,
        tuple(slug for slug in also if slug != NO_TOPIC),
        tuple(sorted(furniture)) if furniture is not None else None,
        title,
    )


def _respell(segment: GoldSegment, spell: Callable[[str], str]) -> GoldSegment:
    topic = spell(segment.topic) if segment.topic is not None else None
    also = dict.fromkeys(spell(slug) for slug in segment.also)
    return replace(segment, topic=topic, also=tuple(slug for slug in also if slug != topic))


def _find_topic_faults(
    placed: Iterable[tuple[GoldSegment, str]], find_fault: Callable[[str], str | None]
) -> list[LabelError]:
    """What is wrong with topics, each slug once, where it stands first."""
    places: dict[str, str] = {}
    for segment, place in placed:
        for slug in (segment.topic, *segment.also):
            if slug is not None:
                places.setdefault(slug, place)
    return [LabelError(f"{place}: {fault}") for slug, place in places.items() if (fault := find_fault(slug))]


def _gather(dump: Dump, placed: list[tuple[GoldSegment, str]]) -> GoldDump:
    placed = sorted(placed, key=lambda item: (item[0].start, item[0].end))
    for (before, _), (after, place) in pairwise(placed):
        if after.start < before.end:
            raise LabelError(f'{place}: overlaps another segment of "{dump.name}". Mend or delete one of the two.')
    segments = tuple(segment for segment, _ in placed)
    gaps = pairwise([0, *(at for segment in segments for at in (segment.start, segment.end)), len(dump.text)])
    whole = not any(_INK.search(dump.text, *gap) for i, gap in enumerate(gaps) if i % 2 == 0)
    return GoldDump(dump.name, segments, whole)
