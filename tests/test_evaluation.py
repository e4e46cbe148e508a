"""Claims about the figures: each number is worked out by hand in a comment."""

from __future__ import annotations

import io
import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import LabelError
from topics.evaluation import (
    Answer,
    BoundaryScores,
    GoldDump,
    GoldSegment,
    HitCounts,
    Judged,
    bootstrap_interval,
    bootstrap_intervals,
    compare_boundaries,
    compare_furniture,
    compare_kinds,
    evaluate,
    evaluate_dumps,
    evaluate_end_to_end,
    read_gold,
    report_topics,
    score_boundaries,
    score_classes,
    sum_scores,
)
from topics.paragraphs import Punkt
from topics.records import Dump, Prediction, dump_digest

# Boundaries


def test_only_interior_starts_count() -> None:
    # True 0 3 6, found 0 3 5: interior 3 6 against 3 5, one hit of two on either side.
    scores = score_boundaries([0, 3, 6], [0, 3, 5], 10)
    assert (scores.n_true, scores.n_found, scores.n_hits) == (2, 2, 1)
    assert (scores.precision, scores.recall, scores.f1) == (0.5, 0.5, 0.5)


def test_a_dump_of_one_piece_is_perfect_when_nothing_is_cut() -> None:
    scores = score_boundaries([0], [0], 8)
    assert (scores.f1, scores.precision, scores.recall, scores.pk, scores.similarity) == (1, 1, 1, 0, 1)
    wrong = score_boundaries([0], [0, 4], 8)
    assert (wrong.f1, wrong.precision, wrong.similarity) == (0, 0, 0)


def test_lenient_accepts_a_start_in_the_furniture_before_a_piece_once() -> None:
    # The second piece starts at 5; its lead-up is 3 4, its first body paragraph 6. Found at 3 and at 4: one
    # of the two matches, the other is a false start. The third piece (9) is found nowhere near.
    scores = score_boundaries([0, 5, 9], [3, 4, 11], 12, ranges=[(0, 0), (3, 6), (9, 9)])
    assert (scores.n_hits, scores.n_hits_lenient) == (0, 1)
    assert scores.f1_lenient == 2 * 1 / (2 + 3)
    assert scores.lenient == HitCounts(2, 3, 1)


def test_a_true_start_never_lies_outside_its_range() -> None:
    with pytest.raises(ValueError, match="does not hold its start 5"):
        score_boundaries([0, 5], [5], 8, ranges=[(0, 0), (3, 4)])


@pytest.mark.parametrize("start", [-1, 8])
def test_a_start_outside_the_dump_is_a_mistake(start: int) -> None:
    with pytest.raises(ValueError, match="of 8"):
        score_boundaries([0], [start], 8)


def test_pk_and_window_diff_by_hand() -> None:
    # 8 paragraphs, true start 4, found 5. Two segments of mean 4: windows of 2, so 6 of them, ends (i, i+2).
    # Boundary 4 lies in windows i = 2, 3 (places i+1 to i+2), boundary 5 in i = 3, 4: wrong at i = 2 and 4.
    scores = score_boundaries([0, 4], [0, 5], 8)
    assert (scores.n_windows, scores.n_pk_errors, scores.n_window_diff_errors) == (6, 2, 2)
    assert scores.pk == scores.window_diff == 2 / 6


def test_window_diff_counts_what_pk_overlooks() -> None:
    # True 4, found 4 and 5. Window i = 3 (places 4 and 5) has a boundary either way, so Pk finds no fault
    # with it; WindowDiff does: one against two. Window 4 (places 5, 6) is wrong for both.
    scores = score_boundaries([0, 4], [0, 4, 5], 8)
    assert (scores.n_pk_errors, scores.n_window_diff_errors) == (1, 2)


def test_boundary_similarity_by_hand() -> None:
    # True 2 5 9 12, found 2 6 8 15: one match (2), transpositions (5, 6) and (9, 8), left over 12 and 15.
    # B = 1 - (2 + 2/2) / (2 + 2 + 1) = 0.4
    scores = score_boundaries([0, 2, 5, 9, 12], [2, 6, 8, 15], 20)
    assert scores.n_transposed == 2
    assert scores.similarity == pytest.approx(0.4)


def test_a_boundary_is_transposed_only_once() -> None:
    # True 4 and 6, found 5: one pair, one left over. B = 1 - (1 + 1/2) / (1 + 1 + 0) = 0.25
    assert score_boundaries([0, 4, 6], [5], 10).similarity == pytest.approx(0.25)


def test_adding_dumps_gives_the_micro_average() -> None:
    # 1 of 1 true, 1 found; 1 of 3 true, 1 found: F1 = 2*2 / (4 + 2)
    one, two = score_boundaries([0, 3], [3], 6), score_boundaries([0, 2, 4, 6], [4], 8)
    assert (one + two).f1 == 4 / 6
    assert sum_scores([one, two]) == one + two == one + two + BoundaryScores()


