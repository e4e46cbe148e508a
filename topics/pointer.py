"""Which version of a model is in use: one small file in the model's folder, replaced in one step.

``models/<name>/current.json`` says ``{"current": VERSION, "before": [VERSION, …]}``: the version that the name means,
and those that it meant before, the latest last. It is the only thing that promoting and rolling back change, by one
rename, so that a reader finds the old version or the new one whatever is killed when.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from topics.errors import BundleError, OutputError

__all__ = ["POINTER", "Pointer", "hold_folder", "is_version", "read_pointer", "write_pointer"]

POINTER: Final = "current.json"
LOCK: Final = ".lock"
_LOCK_SECONDS: Final = 60
_MOVE: Final = "Make it writable, then try again."
_VERSION: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Pointer:
    """The version in use, and those that were in use before it, the latest last."""

    current: str
    before: tuple[str, ...] = ()

    def promote(self, version: str) -> Pointer:
        """The pointer after ``version`` has taken over; itself where that is in use already."""
        return self if version == self.current else Pointer(version, (*self.before, self.current))

    def roll_back(self) -> Pointer | None:
        """The pointer before the last change; ``None`` where there was none."""
        return Pointer(self.before[-1], self.before[:-1]) if self.before else None


def is_version(text: str) -> bool:
    """Whether this is how a version is written: twelve hex digits.

    >>> is_version("3f2a9c0d11e4"), is_version("default")
    (True, False)
    """
    return _VERSION.fullmatch(text) is not None


def read_pointer(folder: Path) -> Pointer | None:
    """What the pointer of a model's folder says; ``None`` where it has none."""
    path = folder / POINTER
    try:
        value = json.loads(path.read_bytes())
        pointer = Pointer(value["current"], tuple(value["before"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleError(
            f"{path}: cannot be read ({error}). `topics models promote VERSION` writes it anew."
        ) from None
    if not all(isinstance(version, str) and is_version(version) for version in (pointer.current, *pointer.before)):
        raise BundleError(f"{path}: names no version. `topics models promote VERSION` writes it anew.")
    return pointer


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Put the pointer on the disk in one step; when this returns it is there."""
    from topics.writers.atomic import write_text

    said = {"current": pointer.current, "before": list(pointer.before)}
    try:
        write_text(folder / POINTER, json.dumps(said, indent=1) + "\n")
    except OutputError as error:  # which speaks of an --output
        why = error.__cause__.strerror if isinstance(error.__cause__, OSError) else "it is a folder"
        raise OutputError(f"{folder / POINTER}: cannot be written ({why}). {_MOVE}") from error


@contextmanager
def hold_folder(folder: Path, move: str = _MOVE) -> Iterator[None]:
    """Hold a model's folder against other processes that would write to it; the hold ends with the process.

    ``move`` is what to do where it cannot be written.
    """
    from filelock import FileLock, Timeout

    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(folder / LOCK).acquire(timeout=_LOCK_SECONDS, poll_interval=0.02))
        except Timeout:
            raise OutputError(
                f"{folder}: another process is changing this model. Wait for it, then try again."
            ) from None
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written ({error.strerror or error}). {move}") from error
        yield
