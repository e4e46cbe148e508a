"""The stage: a dump in, its segments out, tiling it character for character."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from topics.errors import LabelError
from topics.records import Dump, Paragraph, Segment, Span, dump_digest
from topics.segmentation.decode import decode_starts
from topics.segmentation.furniture import Roles, assign_roles
from topics.segmentation.kinds import tell_kind
from topics.segmentation.language import tell_language
from topics.segmentation.metadata import find_banners, find_published, find_source, find_title
from topics.segmentation.model import Scored, SegmentationModel

__all__ = ["place_decisions", "segment_dump", "whole_dump"]

_LINE_END: Final = re.compile(r"\r\n?|\n")


def segment_dump(
    dump: Dump,
    model: SegmentationModel,
    *,
    threshold: float | None = None,
    decided: Mapping[int, bool] | None = None,
    on_problem: Callable[[LabelError], None] | None = None,
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
    if threshold is not None and not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold {threshold}: give a probability between 0 and 1, without either.")
    scored = model.score(dump.text)
    placed = place_decisions(dump, scored.paragraphs, decided or {}, on_problem)
    roles = assign_roles(scored)
    limit = scored.threshold if threshold is None else threshold
    starts = decode_starts(scored.probabilities, roles.body, limit, placed)
    if placed:
        sure = scored.probabilities.copy()
        sure[[i for i, starts_here in placed.items() if starts_here]] = 1.0
        scored = replace(scored, probabilities=sure)
    return _lay_out(dump, scored, roles, starts)


def place_decisions(
    dump: Dump,
    paragraphs: Sequence[Paragraph],
    decided: Mapping[int, bool],
    on_problem: Callable[[LabelError], None] | None,
) -> dict[int, bool]:
    """Decisions by offset to decisions by paragraph, as :func:`segment_dump` takes them; what fits none is said."""
    if not decided:
        return {}
    begins = [paragraph.start for paragraph in paragraphs]
    placed: dict[int, bool] = {}
    exact: dict[int, bool] = {}
    for offset, starts in decided.items():
        at = bisect_left(begins, offset)
        if at == len(begins) or (at == 0 and not starts):
            fault = "but a dump starts with one" if at < len(begins) else "but no paragraph starts there or later"
            problem = LabelError(
                f"{dump.name or 'the dump'}: a boundary decision says that {'a' if starts else 'no'} piece starts at "
                f"{offset}, {fault}. Take the decision out of the labels."
            )
            if on_problem is None:
                raise problem
            on_problem(problem)
        elif at and offset < paragraphs[at - 1].end:
            placed[at] = starts
        else:
            exact[at] = starts
    return placed | exact


def whole_dump(dump: Dump, model: SegmentationModel) -> list[Segment]:
    """The dump as one segment already (``--whole``): furniture and metadata are found, boundaries are not
    looked for."""
    scored = model.score(dump.text)
    return _lay_out(dump, scored, assign_roles(scored), np.zeros(1, np.int64))


def _lay_out(
    dump: Dump, scored: Scored, roles: Roles, starts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> list[Segment]:
    text, paragraphs = dump.text, scored.paragraphs
    if not text:
        return []
    digest = dump_digest(text)
    if not paragraphs:
        return [_blank(dump, digest)]
    language = tell_language(text)
    cuts = [0, *(_line_start(text, paragraphs[i].start) for i in starts[1:]), len(text)]
    bounds = [*starts.tolist(), len(paragraphs)]
    n_lines = paragraphs[-1].line - 1 + _count_lines(text[paragraphs[-1].end - 1 :])
    titleness = scored.head("title").tolist()
    banners = find_banners(
        text[p.start : p.end] for p, wanted in zip(paragraphs, roles.furniture.tolist(), strict=True) if wanted
    )
    segments = []
    for index, (first, last) in enumerate(pairwise(bounds)):
        own = paragraphs[first:last]
        texts = [text[p.start : p.end] for p in own]
        body = roles.body[first:last].tolist()
        end_line = n_lines
        if last < len(paragraphs):
            end_line = paragraphs[last].line - (text[cuts[index + 1] - 1] in "\n\r")
        segments.append(
            Segment(
                dump=dump.name,
                dump_digest=digest,
                index=index,
                start=cuts[index],
                end=cuts[index + 1],
                start_line=1 if index == 0 else own[0].line,
                end_line=end_line,
                kind=tell_kind(texts, body, flat=scored.is_flat),
                title=find_title(texts, titleness[first:last], roles.title[first:last].tolist(), body)
                or (dump.title if len(bounds) == 2 else None),
                published=find_published(texts, body) or (dump.published if len(bounds) == 2 else None),
                source=find_source(texts, body, banners) or dump.source,
                boundary=round(float(scored.probabilities[first]), 4),
                furniture=_spans(own, roles.furniture[first:last].tolist()),
                language=tell_language(text[cuts[index] : cuts[index + 1]], default=language),
                text=text[cuts[index] : cuts[index + 1]],
            )
        )
    return segments


def _blank(dump: Dump, digest: str) -> Segment:
    return Segment(
        dump=dump.name, dump_digest=digest, index=0, start=0, end=len(dump.text),
        start_line=1, end_line=_count_lines(dump.text), kind="boilerplate", title=None, published=None,
        source=None, boundary=1.0, furniture=(), language="en", text=dump.text,
    )  # fmt: skip


def _count_lines(text: str) -> int:
    """Physical lines of a text that is not empty; what follows the last line end is a line unless it is nothing."""
    return len(_LINE_END.findall(text)) + (text[-1] not in "\n\r")


def _line_start(text: str, offset: int) -> int:
    """The offset, moved over blanks before it if nothing else stands there on its line."""
    at = offset
    while at and text[at - 1].isspace() and text[at - 1] not in "\n\r\x0b\x0c\u2028\u2029":
        at -= 1
    return at if at == 0 or text[at - 1] in "\n\r\x0b\x0c\u2028\u2029" else offset


def _spans(paragraphs: Sequence[Paragraph], is_furniture: Sequence[bool]) -> tuple[Span, ...]:
    return tuple((p.start, p.end) for p, wanted in zip(paragraphs, is_furniture, strict=True) if wanted)