STARTS = st.sets(st.integers(1, 11))


@given(STARTS, STARTS, st.data())
def test_lenient_matching_is_the_best_one_to_one(gold: set[int], found: set[int], data: st.DataObject) -> None:
    ordered = sorted(gold)[:4]
    ranges = [
        (data.draw(st.integers(max(0, start - 3), start)), data.draw(st.integers(start, min(11, start + 3))))
        for start in ordered
    ]
    scores = score_boundaries(ordered, found, 12, ranges)

    def best(left: list[tuple[int, int]], free: frozenset[int]) -> int:
        if not left:
            return 0
        (low, high), rest = left[0], left[1:]
        taken = [1 + best(rest, free - {start}) for start in free if low <= start <= high]
        return max([best(rest, free), *taken])

    assert scores.n_hits_lenient == best(ranges, frozenset(found))
    assert scores.n_hits <= scores.n_hits_lenient <= min(len(ordered), len(found))
    assert 0 <= scores.similarity <= 1
    assert 0 <= scores.pk <= scores.window_diff <= 1


@given(STARTS)
def test_the_truth_scores_full_marks(gold: set[int]) -> None:
    scores = score_boundaries(sorted(gold), gold, 12)
    assert (scores.f1, scores.f1_lenient, scores.similarity, scores.pk, scores.window_diff) == (1, 1, 1, 0, 0)


def test_bootstrap_draws_dumps_and_repeats_itself() -> None:
    good, bad = score_boundaries([0, 3], [3], 6), score_boundaries([0, 3], [], 6)
    interval = bootstrap_interval([good] * 5 + [bad] * 5, lambda s: s.recall)
    assert interval == bootstrap_interval([good] * 5 + [bad] * 5, lambda s: s.recall)
    assert interval != bootstrap_interval([good] * 5 + [bad] * 5, lambda s: s.recall, seed=1, n_resamples=20)
    # A binomial of 10 at 1/2: P(k <= 1) = 11/1024 and P(k <= 2) = 56/1024 lie on either side of 2.5%.
    assert interval == (0.2, 0.8)
    # and P(k <= 3) = 0.17, P(k <= 4) = 0.38, P(k <= 5) = 0.62, P(k <= 6) = 0.83.
    assert bootstrap_interval([good] * 5 + [bad] * 5, lambda s: s.recall, level=0.5) == (0.4, 0.6)
    assert bootstrap_interval([good] * 3, lambda s: s.f1) == (1, 1)


def test_several_measures_have_the_intervals_that_each_has_alone() -> None:
    scores = [score_boundaries([0, 3], found, 6) for found in ([3], [], [2], [3, 4])]
    measures = {"f1": lambda s: s.f1, "pk": lambda s: s.pk, "b": lambda s: s.similarity}
    found = bootstrap_intervals(scores, measures, n_resamples=200)
    assert found == {name: bootstrap_interval(scores, m, n_resamples=200) for name, m in measures.items()}
    assert len(set(found.values())) == 3


# Classes


def test_accuracy_secondary_topics_and_macro_f1_by_hand() -> None:
    scores = score_classes(
        [
            Judged("sport", "sport"),
            Judged("sport", "iran"),
            Judged("iran", "iran"),
            Judged("world", "iran", also=("iran",)),
            Judged(None, None),
        ]
    )
    assert scores.accuracy == 3 / 5
    assert scores.accuracy_with_secondary == 4 / 5
    figures = {t.topic: (t.precision, t.recall, t.f1, t.n_true) for t in scores.topics}
    # sport: 1 found, 2 true, 1 both: F 2/3. iran: 3 found, 1 true, 1 both: F 2/4. world: never found: 0.
    assert figures == {
        "iran": (1 / 3, 1.0, 0.5, 1),
        "sport": (1.0, 0.5, pytest.approx(2 / 3), 2),
        "world": (0.0, 0.0, 0.0, 1),
    }
    assert scores.macro_f1 == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert scores.confusion["world", "iran"] == 1


def test_a_piece_is_right_once_though_its_topic_is_named_twice() -> None:
    assert score_classes([Judged("a", "a", also=("a",))]).accuracy_with_secondary == 1


def test_a_topic_that_is_never_true_has_no_part_in_macro_f1() -> None:
    scores = score_classes([Judged("sport", "sport"), Judged("sport", "health")])
    # sport: 1 found, 2 true: F 2/3; health is never true.
    assert scores.macro_f1 == pytest.approx(2 / 3)
    assert [t.topic for t in scores.topics] == ["health", "sport"]


