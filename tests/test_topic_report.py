"""Claims about the figures of topics: hand-worked, against scikit-learn, and over drawings of stories."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, roc_auc_score

from topics.evaluation import Answer, HitCounts, TopicReport, answer, answer_row, report_topics
from topics.evaluation.topic_intervals import measure_intervals
from topics.evaluation.unknowns import measure_auroc, measure_coverage
from topics.records import Prediction

# Five pieces of three stories. The third is shown with its topic as secondary, the fourth is left unknown,
# and no topic fits the last.
ANSWERS = [
    Answer("sport", (), (("sport", 0.9),), "sport", ("health",), 0.1, "s1", "Weir", "2026-01-05"),
    Answer("sport", ("health",), (("sport", 0.8),), "sport", ("health",), 0.2, "s1", "Weir", "2026-01-05"),
    Answer("iran", ("world",), (("world", 0.6), ("iran", 0.3)), "world", ("iran",), 0.4, "s2", "Quay", "2026-02-01"),
    Answer("iran", (), (("iran", 0.4),), None, (), 0.6, "s2", "Quay", None),
    Answer(None, (), (("sport", 0.3),), None, (), 0.7, "s3", None, "2026-02-01"),
]


def test_what_is_shown_and_what_is_guessed_stand_apart() -> None:
    report = report_topics(ANSWERS, "story")
    # shown: two right, one secondary, one unknown that has a topic, one unknown that has none (right)
    assert report.shown.accuracy == 3 / 5
    assert report.shown.accuracy_with_secondary == 4 / 5
    # guessed, of the four that have a topic: sport sport world iran
    assert report.guessed.n == 4
    assert report.guessed.accuracy == 3 / 4
    assert report.guessed.accuracy_with_secondary == 1.0
    # sport 1, iran 2/3 (one of two, found once), world is true nowhere
    assert report.guessed.macro_f1 == pytest.approx((1 + 2 / 3) / 2)
    assert (report.unit, report.n_units) == ("story", 3)


def test_secondary_topics_are_counted_as_labelled_and_whichever_comes_first() -> None:
    report = report_topics(ANSWERS, "story")
    # labelled: health, world; shown: health, health, iran; one in common
    assert report.secondary == HitCounts(2, 3, 1)
    # all but the first shown: -, health, iran (world was shown first), iran (nothing was shown), -
    assert report.further == HitCounts(3, 3, 2)


def test_unknown_is_measured_against_pieces_that_no_topic_fits() -> None:
    unknown = report_topics(ANSWERS, "story").unknown
    assert (unknown.n_known, unknown.n_known_rejected) == (4, 1)
    assert (unknown.n_unfit, unknown.n_unfit_rejected) == (1, 1)
    assert unknown.auroc == 1.0
    assert (unknown.known_rejected, unknown.unfit_rejected) == (0.25, 1.0)
    assert report_topics(ANSWERS[:4], "story").unknown.auroc is None


def test_confusions_name_the_pair_its_share_and_what_was_secondary() -> None:
    [pair] = report_topics(ANSWERS, "story").confusions
    assert (pair.true, pair.given, pair.n, pair.n_true, pair.n_secondary, pair.share) == ("iran", "world", 1, 2, 1, 0.5)


def test_outlets_and_dates_have_figures_and_what_has_none_is_left_out() -> None:
    report = report_topics(ANSWERS, "story")
    assert [(part.name, part.n, part.accuracy) for part in report.by_source] == [("Quay", 2, 0.5), ("Weir", 2, 1.0)]
    assert [(part.name, part.n, part.n_shown) for part in report.by_date] == [
        ("2026-01-05", 2, 2),
        ("2026-02-01", 1, 1),
    ]
    months = [Answer("sport", published=f"2025-{m:02d}-{d:02d}") for m in (1, 2) for d in range(1, 10)]
    assert [part.name for part in report_topics(months).by_date] == ["2025-01", "2025-02"]
    years = [Answer("sport", published=f"{y}-{m:02d}-01") for y in (2012, 2019) for m in range(1, 12)]
    assert [part.name for part in report_topics(years).by_date] == ["2012", "2019"]


def test_the_surest_are_shown_first() -> None:
    points = measure_coverage([0.5, 0.1, 0.9, 0.2], [True, True, False, True], [False, False, True, False])
    assert (points[0].n, points[0].precision, points[0].precision_with_secondary) == (4, 0.75, 1.0)
    assert (points[-1].n, points[-1].precision) == (2, 1.0)
    assert measure_coverage([], [], []) == ()


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=2, max_size=30))
def test_auroc_is_that_of_scikit_learn(pieces: list[tuple[int, bool, int]]) -> None:
    doubts, unfit, weights = (np.array(column) for column in zip(*pieces, strict=True))
    found = measure_auroc(doubts.astype(float), unfit, np.stack([weights, np.ones(len(pieces))]))
    for area, weight in zip(found, (weights, np.ones(len(pieces))), strict=True):
        kept = weight > 0
        if len(set(unfit[kept].tolist())) < 2:
            assert math.isnan(area)
        else:
            assert area == pytest.approx(roc_auc_score(unfit[kept], doubts[kept], sample_weight=weight[kept]))


ANY = st.builds(
    Answer,
    topic=st.sampled_from(["sport", "iran", "health", None]),
    also=st.sampled_from([(), ("world",)]),
    guesses=st.tuples(st.tuples(st.sampled_from(["sport", "iran", "world"]), st.floats(0.05, 1))),
    shown_also=st.sampled_from([(), ("world",), ("iran",)]),
    doubt=st.floats(0, 1),
    unit=st.sampled_from(["s1", "s2", "s3", "s4"]),
).flatmap(
    lambda one: st.sampled_from([one.guess, None]).map(
        lambda shown: Answer(one.topic, one.also, one.guesses, shown, one.shown_also, one.doubt, one.unit)
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=25))
def test_macro_f1_is_that_of_scikit_learn_and_counts_add_up(answers: list[Answer]) -> None:
    report = report_topics(answers, n_resamples=0)
    fitting = [one for one in answers if one.topic is not None]
    if fitting:
        true, found = [one.topic for one in fitting], [one.guess for one in fitting]
        expected = f1_score(true, found, labels=sorted(set(true)), average="macro", zero_division=0)
        assert report.guessed.macro_f1 == pytest.approx(expected)
    assert report.shown.n == len(answers)
    assert sum(pair.n for pair in report.confusions) == sum(one.guess != one.topic for one in fitting)
    assert report.unknown.n_known + report.unknown.n_unfit == len(answers)
    json.dumps(report.to_dict(), allow_nan=False)


@settings(max_examples=25, deadline=None)
@given(st.lists(ANY, min_size=4, max_size=25))
def test_intervals_are_those_of_drawing_the_stories_one_by_one(answers: list[Answer]) -> None:
    units = sorted({one.unit for one in answers})
    found = measure_intervals(answers, n_resamples=40)
    if len(units) < 2:
        assert not found.overall and not found.by_topic
        return
    rng = np.random.default_rng(0)
    slow: dict[str, list[float]] = {}
    for _ in range(40):
        drawn = [one for k in rng.integers(0, len(units), len(units)) for one in answers if one.unit == units[k]]
        report = report_topics(drawn, n_resamples=0)
        slow.setdefault("accuracy", []).append(report.shown.accuracy)
        slow.setdefault("macro_f1", []).append(report.shown.macro_f1)
        slow.setdefault("ece", []).append(report.shown.calibration.ece)
        if report.guessed.n:
            slow.setdefault("best_guess_accuracy", []).append(report.guessed.accuracy)
        if report.further.n_true + report.further.n_found:
            slow.setdefault("further_f1", []).append(report.further.f1)
        if report.unknown.auroc is not None:
            slow.setdefault("unknown_auroc", []).append(report.unknown.auroc)
        for figures in report.shown.topics:
            if figures.n_true + figures.n_found:
                slow.setdefault(figures.topic, []).append(figures.f1)
    for name, values in slow.items():
        if name in ("sport", "iran", "health", "world"):
            interval = found.by_topic[name]["f1_interval"]
        else:
            interval = found.overall[name]
        assert interval == pytest.approx(np.quantile(values, [0.025, 0.975])), name


def test_an_answer_is_made_of_a_prediction_or_of_a_row_alike() -> None:
    prediction = Prediction("sport", 0.9, ("health",), False, (("sport", 0.9), ("health", 0.05)), "m")
    row = {
        "topic": "sport",
        "score": 0.9,
        "also": ["health"],
        "unknown": False,
        "topics": [{"topic": "sport", "score": 0.9}, {"topic": "health", "score": 0.05}],
        "source": "Weir",
        "published": None,
    }
    made = answer(prediction, "iran", ("world",), unit="d", source="Weir")
    assert made == answer_row(row, "iran", ("world",), unit="d")
    assert answer_row(row, "iran", source="Quay").source == "Quay"
    assert answer(prediction, "iran", doubt=3.0).doubt == 3.0
    # whatever is left unknown is doubted more than whatever is shown
    left = answer(Prediction(None, None, (), True, (("sport", 0.95),), "m"), None)
    assert left.doubt > made.doubt
    assert answer(Prediction(None, None, (), True, (), "m"), None).doubt == 2.0


def shown_on_a_terminal(report: TopicReport) -> str:
    from rich.console import Console

    from topics.evaluation.topic_tables import build_topic_tables, summarise_topics

    console = Console(file=io.StringIO(), width=140)
    for row in summarise_topics(report):
        console.print(*row)
    for table in build_topic_tables(report, "all pieces"):
        console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_tables_say_in_words_what_is_taken_for_what() -> None:
    shown = shown_on_a_terminal(report_topics(ANSWERS, "story"))
    for words in ("iran taken for world", "50% of 2", "macro-F1", "unknown AUROC", "By source", "By date", "Weir"):
        assert words in shown
    few = shown_on_a_terminal(report_topics([Answer("sport", (), (("sport", 0.5),), "sport")] * 3))
    assert "taken for" not in few and "By source" not in few


def test_what_nobody_labelled_or_showed_has_no_row() -> None:
    plain = report_topics([Answer("sport", (), (("sport", 0.5),), "sport")])
    assert plain.intervals.overall == {}
    assert "secondary topics, as labelled" not in shown_on_a_terminal(plain)
