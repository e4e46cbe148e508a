"""What a segment says of itself: headline, date, source, language."""

from __future__ import annotations

import pytest

from topics.segmentation.language import tell_language
from topics.segmentation.metadata import find_banners, find_published, find_source, find_title, part_title

BODY = "The harbour board voted on Monday to close the eastern quay for a year while divers replace its piles."


def published(*lines: str) -> str | None:
    """The date of a piece with these lines above its body."""
    return find_published([*lines, BODY], [False] * len(lines) + [True])


def source(*lines: str, body: str = BODY, below: tuple[str, ...] = ()) -> str | None:
    """The source of a piece with these lines above its body and those below it."""
    return find_source([*lines, body, *below], [False] * len(lines) + [True] + [False] * len(below))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Published On 5 Jan 20265 Jan 2026", "2026-01-05"),
        ("Published On 2026-01-052026-01-05", None),  # where does the first end?
        ("March 3, 2024 9:15 AM ET", "2024-03-03"),
        ("Updated 21st September 2023", "2023-09-21"),
        ("2025-11-02T08:00", "2025-11-02"),
        ("2025/11/02 08:00", "2025-11-02"),
        ("25/12/2024", "2024-12-25"),
        ("12.25.2024", "2024-12-25"),
        ("07/07/2024", "2024-07-07"),
        ("By A. Clerk - 11/19/19 06:56 AM EST", "2019-11-19"),
        ("5-Jan-2026", "2026-01-05"),
        ("Published 5\u00a0January\u00a02026", "2026-01-05"),
        ("5\u202fJanuary  2026", "2026-01-05"),
        ("January\t5 , 2026", "2026-01-05"),
        ("the 3rd of May 2021", "2021-05-03"),
        ("Nov 18, 2019, 11:47am EST", "2019-11-18"),
        ("Sat 04/05/2024", "2024-05-04"),  # the fifth of April was a Friday
        ("Mon 04/05/2025", None),  # neither was a Monday
        ("04/05/2025", None),  # May the fourth, or the fifth of April
        ("21/06/14", None),  # the year may stand first
        ("Jan. 2 (Wire)", None),  # no year
        ("31 Feb 2024", None),
        ("© 2025 Stour Gazette", None),
        ("Share", None),
    ],
)
def test_a_date_is_taken_only_beyond_doubt(line: str, expected: str | None) -> None:
    assert published("By A. Clerk", line) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ("Published: 4 May 2025 | Updated: 6 May 2025",),
        ("Updated 6 May 2025", "Published 4 May 2025"),
        ("Last modified", "6 May 2025", "Publish date:", "4 May 2025"),
        ("4 May 2025 (updated 6 May 2025)",),
        ("Last updated 6 May 2025", "4 May 2025"),
    ],
)
def test_published_goes_before_updated(lines: tuple[str, ...]) -> None:
    assert published(*lines) == "2025-05-04"


def test_an_ambiguous_date_of_publication_is_not_made_up_for_by_an_update() -> None:
    assert published("Published 04/05/2025", "Updated 6 May 2025") is None


@pytest.mark.parametrize(
    "line",
    [
        "Deadline: 5 May 2026",
        "Tickets for the fair on 5 May 2026 are on sale",
        "Here is where things stand on 5 May 2026:",
        "Cranes over the quay, 5 May 2026 [Handout]",
        "Correction, 5 May 2026: the name of the quay was misspelt",
        "4 May 2026 – 9 May 2026",
    ],
)
def test_dates_of_something_else_do_not_count(line: str) -> None:
    assert published(line) is None


def test_a_date_line_may_follow_the_standfirst_but_body_dates_do_not_count() -> None:
    assert find_published([BODY, "5 May 2026", BODY], [True, False, True]) == "2026-05-05"
    assert find_published([BODY, "The board last met on 5 May 2026."], [True, True]) is None
    assert find_published([BODY, BODY, BODY, "5 May 2026"], [True, True, True, False]) is None


def test_text_without_line_breaks_may_say_when_it_was_published() -> None:
    flat = [
        "The quay is to close.",
        "Published On 5 Jan 20265 Jan 2026 Share Divers are to replace its piles, all agree.",
    ]
    assert find_published(flat, [True, True]) == "2026-01-05"
    assert find_published(["Published on 5 January 2026, the report says little."], [True]) is None


