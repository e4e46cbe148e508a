"""Trained models on disk: a folder of plain data, checked whole before any of it is used.

``manifest.json`` (format, analyzer, taxonomy, metrics, digests of every file and of the labels),
``segmentation.npz`` and ``topics.npz`` read with ``allow_pickle=False``, ``punkt.json`` and
``vocabulary.json``, ``CARD.md`` for people. There is no pickle, so a model file cannot run code. Saving fills a
temporary folder and renames it; the same weights give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.errors import BundleError, OutputError

if TYPE_CHECKING:
    from topics.classification.model import TopicModel
    from topics.classification.vectors import WordVectors
    from topics.segmentation.model import SegmentationModel

__all__ = [
    "FORMAT",
    "Model",
    "ModelInfo",
    "find_models",
    "load_model",
    "load_vectors",
    "read_manifest",
    "save_model",
]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
VECTORS: Final = "vectors.npz"  # there when the model can be trained again without corpora
_FILES: Final = ("segmentation.npz", "punkt.json", "topics.npz", "vocabulary.json", "CARD.md")
DEFAULT: Final = "default"


@dataclass(frozen=True)
class Model:
    """A loaded bundle. ``version`` is the first twelve hex digits of its manifest's digest."""

    name: str
    version: str
    path: Path
    segmentation: SegmentationModel
    topics: TopicModel
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """What predictions carry: ``name@version``."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A bundle that was found: where, and what its manifest says (``problem`` where it cannot be used)."""

    name: str
    path: Path
    place: str  # "project", "user", "package"
    manifest: Mapping[str, Any]
    problem: str | None = None


def load_model(model: str | os.PathLike[str] | None = None) -> Model:
    """Load a bundle by folder or by name; by default the model named ``default``.

    A name is looked for in the project (``models/`` here), the user's data folder, and the package, in this order.

    >>> import topics
    >>> topics.load_model().name
    'default'
    """
    import numpy as np

    from topics.classification.analyzer import ANALYZER
    from topics.classification.model import TopicModel
    from topics.paragraphs import Punkt
    from topics.segmentation.model import SegmentationModel

    path = _locate(model)
    manifest, version = read_manifest(path)
    files: Mapping[str, str] = manifest["files"]
    for name in _FILES:
        if name not in files:
            raise BundleError(f"{path / MANIFEST}: does not list {name}. Train the model again or take another.")
    for name, digest in sorted(files.items()):
        if _file_digest(path / name) != digest:
            raise BundleError(
                f"{path / name}: altered since the model was saved. Restore the folder or train the model again."
            )
    if manifest.get("analyzer") != ANALYZER:
        raise BundleError(
            f"{path}: made with analyzer {manifest.get('analyzer')}, this version has {ANALYZER}. "
            "Train the model again."
        )
    try:
        with np.load(path / "segmentation.npz", allow_pickle=False) as arrays:
            punkt = Punkt.from_json(json.loads((path / "punkt.json").read_text("utf-8")))
            segmentation = SegmentationModel.from_arrays(arrays, punkt)
        vocabulary = json.loads((path / "vocabulary.json").read_text("utf-8"))
        with np.load(path / "topics.npz", allow_pickle=False) as arrays:
            topics = TopicModel.from_arrays(arrays, vocabulary["topics"], vocabulary["terms"])
    except BundleError as error:  # Punkt's own, which does not know the file
        raise BundleError(f"{path / 'punkt.json'}: {error}") from error
    except (KeyError, TypeError, ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path}: not a usable model ({error}). Train the model again or take another.") from error
    return Model(str(manifest.get("name", path.name)), version, path, segmentation, topics, manifest)


def load_vectors(model: Model) -> WordVectors | None:
    """The word vectors that a model's topics were fitted with, for training alone; ``None`` where it has none."""
    import numpy as np

    from topics.classification.vectors import WordVectors

    if VECTORS not in model.manifest["files"]:
        return None
    with np.load(model.path / VECTORS, allow_pickle=False) as arrays:
        return WordVectors.from_arrays(arrays)


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


