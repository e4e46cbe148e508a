"""Articles, blurbs and boilerplate, told apart on prose of our own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.segmentation.kinds import _without_quotes, tell_kind

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


def test_what_the_house_repeats_below_a_piece_says_nothing_of_its_kind() -> None:
    appeal = [
        "If you value our reporting, please support our newsroom with a monthly donation today.",
        "Your gift, large or small, keeps our journalism free for everyone. Will you chip in? You can give here.",
    ]
    lines, body = [ARTICLE[1], *appeal], [True, False, False]
    assert tell_kind(lines, body) == "boilerplate"
    assert tell_kind(lines, body, is_foot=[False, True, True]) == "blurb"
    assert tell_kind(appeal, [False, False], is_foot=[True, True]) == "boilerplate"


@given(st.text('“”"ab ', max_size=30))
def test_quotations_are_hidden_where_they_are_closed(text: str) -> None:
    assert _without_quotes(text) == re.sub('“[^”]*”|"[^"]*"', " ", text)


def test_quotation_marks_without_end_take_no_time() -> None:
    appeal = "If you value our reporting, please support our newsroom with a monthly donation today."
    assert tell_kind([appeal, "“" * 1_000_000], [True, True]) == "boilerplate"


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


def test_an_article_that_advises_its_readers_is_no_appeal() -> None:
    advice = [
        "Savings banks warn of letters that ask you for your password",
        "By A. Clerk",
        "Customers of two savings banks have had letters that ask you to confirm your account and your personal data.",
        "Your account will be closed, the letters say, unless you click on a link and enter your email address and "
        "password there. The page that you see has the banks' privacy policy and cookie settings.",
        '"Do not enter your details, and let us know at once," said Ida Brandt, who speaks for the two banks.',
        "You should check your settings and never share your password. If you have lost money, ask your bank.",
        "The police said that they had registered eighty complaints since January.",
    ]
    assert tell_kind(advice, [False, False] + [True] * 5) == "article"


def test_a_segment_of_furniture_alone_is_boilerplate() -> None:
    assert tell_kind(["Home", "Menu"], [False, False]) == "boilerplate"


def test_an_article_about_donors_is_no_appeal() -> None:
    text = "The hospital said on Friday that donations had fallen by a third. " + " ".join(ARTICLE)
    assert tell_kind([text], [True]) == "article"


@pytest.mark.parametrize(
    "lines",
    [
        ["We use cookies to count visits.", "Accept all, or manage your preferences. Read our privacy policy."],
        ["© 2026 Stour Media. All rights reserved.", "Terms of use. Privacy notice. Contact us. Jobs."],
        ["The tide, every morning.", "Sign up with your email address. You can unsubscribe at any time."],
        ["This story is for subscribers.", "Start a free trial today, or log in to your account to read on."],
        ["About us", "The Stour is an independent weekly. Write to the editor. Complaints go to the press council."],
        ["Some links on this page are affiliate links.", "We may earn a commission if you buy, at no cost to you."],
        ["Before you go: lawyers are dear.", "A gift of any size, once or monthly, helps us to stay in print."],
        ["Join the conversation", "Sign in to post a comment. Keep to our community guidelines, please."],
    ],
)
def test_what_speaks_to_the_reader_about_the_outlet_is_boilerplate(lines: list[str]) -> None:
    assert tell_kind(lines, [True] * len(lines)) == "boilerplate"


@pytest.mark.parametrize(
    "lines",
    [
        ["Key terms", "Veto: the right to stop a decision.", "Quorum: the members needed to take one."],
        [
            "- Tin: a soft white metal.",
            "- Zinc: a metal that keeps iron from rust.",
            "- Brass: copper with zinc in it.",
        ],
        ["Moraine: what a glacier drops. Aman: rice that ripens in winter. Dengue: a fever that mosquitoes carry."],
        ["People in this story", "Ada Moss is an English potter.", "Lund is a city in southern Sweden."],
    ],
)
def test_what_explains_one_name_after_another_is_boilerplate(lines: list[str]) -> None:
    assert tell_kind(lines, [True] * len(lines)) == "boilerplate"


@pytest.mark.parametrize(
    "lines",
    [
        [
            "The regulator fined a game maker nine million on Thursday for dropping cookies without consent.",
            "Its privacy policy ran to forty pages and was, the ruling said, written so that nobody would read it.",
            "The company has three months to delete the data. It said that it had changed its banner.",
        ],
        [
            "Donations to hospices fell by a third this winter, a survey of four hundred charities found.",
            "Monthly donors left first. “We will have to ask you, our members, again,” one director wrote to them.",
            "The ministry is to look at tax relief for gifts before the budget.",
        ],
        [
            "We climbed for two days with a shepherd who told us where our water had gone.",
            "You would not think, to look at them, that these hills once fed an empire.",
            "He laughed at us and pointed at a stone, and under it there was a spring.",
        ],
        [
            "Q: Why the quay? A: It is a wall that has stood in salt water for ninety years.",
            "Q: Who pays? A: The ships do, with a tenth more in dues.",
            "Q: And the boats? A: They move to the coal dock.",
        ],
    ],
)
def test_reporting_on_donors_cookies_and_readers_is_an_article(lines: list[str]) -> None:
    assert tell_kind(lines, [True] * len(lines)) == "article"


@pytest.mark.parametrize(
    "lines",
    [
        ["Watch: how a fish market wakes up, in ninety seconds.", "2 min video"],
        ["Listen to our podcast on why the ferries are late, and who could mend them."],
        ["How warm is too warm for a lobster? Our reporter spends a night on a potting boat and asks a biologist."],
        ARTICLE[:2],
    ],
)
def test_teasers_are_blurbs(lines: list[str]) -> None:
    assert tell_kind(lines, [True] * len(lines)) == "blurb"


def test_three_short_paragraphs_are_an_article_but_three_sentences_of_flat_text_a_blurb() -> None:
    brief = [
        "A lorry fell over on the ring road.",
        "Nobody came to any harm, police said.",
        "It reopened at noon on Friday.",
    ]
    assert tell_kind(brief, [True] * 3) == "article"
    assert tell_kind(brief, [True] * 3, flat=True) == "blurb"


def test_an_article_with_the_page_s_furniture_in_its_body_stays_one() -> None:
    lines = [*ARTICLE, "Sign up for our newsletter", "Follow us on every channel"]
    assert tell_kind(lines, [True] * len(lines)) == "article"
