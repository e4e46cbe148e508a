"""Files and folders that appear whole or not at all.

What is written goes to a temporary file (or folder) beside its place, is flushed to the disk, and is moved
in by one rename; whatever goes wrong on the way, the target stays as it was and the temporary file is
removed. A kill at the wrong moment can leave a temporary file behind, never half a target.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from topics.errors import OutputError
from topics.writers.sinks import Sink, open_stream, writing

__all__ = ["TEMPORARY", "StagedFile", "open_atomic", "replace_folder", "sync_folder", "write_text"]

#: What the name of every temporary file and folder begins with.
TEMPORARY = ".topics-tmp-"


class StagedFile:
    """A file that is written beside its place: :meth:`commit` moves it in, :meth:`discard` removes it."""

    def __init__(self, target: Path, *, shown: Path | None = None) -> None:
        self._target = target
        self._shown = shown or target  # what messages call it
        self._temporary = target.parent / f"{TEMPORARY}{secrets.token_hex(6)}"
        with writing(self._shown):
            self._file = open(self._temporary, "xb")
        self.sink = Sink(self._file, self._shown)

    def seal(self) -> None:
        """Brings all bytes to the disk; nothing can be written afterwards."""
        with writing(self._shown):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def commit(self) -> None:
        """Moves the file to its place in one step."""
        if not self._file.closed:
            self.seal()
        with writing(self._shown):
            os.replace(self._temporary, self._target)
        sync_folder(self._target.parent)

    def discard(self) -> None:
        with suppress(OSError):  # closing a file on a full disk flushes, and fails, once more
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink()


@contextmanager
def open_atomic(path: Path) -> Iterator[Sink]:
    """A sink whose bytes become ``path`` when the block ends well, and nothing when it does not.

    A symbolic link is written through. A device or a named pipe cannot be replaced and is written to
    directly.
    """
    with writing(path):
        mode = _read_mode(path)
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"cannot write {path}: it is a folder. Name a file for --output.")
    if mode is not None and not stat.S_ISREG(mode):
        with _open_device(path) as sink:
            yield sink
        return
    staged = StagedFile(Path(os.path.realpath(path)), shown=path)
    try:
        yield staged.sink
        staged.commit()
    except BaseException:
        staged.discard()
        raise


def write_text(path: Path, text: str) -> None:
    """Writes a small text file, UTF-8, whole or not at all."""
    with open_atomic(path) as sink:
        sink.write(text.encode())


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder`` that takes its place when the block ends well.

    What stood there is moved aside first and removed last; if the new folder cannot be moved in, the old
    one is moved back. Whether it may be replaced is for the caller to have checked.
    """
    place = Path(os.path.realpath(folder))
    temporary = place.parent / f"{TEMPORARY}{secrets.token_hex(6)}"
    old = place.parent / f"{TEMPORARY}{secrets.token_hex(6)}"
    with writing(folder):
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
    try:
        yield temporary
        with writing(folder):
            _swap(temporary, place, old)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
    sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Brings renames inside ``folder`` to the disk, on systems where a folder can be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _open_device(path: Path) -> Iterator[Sink]:
    with writing(path):
        device = open(path, "wb")
    try:
        with open_stream(device, str(path)) as sink:
            yield sink
    finally:
        with suppress(OSError):  # what a failed flush left in the buffer fails once more
            device.close()


def _read_mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _swap(new: Path, place: Path, old: Path) -> None:
    try:
        os.rename(place, old)
    except FileNotFoundError:
        os.rename(new, place)
        return
    try:
        os.rename(new, place)
    except BaseException:
        os.rename(old, place)
        raise
