"""The network: tables and kernels give what convolutions give, and no paragraph sees beyond its context."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_network import draw_example, slow_encode, slow_pass

from topics.paragraphs import split_paragraphs
from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS, analyse
from topics.segmentation.encoding import (
    MOST_OF_TOKEN,
    STEP,
    Array,
    RowTable,
    Sizes,
    StepTables,
    sizes_of,
)
from topics.segmentation.lexicon import build_character_table
from topics.segmentation.network import CLIP, CONTEXT, FEATURE_UNITS, HEADS, Committee, Network
from topics.segmentation.products import MOST
from topics.segmentation.training.descent import Example, Learner
from topics.segmentation.training.reading import encode, fill_marks
from topics.segmentation.vocabulary import N_ENDINGS, N_TERMS, Vocabulary

N_TOKENS, N_FEATURES = 60, 7
SIZES = Sizes(embedded=20, opening=40, last=12, hidden=48)
FULL = (OPENING_TOKENS, LAST_TOKENS)
lengths = st.tuples(st.sampled_from([0, 1, 2, 3, 9, OPENING_TOKENS]), st.sampled_from([0, 1, 2, LAST_TOKENS]))


def draw_network(seed: int = 3, n_tokens: int = N_TOKENS, n_features: int = N_FEATURES) -> Network:
    """Random weights, biases among them, large enough for every paragraph to matter."""
    rng = np.random.default_rng(seed)
    weights = Learner(SIZES, n_tokens, n_features, seed).weights
    for name, array in weights.items():
        if "bias" in name:
            array += rng.standard_normal(array.shape).astype(np.float32) * np.float32(0.2)
    weights["positions"] *= 4
    weights["leave"] *= 5
    centre, spread = rng.standard_normal(n_features), rng.uniform(0.5, 2.0, n_features)
    return Network({**weights, "centre": centre.astype(np.float32), "spread": spread.astype(np.float32)})


def without_overview(network: Network) -> Network:
    """The same network, told nothing of the stretch as a whole."""
    return Network({**network.weights, "overview": 0 * network.weights["overview"]})


NETWORK = draw_network()
NEARSIGHTED = without_overview(NETWORK)


def encoded_by_tables(tokens: Any) -> tuple[Array, Any]:
    """As it is learned: in floats."""
    n = len(tokens.opening)
    encoded = np.full((n, SIZES.encoded), np.nan, np.float32)
    winners = np.full((n, SIZES.filters), 99, np.int16)
    weights = NETWORK.weights
    marks = fill_marks(weights["shapes"], weights["positions"], weights["filters"], SIZES.last_column)
    encode(
        tokens.opening.astype(np.int64), tokens.opening_shapes, tokens.ending.astype(np.int64), tokens.ending_shapes,
        weights["tokens"] @ weights["filters"], marks, weights["filter_bias"], encoded, winners,
    )  # fmt: skip
    return encoded, winners


def read_in_steps(tokens: Any, network: Network = NETWORK) -> Array:
    """As a model that only reads has it: of whole steps."""
    told = np.full((len(tokens.opening), SIZES.encoded + 1), 77, np.uint8)
    network.steps.tables.read(tokens, told)
    assert (told[:, -1] == 77).all()
    return (told[:, :-1] * STEP).astype(np.float32)


def standardised(features: Any, network: Network = NETWORK) -> Any:
    return np.clip((features - network.weights["centre"]) / network.weights["spread"], -CLIP, CLIP)


@given(st.lists(lengths, max_size=6), st.integers(0, 10**6))
@settings(max_examples=40)
def test_encoding_through_tables_equals_convolutions(sizes: list[tuple[int, int]], seed: int) -> None:
    example = draw_example(np.random.default_rng(seed), sizes, N_TOKENS, N_FEATURES)
    expected = slow_encode(example, NETWORK.weights)
    np.testing.assert_allclose(encoded_by_tables(example)[0], expected, rtol=1e-4, atol=1e-4)
    # three tokens and a place, each half a step off at the most
    np.testing.assert_allclose(read_in_steps(example), expected, rtol=1e-4, atol=2.1 * STEP)


def test_a_row_of_the_tables_is_the_same_whatever_rows_are_made_with_it() -> None:
    """Products of matrices are not, in single precision: which dumps came first would show."""
    n = 3000
    wide = Learner(Sizes(embedded=96, opening=256, last=64, hidden=8), n, N_FEATURES, 2).weights
    weights = {name: array.astype(np.float16).astype(np.float32) for name, array in wide.items()}
    both = StepTables(weights)
    at_once, one_by_one = both.opening, StepTables(weights).opening

    def make(table: RowTable, *tokens: int) -> Any:
        own = np.array([tokens], np.uint16)
        found = table.find(own, np.full_like(own, 2, np.uint8))
        assert found[0, 0] == found[0, -1] == 0
        return found[0, 1:-1]

    rows = make(at_once, *range(n))
    assert sorted(rows.tolist()) == list(range(1, n + 1))
    assert not at_once.rows[0].any()
    for token in reversed(range(n)):
        (row,) = make(one_by_one, token)
        assert row == n - token
        assert np.array_equal(one_by_one.rows[row], at_once.rows[rows[token]])
    assert pickle.loads(pickle.dumps(both)).of_place.tobytes() == both.of_place.tobytes()


def test_numbers_too_large_for_a_step_are_the_largest() -> None:
    weights = {name: array * (40 if name in ("tokens", "positions") else 1) for name, array in NETWORK.weights.items()}
    example = draw_example(np.random.default_rng(4), [FULL] * 9, N_TOKENS, N_FEATURES)
    network = Network(weights)
    assert read_in_steps(example, network).max() == MOST * STEP
    assert np.abs(network.steps.tables.opening.rows[1:9].astype(int)).max() == MOST_OF_TOKEN


def test_an_empty_paragraph_says_nothing_but_the_bias_of_its_mean() -> None:
    encoded, winners = encoded_by_tables(draw_example(np.random.default_rng(1), [(0, 0)], N_TOKENS, N_FEATURES))
    filters = SIZES.filters
    assert not encoded[0, :filters].any() and (winners == -1).all()
    assert np.array_equal(encoded[0, filters:], np.maximum(NETWORK.weights["filter_bias"][filters:], 0))
    in_steps = read_in_steps(draw_example(np.random.default_rng(1), [(0, 0)], N_TOKENS, N_FEATURES))
    assert not in_steps[0, :filters].any()
    np.testing.assert_allclose(in_steps, encoded, atol=STEP)


def test_a_winner_is_the_token_at_which_a_filter_answers_best() -> None:
    """Only a change within one token of the winner can lower a filter's response."""
    rng = np.random.default_rng(7)
    example = draw_example(rng, [FULL, (5, 3)], N_TOKENS, N_FEATURES)
    before, winners = encoded_by_tables(example)
    assert (winners >= 0).sum() > 80
    assert np.array_equal(winners < 0, before[:, : SIZES.filters] == 0)
    for t in range(OPENING_TOKENS):
        example.opening[:, t] = np.where(example.opening[:, t] > 0, 1 + example.opening[:, t] % (N_TOKENS - 1), 0)
        after, _ = encoded_by_tables(example)
        lower = after[:, : SIZES.opening] < before[:, : SIZES.opening] - 1e-5
        near = np.abs(winners[:, : SIZES.opening] - t) <= 1
        assert not (lower & ~near).any()
        before, winners = encoded_by_tables(example)


