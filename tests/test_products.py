"""Products of whole numbers: exact, whatever the sizes, and never beyond four bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.segmentation.products import COLUMNS, MARGIN_ROWS, MOST, Layer, room_for, settle


def slow_growth(rows: np.ndarray, layer: Layer, dilation: int, n: int) -> np.ndarray:
    """What a layer adds, one product after another, before it is scaled: sums in eight bytes."""
    taps = layer.pairs.shape[0]
    weights = layer.pairs.transpose(0, 1, 3, 2).reshape(taps, layer.n_inputs, layer.n_outputs).astype(np.int64)
    sums = np.zeros((n, layer.n_outputs), np.int64)
    for tap in range(taps):
        first = MARGIN_ROWS + (tap - taps // 2) * dilation
        sums += rows[first : first + n].astype(np.int64) @ weights[tap]
    return sums


@given(
    st.sampled_from([1, 3]), st.integers(1, 70), st.integers(1, 70), st.integers(0, 23), st.integers(1, MARGIN_ROWS),
    st.integers(0, 10**6),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_layer_adds_what_is_positive_of_exact_sums(
    taps: int, n_in: int, n_out: int, n: int, dilation: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    most = rng.integers(1, 9000, n_in).astype(np.float64)
    bias = rng.standard_normal(n_out)
    layer = Layer.of(rng.standard_normal((taps, n_in, n_out)), bias, rng.uniform(0.001, 0.1, n_in), most)
    assert layer.n_inputs == n_in + n_in % 2 and layer.n_outputs % COLUMNS == 0
    rows = room_for(n, layer.n_inputs)
    rows[MARGIN_ROWS : MARGIN_ROWS + n, :n_in] = rng.integers(-most, most + 1, (n, n_in))
    hidden = rng.uniform(0, 3, (n, layer.n_outputs)).astype(np.float32)
    sums = slow_growth(rows, layer, dilation, n)
    expected = hidden + np.maximum(sums.astype(np.float32) * layer.steps + layer.bias, np.float32(0))
    layer.grow(rows, dilation, hidden)
    np.testing.assert_array_equal(hidden, expected)
    assert not layer.bias[n_out:].any() and not sums[:, n_out:].any()


def test_weights_are_kept_to_a_thousandth_of_the_largest() -> None:
    rng = np.random.default_rng(1)
    weights = rng.standard_normal((3, 128, 128))
    layer = Layer.of(weights, np.zeros(128), np.full(128, 1 / 256), np.full(128, 16383.0))
    kept = layer.pairs.transpose(0, 1, 3, 2).reshape(3, 128, 128) * layer.steps * 256
    assert np.abs(kept - weights).max() < 4e-3 < 1e-3 * np.abs(weights).max()


@pytest.mark.parametrize("sign", [1, -1])
def test_no_sum_leaves_four_bytes(sign: int) -> None:
    """Where every input is as large as it can be; a sum too large would come out with the other sign."""
    rng = np.random.default_rng(2)
    weights = np.abs(rng.standard_normal((3, 571, 64))) * sign
    layer = Layer.of(weights, np.zeros(64), np.full(571, 1.0), np.full(571, 8000.0))
    rows = room_for(1, layer.n_inputs)
    rows[MARGIN_ROWS - 2 : MARGIN_ROWS + 3] = 8000
    sums = slow_growth(rows, layer, 2, 1)
    assert 0.99 * MOST < np.abs(sums).max() <= MOST
    hidden = np.zeros((1, 64), np.float32)
    layer.grow(rows, 2, hidden)
    assert (hidden > 0).all() if sign > 0 else not hidden.any()


def test_a_layer_of_nothing_adds_its_bias_alone() -> None:
    layer = Layer.of(np.zeros((1, 4, 3)), np.array([1.0, -1.0, 2.0]), np.ones(4), np.ones(4))
    hidden = np.zeros((2, layer.n_outputs), np.float32)
    layer.grow(room_for(2, layer.n_inputs), 0, hidden)
    assert hidden[:, :3].tolist() == [[1.0, 0.0, 2.0]] * 2 and not hidden[:, 3:].any()


def test_hidden_states_settle_at_the_nearest_unit_and_at_the_most() -> None:
    rows = room_for(1, 4)
    settle(np.array([[0.0, 0.374, 0.376, 1e9]], np.float32), np.float32(4), np.float32(100), rows)
    assert rows[MARGIN_ROWS].tolist() == [0, 1, 2, 100]
    assert not rows[:MARGIN_ROWS].any() and not rows[MARGIN_ROWS + 1 :].any()
