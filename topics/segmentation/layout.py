"""From scored paragraphs and starts to segments: text, place, kind, headline, source, date, furniture, language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final, NamedTuple, overload

import numpy as np

from topics.records import Paragraph, Segment
from topics.segmentation.furniture import Roles
from topics.segmentation.kinds import tell_kind
from topics.segmentation.language import find_language, tell_language
from topics.segmentation.looks import Looks, look, make_looks
from topics.segmentation.metadata import find_banners, find_published, find_source, find_title
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

    paragraphs: list[Paragraph]
    probabilities: list[float]
    title_odds: list[float]
    is_title: list[bool]
    is_body: list[bool]
    is_furniture: list[bool]
    words: list[int]
    spoken: list[int]
    marks: list[int]

    @property
    def looks(self) -> Looks:
        return make_looks(self.words, self.spoken, self.marks)

    def part(self, start: int, end: int) -> _Lines:
        return _Lines._make([column[start:end] for column in self])

    def join(self, more: _Lines) -> _Lines:
        columns: Iterable[tuple[list[Any], list[Any]]] = zip(self, more, strict=True)
        return _Lines._make([first + second for first, second in columns])


class _Texts(Sequence[str]):
    """The lines of a segment, cut out of its text when they are asked for: few are."""

    __slots__ = ("_at", "_paragraphs", "_text")

    def __init__(self, text: str, at: int, paragraphs: Sequence[Paragraph]) -> None:
        self._text = text
        self._at = at  # where it begins in the dump
        self._paragraphs = paragraphs

    def __len__(self) -> int:
        return len(self._paragraphs)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> _Texts: ...
    def __getitem__(self, index: int | slice) -> str | _Texts:
        if isinstance(index, slice):
            return _Texts(self._text, self._at, self._paragraphs[index])
        start, end, _, _ = self._paragraphs[index]
        return self._text[start - self._at : end - self._at]

    def __iter__(self) -> Iterator[str]:
        text, at = self._text, self._at
        return (text[start - at : end - at] for start, end, _, _ in self._paragraphs)


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
        self._lines = _Lines([], [], [], [], [], [], [], [], [])
        self._begin = 0  # place of the first of these, at or before ``_first``
        self._first = 0  # place of the first of the segment that is open
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
        is_furniture = roles.furniture.tolist()
        paragraphs = scored.paragraphs
        begin = paragraphs[0].start
        starts = np.array([p.start for p in paragraphs])
        ends = np.array([p.end for p in paragraphs])
        looks = look(text.slice(begin, paragraphs[-1].end), starts - begin, ends - begin)
        more = _Lines(
            paragraphs, probabilities, scored.head("title").tolist(), roles.title.tolist(), roles.body.tolist(),
            is_furniture, *looks,
        )  # fmt: skip
        self._lines = self._lines.part(self._first - self._begin, first - self._begin).join(more)
        self._begin = self._first
        furniture = (text.slice(p.start, p.end) for p in compress(paragraphs, is_furniture))
        self._judged.append(_Judged(first, scored.is_flat, find_banners(furniture)))

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
        n = len(lines.paragraphs) if until is None else until - self._begin
        own = lines.part(self._first - self._begin, n)
        if until is None:
            end, last = text.end, own.paragraphs[-1]
            end_line = last.line - 1 + _count_lines(text.slice(last.end - 1, end))
        else:
            following = lines.paragraphs[n]
            end = self._line_start(following.start)
            end_line = following.line - (text.slice(end - 1, end) in "\n\r")
        judged = self._judged[0]
        is_all = until is None and not self._index
        whole = text.slice(begin, end)
        texts = _Texts(whole, begin, own.paragraphs)
        body, looks = own.is_body, own.looks
        segment = Segment(
            dump=facts.name,
            dump_digest=facts.digest,
            index=self._index,
            start=begin,
            end=end,
            start_line=own.paragraphs[0].line if self._index else 1,
            end_line=end_line,
            kind=tell_kind(texts, body, looks, flat=judged.is_flat),
            title=find_title(texts, own.title_odds, own.is_title, body) or (facts.title if is_all else None),
            published=find_published(texts, body, looks) or (facts.published if is_all else None),
            source=find_source(texts, body, judged.banners, looks) or facts.source,
            boundary=round(own.probabilities[0], 4),
            furniture=tuple([(p.start, p.end) for p in compress(own.paragraphs, own.is_furniture)]),
            language=find_language(whole) or self._tell_language(),
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
