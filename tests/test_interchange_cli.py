"""``topics labels export`` and ``import``, and an export that comes back from a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import topics.shelf as shelf
from topics.cli import app
from topics.interchange import FORMATS
from topics.labels.standoff import read_terms
from topics.labels.store import read_decisions
from topics.runs import read_rows

TEXT = (
    "Shares slide as rates rise\n\nWall Street fell on Monday, bond yields rose, as investors sold bank shares when "
    "the central bank raised interest rates. The stock exchange index lost two per cent and the dollar gained.\n\n"
    "Home side wins late\n\nThe striker scored twice in the cup final, and the goalkeeper saved a penalty. The coach "
    "said that the club and its fans had waited ten seasons for the league and for the cup.\n"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a dump, classified into a run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(shelf, "user_folder", lambda: tmp_path / "user")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "d.txt").write_bytes(TEXT.encode())
    run("classify", "seeds", "--output", "run")
    return tmp_path


def run(*words: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done


def edit(path: Path, column: str, value: str, row: int = 0) -> None:
    """Change one cell as a spreadsheet would: semicolons, a byte order mark, columns moved about."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    rows[row][column] = value
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(rows[0]), delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())


def labels() -> list[Any]:
    return [entry.decision for entry in read_decisions([Path("labels")]).topics]


def topics_of_run() -> list[str]:
    return [row["topic"] for row in read_rows("run")]


def test_an_export_that_was_corrected_in_a_spreadsheet_comes_back(project: Path) -> None:
    [first, second] = topics_of_run()
    run("export", "run", "--output", "sheets", "--format", "csv")
    unchanged = run("labels", "import", "sheets", "--format", "csv")
    assert "2 as suggested" in unchanged.stderr and unchanged.stdout == "" and not Path("labels").exists()
    edit(Path("sheets") / first / f"{first}.csv", "topic", "Climate, environment, weather")
    tried = run("labels", "import", "sheets", "--format", "csv", "--dry-run")
    assert "no label -> climate" in tried.stdout and "nothing was written" in tried.stderr
    assert not Path("labels").exists()
    done = run("labels", "import", "sheets", "--format", "csv", "--by", "anna", "--at", "2026-11-24T10:00:00Z")
    assert tried.stdout == done.stdout
    [decision] = labels()
    [row, _] = read_rows("run")
    assert (decision.topic, decision.by, decision.name, decision.text) == ("climate", "anna", "d.txt", None)
    assert (decision.start, decision.end, decision.segment) == (row["start"], row["end"], row["digest"])
    again = run("labels", "import", "sheets", "--format", "csv")
    assert "1 same, 1 as suggested" in again.stderr and len(labels()) == 1
    confirmed = run("labels", "import", "sheets", "--format", "csv", "--confirm", "--json")
    [change] = [json.loads(line) for line in confirmed.stdout.splitlines()]
    assert change["before"] is None and change["after"]["topic"] == second
    assert len(labels()) == 2


def test_a_correction_of_a_run_holds_over_an_older_label_and_not_over_a_later_one(project: Path) -> None:
    """The sheets hold what the model says, whatever people said of the same pieces before."""
    [first, _] = topics_of_run()
    for name in ("before", "kept"):
        run("export", "run", "--output", name, "--format", "csv")
    edit(Path("before") / first / f"{first}.csv", "topic", "climate")
    run("labels", "import", "before", "--format", "csv", "--at", "2026-11-24T10:00:00Z")
    run("export", "run", "--output", "after", "--format", "csv")
    assert "1 same, 1 as suggested" in run("labels", "import", "after", "--format", "csv").stderr
    edit(Path("after") / first / f"{first}.csv", "topic", "health")
    done = run("labels", "import", "after", "--format", "csv", "--at", "2026-11-24T11:00:00Z")
    assert "climate -> health" in done.stdout
    edit(Path("kept") / first / f"{first}.csv", "topic", "culture")
    late = run("labels", "import", "kept", "--format", "csv", code=1)
    assert f"says culture, was sent out as {first}" in late.stderr and "and the labels say health." in late.stderr
    assert [decision.topic for decision in labels()] == ["climate", "health"]


