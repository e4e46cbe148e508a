"""Paths, globs and ``-`` to dumps: text of any encoding, JSONL, HTML, WARC and WET, compressed or not.

One input that cannot be read becomes a :class:`Problem`; the next one is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from topics.errors import DumpError
from topics.reading.containers import ReadOptions
from topics.reading.opening import read_source
from topics.reading.problems import Problem
from topics.reading.sources import Inputs, find_sources, list_inputs
from topics.records import Dump

__all__ = ["Inputs", "Problem", "ReadOptions", "list_inputs", "read_dumps"]

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
    for found in find_sources(inputs):
        for item in [found] if isinstance(found, Problem) else read_source(found, options, stdin):
            if isinstance(item, Dump):
                yield item
            elif on_problem is None:
                raise DumpError(item.message)
            else:
                on_problem(item)
