"""Versions of a model: what a name means, promoting and going back, and what a kill in the middle leaves."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import topics.shelf as shelf
from topics.bundle import Model, check_place, find_models, load_model, save_model, save_version
from topics.cli import app
from topics.errors import BundleError, OutputError
from topics.pointer import POINTER, Pointer, hold_folder, read_pointer, write_pointer
from topics.retraining import retrain
from topics.shelf import MANIFEST, find_versions, locate_model, read_manifest
from topics.training import train
from topics.versions import Change, promote, rollback

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = ROOT / "models" / "default"
VERSIONS = st.text("0123456789abcdef", min_size=12, max_size=12)


def copy_bundle(place: Path, note: str) -> str:
    """A bundle like the shipped one whose manifest says something else; returns its version."""
    place.mkdir(parents=True)
    for file in SHIPPED.iterdir():
        if file.is_file() and file.name not in (MANIFEST, POINTER):
            shutil.copyfile(file, place / file.name)
    manifest = json.loads((SHIPPED / MANIFEST).read_text("utf-8"))
    (place / MANIFEST).write_text(json.dumps({**manifest, "note": note}), "utf-8")
    return read_manifest(place)[1]


def add_version(folder: Path, note: str) -> str:
    """One more version in a model's folder."""
    version = copy_bundle(folder / "new", note)
    (folder / "new").rename(folder / version)
    return version


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder that is the working directory, with no user's folder beside it."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(shelf, "user_folder", lambda: tmp_path / "user")
    return folder


# ---- the pointer


@given(VERSIONS, VERSIONS)
def test_going_back_after_promoting_is_where_one_was(first: str, second: str) -> None:
    pointer = Pointer(first)
    promoted = pointer.promote(second)
    assert promoted.current == second
    assert promoted.roll_back() == (None if first == second else pointer)


def test_a_pointer_is_read_as_it_was_written(tmp_path: Path) -> None:
    pointer = Pointer("0" * 12, ("1" * 12, "2" * 12))
    assert read_pointer(tmp_path) is None
    write_pointer(tmp_path, pointer)
    assert read_pointer(tmp_path) == pointer
    assert [path.name for path in tmp_path.iterdir()] == [POINTER]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"current": "x", "before": []}', '{"current": "000000000000", "before": [1]}']
)
def test_a_pointer_that_says_nothing_usable_is_refused_by_name(tmp_path: Path, content: str) -> None:
    (tmp_path / POINTER).write_text(content, "utf-8")
    with pytest.raises(BundleError, match=r"current\.json: .*topics models promote VERSION"):
        read_pointer(tmp_path)


def test_two_processes_do_not_change_a_model_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("topics.pointer._LOCK_SECONDS", 0.05)
    with hold_folder(tmp_path), pytest.raises(OutputError, match="another process"), hold_folder(tmp_path):
        pass


@pytest.mark.parametrize("name", [".lock", POINTER])
def test_a_model_whose_version_cannot_be_chosen_is_one_line_without_options_that_are_not_there(
    project: Path, name: str
) -> None:
    folder = project / "models" / "mine"
    first, second = add_version(folder, "1"), add_version(folder, "2")
    promote(first)
    (folder / name).unlink()
    (folder / name).mkdir()
    done = CliRunner().invoke(app, ["models", "promote", second])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert ": cannot be written (" in done.stderr and "Make it writable, then try again." in done.stderr
    assert "--output" not in done.stderr


# ---- what a name means


def test_a_name_means_the_version_that_its_pointer_names(project: Path) -> None:
    folder = project / "models" / "mine"
    first, second = add_version(folder, "1"), add_version(folder, "2")
    with pytest.raises(BundleError, match='no model named "mine"'):
        load_model("mine")
    write_pointer(folder, Pointer(second, (first,)))
    for wanted in ("mine", folder, f"mine@{second[:5]}", second, second[:6], str(folder / second)):
        assert load_model(wanted).version == second, wanted
    assert load_model(f"mine@{first}").version == first
    assert [(info.version, info.current) for info in find_versions("mine")] == [(second, True), (first, False)]
    assert [info.version for info in find_models() if info.name == "mine"] == [second]


def test_a_flat_model_is_meant_until_a_version_is_promoted(project: Path) -> None:
    folder = project / "models" / "default"
    flat = copy_bundle(folder, "flat")
    version = add_version(folder, "later")
    assert load_model().version == flat
    assert promote(f"default@{version}") == Change(Path("models/default"), version, flat)
    assert load_model().version == load_model(folder).version == version
    assert rollback() == Change(Path("models/default"), flat, version)
    assert load_model().path == Path("models/default")


