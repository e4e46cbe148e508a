"""From scored paragraphs and starts to segments: text, place, kind, headline, source, date, furniture, language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from topics.records import Paragraph, Segment
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


@dataclass(slots=True)
class _Lines:
    """Paragraphs and what they were taken for, in columns: a dump has more of them than of anything else."""

    paragraphs: list[Paragraph]
    probabilities: list[float]
    title_odds: list[float]
    is_title: list[bool]
    is_body: list[bool]
    is_furniture: list[bool]

    def __len__(self) -> int:
        return len(self.paragraphs)

    def __iadd__(self, more: _Lines) -> _Lines:
        for name in self.__slots__:
            getattr(self, name).extend(getattr(more, name))
        return self

    def take(self, n: int) -> _Lines:
        """The first ``n``, which are here no more."""
        columns = [getattr(self, name) for name in self.__slots__]
        own = _Lines(*(column[:n] for column in columns))
        for column in columns:
            del column[:n]
        return own


class Layout:
    """Lays out the segments of one dump; chapters and starts go in as they are known, segments come out."""

    def __init__(self, text: TextBuffer, facts: DumpFacts) -> None:
        self._text = text
        self._facts = facts
        self._lines = _Lines([], [], [], [], [], [])  # from the first of the segment that is open, at place ``_first``
        self._first = 0
        self._judged: dict[int, tuple[bool, frozenset[str]]] = {}  # by a chapter's first: is it flat; its banners
        self._index = 0
        self._cut = 0  # where the open segment begins
        self._language: str | None = None

    def add(self, chapter: Chapter, roles: Roles, placed: Mapping[int, bool]) -> None:
        """Take in a chapter; what people ``placed`` there is sure."""
        scored, text = chapter.scored, self._text
        first, probabilities = chapter.first, scored.probabilities.tolist()
        for place, starts in placed.items():
            if starts:
                probabilities[place - first] = 1.0
        is_furniture = roles.furniture.tolist()
        self._lines += _Lines(
            scored.paragraphs, probabilities, scored.head("title").tolist(), roles.title.tolist(), roles.body.tolist(),
            is_furniture,
        )  # fmt: skip
        furniture = (
            text.slice(p.start, p.end) for p, wanted in zip(scored.paragraphs, is_furniture, strict=True) if wanted
        )
        self._judged[first] = scored.is_flat, find_banners(furniture)

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
        own = self._lines.take(n_own)
        if until is None:
            end, last = text.end, own.paragraphs[-1]
            end_line = last.line - 1 + _count_lines(text.slice(last.end - 1, end))
        else:
            following = self._lines.paragraphs[0]
            end = self._line_start(following.start)
            end_line = following.line - (text.slice(end - 1, end) in "\n\r")
        flat, banners = self._judged[max(first for first in self._judged if first <= self._first)]
        is_all = until is None and not self._index
        whole = text.slice(begin, end)
        lines = [whole[p.start - begin : p.end - begin] for p in own.paragraphs]
        body = own.is_body
        if self._language is None:
            self._language = tell_language(text.opening)
        segment = Segment(
            dump=facts.name,
            dump_digest=facts.digest,
            index=self._index,
            start=begin,
            end=end,
            start_line=own.paragraphs[0].line if self._index else 1,
            end_line=end_line,
            kind=tell_kind(lines, body, flat=flat),
            title=find_title(lines, own.title_odds, own.is_title, body) or (facts.title if is_all else None),
            published=find_published(lines, body) or (facts.published if is_all else None),
            source=find_source(lines, body, banners) or facts.source,
            boundary=round(own.probabilities[0], 4),
            furniture=tuple(
                (p.start, p.end) for p, wanted in zip(own.paragraphs, own.is_furniture, strict=True) if wanted
            ),
            language=tell_language(whole, default=self._language),
            text=whole,
        )
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
