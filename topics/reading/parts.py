"""Inputs as parts that can be worked on apart: a file each, and large JSONL files cut between their lines.

What is compressed, or holds records of other kinds, is one part, since no place in it can be found without reading up
to there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

from topics.reading.addresses import find_filesystem, is_address
from topics.reading.compression import read_lines
from topics.reading.containers import JSONL, ReadOptions, read_line_records
from topics.reading.decoding import find_wide_encoding
from topics.reading.long import LongDump
from topics.reading.opening import read_source, told_as_unreadable
from topics.reading.problems import Problem, Unreadable
from topics.reading.sources import COMPRESSIONS, STDIN, Inputs, Source, inner_suffix, list_inputs, list_paths
from topics.records import Dump

__all__ = ["Part", "cut_source", "digest_part", "read_part", "weigh_inputs", "weigh_source"]

_PACKED: Final = 4  # text compresses to a quarter or so
_BLOCK: Final = 1 << 20
_OF_MANY: Final = {*JSONL, ".warc"}


@dataclass(frozen=True, slots=True)
class Part:
    """A source, or of a JSONL source the lines from byte ``start`` to ``stop``, the first of which is line
    ``first``."""

    source: Source
    start: int = 0
    stop: int | None = None
    first: int = 1

    @property
    def name(self) -> str:
        """The source's name, and where it is cut the line it begins with."""
        return self.source.name if self.stop is None else f"{self.source.name}#{self.first}-"


def weigh_source(source: Source) -> int:
    """About how many bytes of text there are; 0 where that cannot be told."""
    try:
        size = _size_of(source)
    except (OSError, Unreadable):
        return 0
    return size * (_PACKED if Path(source.name).suffix.lower() in COMPRESSIONS else 1)


def weigh_inputs(inputs: Inputs) -> tuple[list[int], int]:
    """About how many bytes of text each local input has that is one dump, and how many all those have that hold many.
    What an address names is left out: it would be asked for over a network."""
    dumps, many = [], 0
    for source in list_inputs([path for path in list_paths(inputs) if path != STDIN and not is_address(path)]):
        if inner_suffix(source.name) in _OF_MANY:
            many += weigh_source(source)
        else:
            dumps.append(weigh_source(source))
    return dumps, many


def cut_source(source: Source, part_bytes: int, options: ReadOptions) -> Iterator[tuple[Part, int]]:
    """The parts of a source, in order, each with its bytes. Only plain JSONL of more than two parts is cut."""
    size = weigh_source(source)
    is_plain_jsonl = Path(source.name).suffix.lower() in JSONL and not options.encoding
    if not is_plain_jsonl or size <= 2 * part_bytes:
        yield Part(source), size
        return
    try:
        with told_as_unreadable(), _open_plain(source) as file:
            head = file.read(8192)
            if find_wide_encoding(head) or not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                yield Part(source), size
                return
            file.seek(0)
            cuts = list(_find_cuts(file, part_bytes))
    except Unreadable:  # it will be said when it is read
        yield Part(source), size
        return
    for (start, first), (stop, _) in pairwise(cuts):
        if start < stop:
            yield Part(source, start, stop, first), stop - start


def digest_part(part: Part) -> str | None:
    """SHA-256 of the part's bytes as they are stored, as hex; ``None`` where they cannot be read."""
    digest = hashlib.sha256()
    try:
        with told_as_unreadable(), _open_plain(part.source) as file:
            file.seek(part.start)
            left = None if part.stop is None else part.stop - part.start
            while left != 0 and (block := file.read(_BLOCK if left is None else min(_BLOCK, left))):
                digest.update(block)
                left = None if left is None else left - len(block)
    except Unreadable:
        return None
    return digest.hexdigest()


def read_part(part: Part, options: ReadOptions) -> Iterator[Dump | LongDump | Problem]:
    """The dumps of a part in order, and a problem for each thing in it that cannot be read."""
    if part.stop is None:
        yield from read_source(part.source, options)
        return
    try:
        with told_as_unreadable(), _open_plain(part.source) as file:
            file.seek(part.start)
            lines = read_lines(file, part.stop - part.start)
            yield from read_line_records(part.source, lines, part.first, options)
    except Unreadable as problem:
        yield problem.at(part.source.where)


def _open_plain(source: Source) -> Any:
    if isinstance(source.path, str):
        filesystem, path = find_filesystem(source.path)
        return filesystem.open(path, "rb")
    if source.path is None:
        raise Unreadable("unreadable", "standard input cannot be read twice. Give a file.")
    return open(source.path, "rb")


def _size_of(source: Source) -> int:
    if isinstance(source.path, str):
        with told_as_unreadable():
            filesystem, path = find_filesystem(source.path)
            return int(filesystem.size(path) or 0)
    return 0 if source.path is None else source.path.stat().st_size


def _find_cuts(file: BinaryIO, part_bytes: int) -> Iterator[tuple[int, int]]:
    """Byte offsets of line starts about ``part_bytes`` apart, each with its line number; the last is the end."""
    at, line, wanted = 0, 1, part_bytes
    yield 0, 1
    while block := file.read(_BLOCK):
        begin = 0
        while at + len(block) > wanted:
            newline = block.find(b"\n", max(begin, wanted - at))
            if newline < 0:
                break
            line += block.count(b"\n", begin, newline + 1)
            begin = newline + 1
            yield at + begin, line
            wanted = at + begin + part_bytes
        line += block.count(b"\n", begin)
        at += len(block)
    yield at, line
