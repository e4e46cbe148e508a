"""Where models are kept and which of them a name means.

``models/<name>`` in the project, then in the user's data folder, then in the package. Such a folder is a bundle
itself, as the shipped one is, or holds bundles as versions, ``models/<name>/<version>``, one of which its pointer names
(:mod:`topics.pointer`); or both, and then the pointer says which is meant. Nothing here looks into a bundle further
than its manifest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from topics.errors import BundleError
from topics.pointer import POINTER, is_version, read_pointer

__all__ = [
    "DEFAULT",
    "FORMAT",
    "MANIFEST",
    "ModelInfo",
    "find_models",
    "find_versions",
    "list_versions",
    "locate_model",
    "read_manifest",
    "roots",
    "user_folder",
]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DEFAULT: Final = "default"
SHORTEST_VERSION: Final = 4  # digits of a version that may stand alone


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A bundle that was found: where, and what its manifest says (``problem`` where it cannot be used).

    ``current`` says that its folder means this version.
    """

    name: str
    path: Path
    place: str  # "project", "user", "package"
    manifest: Mapping[str, Any]
    problem: str | None = None
    current: bool = True

    @property
    def version(self) -> str | None:
        """Twelve hex digits; ``None`` where the manifest cannot be read."""
        return self.manifest.get("version")


def read_manifest(path: Path) -> tuple[Mapping[str, Any], str]:
    """A bundle's manifest and its version, after checking its format."""
    try:
        data = (path / MANIFEST).read_bytes()
        manifest = json.loads(data)
    except FileNotFoundError:
        raise BundleError(
            f"{path}: no {MANIFEST} in it, so no model. `topics models list` shows what there is."
        ) from None
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{path / MANIFEST}: cannot be read ({error}). Restore it or train the model again."
        ) from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise BundleError(f"{path / MANIFEST}: not a model's manifest. Restore it or train the model again.")
    if manifest.get("format") != FORMAT:
        raise BundleError(
            f"{path}: a model of format {manifest.get('format')}, this version reads format {FORMAT}. "
            "Update topics, or train the model again."
        )
    return manifest, hashlib.sha256(data).hexdigest()[:12]


def read_model_id(path: Path) -> str:
    """``name@version``, as the predictions of the bundle carry it."""
    manifest, version = read_manifest(path)
    return f"{manifest.get('name', path.name)}@{version}"


def find_models() -> list[ModelInfo]:
    """Every bundle that a name can mean, in the order in which they are looked for; of versions the one in use."""
    return [info for info in find_versions() if info.current]


def find_versions(name: str | None = None) -> list[ModelInfo]:
    """Every version of every model (or of this one) that is at hand, by place and name: in each folder the one in use
    first, then those used before it, the latest first, then the others."""
    found = []
    for place, root in roots():
        if not root.is_dir():
            continue
        for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
            if name is None or folder.name == name:
                found += _examine_folder(folder, place)
    return found


def locate_model(model: str | os.PathLike[str] | None) -> Path:
    """The bundle that a folder, a name, ``name@version`` or a version means; see :func:`load_model`."""
    wanted = os.fspath(model) if model is not None else DEFAULT
    is_path = not isinstance(model, str | None) or os.sep in wanted
    if is_path or any((Path(wanted) / file).is_file() for file in (MANIFEST, POINTER)):
        if not Path(wanted).is_dir():
            raise BundleError(f"{wanted}: no such model folder. `topics models list` shows what there is.")
        return _current_of(Path(wanted)) or Path(wanted)
    name, at, version = wanted.partition("@")
    if at:
        return _find_by_prefix(version, name)
    for _, root in roots():
        if (path := _current_of(root / wanted)) is not None:
            return path
    if len(wanted) >= SHORTEST_VERSION and set(wanted) <= set("0123456789abcdef"):
        return _find_by_prefix(wanted, None)
    raise BundleError(f'no model named "{wanted}". `topics models list` shows what there is; `topics train` makes one.')


def user_folder() -> Path:
    """Where this user's own models are kept."""
    from platformdirs import user_data_path

    return user_data_path("topics") / "models"


def roots() -> list[tuple[str, Path]]:
    here = Path(__file__).parent
    packaged = here / "_data" / "models"
    # a checkout keeps models/ beside the package; an installed package inside it
    shipped = packaged if packaged.is_dir() else here.parent / "models"
    roots = [("project", Path("models")), ("user", user_folder())]
    if not (Path("models").is_dir() and shipped.is_dir() and Path("models").samefile(shipped)):
        roots.append(("package", shipped))
    return roots


def _current_of(folder: Path) -> Path | None:
    """The bundle that a model's folder means; ``None`` where there is none in it."""
    pointer = read_pointer(folder)
    if pointer is None:
        return folder if (folder / MANIFEST).is_file() else None
    for place in (folder, *(root / folder.name for _, root in roots())):
        if (place / pointer.current / MANIFEST).is_file():
            return place / pointer.current
        if (place / MANIFEST).is_file() and _version_of(place) == pointer.current:
            return place
    raise BundleError(
        f"{folder / POINTER}: names version {pointer.current}, which is not at hand. "
        "`topics models promote VERSION` chooses another; `topics models list` shows them."
    )


def list_versions(folder: Path) -> list[Path]:
    """The bundles that stand in a model's folder as versions."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if is_version(path.name) and (path / MANIFEST).is_file())


def _examine_folder(folder: Path, place: str) -> list[ModelInfo]:
    bundles = list_versions(folder)
    if (folder / MANIFEST).is_file():
        bundles.append(folder)
    problem = None
    try:
        pointer = read_pointer(folder)
        current = _current_of(folder)
    except BundleError as error:
        pointer, current, problem = None, None, str(error)
    found = []
    for path in dict.fromkeys([*([current] if current is not None else []), *bundles]):
        try:
            manifest, version = read_manifest(path)
            found.append(ModelInfo(folder.name, path, place, {**manifest, "version": version}, None, path == current))
        except BundleError as error:
            found.append(ModelInfo(folder.name, path, place, {}, str(error), path == current))
    if problem is not None:
        found.append(ModelInfo(folder.name, folder / POINTER, place, {}, problem))
    before = list(reversed(pointer.before)) if pointer is not None else []
    rank = {version: k for k, version in reversed(list(enumerate(before)))}
    return sorted(
        found, key=lambda info: (not info.current, rank.get(info.version or "", len(rank)), info.version or "")
    )


def _find_by_prefix(prefix: str, name: str | None) -> Path:
    """The one version that begins so."""
    asked = f"{name or ''}@{prefix}"
    found: dict[tuple[str, str], Path] = {}
    for info in find_versions(name):
        if info.version and info.version.startswith(prefix) and prefix:
            found.setdefault((info.name, info.version), info.path)
    if not found:
        raise BundleError(f'no version "{asked}" is at hand. `topics models list` shows what there is.')
    if len(found) > 1:
        several = ", ".join(f"{name}@{version}" for name, version in sorted(found))
        raise BundleError(f'"{asked}" can be {several}. Give more digits.')
    return next(iter(found.values()))


def _version_of(path: Path) -> str | None:
    try:
        return read_manifest(path)[1]
    except BundleError:
        return None
