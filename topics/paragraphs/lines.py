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

__all__ = ["MAX_LINE", "MAX_SENTENCE", "split_paragraphs"]

# Longer than nearly every paragraph of news (6 in 1,000 are longer in a weekly, 4 in 1,000 in daily outlets),
# shorter than nearly every article.
MAX_LINE = 1_200
MAX_SENTENCE = 4_000
_PIECE = 2_000
_MAX_GAP = 3

_BREAK = "\n\r\x0b\x0c\u2028\u2029"
# Every break is white space, so a match never reaches over one; it backtracks over trailing white space only.
_LINE = re.compile(rf"\S(?:[^{_BREAK}]*\S)?")
_SOFT_BREAK = re.compile("[\x0b\x0c\u2028\u2029]")
_WHITE = re.compile(r"\s+")


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
    punkt = punkt if punkt is not None else Punkt()
    paragraphs: list[Paragraph] = []
    lines = list(_find_lines(text))
    for number, (start, end, line, gap) in enumerate(lines):
        is_part = (begins_inside and number == 0) or (ends_inside and number == len(lines) - 1)
        if end - start <= MAX_LINE and not is_part:
            paragraphs.append(Paragraph(start, end, line, gap))
            continue
        for begin, stop in _cut_line(text, start, end, punkt):
            paragraphs.append(Paragraph(begin, stop, line, gap))
            gap = 0
    return paragraphs


def _find_lines(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Start, end, physical line and gap of each non-blank line, trimmed."""
    soft = _SOFT_BREAK.search(text) is not None
    line, at, first = 1, 0, True
    for match in _LINE.finditer(text):
        start, end = match.span()
        if start - at == 1 and text[at] == "\n":
            line, gap = line + 1, 1
        else:
            hard = text.count("\n", at, start) + text.count("\r", at, start) - text.count("\r\n", at, start)
            line, gap = line + hard, hard
            if soft:
                gap += len(_SOFT_BREAK.findall(text, at, start))
            gap = min(gap, _MAX_GAP)
        yield start, end, line, 1 if first else gap
        at, first = end, False


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
