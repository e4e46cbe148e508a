"""Claims about what benchmarks/facts.py counts and makes up."""

from __future__ import annotations

import importlib
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from topics.segmentation.training.corpora import Article, Corpora


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "benchmarks"))
    yield importlib.import_module("facts")
    for name in ("facts", "shared"):
        sys.modules.pop(name, None)


PARAGRAPH = "The harbour board voted on Monday to close the eastern quay while divers replace all of its piles."
CORPORA = Corpora((Article("Eastern quay to close", (PARAGRAPH,) * 9, "stour", "local", "2025-05"),), (), (), (), ())


def test_nothing_said_is_precise_and_recalls_nothing(facts: Any) -> None:
    silent = facts.Counts(0, 0, 4)
    assert (silent.precision, silent.recall, silent.f1) == (1.0, 0.0, 0.0)
    assert facts.Counts(1, 2, 4) + silent == facts.Counts(1, 2, 8)


@pytest.mark.parametrize("part", ["dev", "test"])
def test_made_up_pieces_show_their_truth_in_the_text(facts: Any, part: str) -> None:
    dates = list(facts.made_up_dates(random.Random(1), CORPORA, part, 60))
    assert {case.truth is None for case in dates} == {True, False}
    assert all(case.truth is None or case.truth[:4] in case.text for case in dates)
    sources = list(facts.made_up_sources(random.Random(1), CORPORA, part, 60))
    assert all(case.truth is None or case.truth in case.text for case in sources)


def test_blocks_are_long_lines_that_stand_together(facts: Any) -> None:
    long = "five words or more here"
    assert list(facts._blocks([long, long, "Menu", long])) == [[long, long], [long]]


def test_prose_of_the_two_parts_differs(facts: Any) -> None:
    rows = [json.loads(line) for line in (facts.DATA / "kinds.jsonl").read_text("utf-8").splitlines()]
    texts = [{line for row in rows if row["part"] == part for line in row["lines"]} for part in ("dev", "test")]
    assert not texts[0] & texts[1]
    assert sum(row["kind"] == "boilerplate" for row in rows) >= 30
