"""Behind lines that stand again and again: how often pieces start there, learned from the other places."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from word_samples import analysed, matter

from topics.bundle import Model
from topics.records import Dump
from topics.segmentation import segment_dump
from topics.segmentation.explain import explain_starts
from topics.segmentation.habits import find_habits
from topics.segmentation.repeats import OFTEN, Repeats, find_repeats

ROOT = Path(__file__).resolve().parent.parent
SURE, NOT, OPEN, DOUBTED = 4.0, -6.0, -0.5, -1.5
GAP = 4  # a line every four paragraphs


def learn(behind: list[float]) -> NDArray[np.float64]:
    """The habits at the places behind a line that stands once before each of these log-odds."""
    n = len(behind) * GAP
    firsts = np.arange(n)
    firsts[::GAP] = 0
    odds = np.full(n, NOT)
    odds[1::GAP] = behind
    repeats = Repeats(firsts, np.bincount(firsts)[firsts])
    habits = find_habits(repeats, np.full(n, 20.0, np.float32), odds, np.zeros(n, np.bool_))
    assert not np.delete(habits, np.arange(1, n, GAP)).any()
    return habits[1::GAP]


def test_a_place_behind_what_ends_the_other_pieces_is_a_start() -> None:
    habits = learn([SURE, SURE, SURE, SURE, OPEN])
    assert OPEN + habits[-1] > 2.0


def test_places_that_are_open_speak_for_each_other() -> None:
    assert (learn([OPEN] * 8) > 1.5).all()
    assert learn([OPEN] * 8)[0] > learn([OPEN] * OFTEN)[0]


def test_many_doubts_are_no_certainty() -> None:
    assert not learn([DOUBTED] * 40).any()


def test_a_place_tells_nothing_of_itself() -> None:
    lone = learn([SURE, NOT, NOT, NOT, NOT])
    assert lone[0] == 0
    assert learn([OPEN, SURE, SURE, NOT, NOT])[0] == learn([NOT, SURE, SURE, NOT, NOT])[0] > 0


def test_a_line_that_ends_half_of_the_pieces_says_less_than_one_that_ends_all() -> None:
    half, whole = learn([OPEN, SURE, NOT, SURE, NOT, SURE, NOT])[0], learn([OPEN, *[SURE] * 6])[0]
    assert 1.5 < half < 2.5 < 5.0 < whole


def test_what_stands_in_the_midst_of_pieces_is_left_to_the_network() -> None:
    assert not learn([NOT] * 9).any()


def test_what_does_not_stand_often_is_no_habit() -> None:
    assert not learn([SURE] * (OFTEN - 1)).any()


def test_blank_paragraphs_are_no_line() -> None:
    repeats = Repeats(np.array([0, 1] * 8), np.full(16, 8))
    odds = np.tile([NOT, SURE], 8)
    assert not find_habits(repeats, np.zeros(16, np.float32), odds, np.zeros(16, np.bool_)).any()


def test_a_last_line_has_nothing_behind_it() -> None:
    repeats = Repeats(np.zeros(6, np.int64), np.full(6, 6))
    assert not find_habits(repeats, np.full(6, 9.0, np.float32), np.full(6, NOT), np.zeros(6, np.bool_)).any()


def lay_out(n: int, behind: Sequence[tuple[float, float]]) -> tuple[Repeats, NDArray[np.float32], NDArray[np.float64]]:
    """``n`` times a line, and (words, log-odds) of what stands behind it each time."""
    size = 1 + len(behind)
    firsts = np.arange(n * size)
    firsts[::size] = 0
    words, odds = np.full((n, size), 3.0, np.float32), np.full((n, size), NOT)
    words[:, 1:], odds[:, 1:] = zip(*behind, strict=True)
    return Repeats(firsts, np.bincount(firsts)[firsts]), words.ravel(), odds.ravel()


def test_pieces_may_start_some_short_lines_behind_it() -> None:
    """ "Topics", then what these are, then a headline at which a start is the likelier."""
    repeats, words, odds = lay_out(6, [(4, -1.0), (8, 0.5), (30, NOT), (30, NOT)])
    habits = find_habits(repeats, words, odds, np.zeros(len(odds), np.bool_))
    assert np.flatnonzero(habits).tolist() == list(range(2, 30, 5))


def test_what_looks_like_furniture_is_stepped_over_sooner() -> None:
    repeats, words, odds = lay_out(6, [(4, 0.6), (8, 0.5), (30, NOT), (30, NOT)])
    is_furniture = np.tile([True, True, False, False, False], 6)
    habits = find_habits(repeats, words, odds, is_furniture)
    assert np.flatnonzero(habits).tolist() == list(range(2, 30, 5))
    habits = find_habits(repeats, words, odds, ~is_furniture)
    assert np.flatnonzero(habits).tolist() == list(range(1, 30, 5))


def test_no_long_line_is_stepped_over() -> None:
    repeats, words, odds = lay_out(6, [(30, NOT), (8, SURE), (30, NOT)])
    assert not find_habits(repeats, words, odds, np.zeros(len(odds), np.bool_)).any()


def test_paragraphs_that_say_the_same_are_found() -> None:
    lines = matter(4, seed=51)
    firsts, n_same = find_repeats(analysed("\n".join([*lines, lines[1], lines[3], lines[1]])))
    assert firsts.tolist() == [0, 1, 2, 3, 1, 3, 1]
    assert n_same.tolist() == [1, 3, 1, 2, 3, 2, 3]


def test_one_other_word_or_mark_is_not_the_same() -> None:
    line = matter(1, seed=52)[0]
    words = line.split()
    other = " ".join([*words[:3], "harbour" if words[3] != "harbour" else "ferry", *words[4:]])
    assert find_repeats(analysed("\n".join([line, other, line.rstrip(".") + "?"])))[0].tolist() == [0, 1, 2]


def test_a_short_line_below_each_piece_is_learned(model: Model) -> None:
    text = (ROOT / "seeds" / "harbour-wire.txt").read_text("utf-8").rstrip("\n") + "\n\n"
    starts = [segment.start for segment in segment_dump(Dump("d", text), model.segmentation)] + [len(text)]
    parts = [f"{text[start:end]}(Reporting by the Harbour Wire desk)\n\n" for start, end in pairwise(starts)]
    whole = "".join(parts)
    told = explain_starts(Dump("d", whole), model.segmentation)
    assert [start.start for start in told] == np.cumsum([0, *map(len, parts[:-1])]).tolist()
    for start in told[1:]:
        [reason] = [reason for reason in start.reasons if reason.group == "habit"]
        assert reason.effect is not None and reason.effect > 4
        assert "behind a line" in reason.words