def test_what_cannot_be_applied_is_said_and_the_rest_is_applied(project: Path) -> None:
    [first, second] = topics_of_run()
    run("export", "run", "--output", "sheets", "--format", "csv")
    edit(Path("sheets") / first / f"{first}.csv", "topic", "climat")
    edit(Path("sheets") / second / f"{second}.csv", "topic", "health")
    done = run("labels", "import", "sheets", "--format", "csv", code=1)
    assert 'unknown topic "climat"' in done.stderr and 'Is "climate" meant?' in done.stderr
    assert "1 not applied" in done.stderr
    assert [decision.topic for decision in labels()] == ["health"]


@pytest.mark.parametrize("format", FORMATS)
def test_labels_go_out_and_come_back_into_another_project(format: str, project: Path) -> None:
    run("export", "run", "--output", "sheets", "--format", "csv")
    run("labels", "import", "sheets", "--format", "csv", "--confirm")
    before = [(decision.segment, decision.topic, decision.also) for decision in labels()]
    run("labels", "export", "--format", format, "--output", "out.file")
    Path("labels/imported.jsonl").rename("labels.before")
    run("labels", "import", "out.file", "--format", format, "--run", "run", "--confirm", "--into", "again.jsonl")
    assert sorted((decision.segment, decision.topic, decision.also) for decision in labels()) == sorted(before)


def test_a_run_goes_out_with_suggestions_and_what_is_decided(project: Path) -> None:
    run("export", "run", "--output", "sheets", "--format", "csv")
    [first, _] = topics_of_run()
    edit(Path("sheets") / first / f"{first}.csv", "topic", "climate")
    run("labels", "import", "sheets", "--format", "csv")
    done = run("labels", "export", "--format", "label-studio", "--run", "run")
    decided, suggested = json.loads(done.stdout)
    assert decided["annotations"][0]["result"][0]["value"]["choices"][0] == "climate" and "predictions" not in decided
    assert suggested["predictions"][0]["model_version"].startswith("default@") and "annotations" not in suggested


def test_labels_of_text_from_elsewhere_keep_it_or_its_terms(project: Path) -> None:
    rows = [{"text": f"The choir of town {k} sang in the old hall on Sunday.", "label": ["culture"]} for k in range(4)]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    run("labels", "import", "in.jsonl", "--format", "doccano", "--into", "kept.jsonl")
    assert [decision.text for decision in labels()] == [row["text"] for row in rows]
    Path("labels/kept.jsonl").unlink()
    run("labels", "import", "in.jsonl", "--format", "doccano", "--into", "bare.jsonl", "--without-text")
    assert [decision.text for decision in labels()] == [None] * 4
    terms = read_terms(Path("labels/bare.terms.jsonl"))
    assert len(terms) == 4 and "choir" in terms[0].terms.body


def test_without_text_a_sheet_has_references_and_no_text(project: Path) -> None:
    run("labels", "export", "--format", "csv", "--run", "run", "--without-text", "-o", "bare.csv")
    rows = list(csv.DictReader(io.StringIO(Path("bare.csv").read_bytes().decode("utf-8-sig"), newline="")))
    assert [row["text"] for row in rows] == ["", ""] and all(row["topics_ref"] for row in rows)
    edit(Path("bare.csv"), "topic", "health")
    run("labels", "import", "bare.csv", "--format", "csv")
    assert [decision.topic for decision in labels()] == ["health"]
    refused = run("labels", "export", "--format", "doccano", "--run", "run", "--without-text", code=2)
    assert "nothing without text" in refused.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "--format", "brat"], 'no format "brat"'),
        (["import", "x", "--format", "brat"], 'no format "brat"'),
        (["import", "x", "--format", "csv", "--at", "yesterday", "--dry-run"], '"yesterday" is not an ISO 8601 time'),
        (["import", "x", "--format", "csv", "--by", " "], "is not a text"),
        (["import", "x", "--format", "csv", "--into", "../x.jsonl"], "inside the labels' folder"),
        (["import", "x", "--format", "csv", "--into", "x.terms.jsonl"], "inside the labels' folder"),
    ],
)
def test_usage_errors(project: Path, words: list[str], said: str) -> None:
    assert said in " ".join(run("labels", *words, code=2).output.split()).replace("│ ", "")


def test_nothing_to_export_is_said(project: Path) -> None:
    done = run("labels", "export", "--format", "csv", code=1)
    assert "no label files" in done.stderr
