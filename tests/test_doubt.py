"""What a model says of its own guesses: precision by threshold, confidence, and when it keeps silent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.classification.doubt import TRUSTING, UNMEASURED, Acceptance, Doubt
from topics.classification.honesty import Signs, fit_doubt, holds_others, measure_acceptance
from topics.errors import TopicsError

# four thresholds: all is accepted, then three quarters of the known, then half, then a quarter
BY_HAND = Acceptance(
    np.array([0.0, 0.3, 0.6, 0.9]),
    known=np.array([1.0, 0.75, 0.5, 0.25]),
    right=np.array([0.8, 0.69, 0.49, 0.25]),
    unknown=np.array([1.0, 0.5, 0.2, 0.0]),
    n_known=100,
    n_unknown=20,
)


def test_precision_counts_unknown_pieces_at_the_share_that_is_named() -> None:
    assert BY_HAND.precision(0.0).tolist() == pytest.approx([0.8, 0.92, 0.98, 1.0])
    # of 1000 pieces 200 are unknown: 640 right of 1000, 552 of 600 + 100, 392 of 400 + 40, 200 of 200
    assert BY_HAND.precision(0.2).tolist() == pytest.approx([0.64, 552 / 700, 392 / 440, 1.0])


@pytest.mark.parametrize(("least", "unknown", "threshold"), [(0.7, 0.0, 0.0), (0.9, 0.0, 0.3), (0.9, 0.2, 0.9)])
def test_the_lowest_threshold_that_keeps_the_precision_is_chosen(
    least: float, unknown: float, threshold: float
) -> None:
    assert BY_HAND.threshold_for(least, unknown) == threshold


def test_a_threshold_above_which_precision_falls_again_is_passed_over() -> None:
    bumpy = Acceptance(
        np.array([0.0, 0.5, 0.8, 0.9]),
        np.array([1.0, 0.5, 0.2, 0.1]),
        np.array([0.7, 0.48, 0.16, 0.1]),
        np.zeros(4),
        9,
        0,
    )
    assert bumpy.threshold_for(0.9, 0.0) == 0.9


def test_a_precision_out_of_reach_is_refused_with_what_can_be_had() -> None:
    capped = Acceptance(np.array([0.0, 0.5]), np.array([1.0, 0.5]), np.array([0.7, 0.45]), np.zeros(2), 40, 0)
    with pytest.raises(TopicsError, match=r"0\.900 at most\. Ask for less"):
        capped.threshold_for(0.95, 0.0)
    with pytest.raises(TopicsError, match="Train it again"):
        UNMEASURED.threshold_for(0.5)


def test_the_table_survives_the_bundle_s_arrays() -> None:
    again = Acceptance.from_arrays(BY_HAND.to_arrays())
    assert again.precision(0.3).tolist() == BY_HAND.precision(0.3).tolist()
    assert (again.n_known, again.n_unknown) == (100, 20)


@given(st.floats(0.001, 0.999))
def test_without_signs_of_its_own_confidence_is_the_probability(p: float) -> None:
    assert float(TRUSTING.confidence(np.log(p / (1 - p)), 5.0, -3.0)) == pytest.approx(p)


def draw_signs(n: int, at: float, right: float, seed: int) -> Signs:
    """Pieces whose signs lie around ``at``; the surer, the oftener right."""
    random = np.random.default_rng(seed)
    odds = random.normal(at, 1.0, n)
    return Signs(odds, odds + random.normal(0, 0.5, n), -odds + random.normal(0, 0.5, n), random.random(n) < right)


def test_confidence_is_lower_for_topics_that_were_left_out() -> None:
    known, left_out = draw_signs(400, 2.0, 0.9, 1), draw_signs(100, -1.0, 0.0, 2)
    doubt = fit_doubt(known, left_out)
    sure = doubt.confidence(known.log_odds, known.likeness, known.reject)
    others = doubt.confidence(left_out.log_odds, left_out.likeness, left_out.reject)
    assert np.median(others) < 0.5 * np.median(sure)
    assert float(np.abs(sure.mean() - known.right.mean())) < 0.1


def test_what_is_measured_is_what_happens_at_the_threshold() -> None:
    known, left_out = draw_signs(400, 2.0, 0.9, 3), draw_signs(100, -1.0, 0.0, 4)
    doubt = Doubt(np.array([1.0, 0.0, 0.0]), 0.0)
    table = measure_acceptance(doubt, known, left_out)
    threshold = table.threshold_for(0.9, 0.1)
    sure = doubt.confidence(known.log_odds, known.likeness, known.reject) >= threshold
    others = doubt.confidence(left_out.log_odds, left_out.likeness, left_out.reject) >= threshold
    right, accepted = 0.9 * (sure & known.right).mean(), 0.9 * sure.mean() + 0.1 * others.mean()
    assert right / accepted >= 0.9
    at = table.thresholds.tolist().index(threshold)
    assert table.precision(0.1)[at] == pytest.approx(right / accepted)
    assert (np.diff(table.known) <= 0).all()


def test_few_pieces_do_not_turn_a_sign_around() -> None:
    """Two pieces that happen to be wrong in spite of good signs leave good signs good."""
    signs = Signs(
        np.array([3.0, 3.1, 0.1]), np.array([1.0, 1.1, 0.1]), np.array([-1.0, -1.1, 0.0]), np.array([0, 0, 1]) > 0
    )
    nothing = Signs(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, bool))
    weights = fit_doubt(signs, nothing).weights
    assert weights[0] > 0 and weights[1] > 0 and weights[2] < 0


def test_a_pool_holds_other_topics_where_more_of_it_is_unlike_the_labelled() -> None:
    source = np.random.default_rng(5)
    known, alike = source.normal(0.0, 1.0, 60), source.normal(0.0, 1.0, (3, 400))
    assert not holds_others(alike, known)
    others = alike.copy()
    others[:, :80] -= 3.0
    assert holds_others(others, known)
    assert not holds_others(alike + 1.0, known)  # the labelled are the odd ones
    assert not holds_others(others, known[:4])  # too few to tell