def test_calibration_by_hand() -> None:
    # Bins of 1/15. 0.95 and 1.0 share the last (0.9333 to 1): mean 0.975, one right of two: distance 0.475.
    # 0.5 is alone and right: distance 0.5. ECE = (2*0.475 + 0.5) / 3. The unscored piece has no part in it.
    judged = [
        Judged("a", "a", guess="a", score=0.95),
        Judged("a", "b", guess="b", score=1.0),
        Judged("a", None, guess="a", score=0.5),
        Judged("a", None),
    ]
    calibration = score_classes(judged).calibration
    assert calibration.n == 3
    assert calibration.ece == pytest.approx(1.45 / 3)
    assert calibration.brier == pytest.approx((0.05**2 + 1.0**2 + 0.5**2) / 3)
    filled = [b for b in calibration.bins if b.n]
    assert [(b.n, b.accuracy) for b in filled] == [(1, 1.0), (2, 0.5)]
    assert filled[1].mean_score == pytest.approx(0.975)
    assert len(calibration.bins) == 15
    # of perfect scores: one piece at 0.5 is 0.5 off; two at 0.975 are 2 * 0.975^2 * 0.025 + … off on average
    two = 2 * (1 - 0.975) * 0.975 * abs(1 - 1.95) + 0.975**2 * 0.05 + 0.025**2 * 1.95
    assert calibration.ece_by_chance == pytest.approx((0.5 + two) / 3)


def test_perfect_scores_are_as_far_off_as_chance_says() -> None:
    rng = np.random.default_rng(4)
    scores = rng.beta(4, 1, 300)
    found = []
    for _ in range(200):
        right = rng.random(300) < scores
        found.append(
            score_classes(
                Judged("a", "a" if r else "b", guess="a" if r else "b", score=s)
                for r, s in zip(right, scores.tolist(), strict=True)
            ).calibration
        )
    assert np.mean([c.ece for c in found]) == pytest.approx(found[0].ece_by_chance, rel=0.05)
    assert score_classes([]).calibration.ece_by_chance == 0.0


def test_a_score_that_is_no_probability_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not a probability"):
        score_classes([Judged("a", "a", guess="a", score=1.5)])


TOPICS = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(TOPICS, TOPICS, st.floats(0, 1)), min_size=1, max_size=30))
def test_class_scores_equal_scikit_learns_and_add_up(rows: list[tuple[str, str, float]]) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    judged = [Judged(true, found, guess=found, score=score) for true, found, score in rows]
    true, found = [r[0] for r in rows], [r[1] for r in rows]
    scores = score_classes(judged)
    assert scores.accuracy == pytest.approx(accuracy_score(true, found))
    expected = f1_score(true, found, labels=sorted(set(true)), average="macro", zero_division=0)
    assert scores.macro_f1 == pytest.approx(expected)
    half = len(judged) // 2
    added = score_classes(judged[:half]) + score_classes(judged[half:])
    assert (added.confusion, added.n_secondary) == (scores.confusion, scores.n_secondary)
    assert added.calibration.ece == pytest.approx(scores.calibration.ece)
    assert added.calibration.brier == pytest.approx(scores.calibration.brier)
    assert json.loads(json.dumps(scores.to_dict()))["n"] == len(rows)


# Gold

TEXT = "Ferry fares rise\nShare this\nThe board raised fares.\n\nGoal rush in the cup\nTwo late goals.\nMenu\n"
#       line 1            2           3                        4 5                      6                7
DUMP = Dump("harbour.txt", TEXT)


def write_lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def line_row(first: int, last: int, topic: str | None, **more: Any) -> dict[str, Any]:
    kind = more.pop("kind", "article")
    return {
        "dump": "harbour.txt",
        "start_line": first,
        "end_line": last,
        "kind": kind,
        "topic": topic,
        "also": [],
        **more,
    }


def decision(start: int, end: int, topic: str | None, **more: Any) -> dict[str, Any]:
    digest, at = dump_digest(TEXT), "2026-01-01T00:00:00Z"
    row = {
        "type": "topic",
        "dump": digest,
        "start": start,
        "end": end,
        "topic": topic,
        "kind": "article",
        "also": [],
    }
    return {**row, "name": "harbour.txt", "at": at, **more}


def test_gold_by_lines_becomes_offsets(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "gold.jsonl",
        line_row(5, 7, "sport", furniture_lines=[7]),
        line_row(1, 4, "business", also=["uk-politics"], title_line=1, furniture_lines=[2]),
        {"dump": "elsewhere.txt", "start_line": 900, "end_line": 901, "kind": "article", "topic": "iran"},
    )
    gold = read_gold(path, [DUMP])
    middle = TEXT.index("Goal")
    share, menu = TEXT.index("Share"), TEXT.index("Menu")
    furniture = ((share, share + len("Share this\n")),)
    assert gold == {
        "harbour.txt": GoldDump(
            "harbour.txt",
            (
                GoldSegment(0, middle, "article", "business", ("uk-politics",), furniture, "Ferry fares rise"),
                GoldSegment(middle, len(TEXT), "article", "sport", (), ((menu, len(TEXT)),), None),
            ),
            whole=True,
        )
    }