def test_versions_are_told_apart_or_asked_for_again(project: Path) -> None:
    folder = project / "models" / "mine"
    version = add_version(folder, "1")
    with pytest.raises(BundleError, match='no version "mine@ffffffff"'):
        locate_model("mine@ffffffff")
    with pytest.raises(BundleError, match='no version "mine@"'):
        locate_model("mine@")
    other = project / "models" / "other"
    shutil.copytree(folder / version, other / version)
    with pytest.raises(BundleError, match=rf'"@{version}" can be mine@{version}, other@{version}. Give more'):
        locate_model(version)
    assert locate_model(f"other@{version}") == Path("models/other") / version


def test_a_pointer_to_a_version_that_is_gone_says_so_and_can_be_mended(project: Path) -> None:
    folder = project / "models" / "mine"
    version = add_version(folder, "1")
    write_pointer(folder, Pointer("0" * 12))
    with pytest.raises(BundleError, match=r"names version 000000000000, which is not at hand.*models promote"):
        load_model("mine")
    broken = next(info for info in find_models() if info.name == "mine")
    assert broken.problem is not None and "not at hand" in broken.problem
    promote(version)
    assert load_model("mine").version == version


def test_the_nearest_folder_decides(project: Path, tmp_path: Path) -> None:
    add_version(tmp_path / "user" / "default", "user")
    mine = copy_bundle(project / "models" / "default", "project")
    users = next(info.version for info in find_versions("default") if info.place == "user")
    assert load_model().version == mine
    assert promote(f"default@{users}").folder == Path("models/default")
    assert load_model().version == users
    assert rollback().version == mine


# ---- promoting and going back


def test_the_package_is_never_written_to(project: Path) -> None:
    """Its version can be promoted and gone back to, by a pointer in the project."""
    shipped = load_model()
    before = sorted(path.name for path in shipped.path.iterdir())
    version = add_version(project / "models" / "default", "own")
    assert load_model().version == shipped.version
    assert promote(version).before == shipped.version
    assert rollback().version == shipped.version
    assert load_model().path == shipped.path
    assert read_pointer(Path("models/default")) == Pointer(shipped.version)
    assert promote(version) == Change(Path("models/default"), version, shipped.version)
    assert promote(shipped.id).version == shipped.version
    assert sorted(path.name for path in shipped.path.iterdir()) == before


def test_promoting_what_is_in_use_changes_nothing(project: Path) -> None:
    folder = project / "models" / "mine"
    version = add_version(folder, "1")
    assert str(promote(version)) == f"mine@{version} is in use"
    content = (folder / POINTER).read_bytes()
    assert str(promote(version)) == f"mine@{version} was in use already"
    assert (folder / POINTER).read_bytes() == content
    with pytest.raises(BundleError, match="no version was in use before"):
        rollback("mine")
    with pytest.raises(BundleError, match="no version was in use before"):
        rollback("nobody")


def test_a_version_that_is_damaged_is_not_promoted(project: Path) -> None:
    folder = project / "models" / "mine"
    first, second = add_version(folder, "1"), add_version(folder, "2")
    promote(first)
    (folder / second / "CARD.md").write_text("other", "utf-8")
    with pytest.raises(BundleError, match="altered since the model was saved"):
        promote(second)
    assert load_model("mine").version == first


def test_a_pointer_that_cannot_be_read_is_written_anew(project: Path) -> None:
    folder = project / "models" / "mine"
    version = add_version(folder, "1")
    (folder / POINTER).write_text("torn", "utf-8")
    assert promote(version) == Change(Path("models/mine"), version, None)
    assert read_pointer(folder) == Pointer(version)


# ---- saving versions


def arguments(model: Model) -> dict[str, object]:
    return {
        "segmentation": model.segmentation, "topics": model.topics,
        "name": "mine", "about": {"note": "x"}, "card": "# x\n",
    }  # fmt: skip


def test_saving_a_version_leaves_the_one_in_use(project: Path, model: Model) -> None:
    folder = project / "models" / "mine"
    first = add_version(folder, "1")
    promote(first)
    place = save_version(folder, **arguments(model), beside={"verdict.json": "{}\n"})  # type: ignore[arg-type]
    assert place.name == read_manifest(place)[1] and (place / "verdict.json").read_text("utf-8") == "{}\n"
    assert load_model("mine").version == first
    assert load_model(place).manifest["note"] == "x"
    names = {path.name for path in folder.iterdir()} - {".lock"}
    assert names == {first, place.name, POINTER}


