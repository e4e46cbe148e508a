"""The README's commands and examples do what they say, and every command is documented."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import topics

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_first_screen_has_one_sentence_and_exactly_two_commands() -> None:
    first = README.split("```sh\n")[1].split("```")[0].strip().splitlines()
    assert [shlex.split(line, comments=True) for line in first] == [["./run", "demo"], ["./run", "tests"]]


def test_the_demo_shows_the_segments_of_the_sample_dumps() -> None:
    # what ./run demo executes once .venv is there
    line = next(line for line in (ROOT / "run").read_text("utf-8").splitlines() if "topics classify" in line)
    words = shlex.split(line.strip())
    assert words[0] == "exec" and words[1].endswith("topics") and words[-1] == "$@"
    done = subprocess.run(
        [sys.executable, "-m", "topics", *words[2:-1]], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "12 dumps" in done.stderr


def test_run_without_a_known_word_says_what_it_can_do() -> None:
    done = subprocess.run(["sh", str(ROOT / "run")], capture_output=True, text=True, check=True)
    assert "./run demo" in done.stdout and "./run tests" in done.stdout


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    [code] = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) > 60


def test_every_command_stands_in_the_readme_and_shows_an_example() -> None:
    from topics.cli import app

    root = get_command(app)
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        assert f"topics {name}" in README, name
        for child in getattr(command, "commands", {"": command}).values():
            assert "Example" in (child.help or ""), f"{name} {child.name}"


@pytest.mark.parametrize("name", [n for n in topics.__all__ if not n.endswith("Error")])
def test_every_public_name_has_words_and_those_with_an_example_run_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    thing = getattr(topics, name)
    assert thing.__doc__, name
    finder = doctest.DocTestFinder(recurse=False)
    runner = doctest.DocTestRunner()
    for test in finder.find(thing, name, globs={}):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_the_functions_a_notebook_uses_have_examples() -> None:
    functions = (
        "classify",
        "evaluate",
        "explain",
        "load_model",
        "read_dumps",
        "segment",
        "to_row",
        "train",
        "write_rows",
    )
    for name in functions:
        assert ">>>" in (getattr(topics, name).__doc__ or ""), name


def test_the_public_names_are_those_that_the_package_says() -> None:
    assert sorted(topics.__all__) == topics.__all__
    assert set(topics.__all__) <= set(dir(topics))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = topics.no_such_name


def test_the_modules_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    os.environ.setdefault("COLUMNS", "100")
    for module in ("topics", "topics.records", "topics.segmentation.decode", "topics.segmentation.metadata",
                   "topics.segmentation.language", "topics.segmentation.training.corpora", "topics.paragraphs.lines",
                   "topics.classification.analyzer", "topics.labels.matching"):  # fmt: skip
        __import__(module)
        failed, tried = doctest.testmod(sys.modules[module], extraglobs={"np": __import__("numpy")})
        assert tried and not failed, module