def test_gold_by_lines_counts_every_kind_of_line_end(tmp_path: Path) -> None:
    dump = Dump("harbour.txt", "one\r\ntwo\rthree\u2028still three\nfour")
    path = write_lines(tmp_path / "gold.jsonl", line_row(1, 2, "sport"), line_row(3, 4, "iran"))
    spans = [(s.start, s.end) for s in read_gold(path, [dump])["harbour.txt"].segments]
    assert spans == [(0, 9), (9, len(dump.text))]


def test_gold_that_fits_no_topic_has_none(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "gold.jsonl", line_row(1, 7, "other", also=["other", "iran"]))
    [segment] = read_gold(path, [DUMP])["harbour.txt"].segments
    assert (segment.topic, segment.also, segment.furniture) == (None, ("iran",), None)


def test_gold_in_words_of_before_is_read_in_todays(tmp_path: Path) -> None:
    today = {"trade": "business", "ports": "business", "cup": "sport"}
    for rows in (
        [line_row(1, 4, "trade", also=["ports", "cup", "world"]), line_row(5, 7, None, also=["trade", "ports"])],
        [
            decision(0, 52, "trade", also=["ports", "cup", "world"]),
            decision(52, len(TEXT), None, also=["trade", "ports"]),
        ],
    ):
        path = write_lines(tmp_path / "gold.jsonl", *rows)
        gold = read_gold(path, [DUMP], spell=lambda slug: today.get(slug, slug))["harbour.txt"]
        assert [(segment.topic, segment.also) for segment in gold.segments] == [
            ("business", ("sport", "world")),
            (None, ("business",)),
        ]


def test_gold_by_decisions_follows_the_digest_whatever_the_name(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "gold.jsonl",
        decision(0, 52, "business", title="Ferry fares rise", furniture=[[28, 52], [17, 28]]),
        decision(53, len(TEXT), "sport"),
    )
    gold = read_gold(path, [Dump("renamed.txt", TEXT)])["renamed.txt"]
    assert gold.segments[0] == GoldSegment(0, 52, "article", "business", (), ((17, 28), (28, 52)), "Ferry fares rise")
    assert gold.whole


def test_the_later_decision_wins_whatever_its_place_in_the_file(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "gold.jsonl",
        decision(0, 53, "business", at="2026-03-01T00:30:00+01:00"),
        decision(0, 60, "iran", at="2026-02-28T23:45:00Z"),
    )
    [segment] = read_gold(path, [DUMP])["harbour.txt"].segments
    assert (segment.end, segment.topic) == (60, "iran")  # half past midnight there was 23:30 UTC
    assert not read_gold(path, [DUMP])["harbour.txt"].whole


def test_a_boundary_decision_retires_what_it_cuts(tmp_path: Path) -> None:
    boundary = {"type": "boundary", "dump": dump_digest(TEXT), "starts": True, "at": "2025-01-01T00:00:00Z"}
    path = write_lines(
        tmp_path / "gold.jsonl",
        decision(0, 53, "business"),
        decision(53, len(TEXT), "sport"),
        {**boundary, "offset": 70},
    )
    assert [s.topic for s in read_gold(path, [DUMP])["harbour.txt"].segments] == ["business"]
    path = write_lines(
        path,
        decision(0, 53, "business"),
        {**boundary, "offset": 53, "starts": False},
        decision(60, 70, "iran"),
    )
    assert [s.topic for s in read_gold(path, [DUMP])["harbour.txt"].segments] == ["iran"]


