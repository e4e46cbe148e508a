"""Claims about paragraphs: lines, sentences of long lines, and Punkt without nltk."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.errors import BundleError
from topics.paragraphs import MAX_LINE, MAX_SENTENCE, Punkt, scan, split_paragraphs
from topics.paragraphs.training import train_punkt
from topics.records import Paragraph

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

# Parameters made up for the tests: bits are 2 begin-upper, 4 middle-upper, 16 begin-lower, 32 middle-lower.
KNOWN = Punkt(
    abbreviations=frozenset({"mr", "dr", "u.s", "a.m", "inc", "prof", "no"}),
    collocations=frozenset({("##number##", "august"), ("st", "ives")}),
    starters=frozenset({"however", "she"}),
    orthography={
        "the": 2 | 32,
        "harbour": 4 | 32,
        "said": 32,
        "it": 2 | 16 | 32,
        "of": 16 | 32,
        "in": 2 | 32,
    },
)

PROSE = (
    "Mr. Orrin Vale, of the U.S. harbour board, left at 9 a.m. The ferry did not wait. Was it late?! No. "
    '"It sank," she said. "Nobody saw." (Some say it floats...) The rest is No. 4. of the list, e.g. ropes; '
    "J. Sand and St. Ives agree. It cost 3.5 million... However, Quill Inc. Said nothing -- not a word. Why? "
    "He wrote ‘help.’ Then “go home.” On 21. August it rained. “Rain!” they wrote."
)


def texts_of(text: str, punkt: Punkt | None = None) -> list[str]:
    return [text[p.start : p.end] for p in split_paragraphs(text, punkt)]


def sentences_of(text: str, punkt: Punkt = KNOWN, *, glued: bool = True) -> list[str]:
    return [text[start:end] for start, end in punkt.sentence_spans(text, 0, len(text), glued=glued)]


def nltk_sentences(text: str, punkt: Punkt) -> list[tuple[int, int]]:
    """nltk's own spans with the same parameters, outer white space trimmed as ours is."""
    from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer

    parameters = PunktParameters()
    parameters.abbrev_types = set(punkt.abbreviations)
    parameters.collocations = set(punkt.collocations)
    parameters.sent_starters = set(punkt.starters)
    parameters.ortho_context.update(punkt.orthography)
    tokenizer = PunktSentenceTokenizer(parameters)
    if not tokenizer._lang_vars.re_boundary_realignment.match("” "):
        pytest.skip("this nltk does not yet take curly quotes for closing quotes")
    spans = []
    for start, end in tokenizer.span_tokenize(text):
        inside = text[start:end]
        if inside.strip():
            spans.append((start + len(inside) - len(inside.lstrip()), start + len(inside.rstrip())))
    return spans


# Lines


def test_non_blank_lines_become_trimmed_paragraphs_with_line_and_gap() -> None:
    text = "\n  A harbour.\t\nTwo boats.\n\n\n\n\nA gull. \n"
    #       line 2          line 3      5 line breaks: gap capped at 3, line 8
    assert split_paragraphs(text) == [
        Paragraph(3, 13, 2, 1),
        Paragraph(15, 25, 3, 1),
        Paragraph(30, 37, 8, 3),
    ]


def test_all_three_line_ends_count_as_one_line_each() -> None:
    found = split_paragraphs("one\r\ntwo\rthree\nfour\r\n\r\nsix\r\rlast")
    assert [(p.line, p.gap) for p in found] == [(1, 1), (2, 1), (3, 1), (4, 1), (6, 2), (8, 2)]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\u2028", "\u2029"])
def test_other_separators_part_paragraphs_but_start_no_physical_line(separator: str) -> None:
    found = split_paragraphs(f"one{separator}two\n{separator}three")
    assert [(p.line, p.gap) for p in found] == [(1, 1), (1, 1), (2, 2)]


def test_a_misread_ellipsis_does_not_part_a_line() -> None:
    assert texts_of("He waited\x85 and left") == ["He waited\x85 and left"]


