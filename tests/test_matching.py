from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.matching import is_cut, measure_overlap, settle_boundaries, settle_topics
from topics.labels.store import Decisions, append_decisions, read_decisions
from topics.records import dump_digest, text_digest

DUMP = "Otters came back.\n" * 5 + "The weir was mended.\n" * 5  # 90 + 105 code points
OTTERS, WEIR = (0, 90), (90, 195)


def topic(span: tuple[int, int], slug: str = "rivers", *, text: str = DUMP, day: int = 1) -> TopicDecision:
    return TopicDecision(
        dump=dump_digest(text),
        start=span[0],
        end=span[1],
        segment=text_digest(text[slice(*span)]),
        topic=slug,
        kind="article",
        by="ada",
        at=f"2026-03-{day:02}T10:00:00Z",
        name="wire.txt",
    )


def boundary(offset: int, starts: bool = True, day: int = 1) -> BoundaryDecision:
    at = f"2026-03-{day:02}T10:00:00Z"
    return BoundaryDecision(dump=dump_digest(DUMP), offset=offset, starts=starts, by="ada", at=at, name="wire.txt")


@pytest.fixture
def decide(tmp_path: Path):
    def store(*decisions: TopicDecision | BoundaryDecision) -> Decisions:
        append_decisions(tmp_path / "a.jsonl", decisions)
        return read_decisions([tmp_path / "a.jsonl"])

    return store


def test_a_boundary_retires_every_decision_that_it_cuts_and_no_other(decide):
    decisions = decide(
        topic(OTTERS), topic(WEIR), topic((0, 195), "both", day=8), boundary(90), boundary(0), boundary(195)
    )
    boundaries = settle_boundaries(decisions)[dump_digest(DUMP)]
    assert [e.decision.topic for e in decisions.topics if is_cut(e.decision, boundaries)] == ["both"]


def test_a_boundary_that_was_taken_back_cuts_nothing(decide):
    decisions = decide(topic((0, 195)), boundary(90, day=1), boundary(90, starts=False, day=2))
    assert settle_boundaries(decisions) == {dump_digest(DUMP): {90: False}}
    assert not is_cut(decisions.topics[0].decision, {90: False})


def test_the_last_word_on_a_text_is_the_one_that_holds(decide):
    decisions = decide(topic(OTTERS, "new", day=3), topic(WEIR), topic(OTTERS, "old"))
    assert [entry.decision.topic for entry in settle_topics(decisions.topics)] == ["new", "rivers"]


spans = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair) + 1))


@given(spans, spans)
def test_overlap_is_intersection_over_union(first: tuple[int, int], second: tuple[int, int]):
    a, b = set(range(*first)), set(range(*second))
    assert measure_overlap(first, second) == len(a & b) / len(a | b)
    assert measure_overlap(first, second) == measure_overlap(second, first)
