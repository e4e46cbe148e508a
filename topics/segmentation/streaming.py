"""A dump that comes in blocks of text to its segments, in memory that does not grow with it.

Paragraphs are taken off the blocks as soon as they are whole, scored in the same stretches as ever, and cut by the same
decoder; a segment is given out once the next one's start is sure. What is judged by a dump's paragraphs together
(whether it is flat, which lines are an outlet's banners) is judged by chapters of ``CHAPTER`` paragraphs. So the
segments are those of the whole text, wherever a block ends; a dump that is at hand comes in blocks as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import Paragraphs, ParagraphStream, Rows, code_points
from topics.segmentation.analysis import Analysis, analyse, join_analyses
from topics.segmentation.features import WINDOW
from topics.segmentation.model import MARGIN, Scored, SegmentationModel, stretches
from topics.segmentation.tongues import find_tongues

__all__ = ["CHAPTER", "Chapter", "TextBuffer", "score_chapters"]

STEP: Final = WINDOW - 2 * MARGIN
CHAPTER: Final = 10 * STEP  # paragraphs, three or four hundred articles of news; more than WINDOW
OPENING: Final = 3000  # code points that are remembered of the beginning


@dataclass(frozen=True, slots=True)
class Chapter:
    """Some paragraphs of a dump with all that the model says of them; ``first`` is the place of the first among all."""

    first: int
    scored: Scored
    is_last: bool


class TextBuffer:
    """The part of a text that is still needed, addressed by its code points in the whole."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._blocks = iter(blocks)
        self._next = next(self._blocks, None)
        self._held = ""
        self._start = 0
        self._codes = code_points("")
        self.end = 0  # how much was read
        self.opening = ""
        self.needed = 0  # nothing behind this place is dropped, whoever asks

    def read(self) -> tuple[str, bool]:
        """The next block, and whether it is the last."""
        block = self._next or ""
        self._next = next(self._blocks, None)
        codes = code_points(block)
        if self._held:
            codes = np.concatenate([self._codes, codes])
            codes.flags.writeable = False  # as those of a block are, or kernels would be compiled for both
        self._codes = codes
        self._held = self._held + block if self._held else block
        self.end += len(block)
        if len(self.opening) < OPENING:
            self.opening += block[: OPENING - len(self.opening)]
        return block, self._next is None

    def slice(self, start: int, end: int) -> str:
        """``text[start:end]``; nothing before what was dropped."""
        return self._held[max(0, start - self._start) : end - self._start]

    def codes(self, start: int, end: int) -> NDArray[np.uint32]:
        """The code points of ``text[start:end]``."""
        return self._codes[max(0, start - self._start) : end - self._start]

    def drop(self, until: int) -> None:
        """Forget what stands before a place, as far as it is not needed."""
        until = min(until, self.needed)
        if until > self._start:
            self._held, self._codes = self._held[until - self._start :], self._codes[until - self._start :]
            self._start = until


def score_chapters(text: TextBuffer, model: SegmentationModel) -> Iterator[Chapter]:
    """All paragraphs of a text, scored, a chapter at a time; none for a text without any."""
    stream = ParagraphStream(model.punkt)
    rows: Rows = np.empty((0, 4), np.int64)  # from the first that is still needed, which has the place ``first``
    parts: list[Analysis] = []
    first = done = line = 0
    is_read = False
    while not is_read or done < first + len(rows):
        n = first + len(rows)
        read: list[Rows] = []
        while not is_read and n < done + CHAPTER + MARGIN:
            block, is_read = text.read()
            read.append(stream.feed(block, is_last=is_read))
            n += len(read[-1])
        fresh = Paragraphs(np.concatenate(read)) if read else ()
        if fresh:
            at = fresh[0].start
            parts.append(analyse(text.codes(at, fresh[-1].end), fresh, model.vocabulary, at=at, line_before=line))
            line = fresh[-1].line
            rows = np.concatenate([rows, fresh.rows])
        if not n:
            return
        analysis = join_analyses(parts)
        stop = min(n, done + CHAPTER)
        heads = [
            model.score_stretch(analysis.stretch(start - first, end - first), is_first=not start).heads[
                keep - start : last - start
            ]
            for (start, end), (keep, last) in stretches(n, done, stop)
        ]
        paragraphs = Paragraphs(rows[: stop - first + MARGIN])
        at = text.needed = paragraphs[0].start
        end = paragraphs[-1].end
        tongues = find_tongues(text.slice(at, end), paragraphs, at, text.codes(at, end))
        scored = model.weigh(
            paragraphs[done - first : stop - first],
            analysis.stretch(done - first, stop - first),
            np.concatenate(heads),
            tongues.part(done - first, stop - first),
            is_start=not done,
        )
        yield Chapter(done, scored, is_read and stop == n)
        done = stop
        drop = max(0, done - MARGIN - first)
        rows = rows[drop:]
        parts = [analysis.stretch(drop, len(analysis))]
        first += drop
