"""Label files: append decisions so that none is lost or mixed up; ``entries`` reads them.

A file is only ever appended to, one JSON line a decision, in one write under a lock: two processes take
turns, and a process killed in the middle leaves at most its own unfinished last line. The next append moves
such a tail to ``<file>.torn`` before it writes, so that nothing is ever glued to it; until then reading
reports it.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from topics.errors import LabelError, OutputError
from topics.labels.decisions import Decision, from_json, to_json
from topics.labels.entries import Decisions, Entry, OnProblem, find_label_files, is_decision, read_decisions

__all__ = [
    "Decisions",
    "Entry",
    "OnProblem",
    "append_decisions",
    "find_label_files",
    "hold_labels",
    "read_decisions",
    "write_decisions",
    "write_new",
    "write_whole",
]

_LOCK_SECONDS = 60
_LOCK_POLL_SECONDS = 0.005
_BLOCK = 65_536


def append_decisions(path: Path, decisions: Iterable[Decision], on_problem: OnProblem | None = None) -> None:
    """Add decisions to a label file, all or none; when this returns they are on the disk.

    An unfinished last line that a killed process left is moved to ``<file>.torn``, and ``on_problem`` told.
    Raises :class:`OutputError` where the file cannot be written; it is then as it was.
    """
    lines = _to_lines(path, decisions)
    if not lines:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with hold_labels(path.parent):
            _append_locked(path, lines, on_problem)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}). Nothing was added.") from error


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write a whole label file, whatever stood there before: for imports and renames, never for a review."""
    lines = _to_lines(path, decisions)
    with hold_labels(path.parent):
        write_whole(path, lines)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader sees the old content or the new, never a part."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _staged(path, content) as temporary:
            os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}). It is as it was.") from error


def write_new(path: Path, content: bytes) -> bool:
    """Write a file whole where none stands; ``False`` and nothing changed where one does. The folder must be there."""
    with _staged(path, content) as temporary:
        try:
            os.link(temporary, path)  # unlike a rename, this never takes the place of anything
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            if os.path.lexists(path):
                return False
            os.replace(temporary, path)
    return True


@contextmanager
def _staged(path: Path, content: bytes) -> Iterator[Path]:
    """A temporary file beside ``path`` with this content on the disk; what is left of it at the end is removed."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _to_lines(path: Path, decisions: Iterable[Decision]) -> bytes:
    lines = [to_json(decision) for decision in decisions]
    for line in lines:
        from_json(line, str(path))  # what could not be read again must not get in
    return "".join(f"{line}\n" for line in lines).encode()


@contextmanager
def hold_labels(folder: Path) -> Iterator[None]:
    """Hold a label folder against other processes; the lock ends with its process, however that ends.

    What holds it already may append to its files meanwhile, in the same thread.
    """
    from filelock import FileLock, Timeout

    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder.absolute() / ".lock", is_singleton=True)  # one a folder: it can be taken again
            held.enter_context(lock.acquire(timeout=_LOCK_SECONDS, poll_interval=_LOCK_POLL_SECONDS))
        except Timeout:
            raise OutputError(f"{folder}: another process holds it. Wait for it to end, then try again.") from None
        except OSError as error:
            why = error.strerror or error
            raise OutputError(f"{folder}: cannot be written ({why}). Make it writable, then try again.") from error
        yield


def _append_locked(path: Path, lines: bytes, on_problem: OnProblem | None) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    is_new = not path.exists()
    file = os.open(path, flags, 0o666)
    try:
        size = os.fstat(file).st_size
        tail = _read_tail(path, size)
        if tail and tail.strip() and not is_decision(tail):
            aside = path.with_name(f"{path.name}.torn")
            _set_aside(aside, tail)
            size -= len(tail)
            os.ftruncate(file, size)
            if on_problem is not None:
                on_problem(LabelError(f"{path}: its last line was cut off. It was moved to {aside.name}; look there."))
        elif tail:
            lines = b"\n" + lines  # whole, but without its line end: an editor's doing
        try:
            written = os.write(file, lines)
            if written != len(lines):
                raise OSError(errno.ENOSPC, f"only a part went in, {written} of {len(lines)} bytes")
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)
    if is_new:
        _sync_folder(path.parent)


def _read_tail(path: Path, size: int) -> bytes:
    """What stands after the last line end."""
    tail = b""
    with path.open("rb") as file:
        while size > 0:
            step = min(size, _BLOCK)
            size -= step
            file.seek(size)
            block = file.read(step)
            cut = block.rfind(b"\n")
            tail = block[cut + 1 :] + tail
            if cut >= 0:
                break
    return tail


def _set_aside(aside: Path, tail: bytes) -> None:
    with aside.open("ab") as file:
        file.write(tail + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a new file's name last too, on systems where a folder can be synced."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
