"""Learning: the gradients are those of the loss, dumps of a batch do not see each other, and a seed decides all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from slow_network import draw_example, slow_score

from topics.segmentation.analysis import LAST_TOKENS, OPENING_TOKENS
from topics.segmentation.encoding import Sizes
from topics.segmentation.network import CONTEXT, DILATIONS, Array, Network
from topics.segmentation.tokens import CAPITALISED
from topics.segmentation.training.descent import GAP, Batch, Example, Learner, Noise, gather
from topics.segmentation.vocabulary import HIDDEN

N_TOKENS, N_FEATURES = 50, 6
NOISE = Noise(inputs=0.2, tokens=0.12, words=0.1)
SIZES = Sizes(embedded=16, opening=24, last=8, hidden=32)
DUMPS = [[(0, 0), (1, 1), (6, 3)], [(4, 4), (OPENING_TOKENS, LAST_TOKENS), (2, 2), (3, 1)]]
CONTEXT_WEIGHTS = [f"{name}_{k}" for k in range(len(DILATIONS)) for name in ("context", "context_bias")]
WEIGHTS = [
    "tokens", "shapes", "positions", "filters", "filter_bias", "enter", "enter_bias", "overview", "overview_bias",
    "leave", "leave_bias",
    *CONTEXT_WEIGHTS,
]  # fmt: skip


def draw_learner(seed: int = 4, noise: Noise = NOISE) -> Learner:
    """Weights as at the start, but for biases and an output that tells paragraphs apart."""
    learner = Learner(SIZES, N_TOKENS, N_FEATURES, seed, noise)
    rng = np.random.default_rng(seed + 1)
    for name, array in learner.weights.items():
        if "bias" in name:
            array += rng.standard_normal(array.shape).astype(np.float32) * np.float32(0.1)
    learner.weights["positions"] *= 4
    learner.weights["leave"] *= 8
    return learner


def draw_examples(seed: int = 9) -> list[Example]:
    rng = np.random.default_rng(seed)
    return [draw_example(rng, sizes, N_TOKENS, N_FEATURES) for sizes in DUMPS]


def slow_loss(examples: list[Example], weights: Mapping[str, Any], *, first_head: bool = False) -> float:
    """Cross-entropy over the number of paragraphs, each dump alone."""
    total = 0.0
    for example in examples:
        odds = slow_score(example, example.features.astype(np.float64), weights)
        losses = np.logaddexp(0.0, odds) - example.truth * odds
        total += float(losses[:, 0].sum() if first_head else (losses * example.weight).sum())
    return total / sum(map(len, examples))


@pytest.fixture(scope="module")
def differentiated() -> tuple[Learner, list[Example], Batch, float, dict[str, Array]]:
    learner, examples = draw_learner(), draw_examples()
    batch = gather(examples)
    return learner, examples, batch, *learner.differentiate(batch)


def test_every_weight_has_a_gradient(differentiated: Any) -> None:
    learner, _, batch, _, gradients = differentiated
    assert set(WEIGHTS) == learner.weights.keys() == gradients.keys()
    assert all(g.dtype == np.float32 and g.any() for g in gradients.values())
    assert gradients["tokens"].shape[0] == len(batch.tokens)
    rest = learner.weights.keys() - {"tokens"}
    assert all(gradients[name].shape == learner.weights[name].shape for name in rest)


def test_the_loss_is_the_mean_cross_entropy_of_the_first_head(differentiated: Any) -> None:
    learner, examples, _, loss, _ = differentiated
    assert loss == pytest.approx(slow_loss(examples, learner.weights, first_head=True), rel=1e-4)


@pytest.mark.parametrize("name", WEIGHTS)
def test_gradients_equal_finite_differences(differentiated: Any, name: str) -> None:
    """Of the loss by the slow network, in doubles: at single entries, and along a direction through all of them."""
    learner, examples, batch, _, gradients = differentiated
    weights = {key: array.astype(np.float64) for key, array in learner.weights.items()}
    gradient = np.zeros(weights[name].shape)
    gradient[batch.tokens if name == "tokens" else ...] = gradients[name]
    rng = np.random.default_rng(len(name))
    largest = np.argsort(np.abs(gradient).ravel())
    entries = [*largest[-2:], *rng.choice(largest[-len(largest) // 2 :], 3), *rng.integers(0, gradient.size, 2)]
    directions = [np.eye(1, gradient.size, entry).reshape(gradient.shape) for entry in entries]
    directions += [rng.standard_normal(gradient.shape), gradient / np.linalg.norm(gradient)]
    for direction in directions:
        step = 1e-6 / max(1.0, float(np.linalg.norm(direction)))  # a longer one would step over kinks of the loss
        up, down = ({**weights, name: weights[name] + sign * step * direction} for sign in (1.0, -1.0))
        slope = (slow_loss(examples, up) - slow_loss(examples, down)) / (2 * step)
        assert (gradient * direction).sum() == pytest.approx(slope, rel=2e-3, abs=2e-6)


def test_gaps_keep_the_dumps_of_a_batch_apart() -> None:
    """A batch learns what its dumps teach one by one, whatever stands beside them."""
    assert GAP >= max(DILATIONS)
    learner = draw_learner()
    rng = np.random.default_rng(2)
    examples = [draw_example(rng, [(3, 2)] * n, N_TOKENS, N_FEATURES) for n in (CONTEXT, 1, 5, 2 * CONTEXT)]
    loss, together = learner.differentiate(gather(examples))
    n = sum(map(len, examples))
    apart = [(len(e), gather([e]).tokens, *learner.differentiate(gather([e]))) for e in examples]
    assert loss == pytest.approx(sum(size * alone for size, _, alone, _ in apart) / n, rel=1e-4)
    for name in WEIGHTS:
        expected = np.zeros_like(learner.weights[name])
        found = np.zeros_like(expected)
        found[gather(examples).tokens if name == "tokens" else ...] = together[name]
        for size, tokens, _, gradients in apart:
            expected[tokens if name == "tokens" else ...] += gradients[name] * np.float32(size / n)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6, err_msg=name)


def test_a_batch_numbers_the_tokens_that_it_holds() -> None:
    examples = draw_examples()
    batch = gather(examples)
    assert np.array_equal(batch.tokens[batch.opening], np.concatenate([e.opening for e in examples]))
    assert np.array_equal(batch.tokens[batch.ending], np.concatenate([e.ending for e in examples]))
    assert batch.rows.tolist() == [GAP, GAP + 1, GAP + 2, *range(2 * GAP + 3, 2 * GAP + 7)]
    assert np.flatnonzero(batch.present).tolist() == batch.rows.tolist()
    assert len(batch.present) == 3 * GAP + 7


def test_some_tokens_are_hidden_and_no_example_is_changed() -> None:
    rng = np.random.default_rng(1)
    example = draw_example(rng, [(OPENING_TOKENS, 0)] * 200, N_TOKENS, N_FEATURES)
    before = example.opening.copy()
    batch = gather([example], rng, Noise(tokens=0.12))
    assert np.array_equal(example.opening, before)
    opening, ending = batch.tokens[batch.opening], batch.tokens[batch.ending]
    assert not ending.any()  # where there is no token there is none to hide
    assert set(np.unique(opening[opening != before])) == {HIDDEN}
    assert (opening == HIDDEN).mean() == pytest.approx(0.12, abs=0.03)


def test_a_name_is_hidden_throughout_a_dump_and_only_where_it_has_a_capital() -> None:
    rng = np.random.default_rng(2)
    example = draw_example(rng, [(OPENING_TOKENS, LAST_TOKENS)] * 60, N_TOKENS, N_FEATURES)
    batch = gather([example, example], rng, Noise(names=0.3))
    hidden = []
    for rows in (slice(0, 60), slice(60, 120)):
        found = np.concatenate((batch.tokens[batch.opening][rows], batch.tokens[batch.ending][rows]), axis=1)
        tokens = np.concatenate((example.opening, example.ending), axis=1)
        is_name = np.concatenate((example.opening_shapes, example.ending_shapes), axis=1) == CAPITALISED
        gone = (found == HIDDEN) & (tokens != HIDDEN)
        assert not (gone & ~is_name).any() and np.array_equal(found[~gone], tokens[~gone])
        names = set(tokens[gone].tolist())
        assert not names & set(tokens[is_name & ~gone].tolist())
        assert len(names) / len(set(tokens[is_name].tolist())) == pytest.approx(0.3, abs=0.15)
        hidden.append(names)
    assert hidden[0] != hidden[1]


@pytest.mark.parametrize("name", WEIGHTS)
def test_gradients_go_back_through_what_was_left_in(name: str) -> None:
    """With the same draws the same inputs are left out: the slope of that loss along its gradient is its length."""
    learner, examples = draw_learner(), draw_examples()
    for example in examples:
        example.weight[:] = np.array([1, 0, 0, 0, 0])  # the loss that is returned is the loss that is learned from
    batch = gather(examples)

    def differentiate() -> tuple[float, Array]:
        loss, gradients = learner.differentiate(batch, np.random.default_rng(5))
        return loss, gradients[name]

    _, gradient = differentiate()
    assert not np.array_equal(gradient, learner.differentiate(batch)[1][name])
    length = float(np.linalg.norm(gradient))
    rows = batch.tokens if name == "tokens" else ...
    before, losses = learner.weights[name].copy(), []
    for sign in (1, -1):
        learner.weights[name][rows] = before[rows] + np.float32(sign * 3e-3 / length) * gradient
        losses.append(differentiate()[0])
    assert (losses[0] - losses[1]) / 6e-3 == pytest.approx(length, rel=0.06)


def test_what_is_left_in_makes_up_for_what_is_left_out() -> None:
    """Every hidden number is 1 and the output their mean over a thousand paragraphs: as large with some left out."""
    learner = draw_learner()
    for weight in learner.weights.values():
        weight[...] = 0.0
    learner.weights["enter_bias"][:] = 1.0
    learner.weights["leave"][:] = 1.0 / len(learner.weights["leave"])
    example = draw_example(np.random.default_rng(0), [(1, 1)] * 1000, N_TOKENS, N_FEATURES)
    example.truth[:] = 0
    example.weight[:] = 1.0
    _, gradients = learner.differentiate(gather([example]), np.random.default_rng(0))
    certain = 1.0 / (1.0 + np.exp(-1.0))
    assert gradients["leave_bias"] == pytest.approx(np.full(5, certain), rel=0.01)
    assert gradients["leave"] == pytest.approx(np.full(gradients["leave"].shape, certain), rel=0.1)
    assert gradients["leave"].std() > 0


# ---- steps


def toy_examples() -> list[Example]:
    """Dumps in which a paragraph starts a piece if it opens with token 20."""
    rng = np.random.default_rng(6)
    examples = []
    for _ in range(16):
        example = draw_example(rng, [(5, 3)] * 20, N_TOKENS, N_FEATURES)
        example.opening[example.opening == 20] = 21
        starts = rng.random(20) < 0.3
        example.opening[starts, 0] = 20
        example.truth[:] = starts[:, None]
        example.weight[:] = 1.0
        examples.append(example)
    return examples


def learned(seed: int, n_steps: int = 60) -> tuple[Learner, list[float]]:
    learner = Learner(SIZES, N_TOKENS, N_FEATURES, seed, NOISE)
    examples, rng = toy_examples(), np.random.default_rng(seed)
    losses = []
    for k in range(n_steps):
        chosen = [examples[(4 * k + i) % len(examples)] for i in range(4)]
        losses.append(learner.step(gather(chosen, rng, NOISE), 4e-3, rng))
    return learner, losses


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    (one, losses), (two, again), (other, _) = learned(1, 6), learned(1, 6), learned(2, 6)
    assert losses == again
    for name, array in one.weights.items():
        assert array.tobytes() == two.weights[name].tobytes(), name
        assert array.tobytes() != other.weights[name].tobytes(), name


def test_a_toy_task_is_learned() -> None:
    learner, losses = learned(3)
    assert np.mean(losses[-8:]) < 0.5 * np.mean(losses[:8])
    zero, one = np.zeros(N_FEATURES, np.float32), np.ones(N_FEATURES, np.float32)
    network = Network({**learner.weights, "centre": zero, "spread": one})
    examples = toy_examples()
    right = [
        (network.score(e, e.features.astype(np.float32)) > 0.0).astype(int)[:, 0] == e.truth[:, 0] for e in examples
    ]
    assert np.mean(right) > 0.97


def test_a_step_moves_no_token_that_the_batch_does_not_hold() -> None:
    learner, examples = draw_learner(), draw_examples()
    batch = gather(examples)
    unseen = np.setdiff1d(np.arange(N_TOKENS), batch.tokens)
    before = learner.weights["tokens"].copy()
    learner.step(batch, 1e-2, np.random.default_rng(0))
    assert len(unseen) > 0
    assert np.array_equal(learner.weights["tokens"][unseen], before[unseen])
    assert not np.array_equal(learner.weights["tokens"][batch.tokens], before[batch.tokens])


def test_a_small_step_lowers_the_loss() -> None:
    """Downhill by the first order: what Adam's first step promises, it gives."""
    learner, examples = draw_learner(), draw_examples()
    before = {name: array.astype(np.float64) for name, array in learner.weights.items()}
    batch = gather(examples)
    _, gradients = learner.differentiate(batch)
    learner._move(gradients, batch.tokens, 1e-5)
    moved = {name: learner.weights[name] - before[name] for name in WEIGHTS}
    moved["tokens"] = moved["tokens"][batch.tokens]
    promised = sum(float((gradients[name] * moved[name]).sum()) for name in WEIGHTS)
    gained = slow_loss(examples, learner.weights) - slow_loss(examples, before)
    assert gained < 0
    assert gained == pytest.approx(promised, rel=0.1)