@pytest.mark.parametrize("text", ["", " \n\t\r\n \u00a0\u2003\n"])
def test_text_without_ink_has_no_paragraphs(text: str) -> None:
    assert split_paragraphs(text) == []


def test_a_long_line_is_cut_at_its_sentences_with_gap_nought() -> None:
    sentence = "The tide came in early and the boats were late."
    line = " ".join([sentence] * 30)
    found = split_paragraphs(f"Title\n\n{line}\nAfter.")
    assert texts_of(f"Title\n\n{line}\nAfter.") == ["Title", *[sentence] * 30, "After."]
    assert [p.gap for p in found] == [1, 2, *[0] * 29, 1]
    assert {p.line for p in found[1:-1]} == {3}


def test_a_line_of_just_the_longest_length_stays_whole() -> None:
    line = "Rope. " * (MAX_LINE // 6)
    whole = line[: MAX_LINE - 1] + "."
    assert len(whole) == MAX_LINE
    assert len(split_paragraphs(whole)) == 1
    assert len(split_paragraphs(whole + ".")) == MAX_LINE // 6


def test_a_sentence_that_is_too_long_is_cut_at_white_space() -> None:
    text = "gull " * 2_000
    lengths = [p.end - p.start for p in split_paragraphs(text)]
    # 9,999 characters. The first white space at or after 2,000 is at 2,004: four letters, then 2,005 a piece.
    assert lengths == [2_004, 2_004, 2_004, 9_999 - 3 * 2_005]
    assert max(lengths) <= MAX_SENTENCE


def test_a_run_without_white_space_stays_whole() -> None:
    assert texts_of("x" * 9_000) == ["x" * 9_000]


ODD_TEXT = st.text(
    alphabet=st.sampled_from(list("aZé9 .?!,\"')”“-\n\r\t\x0b\x0c\x85\u2028\u00a0\u3000語")), max_size=200
)


@given(st.one_of(st.text(), ODD_TEXT), st.integers(1, 40))
def test_paragraphs_hold_every_character_of_ink_once_in_order(text: str, times: int) -> None:
    text = text * times  # often over the longest line
    found = split_paragraphs(text, KNOWN)
    assert found == split_paragraphs(text, KNOWN)
    for p in found:
        assert text[p.start : p.end] == text[p.start : p.end].strip() != ""
        assert 0 <= p.gap <= 3
    for before, after in pairwise(found):
        assert before.end <= after.start
        assert before.line <= after.line
    inside = "".join(text[p.start : p.end] for p in found)
    assert "".join(inside.split()) == "".join(text.split())


@given(ODD_TEXT)
def test_line_numbers_are_those_of_universal_newlines(text: str) -> None:
    lines = re.split(r"\r\n|\r|\n", text)
    for p in split_paragraphs(text):
        assert text[p.start : p.end] in lines[p.line - 1]


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 1_000_000,
        "\r\n \t" * 250_000,
        " " * 5_000_000,
        "." * 2_000_000,
        "!" * 2_000_000,
        '."' * 1_000_000,
    ],
    ids=["blank", "crlf", "spaces", "dots", "marks", "quotes"],
)
def test_garbage_of_megabytes_is_split(text: str) -> None:
    found = split_paragraphs(text, KNOWN)  # about 0.3 s; a quadratic step would take hours
    assert "".join(text[p.start : p.end] for p in found) == "".join(text.split())


# Sentences


def test_abbreviations_initials_and_numbers_do_not_end_a_sentence() -> None:
    assert sentences_of("Mr. Vale met J. Sand at St. Ives. It was 21. August.") == [
        "Mr. Vale met J. Sand at St. Ives.",
        "It was 21. August.",
    ]


def test_an_abbreviation_ends_a_sentence_before_a_word_that_is_else_lower_case() -> None:
    assert sentences_of("They left at 9 a.m. The boat did not.") == [
        "They left at 9 a.m.",
        "The boat did not.",
    ]


