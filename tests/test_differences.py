"""What two models say differently: every change once, nothing that is alike, and the same in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from topics.bundle import Model, save_model
from topics.cli import app
from topics.differences import Difference, DifferenceCounts, compare_dump, compare_models, read_dumps_of_run
from topics.errors import DumpError
from topics.pipeline import classify_dump
from topics.records import Dump
from topics.writers.differences import render_differences

TEXT = (
    "Ferry fares rise\n\nThe harbour board raised fares on Monday, and said that fuel had become dear.\n\n"
    "Home side wins late\n\nThe striker scored twice in the cup final, and the goalkeeper saved a penalty.\n"
)


def row(start: int, end: int, topic: str | None, kind: str = "article", also: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "id": f"{start}-{end}", "start": start, "end": end, "start_line": start, "end_line": end, "kind": kind,
        "title": None, "topic": topic, "score": 0.5 if topic else None, "also": list(also), "unknown": topic is None,
        "text": "x" * (end - start),
    }  # fmt: skip


CUTS = st.sets(st.integers(1, 29), max_size=6)
TOPICS = st.sampled_from(["a", "b", None])


@given(CUTS, CUTS, st.data())
def test_differences_are_disjoint_and_cover_whatever_is_not_alike(
    first: set[int], second: set[int], data: st.DataObject
) -> None:
    def rows(cuts: set[int]) -> list[dict[str, Any]]:
        places = [0, *sorted(cuts), 30]
        return [row(a, b, data.draw(TOPICS)) for a, b in pairwise(places)]

    before, after = rows(first), rows(second)
    found = list(compare_dump("d", before, after))
    at = 0
    for difference in found:
        start, end = difference.to_row()["start"], difference.to_row()["end"]
        assert at <= start < end
        at = end
        for side in (difference.before, difference.after):
            assert (side[0]["start"], side[-1]["end"]) == (start, end)
            assert all(a["end"] == b["start"] for a, b in pairwise(side))
        assert (difference.change == "topic") == (len(difference.before) == len(difference.after) == 1)
    named = {(r["start"], r["end"]) for difference in found for r in difference.after}
    said = {(r["start"], r["end"]): r["topic"] for r in before}
    for r in after:
        alike = said.get((r["start"], r["end"]), "other cut") == r["topic"]
        assert ((r["start"], r["end"]) in named) is not alike


def test_another_secondary_topic_is_a_change_and_another_score_is_none() -> None:
    before = [row(0, 5, "a"), row(5, 9, "b"), row(9, 12, None, "boilerplate")]
    after = [{**row(0, 5, "a"), "score": 0.9}, row(5, 9, "b", also=("a",)), row(9, 12, None)]
    assert [difference.to_row()["start"] for difference in compare_dump("d", before, after)] == [5, 9]


def test_topics_of_a_stretch_are_those_of_most_of_its_text() -> None:
    difference = Difference("d", "boundary", (row(0, 3, "a"), row(3, 30, None)), (row(0, 30, None, "boilerplate"),))
    assert difference.topics == ("unknown", "boilerplate")


def test_a_model_differs_from_itself_in_nothing(model: Model) -> None:
    counts = DifferenceCounts()
    assert list(compare_models([Dump("d.txt", TEXT)], model, model, counts, decided={})) == []
    assert counts.n_same == counts.n_before == counts.n_after > 0
    assert counts.summary().startswith("1 dump, ") and ": 2 alike, 0 with another topic, 0 " in counts.summary()


def test_dumps_come_back_from_a_run_s_rows(model: Model) -> None:
    dumps = [Dump("a.txt", TEXT), Dump("a.txt", TEXT[20:]), Dump("b.txt", "\n" + TEXT)]
    rows = [each for dump in dumps for each in classify_dump(dump, model, decided={})]
    assert list(read_dumps_of_run(rows)) == dumps
    with pytest.raises(DumpError, match="does not follow the one before"):
        list(read_dumps_of_run(rows[1:]))


# ---- the command


@pytest.fixture(scope="module")
def other(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model, but whatever is sport is health to it, and every other cut is missed."""
    weights, bias = model.topics.weights.copy(), model.topics.bias.copy()
    sport, health = model.topics.slugs.index("sport"), model.topics.slugs.index("health")
    for array in (weights, bias):
        array[..., [sport, health]] = array[..., [health, sport]]
    topics = replace(model.topics, weights=weights, bias=np.asarray(bias))
    folder = tmp_path_factory.mktemp("models") / "other"
    segmentation = replace(model.segmentation, threshold=0.95)
    save_model(folder, segmentation, topics, name="other", about={"taxonomy": []}, card="# Other\n")
    return folder


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    path = tmp_path / "d.txt"
    path.write_bytes(TEXT.encode())
    return path


def diff(*words: object) -> Any:
    done = CliRunner().invoke(app, ["models", "diff", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done


def test_changes_are_listed_with_both_scores(other: Path, dump: Path) -> None:
    done = diff("default", other, dump, "--no-labels")
    [found] = [json.loads(line) for line in done.stdout.splitlines()]
    assert found["change"] == "topic"
    [before], [after] = found["before"], found["after"]
    assert (before["topic"], after["topic"]) == ("sport", "health")
    assert 0 < after["score"] <= 1 and before["title"] == "Home side wins late"
    assert "1 with another topic" in done.stderr


def test_a_run_stands_for_its_dumps(other: Path, dump: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert CliRunner().invoke(app, ["classify", str(dump), "--output", str(run), "--no-labels"]).exit_code == 0
    rows = tmp_path / "rows.jsonl"
    assert CliRunner().invoke(app, ["classify", str(dump), "--output", str(rows), "--no-labels"]).exit_code == 0
    said = [diff("default", other, source, "--no-labels").stdout for source in (dump, run, rows)]
    assert said[0] == said[1] == said[2] != ""


def test_the_page_escapes_what_it_shows_and_loads_nothing(other: Path, tmp_path: Path) -> None:
    path = tmp_path / "<b>.txt"
    path.write_bytes(TEXT.replace("Home side wins late", "<script>alert(1)</script> wins").encode())
    page = tmp_path / "changes.html"
    done = diff("default", other, path, "--no-labels", "-o", page)
    assert done.stdout == ""
    html = page.read_text("utf-8")
    assert "<script>" not in html and "&lt;script&gt;" in html and "<b>.txt" not in html
    assert "default-src 'none'" in html
    for words in ("What changed", "sport", "health"):
        assert words in html


def test_the_table_has_both_sides_in_a_line(model: Model) -> None:
    before = [{**row(0, 5, "a"), "title": "Ferries"}, row(5, 9, "b")]
    after = [{**row(0, 5, None), "title": "Ferries"}, row(5, 7, "b"), row(7, 9, "c")]
    console = Console(width=80, record=True, file=open("/dev/null", "w"))
    render_differences((d.to_row() for d in compare_dump("d[1].txt", before, after)), console)
    console.file.close()
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines[0] == "d[1].txt"
    assert lines[2].split() == ["0–5", "a", "0.50", "unknown", "Ferries"]
    cut = [["5–9", "b", "0.50"], ["5–7", "b", "0.50"], ["7–9", "c", "0.50"]]
    assert [line.split()[:3] for line in lines[3:]] == cut


def test_an_unknown_format_is_a_usage_error(dump: Path) -> None:
    done = CliRunner().invoke(app, ["models", "diff", "default", "default", str(dump), "-f", "csv"])
    assert done.exit_code == 2 and "jsonl and html are" in done.output
