"""The lines of a dump, and the sentences of those lines that are too long to be one paragraph.

A physical line ends at ``\\n``, ``\\r\\n`` or a lone ``\\r``: what editors count and what ``line`` says. Form
feed, vertical tab, U+2028 and U+2029 part paragraphs and count in ``gap`` like any other break, but they
start no new physical line. U+0085 is plain white space: in scraped text it is nearly always an ellipsis that
was decoded as Latin-1, in the middle of a sentence.
"""

# calls kernels, which Numba types
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import overload

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs.punkt import Punkt
from topics.paragraphs.scan import MAX_GAP, code_points, find_lines, lay_spans
from topics.records import Paragraph, Span

__all__ = ["MAX_LINE", "MAX_SENTENCE", "ParagraphStream", "Paragraphs", "Rows", "rows_of", "split_paragraphs"]

# Longer than nearly every paragraph of news (6 in 1,000 are longer in a weekly, 4 in 1,000 in daily outlets),
# shorter than nearly every article.
MAX_LINE = 1_200
MAX_SENTENCE = 4_000
_PIECE = 2_000
# A line longer than that is cut before sentences are looked for in it, where one ends soon if it can be: what is read
# at once is bounded, and nothing depends on how much of a text is at hand.
_LONGEST_LINE = 1 << 20
_SOON = 1 << 14
_LATEST = 1 << 24  # so far behind, a run without white space is cut where it is

_WHITE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.?!][\"'’”)\]»]{0,3}(?=\s\S)")
_WORD_END = re.compile(r"\S(?=\s\S)")
_ANY_BREAK = re.compile("[\n\r\x0b\x0c\u2028\u2029]")

Rows = NDArray[np.int64]  # (n, 4): start, end, physical line, gap
Codes = NDArray[np.uint32]
# a tuple that is made of a row, without the call of a function
_new: Callable[[type[Paragraph], Iterable[int]], Paragraph] = tuple.__new__


def split_paragraphs(
    text: str, punkt: Punkt | None = None, *, begins_inside: bool = False, ends_inside: bool = False
) -> list[Paragraph]:
    """The paragraphs of a dump, in order.

    A line of more than ``MAX_LINE`` characters is cut at its sentences, a sentence of more than
    ``MAX_SENTENCE`` at white space about every 2,000 characters; a run without white space stays whole.
    Without ``punkt`` every full stop is taken at face value, since no abbreviation is known.

    For a part of a dump that starts or ends at a paragraph, ``begins_inside`` and ``ends_inside`` say that this is
    inside a line: that line was long, and its part here is cut at sentences however short it is.

    >>> [(p.start, p.end, p.line, p.gap) for p in split_paragraphs("One. Two.\\n\\n  Three.\\n")]
    [(0, 9, 1, 1), (13, 19, 3, 2)]
    """
    paragraphs = list(Paragraphs(ParagraphStream(punkt).feed(text, is_last=True)))
    # a line that is not long is one paragraph, so far
    if ends_inside and paragraphs and (paragraphs[-1].gap or len(paragraphs) == 1):
        paragraphs[-1:] = _cut_part(text, paragraphs[-1], punkt)
    if begins_inside and paragraphs and (len(paragraphs) == 1 or paragraphs[1].gap):
        paragraphs[:1] = _cut_part(text, paragraphs[0], punkt)
    return paragraphs


def _cut_part(text: str, part: Paragraph, punkt: Punkt | None) -> list[Paragraph]:
    """The sentences of what is part of a longer line."""
    own = text[part.start : part.end]
    line = _as_rows([(0, len(own), part.line, part.gap)])
    return list(Paragraphs(_lay_out(own, code_points(own), line, 0, punkt or Punkt(), part.start)))


class Paragraphs(Sequence[Paragraph]):
    """Paragraphs as rows of numbers (n, 4); each is made when it is asked for, and most are not."""

    __slots__ = ("rows",)

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Paragraph: ...
    @overload
    def __getitem__(self, index: slice) -> Paragraphs: ...
    def __getitem__(self, index: int | slice) -> Paragraph | Paragraphs:
        return Paragraphs(self.rows[index]) if isinstance(index, slice) else Paragraph(*self.rows[index].tolist())

    def __iter__(self) -> Iterator[Paragraph]:
        return map(_new, repeat(Paragraph), zip(*self.rows.T.tolist(), strict=True))


def rows_of(paragraphs: Sequence[Paragraph]) -> Rows:
    """Paragraphs as rows of numbers."""
    return paragraphs.rows if isinstance(paragraphs, Paragraphs) else _as_rows(paragraphs)


