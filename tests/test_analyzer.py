from __future__ import annotations

import re
import subprocess
import sys
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.classification import analyzer
from topics.classification.analyzer import LEAD_WORDS, Terms, count_terms, locate_terms, stem_plural
from topics.classification.word_lists import IRREGULAR_PLURALS, STOP_WORDS, UNCHANGED


def body(text: str) -> dict[str, int]:
    return dict(count_terms(None, text).body)


def words(text: str) -> set[str]:
    return {term for term in body(text) if " " not in term}


def pairs(text: str) -> set[str]:
    return {term for term in body(text) if " " in term}


def test_a_sentence_becomes_words_and_pairs_of_neighbours():
    assert body("The harbour clerk counted ferries. The clerk slept.") == {
        "harbour": 2,
        "clerk": 4,
        "counted": 2,
        "ferry": 2,
        "slept": 2,
        "harbour clerk": 2,
        "clerk counted": 2,
        "counted ferry": 2,
        "clerk slept": 2,
    }


def test_headline_terms_are_apart():
    assert count_terms("Ferry strike", "Crews walked") == Terms(
        {"ferry": 1, "strike": 1, "ferry strike": 1}, {"crew": 2, "walked": 2, "crew walked": 2}
    )


def test_a_headline_that_is_the_first_line_of_the_body_is_counted_once():
    apart = count_terms("Ferry strike", "Crews walked out")
    assert count_terms("Ferry strike", "\n Ferry strike \nCrews walked out") == apart
    assert count_terms("Ferry strike", "Ferry strike").body == {}


def test_a_body_that_only_begins_like_the_headline_stays_whole():
    assert count_terms("Ferry", "Ferry sank").body == {"ferry": 2, "sank": 2, "ferry sank": 2}


def test_what_is_told_first_counts_twice():
    lead = " ".join(f"word{chr(97 + k // 26)}{chr(97 + k % 26)}x" for k in range(LEAD_WORDS - 1))
    counted = count_terms(None, f"The {lead}.\n\n12 otters and trout\nOtters swim").body
    assert counted["wordaax"] == 2 and counted["wordaax wordabx"] == 2
    assert counted["otter"] == 3  # the last word of the lead, and once below it
    assert counted["trout"] == counted["otter trout"] == counted["otter swim"] == 1


def test_the_lead_begins_below_the_headline():
    headline = " ".join(f"word{chr(97 + k // 26)}{chr(97 + k % 26)}x" for k in range(LEAD_WORDS))
    counted = count_terms(headline, f"{headline}\nOtters swim")
    assert counted.title["wordaax"] == 1
    assert counted.body == {"otter": 2, "swim": 2, "otter swim": 2}


@pytest.mark.parametrize("text", ["", " \n", "the of and", "12 345 6.7"])
def test_text_without_terms_counts_nothing(text: str):
    assert count_terms(text, text) == Terms({}, {})


def test_pairs_reach_across_stop_words_but_not_across_sentences_or_lines():
    assert pairs("bank of england. river\nmill! tower") == {"bank england"}
    assert pairs("bank (england) river, mill: tower") == {
        "bank england",
        "england river",
        "river mill",
        "mill tower",
    }


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Mayor's mayor’s MAYOR'S mayors’", {"mayor"}),
        ("don't don’t they've it's I'm he'd we'll you're", set()),
        ("well-known well‐known", {"well-known"}),
        ("O'Brien o’brien", {"o'brien"}),
        ("Łódź Zürich ﬁre", {"łódź", "zürich", "fire"}),
        ("İzmir inter\u00adnational", {"izmir", "international"}),
        ("x y z", set()),
        ("owns wills", set()),
        ("_emphasis_ snake__", {"emphasis", "snake"}),
        ("z" * 41, set()),
    ],
)
def test_spellings_fold_to_one_term(text: str, terms: set[str]):
    assert words(text) == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("in 2025 and the 1990s", {"2025", "1990"}),
        ("12 123 12345 1,200 3.5 21st 5G", set()),
        ("a 20-year-old", {"year-old"}),
        ("G20, M23, COP30, COVID-19", {"g20", "m23", "cop30", "covid-19"}),
        ("٢٠٢٥", set()),
    ],
)
def test_years_and_names_with_numbers_are_the_only_numbers(text: str, terms: set[str]):
    assert words(text) == terms


@given(st.text("019-٣_aé", max_size=40))
def test_numbers_before_a_hyphen_come_off_wherever_they_stand(token: str):
    assert analyzer._LEADING_NUMBERS.sub("", token) == re.sub("(?:[0-9]+-)+", "", token)


