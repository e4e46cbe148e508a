"""Decoding: the best set of starts for a whole dump, against trying every set."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.segmentation.decode import decode_starts


def gain_of(starts: tuple[int, ...], p: list[float], threshold: float) -> float:
    return sum(np.log(p[i] / (1 - p[i])) - np.log(threshold / (1 - threshold)) for i in starts)


def is_allowed(starts: tuple[int, ...], body: list[bool]) -> bool:
    """Every segment but a last one that has no choice holds a body paragraph."""
    bounds = [0, *starts, len(body)]
    return all(any(body[a:b]) for a, b in pairwise(bounds))


def best_by_trying_all(p: list[float], body: list[bool], threshold: float) -> float:
    inner = range(1, len(p))
    sets = (c for k in range(len(p)) for c in combinations(inner, k))
    return max((gain_of(s, p, threshold) for s in sets if is_allowed(s, body)), default=0.0)


paragraph = st.tuples(st.floats(0.02, 0.98), st.booleans())


@given(st.lists(paragraph, min_size=1, max_size=9), st.sampled_from([0.3, 0.5, 0.7]))
def test_decoding_finds_the_best_allowed_set_of_starts(paragraphs: list[tuple[float, bool]], threshold: float) -> None:
    p, body = [x for x, _ in paragraphs], [b for _, b in paragraphs]
    starts = decode_starts(np.array(p), np.array(body), threshold).tolist()
    assert starts[0] == 0
    inner = tuple(starts[1:])
    if any(body):
        assert is_allowed(inner, body)
    assert gain_of(inner, p, threshold) >= best_by_trying_all(p, body, threshold) - 1e-9


def test_of_a_headline_a_byline_and_a_first_sentence_one_start_is_taken() -> None:
    p = np.array([1.0, 0.1, 0.8, 0.7, 0.9, 0.1])
    body = np.array([True, True, False, False, True, True])
    assert decode_starts(p, body, 0.5).tolist() == [0, 4]


def test_a_higher_threshold_gives_fewer_starts() -> None:
    p = np.array([1.0, 0.6, 0.2, 0.9, 0.45])
    body = np.ones(5, bool)
    found = [len(decode_starts(p, body, threshold)) for threshold in (0.1, 0.5, 0.7, 0.95)]
    assert found == [5, 3, 2, 1]


def test_no_paragraphs_have_no_starts() -> None:
    assert decode_starts(np.zeros(0), np.zeros(0, bool), 0.5).tolist() == []


# Decisions


def allowed_around(starts: tuple[int, ...], body: list[bool], decided: dict[int, bool]) -> bool:
    """Decided starts are there, decided non-starts are not; without body is only what stands between the former."""
    forced = {i for i, starts_here in decided.items() if starts_here}
    if not forced <= {0, *starts} or any(not decided.get(i, True) for i in starts):
        return False
    fixed = forced | {0, len(body)}
    bounds = [0, *starts, len(body)]
    return all(any(body[a:b]) or {a, b} <= fixed for a, b in pairwise(bounds))


@st.composite
def decisions(draw: st.DrawFn) -> tuple[list[float], list[bool], dict[int, bool]]:
    paragraphs = draw(st.lists(paragraph, min_size=1, max_size=10))
    said = st.dictionaries(st.integers(0, len(paragraphs) - 1), st.booleans())
    return [p for p, _ in paragraphs], [b for _, b in paragraphs], draw(said)


@given(decisions(), st.sampled_from([0.05, 0.5, 0.7]))
@settings(max_examples=300)
def test_around_decisions_decoding_finds_the_best_allowed_set(
    case: tuple[list[float], list[bool], dict[int, bool]], threshold: float
) -> None:
    p, body, decided = case
    decided.pop(0, None)
    found = tuple(decode_starts(np.array(p), np.array(body), threshold, decided).tolist())
    assert found[0] == 0 and allowed_around(found[1:], body, decided)
    sets = (c for k in range(len(p)) for c in combinations(range(1, len(p)), k))
    best = max(gain_of(s, p, threshold) for s in sets if allowed_around(s, body, decided))
    assert gain_of(found[1:], p, threshold) >= best - 1e-9


@given(decisions(), st.sampled_from([1e-6, 0.5, 1 - 1e-6]))
def test_what_is_decided_holds(case: tuple[list[float], list[bool], dict[int, bool]], threshold: float) -> None:
    p, body, decided = case
    found = decode_starts(np.array(p), np.array(body), threshold, decided).tolist()
    for i, starts_here in decided.items():
        assert (i in found) == (starts_here or i == 0)


@given(decisions(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_higher_threshold_never_gives_more_starts(
    case: tuple[list[float], list[bool], dict[int, bool]], one: float, other: float
) -> None:
    p, body, decided = case
    many, few = (len(decode_starts(np.array(p), np.array(body), t, decided)) for t in sorted((one, other)))
    assert few <= many


def test_a_start_can_be_forced_on_a_byline_and_the_headline_before_it_stands_alone() -> None:
    p = np.array([1.0, 0.1, 0.9, 0.2, 0.1])
    body = np.array([True, True, False, False, True])
    assert decode_starts(p, body, 0.5).tolist() == [0, 2]
    assert decode_starts(p, body, 0.5, {3: True}).tolist() == [0, 3]  # the headline's own start would lack a body
    assert decode_starts(p, body, 0.5, {2: True, 3: True}).tolist() == [0, 2, 3]
    assert decode_starts(p, body, 0.5, {2: False}).tolist() == [0]


def test_certainty_on_either_side_does_not_outweigh_a_decision() -> None:
    p = np.array([1.0, 0.0, 1.0])
    assert decode_starts(p, np.ones(3, bool), 0.5, {1: True, 2: False}).tolist() == [0, 1]


def test_a_decision_about_no_paragraph_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="paragraph 3 of 3"):
        decode_starts(np.ones(3), np.ones(3, bool), 0.5, {3: True})
