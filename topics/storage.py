"""Folders that a run is kept in: on this machine's disk, or wherever fsspec reaches (``s3://bucket/run``).

A name is a path below the folder, with ``/``. What is staged appears whole or not at all: on disk by a temporary file
in the same folder, fsync and rename; elsewhere it is written to a local temporary file and sent when it is whole, which
object stores show in one step. fsspec is imported for addresses alone.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from topics.errors import OutputError
from topics.reading.addresses import find_filesystem, is_address
from topics.writers.atomic import TEMPORARY, StagedFile, sync_folder
from topics.writers.sinks import Sink, writing

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Folder", "LocalFolder", "RemoteFolder", "Staged", "open_folder"]


class Staged(Protocol):
    """Something that is being written: ``seal`` ends it, ``commit`` makes it appear, ``discard`` forgets it."""

    sink: Sink

    def seal(self) -> None: ...
    def commit(self) -> None: ...
    def discard(self) -> None: ...


class Folder(Protocol):
    """What a run asks of the place where it is kept. ``shown`` is how messages call it."""

    shown: str

    def names(self, below: str = "") -> list[str]:
        """The names of what stands right in the folder, or in a folder of it; sorted, none where there is none."""
        ...

    def exists(self, name: str) -> bool: ...
    def read(self, name: str) -> bytes: ...
    def open(self, name: str) -> BinaryIO: ...
    def stage(self, name: str) -> Staged: ...
    def remove(self, name: str) -> None: ...


def open_folder(where: str | os.PathLike[str]) -> LocalFolder | RemoteFolder:
    """The folder at a path or an address; it need not be there."""
    if not is_address(where):
        return LocalFolder(Path(where))
    filesystem, path = find_filesystem(str(where))
    if "file" in (filesystem.protocol if isinstance(filesystem.protocol, tuple) else (filesystem.protocol,)):
        return LocalFolder(Path(path))
    return RemoteFolder(filesystem, path, str(where))


class LocalFolder:
    """A folder on disk; what is below it is made when it is first written to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = str(path)

    def names(self, below: str = "") -> list[str]:
        try:
            return sorted(os.listdir(self.path / below))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def exists(self, name: str) -> bool:
        return (self.path / name).exists()

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        return open(self.path / name, "rb")

    def stage(self, name: str) -> StagedFile:
        place = self.path / name
        with writing(self.shown):
            place.parent.mkdir(parents=True, exist_ok=True)
        return StagedFile(place, shown=self.path)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def sync(self, below: str = "") -> None:
        sync_folder(self.path / below)

    def is_foreign(self) -> bool:
        """Whether something stands there that is no folder."""
        return self.path.exists() and not self.path.is_dir()

    @contextmanager
    def locked(self, name: str) -> Iterator[bool]:
        """Holds the folder against other writers; yields whether it had to be made. In it stands a file ``name``."""
        from filelock import FileLock, Timeout

        with writing(self.shown):
            is_new = not self.path.exists()
            self.path.mkdir(parents=True, exist_ok=True)
            lock: BaseFileLock = FileLock(self.path / name, timeout=0)
            try:
                lock.acquire()
            except Timeout:
                raise OutputError(
                    f"{self.shown} is being written by another run. Wait for it or choose another --output."
                ) from None
        try:
            yield is_new
        finally:
            lock.release()

    def vanish(self, name: str, is_new: bool) -> None:
        """Removes the folder's mark ``name`` and the empty folders in it, and the folder itself where it was made."""
        with suppress(OSError):  # a folder that somebody put a file into stays
            for child in self.path.iterdir():
                if child.is_dir():
                    child.rmdir()
            (self.path / name).unlink(missing_ok=True)
            if is_new:
                self.path.rmdir()


class RemoteFolder:
    """A folder that fsspec knows. There is no lock: two runs must not be given the same one at a time."""

    def __init__(self, filesystem: Any, path: str, shown: str) -> None:
        self._fs = filesystem
        self._root = path.rstrip("/")
        self.shown = shown

    def __reduce__(self) -> tuple[Any, ...]:
        return open_folder, (self.shown,)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def names(self, below: str = "") -> list[str]:
        self._fs.invalidate_cache()
        try:
            found = self._fs.ls(self._at(below), detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(PurePosixPath(str(each).rstrip("/")).name for each in found)

    def exists(self, name: str) -> bool:
        return bool(self._fs.exists(self._at(name)))

    def read(self, name: str) -> bytes:
        return cast(bytes, self._fs.cat_file(self._at(name)))

    def open(self, name: str) -> BinaryIO:
        return cast(BinaryIO, self._fs.open(self._at(name), "rb"))

    def stage(self, name: str) -> StagedUpload:
        return StagedUpload(self._fs, self._at(name), self.shown)

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._at(name))

    def sync(self, below: str = "") -> None:
        return

    def is_foreign(self) -> bool:
        return bool(self._fs.isfile(self._root))

    @contextmanager
    def locked(self, name: str) -> Iterator[bool]:
        with writing(self.shown):
            self._fs.pipe_file(self._at(name), b"")
        yield False

    def vanish(self, name: str, is_new: bool) -> None:
        with suppress(OSError):
            self.remove(name)


class StagedUpload:
    """A file that is written here first and sent when it is whole."""

    def __init__(self, filesystem: Any, path: str, shown: str) -> None:
        self._fs = filesystem
        self._path = path
        self._shown = shown
        self._folder = tempfile.mkdtemp(prefix=TEMPORARY)
        self._file = open(os.path.join(self._folder, "staged"), "w+b")
        self.sink = Sink(self._file, shown)

    def seal(self) -> None:
        with writing(self._shown):
            self._file.close()

    def commit(self) -> None:
        self.seal()
        with writing(self._shown):
            self._fs.makedirs(self._path.rsplit("/", 1)[0], exist_ok=True)
            self._fs.put_file(os.path.join(self._folder, "staged"), self._path)
        shutil.rmtree(self._folder, ignore_errors=True)

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)