def test_gold_may_be_a_label_file_with_notes_and_with_decisions_taken_back(tmp_path: Path) -> None:
    moment = "2026-01-01T00:00:00Z"
    place = {"dump": dump_digest(TEXT), "name": "harbour.txt", "by": "mara"}
    rows = [
        decision(0, 53, "business", by="mara", at=moment),
        decision(0, 53, "iran", by="mara", at="2026-01-02T00:00:00Z"),
        decision(53, len(TEXT), "sport", by="otto", at="2026-01-02T00:00:00Z"),
        {"type": "boundary", **place, "offset": 70, "starts": True, "at": "2026-01-03T00:00:00Z"},
        {"type": "note", **place, "start": 0, "end": 53, "note": "fares or trade?", "at": moment},
        {"type": "undo", "by": "mara", "decided": "2026-01-02T00:00:00Z", "at": "2026-01-04T00:00:00Z"},
        {"type": "undo", "by": "mara", "decided": "2026-01-03T00:00:00Z", "at": "2026-01-04T00:00:00Z"},
    ]
    path = write_lines(tmp_path / "gold.jsonl", *rows)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert [s.topic for s in read_gold(path, [DUMP])["harbour.txt"].segments] == ["business", "sport"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "gold.jsonl:2: not JSON"),
        ("[" * 200_000, "gold.jsonl:2: not JSON"),
        ({"type": "undo", "by": "mara"}, 'gold.jsonl:2: "decided" is nothing'),
        ("[1]", "gold.jsonl:2: not a JSON object"),
        (line_row(1, 8, "sport"), "gold.jsonl:2: lines 1 to 8 are not in the 7 lines"),
        (line_row(0, 1, "sport"), "gold.jsonl:2: lines 0 to 1"),
        (line_row(3, 4, "sport"), "gold.jsonl:1: overlaps"),
        (line_row(1, 1, "sport", kind="advert"), 'gold.jsonl:2: "kind" is "advert"'),
        (line_row(1, 1, "sport", kind="boilerplate"), "gold.jsonl:2: boilerplate has no topic"),
        (line_row(1, 1, "sport", also="iran"), 'gold.jsonl:2: "also" is "iran"'),
        (line_row(1, 1, "sport", furniture_lines=[2]), "gold.jsonl:2: furniture_lines"),
        (line_row(1, 1, "sport", title_line=2), "gold.jsonl:2: title_line 2"),
        ({"dump": "harbour.txt"}, 'gold.jsonl:2: "start_line" is nothing'),
        (line_row(1, True, "sport"), 'gold.jsonl:2: "end_line" is true'),
        (decision(5, 5, "sport"), "gold.jsonl:2: 5 to 5 is no span of"),
        (decision(0, 9_999, "sport"), "gold.jsonl:2: 0 to 9999 is no span of"),
        (decision(0, 9, "sport", furniture=[[5, 12]]), "gold.jsonl:2: furniture"),
        (decision(0, 9, "sport", at="soon"), 'gold.jsonl:2: "at" is "soon"'),
        ({**decision(0, 9, "sport"), "type": "opinion"}, 'gold.jsonl:2: "type" is "opinion"'),
        (decision(0, 9, "sport", dump="0" * 64), 'gold.jsonl:2: the text of "harbour.txt" has changed'),
    ],
)
def test_gold_that_cannot_be_used_is_named_by_file_and_line(tmp_path: Path, row: Any, message: str) -> None:
    path = write_lines(tmp_path / "gold.jsonl", line_row(4, 7, "sport"), row)
    with pytest.raises(LabelError) as caught:
        read_gold(path, [DUMP])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gold_of_other_dumps_alone_is_an_error(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "gold.jsonl", line_row(1, 7, "sport"))
    with pytest.raises(LabelError, match="nothing here speaks of"):
        read_gold(path, [Dump("other.txt", "Nothing.")])
    with pytest.raises(LabelError, match="cannot be read"):
        read_gold(tmp_path / "missing.jsonl", [DUMP])


def test_dumps_of_the_gold_that_are_not_at_hand_are_said_once_and_the_others_done(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "gold.jsonl",
        line_row(1, 4, "business"),
        {**line_row(1, 2, "sport"), "dump": "gone.txt"},
        {**line_row(3, 9, "sport"), "dump": "gone.txt"},
        decision(0, 9, "iran", dump="1" * 64, name="lost.txt"),
        decision(0, 9, "iran", dump="2" * 64, name=None),
        decision(0, 9, "iran", dump="3" * 64, name="goals.txt"),
    )
    dumps = [DUMP, Dump("goals.txt", "Two late goals.")]
    said: list[LabelError] = []
    assert list(read_gold(path, dumps, said.append)) == ["harbour.txt"]
    places = [str(problem).removeprefix(f"{path}:").split(":")[0] for problem in said]
    assert places == ["6", "2", "4", "5"]
    for problem, name in zip(said, ("goals.txt", "gone.txt", "lost.txt", "222222222222"), strict=True):
        assert f'"{name}"' in str(problem)
    assert "has changed" in str(said[0]) and "among those given. Give it too" in str(said[1])
    with pytest.raises(LabelError, match=r"gold\.jsonl:6: .* has changed"):
        read_gold(path, dumps)
    with pytest.raises(LabelError, match="nothing here speaks of"):
        read_gold(path, [Dump("other.txt", "Nothing.")], said.append)
    assert len(said) == 4
    with pytest.raises(LabelError, match="has changed"):
        read_gold(path, dumps[1:], said.append)


# Rows against gold


def row(start: int, end: int, topic: str | None, score: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "kind": "article",
        "topic": topic,
        "score": score,
        "also": [],
        "unknown": topic is None,
        "topics": [] if topic is None else [{"topic": topic, "score": score}],
        "furniture": [],
        "source": None,
        "published": None,
        **more,
    }


def gold_of(*segments: GoldSegment, whole: bool = True) -> GoldDump:
    return GoldDump("harbour.txt", segments, whole)


