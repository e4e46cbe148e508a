"""From scored paragraphs and starts to segments: text, place, kind, headline, source, date, furniture, language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from topics.records import Paragraph, Segment, Span
from topics.segmentation.furniture import Roles
from topics.segmentation.kinds import tell_kind
from topics.segmentation.language import tell_language
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


@dataclass(frozen=True, slots=True)
class _Line:
    """A paragraph and what it was taken for."""

    paragraph: Paragraph
    probability: float
    title_odds: float
    is_title: bool
    is_body: bool
    is_furniture: bool


class Layout:
    """Lays out the segments of one dump; chapters and starts go in as they are known, segments come out."""

    def __init__(self, text: TextBuffer, facts: DumpFacts) -> None:
        self._text = text
        self._facts = facts
        self._lines: list[_Line] = []  # from the first of the segment that is open, which has the place ``_first``
        self._first = 0
        self._judged: dict[int, tuple[bool, frozenset[str]]] = {}  # by a chapter's first: is it flat; its banners
        self._index = 0
        self._cut = 0  # where the open segment begins
        self._language: str | None = None

    def add(self, chapter: Chapter, roles: Roles, placed: Mapping[int, bool]) -> None:
        """Take in a chapter; what people ``placed`` there is sure."""
        scored, text = chapter.scored, self._text
        columns = zip(
            scored.paragraphs, scored.probabilities.tolist(), scored.head("title").tolist(), roles.title.tolist(),
            roles.body.tolist(), roles.furniture.tolist(), strict=True,
        )  # fmt: skip
        for place, column in enumerate(columns, chapter.first):
            line = _Line(*column)
            self._lines.append(line if not placed.get(place) else _Line(line.paragraph, 1.0, *column[2:]))
        furniture = (
            text.slice(p.start, p.end)
            for p, wanted in zip(scored.paragraphs, roles.furniture.tolist(), strict=True)
            if wanted
        )
        self._judged[chapter.first] = scored.is_flat, find_banners(furniture)

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
        n_own = len(self._lines) if until is None else until - self._first
        own = self._lines[:n_own]
        if until is None:
            end, last = text.end, own[-1].paragraph
            end_line = last.line - 1 + _count_lines(text.slice(last.end - 1, end))
        else:
            following = self._lines[n_own].paragraph
            end = self._line_start(following.start)
            end_line = following.line - (text.slice(end - 1, end) in "\n\r")
        flat, banners = self._judged[max(first for first in self._judged if first <= self._first)]
        lines = [text.slice(line.paragraph.start, line.paragraph.end) for line in own]
        body = [line.is_body for line in own]
        is_all = until is None and not self._index
        whole = text.slice(begin, end)
        if self._language is None:
            self._language = tell_language(text.opening)
        segment = Segment(
            dump=facts.name,
            dump_digest=facts.digest,
            index=self._index,
            start=begin,
            end=end,
            start_line=own[0].paragraph.line if self._index else 1,
            end_line=end_line,
            kind=tell_kind(lines, body, flat=flat),
            title=find_title(lines, [line.title_odds for line in own], [line.is_title for line in own], body)
            or (facts.title if is_all else None),
            published=find_published(lines, body) or (facts.published if is_all else None),
            source=find_source(lines, body, banners) or facts.source,
            boundary=round(own[0].probability, 4),
            furniture=_spans(own),
            language=tell_language(whole, default=self._language),
            text=whole,
        )
        self._lines = self._lines[n_own:]
        self._first += n_own
        self._index += 1
        self._cut = end
        passed = [first for first in self._judged if first <= self._first]
        for first in sorted(passed)[:-1]:
            del self._judged[first]
        return segment

    def _line_start(self, offset: int) -> int:
        """The offset, moved over blanks before it if nothing else stands there on its line."""
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


def _spans(lines: Sequence[_Line]) -> tuple[Span, ...]:
    return tuple((line.paragraph.start, line.paragraph.end) for line in lines if line.is_furniture)
