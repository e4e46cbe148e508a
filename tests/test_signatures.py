from __future__ import annotations

import pytest

from topics.labels.signatures import (
    compare_signatures,
    find_near_duplicates,
    group_near_duplicates,
    is_signature,
    sign_text,
)

OTTERS = " ".join(
    f"On day {day} the wardens of Marrow Bay counted {day * 7} otters below the weir." for day in range(40)
)
MARKET = " ".join(f"Stall {stall} sold {stall * 3} baskets of plums before the rain began." for stall in range(40))


def test_a_signature_is_the_same_in_every_process_and_version():
    assert is_signature(sign_text(OTTERS))
    # first and last value of 64: a change here makes every signature in every label file worthless
    assert (sign_text("reed warblers nest by the weir")[:8], sign_text("")[-8:]) == ("88db9842", "c45f7be1")


def test_case_and_punctuation_do_not_matter():
    assert sign_text("The otters, at last!\nThey came.") == sign_text("the OTTERS at last they came")


def test_likeness_is_near_the_share_of_common_runs():
    assert compare_signatures(sign_text(OTTERS), sign_text(OTTERS)) == 1.0
    assert compare_signatures(sign_text(OTTERS), sign_text(MARKET)) < 0.1
    # half of the one is all of the other: half of the runs are common
    half = OTTERS[: len(OTTERS) // 2]
    assert compare_signatures(sign_text(OTTERS), sign_text(half)) == pytest.approx(0.5, abs=0.2)


def test_near_duplicates_are_found_in_order_and_others_are_not():
    edited = OTTERS.replace("On day 3 ", "On the third day ")
    signatures = [sign_text(text) for text in (MARKET, OTTERS, edited, MARKET)]
    pairs = find_near_duplicates(signatures)
    assert [pair[:2] for pair in pairs] == [(0, 3), (1, 2)]
    assert pairs[0][2] == 1.0 and 0.7 <= pairs[1][2] < 1.0
    assert find_near_duplicates([]) == []


def test_groups_reach_by_way_of_a_third_text():
    first, middle, last = (OTTERS[start : start + 2000] for start in (0, 250, 500))
    signatures = {"m": sign_text(MARKET), "a": sign_text(first), "c": sign_text(last), "b": sign_text(middle)}
    assert compare_signatures(signatures["a"], signatures["c"]) < 0.7
    groups = group_near_duplicates(signatures)
    assert groups["a"] == groups["b"] == groups["c"] != groups["m"]


@pytest.mark.parametrize("text", ["", "0" * 511, "0" * 513, "G" * 512, None, 7])
def test_only_the_hex_of_64_values_is_a_signature(text: object):
    assert not is_signature(text)
