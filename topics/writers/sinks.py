"""Where writers put bytes: a :class:`Sink` over a file or over a stream that somebody else opened.

Only errors of *writing* become an :class:`OutputError`: an ``OSError`` that the rows themselves raise while
they are read passes through, and so does ``BrokenPipeError``, which is the reader's wish to stop and no
error.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from topics.errors import OutputError

__all__ = ["Sink", "open_stream", "output_error", "writing"]

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR}


def output_error(target: Path | str, error: OSError) -> OutputError:
    """The one line that says what could not be written, why, and what to do about it."""
    move = "Choose another --output."
    if error.errno in _NO_SPACE:
        move = "Free some space or choose another --output."
    elif error.errno in _FORBIDDEN:
        move = "Choose an --output that you may write to."
    elif error.errno in _NO_PLACE:
        move = "Make the folder first or choose another --output."
    return OutputError(f"cannot write {target}: {error.strerror or error}. {move}")


@contextmanager
def writing(target: Path | str) -> Iterator[None]:
    """Turns an ``OSError`` inside into an :class:`OutputError` about ``target``, except a broken pipe."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise output_error(target, error) from error


class Sink:
    """A place for bytes whose errors are already :class:`OutputError`.

    It counts what passes, so that a pipe has a position too. It has what libraries ask of a file; closing
    it leaves what is below open, and nothing is flushed when it is forgotten: after a full disk that would
    only fail once more.
    """

    closed = False

    def __init__(self, file: BinaryIO, target: Path | str) -> None:
        self._file = file
        self._target = target
        self._position = 0
        self._abandoned = False

    def write(self, data: Any) -> int:
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        # not `with writing(...)`: this runs once a row
        try:
            n_written = size if self._abandoned else self._file.write(data)
            while n_written < size:  # an unbuffered stream may take less than it is given
                n_written += self._file.write(memoryview(data)[n_written:])
        except BrokenPipeError:
            raise
        except OSError as error:
            raise output_error(self._target, error) from error
        self._position += size
        return size

    def flush(self) -> None:
        with writing(self._target):
            self._file.flush()

    def close(self) -> None:
        return

    def tell(self) -> int:
        return self._position

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def abandon(self) -> None:
        """Swallows whatever a library still writes while it is closed after an error."""
        self._abandoned = True


@contextmanager
def open_stream(stream: TextIO | BinaryIO, name: str) -> Iterator[Sink]:
    """A sink over a stream that somebody else opened and will close; flushed when the block ends well.

    A text stream is written below its encoding, so that the bytes are UTF-8 everywhere; one that has nothing
    below it (``io.StringIO``) takes text.
    """
    with writing(name):
        stream.flush()
    sink = Sink(_bytes_below(stream), name)
    yield sink
    sink.flush()


class _TextBytes:
    """Takes UTF-8 bytes, whole characters at a time, for a text stream without a buffer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        try:
            text = bytes(data).decode("utf-8")
        except UnicodeDecodeError:
            raise OutputError("binary data cannot go to a text stream. Choose an --output file.") from None
        self._stream.write(text)
        return len(data)

    def flush(self) -> None:
        self._stream.flush()


def _bytes_below(stream: TextIO | BinaryIO) -> BinaryIO:
    below: Any = getattr(stream, "buffer", stream)
    if isinstance(below, io.TextIOBase):
        below = _TextBytes(stream)  # type: ignore[arg-type]
    return below  # type: ignore[no-any-return]
