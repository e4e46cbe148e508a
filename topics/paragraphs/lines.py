"""The lines of a dump, and the sentences of those lines that are too long to be one paragraph.

A physical line ends at ``\\n``, ``\\r\\n`` or a lone ``\\r``: what editors count and what ``line`` says. Form
feed, vertical tab, U+2028 and U+2029 part paragraphs and count in ``gap`` like any other break, but they
start no new physical line. U+0085 is plain white space: in scraped text it is nearly always an ellipsis that
was decoded as Latin-1, in the middle of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from topics.paragraphs.punkt import Punkt
from topics.records import Paragraph, Span

__all__ = ["MAX_LINE", "MAX_SENTENCE", "ParagraphStream", "split_paragraphs"]

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
_MAX_GAP = 3

_BREAK = "\n\r\x0b\x0c\u2028\u2029"
# Every break is white space, so a match never reaches over one; it backtracks over trailing white space only.
_LINE = re.compile(rf"\S(?:[^{_BREAK}]*\S)?")
_SOFT = "\x0b\x0c\u2028\u2029"
_SOFT_BREAK = re.compile(f"[{_SOFT}]")
_WHITE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.?!][\"'’”)\]»]{0,3}(?=\s\S)")
_WORD_END = re.compile(r"\S(?=\s\S)")
_ANY_BREAK = re.compile(f"[{_BREAK}]")


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
    paragraphs = ParagraphStream(punkt).feed(text, is_last=True)
    # a line that is not long is one paragraph, so far
    if ends_inside and paragraphs and (paragraphs[-1].gap or len(paragraphs) == 1):
        paragraphs[-1:] = _cut_part(text, paragraphs[-1], punkt)
    if begins_inside and paragraphs and (len(paragraphs) == 1 or paragraphs[1].gap):
        paragraphs[:1] = _cut_part(text, paragraphs[0], punkt)
    return paragraphs


def _cut_part(text: str, part: Paragraph, punkt: Punkt | None) -> list[Paragraph]:
    """The sentences of what is part of a longer line."""
    spans = list(_cut_line(text, part.start, part.end, punkt or Punkt()))
    return [Paragraph(*span, part.line, 0 if k else part.gap) for k, span in enumerate(spans)]


class ParagraphStream:
    """The paragraphs of a text that comes in blocks: whatever the blocks, they are those of the whole text."""

    def __init__(self, punkt: Punkt | None = None) -> None:
        self._punkt = punkt if punkt is not None else Punkt()
        self._kept = ""  # of the text: what comes after the last line that is done
        self._at = 0  # where that begins
        self._line = 1
        self._hard = self._soft = 0  # line ends since the last line that is done
        self._is_first = True

    def feed(self, block: str, *, is_last: bool = False) -> list[Paragraph]:
        """The paragraphs that are sure once this block is there; ``is_last`` gives all that are left."""
        text = self._kept + block if self._kept else block
        paragraphs: list[Paragraph] = []
        ready = len(text) if is_last else _find_ready(text)
        at = self._find_in(text, 0, ready, paragraphs)
        if not is_last and not ready:
            at = self._take_long(text, paragraphs)
        self._kept = text[at:]
        self._at += at
        return paragraphs

    def _find_in(self, text: str, begin: int, end: int, paragraphs: list[Paragraph]) -> int:
        """Takes the lines of ``text[begin:end]``, all of which are whole; returns ``end``."""
        soft = any(text.find(character, begin, end) >= 0 for character in _SOFT)
        at = begin
        for match in _LINE.finditer(text, begin, end):
            start, stop = match.span()
            self._count_breaks(text, at, start, soft)
            self._take_line(text, start, stop, paragraphs)
            at = stop
        self._count_breaks(text, at, end, soft)
        return end

    def _count_breaks(self, text: str, start: int, end: int, soft: bool) -> None:
        if end - start == 1 and text[start] == "\n":
            self._hard += 1
        elif start < end:
            self._hard += text.count("\n", start, end) + text.count("\r", start, end) - text.count("\r\n", start, end)
            if soft:
                self._soft += len(_SOFT_BREAK.findall(text, start, end))

    def _take_line(self, text: str, start: int, end: int, paragraphs: list[Paragraph]) -> None:
        """One line, or what is left of it."""
        gap = self._begin_line()
        while end - start > _LONGEST_LINE and (cut := _find_cut(text, start, end)) is not None:
            self._take_piece(text, start, cut[0], gap, True, paragraphs)
            gap, start = 0, cut[1]
        self._take_piece(text, start, end, gap, end - start > MAX_LINE, paragraphs)

    def _begin_line(self) -> int:
        """Counts up to the line that begins; returns its gap, 0 where it goes on inside a line."""
        gap = min(self._hard + self._soft, _MAX_GAP)
        self._line += self._hard
        if self._is_first:
            gap = 1
        self._hard = self._soft = 0
        self._is_first = False
        return gap

    def _take_piece(
        self, text: str, start: int, end: int, gap: int, is_long: bool, paragraphs: list[Paragraph]
    ) -> None:
        for begin, stop in _cut_line(text, start, end, self._punkt) if is_long else [(start, end)]:
            paragraphs.append(Paragraph(self._at + begin, self._at + stop, self._line, gap))
            gap = 0

    def _take_long(self, text: str, paragraphs: list[Paragraph]) -> int:
        """Pieces of a line that has no end yet, as far as they are sure; returns where the rest begins."""
        first = _WHITE.match(text)
        start, at = first.end() if first else 0, 0
        while len(text) - start > _LONGEST_LINE + _SOON and (cut := _find_cut(text, start, len(text))) is not None:
            self._take_piece(text, start, cut[0], self._begin_line(), True, paragraphs)
            start = at = cut[1]
        return at


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


def _cut_line(text: str, start: int, end: int, punkt: Punkt) -> Iterator[Span]:
    """The sentences of a long line; those that are still too long in pieces."""
    for begin, stop in punkt.sentence_spans(text, start, end):
        while stop - begin > MAX_SENTENCE:
            white = _WHITE.search(text, begin + _PIECE, stop)
            if white is None:
                break
            yield begin, white.start()
            begin = white.end()
        yield begin, stop