def test_a_dateline_with_a_year_dates_the_piece() -> None:
    assert find_published([f"CAIRO, 5 January 2026 (Wire) — {BODY}"], [True]) == "2026-01-05"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GENEVA (Reuters) - Delegates met.", "Reuters"),
        ("Jan. 2 (UPI) — Ships left the port.", "UPI"),
        ("MOSCOW, May 21. /TASS/. Ships left.", "TASS"),
        ("TEHRAN, May 21 (XNA) – Ships left.", "XNA"),
        ("(CNN)The ships left.", "CNN"),
        ("London (CNN Business)The ships left.", "CNN Business"),
        ("New Delhi, Feb 4 (PTI) The ships left.", "PTI"),
        ("LEITH, Scotland — (AP) The ships left.", "AP"),
        ("StourLive.net - The ships left.", "StourLive.net"),
        ("The company (formerly Dunmore) - now closed - made tin.", None),
        ("Tin (and zinc) - both dear - rose.", None),
        ("The deal of May 4 (later than planned) covers tin.", None),
        ("No agency here.", None),
    ],
)
def test_the_agency_in_a_dateline_is_the_source(text: str, expected: str | None) -> None:
    assert source(body=text) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Source: Stour Gazette", "Stour Gazette"),
        ("SOURCE: AL JAZEERA AND NEWS AGENCIES", "AL JAZEERA"),
        ("5 Jan 2026 | Source: stour.com", "stour.com"),
        ("By Reuters Staff", "Reuters"),
        ("By BBC News Staff", "BBC News"),
        ("By A. Clerk, Stour Gazette", "Stour Gazette"),
        ("By A. Clerk | The Stour Times", "The Stour Times"),
        ("/ CBS News", "CBS News"),
        ("By A. Clerk", None),
        ("By Emil Post", None),  # somebody called Post
        ("By A. Clerk, Staff Writer", None),
        ("Source: Ministry of Health", None),
        ("Photo: A. Clerk, AP", None),
        ("World News", None),
    ],
)
def test_source_lines_and_bylines_name_the_source(line: str, expected: str | None) -> None:
    assert source("Ferry fares rise", line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Copyright 2025 Stour Gazette. All rights reserved.", "Stour Gazette"),
        ("© 2019-2025 Stour Media, Inc.", "Stour Media"),
        ("(c) 2025 Dunmore Ltd.", "Dunmore"),
        ("©\u00a02025\u00a0Stour\u00a0Media,\u00a0Inc.", "Stour Media"),
        (
            "This article is republished from The Conversation under a Creative Commons licence. Read it.",
            "The Conversation",
        ),
        ("This article was originally published by the Stour Gazette.", "the Stour Gazette"),
        ("© 2025 Getty Images", None),
        ("The Associated Press contributed to this report.", None),
    ],
)
def test_lines_below_the_body_name_the_source(line: str, expected: str | None) -> None:
    assert source(below=("Share", line)) == expected


def test_an_outlet_s_name_that_comes_back_in_the_dump_is_a_source() -> None:
    dump = ["Stour Gazette", "Share", BODY, "Stour Gazette", "Share", "More news", "More news", "Dunmore Herald"]
    banners = find_banners(dump)
    assert banners == {"Stour Gazette"}
    assert find_source(["Stour Gazette", BODY], [False, True], banners) == "Stour Gazette"
    assert find_source(["Stour Gazette", BODY], [False, True]) is None


HEADLINE = "Eastern quay to close while divers replace piles"


def title(*lines: str, odds: tuple[float, ...] = (), called: str = "") -> str | None:
    """The headline of a piece with these lines above its body; ``called``: T, F or B for each."""
    called = (called or "T" * len(lines)) + "B"
    given = [*(odds or [0.5] * len(lines)), -5.0]
    return find_title([*lines, BODY], given, [c == "T" for c in called], [c == "B" for c in called])


@pytest.mark.parametrize(
    "lines",
    [
        (HEADLINE,),
        ("Harbour", HEADLINE),
        ("WORLD NEWS TODAY", HEADLINE, "By A. Clerk"),
        (HEADLINE, "By A. Clerk", "5 May 2026"),
        (HEADLINE, "Cranes over the eastern quay of the harbour. Photo: Handout"),
        (HEADLINE, "What the board said about divers"),
        ("Share this on every channel", HEADLINE),
    ],
)
def test_the_headline_is_neither_kicker_nor_byline_nor_caption(lines: tuple[str, ...]) -> None:
    assert title(*lines) == HEADLINE


