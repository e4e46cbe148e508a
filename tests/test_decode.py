"""Decoding: the best set of starts for a whole dump, against trying every set."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from hypothesis import given
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
