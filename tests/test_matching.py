from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.labels.decisions import BoundaryDecision, TopicDecision
from topics.labels.matching import Matches, match, measure_overlap, settle_boundaries, settle_topics
from topics.labels.store import Decisions, append_decisions, read_decisions
from topics.records import Segment, dump_digest, text_digest

DUMP = "Otters came back.\n" * 5 + "The weir was mended.\n" * 5  # 90 + 105 code points
OTTERS, WEIR = (0, 90), (90, 195)


def cut(text: str, *spans: tuple[int, int]) -> list[Segment]:
    return [
        Segment(
            dump="wire.txt",
            dump_digest=dump_digest(text),
            index=index,
            start=start,
            end=end,
            start_line=1,
            end_line=1,
            kind="article",
            title=None,
            published=None,
            source=None,
            boundary=1.0,
            furniture=(),
            language="en",
            text=text[start:end],
        )
        for index, (start, end) in enumerate(spans)
    ]


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


def found(matches: Matches) -> list[tuple[int, int, str | None]]:
    return [
        (labelled.segment.start, labelled.segment.end, labelled.entry.decision.topic) for labelled in matches.labelled
    ]


def test_a_decision_finds_the_segment_with_its_digest(decide):
    matches = match(decide(topic(WEIR, "works"), topic(OTTERS)), {dump_digest(DUMP): cut(DUMP, OTTERS, WEIR)})
    assert found(matches) == [(0, 90, "rivers"), (90, 195, "works")]
    assert not (matches.superseded or matches.retired or matches.stale or matches.absent)


def test_a_digest_is_found_in_any_dump_and_wherever_it_stands(decide):
    other = "A gate.\n" + DUMP[:90] + DUMP[:90].replace("\n", "  \n\n")
    pieces = cut(other, (0, 8), (8, 98), (98, len(other)))
    matches = match(decide(topic(OTTERS)), {dump_digest(other): pieces})
    assert found(matches) == [(8, 98, "rivers"), (98, len(other), "rivers")]


@pytest.mark.parametrize(
    ("span", "is_found"),
    [((0, 100), True), ((0, 101), False), ((9, 90), True), ((10, 90), False), ((0, 195), False)],
)
def test_nine_tenths_of_overlap_are_enough_and_less_is_not(decide, span: tuple[int, int], is_found: bool):
    """Of the span 0:90, 0:100 shares 90 of 100 code points, 9:90 81 of 90."""
    rest = (span[1], 195)
    pieces = [piece for piece in cut(DUMP, span, rest) if piece.start < piece.end]
    matches = match(decide(topic(OTTERS)), {dump_digest(DUMP): pieces})
    assert [place[:2] for place in found(matches)] == ([span] if is_found else [])
    assert len(matches.stale) == (not is_found)


def test_overlap_counts_only_in_the_same_dump(decide):
    other = DUMP.replace("Otters", "Badger")
    matches = match(decide(topic(OTTERS)), {dump_digest(other): cut(other, OTTERS, WEIR)})
    assert found(matches) == []
    assert len(matches.absent) == 1 and not matches.stale


def test_the_later_time_wins_then_the_later_line(decide):
    pieces = {dump_digest(DUMP): cut(DUMP, OTTERS, WEIR)}
    decisions = decide(topic(OTTERS, "late", day=9), topic(OTTERS, "early", day=2), topic(WEIR, "first"))
    assert found(match(decisions, pieces)) == [(0, 90, "late"), (90, 195, "first")]
    assert [entry.decision.topic for entry in match(decisions, pieces).superseded] == ["early"]
    decisions = decide(topic(WEIR, "second"))
    assert found(match(decisions, pieces))[1] == (90, 195, "second")


def test_a_later_overlapping_decision_beats_an_older_exact_one(decide):
    pieces = {dump_digest(DUMP): cut(DUMP, OTTERS, WEIR)}
    decisions = decide(topic(OTTERS, "exact", day=1), topic((0, 95), "wider", day=2))
    assert found(match(decisions, pieces)) == [(0, 90, "wider")]


def test_a_boundary_retires_every_decision_that_it_cuts_and_no_other(decide):
    pieces = {dump_digest(DUMP): cut(DUMP, OTTERS, WEIR)}
    decisions = decide(
        topic(OTTERS), topic(WEIR), topic((0, 195), "both", day=8), boundary(90), boundary(0), boundary(195)
    )
    matches = match(decisions, pieces)
    assert [entry.decision.topic for entry in matches.retired] == ["both"]
    assert found(matches) == [(0, 90, "rivers"), (90, 195, "rivers")]


def test_a_boundary_that_was_taken_back_cuts_nothing(decide):
    decisions = decide(topic((0, 195)), boundary(90, day=1), boundary(90, starts=False, day=2))
    assert settle_boundaries(decisions) == {dump_digest(DUMP): {90: False}}
    assert found(match(decisions, {dump_digest(DUMP): cut(DUMP, (0, 195))})) == [(0, 195, "rivers")]


def test_every_decision_has_one_fate(decide):
    decisions = decide(
        topic(OTTERS),
        topic(OTTERS, "hills", day=2),
        topic((0, 195)),
        boundary(90),
        topic((95, 130)),
        topic((0, 3), text="Dew fell."),
    )
    matches = match(decisions, {dump_digest(DUMP): cut(DUMP, OTTERS, WEIR)})
    holding = {labelled.entry for labelled in matches.labelled}
    fates = [*holding, *matches.superseded, *matches.retired, *matches.stale, *matches.absent]
    assert sorted(entry.rank for entry in fates) == [entry.rank for entry in decisions.topics]
    assert [len(part) for part in (matches.superseded, matches.retired, matches.stale, matches.absent)] == [1] * 4


def test_the_last_word_on_a_text_is_the_one_that_holds(decide):
    decisions = decide(topic(OTTERS, "new", day=3), topic(WEIR), topic(OTTERS, "old"))
    assert [entry.decision.topic for entry in settle_topics(decisions.topics)] == ["new", "rivers"]


spans = st.tuples(st.integers(0, 50), st.integers(0, 50)).map(lambda pair: (min(pair), max(pair) + 1))


@given(spans, spans)
def test_overlap_is_intersection_over_union(first: tuple[int, int], second: tuple[int, int]):
    a, b = set(range(*first)), set(range(*second))
    assert measure_overlap(first, second) == len(a & b) / len(a | b)
    assert measure_overlap(first, second) == measure_overlap(second, first)
