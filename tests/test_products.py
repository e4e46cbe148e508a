"""Products of whole numbers: exact, whatever the sizes and the processor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.segmentation.products import COLUMNS, MARGIN_ROWS, MOST, Layer, room_for, settle


def slow_growth(rows: np.ndarray, layer: Layer, dilation: int, n: int) -> np.ndarray:
    """What a layer adds, one product after another, before it is scaled: sums in eight bytes."""
    taps = layer.fours.shape[0]
    weights = layer.fours.transpose(0, 1, 3, 2).reshape(taps, layer.n_inputs, layer.n_outputs).astype(np.int64)
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
    bias = rng.standard_normal(n_out)
    layer = Layer.of(rng.standard_normal((taps, n_in, n_out)), bias, rng.uniform(0.001, 0.1, n_in), np.zeros(n_in))
    assert layer.n_inputs == -(-n_in // 4) * 4 and layer.n_outputs % COLUMNS == 0
    rows = room_for(n, layer.n_inputs)
    rows[MARGIN_ROWS : MARGIN_ROWS + n, :n_in] = rng.integers(0, MOST + 1, (n, n_in))
    hidden = rng.uniform(0, 3, (n, layer.n_outputs)).astype(np.float32)
    sums = slow_growth(rows, layer, dilation, n)
    expected = hidden + np.maximum(sums.astype(np.float32) * layer.steps + layer.bias, np.float32(0))
    layer.grow(rows, dilation, hidden)
    np.testing.assert_array_equal(hidden, expected)
    assert not layer.bias[n_out:].any() and not sums[:, n_out:].any()


def test_weights_are_within_half_a_step_of_which_the_largest_has_127() -> None:
    weights = np.random.default_rng(1).standard_normal((3, 128, 128))
    layer = Layer.of(weights, np.zeros(128), np.full(128, 0.1), np.zeros(128))
    kept = layer.fours.transpose(0, 1, 3, 2).reshape(3, 128, 128) * layer.steps * 10
    largest = np.abs(weights).max(axis=(0, 1))
    assert (np.abs(kept - weights) <= 0.5001 / 127 * largest).all()
    np.testing.assert_allclose(np.abs(kept).max(axis=(0, 1)), largest, rtol=1e-6)


@given(st.integers(1, 40), st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_a_byte_can_stand_for_zero(n_in: int, seed: int) -> None:
    """So that an input may be negative; weights of a hundred and twenty-seventh of one are kept exactly."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-127, 128, (1, n_in, 5)) / 127
    weights[0, rng.integers(n_in)] = 1.0
    zeros, bias = rng.integers(0, MOST + 1, n_in).astype(float), rng.standard_normal(5)
    layer = Layer.of(weights, bias, np.ones(n_in), zeros)
    rows = room_for(3, layer.n_inputs)
    rows[MARGIN_ROWS : MARGIN_ROWS + 3, :n_in] = rng.integers(0, MOST + 1, (3, n_in))
    hidden = np.zeros((3, layer.n_outputs), np.float32)
    layer.grow(rows, 0, hidden)
    exact = (rows[MARGIN_ROWS : MARGIN_ROWS + 3, :n_in] - zeros) @ weights[0] + bias
    np.testing.assert_allclose(hidden[:, :5], np.maximum(exact, 0.0), rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("sign", [1, -1])
def test_no_sum_is_cut_off(sign: int) -> None:
    """Where every input is as large as it can be: instructions that keep sums of two products in two bytes cut here."""
    layer = Layer.of(np.full((3, 571, 64), 1.0 * sign), np.zeros(64), np.ones(571), np.zeros(571))
    rows = room_for(1, layer.n_inputs)
    rows[MARGIN_ROWS - 2 : MARGIN_ROWS + 3] = MOST
    sums = slow_growth(rows, layer, 2, 1)
    assert np.abs(sums).max() == 3 * 571 * MOST * 127
    hidden = np.zeros((1, 64), np.float32)
    layer.grow(rows, 2, hidden)
    assert (hidden == np.maximum(sums.astype(np.float32) * layer.steps, np.float32(0))).all()


def test_a_layer_of_nothing_adds_its_bias_alone() -> None:
    layer = Layer.of(np.zeros((1, 4, 3)), np.array([1.0, -1.0, 2.0]), np.ones(4), np.zeros(4))
    hidden = np.zeros((2, layer.n_outputs), np.float32)
    layer.grow(room_for(2, layer.n_inputs), 0, hidden)
    assert hidden[:, :3].tolist() == [[1.0, 0.0, 2.0]] * 2 and not hidden[:, 3:].any()


def test_hidden_states_settle_at_the_nearest_unit_and_at_the_most() -> None:
    rows = room_for(1, 4)
    settle(np.array([[0.0, 0.374, 0.376, 1e9]], np.float32), np.float32(4), rows)
    assert rows[MARGIN_ROWS].tolist() == [0, 1, 2, MOST]
    assert not rows[:MARGIN_ROWS].any() and not rows[MARGIN_ROWS + 1 :].any()


@pytest.mark.parametrize("features", ["", "+avx2"])
def test_every_processor_comes_to_the_same(features: str, tmp_path: Path) -> None:
    """Those without the instruction for four products, and plain ones, in a process that compiles for them."""
    script = """
import numpy as np
from numba import njit
from topics.segmentation.products import MARGIN_ROWS, Layer, room_for
from topics.segmentation.responses import add_up, respond

@njit
def read(table, rows, places, best, sums):
    respond(table, rows, np.int64(1), np.int64(7), places, best)
    add_up(table, rows, np.int64(1), np.int64(7), np.int64(192), sums)

rng = np.random.default_rng(5)
layer = Layer.of(rng.standard_normal((3, 40, 70)), rng.standard_normal(70), np.ones(40), np.zeros(40))
rows = room_for(33, layer.n_inputs)
rows[MARGIN_ROWS : MARGIN_ROWS + 33] = rng.integers(0, 256, (33, 40))
hidden = np.zeros((33, layer.n_outputs), np.float32)
layer.grow(rows, 4, hidden)
best, sums = np.zeros((2, 64), np.int16)
table, places = rng.integers(-127, 128, (9, 256)).astype(np.int8), rng.integers(-900, 900, (2, 8, 64)).astype(np.int16)
read(table, rng.integers(0, 9, 10).astype(np.int32), places, best, sums)
print(hidden.tobytes().hex(), best.tolist(), sums.tolist())
"""
    settings = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}

    def run(settings: dict[str, str]) -> str:
        environment = {**os.environ, **settings}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert run(settings) == run({}) != ""
