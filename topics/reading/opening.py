"""One source to its dumps, with whatever can go wrong on the way made a problem."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from topics.errors import DumpError
from topics.reading.compression import open_input
from topics.reading.containers import ReadOptions, read_opened
from topics.reading.long import LongDump
from topics.reading.problems import Problem, Unreadable
from topics.reading.sources import Source
from topics.records import Dump

__all__ = ["read_source", "told_as_unreadable"]


def read_source(
    source: Source, options: ReadOptions, stdin: BinaryIO | None = None
) -> Iterator[Dump | LongDump | Problem]:
    """The dumps of one source in order, and a problem for each thing in it that cannot be read."""
    try:
        with told_as_unreadable(), open_input(source, stdin) as opened:
            yield from read_opened(source, opened, options)
    except Unreadable as problem:
        yield problem.at(source.where)


@contextmanager
def told_as_unreadable() -> Iterator[None]:
    """What the system says of a file that cannot be read, as an :class:`Unreadable`."""
    try:
        yield
    except PermissionError:
        raise Unreadable("no_permission", "no permission. Ask for read access to it.") from None
    except FileNotFoundError:
        raise Unreadable("missing", "no such file. Check the path.") from None
    except DumpError as error:  # an address that cannot be used
        raise Unreadable("unreadable", str(error).partition(": ")[2]) from None
    except OSError as error:
        said = f"cannot be read ({error.strerror or error}). Check the disk, or leave it out."
        raise Unreadable("unreadable", said) from None
