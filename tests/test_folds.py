"""Which pieces are one story, and which are learned from and tested: nothing straddles, everything is tested once."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topics.evaluation import stories
from topics.evaluation.folds import BASES, Basis, Traits, deal_folds, make_folds
from topics.evaluation.stories import DAYS, SAME_EVENT, group_stories

FERRY = {"ferry": 3, "aground": 2, "harbour": 1, "captain": 1}
AGAIN = {"ferry": 2, "aground": 1, "captain": 2, "tide": 1}
WAGES = {"wage": 3, "union": 2, "strike": 1}
BAKER = {"baker": 2, "bread": 2, "oven": 1}


def slow_cosines(counts: list[dict[str, int]]) -> list[list[float]]:
    """Cosines of ``(1 + log tf) * idf`` rows, idf smooth, term by term."""
    n = len(counts)
    pieces = Counter(term for piece in counts for term in piece)
    rows = [
        {t: (1 + np.log(c)) * (np.log((1 + n) / (1 + pieces[t])) + 1) for t, c in piece.items()} for piece in counts
    ]
    lengths = [np.sqrt(sum(v * v for v in row.values())) or 1.0 for row in rows]
    return [
        [sum(v * b.get(t, 0.0) for t, v in a.items()) / la / lb for b, lb in zip(rows, lengths, strict=True)]
        for a, la in zip(rows, lengths, strict=True)
    ]


def slow_stories(counts: list[dict[str, int]], threshold: float) -> set[frozenset[int]]:
    """Average linkage, the two most alike groups at a time, then the pairs that are plainly one event."""
    alike = slow_cosines(counts)
    groups = [{i} for i in range(len(counts))]

    def mean(a: set[int], b: set[int]) -> float:
        # what is too little alike to count is nought, as in the sparse matrix
        return float(np.mean([alike[i][j] if alike[i][j] >= threshold else 0.0 for i in a for j in b]))

    while len(groups) > 1:
        a, b = max(combinations(range(len(groups)), 2), key=lambda pair: mean(groups[pair[0]], groups[pair[1]]))
        if mean(groups[a], groups[b]) < threshold:
            break
        groups[a] |= groups.pop(b)
    for i, j in combinations(range(len(counts)), 2):
        if alike[i][j] >= SAME_EVENT:
            a, b = (next(k for k, group in enumerate(groups) if piece in group) for piece in (i, j))
            if a != b:
                groups[min(a, b)] |= groups.pop(max(a, b))
    return set(map(frozenset, groups))


def as_sets(numbers: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, n in enumerate(numbers) if n == number) for number in numbers}


def test_two_reports_on_one_event_are_one_story_and_others_are_not() -> None:
    assert group_stories([FERRY, WAGES, AGAIN, BAKER]) == [0, 1, 0, 3]


def test_the_same_words_weeks_later_are_another_story_unless_no_date_says_so() -> None:
    days = ["2026-01-05", "2026-01-05", f"2026-01-{5 + DAYS:02d}T09:00", "2026-01-05"]
    assert group_stories([FERRY, WAGES, AGAIN, BAKER], days) == [0, 1, 0, 3]
    days[2] = f"2026-01-{6 + DAYS:02d}"
    assert group_stories([FERRY, WAGES, AGAIN, BAKER], days) == [0, 1, 2, 3]
    for nothing in (None, "", "last Tuesday"):
        assert group_stories([FERRY, WAGES, AGAIN, BAKER], [*days[:2], nothing, days[3]]) == [0, 1, 0, 3]


def test_near_duplicates_are_one_story_whatever_their_terms_and_dates() -> None:
    assert group_stories([FERRY, WAGES, BAKER], duplicates=[7, 8, 7]) == [0, 1, 0]


def test_pieces_without_terms_tell_nothing_and_stand_alone() -> None:
    assert group_stories([{}, {}, FERRY]) == [0, 1, 2]
    assert group_stories([{}, {}]) == [0, 1]
    assert group_stories([]) == [] and group_stories([FERRY]) == [0]


def test_a_chain_of_neighbours_is_not_one_story() -> None:
    """Each piece shares words with the next: nearest pairs would join them all, their means do not."""
    chain = [{f"w{4 * k + j}": 1 for j in range(6)} for k in range(12)]
    alike = slow_cosines(chain)
    assert all(stories.SAME_STORY < alike[k][k + 1] < SAME_EVENT for k in range(11))
    assert max(Counter(group_stories(chain)).values()) == 2


COUNTS = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(1, 4), max_size=5)


@settings(max_examples=60, deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=9, unique_by=lambda piece: tuple(sorted(piece.items()))))
def test_stories_are_those_of_the_slow_way(counts: list[dict[str, int]]) -> None:
    alike = slow_cosines(counts)
    means = [alike[i][j] for i, j in combinations(range(len(counts)), 2)]
    if len({round(mean, 6) for mean in means}) < len(means):
        return  # ties may be joined in either order
    assert as_sets(group_stories(counts)) == slow_stories(counts, stories.SAME_STORY)


@settings(max_examples=40, deadline=None)
@given(st.lists(COUNTS, min_size=1, max_size=12), st.data())
def test_no_two_pieces_of_one_event_are_in_two_stories(counts: list[dict[str, int]], data: st.DataObject) -> None:
    days = data.draw(
        st.lists(st.sampled_from(["2026-01-01", "2026-01-09"]), min_size=len(counts), max_size=len(counts))
    )
    numbers = group_stories(counts, days)
    alike = slow_cosines(counts)
    for i, j in combinations(range(len(counts)), 2):
        if days[i] == days[j] and alike[i][j] > SAME_EVENT + 1e-6:
            assert numbers[i] == numbers[j]
        if numbers[i] == numbers[j]:
            assert days[i] == days[j]
    assert all(numbers[n] == n for n in numbers)


def test_too_many_pieces_to_compare_at_once_are_parted_at_a_higher_likeness(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = [{f"w{4 * k + j}": 1 for j in range(6)} for k in range(12)]
    whole = group_stories(chain)
    monkeypatch.setattr(stories, "_ROWS", 5)  # rows are compared in several goes
    assert group_stories(chain) == whole
    monkeypatch.setattr(stories, "MOST_AT_ONCE", 3)
    assert as_sets(group_stories(chain)) == {frozenset([k]) for k in range(12)}


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="published: 1 values for 2"):
        group_stories([FERRY, WAGES], ["2026-01-01"])
    with pytest.raises(ValueError, match="2 topics and 1 groups"):
        deal_folds(["a", "b"], ["x"])
    with pytest.raises(ValueError, match="none of story"):
        make_folds([], "sheep")  # type: ignore[arg-type]


TRAITS = st.builds(
    Traits,
    topic=st.sampled_from(["sport", "iran", None]),
    duplicate=st.integers(0, 12),
    story=st.just(0),
    outlet=st.sampled_from(["Weir", "Wharf", "Quay", "Mole"]),
    published=st.sampled_from(["2025-01-01", "2025-01-02", "2025-02-01", "2025-03-01", None]),
).map(lambda piece: Traits(piece.topic, piece.duplicate, piece.duplicate // 3, piece.outlet, piece.published))


@settings(max_examples=150)
@given(st.lists(TRAITS, max_size=30), st.sampled_from(BASES), st.integers(1, 6))
def test_folds_test_each_piece_at_most_once_and_never_what_was_learned(
    traits: list[Traits], by: Basis, n_folds: int
) -> None:
    folds = make_folds(traits, by, n_folds)
    tested = [place for fold in folds for place in fold.test]
    assert len(folds) <= (max(n_folds, 3) if by == "topic" else n_folds) and all(fold.test for fold in folds)
    if by == "topic":
        left_out = [topic for fold in folds for topic in fold.unseen]
        assert len(left_out) == len(set(left_out))
        if folds:
            assert set(left_out) == {piece.topic for piece in traits} - {None}
        for fold in folds:
            assert not {traits[i].topic for i in fold.train} & set(fold.unseen)
            assert all(i in fold.test for i, piece in enumerate(traits) if piece.topic in fold.unseen)
            assert not {traits[i].story for i in fold.train} & {traits[i].story for i in fold.test}
    else:
        assert len(tested) == len(set(tested))
        assert not any(fold.unseen for fold in folds)
    if by not in ("time", "topic"):
        assert sorted(tested) == list(range(len(traits)))
    for fold in folds:
        assert not set(fold.train) & set(fold.test)
        assert not {traits[i].duplicate for i in fold.train} & {traits[i].duplicate for i in fold.test}
        if by == "story":
            assert not {traits[i].story for i in fold.train} & {traits[i].story for i in fold.test}
        if by == "outlet":
            assert not {traits[i].outlet for i in fold.train} & {traits[i].outlet for i in fold.test}
        if by == "time":
            dates = [traits[i].published for i in fold.test]
            assert all((traits[i].published or "9") < min(map(str, dates)) for i in fold.train)
    assert make_folds(traits, by, n_folds) == folds


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=40), st.integers(1, 6))
def test_groups_stay_whole(pieces: list[tuple[str, int]], n_folds: int) -> None:
    fold = deal_folds([topic for topic, _ in pieces], [group for _, group in pieces], n_folds)
    assert len({(group, k) for (_, group), k in zip(pieces, fold.tolist(), strict=True)}) == len({g for _, g in pieces})
    assert all(0 <= k < n_folds for k in fold.tolist())


def test_every_topic_is_spread_evenly() -> None:
    topics = ["sport"] * 11 + ["iran"] * 7 + ["yemen"] * 2
    fold = deal_folds(topics, range(20), 5)
    for topic in set(topics):
        counts = Counter(k for k, t in zip(fold.tolist(), topics, strict=True) if t == topic)
        assert max(counts.values()) - min(counts[k] for k in range(5)) <= 1
    assert max(Counter(fold.tolist()).values()) == 4


def test_only_what_is_to_be_tested_is_tested_and_the_rest_is_always_learned() -> None:
    traits = [Traits("sport", k, k // 2, "Weir" if k < 6 else "Quay") for k in range(10)]
    folds = make_folds(traits, "story", 2, tested=range(4))
    assert sorted(place for fold in folds for place in fold.test) == [0, 1, 2, 3]
    assert all(set(range(4, 10)) <= set(fold.train) for fold in folds)
    # a piece of a tested story is not learned though it is not tested itself
    folds = make_folds(traits, "story", 2, tested=[0])
    assert [fold.test for fold in folds] == [(0,)] and 1 not in folds[0].train


def test_outlets_are_named_and_small_ones_share_a_fold() -> None:
    traits = [Traits("sport", k, k, outlet) for k, outlet in enumerate(["Weir"] * 5 + ["Quay"] * 2 + ["Mole"] * 2)]
    assert [fold.name for fold in make_folds(traits, "outlet", 2)] == ["Weir", "Mole, Quay"]


def test_time_learns_from_earlier_days_alone_and_keeps_days_whole() -> None:
    days = ["2025-01-01"] * 4 + ["2025-01-03"] * 6 + ["2025-02-01"] * 2 + [None] + ["2025-02-07"] * 4
    traits = [Traits("sport", k, k, "Weir", day) for k, day in enumerate(days)]
    folds = make_folds(traits, "time", 2)
    assert [(fold.name, len(fold.train), len(fold.test)) for fold in folds] == [
        ("2025-02-01 to 2025-02-07", 10, 6),
    ]
    folds = make_folds(traits, "time", 3)
    assert [(fold.name, len(fold.train), len(fold.test)) for fold in folds] == [
        ("2025-01-03", 4, 6),
        ("2025-02-01 to 2025-02-07", 10, 6),
    ]
