"""A plain text that is too long for memory: read twice, block by block, and never held whole.

The first reading makes sure that all of it can be decoded and takes its digest, since segments are named by that; the
second gives the text, and fails where that is another by then. What is not in the encoding that its beginning tells is
read whole after all, and told by all of its bytes. What can be read only once is kept in a temporary file.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from topics.reading.compression import Opened, open_input, read_bounded
from topics.reading.decoding import check_encoding, decode, find_encoding, refuse_binary
from topics.reading.problems import DumpChanged, Unreadable
from topics.reading.sources import Source, is_read_once
from topics.records import Dump

__all__ = ["LONG_BYTES", "LongDump", "read_long"]

LONG_BYTES: Final = 1 << 24
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class LongDump:
    """A ``DumpInBlocks`` out of a source, as often as it is asked for.

    The text begins ``skip`` bytes into the source, behind its byte order mark, and is in ``encoding``.
    """

    name: str
    digest: str
    source: Source
    encoding: str
    skip: int
    is_forced: bool = False  # the user's word for the encoding: then a mark in the text is no part of it
    kept: Any = field(default=None, repr=False, compare=False)  # the temporary file that ``source`` names

    def blocks(self) -> Iterator[str]:
        """The text, about a megabyte at a time. Raises :class:`DumpChanged`, at its end at the latest."""
        digest = hashlib.sha256()
        try:
            with open_input(self.source) as opened:
                opened.stream.read(self.skip)
                for block in _decode_blocks(opened.stream, self.encoding, self.is_forced):
                    digest.update(block.encode("utf-8", "surrogatepass"))
                    yield block
        except (OSError, UnicodeError, Unreadable):
            raise DumpChanged(self.source.where) from None
        if digest.hexdigest() != self.digest:
            raise DumpChanged(self.source.where)


def read_long(source: Source, opened: Opened, head: bytes, encoding: str | None) -> LongDump | Dump:
    """The long text of a source of which ``head`` was read already. Raises :class:`Unreadable`."""
    if encoding is None:
        refuse_binary(head)
        skip, name = find_encoding(head)
    else:
        check_encoding(encoding)
        skip, name = 0, encoding
    stream: Any = io.BufferedReader(_Chained(head[skip:], opened.stream), _BLOCK)
    kept = None
    if is_read_once(source):
        kept = tempfile.NamedTemporaryFile(prefix="topics-", suffix=".txt")
        kept.write(head[:skip])
        stream = _Copying(stream, kept)
    digest = hashlib.sha256()
    is_blank = True
    try:
        for block in _decode_blocks(stream, name, encoding is not None):
            digest.update(block.encode("utf-8", "surrogatepass"))
            is_blank = is_blank and not block.strip()
    except UnicodeError:
        return Dump(source.name, _read_whole(source, kept, stream, encoding))
    if is_blank:
        raise Unreadable("empty", "no text in it. Remove it, or see whether it was written whole.")
    if kept is not None:
        kept.flush()
        source = Source(source.name, Path(kept.name), shown=source.where)
    return LongDump(source.name, digest.hexdigest(), source, name, skip, encoding is not None, kept)


def _decode_blocks(stream: Any, encoding: str, is_forced: bool) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    is_first = is_forced
    while block := stream.read(_BLOCK):
        text = decoder.decode(block)
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        if text:
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _read_whole(source: Source, kept: Any, stream: Any, encoding: str | None) -> str:
    """The text of a source that is not in the encoding it begins with."""
    if kept is not None:
        while stream.read(_BLOCK):
            pass
        kept.seek(0)
        return decode(read_bounded(kept), encoding)
    with open_input(source) as again:
        return decode(again.read_all(), encoding)


class _Chained(io.RawIOBase):
    """What was read of a stream, and then the rest."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = memoryview(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data: Any = self._head[: len(buffer)]
        self._head = self._head[len(data) :]
        if not data:
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Copying:
    """A stream whose bytes are also written to a file as they are read."""

    def __init__(self, stream: BinaryIO, file: Any) -> None:
        self._stream = stream
        self._file = file

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._file.write(data)
        return data
