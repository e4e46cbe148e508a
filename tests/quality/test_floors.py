"""Floors that need the corpora in ../shared: boundaries on outlets kept out of training, and the real dumps.

Where the corpora are not there these tests are skipped and say so. gate.py pins what the shipped
model reaches on our own held-out dumps; the floors here are the least that it must reach on these.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from topics.bundle import Model, load_model
from topics.classification.model import predict_segments
from topics.records import Dump
from topics.segmentation import segment_dump
from topics.segmentation.training.corpora import read_corpora
from topics.segmentation.training.measure import measure_styles

ROOT = Path(__file__).resolve().parent.parent.parent
SHARED = ROOT.parent / "shared"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the corpora in ../shared are not here"),
]

FOUND_AT_LEAST = 12  # of 15 boundaries in the real dumps
FALSE_AT_MOST = 4
STYLE_FLOORS = {"t1": 0.95, "t2": 0.88, "t3": 0.74, "t4": 0.84, "t5": 0.83}


@pytest.fixture(scope="module")
def shipped() -> Model:
    return load_model(ROOT / "models" / "default")


def test_boundaries_on_outlets_kept_out_reach_their_floors(shipped: Model) -> None:
    found = measure_styles(shipped.segmentation, read_corpora(SHARED / "data").part("test"))
    under = {style: figures for style, figures in found.items() if figures["f1_lenient"] < STYLE_FLOORS[style]}
    assert not under


def test_the_real_dumps_are_cut_where_a_reader_cuts_them(shipped: Model) -> None:
    starts: dict[str, set[int]] = {}
    for line in (SHARED / "gold" / "seeds.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        starts.setdefault(row["dump"], set()).add(row["start_line"])
    hits = false = 0
    for name, gold in starts.items():
        text = (SHARED / "seeds" / name).read_bytes().decode()
        segments = segment_dump(Dump(name, text), shipped.segmentation)
        assert "".join(s.text for s in segments) == text
        found = {s.start_line for s in segments[1:]}
        hits += len(found & gold)
        false += len(found - gold)
        predictions = predict_segments(segments, shipped.topics, shipped.id)
        assert all(p.topic in shipped.topics.slugs for p in predictions if p.topic)
    assert hits >= FOUND_AT_LEAST, f"{hits} of 15 boundaries found"
    assert false <= FALSE_AT_MOST, f"{false} false boundaries"