def _lay_out(text: str, codes: Codes, lines: Rows, longest: int, punkt: Punkt, at: int) -> Rows:
    """The paragraphs of lines, those of more than ``longest`` characters cut; the text begins at ``at``."""
    if _are_longer(lines, longest):
        cuts = punkt.find_cuts(text, codes, lines, longest)
        lines = lay_spans(codes, lines, longest, cuts, MAX_SENTENCE, _PIECE)
    lines[:, :2] += at
    return lines


def _as_rows(lines: Iterable[tuple[int, int, int, int]]) -> Rows:
    return np.fromiter(chain.from_iterable(lines), np.int64).reshape(-1, 4)


def _are_longer(lines: Rows, longest: int) -> bool:
    return bool((lines[:, 1] - lines[:, 0]).max(initial=0) > longest)


class ParagraphStream:
    """The paragraphs of a text that comes in blocks: whatever the blocks, they are those of the whole text."""

    def __init__(self, punkt: Punkt | None = None) -> None:
        self._punkt = punkt if punkt is not None else Punkt()
        self._kept = ""  # of the text: what comes after the last line that is done
        self._at = 0  # where that begins
        self._line = 1
        self._hard = self._soft = 0  # line ends since the last line that is done
        self._is_first = True

    def feed(self, block: str, *, is_last: bool = False) -> Rows:
        """The paragraphs that are sure once this block is there, as rows; ``is_last`` gives all that are left."""
        text = self._kept + block if self._kept else block
        at = len(text) if is_last else _find_ready(text)
        if at:
            codes = code_points(text[:at])
            lines = self._find_lines(text, codes)
        else:
            lines, at = self._take_long(text)
            codes = code_points(text[:at])
        rows = _lay_out(text, codes, lines, MAX_LINE, self._punkt, self._at)
        self._kept = text[at:]
        self._at += at
        return rows

    def _find_lines(self, text: str, codes: Codes) -> Rows:
        """The lines of that part of a text whose code points these are, all of them whole."""
        lines: Rows
        lines, self._line, self._hard, self._soft = find_lines(
            codes, self._line, self._hard, self._soft, self._is_first
        )
        self._is_first = self._is_first and not len(lines)
        if not _are_longer(lines, _LONGEST_LINE):
            return lines
        return _as_rows(part for line in lines.tolist() for part in _cut_longest(text, *line))

    def _take_long(self, text: str) -> tuple[Rows, int]:
        """Parts of a line that has no end yet, as far as they are sure, and where the rest begins."""
        first = _WHITE.match(text)
        start, at = first.end() if first else 0, 0
        parts = []
        while len(text) - start > _LONGEST_LINE + _SOON and (cut := _find_cut(text, start, len(text))) is not None:
            gap = self._begin_line()
            parts.append((start, cut[0], self._line, gap))
            start = at = cut[1]
        return _as_rows(parts), at

    def _begin_line(self) -> int:
        """Counts up to the line that begins; returns its gap, 0 where it goes on inside a line."""
        gap = min(self._hard + self._soft, MAX_GAP)
        self._line += self._hard
        if self._is_first:
            gap = 1
        self._hard = self._soft = 0
        self._is_first = False
        return gap


def _find_ready(text: str) -> int:
    """Up to where all lines are whole: behind the last break, which must not be the first half of one."""
    newline = text.rfind("\n") + 1
    if newline:
        return newline
    ends = [match.end() for match in _ANY_BREAK.finditer(text)]
    while ends and ends[-1] == len(text):  # "\r" may be the first half of "\r\n"
        ends.pop()
    return ends[-1] if ends else 0


def _find_cut(text: str, start: int, end: int) -> Span | None:
    """Where a line that is too long is cut: the end of one piece and the start of the next.

    At a sentence's end that comes soon, else at the next word's end, both with a single white space behind; at last
    anywhere. ``None`` where the line ends before.
    """
    wanted = start + _LONGEST_LINE
    latest = wanted + _LATEST
    match = _SENTENCE_END.search(text, wanted, min(end, wanted + _SOON)) or _WORD_END.search(
        text, wanted, min(end, latest)
    )
    if match:
        return match.end(), match.end() + 1
    return (latest, latest) if end > latest and not text[latest - 1].isspace() and not text[latest].isspace() else None


def _cut_longest(text: str, start: int, end: int, line: int, gap: int) -> Iterator[tuple[int, int, int, int]]:
    """A line in parts where it is longer than what sentences are looked for in."""
    while end - start > _LONGEST_LINE and (cut := _find_cut(text, start, end)) is not None:
        yield start, cut[0], line, gap
        gap, start = 0, cut[1]
    yield start, end, line, gap
