"""The vocabulary: words are found by what they hash to, others by how they end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_samples import CONTENT, VOCABULARY, analysed, make_vocabulary

from topics.segmentation.lexicon import hash_word, word_classes
from topics.segmentation.vocabulary import FIRST_WORD, N_ENDINGS, SYMBOL, YEAR, Vocabulary

INDEX = {int(key): i for i, key in enumerate(VOCABULARY.keys)}
SECOND_HALF = FIRST_WORD + len(VOCABULARY.keys)  # where the endings of unknown words begin


def tokens(text: str, vocabulary: Vocabulary = VOCABULARY) -> list[int]:
    """Token numbers of a text of one short paragraph."""
    row = analysed(text, vocabulary).opening[0]
    return [int(number) for number in row[row > 0]]


def number_of(word: str) -> int:
    return FIRST_WORD + INDEX[hash_word(word)]


@pytest.mark.parametrize("word", [*CONTENT[:3], "the", "monday", ".", "“"])
def test_known_words_and_marks_have_numbers_of_their_own(word: str) -> None:
    assert tokens(word) == tokens(word.upper()) == [number_of(word)]


def test_the_words_of_a_paragraph_are_told_by_index_in_order_but_for_stop_words() -> None:
    analysis = analysed("The crane, oddly, fell on the QUAY.\nNobody\nthe quay")
    known = [INDEX[hash_word(word)] for word in ("crane", "quay", "quay")]
    assert analysis.words.values.tolist() == known
    assert analysis.words.starts.tolist() == [0, 2, 2, 3]


@pytest.mark.parametrize("text", ["harbour's", "harbour’s", "Harbour's", "Harbour’s"])
def test_a_possessive_is_the_word_itself(text: str) -> None:
    assert tokens(text) == [number_of("harbour")]
    assert analysed(text).terms.values.tolist() == analysed("harbour").terms.values.tolist()


def test_an_unknown_possessive_ends_as_its_word_does() -> None:
    assert tokens("Okafor's") == tokens("Okafor’s") == tokens("Okafor")
    assert tokens("it's") == [number_of("it")]


def test_unknown_words_are_told_apart_by_their_last_three_letters() -> None:
    [one], [two], [other] = tokens("quibbling"), tokens("Scrambling"), tokens("quibbler")
    assert one == two != other
    assert one not in tokens("quibblong")  # two letters are not enough
    for number in (one, other, *tokens("zz"), *tokens("ōū")):
        assert SECOND_HALF <= number < SECOND_HALF + N_ENDINGS == VOCABULARY.n_tokens


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 2), ("42", 3), ("911", 4), ("1984", YEAR), ("2026", YEAR), ("3000", 5), ("12,500", 5), ("1.5", 4),
        ("§", SYMBOL),
    ],
)  # fmt: skip
def test_numbers_are_told_by_length_and_years_are_years(text: str, number: int) -> None:
    assert tokens(text) == [number]


letters = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzéüßøñāžжшλ"), min_size=1, max_size=12)
inner = st.builds(
    lambda parts, mark: mark.join(parts), st.lists(letters, min_size=1, max_size=3), st.sampled_from("'-")
)


@given(inner.filter(lambda word: not word.endswith("'s")), st.booleans())
def test_kernels_hash_words_as_the_lexicon_does(word: str, shouted: bool) -> None:
    """A word is found under ``hash_word`` of its lower case, whichever way it is written."""
    written = "".join(c.upper() if len(c.upper()) == 1 else c for c in word) if shouted else word
    key = np.array([hash_word(word)], np.uint64)
    one, nothing = np.zeros(1, np.uint8), np.zeros(1, np.int32)
    vocabulary = Vocabulary(key, one, nothing, VOCABULARY.weight_of_term, VOCABULARY.characters)
    assert tokens(written, vocabulary) == tokens(written.replace("'", "’"), vocabulary) == [FIRST_WORD]
    assert analysed(written, vocabulary).words.values.tolist() == [0]


def test_every_word_of_a_large_vocabulary_is_found_and_no_other() -> None:
    """Slots are shared by hash: what collides is found behind."""
    words = [f"{a}{b}{c}" for a in CONTENT for b in CONTENT for c in ("", "a", "b")]
    vocabulary = make_vocabulary(words)
    n = len(vocabulary.keys)
    assert n > 3000
    mask = np.uint64(len(vocabulary.slots) - 1)
    assert len(np.unique(vocabulary.keys & mask)) < n  # some do collide
    assert sorted(vocabulary.slots[vocabulary.slots[:, 1] > 0, 0].tolist()) == sorted(vocabulary.keys.tolist())
    index = {int(key): i for i, key in enumerate(vocabulary.keys)}
    found = analysed("\n".join(" ".join(words[i : i + 30]) for i in range(0, len(words), 30)), vocabulary)
    assert found.words.values.tolist() == [index[hash_word(word)] for word in words]
    assert not len(analysed(" ".join(word + "zq" for word in words[:300]), vocabulary).words.values)


def test_classes_are_looked_up_with_the_word() -> None:
    classes = word_classes()
    for word in ("monday", "president", "said", "he"):
        assert VOCABULARY.classes[INDEX[hash_word(word)]] == classes[word] > 0
    assert VOCABULARY.classes[INDEX[hash_word("harbour")]] == 0


def test_a_vocabulary_comes_back_from_arrays() -> None:
    again = Vocabulary.from_arrays(VOCABULARY.to_arrays())
    for name in ("keys", "classes", "terms", "characters", "slots"):
        ours, theirs = getattr(VOCABULARY, name), getattr(again, name)
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    np.testing.assert_allclose(again.weight_of_term, VOCABULARY.weight_of_term, rtol=1e-3)
    arrays = VOCABULARY.to_arrays()
    del arrays["terms"]
    with pytest.raises(KeyError, match="terms"):
        Vocabulary.from_arrays(arrays)
