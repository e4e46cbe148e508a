"""What to label next, and when to stop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from topics.selection import Candidates, Record, order_candidates
from topics.selection.spreading import NOISE, spread
from topics.selection.stopping import Stability, measure_kappa, measure_stability
from topics.selection.usefulness import measure_usefulness

N_TOPICS = 4


def make_candidates(n: int, seed: int, n_groups: int) -> Candidates:
    random = np.random.default_rng(seed)
    return Candidates(
        random.integers(-1, N_TOPICS, n),
        random.integers(0, 5, n) / 4,  # many ties
        random.integers(0, max(1, n_groups), n),
        random.random(n) < 0.2,
    )


def unit_rows(n: int, seed: int, n_terms: int = 6) -> np.ndarray:
    rows = np.random.default_rng(seed).random((n, n_terms)) + 0.01
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 5), st.integers(1, 40), st.booleans())
def test_an_order_is_a_permutation_in_which_duplicates_stand_together(
    n: int, seed: int, n_groups: int, with_terms: bool
) -> None:
    candidates = make_candidates(n, seed, n_groups)
    rows = unit_rows(n, seed) if n else np.zeros((0, 6))
    rows_of = (lambda places: csr_matrix(rows[places])) if with_terms else None
    record = Record(np.arange(N_TOPICS) * 10.0, np.array([3.0, 0, 0, 1]), np.ones(N_TOPICS))
    order = order_candidates(candidates, record, rows_of)
    assert sorted(order.tolist()) == list(range(n))
    groups = candidates.groups[order]
    assert (np.diff(groups) != 0).sum() == max(0, len(set(groups.tolist())) - 1)
    assert order.tolist() == order_candidates(candidates, record, rows_of).tolist()


def test_boilerplate_comes_last_whatever_its_doubt() -> None:
    candidates = Candidates(np.zeros(4, np.int64), np.array([0.1, 1.0, 0.3, 0.9]), np.arange(4), np.arange(4) % 2 == 1)
    assert order_candidates(candidates).tolist() == [2, 0, 1, 3]
    rows = csr_matrix(unit_rows(4, 0))
    assert set(order_candidates(candidates, rows_of=lambda places: rows[places]).tolist()[:2]) == {0, 2}


def test_the_most_useful_of_a_group_is_shown_first() -> None:
    candidates = Candidates(
        np.zeros(4, np.int64), np.array([0.2, 0.5, 0.9, 0.6]), np.array([7, 3, 7, 3]), np.zeros(4, bool)
    )
    assert order_candidates(candidates).tolist() == [2, 0, 3, 1]


def test_doubt_is_the_missing_lead_and_the_chance_that_nothing_fits() -> None:
    candidates = Candidates.of(np.array([[0.7, 0.2, 0.1], [0.7, 0.2, 0.1]]), np.array([0.0, 0.5]))
    assert candidates.doubt.round(6).tolist() == [0.5, 0.75]
    assert candidates.best.tolist() == [0, 0]


def test_a_topic_that_people_corrected_and_a_thin_one_come_sooner() -> None:
    candidates = Candidates(np.array([0, 1, 2, -1]), np.full(4, 0.5), np.arange(4), np.zeros(4, bool))
    corrected = Record(np.full(3, 40.0), np.array([0.0, 5.0, 1.0]), np.array([1.0, 1.0, 1.0]))
    useful = measure_usefulness(candidates, corrected)
    assert useful[1] > useful[2] == useful[3] > useful[0]
    thin = Record(np.array([40.0, 3.0, 400.0]), np.zeros(3), np.zeros(3))
    useful = measure_usefulness(candidates, thin)
    assert useful[1] > useful[0] > useful[2]
    assert measure_usefulness(candidates, Record.empty(0)).tolist() == [0.5] * 4


def test_a_batch_is_not_many_takes_on_one_story() -> None:
    """Eight takes on one story with the most doubt, four other stories: the first five are of three at least."""
    story = np.array([0] * 8 + [1, 2, 3, 4])
    rows = np.eye(5)[story] * 0.95
    rows = np.hstack((rows, np.eye(12) * np.sqrt(1 - 0.95**2)))
    candidates = Candidates(
        np.zeros(12, np.int64), np.r_[np.full(8, 1.0), np.full(4, 0.8)], np.arange(12), np.zeros(12, bool)
    )
    order = order_candidates(candidates, rows_of=lambda places: csr_matrix(rows[places]))
    assert order_candidates(candidates).tolist() == list(range(12))
    assert story[order[0]] == 0  # the story with the most pieces and the most doubt
    assert len(set(story[order[:5]].tolist())) >= 3


def test_what_is_like_decided_pieces_comes_later() -> None:
    rows = csr_matrix(np.eye(3))
    candidates = Candidates(np.zeros(3, np.int64), np.array([0.9, 0.8, 0.7]), np.arange(3), np.zeros(3, bool))
    free = order_candidates(candidates, rows_of=lambda places: rows[places])
    bound = order_candidates(candidates, rows_of=lambda places: rows[places], decided=csr_matrix(np.eye(3)[[0, 0, 0]]))
    assert free.tolist() == [0, 1, 2]
    assert bound.tolist() == [1, 2, 0]


@pytest.mark.parametrize("seed", range(4))
def test_each_step_lowers_the_variance_most_as_worked_out_the_long_way(seed: int) -> None:
    """Against the posterior covariance by matrix inversion, for each step and candidate anew."""
    leaders, targets, decided = unit_rows(7, seed), unit_rows(5, seed + 10), unit_rows(2, seed + 20)
    random = np.random.default_rng(seed)
    own, weight = random.random(7), random.random(5)

    def variance(known: np.ndarray) -> np.ndarray:
        across = targets @ known.T
        return np.diag(
            targets @ targets.T - across @ np.linalg.inv(known @ known.T + NOISE * np.eye(len(known))) @ across.T
        )

    order: list[int] = []
    for _ in range(4):
        known = np.vstack((decided, leaders[order]))
        gains = [
            -1.0 if i in order else own[i] ** 2 * weight @ (variance(known) - variance(np.vstack((known, leaders[i]))))
            for i in range(7)
        ]
        order.append(int(np.argmax(gains)))
    assert spread(csr_matrix(leaders), own, csr_matrix(targets), weight, 4, csr_matrix(decided)) == order


def test_kappa_of_models_that_agree_by_chance_alone_is_nought() -> None:
    assert measure_kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])) == pytest.approx(0.0)
    assert measure_kappa(np.array([2, 2, 2]), np.array([2, 2, 2])) == 1.0
    with pytest.raises(ValueError, match="2 and 3 predictions"):
        measure_kappa(np.zeros(2, np.int64), np.zeros(3, np.int64))


def test_labels_are_enough_when_three_comparisons_agree() -> None:
    base = np.arange(400) % 5
    one_off, far_off = base.copy(), base.copy()
    one_off[0] = 1
    far_off[:200] = 0
    assert not measure_stability([base, one_off, base]).is_settled  # two comparisons
    settled = measure_stability([far_off, base, one_off, base, one_off])
    assert settled.is_settled
    assert "change little" in settled.sentence
    moving = measure_stability([far_off, base], [100, 125])
    assert not moving.is_settled
    assert moving.sentence.startswith("Models of 100 and of 125 labels agree with kappa 0.5")
    assert "still change" in moving.sentence
    assert not measure_stability([row[:20] for row in (base, base, base, base)]).is_settled  # too few pieces to say
    assert "next training" in Stability((), 0).sentence