def test_a_paragraph_is_read_to_its_opening_tokens_and_its_last() -> None:
    """What stands between them is not read: longer paragraphs differ in nothing but their features."""
    words = [f"word{k}" for k in range(70)]
    characters = build_character_table()
    none = np.zeros(0, np.int32)
    vocabulary = Vocabulary(
        none.astype(np.uint64), none.astype(np.uint8), none, np.ones(N_TERMS, np.float32), characters
    )
    network = draw_network(n_tokens=vocabulary.n_tokens)

    def encoded(text: str) -> Array:
        return read_in_steps(analyse(text, split_paragraphs(text), vocabulary), network)

    whole = encoded(" ".join(words))
    shorter = encoded(" ".join(words[:OPENING_TOKENS] + words[-LAST_TOKENS:]))
    assert vocabulary.n_tokens == 16 + N_ENDINGS
    assert np.array_equal(whole, shorter)
    assert not np.array_equal(whole, encoded(" ".join(words[: OPENING_TOKENS - 1] + words[-LAST_TOKENS:])))


@pytest.mark.parametrize("n", [1, 2, 16, 17, 70])
def test_scores_equal_a_slow_reference(n: int) -> None:
    """Fewer paragraphs than a dilation reaches over too."""
    rng = np.random.default_rng(n)
    sizes = [(int(rng.integers(0, 8)), int(rng.integers(0, 5))) for _ in range(n)]
    example = draw_example(rng, sizes, N_TOKENS, N_FEATURES)
    features = rng.standard_normal((n, N_FEATURES)).astype(np.float32) * 3
    features[0, 0] = 1e6  # an outlier says no more than CLIP
    odds = NETWORK.score(example, features)
    assert odds.shape == (n, len(HEADS))
    told = NETWORK.tell(example, features)
    units = np.repeat([STEP, 1 / FEATURE_UNITS], [SIZES.encoded, N_FEATURES])
    np.testing.assert_allclose(odds, slow_pass(told, NETWORK.weights, units), rtol=1e-4, atol=1e-4)
    # and near to floats: odds of random weights, of which hidden states make much more than of learned ones
    assert np.abs(odds - slow_pass(told, NETWORK.weights)).max() < 0.1 * odds.std()
    encoded = slow_encode(example, NETWORK.weights)
    np.testing.assert_allclose(told[:, : SIZES.encoded], encoded, rtol=1e-4, atol=2.1 * STEP)
    np.testing.assert_allclose(told[:, SIZES.encoded :], standardised(features), atol=0.51 / FEATURE_UNITS)


