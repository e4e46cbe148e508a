"""Opening inputs: a file or stdin in, plain bytes out, with compression taken off on the way.

Compression is told by its magic bytes, since names lie. Decompressed bytes are a stream, so that a large
compressed JSONL file needs no memory; several gzip members or zstd frames in one file are read as one. A stream
that is cut short or damaged gives what is whole, then raises ``corrupt``.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from topics.reading.addresses import find_filesystem
from topics.reading.problems import Unreadable
from topics.reading.sources import Source

__all__ = ["MAX_TEXT_BYTES", "Opened", "open_input", "read_bounded", "read_lines", "too_large"]

MAX_TEXT_BYTES = 2 << 30  # one dump; a compressed file can claim to be any size

_HEAD = 8192  # bytes that formats are told by
_BUFFER = 1 << 17
_ZSTD_FEED = 4096  # a zstd block of 4 bytes can stand for 128 KiB, so little goes in at a time
_ZSTD_WINDOW = 1 << 31  # as `zstd --long=31` makes them

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_BZIP2_BLOCKS = (b"1AY&SY", b"\x17rE8P\x90")  # a block of data; the end of an empty stream
_XZ = b"\xfd7zXZ\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # after one byte 0x50 to 0x5f


class _Reads(Protocol):
    def read1(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """An input opened and decompressed: the stream at its start, and its first bytes to tell the format by.

    ``size`` is the length in bytes where it is known beforehand.
    """

    stream: io.BufferedReader[Any]
    head: bytes
    size: int | None = None

    def read_all(self) -> bytes:
        """All bytes: one read for a plain file, else pieces up to :data:`MAX_TEXT_BYTES`."""
        if self.size is None:
            return read_bounded(self.stream)
        if self.size > MAX_TEXT_BYTES:
            raise too_large()
        return self.stream.read()


@contextmanager
def open_input(source: Source, stdin: BinaryIO | None = None) -> Iterator[Opened]:
    """The source, opened and decompressed; ``OSError`` where it cannot be opened, ``Unreadable`` where it is damaged.

    Stdin is left open.
    """
    if source.path is None:
        if stdin is None and sys.stdin is None:  # started with stdin closed
            raise Unreadable("missing", "nothing is piped in. Pipe text in, or name a file.")
        yield _open_stream(sys.stdin.buffer if stdin is None else stdin)
        return
    if isinstance(source.path, str):
        filesystem, path = find_filesystem(source.path)
        with filesystem.open(path, "rb") as remote:
            yield _open_stream(remote)
        return
    with open(source.path, "rb") as file:
        info = os.fstat(file.fileno())
        if not stat.S_ISREG(info.st_mode):  # a pipe: what is read once is gone
            yield _open_stream(file)
            return
        head = file.peek(_HEAD)[:_HEAD]
        opener = _find_opener(head)
        yield Opened(file, head, info.st_size) if opener is None else _decompressed(opener, file)


def read_bounded(stream: Any) -> bytes:
    """Everything that ``stream`` holds, given up where it passes :data:`MAX_TEXT_BYTES`."""
    pieces: list[bytes] = []
    n_bytes = 0
    while piece := stream.read(1 << 20):
        n_bytes += len(piece)
        if n_bytes > MAX_TEXT_BYTES:
            raise too_large()
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_lines(stream: Any, n_bytes: int | None = None) -> Iterator[bytes | None]:
    """The lines of ``stream`` as they come, with their ends; those that begin within ``n_bytes``, where that is given.

    One that is longer than :data:`MAX_TEXT_BYTES` is passed over: ``None`` stands for it.
    """
    at = 0
    while (n_bytes is None or at < n_bytes) and (line := stream.readline(MAX_TEXT_BYTES + 1)):
        at += len(line)
        if len(line) <= MAX_TEXT_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_BUFFER)
            at += len(line)
        yield None


def too_large() -> Unreadable:
    """The problem of a text past :data:`MAX_TEXT_BYTES`."""
    limit = f"{MAX_TEXT_BYTES >> 30} GiB" if MAX_TEXT_BYTES >> 30 else f"{MAX_TEXT_BYTES} bytes"
    said = f"more than {limit} of text in one dump. Split it, or give it as JSONL with a record for each text."
    return Unreadable("too_large", said)


def _open_stream(stream: BinaryIO) -> Opened:
    """A stream that cannot be sought: its head is read, then put before the rest again."""
    head = b""
    while len(head) < _HEAD and (piece := stream.read(_HEAD - len(head))):
        head += piece
    joined = io.BufferedReader(_Joined(head, stream), _BUFFER)
    opener = _find_opener(head)
    return Opened(joined, head) if opener is None else _decompressed(opener, joined)


def _find_opener(head: bytes) -> Any:
    if head.startswith(_GZIP):
        return lambda file: gzip.GzipFile(fileobj=file, mode="rb")
    if head.startswith(_BZIP2) and head[4:10] in _BZIP2_BLOCKS:
        return bz2.BZ2File
    if head.startswith(_XZ):
        return lzma.LZMAFile
    if head.startswith(_ZSTD) or (head[1:4] == _ZSTD_SKIPPABLE and 0x50 <= head[0] <= 0x5F):
        return _ZstdFile
    return None


def _decompressed(opener: Any, packed: io.BufferedReader[Any]) -> Opened:
    stream = io.BufferedReader(_Guarded(opener(packed)), _BUFFER)
    return Opened(stream, stream.peek(_HEAD)[:_HEAD])


class _Joined(io.RawIOBase):
    """``head`` and then the rest of ``stream``, which stays open."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = memoryview(head)
        self._read = getattr(stream, "read1", stream.read)  # what is there now, so that a slow pipe is read as it comes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._head[: len(buffer)]
        self._head = self._head[len(piece) :]
        data = piece or self._read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Guarded(io.RawIOBase):
    """A decompressor's output, with its many exceptions made one, raised after what could be read."""

    def __init__(self, inner: _Reads) -> None:
        self._inner = inner
        self._failure: Unreadable | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        view, n_bytes = memoryview(buffer), 0
        while n_bytes < len(view) and self._failure is None:
            try:
                piece = self._inner.read1(len(view) - n_bytes)
            except EOFError:
                said = "compressed data cut short. Copy or download the file again."
                self._failure = Unreadable("corrupt", said)
            except (OSError, zlib.error, lzma.LZMAError) as error:
                said = f"damaged compressed data ({error}). Copy or download the file again."
                self._failure = Unreadable("corrupt", said)
            else:
                if not piece:
                    break
                view[n_bytes : n_bytes + len(piece)] = piece
                n_bytes += len(piece)
        if self._failure is not None and not n_bytes:
            raise self._failure
        return n_bytes


class _ZstdFile:
    """zstd frames, one after another. The library's own stream reader takes a truncated frame for the end."""

    def __init__(self, packed: BinaryIO) -> None:
        from zstandard import ZstdDecompressor, ZstdError

        self._error = ZstdError
        self._decompressor = ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._packed = packed
        self._frame: Any = None
        self._left = b""
        self._ready = memoryview(b"")

    def read1(self, size: int, /) -> bytes:
        while not self._ready:
            packed = self._left or self._packed.read(_ZSTD_FEED)
            if not packed:
                if self._frame is None:
                    return b""
                raise EOFError
            self._frame = self._frame or self._decompressor.decompressobj()
            try:
                self._ready = memoryview(self._frame.decompress(packed))
            except self._error as error:
                raise OSError(str(error)) from error
            self._left = b""
            if self._frame.eof:
                self._left, self._frame = self._frame.unused_data, None
        piece = bytes(self._ready[:size])
        self._ready = self._ready[size:]
        return piece
