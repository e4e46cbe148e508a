"""Which version of a model is in use, changed: promoting one, and going back.

Both check the version whole before anything changes, and then replace one small file (:mod:`topics.pointer`). The file
is written in the model's folder in the project or in the user's data folder, whichever its name is found in first;
nothing is ever written into an installed package, whose version can be promoted or gone back to all the same.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from topics.bundle import load_model
from topics.errors import BundleError
from topics.pointer import POINTER, Pointer, hold_folder, is_version, read_pointer, write_pointer
from topics.shelf import DEFAULT, MANIFEST, list_versions, locate_model, read_manifest, roots

__all__ = ["Change", "promote", "rollback"]


@dataclass(frozen=True, slots=True)
class Change:
    """What a model's folder means now, and what it meant before; the same where nothing had to change."""

    folder: Path
    version: str
    before: str | None

    def __str__(self) -> str:
        name = self.folder.name
        if self.version == self.before:
            return f"{name}@{self.version} was in use already"
        return f"{name}@{self.version} is in use" + (f", before it {name}@{self.before}" if self.before else "")


def promote(version: str | os.PathLike[str]) -> Change:
    """Make a version (``name@version``, its first digits, or its folder) the one that its model's name means."""
    path = locate_model(version)
    chosen = load_model(path).version
    folder = _home_of(path)
    with hold_folder(folder):
        in_use = _in_use(folder)
        try:
            pointer = read_pointer(folder)
        except BundleError:  # it cannot be read, and is written anew
            pointer = None
        if pointer is None:
            pointer = Pointer(in_use) if in_use is not None else None
        if in_use != chosen or pointer is None:
            write_pointer(folder, Pointer(chosen) if pointer is None else pointer.promote(chosen))
    return Change(folder, chosen, in_use)


def rollback(name: str | os.PathLike[str] = DEFAULT) -> Change:
    """Make the version before the last change the one in use again; ``name`` is a model's name or folder."""
    folder = _folder_of(name)
    with hold_folder(folder):
        pointer = read_pointer(folder)
        earlier = pointer.roll_back() if pointer is not None else None
        if pointer is None or earlier is None:
            raise BundleError(
                f"{folder}: no version was in use before. `topics models list` shows what there is; "
                "`topics models promote VERSION` chooses one."
            )
        load_model(_find_version(folder, earlier.current))
        write_pointer(folder, earlier)
    return Change(folder, earlier.current, pointer.current)


def _home_of(path: Path) -> Path:
    """The folder whose pointer decides about this bundle's model."""
    folder = path.parent if is_version(path.name) and path in list_versions(path.parent) else path
    places = list(roots())
    if any(_same(folder.parent, root) for _, root in places):
        return _nearest(folder.name)
    return folder


def _folder_of(name: str | os.PathLike[str]) -> Path:
    wanted = os.fspath(name)
    if not isinstance(name, str) or os.sep in wanted:
        return Path(wanted)
    return _nearest(wanted)


def _nearest(name: str) -> Path:
    """The folder of this name that is looked into first and may be written to; else one in the project."""
    for place, root in roots():
        folder = root / name
        if place != "package" and (
            (folder / POINTER).exists() or (folder / MANIFEST).is_file() or list_versions(folder)
        ):
            return folder
    return Path("models") / name


def _in_use(folder: Path) -> str | None:
    """The version that the folder's model means now: by the folder itself, else by its name further down."""
    for wanted in (folder, folder.name):
        try:
            return read_manifest(locate_model(wanted))[1]
        except BundleError:
            continue
    return None


def _find_version(folder: Path, version: str) -> Path:
    if (folder / version / MANIFEST).is_file():
        return folder / version
    if (folder / MANIFEST).is_file() and read_manifest(folder)[1] == version:
        return folder
    return locate_model(f"{folder.name}@{version}")


def _same(one: Path, other: Path) -> bool:
    return one.is_dir() and other.is_dir() and one.samefile(other)
