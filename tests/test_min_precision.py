"""``classify --min-precision``: a topic only where as many of those given are right, and a clear word where that is out
of reach."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from topics.bundle import load_model, load_vectors, save_model
from topics.classification.doubt import Acceptance
from topics.cli import app

PIECES = [
    {
        "id": "sure",
        "text": "The striker scored twice and the club won the league cup final on penalties, the coach said.",
    },
    {
        "id": "unsure",
        "text": "Somebody put a letter on the bench in the morning, and a neighbour found it in the shade.",
    },
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default model with a table of precision drawn for these claims."""
    from dataclasses import replace

    model = load_model()
    table = Acceptance(
        np.array([0.0, 0.5, 0.8]),
        np.array([1.0, 0.7, 0.4]),
        np.array([0.7, 0.63, 0.39]),
        np.array([1.0, 0.3, 0.1]),
        50,
        9,
    )
    topics = replace(model.topics, acceptance=table)
    path = tmp_path_factory.mktemp("models") / "drawn"
    save_model(path, model.segmentation, topics, load_vectors(model), name="drawn", about={}, card="# Drawn\n")
    return path


def classify(folder: Path, tmp_path: Path, *options: str) -> tuple[int, list[dict[str, object]], str]:
    path = tmp_path / "pieces.jsonl"
    path.write_text("".join(f"{json.dumps(piece)}\n" for piece in PIECES), "utf-8")
    done = CliRunner().invoke(app, ["classify", str(path), "--whole", "--model", str(folder), *options])
    rows = [json.loads(line) for line in done.stdout.splitlines()] if done.exit_code == 0 else []
    return done.exit_code, rows, done.stderr


def test_pieces_below_the_threshold_of_the_precision_are_unknown(folder: Path, tmp_path: Path) -> None:
    code, rows, said = classify(folder, tmp_path, "--min-precision", "0.95", "--unknown-share", "0")
    assert code == 0
    assert "confidence of 0.800 on: 0.975" in said
    assert [(row["dump"], row["unknown"]) for row in rows] == [("sure", False), ("unsure", True)]


def test_with_workers_the_same_rows_come_out(folder: Path, tmp_path: Path) -> None:
    options = ("--min-precision", "0.95", "--unknown-share", "0")
    assert classify(folder, tmp_path, *options)[1] == classify(folder, tmp_path, *options, "--jobs", "2")[1]


def test_a_precision_out_of_reach_is_one_line(folder: Path, tmp_path: Path) -> None:
    code, _, said = classify(folder, tmp_path, "--min-precision", "0.99")
    assert code == 1
    assert "at most. Ask for less, or label more." in said


def test_a_precision_over_one_is_a_slip_of_usage(folder: Path, tmp_path: Path) -> None:
    assert classify(folder, tmp_path, "--min-precision", "95")[0] == 2
