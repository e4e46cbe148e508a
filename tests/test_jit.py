"""Compiled kernels are cached, also where the installation cannot be written to, and a first run says what it does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "topics"

MODULE = """
from topics.jit import kernel, tell_of_compiling
tell_of_compiling(lambda: print("compiling"))

@kernel
def double(x):
    return 2 * x

@kernel
def twice_double(x):
    return double(double(x))

print(twice_double(3), double(2.5))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "kernels.py").write_text(MODULE)
    return tmp_path


def run(project: Path) -> list[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))},
        "HOME": str(project / "home"),
        "PYTHONPATH": os.pathsep.join([str(project / "code"), str(PACKAGE.parent)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", "import kernels"],
        env=environment,
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split("\n")[:-1]


def test_kernels_are_compiled_once_and_it_is_said_once(project: Path) -> None:
    assert run(project) == ["compiling", "12 5.0"]
    assert run(project) == ["12 5.0"]


def test_where_the_code_cannot_be_written_to_the_cache_is_the_user_s(project: Path) -> None:
    # a file where the folder would be: even root cannot write there
    (project / "code" / "__pycache__").touch()
    assert run(project) == ["compiling", "12 5.0"]
    assert list((project / "home").rglob("*.nbi"))
    assert run(project) == ["12 5.0"]


def test_an_old_cache_of_another_place_does_no_harm(project: Path) -> None:
    run(project)
    shutil.copytree(project / "code", project / "moved")
    shutil.rmtree(project / "code")
    (project / "moved").rename(project / "code")
    assert run(project)[-1] == "12 5.0"
