"""From scored paragraphs and starts to segments: text, place, kind, headline, source, date, furniture, language."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, overload

from topics.paragraphs import rows_of
from topics.records import Segment, Span
from topics.segmentation.furniture import Roles
from topics.segmentation.kinds import tell_kind
from topics.segmentation.language import find_language, tell_language
from topics.segmentation.looks import look, make_looks
from topics.segmentation.metadata import find_banners, find_published, find_source, find_title, part_title
from topics.segmentation.streaming import Chapter, TextBuffer

__all__ = ["DumpFacts", "Layout"]

_LINE_END: Final = re.compile(r"\r\n?|\n")
_BREAKS: Final = "\n\r\x0b\x0c\u2028\u2029"


@dataclass(frozen=True, slots=True)
class DumpFacts:
    """What segments take over from their dump. A title and a date are those of a dump that is a single segment."""

    name: str
    digest: str
    title: str | None = None
    published: str | None = None
    source: str | None = None


class _Lines(NamedTuple):
    """Paragraphs and what they were taken for, in columns: a dump has more of them than of anything else."""

    starts: list[int]
    ends: list[int]
    lines: list[int]  # that they stand on
    probabilities: list[float]
    title_odds: list[float]
    is_title: list[bool]
    is_body: list[bool]
    is_foot: list[bool]
    words: list[int]
    spoken: list[int]
    marks: list[int]

    def part(self, start: int, end: int) -> _Lines:
        return _Lines._make([column[start:end] for column in self])

    def join(self, more: _Lines) -> _Lines:
        columns: Iterable[tuple[list[Any], list[Any]]] = zip(self, more, strict=True)
        return _Lines._make([first + second for first, second in columns])


class _Texts(Sequence[str]):
    """The lines of a segment, cut out of its text when they are asked for: few are."""

    __slots__ = ("_at", "_ends", "_starts", "_text")

    def __init__(self, text: str, at: int, starts: list[int], ends: list[int]) -> None:
        self._text = text
        self._at = at  # where it begins in the dump
        self._starts = starts
        self._ends = ends

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> _Texts: ...
    def __getitem__(self, index: int | slice) -> str | _Texts:
        if isinstance(index, slice):
            return _Texts(self._text, self._at, self._starts[index], self._ends[index])
        return self._text[self._starts[index] - self._at : self._ends[index] - self._at]

    def __iter__(self) -> Iterator[str]:
        text, at = self._text, self._at
        return (text[start - at : end - at] for start, end in zip(self._starts, self._ends, strict=True))


class _Judged(NamedTuple):
    """What is judged by a chapter as a whole, with the place of its first paragraph."""

    first: int
    is_flat: bool
    banners: frozenset[str]


class Layout:
    """Lays out the segments of one dump; chapters and starts go in as they are known, segments come out."""

    def __init__(self, text: TextBuffer, facts: DumpFacts) -> None:
        self._text = text
        self._facts = facts
        self._lines = _Lines([], [], [], [], [], [], [], [], [], [], [])
        self._begin = 0  # place of the first of these, at or before ``_first``
        self._first = 0  # place of the first of the segment that is open
        self._furniture: deque[Span] = deque()  # from the segment that is open
        self._judged: list[_Judged] = []  # from the chapter of ``_first``
        self._index = 0
        self._cut = 0  # where the open segment begins
        self._language: str | None = None

    def add(self, chapter: Chapter, roles: Roles, placed: Mapping[int, bool]) -> None:
        """Take in a chapter; what people ``placed`` there is sure."""
        scored, text = chapter.scored, self._text
        first, probabilities = chapter.first, scored.probabilities.tolist()
        for place, is_start in placed.items():
            if is_start:
                probabilities[place - first] = 1.0
        rows = rows_of(scored.paragraphs)
        starts, ends, lines, _ = rows.T
        begin, end = int(starts[0]), int(ends[-1])
        whole = text.slice(begin, end)
        looks = look(text.codes(begin, end), starts - begin, ends - begin)
        more = _Lines(
            starts.tolist(), ends.tolist(), lines.tolist(), probabilities, scored.head("title").tolist(),
            roles.title.tolist(), roles.body.tolist(), scored.is_foot.tolist(), *looks,
        )  # fmt: skip
        self._lines = self._lines.part(self._first - self._begin, first - self._begin).join(more)
        self._begin = self._first
        furniture: list[Span] = list(map(tuple, rows[roles.furniture, :2].tolist()))
        self._furniture.extend(furniture)
        banners = find_banners(whole[at - begin : stop - begin] for at, stop in furniture)
        self._judged.append(_Judged(first, scored.is_flat, banners))

    def take(self, starts: Sequence[int], *, is_last: bool) -> Iterator[Segment]:
        """The segments that these starts end, and at last the one that is open; the first start of all is 0."""
        for start in starts:
            if start:
                yield self._close(start)
        if is_last:
            yield self._close(None)
        self._text.drop(self._cut)

    def blank(self) -> Segment:
        """The segment of a text of white space alone."""
        facts, whole = self._facts, self._text.slice(0, self._text.end)
        return Segment(
            dump=facts.name, dump_digest=facts.digest, index=0, start=0, end=len(whole), start_line=1,
            end_line=_count_lines(whole), kind="boilerplate", title=None, published=None, source=None, boundary=1.0,
            furniture=(), language="en", text=whole,
        )  # fmt: skip

    def _close(self, until: int | None) -> Segment:
        """The open segment, which ends where paragraph ``until`` starts, or with the dump."""
        facts, text, begin = self._facts, self._text, self._cut
        lines = self._lines
        own = slice(self._first - self._begin, len(lines.starts) if until is None else until - self._begin)
        if until is None:
            end, last = text.end, lines.ends[-1]
            end_line = lines.lines[-1] - 1 + _count_lines(text.slice(last - 1, end))
        else:
            end = self._line_start(lines.starts[own.stop])
            end_line = lines.lines[own.stop] - (text.slice(end - 1, end) in "\n\r")
        furniture = []
        while self._furniture and self._furniture[0][0] < end:
            furniture.append(self._furniture.popleft())
        judged = self._judged[0]
        is_all = until is None and not self._index
        whole = text.slice(begin, end)
        texts = _Texts(whole, begin, lines.starts[own], lines.ends[own])
        body = lines.is_body[own]
        looks = make_looks(lines.words[own], lines.spoken[own], lines.marks[own])
        title = find_title(texts, lines.title_odds[own], lines.is_title[own], body, looks)
        title, outlet = (None, None) if title is None else part_title(title)
        is_all = is_all or (title is not None and title == facts.title)
        segment = Segment(
            dump=facts.name,
            dump_digest=facts.digest,
            index=self._index,
            start=begin,
            end=end,
            start_line=lines.lines[own.start] if self._index else 1,
            end_line=end_line,
            kind=tell_kind(texts, body, looks, flat=judged.is_flat, is_foot=lines.is_foot[own]),
            title=title or (facts.title if is_all else None),
            published=find_published(texts, body, looks) or (facts.published if is_all else None),
            source=find_source(texts, body, judged.banners, looks) or outlet or facts.source,
            boundary=round(lines.probabilities[own.start], 4),
            furniture=tuple(furniture),
            language=find_language(whole, text.codes(begin, end)) or self._tell_language(),
            text=whole,
        )
        self._first += len(texts)
        self._index += 1
        self._cut = end
        while len(self._judged) > 1 and self._judged[1].first <= self._first:
            del self._judged[0]
        return segment

    def _tell_language(self) -> str:
        """That of the dump, for a segment with too few words of its own."""
        if self._language is None:
            self._language = tell_language(self._text.opening)
        return self._language

    def _line_start(self, offset: int) -> int:
        """The offset, moved over blanks before it if nothing else stands there on its line."""
        if offset > self._cut and self._text.slice(offset - 1, offset) in _BREAKS:
            return offset
        reach = 64
        while True:
            before = self._text.slice(max(self._cut, offset - reach), offset)
            rest = before.rstrip()
            blanks = before[len(rest) :]
            for at in range(len(blanks) - 1, -1, -1):
                if blanks[at] in _BREAKS:
                    return offset - len(blanks) + at + 1
            if rest:
                return offset
            if offset - reach <= self._cut:
                return self._cut if self._cut == 0 else offset
            reach *= 16


def _count_lines(text: str) -> int:
    """Physical lines of a text that is not empty; what follows the last line end is a line unless it is nothing."""
    return len(_LINE_END.findall(text)) + (text[-1] not in "\n\r")