def test_without_parameters_every_full_stop_counts() -> None:
    assert sentences_of("Mr. Vale left.", Punkt()) == ["Mr.", "Vale left."]


def test_closing_quotes_belong_to_the_sentence_before() -> None:
    assert sentences_of("He wrote “go home.” (She did.) They stayed.") == [
        "He wrote “go home.”",
        "(She did.)",
        "They stayed.",
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It was the end.The next day came.", ["It was the end.", "The next day came."]),
        ("“It was the end.”The next day came.", ["“It was the end.”", "The next day came."]),
        ("They sold 300!Nobody knew.", ["They sold 300!", "Nobody knew."]),
        ("Was it?!Yes it was.", ["Was it?!", "Yes it was."]),
        ("We don't.They do.", ["We don't.", "They do."]),
    ],
)
def test_glued_sentences_are_parted(text: str, parts: list[str]) -> None:
    assert sentences_of(text) == parts


@pytest.mark.parametrize(
    "text",
    [
        "See mr.Vale now",  # a known abbreviation
        "Write to a.Vale now",  # an initial
        "Open at 9 p.m.Daily",  # dotted initials
        "See https://harbour.example/log.Html today",
        "Write to vale@harbour.Example today",
        "Buy at Ropes.Com today",
        "A file log.txt is here",
        "The U.S.Navy is here",
        "Version 2.5 and node.JS",
    ],
)
def test_what_only_looks_glued_stays_together(text: str) -> None:
    assert sentences_of(text) == [text]


def test_glued_sentences_stay_together_when_asked_as_nltk_does() -> None:
    assert sentences_of("It was the end.The next came.", glued=False) == ["It was the end.The next came."]


def test_spans_keep_to_the_range_that_was_asked_for() -> None:
    text = "Zero. One is here. Two is here. Three."
    assert KNOWN.sentence_spans(text, 6, 31) == [(6, 18), (19, 31)]


def test_sentences_equal_nltks() -> None:
    for text in (
        PROSE,
        PROSE.replace(" ", "  "),
        PROSE.replace(" ", "\u00a0", 20),
        PROSE.upper(),
        PROSE.lower(),
    ):
        for punkt in (KNOWN, Punkt()):
            ours = punkt.sentence_spans(text, 0, len(text), glued=False)
            assert ours == nltk_sentences(text, punkt)
    assert len(KNOWN.sentence_spans(PROSE, 0, len(PROSE))) > 10


WORDS = st.sampled_from(
    (
        "mr. Mr. the The harbour said J. K. 4. 21. August St. Ives however However it It of a.m. U.S. "
        "end. end! \"end.\" what?! ... x... ? ! . -- e.g., 'so.' (so.) ” “ ’ ) . . u.s.-mr. no.”The "
        'a,b a, it.It ;; : , *x _. 4.5 -3. 2024. 1.5. 18-24. $30,645. don’t. ’s. -- --. x-.. ,x. (The "The In In, in. '
        "Said Said. U.S.) prof.-mr. fox.com. élan. Élan слово. Слово ΣΑΣ. İst. 北京. x². #. &. a--b. Dr.; no, No? "
    ).split()
)


@given(st.lists(st.tuples(WORDS, st.sampled_from([" ", " ", " ", "  ", "", "\u00a0", "\n"])), max_size=30))
def test_sentences_equal_nltks_on_any_mixture(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + space for word, space in parts).strip()
    for punkt in (KNOWN, Punkt()):
        assert punkt.sentence_spans(text, 0, len(text), glued=False) == nltk_sentences(text, punkt)


def test_white_space_and_lower_case_of_the_loops_are_those_of_python() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    white = {code for code in range(len(every)) if scan.is_space(code)}
    assert white == {code for code, character in enumerate(every) if character.isspace()}
    lower = scan.word_characters()
    for code in np.flatnonzero(lower).tolist():
        assert chr(lower[code]) == chr(code).lower()
        assert f"a{chr(code)}a".lower() == f"a{chr(lower[code])}a"


