"""Paragraphs as numbers: what counts as a term, a name, a mark."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_samples import CHARACTERS, VOCABULARY, analysed

from topics.records import Paragraph
from topics.segmentation.analysis import (
    LAST_TOKENS,
    MAX_TOKENS,
    MEASURES,
    OPENING_TOKENS,
    Analysis,
    Ragged,
    analyse,
)
from topics.segmentation.lexicon import DIGIT, LETTER_UPPER, SPACE
from topics.segmentation.vocabulary import N_TERMS

LINES = ["Alpha Beta met Gamma.", "The harbour closed at noon.", "Gamma left. Nobody saw him.", "Fish was dear", "-"]


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
    assert a.opening[0].tolist() == a.opening[1].tolist()


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
        ("He said:", "ends_in_colon", 1),
        ("He said: “They rise.”", "ends_in_quote", 1),
        ("He said: “They rise.”", "quotes", 2),
        ("He said: “They rise.”", "has_speech", 1),
        ("She told her.", "early_pronouns", 2),
        ("They met in May.", "has_day", 1),
        ("Judge Okafor met the mayor.", "roles", 2),
        ("Judge Okafor met Ravi Menon.", "names", 4),
        ("GENEVA rose by 4.5 percent.", "number_share", 1 / 6),
        ("GENEVA rose by 4.5 percent.", "all_caps_share", 1 / 6),
        ("Geneva Rose by 4.5 percent.", "capitalised_share", 2 / 6),
        ("However, nobody came.", "opens_with_anaphor", 1),
        ("one two three", "words", 3),
        ("one two three", "opens_lower", 1),
    ],
)  # fmt: skip
def test_measures_say_what_a_reader_sees(text: str, name: str, value: float) -> None:
    assert measure(text, name) == pytest.approx(value)


def test_a_line_says_how_it_follows_the_one_before() -> None:
    text = "Ferries sail. Bells ring.\nNets dry.\n\nTides rise.\fOars rest."
    paragraphs = [Paragraph(0, 13, 1, 1), Paragraph(14, 25, 1, 0), Paragraph(26, 35, 2, 1), Paragraph(37, 48, 4, 2)]
    paragraphs.append(Paragraph(49, 59, 4, 1))
    rows = analyse(text, paragraphs, VOCABULARY).measures[:, -3:]
    assert MEASURES[-3:] == ("within_line", "new_line", "blank_line")
    assert rows.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_the_opening_stands_left_and_the_ending_right() -> None:
    short, long = analysed("the harbour board"), analysed("x " * 60 + "the quay")
    assert (short.opening[0] > 0).tolist() == [True] * 3 + [False] * (OPENING_TOKENS - 3)
    assert (short.ending[0] > 0).tolist() == [False] * (LAST_TOKENS - 3) + [True] * 3
    assert short.opening[0, :3].tolist() == short.ending[0, -3:].tolist()
    assert (long.opening[0] == long.opening[0, 0]).all()
    assert long.ending[0, -2:].tolist() == analysed("the quay").opening[0, :2].tolist()
    for tokens, shapes in ((short.opening, short.opening_shapes), (short.ending, short.ending_shapes)):
        assert np.array_equal(tokens > 0, shapes > 0)


def test_a_token_has_the_shape_that_it_is_written_in() -> None:
    assert analysed("quay Quay QUAY Q 12 ,").opening_shapes[0, :6].tolist() == [1, 2, 3, 2, 4, 5]


def test_an_endless_paragraph_is_judged_by_its_first_tokens() -> None:
    words = ["ferry", "quay"] * MAX_TOKENS
    text = " ".join(words)
    first = " ".join(words[:MAX_TOKENS])
    whole, part = (analyse(some, [Paragraph(0, len(some), 1, 1)], VOCABULARY) for some in (text, first))
    assert whole.counts.sum() == part.counts.sum() == MAX_TOKENS
    assert np.array_equal(whole.ending, part.ending)


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=8), st.data())
def test_a_stretch_of_an_analysis_equals_the_analysis_of_its_paragraphs(lines: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(lines)))
    end = data.draw(st.integers(start, len(lines)))
    stretch, part = analysed("\n".join(lines)).stretch(start, end), analysed("\n".join(lines[start:end]))
    assert len(stretch) == end - start
    for field in fields(Analysis):
        ours, theirs = getattr(stretch, field.name), getattr(part, field.name)
        if isinstance(ours, Ragged):
            assert np.array_equal(ours.starts, theirs.starts) and np.array_equal(ours.values, theirs.values), field.name
        else:
            assert np.array_equal(ours, theirs), field.name


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
