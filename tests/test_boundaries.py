"""The decisions that bind: read from label files, the last word on each place, and nothing else read at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from topics import pipeline
from topics.bundle import Model
from topics.errors import LabelError
from topics.labels.boundaries import digest_decided, read_boundaries, read_project_boundaries
from topics.records import Dump, dump_digest

NETS = "Okafor has mended nets on the eastern quay since the first of the big storms, the harbour board said."
QUAY = "“Nobody else on the quay will mend them now,” she said, “and so I go on.”"  # no model would cut here
TEXT = f"{NETS}\n{QUAY}\n"
DUMP = Dump("quay.txt", TEXT)
AT = TEXT.index(QUAY)


def decision(offset: int, starts: bool = True, day: int = 1, text: str = TEXT) -> str:
    at = f"2026-03-{day:02}T10:00:00Z"
    row = {"type": "boundary", "dump": dump_digest(text), "offset": offset, "starts": starts}
    return json.dumps({**row, "by": "ada", "at": at, "name": "quay.txt"})


def write(folder: Path, *lines: str, name: str = "mine.jsonl") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return folder


def test_the_later_time_holds_then_the_later_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "labels", decision(9, day=3), decision(9, False, day=2), decision(7), decision(7, False))
    assert read_boundaries(folder) == {dump_digest(TEXT): {9: True, 7: False}}


def test_offsets_stand_in_the_order_in_which_they_were_last_decided(tmp_path: Path) -> None:
    folder = write(tmp_path / "labels", decision(9), decision(7, day=2), decision(9, False, day=3))
    assert list(read_boundaries(folder)[dump_digest(TEXT)].items()) == [(7, True), (9, False)]


def test_lines_that_speak_of_no_boundary_are_not_even_parsed(tmp_path: Path) -> None:
    folder = write(tmp_path / "labels", "not JSON", '{"type": "topic", "name": "boundary"', decision(9))
    write(folder, '{"type": "boundary", broken', name="mine.terms.jsonl")
    said: list[LabelError] = []
    assert read_boundaries(folder, said.append) == {dump_digest(TEXT): {9: True}}
    [problem] = said  # the second line holds the word
    assert "mine.jsonl:2: not JSON" in str(problem)


def test_a_decision_that_a_killed_process_cut_off_is_reported(tmp_path: Path) -> None:
    folder = write(tmp_path / "labels", decision(9))
    path = folder / "mine.jsonl"
    path.write_text(path.read_text() + decision(7)[:40])
    with pytest.raises(LabelError, match=r"mine\.jsonl:2: the line is cut off"):
        read_boundaries(folder)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="no such label folder"):
        read_boundaries(tmp_path / "gone")


def test_the_digest_names_what_binds_and_nothing_else() -> None:
    one, other = {"a": {1: True, 5: False}, "b": {2: True}}, {"b": {2: True}, "a": {1: True, 5: False}}
    assert digest_decided(one) == digest_decided(other)
    assert len({digest_decided(d) for d in (one, {"a": {1: True}}, {"a": {1: False}}, {"c": {1: True}}, {})}) == 5
    assert digest_decided({}) is None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "labels"


def starts(dump: Dump, model: Model, **options: Any) -> list[int]:
    return [piece.start for piece in pipeline.segment(dump, model, **options)]


def test_what_the_project_decided_binds_unless_other_decisions_are_given(project: Path, model: Model) -> None:
    assert read_project_boundaries() == {}
    write(project, decision(AT))
    assert starts(DUMP, model, boundaries=0.99) == [0, AT]
    assert starts(DUMP, model, boundaries=0.99, decided={}) == [0]
    assert starts(DUMP, model, boundaries=0.01, decided={dump_digest(TEXT): {AT: False}}) == [0]
    assert starts(Dump("quay.txt", TEXT + " "), model, boundaries=0.99) == [0]  # another text, whatever its name
    assert starts(DUMP, model, whole=True) == [0]


def test_a_decision_binds_as_soon_as_it_is_written(project: Path, model: Model) -> None:
    write(project, decision(AT))
    assert starts(DUMP, model, boundaries=0.99) == [0, AT]
    write(project, decision(AT), decision(AT, False, day=2))
    assert starts(DUMP, model, boundaries=0.01) == [0]


def test_many_dumps_have_each_its_own_decisions(project: Path, model: Model) -> None:
    other = Dump("other.txt", f"{QUAY}\n{NETS}\n")
    write(project, decision(AT), decision(other.text.index(NETS), False, text=other.text), decision(999))
    said: list[LabelError] = []
    done = pipeline.classify_dumps([DUMP, other], model, boundaries=0.5, on_problem=said.append)
    assert [[row["start"] for row in rows] for _, rows in done] == [[0, AT], [0]]
    [problem] = said
    assert "quay.txt" in str(problem) and "999" in str(problem)
    with pytest.raises(LabelError, match="999"):
        list(pipeline.classify_dumps([DUMP, other], model))
