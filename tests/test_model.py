"""Scoring a dump: in stretches where it is long, and as if it were whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_network import draw_network, without_overview
from word_samples import VECTORS, VOCABULARY, matter

from topics.paragraphs import Punkt
from topics.segmentation.features import FEATURES, WINDOW, compute_features
from topics.segmentation.kernels import COHESION
from topics.segmentation.model import MARGIN, SegmentationModel, stretches
from topics.segmentation.network import HEADS, Committee, Network

STEP = WINDOW - 2 * MARGIN
OF_THE_STRETCH = (*(f"local_{name}" for name in COHESION), "median_words", "short_share", "blank_share")


def draw_model(seed: int = 3) -> SegmentationModel:
    """A model of random weights that sees all features in their own sizes."""
    n_features = len(FEATURES) + VECTORS.shape[1]
    members = tuple(draw_network(seed + k, VOCABULARY.n_tokens, n_features) for k in range(2))
    for member in members:
        member.weights["leave"][:] /= 20  # features in their own sizes are large
    scale = np.abs(VECTORS).max(axis=0) / 127
    meanings = np.round(VECTORS / scale).astype(np.int8)
    return SegmentationModel(VOCABULARY, meanings, scale, Committee(members), (0.9, -0.2), 0.45, Punkt())


def without(model: SegmentationModel, names: tuple[str, ...]) -> SegmentationModel:
    """The same model, blind to these features and to the overview."""
    members = []
    for member in model.network.members:
        enter = member.weights["enter"].copy()
        enter[[member.sizes.encoded + FEATURES.index(name) for name in names]] = 0.0
        members.append(without_overview(Network({**member.weights, "enter": enter})))
    network = Committee(tuple(members))
    return SegmentationModel(
        model.vocabulary, model.meanings, model.meaning_scale, network, model.calibration, model.threshold, model.punkt
    )


MODEL = draw_model()
BLIND = without(MODEL, OF_THE_STRETCH)
long_dumps = st.tuples(st.integers(WINDOW + 1, 3 * WINDOW), st.integers(0, 10**6), st.sampled_from([0.1, 0.5, 0.7]))


def lines_of(n: int, seed: int, furnished: float = 0.1) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["Share" if rng.random() < furnished else line for line in matter(n, seed)]


def heads_at_once(model: SegmentationModel, text: str) -> Any:
    """The whole dump as one stretch, however long it is."""
    analysis = model.score(text).analysis
    return model.network.score(analysis, compute_features(analysis, model.vocabulary, model.vectors))


@given(st.integers(0, 4 * WINDOW))
@example(2 * STEP)
@example(2 * STEP + 1)  # the last middle is a single paragraph
def test_the_middles_of_stretches_tile_the_dump_and_keep_their_surroundings(n: int) -> None:
    kept: list[int] = []
    for (start, end), (keep, stop) in stretches(n):
        assert 0 <= start <= keep < stop <= end <= n
        assert end - start <= WINDOW
        assert keep - start >= min(keep, MARGIN)
        assert end - stop >= min(n - stop, MARGIN)
        kept += range(keep, stop)
    assert kept == list(range(n))


def test_a_dump_that_fits_is_one_stretch() -> None:
    assert list(stretches(0)) == []
    assert list(stretches(WINDOW)) == [((0, WINDOW), (0, WINDOW))]
    assert len(list(stretches(WINDOW + 1))) > 1


@given(long_dumps)
@settings(max_examples=5)
def test_stretches_give_what_the_whole_dump_gives_but_for_shares_of_the_stretch(dump: tuple[int, int, float]) -> None:
    """``MARGIN`` is wider than anything else reaches, so that a model blind to shares does not see where it was cut."""
    text = "\n".join(lines_of(*dump))
    np.testing.assert_allclose(BLIND.score(text).heads, heads_at_once(BLIND, text), rtol=1e-5, atol=1e-5)


def test_shares_of_the_stretch_are_all_that_differs() -> None:
    """Blind to fewer of them, a model does see the stretch; else the property above would say little."""
    text = "\n".join(lines_of(900, 1))
    assert not np.allclose(MODEL.score(text).heads, heads_at_once(MODEL, text), rtol=1e-4, atol=1e-4)


@given(long_dumps)
@settings(max_examples=5)
def test_the_middle_of_a_stretch_is_scored_as_the_stretch_alone(dump: tuple[int, int, float]) -> None:
    lines = lines_of(*dump)
    heads = MODEL.score("\n".join(lines)).heads
    for (start, end), (keep, stop) in stretches(len(lines)):
        alone = MODEL.score("\n".join(lines[start:end])).heads
        np.testing.assert_allclose(heads[keep:stop], alone[keep - start : stop - start], rtol=1e-3, atol=1e-3)


@given(long_dumps, st.data())
@settings(max_examples=5)
def test_nothing_further_away_than_a_stretch_counts(dump: tuple[int, int, float], data: st.DataObject) -> None:
    lines = lines_of(*dump)
    at = data.draw(st.integers(0, len(lines) - 1))
    sees = WINDOW - MARGIN
    other = [
        line if abs(i - at) < sees else f"Elsewhere Maria Okafor said the {line.lower()}"
        for i, line in enumerate(lines)
    ]
    one, two = (MODEL.score("\n".join(some)) for some in (lines, other))
    assert one.probabilities[at] == two.probabilities[at]
    assert (one.heads[at] == two.heads[at]).all()


def test_probabilities_are_the_calibrated_odds_and_the_first_paragraph_starts() -> None:
    scored = MODEL.score("\n".join(lines_of(30, 2)))
    assert scored.heads.shape == (30, len(HEADS))
    expected = 1 / (1 + np.exp(-(scored.head("start").astype(np.float64) * 0.9 - 0.2)))
    assert scored.probabilities[1:] == pytest.approx(expected[1:], abs=6e-6)
    assert scored.probabilities[0] == 1.0
    assert len(set(scored.probabilities.tolist())) > 10


def test_an_empty_text_has_no_paragraphs() -> None:
    scored = MODEL.score("")
    assert (scored.paragraphs, len(scored.probabilities), scored.heads.shape) == ([], 0, (0, len(HEADS)))
    assert not scored.is_flat


def test_a_model_comes_back_from_its_arrays() -> None:
    again = SegmentationModel.from_arrays(MODEL.to_arrays(), MODEL.punkt)
    assert (again.calibration, again.threshold, again.punkt) == (MODEL.calibration, MODEL.threshold, MODEL.punkt)
    assert all(np.array_equal(array, again.to_arrays()[name]) for name, array in MODEL.to_arrays().items())
    text = "\n".join(lines_of(40, 3))
    assert np.abs(again.score(text).probabilities - MODEL.score(text).probabilities).max() < 0.1


@pytest.mark.parametrize(
    "name", ["features", "meanings", "calibration", "threshold", "vocabulary.keys", "network.1.leave"]
)
def test_a_missing_array_is_a_key_error(name: str) -> None:
    arrays = MODEL.to_arrays()
    del arrays[name]
    with pytest.raises(KeyError, match=name.split(".")[-1]):
        SegmentationModel.from_arrays(arrays, MODEL.punkt)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("meanings", lambda rows: rows[:-1]),
        ("meaning_scale", lambda scale: scale[:-1]),
        ("vocabulary.classes", lambda classes: classes[:-1]),
        ("vocabulary.terms", lambda terms: terms + (1 << 23)),
        ("vocabulary.terms", lambda terms: terms - (1 << 23)),
        ("vocabulary.weight_of_term", lambda weights: weights[:100]),
        ("vocabulary.characters", lambda table: table[:1000]),
        ("network.0.tokens", lambda rows: rows[:-1]),
        ("network.1.centre", lambda centre: centre[:-1]),
        ("network.1.spread", lambda spread: spread[:-1]),
        ("network.1.enter", lambda rows: rows[:-1]),
        ("network.1.enter", lambda rows: rows[0]),
        ("network.0.filters", lambda rows: rows[:, :-40]),
    ],
)
def test_arrays_that_do_not_fit_each_other_are_refused(name: str, change: Callable[[Any], Any]) -> None:
    arrays = MODEL.to_arrays()
    with pytest.raises(ValueError, match=r"shape|not all below|columns|unpack"):
        SegmentationModel.from_arrays({**arrays, name: change(arrays[name])}, MODEL.punkt)


def test_networks_for_other_features_are_refused() -> None:
    arrays = MODEL.to_arrays()
    for k in range(2):
        for name in ("centre", "spread", "enter"):
            arrays[f"network.{k}.{name}"] = arrays[f"network.{k}.{name}"][:-1]
    with pytest.raises(ValueError, match="centre"):
        SegmentationModel.from_arrays(arrays, MODEL.punkt)
