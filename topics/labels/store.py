"""Label files: read every decision with its place, append decisions so that none is lost or mixed up.

A file is only ever appended to, one JSON line a decision, in one write under a lock: two processes take
turns, and a process killed in the middle leaves at most its own unfinished last line. The next append moves
such a tail to ``<file>.torn`` before it writes, so that nothing is ever glued to it; until then reading
reports it.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from topics.errors import LabelError, OutputError
from topics.labels.decisions import BoundaryDecision, Decision, Note, TopicDecision, from_json, to_json
from topics.labels.taxonomy import Taxonomy

__all__ = [
    "Decisions",
    "Entry",
    "OnProblem",
    "append_decisions",
    "find_label_files",
    "locked_folder",
    "read_decisions",
    "write_decisions",
    "write_whole",
]

OnProblem = Callable[[LabelError], None]
AnyDecision = TypeVar("AnyDecision", TopicDecision, BoundaryDecision, Note)

_LOCK_SECONDS = 60
_LOCK_POLL_SECONDS = 0.005
_BLOCK = 65_536
_CUT_OFF = "the line is cut off, as a killed process leaves it. The next review sets it aside; or delete it."


@dataclass(frozen=True, slots=True)
class Entry(Generic[AnyDecision]):
    """A decision and where it stands; ``rank`` counts the decisions of all files read, in file order."""

    decision: AnyDecision
    file: str
    line: int
    rank: int

    @property
    def place(self) -> str:
        """``file:line``, as messages name it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Decisions:
    """Everything that the label files say and nobody took back, in file order."""

    topics: tuple[Entry[TopicDecision], ...]
    boundaries: tuple[Entry[BoundaryDecision], ...]
    notes: tuple[Entry[Note], ...] = ()


def find_label_files(folder: Path) -> list[Path]:
    """The label files of a folder by name; the ``.terms.jsonl`` files beside them are not label files."""
    return sorted(path for path in folder.glob("*.jsonl") if not path.name.endswith(".terms.jsonl"))


def read_decisions(
    paths: Iterable[Path],
    taxonomy: Taxonomy | None = None,
    on_problem: OnProblem | None = None,
    *,
    holding: Sequence[bytes] = (),
) -> Decisions:
    """All decisions of these files, or of the label files in these folders, in the order given.

    A line that cannot be used, or names a topic that ``taxonomy`` does not have, goes to ``on_problem`` and
    is left out; without ``on_problem`` it is raised. No file at all is no problem: there are no labels yet.
    What an :class:`Undo` in any of the files takes back is left out. With ``holding``, lines that hold none of
    these bytes are passed over before anything looks at them.
    """
    topics: list[Entry[TopicDecision]] = []
    boundaries: list[Entry[BoundaryDecision]] = []
    notes: list[Entry[Note]] = []
    undone: set[tuple[str, str]] = set()
    rank = -1
    for path in paths:
        for file in find_label_files(path) if path.is_dir() else [path]:
            for line, content, finished in _read_lines(file, holding):
                place = f"{file}:{line}"
                try:
                    if not finished and not _is_decision(content):
                        raise LabelError(f"{place}: {_CUT_OFF}")
                    decision = _read_decision(content, place, taxonomy)
                except LabelError as problem:
                    if on_problem is None:
                        raise
                    on_problem(problem)
                    continue
                rank += 1
                if isinstance(decision, TopicDecision):
                    topics.append(Entry(decision, str(file), line, rank))
                elif isinstance(decision, BoundaryDecision):
                    boundaries.append(Entry(decision, str(file), line, rank))
                elif isinstance(decision, Note):
                    notes.append(Entry(decision, str(file), line, rank))
                else:
                    undone.add((decision.by, decision.decided))
    return Decisions(_standing(topics, undone), _standing(boundaries, undone), _standing(notes, undone))


def _standing(
    entries: Sequence[Entry[AnyDecision]], undone: AbstractSet[tuple[str, str]]
) -> tuple[Entry[AnyDecision], ...]:
    """Those that nobody took back."""
    if not undone:
        return tuple(entries)
    return tuple(entry for entry in entries if (entry.decision.by, entry.decision.at) not in undone)


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
        with _lock(path):
            _append_locked(path, lines, on_problem)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}). Nothing was added.") from error


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write a whole label file, whatever stood there before: for imports and renames, never for a review."""
    lines = _to_lines(path, decisions)
    with _lock(path):
        write_whole(path, lines)


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file at once: a reader sees the old content or the new, never a part."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror or error}). It is as it was.") from error


def _read_lines(file: Path, holding: Sequence[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Number, content and whether the line has its end, of every line that is not blank and holds any of these."""
    try:
        content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except FileNotFoundError:
        raise LabelError(f"{file}: no such label file. Check the path.") from None
    except OSError as error:
        raise LabelError(f"{file}: cannot be read ({error.strerror}).") from error
    wanted = tuple(words for words in holding if words in content)
    if holding and not wanted:
        return
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        if (not holding or any(words in line for words in wanted)) and line.strip():
            yield number, line, number < len(lines)


def _read_decision(content: bytes, place: str, taxonomy: Taxonomy | None) -> Decision:
    try:
        line = content.decode()
    except UnicodeDecodeError:
        raise LabelError(f"{place}: not UTF-8. Mend or delete the line.") from None
    decision = from_json(line, place)
    if taxonomy is not None and isinstance(decision, TopicDecision):
        for slug in (decision.topic, *decision.also):
            fault = slug is not None and taxonomy.find_fault(slug)
            if fault:
                raise LabelError(f"{place}: {fault}")
    return decision


def _is_decision(line: bytes) -> bool:
    try:
        from_json(line.decode())
    except (LabelError, UnicodeDecodeError):
        return False
    return True


def _to_lines(path: Path, decisions: Iterable[Decision]) -> bytes:
    lines = [to_json(decision) for decision in decisions]
    for line in lines:
        from_json(line, str(path))  # what could not be read again must not get in
    return "".join(f"{line}\n" for line in lines).encode()


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a label folder while several of its files are read and written; nothing in here may append to one."""
    with _lock(folder / "taxonomy.toml"):
        yield


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the label folder against other processes; the lock ends with its process, however that ends."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.parent / ".lock")
    try:
        with lock.acquire(timeout=_LOCK_SECONDS, poll_interval=_LOCK_POLL_SECONDS):
            yield
    except Timeout:
        raise OutputError(f"{path}: another process holds it. Wait for it to end, then try again.") from None


def _append_locked(path: Path, lines: bytes, on_problem: OnProblem | None) -> None:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
    is_new = not path.exists()
    file = os.open(path, flags, 0o666)
    try:
        size = os.fstat(file).st_size
        tail = _read_tail(path, size)
        if tail and tail.strip() and not _is_decision(tail):
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
