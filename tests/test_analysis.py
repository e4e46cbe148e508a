"""Paragraphs as numbers: what counts as a term, a name, a mark."""

from __future__ import annotations

import numpy as np
import pytest

from topics.paragraphs import split_paragraphs
from topics.segmentation.analysis import MEASURES, N_TERMS, Analysis, analyse
from topics.segmentation.heads import HEADS, Heads, score_heads
from topics.segmentation.lexicon import DIGIT, LETTER_UPPER, SPACE, build_character_table, build_lexicon

CHARACTERS, LEXICON = build_character_table(), build_lexicon()


def analysed(text: str) -> Analysis:
    return analyse(text, split_paragraphs(text), CHARACTERS, LEXICON)


def measure(text: str, name: str) -> float:
    return float(analysed(text).measures[0, MEASURES.index(name)])


def row(ragged, i: int) -> list[int]:  # type: ignore[no-untyped-def]
    return ragged.values[ragged.starts[i] : ragged.starts[i + 1]].tolist()


def test_inflections_of_a_word_are_one_term() -> None:
    a = analysed("The ferry sailed.\nFerries sailing, ferries sail.")
    assert set(row(a.terms, 0)) == set(row(a.terms, 1))
    assert sorted(a.counts[a.terms.starts[1] :].tolist()) == [2.0, 2.0]


def test_stop_words_and_short_words_are_no_terms() -> None:
    assert row(analysed("It is the one we had, or so he said.").terms, 0) == []


def test_curly_and_straight_apostrophes_are_the_same() -> None:
    a = analysed("the harbour's clerk\nthe harbour’s clerk")
    assert row(a.terms, 0) == row(a.terms, 1)
    assert row(a.ngrams, 0) == row(a.ngrams, 1)


def test_a_full_name_and_a_later_surname_share_their_last_word() -> None:
    a = analysed("The clerk Maria Okafor opened the gate.\nAfterwards nobody had told Okafor why.")
    assert row(a.full_names, 0) == row(a.surnames, 1)
    assert row(a.surnames, 0) == []


def test_days_months_and_opening_pronouns_are_no_names() -> None:
    assert row(analysed("He came on Tuesday. They left in March.").names, 0) == []


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("Who pays?", "ends_in_question", 1),
        ("“We pay,” she said.", "opens_with_quote", 1),
        ("Tides rise.", "ends_in_stop", 1),
        ("He said: “They rise.”", "ends_in_stop", 1),
        ("GENEVA, May 4 (Wire) — Delegates met.", "dateline", 1),
        ("Share", "furniture_cue", 1),
        ("Published 4 May 2024", "date", 1),
        ("Mail desk@example.org", "link", 1),
        ("However, nobody came.", "opens_with_anaphor", 1),
        ("one two three", "words", 3),
        ("one two three", "opens_lower", 1),
    ],
)  # fmt: skip
def test_measures_say_what_a_reader_sees(text: str, name: str, value: float) -> None:
    assert measure(text, name) == value


def test_a_window_of_an_analysis_equals_the_analysis_of_its_paragraphs() -> None:
    text = "Alpha Beta met Gamma.\nThe harbour closed at noon.\nGamma left. Nobody saw him.\nFish was dear."
    whole = analysed(text)
    lines = text.split("\n")
    part = analysed("\n".join(lines[1:3]))
    window = whole.window(1, 3)
    assert window.terms.values.tolist() == part.terms.values.tolist()
    assert window.ngrams.starts.tolist() == part.ngrams.starts.tolist()
    assert np.array_equal(window.measures, part.measures)


def test_characters_above_the_basic_plane_and_lone_surrogates_do_no_harm() -> None:
    a = analysed("𝔘nicode 🚢 sails \ud800 on. " + "x" * 5000)
    assert len(a) >= 1
    assert (a.terms.values >= 0).all() and (a.terms.values < N_TERMS).all()


def test_no_paragraphs_give_an_empty_analysis() -> None:
    assert len(analysed("")) == 0


def test_the_character_table_knows_classes_and_lower_case() -> None:
    assert CHARACTERS[ord("É")] >> 24 == LETTER_UPPER
    assert CHARACTERS[ord("É")] & 0xFFFFFF == ord("é")
    assert CHARACTERS[0x00A0] >> 24 == SPACE
    assert CHARACTERS[ord("٣")] >> 24 == DIGIT


def test_a_head_adds_the_weights_of_the_ngrams_over_the_root_of_their_number() -> None:
    a = analysed("one two")
    own = row(a.ngrams, 0)
    heads = Heads(np.zeros((1 << 18, len(HEADS)), np.float32), np.full(len(HEADS), 0.5, np.float32))
    heads.weights[sorted(set(own)), 0] = 2.0
    expected = 0.5 + 2.0 * len(own) / np.sqrt(len(own))
    assert score_heads(a.ngrams, heads)[0, 0] == pytest.approx(expected)
