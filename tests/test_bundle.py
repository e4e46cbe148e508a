"""A model folder is whole or refused, says the same after a round trip, and is never half replaced."""

from __future__ import annotations

import copy
import errno
import hashlib
import json
import os
import pickle
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

import topics
import topics.bundle as bundle
import topics.shelf as shelf
from topics.bundle import FORMAT, Model, find_models, load_model, load_vectors, read_manifest, save_model
from topics.errors import BundleError, OutputError
from topics.pipeline import classify_dump
from topics.records import Dump

DUMP = Dump(
    "harbour.txt",
    "Ferry fares rise\n\nThe harbour board raised fares on Monday, and said that fuel had become dear.\n\n"
    "Home side wins late\n\nThe striker scored twice in the cup final, and the goalkeeper saved a penalty.\n",
)
ABOUT = {"taxonomy": [], "metrics": {"topics": {"accuracy": 0.5}}}


def save(model: Model, folder: Path, *, vectors: bool = True, card: str = "# A model\n") -> str:
    return save_model(
        folder, model.segmentation, model.topics, load_vectors(model) if vectors else None,
        name="mine", about=ABOUT, card=card,
    )  # fmt: skip


@pytest.fixture(scope="module")
def saved(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights, saved again. Tests that do damage take a copy."""
    folder = tmp_path_factory.mktemp("saved") / "mine"
    save(model, folder)
    return folder


@pytest.fixture
def copied(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "mine"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def refusal(model: str | Path | None, named: Path | str) -> str:
    """The message with which a model is refused: one line, the place, and what to do next."""
    with pytest.raises(BundleError) as refused:
        load_model(model)
    message = str(refused.value)
    assert "\n" not in message
    assert str(named) in message
    assert re.search(r"[a-z0-9)\"]\. (?:[A-Z]|`topics ).+\.$", message), message
    return message


def edit_manifest(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}), "utf-8")


# ---- round trip


def test_a_saved_model_predicts_as_before(model: Model, saved: Path) -> None:
    again = load_model(saved)
    before, after = (classify_dump(DUMP, m) for m in (model, again))
    assert [{**row, "model": None} for row in after] == [{**row, "model": None} for row in before]
    assert {row["model"] for row in after} == {again.id}
    assert again.topics.slugs == model.topics.slugs


def test_a_model_can_be_sent_elsewhere_after_it_was_used(model: Model) -> None:
    before = classify_dump(DUMP, model)
    assert classify_dump(DUMP, pickle.loads(pickle.dumps(model))) == before
    assert classify_dump(DUMP, copy.deepcopy(model)) == before


def test_a_saved_model_says_what_it_is(saved: Path) -> None:
    model = load_model(saved)
    version = hashlib.sha256((saved / "manifest.json").read_bytes()).hexdigest()[:12]
    assert (model.name, model.version, model.id, model.path) == ("mine", version, f"mine@{version}", saved)
    assert model.manifest["metrics"] == ABOUT["metrics"]
    assert model.manifest["files"] == {
        name: hashlib.sha256(data).hexdigest() for name, data in contents(saved).items() if name != "manifest.json"
    }
    assert "# A model\n" == (saved / "CARD.md").read_text("utf-8")


def test_word_vectors_travel_with_a_model_or_are_left_out(model: Model, saved: Path, tmp_path: Path) -> None:
    kept, shipped = load_vectors(load_model(saved)), load_vectors(model)
    assert kept is not None and shipped is not None
    assert np.array_equal(kept.steps, shipped.steps) and kept.words == shipped.words
    save(model, tmp_path / "bare", vectors=False)
    assert load_vectors(load_model(tmp_path / "bare")) is None


def test_the_same_weights_give_the_same_bytes(model: Model, saved: Path, tmp_path: Path) -> None:
    version = save(model, tmp_path / "elsewhere")
    assert contents(tmp_path / "elsewhere") == contents(saved)
    assert version == load_model(saved).version


def test_another_card_is_another_version(model: Model, saved: Path, tmp_path: Path) -> None:
    assert save(model, tmp_path / "other", card="# Another\n") != load_model(saved).version


def test_saving_over_a_model_leaves_nothing_of_the_old_one(model: Model, copied: Path) -> None:
    (copied / "notes.txt").write_text("scribbled into the old model", "utf-8")
    version = save(model, copied, vectors=False)
    assert load_model(copied).version == version
    assert not (copied / "vectors.npz").exists()
    assert [p.name for p in copied.parent.iterdir()] == ["mine"]
    assert not (copied / "notes.txt").exists()


def test_arrays_are_plain_data(saved: Path) -> None:
    archives = sorted(saved.glob("*.npz"))
    assert [p.name for p in archives] == ["segmentation.npz", "topics.npz", "vectors.npz"]
    for archive in archives:
        with np.load(archive, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype != object for name in arrays.files)


def test_a_pickle_in_a_model_is_refused_and_not_run(copied: Path, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "exploded",)

    np.savez(copied / "topics.npz", weights=np.array([Bomb()], dtype=object))
    files = {**read_manifest(copied)[0]["files"]}
    files["topics.npz"] = hashlib.sha256((copied / "topics.npz").read_bytes()).hexdigest()
    edit_manifest(copied, files=files)
    refusal(copied, copied)
    assert not (tmp_path / "exploded").exists()


# ---- refusals


FILES = ["segmentation.npz", "punkt.json", "topics.npz", "vocabulary.json", "CARD.md", "vectors.npz"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    assert "missing" in refusal(copied, copied / name)


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_found(copied: Path, name: str) -> None:
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    assert "altered" in refusal(copied, copied / name)


@pytest.mark.parametrize("name", FILES[:5])
def test_a_manifest_that_leaves_a_file_out_is_refused(copied: Path, name: str) -> None:
    files = {file: digest for file, digest in read_manifest(copied)[0]["files"].items() if file != name}
    edit_manifest(copied, files=files)
    assert name in refusal(copied, copied / "manifest.json")


def test_a_newer_format_is_refused(copied: Path) -> None:
    edit_manifest(copied, format=FORMAT + 1)
    message = refusal(copied, copied)
    assert f"format {FORMAT + 1}" in message and "Update topics" in message


def test_terms_of_another_analyzer_are_refused(copied: Path) -> None:
    edit_manifest(copied, analyzer="xx-9")
    assert "xx-9" in refusal(copied, copied)


@pytest.mark.parametrize("change", ["renamed", "left out"])
def test_boundary_weights_for_other_features_are_refused(copied: Path, change: str) -> None:
    with np.load(copied / "segmentation.npz", allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names = arrays.pop("features")
    if change == "renamed":
        arrays["features"] = names[::-1]
    np.savez(copied / "segmentation.npz", **arrays)
    digest = hashlib.sha256((copied / "segmentation.npz").read_bytes()).hexdigest()
    edit_manifest(copied, files={**read_manifest(copied)[0]["files"], "segmentation.npz": digest})
    assert "features" in refusal(copied, copied)


@pytest.mark.parametrize(
    "broken", ['{"format": 1,', "", "[]", '{"format": 1}', '{"files": []}', "\ufeff{}", '{"files": {}}']
)
def test_a_broken_manifest_is_refused(copied: Path, broken: str) -> None:
    (copied / "manifest.json").write_text(broken, "utf-8")
    refusal(copied, copied)


def test_a_manifest_that_is_no_text_is_refused(copied: Path) -> None:
    (copied / "manifest.json").write_bytes(b"\xff\xfe\x00")
    refusal(copied, copied / "manifest.json")


@pytest.mark.parametrize("name", ["vocabulary.json", "punkt.json", "topics.npz", "segmentation.npz"])
@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"nothing of the kind"])
def test_a_file_of_another_kind_is_refused_even_when_its_digest_fits(copied: Path, name: str, content: bytes) -> None:
    (copied / name).write_bytes(content)
    edit_manifest(copied, files={**read_manifest(copied)[0]["files"], name: hashlib.sha256(content).hexdigest()})
    refusal(copied, copied)


def test_a_folder_without_a_manifest_is_no_model(tmp_path: Path) -> None:
    assert "manifest.json" in refusal(tmp_path, tmp_path)


def test_a_folder_that_is_not_there_is_no_model(tmp_path: Path) -> None:
    assert "no such model folder" in refusal(tmp_path / "nowhere", tmp_path / "nowhere")


def test_an_unknown_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shelf, "user_folder", lambda: tmp_path / "user")
    assert "no model named" in refusal("defualt", "defualt")


# ---- saving


def test_a_folder_that_is_no_model_is_not_touched(model: Model, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("Do not lose me.", "utf-8")
    with pytest.raises(OutputError, match=r"thesis: exists and is no model\. Choose another"):
        save(model, tmp_path / "thesis")
    assert contents(tmp_path) == {"thesis/chapter.txt": b"Do not lose me."}


@pytest.mark.parametrize("place", ["notes.txt", "notes.txt/mine"])
def test_a_file_in_the_place_of_the_folder_is_not_touched(model: Model, tmp_path: Path, place: str) -> None:
    (tmp_path / "notes.txt").write_text("Do not lose me.", "utf-8")
    with pytest.raises(OutputError, match=r"notes\.txt.*Choose another"):
        save(model, tmp_path / place)
    assert contents(tmp_path) == {"notes.txt": b"Do not lose me."}


def test_an_empty_folder_is_filled(model: Model, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    save(model, tmp_path / "mine", vectors=False)
    assert load_model(tmp_path / "mine").name == "mine"


@pytest.mark.parametrize("fails", ["arrays", "json", "sync", "rename"])
def test_a_failed_write_leaves_the_old_model_in_place(
    model: Model, copied: Path, fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(copied)

    def no_room(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    rename = Path.rename

    def rename_old_only(self: Path, target: Path) -> Path:
        if target == copied and self.name != ".mine.old":
            no_room()
        return rename(self, target)

    if fails == "rename":
        monkeypatch.setattr(Path, "rename", rename_old_only)
    elif fails == "sync":
        monkeypatch.setattr(os, "fsync", no_room)
    else:
        monkeypatch.setattr(bundle, f"_write_{fails}", no_room)
    with pytest.raises(OutputError, match=r"mine: cannot be written \(No space left on device\)\. Free some space"):
        save(model, copied, card="# A newer model\n")
    assert contents(copied) == before
    assert [p.name for p in copied.parent.iterdir()] == ["mine"]


# ---- where a name is looked for


def test_a_name_is_looked_for_in_the_project_then_the_user_s_folder_then_the_package(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, user = tmp_path / "project", tmp_path / "user"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setattr(shelf, "user_folder", lambda: user)

    packaged = load_model()
    assert packaged.path.name == "default" and tmp_path not in packaged.path.parents
    shutil.copytree(saved, user / "default")
    assert load_model().path == user / "default"
    shutil.copytree(saved, project / "models" / "default")
    assert load_model().path.resolve() == project / "models" / "default"
    assert load_model("default").path.resolve() == project / "models" / "default"

    shutil.copytree(saved, user / "mine")
    assert load_model("mine").path == user / "mine"
    places = [(info.place, info.name) for info in find_models()]
    assert places[:3] == [("project", "default"), ("user", "default"), ("user", "mine")]
    assert ("package", "default") in places[3:]


def test_a_path_is_taken_as_it_is(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(saved, tmp_path / "default")
    monkeypatch.chdir(tmp_path)
    assert load_model(Path("default")).path == Path("default")
    assert load_model(f".{os.sep}default").path == Path("default")


def test_without_a_model_calls_follow_the_one_named_default(
    model: Model, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used() -> str:
        return topics.classify(topics.segment(DUMP))[0].model

    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    assert used() == load_model().id
    shutil.copytree(saved, tmp_path / "models" / "default")
    first = load_model(saved).id
    assert used() == first
    shutil.rmtree(tmp_path / "models" / "default")
    second = f"mine@{save(model, tmp_path / 'models' / 'default', vectors=False)}"
    assert used() == second != first
    monkeypatch.chdir(saved)
    assert used() not in (first, second)


def test_a_listing_shows_what_is_wrong_with_a_model(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shelf, "user_folder", lambda: tmp_path / "user")
    for name in ("new", "whole"):
        shutil.copytree(saved, tmp_path / "models" / name)
    edit_manifest(tmp_path / "models" / "new", format=FORMAT + 1)
    (tmp_path / "models" / "no-model").mkdir()
    new, whole = (info for info in find_models() if info.place == "project")
    assert (new.name, whole.name) == ("new", "whole")
    assert new.problem is not None and f"format {FORMAT + 1}" in new.problem
    assert whole.problem is None and whole.manifest["version"] == read_manifest(saved)[1]


def test_the_wheel_takes_every_file_of_the_default_model() -> None:
    root = Path(__file__).resolve().parent.parent
    wheel = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    taken = {Path(path).name for path in wheel["force-include"] if path.startswith("models/default/")}
    manifest = json.loads((root / "models/default/manifest.json").read_text("utf-8"))
    assert taken == {"manifest.json", *manifest["files"]}
