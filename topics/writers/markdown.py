"""Rows as one Markdown document to read from top to bottom: a summary, a heading a dump, a heading a segment.

The text stands as paragraphs, one a line of the dump, without furniture unless it is asked for. Everything
that a CommonMark or GitHub reader would take for markup is escaped, so what shows is what was written. All
rows are held in memory, since the summary comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from topics.writers.facts import describe_counts, describe_segment, list_paragraphs
from topics.writers.rows import Row, first_words
from topics.writers.sinks import Sink
from topics.writers.tally import Tally
from topics.writers.text import clean_cell

__all__ = ["escape_markdown", "summary_table", "write_markdown"]

_MARKUP = re.compile(r"[\\`*_\[\]<>#~|&$]")
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)])|(?=[-+=]))")


def write_markdown(rows: Iterable[Row], sink: Sink, *, title: str = "Segments", clean: bool = True) -> int:
    """Writes the document; ``clean`` leaves furniture out. Returns how many rows it shows."""
    held = list(rows)
    for block in _list_blocks(held, title, clean):
        sink.write(f"{block}\n\n".encode())
    return len(held)


def escape_markdown(text: str) -> str:
    """One line on which nothing is markup any more.

    >>> escape_markdown("1. *Up* $5 & more")
    '1\\\\. \\\\*Up\\\\* \\\\$5 \\\\& more'
    """
    escaped = _MARKUP.sub(lambda match: "\\" + match[0], clean_cell(text))
    return _LINE_START.sub(r"\1\\", escaped)


def summary_table(tally: Tally, links: dict[str, str] | None = None) -> str:
    """A table of topics; ``links`` maps a topic to where it is found."""
    lines = ["| topic | segments | share of text | mean score |", "|:--|--:|--:|--:|"]
    for count in tally.topics():
        name = escape_markdown(count.topic)
        if links and count.topic in links:
            name = f"[{name}]({links[count.topic]})"
        score = "" if count.mean_score is None else f"{count.mean_score:.0%}"
        lines.append(f"| {name} | {count.n_segments:,} | {count.share:.0%} | {score} |")
    return "\n".join(lines)


def _list_blocks(rows: list[Row], title: str, clean: bool) -> Iterator[str]:
    tally = Tally()
    for row in rows:
        tally.add(row)
    yield f"# {escape_markdown(title)}"
    n_dumps = sum(1 for _ in groupby(rows, key=lambda row: row["dump"]))
    yield f"{describe_counts(tally, n_dumps)}."
    if len(tally.topics()) > 1:
        yield summary_table(tally)
    for dump, group in groupby(rows, key=lambda row: str(row["dump"])):
        yield f"## {escape_markdown(dump)}"
        for row in group:
            yield from _list_segment(row, clean)


def _list_segment(row: Row, clean: bool) -> Iterator[str]:
    yield f"### {escape_markdown(row['title'] or first_words(row, 70))}"
    yield "*" + " · ".join(escape_markdown(fact) for fact in describe_segment(row)) + "*"
    for runs in list_paragraphs(row, clean):
        yield escape_markdown("".join(run.text for run in runs))
