"""The learning curve and what it promises: by hand, by formula, and through the command."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from topics.care.agreement import Agreement
from topics.care.curve import Curve, PowerLaw, fit_power_law, measure_curve, score_predictions
from topics.care.enough import look_ahead
from topics.care.gains import NEXT_LABELS, fit_power, rank_gains
from topics.care.gather import Labelled
from topics.care.report import LabelStats
from topics.classification.analyzer import Terms
from topics.classification.training import Example
from topics.cli import app
from topics.evaluation.folds import Traits
from topics.examples import DESCRIPTION_WEIGHT
from topics.labels.checks import stats
from topics.labels.counting import LabelCounts
from topics.labels.decisions import TopicDecision
from topics.labels.entries import Entry
from topics.labels.store import append_decisions
from topics.labels.taxonomy import parse_taxonomy

SLUGS = ("rivers", "roads", "hills")
TAXONOMY = "".join(f'[[topic]]\nslug = "{slug}"\nname = "{slug}"\ndescription = "On {slug}."\n\n' for slug in SLUGS)


def decide(number: int, topic: str | None, **more) -> TopicDecision:
    fields = {
        "dump": "d" * 64, "start": 0, "end": 9, "segment": f"{number:064x}", "kind": "article", "by": "ada",
        "at": "2026-03-01T10:00:00Z", "name": f"piece-{number}",
    }  # fmt: skip
    return TopicDecision(topic=topic, **(fields | more))


def draw_pieces(n: int, shares: tuple[float, ...] = (0.6, 0.3, 0.1), seed: int = 3) -> Labelled:
    """Pieces of nine words each: two of their topic's eighty, one of any topic's, the rest of sixty that all share."""
    random = np.random.default_rng(seed)
    topics = random.choice(len(SLUGS), n, p=shares)
    examples, traits, entries = [], [], []
    for number, topic in enumerate(topics.tolist()):
        own = [f"{SLUGS[topic]}{k}" for k in random.integers(0, 80, 2)]
        own.append(f"{SLUGS[random.integers(3)]}{random.integers(0, 80)}")
        words = own + [f"common{k}" for k in random.integers(0, 60, 6)]
        examples.append(Example(Terms({}, dict.fromkeys(words, 1)), SLUGS[topic], (), str(number)))
        traits.append(Traits(SLUGS[topic], number, number, "gazette"))
        entries.append(Entry(decide(number, SLUGS[topic]), "a.jsonl", number + 1, number))
    described = tuple(Example(Terms({}, {f"{slug}0": 1}), slug, weight=DESCRIPTION_WEIGHT) for slug in SLUGS)
    taxonomy = parse_taxonomy(TAXONOMY, "t")
    return Labelled(taxonomy, tuple(examples), tuple(traits), tuple(entries), described, None)


@given(st.floats(0, 0.3), st.floats(0.5, 3), st.floats(0.1, 1.2))
def test_a_power_law_is_found_again(floor: float, scale: float, power: float):
    sizes = np.array([25, 50, 100, 200, 400, 800, 1600])
    errors = floor + scale * sizes**-power
    assume(errors[0] <= 1)  # shares; the powers that are tried stand as far apart as these allow
    law = fit_power_law(sizes, errors)
    assert [floor + scale * n**-power for n in (3200, 6400)] == pytest.approx(
        [law.floor + law.scale * n**-law.power for n in (3200, 6400)], abs=0.01
    )


@given(st.lists(st.floats(0, 1), min_size=3, max_size=6))
def test_a_law_never_promises_what_cannot_be(errors: list[float]):
    sizes = [25 * 2**k for k in range(len(errors))]
    law = fit_power_law(sizes, errors)
    assert law.floor >= 0 and law.scale >= 0
    assert 0 <= law.error_at(10**6) <= law.error_at(1000) <= 1


def test_scores_by_hand_and_under_weights():
    topics, found = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 1, 0])
    accuracy, f1 = score_predictions(topics, found, 3, np.ones((1, 5)))
    assert accuracy.tolist() == [0.6]
    assert f1[0, :2].tolist() == pytest.approx([2 / 4, 4 / 6]) and np.isnan(f1[0, 2])
    accuracy, f1 = score_predictions(topics, found, 3, np.array([[2.0, 0, 1, 0, 0], [0, 0, 0, 0, 1]]))
    assert accuracy.tolist() == [1.0, 0.0]
    assert f1[0, :2].tolist() == [1.0, 1.0] and np.isnan(f1[1, 0]) and f1[1, 1] == 0.0


def test_the_slope_is_read_within_topics():
    n = np.array([[10.0, 100.0], [20.0, 200.0], [40.0, 400.0]])
    f1 = 1 - np.array([[0.5, 2.0]]) * n**-0.4  # an easy and a hard topic, one slope
    assert fit_power(n, f1) == pytest.approx(0.4)
    assert fit_power(n, np.ones_like(n)) == 0.05  # no error left to lose
    assert fit_power(n, 0.9 - 0.1 * np.log(n)) == 0.05  # F1 falls: no gain is promised


def test_next_labels_pay_where_few_are_and_where_f1_is_low():
    topics = np.repeat([0, 1, 2], [5, 100, 100])
    n_labels = np.array([[1.0, 20, 20], [2, 40, 40], [4, 80, 80]])
    f1 = [np.array([0.5, 0.7, 0.3]), np.array([0.55, 0.8, 0.45]), np.array([0.6, 0.9, 0.6])]
    drawn = [np.vstack([size - 0.05, size, size + 0.05]) for size in f1]
    gains = rank_gains(SLUGS, topics, n_labels, f1, drawn)
    assert [(gain.topic, gain.n) for gain in gains] == [("rivers", 5), ("hills", 100), ("roads", 100)]
    for gain in gains:
        assert gain.gain_interval[0] <= gain.gain <= gain.gain_interval[1]
        assert 0 < gain.gain < 1 - gain.f1


def test_a_topic_without_labels_gains_most():
    topics = np.repeat([0, 1], [50, 50])
    n_labels = np.array([[10.0, 10, 0], [40, 40, 0]])
    f1 = [np.array([0.6, 0.6, np.nan]), np.array([0.8, 0.8, np.nan])]
    gains = rank_gains(SLUGS, topics, n_labels, f1, [np.vstack([size] * 3) for size in f1])
    assert (gains[0].topic, gains[0].n, gains[0].f1, gains[0].f1_interval) == ("hills", 0, None, None)
    assert gains[0].gain == pytest.approx(1 - (1 / (1 + NEXT_LABELS)) ** 0.5)  # (.2 / .4) = (10 / 40) ** .5


@pytest.fixture(scope="module")
def curve() -> Curve:
    told: list[str] = []
    found = measure_curve(draw_pieces(400), told.append)
    assert len(told) == 30
    return found


def test_more_labels_are_better_and_the_prediction_goes_on_from_there(curve: Curve):
    measured = [point for point in curve.points if not point.predicted]
    ahead = [point for point in curve.points if point.predicted]
    assert [point.n for point in measured] == sorted(point.n for point in measured)
    assert (measured[0].n, [point.n for point in ahead]) == (25, [800, 1600])
    assert measured[0].accuracy < measured[-1].accuracy - 0.1
    assert measured[-1].accuracy - 0.02 < ahead[0].accuracy <= ahead[1].accuracy <= 1
    for point in curve.points:
        assert point.accuracy_interval[0] <= point.accuracy <= point.accuracy_interval[1]
    assert curve.gains[0].topic == "hills"  # a tenth of the pieces


def test_the_same_labels_give_the_same_curve(curve: Curve):
    assert measure_curve(draw_pieces(400)).to_dict() == curve.to_dict()


def test_what_is_promised_from_half_the_labels_is_reached_with_all_of_them():
    kept = []
    for seed in (3, 4, 5):  # one promise moves by two hundredths by chance
        promised = next(point for point in measure_curve(draw_pieces(300, seed=seed)).points if point.predicted)
        given_then = measure_curve(draw_pieces(750, seed=seed)).points  # of which 600 are learned from in each fold
        reached = next(point for point in reversed(given_then) if not point.predicted)
        assert (promised.n, reached.n) == (600, 600)
        kept.append(promised.accuracy - reached.accuracy)
    assert -0.06 <= np.mean(kept) <= 0.01


def test_the_outlook_says_what_more_labels_add_and_when_they_are_enough(curve: Curve):
    outlook = look_ahead(curve)
    law, n = curve.accuracy_law, curve.n
    assert outlook.gain == pytest.approx(law.scale * (n**-law.power - (n + 100) ** -law.power))
    measured = [point.n for point in curve.points if not point.predicted]
    assert outlook.n_labels == (measured[-2], measured[-1])
    assert 0 < outlook.kappa <= 1
    flat, steep = (replace(curve, accuracy_law=PowerLaw(0.1, scale, 0.5)) for scale in (0.0, 2.0))
    assert look_ahead(flat).is_enough and "hardly helps" in look_ahead(flat).sentence
    assert not look_ahead(steep).is_enough and "still help" in look_ahead(steep).sentence
    assert look_ahead(Curve(49)) is None
    shown = LabelStats(LabelCounts({}, {}, 0, {}, {}, {}, 0), Agreement(0), Agreement(0), curve).to_dict()
    assert shown["more_labels"]["expected_gain"] == round(outlook.gain, 5)


def test_few_labels_make_no_curve():
    found = measure_curve(draw_pieces(49))
    assert (found.n, found.points, found.gains) == (49, (), ())


def test_the_report_can_be_read_on_a_terminal(curve: Curve, tmp_path: Path):
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    append_decisions(tmp_path / "a.jsonl", [decide(1, "rivers", source="[i]Gazette", published="2026-02-03")])
    console = Console(file=StringIO(), width=80)
    LabelStats(stats(tmp_path), Agreement(0), Agreement(0), curve).render(console)
    shown = console.file.getvalue()
    assert "[i]Gazette" in shown and "│ 2026 " in shown
    assert "second readings: none" in shown
    assert "learning curve: 400 labels" in shown and "→ 1,600" in shown and "█" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_the_command_counts_sources_and_months_and_leaves_the_curve_out_where_there_is_little(tmp_path: Path):
    (tmp_path / "taxonomy.toml").write_text(TAXONOMY, encoding="utf-8")
    said = [decide(n, "rivers", source="Gazette", published=f"2026-0{1 + n % 2}-03") for n in range(3)]
    append_decisions(tmp_path / "a.jsonl", [*said, decide(9, "roads")])
    append_decisions(tmp_path / "second" / "ben.jsonl", [decide(9, "roads", by="ben", at="2026-03-02T10:00:00Z")])
    done = CliRunner().invoke(app, ["labels", "stats", str(tmp_path)])
    shown = json.loads(done.stdout)
    assert done.exit_code == 0 and done.stderr == ""
    assert shown["sources"] == {"": 1, "Gazette": 3}
    assert shown["months"] == {"": 1, "2026-01": 2, "2026-02": 1}
    assert shown["agreement"]["second_readings"]["n"] == 1
    assert "learning_curve" not in shown


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_stories_drawn_anew_bring_each_other_along(seed: int):
    from topics.care.curve import _draw

    stories = np.random.default_rng(seed).integers(0, 5, 30).tolist()
    weights = _draw(stories)
    for story in set(stories):
        columns = weights[:, [k for k, each in enumerate(stories) if each == story]]
        assert (columns == columns[:, :1]).all()
    first = [stories.index(story) for story in set(stories)]
    assert (weights[:, first].sum(axis=1) == len(first)).all()
