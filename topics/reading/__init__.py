"""Paths, globs and ``-`` to dumps: text of any encoding, JSONL, HTML, WARC and WET, compressed or not.

One input that cannot be read becomes a :class:`Problem`; the next one is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from topics.errors import DumpError
from topics.reading.containers import ReadOptions
from topics.reading.long import LongDump
from topics.reading.opening import read_source
from topics.reading.problems import Problem
from topics.reading.sources import Inputs, find_sources, list_inputs
from topics.records import Dump

__all__ = ["Inputs", "LongDump", "Problem", "ReadOptions", "list_inputs", "read_dumps", "stream_dumps"]

_DEFAULT = ReadOptions()


def read_dumps(
    inputs: Inputs,
    options: ReadOptions = _DEFAULT,
    *,
    on_problem: Callable[[Problem], None] | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Dump]:
    """Read files, folders, globs or ``-`` (stdin), in a fixed order, one dump at a time.

    What cannot be read goes to ``on_problem`` and the rest is read; without ``on_problem`` the first problem is
    raised as a :class:`DumpError`.

    >>> import topics
    >>> sum(1 for _ in topics.read_dumps("seeds"))
    12
    """
    for item in stream_dumps(inputs, replace(options, stream=False), on_problem=on_problem, stdin=stdin):
        if isinstance(item, Dump):
            yield item


def stream_dumps(
    inputs: Inputs,
    options: ReadOptions = _DEFAULT,
    *,
    on_problem: Callable[[Problem], None] | None = None,
    stdin: BinaryIO | None = None,
) -> Iterator[Dump | LongDump]:
    """The same, where a text that is too long for memory may come as a :class:`LongDump` (``options.stream``)."""
    for found in find_sources(inputs, options.output):
        for item in [found] if isinstance(found, Problem) else read_source(found, options, stdin):
            if not isinstance(item, Problem):
                yield item
            elif on_problem is None:
                raise DumpError(item.message)
            else:
                on_problem(item)
