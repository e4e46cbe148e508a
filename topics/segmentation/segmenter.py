"""The stage: a dump in, its segments out, tiling it character for character."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from topics.errors import LabelError
from topics.paragraphs.placing import OnFault, Placing, place_all
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
    rest is cut around it; :mod:`topics.paragraphs.placing` says of which paragraph an offset speaks. One that cannot
    hold, behind the last paragraph or against the start of the dump, goes to ``on_problem``; without ``on_problem`` it
    is raised.
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
    placing = Placing(decided or {}, _name_fault(facts.name, on_problem))
    yield from _cut(blocks, facts, model, decoder, placing)


def whole_dump(dump: Dump, model: SegmentationModel) -> list[Segment]:
    """The dump as one segment already (``--whole``): furniture and metadata are found, boundaries are not
    looked for."""
    return list(_cut(_blocks_of(dump.text), _facts_of(dump), model, None, Placing({}, _name_fault(dump.name, None))))


def _cut(
    blocks: Iterable[str], facts: DumpFacts, model: SegmentationModel, decoder: Decoder | None, placing: Placing
) -> Iterator[Segment]:
    text = TextBuffer(blocks)
    layout = Layout(text, facts)
    n_chapters = 0
    for chapter in score_chapters(text, model):
        n_chapters += 1
        placed = placing.place(chapter.first, chapter.scored.paragraphs)
        roles = assign_roles(chapter.scored)
        starts = [] if decoder is None else decoder.push(chapter.scored.probabilities, roles.body, placed)
        layout.add(chapter, roles, placed)
        if decoder is not None and chapter.is_last:
            starts += decoder.finish()
        yield from layout.take(starts, is_last=chapter.is_last)
    if not n_chapters and text.end:
        yield layout.blank()
    placing.finish()


def _blocks_of(text: str) -> Iterator[str]:
    """The blocks of a text at hand: what was not cut yet is copied again and again, so it must not be long."""
    return (text[at : at + BLOCK] for at in range(0, len(text), BLOCK))


def _facts_of(dump: Dump) -> DumpFacts:
    return DumpFacts(dump.name, dump_digest(dump.text), dump.title, dump.published, dump.source)


def place_decisions(
    dump: Dump, paragraphs: Sequence[Paragraph], decided: Mapping[int, bool], on_problem: OnProblem | None
) -> dict[int, bool]:
    """Decisions by offset to decisions by paragraph, as :func:`segment_dump` takes them; what fits none is said."""
    return place_all(paragraphs, decided, _name_fault(dump.name, on_problem))


def _name_fault(name: str, on_problem: OnProblem | None) -> OnFault:
    """What is to be done with a decision that can hold nowhere in the dump of that name."""

    def tell(offset: int, fault: str) -> None:
        problem = LabelError(
            f'{name or "the dump"}: {fault}. Take it out of the labels; "topics labels check --dumps DUMPS" names '
            "its line."
        )
        if on_problem is None:
            raise problem
        on_problem(problem)

    return tell
