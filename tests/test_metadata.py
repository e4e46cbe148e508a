"""What a segment says of itself: kind, date, source, language."""

from __future__ import annotations

import pytest

from topics.segmentation.kinds import tell_kind
from topics.segmentation.language import tell_language
from topics.segmentation.metadata import find_published, find_source


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Published On 5 Jan 20265 Jan 2026", "2026-01-05"),
        ("March 3, 2024 9:15 AM ET", "2024-03-03"),
        ("Updated 21st September 2023", "2023-09-21"),
        ("2025-11-02T08:00", "2025-11-02"),
        ("25/12/2024", "2024-12-25"),
        ("12.25.2024", "2024-12-25"),
        ("07/07/2024", "2024-07-07"),
        ("04/05/2025", None),  # May the fourth, or the fifth of April
        ("Jan. 2 (Wire)", None),  # no year
        ("31 Feb 2024", None),
        ("Share", None),
    ],
)
def test_a_date_is_taken_only_beyond_doubt(line: str, expected: str | None) -> None:
    assert find_published(["By A. Clerk", line]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GENEVA (Reuters) - Delegates met.", "Reuters"),
        ("Jan. 2 (UPI) — Ships left the port.", "UPI"),
        ("The company (formerly Dunmore) - now closed - made tin.", None),
        ("No agency here.", None),
    ],
)
def test_the_agency_in_a_dateline_is_the_source(text: str, expected: str | None) -> None:
    assert find_source([text], []) == expected


def test_a_copyright_line_names_the_source() -> None:
    assert find_source(["Ships left."], ["Copyright 2025 Stour Gazette. All rights reserved."]) == "Stour Gazette"


ARTICLE = [
    "The harbour board voted on Monday to close the eastern quay for a year while divers replace its piles, which "
    "have stood in salt water since 1931 and, according to an engineer's report, could give way under load.",
    "Fishermen who land their catch there will be moved to the coal dock. Some of them are not pleased about it.",
    "The work is to cost eleven million and will be paid from port dues, which rise by a tenth in spring.",
    "Two earlier plans were dropped, one for want of money and the other after a quarrel over who owned the crane.",
]


def test_a_report_is_an_article() -> None:
    assert tell_kind(ARTICLE, [True] * 4) == "article"


def test_a_teaser_is_a_blurb() -> None:
    assert tell_kind(ARTICLE[1:2], [True]) == "blurb"


def test_an_appeal_is_boilerplate() -> None:
    appeal = [
        "If you value our reporting, please support our newsroom with a monthly donation today.",
        "Your gift, large or small, keeps our journalism free for everyone. Will you chip in?",
    ]
    assert tell_kind(appeal, [True, True]) == "boilerplate"


def test_a_glossary_is_boilerplate() -> None:
    glossary = [
        "-",
        "Lund is a city in southern Sweden.",
        "-",
        "Ada Moss is an English potter.",
        "-",
        "Tin is a metal.",
    ]
    assert tell_kind(glossary, [False, True] * 3) == "boilerplate"


def test_a_segment_of_furniture_alone_is_boilerplate() -> None:
    assert tell_kind(["Home", "Menu"], [False, False]) == "boilerplate"


def test_an_article_about_donors_is_no_appeal() -> None:
    text = "The hospital said on Friday that donations had fallen by a third. " + " ".join(ARTICLE)
    assert tell_kind([text], [True]) == "article"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ".join(ARTICLE), "en"),
        ("Der Hafenmeister sagte am Montag, dass die Brücke erst im Frühjahr wieder geöffnet werde.", "de"),
        ("Le port restera fermé jusqu'au printemps, a déclaré le maire, car les pièces manquent.", "fr"),
    ],
)  # fmt: skip
def test_languages_are_told_apart(text: str, expected: str) -> None:
    assert tell_language(text) == expected


def test_too_few_words_take_the_default() -> None:
    assert tell_language("Hafen zu", default="de") == "de"
