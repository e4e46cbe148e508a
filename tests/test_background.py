"""Pieces written to teach: what is read of them, what they teach, and that nothing is measured by them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_training import ALL, project

from topics.bundle import load_model
from topics.evaluation.crossval import cross_validate
from topics.examples import read_training_set
from topics.labels.background import BackgroundPiece, read_background
from topics.labels.taxonomy import Taxonomy, Topic
from topics.pipeline import classify, segment
from topics.training import train

TAXONOMY = Taxonomy(
    (Topic("rivers", "Rivers", "Water."), Topic("roads", "Roads", "Tar.")),
    "labels/taxonomy.toml",
    {"brooks": ("rivers",)},
)
TEXT = "The weir at Upper Stour holds the brook back."
PIECE = {"title": "The weir", "text": TEXT, "topic": "brooks", "also": ["roads"]}


def write(labels: Path, *rows: object) -> Path:
    path = labels / "background" / "weirs.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def test_pieces_are_read_in_the_words_of_today_s_taxonomy(tmp_path: Path) -> None:
    write(tmp_path, PIECE, "", {**PIECE, "also": []})
    pieces, problems = read_background(tmp_path, TAXONOMY)
    assert pieces == [
        BackgroundPiece("The weir", TEXT, "rivers", ("roads",)),
        BackgroundPiece("The weir", TEXT, "rivers"),
    ]
    assert problems == []
    assert read_background(tmp_path / "elsewhere", TAXONOMY) == ([], [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ({"title": "a", "text": "b"}, "not an object with title"),
        ({**PIECE, "mood": "calm"}, "not an object with title"),
        ({**PIECE, "text": " "}, "is no text"),
        ({**PIECE, "also": "roads"}, "also is no list"),
        ({**PIECE, "topic": "canals"}, 'unknown topic "canals"'),
    ],
)
def test_a_line_that_cannot_be_used_is_named_and_the_others_are_read(tmp_path: Path, row: object, said: str) -> None:
    path = write(tmp_path, row, PIECE)
    pieces, [problem] = read_background(tmp_path, TAXONOMY)
    assert len(pieces) == 1
    assert problem.startswith(f"{path}:1: ")
    assert said in problem
    assert "\n" not in problem


def test_background_teaches_and_nothing_is_measured_by_it(tmp_path: Path) -> None:
    labels = project(tmp_path, own=ALL)
    slug = str(json.loads((labels / "own.jsonl").read_text("utf-8").splitlines()[0])["topic"])
    odd = "Zibeline brought a quern of tamarind to the ghat, and the quern was ground by the ghat."
    before = train(labels, tmp_path / "models" / "before")
    path = write(labels, *({"title": f"Quern {n}", "text": odd, "topic": slug} for n in range(6)), "{")
    after = train(labels, tmp_path / "models" / "after")
    assert any(problem.startswith(f"{path}:7: ") for problem in after.problems)
    assert (after.n_labels, after.metrics["topics"]["n"]) == (before.n_labels, before.metrics["topics"]["n"])
    model = load_model(after.path)
    assert list(model.manifest["background"]) == ["weirs.jsonl"]
    assert "background pieces" in (after.path / "CARD.md").read_text("utf-8")
    [piece] = segment(odd, model)
    assert classify([piece], model)[0].topics[0][0] == slug
    had = read_training_set(labels)
    assert len(had.lessons) == len(had.slugs) + 6
    assert cross_validate(labels, n_folds=2).report.n == sum(e.is_certain for e in had.pieces.examples)