def test_a_megabyte_of_digits_is_a_number():
    assert body("Ferry " + "9" * 1_000_000 + " fares") == {"ferry": 2, "fare": 2, "ferry fare": 2}


def test_the_country_is_not_the_pronoun():
    assert body("U.S. troops")["usa troop"] == 2
    assert words("US U.S. USA US's") == {"usa"}
    assert words("WHO") == {"who"}
    assert words("us, who") == set()


def test_initials_do_not_end_a_sentence():
    assert pairs("J.K. Rowlands wrote") == {"jk rowland", "rowland wrote"}
    assert pairs("John F. Kendall") == {"john kendall"}


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("cities", "city"),
        ("ties", "tie"),
        ("crashes", "crash"),
        ("classes", "class"),
        ("taxes", "tax"),
        ("heroes", "hero"),
        ("shoes", "shoe"),
        ("prizes", "prize"),
        ("wars", "war"),
        ("women", "woman"),
        ("movies", "movie"),
        ("hamas", "hamas"),
        ("paris", "paris"),
        ("congress", "congress"),
        ("virus", "virus"),
        ("gas", "gas"),
    ],
)
def test_only_plural_endings_come_off(plural: str, singular: str):
    assert stem_plural(plural) == singular


def test_word_lists_are_lower_case_and_reachable():
    assert 150 <= len(STOP_WORDS) <= 300
    assert all(word == word.lower() for word in STOP_WORDS | UNCHANGED | set(IRREGULAR_PLURALS))
    # a word that the ending rules leave alone anyway has no business in the list
    assert not [word for word in UNCHANGED if not word.endswith("s") or word.endswith(("ss", "us", "is"))]


@given(st.text(max_size=200))
def test_any_text_gives_positive_counts_of_well_formed_terms(text: str):
    for term, n in body(text).items():
        assert n > 0
        assert "," not in term and "\n" not in term
        assert 1 <= len(term.split(" ")) <= 2
        assert all(2 <= len(word) for word in term.split(" "))


@given(st.text(alphabet="ab éß'’.! \n2US", max_size=80))
def test_composed_and_decomposed_text_count_the_same(text: str):
    assert body(unicodedata.normalize("NFD", text)) == body(unicodedata.normalize("NFC", text))


@given(st.lists(st.sampled_from(["tram", "tide", "tower", "of"]), max_size=12))
def test_pairs_are_the_neighbours_that_are_kept(tokens: list[str]):
    kept = [token for token in tokens if token != "of"]
    expected = {f"{left} {right}" for left, right in pairwise(kept)}
    assert pairs(" ".join(tokens)) == expected


def test_remembered_tokens_do_not_pile_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(analyzer, "_CACHE_SIZE", 50)
    for number in range(100):
        word = "reed" + "abcdefghij"[number // 10] + "abcdefghij"[number % 10]
        assert words(word) == {word}
    assert len(analyzer._terms) <= 52


def test_counting_keeps_pace_with_a_crawl():
    text = "The council of Marrow Bay voted on Tuesday to keep both ferries running until the bridge opens.\n" * 4000
    count_terms(None, text)
    started = time.process_time()
    count_terms(None, text)
    assert len(text) / (time.process_time() - started) > 1e6  # 5 MB/s where it was written; slow machines pass


def test_importing_the_analyzer_and_the_taxonomy_loads_no_heavy_library():
    code = (
        "import sys, topics.classification.analyzer, topics.labels.taxonomy\n"
        "print(sorted({'sklearn', 'scipy', 'nltk', 'numpy', 'datasketch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_terms_are_found_where_they_stand():
    text = "The Banks’ rates, rates of banks. Rates voted."
    found = locate_terms(text, {"bank", "bank rate", "rate bank", "voted"})
    assert [(text[start:end], term) for start, end, term in found] == [
        ("Banks", "bank"),
        ("Banks’ rates", "bank rate"),
        ("rates of banks", "rate bank"),
        ("banks", "bank"),
        ("voted", "voted"),
    ]


@given(
    st.lists(
        st.sampled_from(["Banks", "rates", "the", "of", "crashed.", "City's", "\n", "U.S.", "—", "9"]), max_size=30
    )
)
def test_every_counted_term_is_located_as_often_as_it_was_counted(tokens: list[str]):
    text = " ".join(tokens)
    counted = body(text)
    found = [term for _, _, term in locate_terms(text, counted)]
    assert {term: 2 * found.count(term) for term in counted} == counted  # all of it is lead
