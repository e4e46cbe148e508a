"""Trained models on disk: a folder of plain data, checked whole before any of it is used.

``manifest.json`` (format, analyzer, taxonomy, metrics, digests of every file and of the labels),
``segmentation.npz`` and ``topics.npz`` read with ``allow_pickle=False``, ``punkt.json`` and
``vocabulary.json``, ``CARD.md`` for people. There is no pickle, so a model file cannot run code. Saving fills a
temporary folder and renames it; the same weights give the same bytes.
Where they stand and which one a name means is in :mod:`topics.shelf`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from topics.errors import BundleError, OutputError
from topics.pointer import POINTER, hold_folder
from topics.records import file_digest
from topics.shelf import FORMAT, MANIFEST, ModelInfo, find_models, list_versions, locate_model, read_manifest

if TYPE_CHECKING:
    from topics.classification.model import TopicModel
    from topics.classification.vectors import WordVectors
    from topics.segmentation.model import SegmentationModel

__all__ = [
    "FORMAT",
    "MANIFEST",
    "Model",
    "ModelInfo",
    "check_place",
    "find_models",
    "load_default",
    "load_learned",
    "load_model",
    "load_once",
    "load_vectors",
    "read_manifest",
    "save_model",
    "save_version",
]

VECTORS: Final = "vectors.npz"  # there when the model can be trained again without corpora
LEARNED: Final = "learned.json"  # what was learned from which labels, for comparing with the next training
_FILES: Final = ("segmentation.npz", "punkt.json", "topics.npz", "vocabulary.json", "CARD.md")


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

    def respell(self, spell: Callable[[str], str]) -> Model:
        """The same model, whose topics have the slugs that ``spell`` gives for theirs; merged ones share one."""
        slugs = tuple(map(spell, self.topics.slugs))
        return self if slugs == self.topics.slugs else replace(self, topics=replace(self.topics, slugs=slugs))


def load_model(model: str | os.PathLike[str] | None = None) -> Model:
    """Load a bundle by folder or by name; by default the model named ``default``.

    A name is looked for in the project (``models/`` here), the user's data folder, and the package, in this order.
    ``name@version``, or four and more first digits of a version alone, mean that version, whichever is in use. One
    that is missing, altered or of another format is a :class:`~topics.errors.BundleError`.

    >>> import topics
    >>> topics.load_model().name
    'default'
    """
    import numpy as np

    from topics.classification.analyzer import ANALYZER
    from topics.classification.model import TopicModel
    from topics.paragraphs import Punkt
    from topics.segmentation.model import SegmentationModel

    path = locate_model(model)
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


@lru_cache(maxsize=1)
def load_once(path: str, wanted: str) -> Model:
    """The model of that folder, which has to be ``wanted`` (an id); each process loads it once."""
    model = load_model(path)
    if model.id != wanted:
        raise BundleError(f"{path}: {model.id} where the run was begun with {wanted}. Give all workers the same model.")
    return model


def load_default() -> Model:
    """What :func:`load_model` gives here and now; loaded again only after it changed."""
    path = locate_model(None).absolute()
    facts = (path / MANIFEST).stat()
    return _load_stamped(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=1)
def _load_stamped(path: Path, *stamp: int) -> Model:
    return load_model(path)


def load_vectors(model: Model) -> WordVectors | None:
    """The word vectors that a model's topics were fitted with, for training alone; ``None`` where it has none."""
    import numpy as np

    from topics.classification.vectors import WordVectors

    if VECTORS not in model.manifest["files"]:
        return None
    with np.load(model.path / VECTORS, allow_pickle=False) as arrays:
        return WordVectors.from_arrays(arrays)


def load_learned(model: Model) -> Mapping[str, Any] | None:
    """What a model learned from which label: segment digests (16 digits) to topics, dump digests to the boundaries
    decided in them; ``None`` for a model that does not say."""
    if LEARNED not in model.manifest["files"]:
        return None
    learned: Mapping[str, Any] = json.loads((model.path / LEARNED).read_bytes())
    return learned


def check_place(folder: Path, *, versioned: bool) -> None:
    """Whether a model can be saved there, as a version or by itself; an :class:`~topics.errors.OutputError` if not.

    Training takes long, so this is asked before it, too.
    """
    next_move = "Choose another --output."
    holds_versions = bool(list_versions(folder)) or (folder / POINTER).exists()
    if folder.is_dir():
        foreign = [path for path in folder.iterdir() if not (versioned and path.name.startswith("."))]
        is_model = holds_versions or (folder / MANIFEST).exists() or not foreign
    else:
        is_model = not folder.exists()
    if not is_model:
        raise OutputError(f"{folder}: exists and is no model. {next_move}")
    if holds_versions and not versioned:
        raise OutputError(f"{folder}: holds versions of a model. Train without --plain, or choose another --output.")
    standing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK | os.X_OK):
        raise OutputError(f"{folder}: cannot be written, since nothing can in {standing}. {next_move}")