PAGE = "Boats sail\nBody one.\nMenu\nLogin\nGoals fall\nBody two.\n"
#       0           11         21    26     32          43        53
PAGE_GOLD = gold_of(
    GoldSegment(0, 32, "article", "business", (), ((21, 26), (26, 32))),
    GoldSegment(32, 53, "article", "sport", ("iran",), ()),
)


@pytest.mark.parametrize(
    ("start", "hits"),
    [
        (32, (1, 1)),  # the very place
        (31, (1, 1)),  # the line break before it is no paragraph of its own
        (21, (0, 1)),  # in the furniture that leads up to it
        (26, (0, 1)),
        (11, (0, 0)),  # the body of the piece before
        (43, (0, 0)),  # behind the headline
        (28, (0, 1)),  # inside a furniture line: a start there is a place of its own
    ],
)
def test_starts_are_compared_at_their_very_place(start: int, hits: tuple[int, int]) -> None:
    scores = compare_boundaries(PAGE_GOLD, PAGE, [row(0, start, "iran"), row(start, 53, "iran")])
    assert (scores.n_hits, scores.n_hits_lenient) == hits
    assert (scores.n_true, scores.n_found) == (1, 1)


def test_a_piece_that_begins_with_furniture_can_start_at_its_first_body_paragraph() -> None:
    gold = gold_of(
        GoldSegment(0, 21, "article", "business", (), ()),
        GoldSegment(21, 53, "article", "sport", (), ((21, 26), (26, 32))),
    )
    found = [
        compare_boundaries(gold, PAGE, [row(0, n, None), row(n, 53, None)]).n_hits_lenient for n in (11, 21, 26, 32, 43)
    ]
    assert found == [0, 1, 1, 1, 0]


def test_without_known_furniture_lenient_is_exact() -> None:
    gold = gold_of(GoldSegment(0, 32, "article", "business"), GoldSegment(32, 53, "article", "sport"))
    scores = compare_boundaries(gold, PAGE, [row(0, 26, None), row(26, 53, None)])
    assert scores.n_hits_lenient == 0


def test_a_piece_of_white_space_has_no_boundary() -> None:
    text = PAGE + "\n\n"
    gold = gold_of(GoldSegment(0, 53, "article", "business"), GoldSegment(53, 55, "boilerplate", None))
    scores = compare_boundaries(gold, text, [row(0, 53, None), row(53, 55, None)])
    assert (scores.n_true, scores.n_found) == (0, 0)


def test_gold_with_holes_cannot_tell_boundaries() -> None:
    with pytest.raises(ValueError, match="leaves text out"):
        compare_boundaries(gold_of(GoldSegment(0, 11, "article", None), whole=False), PAGE, [])


def test_kinds_go_by_the_row_that_holds_most_of_a_segment() -> None:
    gold = gold_of(GoldSegment(0, 32, "article", "business"), GoldSegment(32, 53, "boilerplate", None))
    scores = compare_kinds(gold, PAGE, [row(0, 40, "business"), row(40, 53, None, kind="blurb")])
    # the second segment: 7 characters of "Goals f" less a blank for the article, 3 + 8 less one for the blurb
    assert scores.confusion == {("article", "article"): 1, ("boilerplate", "blurb"): 1}


def test_furniture_is_counted_by_paragraph() -> None:
    # True: Menu, Login. Found: Login and Goals fall. One of two either way.
    rows = [row(0, 32, None, furniture=[[26, 31]]), row(32, 53, None, furniture=[[32, 42]])]
    assert compare_furniture(PAGE_GOLD, PAGE, rows) == HitCounts(2, 2, 1)
    assert compare_furniture(gold_of(GoldSegment(0, 53, "article", None)), PAGE, rows) is None


def test_end_to_end_by_hand() -> None:
    # Body characters, blanks and furniture left out: business "Boatssail" 9 + "Bodyone." 8 = 17,
    # sport "Goalsfall" 9 + "Bodytwo." 8 = 17. The cut comes one line late, at 43, so the second headline (9)
    # goes under business. Sport's other 8 characters go under iran, its secondary topic.
    rows = [row(0, 43, "business", 0.9), row(43, 53, "iran", 0.6)]
    scores = evaluate_end_to_end(PAGE_GOLD, PAGE, rows)
    assert scores.n_body == 34
    assert scores.body_share == 17 / 34
    assert scores.body_share_with_secondary == 25 / 34
    # Lines: six; right are the first four (furniture lines go with their piece), wrong the last two.
    assert (scores.n_lines, scores.n_lines_right) == (6, 4)
    # business: 26 found, 17 true, 17 both: F 34/43. sport: never found: 0.
    assert scores.macro_f1 == pytest.approx((34 / 43 + 0) / 2)
    # Segments: business at 0.9 is mostly business (17 against 9): right; iran at 0.6 is sport: wrong.
    assert scores.ece == pytest.approx((abs(1 - 0.9) + abs(0 - 0.6)) / 2)
    assert scores.segments.accuracy_with_secondary == 1.0