@given(st.dictionaries(st.text(max_size=6), st.integers(1, 7), max_size=40))
def test_what_is_known_of_words_is_found_again(kinds: dict[str, int]) -> None:
    known = scan.words_of(kinds)
    lower = scan.word_characters()
    for word in ("", "a", "the", *kinds):
        codes = scan.code_points(word)
        if word == word.lower() and "\0" not in word:
            assert scan._kinds_of(codes, 0, len(codes), lower, *known) == kinds.get(word, 0)


@given(
    st.frozensets(st.text(max_size=5), max_size=4),
    st.frozensets(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4),
    st.dictionaries(st.text(max_size=5), st.integers(0, 126), max_size=4),
)
def test_parameters_survive_json(
    words: frozenset[str], pairs: frozenset[tuple[str, str]], bits: dict[str, int]
) -> None:
    punkt = Punkt(words, pairs, words, bits)
    stored = json.dumps(punkt.to_json())
    assert Punkt.from_json(json.loads(stored)) == punkt
    assert json.dumps(Punkt.from_json(json.loads(stored)).to_json()) == stored


@pytest.mark.parametrize("stored", [{}, {**Punkt().to_json(), "collocations": [["one"]]}, {"abbreviations": 3}])
def test_parameters_in_another_format_are_refused(stored: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="Train the model again"):
        Punkt.from_json(stored)


def test_training_learns_an_abbreviation() -> None:
    names = ("Vale", "Sand", "Quill", "Orrin", "Hale", "Reed", "Marsh", "Ford")
    lines = [
        f"Yesterday capt. {name} sailed at noon with the cook. They came back, and the cook slept until noon."
        for name in names
    ]
    punkt = train_punkt(lines * 5)
    assert "capt" in punkt.abbreviations
    assert "noon" not in punkt.abbreviations
    assert sentences_of("Today capt. Reed sailed. They came back.", punkt) == [
        "Today capt. Reed sailed.",
        "They came back.",
    ]
    assert "vale" not in punkt.orthography  # never seen in lower case


def shared_texts(name: str, count: int) -> Iterator[str]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in islice(lines, count):
            yield json.loads(line)["text"]


@pytest.mark.shared
def test_sentences_equal_nltks_on_news() -> None:
    trained = train_punkt(shared_texts("articles_economist2025.jsonl.gz", 60))
    assert len(trained.abbreviations) > 5
    sample = [
        *shared_texts("news_2025-05-21.jsonl.gz", 60),
        *shared_texts("articles_economist2025.jsonl.gz", 40),
    ]
    for text in sample:
        flat = " ".join(text.split())
        for punkt in (trained, Punkt()):
            assert punkt.sentence_spans(flat, 0, len(flat), glued=False) == nltk_sentences(flat, punkt)


@pytest.mark.parametrize("n_words", [3, 40, 700])
def test_parts_of_a_dump_have_the_paragraphs_of_the_whole(n_words: int) -> None:
    """Wherever the dump is cut at paragraphs, a part and a little of what follows give the same paragraphs."""
    story = " ".join(f"{PROSE} Part {number} ends here." for number in range(4))
    giant = "rope " * n_words
    text = f"{story}\n\nA short line. It ends.\n{story} {giant}end. {story}\nAnother. One more.\n"
    whole = [(p.start, p.end) for p in split_paragraphs(text, KNOWN)]
    starts = [start for start, _ in whole]
    for cuts in ([1, 5], [2, 3, 4], [7, 20, 30, 41], list(range(1, len(whole)))):
        places = [0, *(starts[i] for i in cuts if i < len(starts)), len(text)]
        found = []
        for start, end in pairwise(places):
            inside = start > 0 and text[start - 1] != "\n"
            goes_on = end < len(text) and text[end - 1] != "\n"
            shown = text[start : end + 200] if goes_on else text[start:end]
            parts = split_paragraphs(shown, KNOWN, begins_inside=inside, ends_inside=goes_on)
            found += [(start + p.start, start + p.end) for p in parts if start + p.start < end]
        assert found == whole
