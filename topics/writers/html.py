"""Rows as one HTML page to read: self-contained, without scripts, in light and dark, on paper and on a phone.

The template escapes everything by default, and a content security policy forbids the page to load or run
anything: the text is from anywhere. Furniture is greyed rather than hidden, so that a reader can judge it.
Choosing a topic and hiding furniture are done in CSS alone. Rows are held in memory, since the summary
comes first; the page itself is streamed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zlib import crc32

from topics.writers.facts import describe_context, describe_counts, list_paragraphs
from topics.writers.rows import Row, Run, find_topic, first_words
from topics.writers.sinks import Sink
from topics.writers.tally import Tally, TopicCount
from topics.writers.text import clean_cell, strip_controls

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["find_hue", "render_page", "write_html", "write_html_index"]

_ANCHOR = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class _SegmentView:
    """One segment as the template takes it. ``number`` is that of its topic in the summary."""

    anchor: str
    place: int
    row: Row
    heading: str
    topic: str | None
    number: int | None
    hue: int
    language: str | None
    context: list[str]

    def paragraphs(self, clean: bool) -> Iterator[tuple[list[Run], bool]]:
        """Runs of each paragraph, and whether all of it is furniture."""
        for runs in list_paragraphs(self.row, clean):
            shown = [Run(strip_controls(run.text), run.furniture) for run in runs]
            yield shown, all(run.furniture for run in runs)


@dataclass(frozen=True, slots=True)
class _DumpView:
    name: str
    numbers: list[int]
    segments: list[_SegmentView]


def write_html(
    rows: Iterable[Row],
    sink: Sink,
    *,
    title: str | None = None,
    clean: bool = False,
    back: str | None = None,
    files: Mapping[str, str] | None = None,
) -> int:
    """Writes the page; ``clean`` leaves furniture out, ``back`` is a link to the page above it, ``files`` are links to
    the same in other formats.

    Returns how many rows it shows. Without a title the page is named after its counts.
    """
    held = list(rows)
    tally = Tally()
    for row in held:
        tally.add(row)
    dumps = _make_views(held, {count.topic: number for number, count in enumerate(tally.topics())})
    counts = describe_counts(tally, len(dumps))
    render_page(
        "segments.html.j2",
        sink,
        title=title or counts,
        counts=counts if title else "",
        models=sorted({row["model"] for row in held if "model" in row}),
        topics=tally.topics(),
        dumps=dumps,
        clean=clean,
        back=back,
        files=files or {},
    )
    return len(held)


def write_html_index(
    topics: Iterable[TopicCount],
    sink: Sink,
    *,
    title: str,
    counts: str,
    links: Mapping[str, Mapping[str, str]],
    names: Mapping[str, str] | None = None,
) -> None:
    """Writes the page that leads to one page a topic; ``links`` are its files, topic to format to place."""
    context = {"topics": list(topics), "links": links, "names": names or {}}
    render_page("index.html.j2", sink, title=title, counts=counts, **context)


def _make_views(rows: list[Row], numbers: Mapping[str, int]) -> list[_DumpView]:
    seen: Counter[str] = Counter()
    dumps: list[_DumpView] = []
    for name, group in groupby(rows, key=lambda row: str(row["dump"])):
        segments = [_make_view(row, numbers, seen) for row in group]
        found = sorted({segment.number for segment in segments if segment.number is not None})
        dumps.append(_DumpView(clean_cell(name), found, segments))
    return dumps


def _make_view(row: Row, numbers: Mapping[str, int], seen: Counter[str]) -> _SegmentView:
    anchor = f"s-{row['id']}" if _ANCHOR.fullmatch(row["id"]) else "s"
    seen[anchor] += 1
    if seen[anchor] > 1:  # the same text in two dumps has the same id
        anchor = f"{anchor}.{seen[anchor]}"
    topic = find_topic(row)
    language = row["language"] or ""
    return _SegmentView(
        anchor=anchor,
        place=row["index"],
        row=row,
        heading=clean_cell(row["title"] or first_words(row, 90)),
        topic=topic,
        number=numbers.get(topic) if topic else None,
        hue=find_hue(topic or ""),
        language=language if _LANGUAGE.fullmatch(language) else None,
        context=[clean_cell(fact) for fact in describe_context(row)],
    )


def find_hue(topic: str) -> int:
    """A colour that a topic keeps on every page: degrees around the wheel."""
    return crc32(topic.encode("utf-8", "surrogatepass")) % 360


def render_page(template: str, sink: Sink, **context: Any) -> None:
    """Stream one of the templates beside this module to a sink; everything in ``context`` is escaped."""
    held: list[str] = []
    n_characters = 0
    for piece in _load_environment().get_template(template).generate(**context):
        held.append(piece)
        n_characters += len(piece)
        if n_characters >= _CHUNK:
            sink.write("".join(held).encode())
            held, n_characters = [], 0
    sink.write("".join(held).encode())


@cache
def _load_environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("topics.writers"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["hue"] = find_hue
    environment.filters["line"] = clean_cell
    environment.filters["percent"] = lambda share: "<1%" if 0 < share < 0.005 else f"{share:.0%}"
    environment.filters["thousands"] = lambda number: f"{number:,}"
    return environment