def test_boilerplate_lines_are_right_without_a_topic() -> None:
    gold = gold_of(GoldSegment(0, 32, "article", "business", ()), GoldSegment(32, 53, "boilerplate", None))
    shown = [row(0, 32, "business", 0.9), row(32, 53, "sport", None, kind="boilerplate")]
    unknown = [row(0, 32, "business", 0.9), row(32, 53, None)]
    wrong = [row(0, 53, "business", 0.9)]
    assert [evaluate_end_to_end(gold, PAGE, rows).line_share for rows in (shown, unknown, wrong)] == [
        1,
        1,
        4 / 6,
    ]
    # and its characters cost the topic they went to: 26 of business are true, 43 found.
    assert evaluate_end_to_end(gold, PAGE, wrong).macro_f1 == pytest.approx(2 * 26 / (26 + 43))
    assert evaluate_end_to_end(gold, PAGE, wrong).body_share == 1.0


def test_text_that_the_gold_leaves_out_does_not_count() -> None:
    gold = gold_of(GoldSegment(0, 11, "article", "business"), whole=False)
    scores = evaluate_end_to_end(gold, PAGE, [row(0, 53, "business", 0.9)])
    assert (scores.n_lines, scores.n_lines_right, scores.characters.n) == (1, 1, 9)


def test_text_in_no_row_is_under_no_topic() -> None:
    scores = evaluate_end_to_end(PAGE_GOLD, PAGE, [row(0, 32, "business", 0.5)])
    assert scores.characters.confusion == {("business", "business"): 17, ("sport", None): 17}
    assert evaluate_end_to_end(PAGE_GOLD, PAGE, []).body_share == 0


@given(
    st.lists(st.integers(1, 52), max_size=5, unique=True),
    st.lists(st.integers(1, 52), max_size=5, unique=True),
)
def test_every_body_character_is_counted_once(gold_cuts: list[int], cuts: list[int]) -> None:
    names = itertools.cycle(["business", "sport", None])
    ends = [0, *sorted(gold_cuts), 53]
    gold = gold_of(*(GoldSegment(a, b, "article", next(names)) for a, b in itertools.pairwise(ends)))
    ends = [0, *sorted(cuts), 53]
    scores = evaluate_end_to_end(gold, PAGE, [row(a, b, next(names), 0.5) for a, b in itertools.pairwise(ends)])
    assert scores.characters.n == len("".join(PAGE.split()))
    assert scores.n_lines == 6


# Report