def test_saving_the_same_version_again_leaves_it_as_it_is(project: Path, model: Model) -> None:
    folder = project / "models" / "mine"
    place = save_version(folder, **arguments(model))  # type: ignore[arg-type]
    when = (place / MANIFEST).stat().st_mtime_ns
    (folder / ".new.killed").mkdir()
    assert save_version(folder, **arguments(model)) == place  # type: ignore[arg-type]
    assert (place / MANIFEST).stat().st_mtime_ns == when
    assert not (folder / ".new.killed").exists()


@pytest.mark.parametrize("damage", ["altered", "gone"])
def test_saving_a_version_that_is_damaged_mends_it(damage: str, project: Path, model: Model) -> None:
    folder = project / "models" / "mine"
    place = save_version(folder, **arguments(model))  # type: ignore[arg-type]
    if damage == "altered":
        with (place / "topics.npz").open("ab") as file:
            file.write(b"x")
    else:
        (place / "topics.npz").unlink()
    with pytest.raises(BundleError):
        load_model(place)
    assert save_version(folder, **arguments(model)) == place  # type: ignore[arg-type]
    assert load_model(place).version == place.name
    assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [place.name]


def test_a_folder_that_is_no_model_gets_no_version(project: Path, model: Model) -> None:
    folder = project / "notes"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear choir", "utf-8")
    with pytest.raises(OutputError, match="exists and is no model"):
        save_version(folder, **arguments(model))  # type: ignore[arg-type]
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_a_bundle_does_not_replace_a_folder_of_versions(project: Path, model: Model) -> None:
    folder = project / "models" / "mine"
    copy_bundle(folder, "flat")
    add_version(folder, "1")
    with pytest.raises(OutputError, match="holds versions of a model"):
        save_model(folder, **arguments(model))  # type: ignore[arg-type]


@pytest.mark.parametrize("versioned", [True, False])
def test_a_place_that_takes_no_model_is_told_before_anything_is_learned(
    versioned: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "letter.txt").write_text("Dear choir", "utf-8")
    (project / "notes").mkdir()
    (project / "notes" / "letter.txt").write_text("Dear choir", "utf-8")
    monkeypatch.setattr("topics.training.run.learn", lambda *args, **options: pytest.fail("it learned"))
    monkeypatch.setattr("topics.training.learn", lambda *args, **options: pytest.fail("it learned"))
    run = retrain if versioned else train
    for place, fault in (("letter.txt", "is no model"), ("notes", "is no model"), ("letter.txt/mine", "cannot be")):
        with pytest.raises(OutputError, match=fault):
            run(project / "labels", project / place)
    check_place(project / "models" / "new" / "one", versioned=versioned)


# ---- killed in the middle

CHANGER = """
import sys
from topics.versions import promote, rollback
first, second = sys.argv[1:]
promote(first)
print("ready", flush=True)
while True:
    promote(second)
    rollback("mine")
"""


def test_a_kill_at_any_moment_leaves_one_version_or_the_other(project: Path) -> None:
    folder = project / "models" / "mine"
    first, second = add_version(folder, "1"), add_version(folder, "2")
    rng = random.Random(5)
    for _ in range(6):
        worker = subprocess.Popen(
            [sys.executable, "-c", CHANGER, first, second], cwd=project, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert worker.stdout is not None and worker.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 0.25))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        pointer = read_pointer(folder)
        assert pointer is not None and pointer.current in (first, second)
        assert load_model("mine").version == pointer.current
    promote(first)  # the lock went with its process
    assert load_model("mine").version == first


def test_the_list_says_which_version_a_name_means(project: Path) -> None:
    first = add_version(project / "models" / "default", "1")
    second = add_version(project / "models" / "default", "2")
    done = CliRunner().invoke(app, ["models", "list", "--json"])
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["version"] for row in said if row["in_use"]] == [load_model().version]  # the package's
    for words in (["promote", first], ["promote", second], ["rollback"]):
        assert CliRunner().invoke(app, ["models", *words]).exit_code == 0
    done = CliRunner().invoke(app, ["models", "list"])
    lines = [line for line in done.stdout.splitlines() if "in use" in line and line.startswith("default ")]
    assert len(lines) == 1 and first in lines[0]
    shown = CliRunner().invoke(app, ["models", "show", first, "--verdict"])
    assert shown.exit_code == 1 and "no verdict in it" in shown.output
