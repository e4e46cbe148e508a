"""The stage: a dump in, its segments out, tiling it character for character."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from topics.errors import LabelError
from topics.records import Dump, Paragraph, Segment, dump_digest
from topics.segmentation.decode import Decoder
from topics.segmentation.furniture import assign_roles
from topics.segmentation.layout import DumpFacts, Layout
from topics.segmentation.model import SegmentationModel
from topics.segmentation.streaming import TextBuffer, score_chapters

__all__ = ["DumpFacts", "place_decisions", "segment_blocks", "segment_dump", "whole_dump"]

OnProblem = Callable[[LabelError], None]

BLOCK: Final = 1 << 20  # characters


def segment_dump(
    dump: Dump,
    model: SegmentationModel,
    *,
    threshold: float | None = None,
    decided: Mapping[int, bool] | None = None,
    on_problem: OnProblem | None = None,
) -> list[Segment]:
    """Cut a dump into segments, in order; joining their ``text`` gives the dump back.

    ``threshold`` moves between fewer (near 1) and more segments (near 0); by default the model's own. An empty dump has
    no segments; one of white space alone is a single piece of boilerplate.

    ``decided`` is what people said of this dump: offset to whether a piece starts there. It always holds, and the
    rest is cut around it. An offset speaks of the first paragraph that starts there or behind it; of several that speak
    of one, those that do not stand inside the paragraph before it count, and of these the last given. One that
    cannot hold, behind the last paragraph or against the start of the dump, goes to ``on_problem``; without
    ``on_problem`` it is raised.
    """
    facts = _facts_of(dump)
    blocks = _blocks_of(dump.text)
    return list(segment_blocks(blocks, facts, model, threshold=threshold, decided=decided, on_problem=on_problem))


def segment_blocks(
    blocks: Iterable[str],
    facts: DumpFacts,
    model: SegmentationModel,
    *,
    threshold: float | None = None,
    decided: Mapping[int, bool] | None = None,
    on_problem: OnProblem | None = None,
) -> Iterator[Segment]:
    """The same of a dump whose text comes in blocks: segments are given out as soon as they are sure."""
    if threshold is not None and not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold {threshold}: give a probability between 0 and 1, without either.")
    decoder = Decoder(model.threshold if threshold is None else threshold)
    yield from _cut(blocks, facts, model, decoder, Decisions(facts.name, decided or {}, on_problem))


def whole_dump(dump: Dump, model: SegmentationModel) -> list[Segment]:
    """The dump as one segment already (``--whole``): furniture and metadata are found, boundaries are not
    looked for."""
    return list(_cut(_blocks_of(dump.text), _facts_of(dump), model, None, Decisions(dump.name, {}, None)))


def _cut(
    blocks: Iterable[str], facts: DumpFacts, model: SegmentationModel, decoder: Decoder | None, decisions: Decisions
) -> Iterator[Segment]:
    text = TextBuffer(blocks)
    layout = Layout(text, facts)
    n_chapters = 0
    for chapter in score_chapters(text, model):
        n_chapters += 1
        placed = decisions.place(chapter.first, chapter.scored.paragraphs)
        roles = assign_roles(chapter.scored)
        starts = [] if decoder is None else decoder.push(chapter.scored.probabilities, roles.body, placed)
        layout.add(chapter, roles, placed)
        if decoder is not None and chapter.is_last:
            starts += decoder.finish()
        yield from layout.take(starts, is_last=chapter.is_last)
    if not n_chapters and text.end:
        yield layout.blank()
    decisions.finish()


def _blocks_of(text: str) -> Iterator[str]:
    """The blocks of a text at hand: what was not cut yet is copied again and again, so it must not be long."""
    return (text[at : at + BLOCK] for at in range(0, len(text), BLOCK))


def _facts_of(dump: Dump) -> DumpFacts:
    return DumpFacts(dump.name, dump_digest(dump.text), dump.title, dump.published, dump.source)


def place_decisions(
    dump: Dump, paragraphs: Sequence[Paragraph], decided: Mapping[int, bool], on_problem: OnProblem | None
) -> dict[int, bool]:
    """Decisions by offset to decisions by paragraph, as :func:`segment_dump` takes them; what fits none is said."""
    decisions = Decisions(dump.name, decided, on_problem)
    placed = decisions.place(0, paragraphs)
    decisions.finish()
    return placed


class Decisions:
    """What people decided of one dump, placed at its paragraphs as these come."""

    def __init__(self, name: str, decided: Mapping[int, bool], on_problem: OnProblem | None) -> None:
        self._name = name
        self._on_problem = on_problem
        self._waiting = sorted(decided.items(), key=lambda item: item[0])  # stable: those of one place stay in order
        self._order = {offset: order for order, offset in enumerate(decided)}
        self._next = 0
        self._end_before = 0  # of the paragraph before

    def place(self, first: int, paragraphs: Sequence[Paragraph]) -> dict[int, bool]:
        """Decisions by the place of their paragraph; the first of these paragraphs has the place ``first``."""
        placed: dict[int, bool] = {}
        is_waiting = self._next < len(self._waiting)
        begins = [paragraph.start for paragraph in paragraphs] if is_waiting else []
        while begins and self._next < len(self._waiting) and self._waiting[self._next][0] <= begins[-1]:
            at = bisect_left(begins, self._waiting[self._next][0])
            own = []
            while self._next < len(self._waiting) and self._waiting[self._next][0] <= begins[at]:
                own.append(self._waiting[self._next])
                self._next += 1
            self._decide(first + at, own, paragraphs[at - 1].end if at else self._end_before, placed)
        if paragraphs:
            self._end_before = paragraphs[-1].end
        return placed

    def finish(self) -> None:
        """Say what speaks of no paragraph."""
        for offset, starts in self._waiting[self._next :]:
            self._complain(offset, starts, "but no paragraph starts there or later")

    def _decide(self, place: int, own: list[tuple[int, bool]], end_before: int, placed: dict[int, bool]) -> None:
        own.sort(key=lambda item: self._order[item[0]])
        inside, exact = [], []
        for offset, starts in own:
            if not place and not starts:
                self._complain(offset, starts, "but a dump starts with one")
            elif place and offset < end_before:
                inside.append(starts)
            else:
                exact.append(starts)
        if inside or exact:
            placed[place] = (exact or inside)[-1]

    def _complain(self, offset: int, starts: bool, fault: str) -> None:
        problem = LabelError(
            f"{self._name or 'the dump'}: a boundary decision says that {'a' if starts else 'no'} piece starts at "
            f'{offset}, {fault}. Take it out of the labels; "topics labels check --dumps DUMPS" names its line.'
        )
        if self._on_problem is None:
            raise problem
        self._on_problem(problem)