def save_model(
    folder: Path,
    segmentation: SegmentationModel,
    topics: TopicModel,
    vectors: WordVectors | None = None,
    *,
    name: str,
    about: Mapping[str, Any],
    card: str,
) -> str:
    """Write a bundle, replacing one that stands there; returns its version.

    ``about`` goes into the manifest as it is: metrics, taxonomy, what it was trained on. A folder that is no
    bundle is not touched.
    """
    from topics.classification.analyzer import ANALYZER

    if folder.is_file() or (folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).exists()):
        raise OutputError(f"{folder}: exists and is no model. Choose another --output.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Choose another --output.") from error
    try:
        _write_arrays(scratch / "segmentation.npz", segmentation.to_arrays())
        _write_arrays(scratch / "topics.npz", topics.to_arrays())
        _write_json(scratch / "punkt.json", segmentation.punkt.without_addresses().to_json())
        _write_json(scratch / "vocabulary.json", {"topics": list(topics.slugs), "terms": list(topics.terms)})
        (scratch / "CARD.md").write_text(card, "utf-8")
        if vectors is not None:
            _write_arrays(scratch / VECTORS, vectors.to_arrays())
        names = [*_FILES, VECTORS] if vectors is not None else _FILES
        files = {file: _file_digest(scratch / file) for file in names}
        manifest = {"format": FORMAT, "name": name, "analyzer": ANALYZER, **about, "files": files}
        _write_json(scratch / MANIFEST, manifest, indent=1)
        for file in scratch.iterdir():
            file.chmod(0o644)
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        scratch.chmod(0o755)
        _swap(scratch, folder)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}). Free some space or choose another --output."
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return read_manifest(folder)[1]


def find_models() -> list[ModelInfo]:
    """Every bundle that a name can mean, in the order in which they are looked for."""
    found = []
    for place, root in _roots():
        if not root.is_dir():
            continue
        for path in sorted(p for p in root.iterdir() if (p / MANIFEST).is_file()):
            try:
                manifest, version = read_manifest(path)
                found.append(ModelInfo(path.name, path, place, {**manifest, "version": version}))
            except BundleError as error:
                found.append(ModelInfo(path.name, path, place, {}, str(error)))
    return found


def user_folder() -> Path:
    """Where this user's own models are kept."""
    from platformdirs import user_data_path

    return user_data_path("topics") / "models"


def _roots() -> list[tuple[str, Path]]:
    here = Path(__file__).parent
    packaged = here / "_data" / "models"
    # a checkout keeps models/ beside the package; an installed package inside it
    shipped = packaged if packaged.is_dir() else here.parent / "models"
    roots = [("project", Path("models")), ("user", user_folder())]
    if not (Path("models").is_dir() and shipped.is_dir() and Path("models").samefile(shipped)):
        roots.append(("package", shipped))
    return roots


def _locate(model: str | os.PathLike[str] | None) -> Path:
    wanted = os.fspath(model) if model is not None else DEFAULT
    is_path = not isinstance(model, str | None) or os.sep in wanted or (Path(wanted) / MANIFEST).is_file()
    if is_path:
        if not Path(wanted).is_dir():
            raise BundleError(f"{wanted}: no such model folder. `topics models list` shows what there is.")
        return Path(wanted)
    for _, root in _roots():
        if (root / wanted / MANIFEST).is_file():
            return root / wanted
    raise BundleError(f'no model named "{wanted}". `topics models list` shows what there is; `topics train` makes one.')


def _swap(new: Path, folder: Path) -> None:
    """Put ``new`` in the place of ``folder``. The old one is moved aside first and comes back if that fails."""
    aside = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    had = folder.exists()
    if had:
        folder.rename(aside)
    try:
        new.rename(folder)
    except OSError:
        if had:
            aside.rename(folder)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise BundleError(f"{path}: missing. Restore the model's folder or train it again.") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}). Restore it or train the model again.") from error


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    import numpy as np

    np.savez(path, **{name: arrays[name] for name in sorted(arrays)})


def _write_json(path: Path, value: Any, indent: int | None = None) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=False) + "\n", "utf-8")
