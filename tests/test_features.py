"""Features: each equals what its definition gives slowly, and none looks further than is said."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from word_samples import CONTENT, FAMILY, MEANINGS, VECTORS, VOCABULARY, analysed, matter

from topics.segmentation.analysis import MEASURES, Analysis, Ragged
from topics.segmentation.features import BLOCK_WORDS, FEATURES, MATTER_WORDS, compute_features
from topics.segmentation.kernels import BAND, COHESION, REACH, cohesion, gram_band, link_terms
from topics.segmentation.meaning import MEANING, meaning
from topics.segmentation.recurrence import NAMES
from topics.segmentation.vocabulary import N_TERMS

COLUMN = {name: k for k, name in enumerate(FEATURES)}
NAMES_BACK, NAMES_AHEAD = 30, 10
STRETCH_WIDE = {
    *(COLUMN[f"local_{name}"] for name in COHESION),
    *(COLUMN[name] for name in ("median_words", "short_share", "blank_share")),
}
OWN = [k for k in range(len(FEATURES) + VECTORS.shape[1]) if k not in STRETCH_WIDE]
seeds = st.integers(0, 10**6)


def features(text: str) -> Any:
    return compute_features(analysed(text), VOCABULARY, MEANINGS)


def columns(rows: Any, names: tuple[str, ...]) -> Any:
    return rows[:, [COLUMN[name] for name in names]]


def cosine(x: Any, y: Any) -> float:
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size > 0 else 0.0


def dense(analysis: Analysis, weights: Any) -> Any:
    """Each paragraph as a vector of terms."""
    rows = np.zeros((len(analysis), N_TERMS))
    for i in range(len(analysis)):
        span = slice(analysis.terms.starts[i], analysis.terms.starts[i + 1])
        rows[i, analysis.terms.values[span]] = weights[span]
    return rows[:, rows.any(axis=0)]


def slow_cohesion(vectors: Any, n_terms: Any, p: int) -> list[float]:
    """The definition of COHESION at a candidate before paragraph ``p`` of the reading matter."""
    n = len(vectors)

    def between(a: int, b: int, c: int, d: int) -> float:
        a, b, c, d = (min(max(x, 0), n) for x in (a, b, c, d))
        return cosine(vectors[a:b].sum(axis=0), vectors[c:d].sum(axis=0)) if a < b and c < d else 0.0

    def reach(order: list[int], width: int) -> int:
        """How many paragraphs hold ``width`` terms: as many as are needed, no more than REACH."""
        k = 0
        while k < min(len(order), REACH) and sum(n_terms[order[:k]]) < width:
            k += 1
        return k

    row = [between(p - k, p, p, p + k) for k in (1, 2, 4, 8, 14)]
    before, after = list(range(p - 1, -1, -1)), list(range(p, n))
    row += [between(p - reach(before, w), p, p, p + reach(after, w)) for w in (40, 100, 250)]
    row += [
        between(p - 8, p, p, p + 1),
        between(p - 8, p, p + 1, p + 2),
        between(p - 1, p, p, p + 8),
        between(p, p + 1, p + 1, p + 8),
        between(p - 8, p - 1, p - 1, p),
    ]
    row += [between(p - d, p - d + 1, p, p + 1) if p - d >= 0 else 0.0 for d in range(1, 11)]
    for side in (-1, 1):
        row += [
            max([0.0, *(between(q, q + 1, p, p + 1) for d in farness if 0 <= (q := p + side * d) < n)])
            for farness in (range(1, 4), range(4, 11), range(11, REACH + 1))
        ]
    return row


def mixed(n: int, seed: int) -> list[str]:
    """Reading matter with lines among it that are none."""
    rng = np.random.default_rng(seed)
    others = ["Share", "Ferry fares rise", "Maria Okafor", "Advertisement", "More on the harbour ballot vote"]
    return [str(rng.choice(others)) if rng.random() < 0.3 else line for line in matter(n, seed)]


def banded(analysis: Analysis, weights: Any, kept: Any) -> Any:
    """What ``gram_band`` fills for weights of two kinds."""
    n_mentions = len(analysis.counts)
    before, row_of, blocks = np.empty((3, n_mentions), np.int32)
    n_terms = np.empty(len(analysis), np.float32)
    link_terms(
        analysis.terms.starts, analysis.terms.values, analysis.counts, BLOCK_WORDS, before, row_of, n_terms, blocks
    )
    bands = np.empty((2, BAND, len(kept)), np.float32)
    gram_band(analysis.terms.starts, before, row_of, weights, kept, bands)
    return bands


@given(st.integers(0, 45), seeds)
@settings(max_examples=25)
def test_the_band_holds_the_dot_products_of_near_paragraphs(n: int, seed: int) -> None:
    analysis = analysed("\n".join(mixed(n, seed)))
    weights = np.random.default_rng(seed).uniform(0.5, 3.0, (2, len(analysis.counts))).astype(np.float32)
    kept = np.flatnonzero(np.random.default_rng(seed).random(n) < 0.8)
    for own, band in zip(weights, banded(analysis, weights, kept), strict=True):
        vectors = dense(analysis, own)[kept]
        gram = vectors @ vectors.T
        expected = np.zeros_like(band)
        for u in range(len(kept)):
            for d in range(min(u + 1, BAND)):
                expected[d, u] = gram[u, u - d]
        np.testing.assert_allclose(band, expected, rtol=1e-4, atol=1e-4)


@given(st.integers(1, 45), seeds)
@settings(max_examples=25)
def test_cosines_are_those_of_summed_term_vectors(n: int, seed: int) -> None:
    analysis = analysed("\n".join(matter(n, seed)))
    starts, values = analysis.terms.starts, analysis.terms.values
    weights = np.random.default_rng(seed).uniform(0.5, 3.0, (2, len(values))).astype(np.float32)
    every = np.arange(n)
    n_terms = np.add.reduceat(analysis.counts, starts[:-1]).astype(np.float32)
    for own, band in zip(weights, banded(analysis, weights, every), strict=True):
        out = np.zeros((n, len(COHESION)), np.float32)
        cohesion(band, n_terms, every, every, out)
        vectors = dense(analysis, own)
        expected = [slow_cohesion(vectors, n_terms, p) for p in range(n)]
        np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-4)


def test_terms_are_weighted_by_count_and_rarity() -> None:
    """(1 + log count) times the weight of the term; for the local columns times rarity in this stretch, too."""
    lines = matter(30, 3)
    analysis = analysed("\n".join(lines))
    starts, values, counts = analysis.terms.starts, analysis.terms.values, analysis.counts
    assert counts.max() > 1
    weights = (1 + np.log(counts)) * VOCABULARY.weight_of_term[values]
    n_terms = np.add.reduceat(counts, starts[:-1])
    block_of, total = [], 0.0
    for size in n_terms:
        total += size
        block_of.append(int(total // 120))
    holding: dict[int, set[int]] = {}
    for i, block in enumerate(block_of):
        for value in values[starts[i] : starts[i + 1]].tolist():
            holding.setdefault(value, set()).add(block)
    rarity = np.array([np.log((max(block_of) + 2) / len(holding[v])) for v in values.tolist()])
    assert max(block_of) > 1 and len(set(rarity.round(5))) > 2
    rows = features("\n".join(lines))
    for names, kind in ((COHESION, weights), (tuple(f"local_{k}" for k in COHESION), weights * rarity.clip(0.05))):
        vectors = dense(analysis, kind)
        expected = [slow_cohesion(vectors, n_terms, p) for p in range(len(lines))]
        np.testing.assert_allclose(columns(rows, names), expected, rtol=1e-3, atol=1e-4)


@given(st.integers(2, 30), seeds)
@settings(max_examples=25)
def test_lines_that_are_no_reading_matter_are_left_out_of_windows(n: int, seed: int) -> None:
    lines, rng = matter(n, seed), np.random.default_rng(seed)
    filled, places = [], []
    for line in lines:
        filled += ["Harbour ferry crane quay vote budget tax"] * int(rng.integers(0, 3))  # seven words, no stop
        places.append(len(filled))
        filled.append(line)
    plain, among = (columns(features("\n".join(some)), COHESION) for some in (lines, filled))
    assert np.array_equal(among[places], plain)
    for i in set(range(places[-1])) - set(places):  # a line between says what is said of the next matter
        assert np.array_equal(among[i], among[min(p for p in places if p > i)])


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("Harbour ferry crane quay vote budget tax", False),
        ("Harbour ferry crane quay vote budget tax.", True),
        ("Harbour ferry crane quay vote budget tax goal", True),
        ("Harbour ferry crane quay.", True),
        ("Harbour ferry crane.", False),
    ],
)
def test_reading_matter_has_eight_words_or_four_and_a_stop(line: str, counts: bool) -> None:
    assert MATTER_WORDS == 8
    before, after = matter(3, 1), matter(3, 2)
    plain = columns(features("\n".join([*before, *after])), COHESION)[len(before)]
    among = columns(features("\n".join([*before, line, *after])), COHESION)[len(before) + 1]
    assert np.array_equal(among, plain) is not counts


@given(st.integers(1, 40), seeds)
@settings(max_examples=25)
def test_meaning_is_the_cosine_of_summed_word_vectors(n: int, seed: int) -> None:
    analysis = analysed("\n".join(mixed(n, seed)))
    directions, out = np.zeros((n, VECTORS.shape[1]), np.float32), np.zeros((n, len(MEANING)), np.float32)
    meaning(analysis.words.starts, analysis.words.values, MEANINGS.steps, MEANINGS.scale, out, directions)
    expected = np.zeros((n, VECTORS.shape[1]))
    for i in range(n):
        words = analysis.words.values[analysis.words.starts[i] : analysis.words.starts[i + 1]]
        expected[i] = VECTORS[words].astype(np.float64).sum(axis=0)
    lengths = np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(directions, expected / (lengths + 1), rtol=1e-4, atol=1e-4)
    for i in range(n):
        row = []
        for k in (1, 2, 3, 5, 8, 14):
            left = expected[max(0, i - k) : i].sum(axis=0)
            row += [cosine(left, expected[i : i + k].sum(axis=0)), cosine(left, expected[i])]
            row.append(cosine(expected[i + 1 : i + k].sum(axis=0), expected[i]))
        np.testing.assert_allclose(out[i], row, rtol=1e-3, atol=2e-3)


def test_the_last_columns_are_the_paragraphs_own_meaning() -> None:
    """The direction of the sum, shorter where little is known."""
    rows = features("\n".join([*matter(4, 5), "Zzyx qwv"]))
    own = rows[:, len(FEATURES) :]
    analysis = analysed(matter(4, 5)[0])
    total = VECTORS[analysis.words.values].sum(axis=0)
    np.testing.assert_allclose(own[0], total / (np.linalg.norm(total) + 1), rtol=1e-3, atol=1e-4)
    assert not own[4].any()


def slow_names(analysis: Analysis, i: int) -> dict[str, float]:
    """The definition of what is told of names at paragraph ``i``."""
    n = len(analysis)

    def row(ragged: Ragged, x: int) -> list[int]:
        return ragged.values[ragged.starts[x] : ragged.starts[x + 1]].tolist() if 0 <= x < n else []

    def age(ragged: Ragged, value: int) -> float:
        """How many paragraphs before this one had the value last."""
        return next((float(i - x) for x in range(i - 1, -1, -1) if value in row(ragged, x)), inf)

    told = dict.fromkeys(NAMES[: NAMES.index("words_new")], 0.0)
    in_full: set[int] = set()
    in_reach: set[int] = set()
    for x in range(i, min(n, i + 8)):
        near = exp(-(x - i) / 3)
        for value in row(analysis.surnames, x):
            if age(analysis.full_names, value) <= 25 and value not in in_full:
                told["surnames_of_known"] += 1
                told["surnames_decayed"] += near * exp(-age(analysis.names, value) / 8)
                told["first_surnames_of_known"] += x == i
        for value in row(analysis.full_names, x):
            if value not in in_full and age(analysis.names, value) <= 25:
                told["known_in_full_again"] += 1
                told["in_full_decayed"] += near * exp(-age(analysis.names, value) / 8)
                told["first_known_in_full_again"] += x == i
            elif x == i:
                told["first_new_in_full"] += 1
            in_full.add(value)
        in_reach.update(row(analysis.names, x))
    own = row(analysis.names, i)
    known, own_known = (sum(age(analysis.names, value) <= 8 for value in some) for some in (in_reach, own))
    told["names_new"] = (len(in_reach) - known) / (len(in_reach) + 1)
    told["names_shared"] = known / (len(in_reach) + 1)
    told["first_names_shared"] = own_known / (len(own) + 1)
    told["first_names_unshared"] = len(own) - own_known
    told["names_within_3_before"] = sum(age(analysis.names, value) <= 3 for value in own) / (len(own) + 1)
    for name, ahead in (("names_return", 5), ("names_within_3_after", 3)):
        later = {value for x in range(i + 1, i + ahead + 1) for value in row(analysis.names, x)}
        told[name] = sum(value in later for value in own) / (len(own) + 1)
    return told


@given(st.integers(1, 45), seeds)
@settings(max_examples=25)
def test_names_are_counted_as_defined(n: int, seed: int) -> None:
    lines = mixed(n, seed)
    analysis, rows = analysed("\n".join(lines)), features("\n".join(lines))
    for i in range(n):
        for name, expected in slow_names(analysis, i).items():
            assert rows[i, COLUMN[name]] == pytest.approx(expected, rel=1e-4, abs=1e-6), (i, name)


def slow_novelty(analysis: Analysis, weights: Any, i: int) -> dict[str, float]:
    """The definition of what is told of words at paragraph ``i``."""
    n = len(analysis)

    def row(x: int) -> dict[int, float]:
        span = slice(analysis.terms.starts[x], analysis.terms.starts[x + 1])
        return dict(zip(analysis.terms.values[span].tolist(), weights[span].tolist(), strict=True))

    def there(begin: int, end: int) -> set[int]:
        return {value for x in range(max(0, begin), min(n, end)) for value in row(x)}

    def share(rows: range, holds: Callable[[int], bool]) -> float:
        words = [(value, weight) for x in rows if 0 <= x < n for value, weight in row(x).items()]
        return sum(weight for value, weight in words if holds(value)) / (sum(weight for _, weight in words) + 1)

    own, old, soon = range(i, i + 1), there(i - NAMES_BACK, i), there(i + 1, i + NAMES_AHEAD + 1)
    told = {
        "words_new": share(own, lambda value: value not in old),
        "words_new_3": share(range(i, i + 3), lambda value: value not in old),
        "words_return": share(own, lambda value: value in soon),
        "earlier_words_return": share(range(i - 3, i), lambda value: value in there(i, i + NAMES_AHEAD + 1)),
    }
    for k in (1, 3, 8):
        told[f"words_within_{k}_before"] = share(own, lambda value, k=k: value in there(i - k, i))  # type: ignore[misc]
        told[f"words_within_{k}_after"] = share(own, lambda value, k=k: value in there(i + 1, i + k + 1))  # type: ignore[misc]
    return told


@given(st.integers(1, 60), seeds)
@settings(max_examples=15)
def test_new_and_returning_words_are_weighed_as_defined(n: int, seed: int) -> None:
    lines = mixed(n, seed)
    analysis, rows = analysed("\n".join(lines)), features("\n".join(lines))
    weights = (1 + np.log(analysis.counts)) * VOCABULARY.weight_of_term[analysis.terms.values]
    for i in range(n):
        for name, expected in slow_novelty(analysis, weights, i).items():
            assert rows[i, COLUMN[name]] == pytest.approx(expected, rel=1e-4, abs=1e-6), (i, name)


# ---- reach


def moved(at: int, n: int, seed: int, change: str) -> Any:
    """Where features differ, (n, n_columns), when paragraph ``at`` is another."""
    lines = matter(n, seed)
    other = list(lines)
    other[at] = change
    return features("\n".join(lines)) != features("\n".join(other))


CHANGES = (
    "Roses, Maria Okafor and Ravi Menon; then Keller, Ansgar, Whitlock, Tamm, Thorsen, Oduya and Salas of the quay?",
    f"The {' '.join([*CONTENT, *FAMILY])}.",
)


@given(st.integers(0, 79), seeds, st.sampled_from(CHANGES))
@settings(max_examples=40)
def test_no_feature_looks_further_than_is_said(at: int, seed: int, change: str) -> None:
    """But for what is told of the whole stretch."""
    differs = moved(at, 80, seed, change)
    groups = {
        (0, 0): [COLUMN[name] for name in MEASURES],
        (REACH, REACH): [COLUMN[name] for name in (*COHESION, *MEANING)],
        (NAMES_BACK, NAMES_AHEAD): [COLUMN[name] for name in NAMES],
    }
    assert sorted(k for group in groups.values() for k in group) == [k for k in OWN if k < len(FEATURES)]
    groups[0, 0] = [*groups[0, 0], *range(len(FEATURES), len(FEATURES) + VECTORS.shape[1])]
    for (back, ahead), group in groups.items():
        where = np.flatnonzero(differs[:, group].any(axis=1))
        assert all(at - ahead <= i <= at + back for i in where), (back, ahead)


def test_features_do_look_as_far_as_is_said() -> None:
    """Else the property above would be no news. A window before a candidate ends with the paragraph before it."""
    reached = np.zeros((80, len(FEATURES) + VECTORS.shape[1]), bool)
    for seed in range(20):
        reached |= moved(40, 80, seed, CHANGES[1])
    spans = {name: np.flatnonzero(reached[:, COLUMN[name]]) - 40 for name in ("cosine_14", "meaning_14", "words")}
    assert (spans["cosine_14"].min(), spans["cosine_14"].max()) == (1 - REACH, REACH)
    assert (spans["meaning_14"].min(), spans["meaning_14"].max()) == (1 - REACH, REACH)
    assert spans["words"].tolist() == [0]


@pytest.mark.parametrize(
    ("name", "distance", "sees"),
    [
        ("words_new", -NAMES_BACK, True),
        ("words_new", -NAMES_BACK - 1, False),
        ("words_return", NAMES_AHEAD, True),
        ("words_return", NAMES_AHEAD + 1, False),
        ("words_within_1_before", -1, True),
        ("words_within_1_before", -2, False),
        ("words_within_8_before", -8, True),
        ("words_within_8_before", -9, False),
        ("words_within_3_after", 3, True),
        ("words_within_3_after", 4, False),
        ("names_within_3_before", -3, True),
        ("names_within_3_before", -4, False),
        ("names_within_3_after", 3, True),
        ("names_within_3_after", 4, False),
        ("names_return", 5, True),
        ("names_return", 6, False),
        ("first_surnames_of_known", -25, True),
        ("first_surnames_of_known", -26, False),
    ],
)
def test_words_and_names_are_remembered_so_long(name: str, distance: int, sees: bool) -> None:
    lines = matter(80, 4)
    lines[40] = "Nobody asked the zeppelin or Vandermeer."
    other = list(lines)
    other[40 + distance] = "Nobody asked the zeppelin or Cornelia Vandermeer."
    one, two = (features("\n".join(some))[40, COLUMN[name]] for some in (lines, other))
    assert bool(one != two) is sees


def test_shares_of_the_stretch_are_the_same_in_every_row() -> None:
    text = "\n".join(["Share", "Ferry fares rise", *matter(2, 4)]) + "\n\n" + matter(1, 8)[0]
    rows = columns(features(text), ("median_words", "short_share", "blank_share"))
    words = analysed(text).measures[:, MEASURES.index("words")]
    assert rows[0] == pytest.approx([np.median(words), 2 / 5, 1 / 5])
    assert (rows == rows[0]).all()


def test_no_paragraphs_have_no_rows_and_one_has_finite_ones() -> None:
    width = len(FEATURES) + VECTORS.shape[1]
    assert features("").shape == (0, width)
    for text in ("-", "Share", matter(1, 1)[0]):
        assert features(text).shape == (1, width) and np.isfinite(features(text)).all()


def test_names_taken_up_and_brought_in_are_told() -> None:
    text = (
        "The clerk Maria Okafor opened the gate of the harbour.\nThen Okafor closed the gate of the harbour again.\n"
        "The pilot Ravi Menon came with Maria Okafor to the quay."
    )
    rows = columns(features(text), ("first_surnames_of_known", "first_known_in_full_again", "first_new_in_full"))
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 1]]