def save_model(
    folder: Path,
    segmentation: SegmentationModel,
    topics: TopicModel,
    vectors: WordVectors | None = None,
    *,
    name: str,
    about: Mapping[str, Any],
    card: str,
    learned: Mapping[str, Any] | None = None,
) -> str:
    """Write a bundle, replacing one that stands there; returns its version.

    ``about`` goes into the manifest as it is: metrics, taxonomy, what it was trained on. A folder that is no
    bundle is not touched, nor one that holds versions.
    """
    check_place(folder, versioned=False)
    contents = _Contents(segmentation, topics, vectors, name, about, card, learned)
    with _scratch(folder, folder.parent, f".{folder.name}.") as scratch:
        contents.write(scratch)
        _swap(scratch, folder)
    return read_manifest(folder)[1]


def save_version(
    folder: Path,
    segmentation: SegmentationModel,
    topics: TopicModel,
    vectors: WordVectors | None = None,
    *,
    name: str,
    about: Mapping[str, Any],
    card: str,
    learned: Mapping[str, Any] | None = None,
    beside: Mapping[str, str] | None = None,
) -> Path:
    """Write a bundle as one more version of the model in ``folder``; returns where it is.

    Nothing else there changes, and the version in use stays in use. A version that is there already is left as it
    is, unless a file of it is gone or was altered. ``beside`` are files (name to text) that go with the version
    without being part of it.
    """
    check_place(folder, versioned=True)
    contents = _Contents(segmentation, topics, vectors, name, about, card, learned)
    with hold_folder(folder, "Choose another --output."):
        for left in folder.glob(".new.*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        with _scratch(folder, folder, ".new.") as scratch:
            contents.write(scratch)
            for file, text in (beside or {}).items():
                (scratch / file).write_text(text, "utf-8")
            place = folder / read_manifest(scratch)[1]
            if not _is_whole(place):
                _swap(scratch, place)
    return place


@dataclass(frozen=True, slots=True)
class _Contents:
    """What goes into a bundle."""

    segmentation: SegmentationModel
    topics: TopicModel
    vectors: WordVectors | None
    name: str
    about: Mapping[str, Any]
    card: str
    learned: Mapping[str, Any] | None

    def write(self, folder: Path) -> None:
        """Write all files and bring them to the disk."""
        from topics.classification.analyzer import ANALYZER

        _write_arrays(folder / "segmentation.npz", self.segmentation.to_arrays())
        _write_arrays(folder / "topics.npz", self.topics.to_arrays())
        _write_json(folder / "punkt.json", self.segmentation.punkt.without_addresses().to_json())
        _write_json(folder / "vocabulary.json", {"topics": list(self.topics.slugs), "terms": list(self.topics.terms)})
        (folder / "CARD.md").write_text(self.card, "utf-8")
        names = list(_FILES)
        if self.vectors is not None:
            _write_arrays(folder / VECTORS, self.vectors.to_arrays())
            names.append(VECTORS)
        if self.learned is not None:
            _write_json(folder / LEARNED, self.learned, indent=0)
            names.append(LEARNED)
        files = {file: _file_digest(folder / file) for file in names}
        manifest = {"format": FORMAT, "name": self.name, "analyzer": ANALYZER, **self.about, "files": files}
        _write_json(folder / MANIFEST, manifest, indent=1)
        for file in folder.iterdir():
            file.chmod(0o644)
            with file.open("rb") as opened:
                os.fsync(opened.fileno())
        folder.chmod(0o755)


@contextmanager
def _scratch(folder: Path, parent: Path, prefix: str) -> Iterator[Path]:
    """A temporary folder in ``parent``, gone in the end unless it was moved; errors name ``folder``."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}). Choose another --output.") from error
    try:
        yield scratch
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}). Free some space or choose another --output."
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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


def _is_whole(folder: Path) -> bool:
    """Whether all files of a version are as they were saved."""
    try:
        manifest, version = read_manifest(folder)
        files: Mapping[str, str] = manifest["files"]
        return version == folder.name and all(_file_digest(folder / name) == files[name] for name in files)
    except BundleError:
        return False


def _file_digest(path: Path) -> str:
    try:
        return file_digest(path)
    except FileNotFoundError:
        raise BundleError(f"{path}: missing. Restore the model's folder or train it again.") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}). Restore it or train the model again.") from error


def _write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    import numpy as np

    np.savez(path, **{name: arrays[name] for name in sorted(arrays)})


def _write_json(path: Path, value: Any, indent: int | None = None) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=False) + "\n", "utf-8")