@pytest.mark.parametrize(
    "headline",
    [
        "More than forty divers hurt as eastern quay gives way",
        "Credit for harbour board dries up after quay closes",
        "Share of divers who quit the harbour rises",
        "Author of harbour board's report on piles resigns",
        "Picture of harbour board improves after quay closes",
        "Back to the eastern quay after a year of divers",
        "Updated rules let divers replace piles at night",
        "By Christmas, divers will have replaced the piles",
        "Sign of the times as eastern quay closes",
        "Comments by board on divers anger the harbour",
        "Advertising on the eastern quay to cover piles",
        "File-sharing divers say where the piles are",
        "Subscribers leave the harbour after quay closes",
        "Updated insurance rules let divers replace piles",
        "Updated market rules for divers of the harbour",
        "Sharewith divers give way at the eastern quay",
    ],
)
def test_a_word_of_the_page_may_open_a_headline(headline: str) -> None:
    assert title(headline, "By A. Clerk", "5 May 2026") == headline


@pytest.mark.parametrize(
    "line",
    [
        "More from the harbour: eastern quay and divers",
        "Share this on the eastern quay page",
        "Updated 3 hours ago by divers of the harbour",
        "Related stories: eastern quay, divers, piles",
        "Sign up for the eastern quay letter",
        "Credit: the harbour board, the divers",
        "Back to top of the eastern quay page",
    ],
)
def test_a_line_of_the_page_is_no_headline(line: str) -> None:
    assert title(line, HEADLINE) == HEADLINE


def test_an_outlet_s_name_above_the_headline_is_no_headline() -> None:
    assert title("The Stour Gazette", "5 May 2026", HEADLINE, odds=(2.0, 0.0, 0.0)) == HEADLINE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Divers replace piles | Stour Gazette", ("Divers replace piles", "Stour Gazette")),
        ("Divers replace piles - BBC News", ("Divers replace piles", "BBC News")),
        ("Divers replace piles - a new record", ("Divers replace piles - a new record", None)),
        ("Divers - The Stour Gazette", ("Divers - The Stour Gazette", None)),  # what is left would be no headline
        ("Divers replace piles | Harbour", ("Divers replace piles | Harbour", None)),
    ],
)
def test_an_outlet_behind_a_headline_is_no_part_of_it(line: str, expected: tuple[str, str | None]) -> None:
    assert part_title(line) == expected


def test_a_trail_of_crumbs_that_ends_in_the_headline_is_not_it() -> None:
    assert title("Home Harbour News " + HEADLINE, HEADLINE, "By A. Clerk") == HEADLINE
    assert title("Gazette" + HEADLINE, "Share", HEADLINE) == HEADLINE


@pytest.mark.parametrize("tag", ["replace piles", "divers replace piles", "while divers replace piles"])
def test_a_headline_may_end_in_the_words_of_a_tag_under_it(tag: str) -> None:
    assert title(HEADLINE, tag, "By A. Clerk") == HEADLINE


def test_a_headline_that_the_model_takes_for_furniture_is_found_all_the_same() -> None:
    assert title("Menu", HEADLINE, "5 May 2026", odds=(-8.0, -0.5, -6.0), called="FFF") == HEADLINE


@pytest.mark.parametrize(
    ("lines", "called"),
    [
        ((), ""),
        (("By A. Clerk", "5 May 2026"), "FF"),
        (("Home", "Skip to content", "Sign in"), "FFF"),
        (("The eastern quay of the harbour is to close for a year.",), "B"),
        (("Author:", "Dunmore Quay Divers"), "FF"),
        ((" ".join(["Divers who replace piles of the eastern quay say"] * 3),), "T"),  # 27 words
    ],
)
def test_a_piece_without_a_headline_has_no_title(lines: tuple[str, ...], called: str) -> None:
    assert title(*lines, called=called, odds=(-2.0,) * len(lines)) is None


ARTICLE = [
    "The harbour board voted on Monday to close the eastern quay for a year while divers replace its piles, which "
    "have stood in salt water since 1931 and, according to an engineer's report, could give way under load.",
    "Fishermen who land their catch there will be moved to the coal dock. Some of them are not pleased about it.",
    "The work is to cost eleven million and will be paid from port dues, which rise by a tenth in spring.",
    "Two earlier plans were dropped, one for want of money and the other after a quarrel over who owned the crane.",
]


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
