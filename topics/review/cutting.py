"""Boundary decisions laid over the segments of a run: the spans of a dump as people want it cut.

What a decision means is as for cutting itself (:func:`topics.segmentation.segmenter.segment_dump`): its offset speaks
of the first paragraph that starts there or behind it, and one that stands exactly on a paragraph outweighs those
that do not. Nothing else moves, so a page can show the result at once; cutting the dump anew keeps to the same
decisions and may choose better places around them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence

from topics.records import Paragraph, Span

__all__ = ["recut"]

_LINE_ENDS = "\n\r\x0b\x0c\u2028\u2029"


def recut(
    spans: Sequence[Span],
    decided: Mapping[int, bool],
    paragraphs_of: Callable[[int], Sequence[Paragraph]],
    text_of: Callable[[int], str],
) -> list[Span]:
    """The spans of a dump under the decisions; ``spans`` are those of the run, in order, tiling the dump.

    ``paragraphs_of`` gives the paragraphs of the segment of that number, their offsets counted from its start, and
    ``text_of`` its text: both are asked only for segments that a decision touches.
    """
    starts = [start for start, _ in spans]
    placed: dict[tuple[int, int], bool] = {}  # segment and paragraph
    exact: dict[tuple[int, int], bool] = {}
    for offset, begins in decided.items():
        at = max(0, bisect_right(starts, offset) - 1)
        paragraphs = paragraphs_of(at)
        inside = offset - starts[at]
        number = bisect_left([paragraph.start for paragraph in paragraphs], inside)
        split = number > 0 and inside < paragraphs[number - 1].end
        if number == len(paragraphs):
            at, number = at + 1, 0
            if at == len(spans) or not paragraphs_of(at):
                continue
        (placed if split else exact)[at, number] = begins
    removed: set[int] = set()
    added: set[int] = set()
    for (at, number), begins in (placed | exact).items():
        if number:
            if begins:
                added.add(starts[at] + line_start(text_of(at), paragraphs_of(at)[number].start))
        elif not begins and at:
            removed.add(starts[at])
    if not removed and not added:
        return list(spans)
    cuts = sorted((set(starts) - removed) | added)
    return [(start, end) for start, end in zip(cuts, [*cuts[1:], spans[-1][1]], strict=True)]


def line_start(text: str, offset: int) -> int:
    """The offset, moved over the blanks before it where nothing else stands there on its line: where a segment
    that begins with this paragraph starts."""
    at = offset
    while at and text[at - 1].isspace() and text[at - 1] not in _LINE_ENDS:
        at -= 1
    return at if at == 0 or text[at - 1] in _LINE_ENDS else offset