def test_the_report_adds_up_dumps_and_prints_its_figures() -> None:
    from rich.console import Console

    right = [row(0, 32, "business", 0.9, furniture=[[21, 31]]), row(32, 53, "sport", 0.8)]
    late = [row(0, 43, "business", 0.9), row(43, 53, "iran", 0.6)]
    topics = report_topics([Answer("sport", (), (("sport", 0.7),), "sport")])
    report = evaluate_dumps([(PAGE_GOLD, PAGE, right), (PAGE_GOLD, PAGE, late)], topics=topics)
    assert report.boundaries is not None and report.boundaries.f1 == 0.5
    assert report.furniture == HitCounts(4, 2, 2)
    assert report.end_to_end is not None and report.end_to_end.body_share == (34 + 17) / 68
    assert report.body_share_interval == (0.5, 1.0)
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["boundaries"]["exact"]["f1"] == 0.5
    assert plain["end_to_end"]["body_share"] == 0.75
    assert plain["topics"]["accuracy"] == 1.0
    console = Console(file=io.StringIO(), width=120)
    report.render(console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for figure in ("boundary F1, exact", "0.500", "0.750", "0.500 to 1.000", "sport", "2 dumps"):
        assert figure in shown


def test_every_boundary_figure_has_an_interval_over_dumps_and_each_dump_its_own_figures() -> None:
    from rich.console import Console

    # right: the one true start, 3 of 5 paragraphs in. late: one paragraph on, behind the headline.
    right, late = ([row(0, n, None), row(n, 53, None)] for n in (32, 43))
    partial = GoldDump("half.txt", PAGE_GOLD.segments[:1], whole=False)
    other = GoldDump("second.txt", PAGE_GOLD.segments, whole=True)
    report = evaluate_dumps([(PAGE_GOLD, PAGE, right), (other, PAGE, late), (partial, PAGE, late)])
    assert report.partial == ("half.txt",)
    [(one, good), (two, bad), (three, none)] = report.by_dump
    assert (one, two, three) == ("harbour.txt", "second.txt", "half.txt")
    assert good is not None and bad is not None and none is None
    assert report.boundaries == good + bad
    plain = json.loads(json.dumps(report.to_dict()))
    figures = plain["boundaries"]
    # of two dumps both may be drawn twice: the interval of each figure goes from the one's to the other's
    for name in ("pk", "window_diff", "similarity"):
        assert figures[f"{name}_interval"] == sorted([getattr(good, name), getattr(bad, name)])
    assert figures["exact_f1_interval"] == [0, 1] and figures["lenient_f1_interval"] == [0, 1]
    assert [entry["dump"] for entry in plain["dumps"]] == ["harbour.txt", "second.txt", "half.txt"]
    assert plain["dumps"][1]["boundaries"]["similarity"] == 0.5  # one place off: B = 1 - (1/2) / 1
    assert plain["dumps"][2]["boundaries"] is None
    console = Console(file=io.StringIO(), width=120)
    report.render(console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("F1, exact", "in the lead", "Pk", "WindowDiff", "similarity B", "second.txt", "half.txt"):
        assert words in shown


def test_one_dump_has_figures_and_no_interval() -> None:
    rows = [row(0, 32, "business", 0.9), row(32, 53, "sport", 0.8)]
    plain = evaluate_dumps([(PAGE_GOLD, PAGE, rows)]).to_dict()
    assert plain["boundaries"]["exact"]["f1"] == 1.0
    assert {value for key, value in plain["boundaries"].items() if key.endswith("interval")} == {None}
    assert plain["end_to_end"]["body_share_interval"] is None


def test_the_report_leaves_out_what_the_gold_cannot_tell() -> None:
    from rich.console import Console

    gold = gold_of(GoldSegment(0, 32, "article", "business"), whole=False)
    bare = {"start": 0, "end": 53, "kind": "article", "furniture": []}
    report = evaluate_dumps([(gold, PAGE, [bare])])
    assert (report.boundaries, report.furniture, report.end_to_end, report.topics) == (None, None, None, None)
    assert report.to_dict()["boundaries"] is None
    console = Console(file=io.StringIO(), width=120)
    report.render(console)
    assert "boundary" not in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_model_is_measured_on_raw_text_and_on_the_true_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import topics.pipeline

    class Piece:
        source, published = "Harbour Post", None

        def __init__(self, dump: Dump) -> None:
            self.text = dump.text

    def classify(pieces: list[Piece], model: Any) -> list[Prediction]:
        guess = "sport" if "goals" in pieces[0].text else "world"
        return [Prediction(guess, 0.75, (), False, ((guess, 0.75),), "fake")]

    whole = [row(0, len(TEXT), "business", 0.5)]
    monkeypatch.setattr(topics.pipeline, "classify_dump", lambda dump, model, **options: whole)
    monkeypatch.setattr(topics.pipeline, "segment", lambda dump, model, whole: [Piece(dump)])
    monkeypatch.setattr(topics.pipeline, "classify", classify)
    model: Any = SimpleNamespace(
        segmentation=SimpleNamespace(punkt=Punkt()), topics=SimpleNamespace(slugs=("ferries",)), respell=lambda _: model
    )
    path = write_lines(
        tmp_path / "gold.jsonl",
        line_row(1, 4, "business", also=["world"]),
        line_row(5, 6, "sport"),
        line_row(7, 7, None, kind="boilerplate"),
    )
    report = evaluate([DUMP, Dump("silent.txt", "No gold.")], path, model)
    assert report.n_dumps == 1
    assert report.boundaries is not None and report.boundaries.n_true == 2
    assert report.end_to_end is not None and report.end_to_end.segments.accuracy == 1
    # Two pieces have topics: sport is right, business is called world, its secondary topic.
    assert report.topics is not None
    shown = report.topics.shown
    assert (report.topics.n, shown.accuracy, shown.accuracy_with_secondary) == (2, 0.5, 1.0)
    assert shown.calibration.ece == pytest.approx(0.25)
    assert [(part.name, part.n) for part in report.topics.by_source] == [("Harbour Post", 2)]
    assert report.found is not None and report.found.n == 1
    write_lines(path, line_row(1, 4, "ferries", also=["farries"]), line_row(5, 6, "sports"), line_row(7, 7, "sports"))
    assert evaluate([DUMP], path, model, topics=False).topics is None
    said: list[LabelError] = []
    assert evaluate([DUMP], path, model, on_problem=said.append).n_dumps == 1
    for problem, line, slug in zip(said, (1, 2), ("farries", "sports"), strict=True):
        assert str(problem).startswith(f'{path}:{line}: unknown topic "{slug}".')
        assert " Known topics are in " in str(problem)
    with pytest.raises(LabelError, match=r'gold\.jsonl:1: unknown topic "farries"'):
        evaluate([DUMP], path, model)


def test_no_dumps_are_no_report() -> None:
    with pytest.raises(ValueError, match="no scores"):
        evaluate_dumps([])
    assert math.isclose(BoundaryScores().f1, 1.0)
