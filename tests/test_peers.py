"""Claims about the peers that figures are compared with, on little dumps with vocabularies of their own."""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).resolve().parent.parent / "benchmarks" / "peers.py"
_SPEC = importlib.util.spec_from_file_location("peers", _PATH)
assert _SPEC is not None and _SPEC.loader is not None
peers = importlib.util.module_from_spec(_SPEC)
sys.modules["peers"] = peers
_SPEC.loader.exec_module(peers)

SEGMENTERS = [peers.segment_texttiling, peers.segment_c99, peers.segment_utiyama_isahara]
VOCABULARIES = [
    "harbour ferry tide captain mooring crew deck cargo anchor pilot quay buoy",
    "striker goal penalty referee league fixture corner keeper dribble header whistle trophy",
    "vaccine clinic nurse fever symptom dosage ward patient surgeon antibody swab triage",
]


def make_dump(n_paragraphs: int, n_words: int, seed: int = 3) -> list[str]:
    """Paragraphs about ships, then about football, then about medicine."""
    rng = random.Random(seed)
    return [
        " ".join(rng.choice(words.split()) for _ in range(n_words)).capitalize() + "."
        for words in VOCABULARIES
        for _ in range(n_paragraphs)
    ]


@pytest.mark.parametrize("segment", [peers.segment_c99, peers.segment_utiyama_isahara])
def test_vocabularies_that_share_nothing_are_parted_exactly(segment) -> None:
    assert segment(make_dump(7, 25)) == [7, 14]


def test_texttiling_cuts_near_the_change_of_vocabulary() -> None:
    found = peers.segment_texttiling(make_dump(12, 60))
    assert all(any(abs(start - true) <= 1 for start in found) for true in (12, 24))


@pytest.mark.parametrize("segment", SEGMENTERS)
@pytest.mark.parametrize(
    "texts", [[], [""], ["One line."], ["One line.", "Two lines."], ["", "", "", ""], ["the of"] * 5]
)
def test_tiny_dumps_stay_whole(segment, texts: list[str]) -> None:
    assert segment(texts) == []


@pytest.mark.parametrize("segment", SEGMENTERS)
def test_starts_are_interior_sorted_and_repeatable(segment) -> None:
    rng = random.Random(5)
    texts = make_dump(20, 30)
    rng.shuffle(texts)
    found = segment(texts)
    assert found == sorted(set(found)) == segment(texts)
    assert all(0 < start < len(texts) for start in found)


def cost_by_the_formula(words: list[list[str]], starts: tuple[int, ...]) -> float:
    """Utiyama and Isahara's cost of a segmentation, word by word."""
    n = sum(map(len, words))
    n_types = len({w for paragraph in words for w in paragraph})
    total = 0.0
    for begin, end in itertools.pairwise([0, *starts, len(words)]):
        inside = [w for paragraph in words[begin:end] for w in paragraph]
        total += sum(math.log((len(inside) + n_types) / (inside.count(w) + 1)) for w in inside) + math.log(n)
    return total


def test_utiyama_isahara_finds_the_cheapest_of_all_segmentations() -> None:
    rng = random.Random(1)
    vocabulary = "alpha bravo coral delta ember".split()
    every = [starts for r in range(7) for starts in itertools.combinations(range(1, 7), r)]
    n_cut = 0
    for _ in range(20):
        texts = [" ".join(rng.choices(vocabulary, k=rng.randint(1, 6))) for _ in range(7)]
        words = [peers.stem_words(text) for text in texts]
        found = peers.segment_utiyama_isahara(texts)
        cheapest = min(cost_by_the_formula(words, starts) for starts in every)
        assert cost_by_the_formula(words, tuple(found)) == pytest.approx(cheapest)
        n_cut += bool(found)
    assert n_cut


def test_ranks_by_hand() -> None:
    import numpy as np

    # Three paragraphs: each 11 x 11 square holds the whole matrix, so an entry is ranked among the other 8.
    similarities = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.2], [0.0, 0.2, 1.0]])
    # below 1: six; below 0.5: two zeros and two 0.2s; below 0.2: two; below 0: none
    expected = np.array([[6, 4, 0], [4, 6, 2], [0, 2, 6]]) / 8
    assert np.allclose(peers._rank_locally(similarities), expected)


def test_block_comparison_equals_nltks() -> None:
    from nltk.tokenize.texttiling import TextTilingTokenizer

    tiling = TextTilingTokenizer(stopwords=["the"])
    text = "\n\n".join(make_dump(5, 50)).lower().replace(".", "")
    sequences = tiling._divide_to_tokensequences(text)
    table = tiling._create_token_table(sequences, tiling._mark_paragraph_breaks(text))
    ours = peers._compare_blocks(len(sequences), [word.ts_occurences for word in table.values()], tiling.k)
    assert ours == pytest.approx(tiling._block_comparison(sequences, table))