def test_no_paragraphs_score_nothing() -> None:
    example = draw_example(np.random.default_rng(0), [], N_TOKENS, N_FEATURES)
    assert NETWORK.score(example, np.zeros((0, N_FEATURES), np.float32)).shape == (0, len(HEADS))


def changed_rows(network: Network, at: int, n: int) -> list[int]:
    """The paragraphs whose odds a change of paragraph ``at`` moves, in one of several stretches: what comes from afar
    is little, and may be less than a step."""
    moved = np.zeros(n, np.bool_)
    for seed in range(11, 19):
        rng = np.random.default_rng(seed)
        example = draw_example(rng, [(6, 4)] * n, N_TOKENS, N_FEATURES)
        features = rng.standard_normal((n, N_FEATURES)).astype(np.float32)
        before = network.score(example, features)
        example.opening[at, :6] = 1 + example.opening[at, :6] % (N_TOKENS - 1)
        example.ending[at, -4:] = 1 + example.ending[at, -4:] % (N_TOKENS - 1)
        features[at] += 2.0
        moved |= (network.score(example, features) != before).any(axis=1)
    places: list[int] = np.flatnonzero(moved).tolist()
    return places


def test_a_paragraph_sees_as_far_as_the_context_and_no_further() -> None:
    n = 3 * CONTEXT
    at = n // 2
    assert changed_rows(NEARSIGHTED, at, n) == list(range(at - CONTEXT, at + CONTEXT + 1))
    assert changed_rows(NEARSIGHTED, 0, n) == list(range(CONTEXT + 1))


def test_every_paragraph_is_told_of_the_stretch_as_a_whole() -> None:
    assert changed_rows(NETWORK, 0, 3 * CONTEXT) == list(range(3 * CONTEXT))


def test_weights_come_back_from_arrays_in_half_precision() -> None:
    arrays = NETWORK.to_arrays()
    assert all(array.dtype == np.float16 for array in arrays.values())
    again = Network.from_arrays(arrays)
    assert again.weights.keys() == NETWORK.weights.keys()
    for name, array in again.weights.items():
        assert array.dtype == np.float32
        np.testing.assert_allclose(array, NETWORK.weights[name], rtol=1e-3, atol=1e-6)
    assert all(np.array_equal(array, again.to_arrays()[name]) for name, array in arrays.items())
    assert again.sizes == sizes_of(NETWORK.weights) == SIZES


def test_weights_for_other_heads_are_refused() -> None:
    arrays = NETWORK.to_arrays()
    with pytest.raises(ValueError, match="leave: shape"):
        Network.from_arrays({**arrays, "leave": arrays["leave"][:, 1:]})


def test_a_missing_weight_is_named() -> None:
    arrays = NETWORK.to_arrays()
    with pytest.raises(KeyError, match="enter"):
        Network.from_arrays({name: array for name, array in arrays.items() if name != "enter"})


def test_a_committee_is_of_the_mean_opinion_of_its_members_and_comes_back_from_arrays() -> None:
    rng = np.random.default_rng(8)
    example = draw_example(rng, [FULL] * 4, N_TOKENS, N_FEATURES)
    features = rng.standard_normal((4, N_FEATURES)).astype(np.float32)
    committee = Committee(tuple(draw_network(seed) for seed in (1, 2, 3)))
    mean = np.mean([member.score(example, features) for member in committee.members], axis=0)
    np.testing.assert_allclose(committee.score(example, features), mean, rtol=1e-5, atol=1e-5)
    again = Committee.from_arrays(committee.to_arrays())
    assert len(again.members) == 3
    kept = [Network.from_arrays(member.to_arrays()).score(example, features) for member in committee.members]
    np.testing.assert_allclose(again.score(example, features), np.mean(kept, axis=0), rtol=1e-5, atol=1e-5)
    with pytest.raises(KeyError, match="filter_bias"):
        Committee.from_arrays({})


def test_an_example_can_be_scored_like_an_analysis() -> None:
    example = draw_example(np.random.default_rng(5), [FULL] * 3, N_TOKENS, N_FEATURES)
    part: Example = example.stretch(1, 3)
    assert len(part) == 2
    assert np.array_equal(read_in_steps(part), read_in_steps(example)[1:])
