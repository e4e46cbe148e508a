"""Is a segment an article, a blurb, or boilerplate?

In: the segment's paragraphs as text and which of them are body. Out: its kind. Boilerplate speaks to the reader
about the outlet (money, an account, consent, the law, how it works) or explains names one after another; a blurb
is a teaser of a few sentences; all else is an article. Rates and not counts decide, since an article about
donors or cookies has their words too, but few of them and no "you".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import compress, islice, zip_longest
from typing import Final

from topics.records import Kind
from topics.segmentation.cues import count_most, find_likely, find_sure
from topics.segmentation.looks import BULLET, COLON, EXPLAINING, LONG, RESERVED, Looks, look_at

__all__ = ["tell_kind"]

# The longest teaser of the real dumps has 85 words, the shortest article that is one paragraph 99.
BLURB_WORDS: Final = 95
BLURB_PARAGRAPHS: Final = 2
PARAGRAPH_WORDS: Final = 6  # a shorter line ("2 min video") is no paragraph

# Boilerplate, per 100 words: set on the development parts of benchmarks/facts.py and on articles.
CUES: Final = 2  # fewer different cues are an accident
CUE_RATE: Final = 2.0
ADDRESS_RATE: Final = 3.0
CUE_RATE_ALONE: Final = 4.0  # where nobody is addressed: imprints, menus
EXPLAINED: Final = 3
MOST_WORDS: Final = 800  # nothing longer is boilerplate
SHORT_WORDS: Final = 60  # a shorter piece may do without addressing anybody

_ADDRESSES: Final = re.compile(r"\b(?:we|our|us|you|your|yours|ours|we[’']\w+|you[’']\w+)\b")
_SPOKEN_TO: Final = (" we ", " our ", " us ", " us.", " you", " we’", " we'")
_QUOTED: Final = re.compile(r"“[^”]*(?:”|(\Z))|\"[^\"]*\"")  # to the end, where it is not closed
_STRAIGHT: Final = re.compile(r"\"[^\"]*\"")
_REPORTED: Final = re.compile(r"\b(?:said|told|warned|added|according to)\b")
REPORTED: Final = 2  # so often somebody is quoted in an article that advises its readers, and in no boilerplate
_HEADING: Final = re.compile(
    r"^(?:about (?:us|this site|our|the)\b|who we are|our (?:mission|story|standards)|how (?:we|this site|our)\b|"
    r"why you can trust|(?:related|key|more|other|read more|people|places|topics|terms|names|"
    r"who.s who)\b.{0,25}\b(?:topics?|terms|people|places|story|edition|names|words|about|subjects?|figures|"
    r"players)\b|glossary|topics in\b|your privacy|privacy|join (?:us|the)|stay in touch|support (?:us|our)|"
    r"contact us|a (?:note|message) from|comments$|want to use|republish)"
)
_EXPLAINS: Final = re.compile(
    r"^[-–•*·]?\s*[A-Z][^.:!?“\"]{1,160}?\b(?:is|was|are|were) (?:an?|the|one of|\w+ (?:politician|country|city|"
    r"company))\b"
)
# "Veto: the right of one member to …" on a line of its own, or after another such sentence
_DEFINES: Final = re.compile(r"^[-–•*·]?\s*([A-Z0-9][^.:!?“\"]{1,48}):\s+[A-Za-z][^?!“\"]{12,}$")
_DEFINES_INLINE: Final = re.compile(r"(?:^|\.\s+)([A-Z][^.:!?“\"]{1,30}):\s+(?=[a-z][^?!“\"]{12})")
DEFINITION_WORDS: Final = 35


def tell_kind(
    paragraphs: Sequence[str],
    is_body: Sequence[bool],
    looks: Looks | None = None,
    *,
    flat: bool = False,
    is_foot: Sequence[bool] = (),
) -> Kind:
    """The kind of a segment; ``flat`` where its paragraphs are the sentences of a text without lines.

    ``looks`` are those of the paragraphs, if they are known. ``is_foot`` are lines that the house repeats below its
    pieces: what they ask for is not what this piece is.
    """
    looks = look_at(paragraphs) if looks is None else looks
    if looks.all_marks & BULLET or any(is_foot):
        is_line = [not (marks & BULLET or foot) for marks, foot in zip_longest(looks.marks, is_foot, fillvalue=False)]
        paragraphs, is_body = list(compress(paragraphs, is_line)), list(compress(is_body, is_line))
        looks = looks.select(is_line)
    if not any(is_body):
        return "boilerplate"
    n_all = sum(looks.words)
    n_words = sum(compress(looks.words, is_body))
    # the role of a line says little where most of a piece is furniture
    n_judged = n_all if n_words * 2 < n_all else n_words
    if n_judged <= MOST_WORDS:
        judged = is_body if n_judged < n_all else [True] * len(is_body)
        marks = list(compress(looks.marks, judged))
        n_spoken = sum(compress(looks.spoken, judged))
        headed = not looks.marks[0] & LONG and _is_heading(paragraphs[0])
        if _asks(compress(paragraphs, judged), marks, n_judged, n_spoken, headed):
            return "boilerplate"
        if _explains(compress(paragraphs, judged), marks, n_judged, headed):
            return "boilerplate"
    if n_words >= BLURB_WORDS:
        return "article"
    n_paragraphs = sum(len(text.split()) >= PARAGRAPH_WORDS for text in compress(paragraphs, is_body))
    return "blurb" if flat or n_paragraphs <= BLURB_PARAGRAPHS else "article"


def _is_heading(line: str) -> bool:
    return len(line) < 60 and _HEADING.match(line.lower()) is not None


def _asks(lines: Iterable[str], marks: Sequence[int], n_words: int, n_spoken: int, headed: bool) -> bool:
    """Does it speak to the reader about money, accounts, consent, the law, or how the outlet works?"""
    share = 100 / n_words
    must_speak = n_words > SHORT_WORDS
    may_speak = n_spoken * share >= ADDRESS_RATE
    # all but a few articles leave here: counting is fast, the cues are many
    if must_speak and not may_speak and not any(mark & RESERVED for mark in marks):
        return False
    whole = " " + " ".join(lines)
    most, most_sure = count_most(whole)
    if (most / 2 + headed) * share < (CUE_RATE if may_speak else CUE_RATE_ALONE):
        return False
    if most_sure + headed < CUES and not may_speak:
        return False
    whole = whole.lower()
    must_speak = must_speak and "rights reserved" not in whole
    if must_speak and not _speaks(whole, share):
        return False
    whole = _without_quotes(whole)  # whoever is spoken to in there is not the reader
    if must_speak and not _speaks(whole, share):
        return False
    if len(_REPORTED.findall(whole)) >= REPORTED:
        return False
    found = find_sure(whole)
    sure = [match[0] for match in found]

    def tells(likely: Sequence[str]) -> bool:
        if len({*sure, *likely}) + headed < (CUES if sure or headed else CUES + 1):
            return False
        rate = (len(sure) + len(likely) / 2 + headed) * share
        if len(sure) + headed >= CUES and rate >= CUE_RATE_ALONE:
            return True
        return may_speak and rate >= CUE_RATE and len(_ADDRESSES.findall(whole)) * share >= ADDRESS_RATE

    if tells(()):
        return True
    edges = [0, *(edge for match in found for edge in match.span()), len(whole)]
    return tells(find_likely(" ".join(whole[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))))


def _without_quotes(text: str) -> str:
    """The text with a space for each quotation. Behind a mark that nothing closes, only straight marks quote."""
    return _QUOTED.sub(lambda found: " " if found[1] is None else _STRAIGHT.sub(" ", found[0]), text)


def _speaks(text: str, share: float) -> bool:
    return sum(map(text.count, _SPOKEN_TO)) * share >= ADDRESS_RATE


def _explains(lines: Iterable[str], marks: Sequence[int], n_words: int, headed: bool) -> bool:
    """Are half of its lines definitions?"""
    n_opening, fewest = 2 * EXPLAINED + headed, EXPLAINED - headed
    opening = marks[:n_opening]
    may_explain = sum(mark & EXPLAINING != 0 for mark in opening) >= fewest
    if not may_explain and not any(mark & COLON for mark in opening):
        return False
    lines = list(lines)
    if may_explain:
        told = map(_is_explanation, lines, marks)
        n_explained = sum(islice(told, n_opening))
        if n_explained >= fewest and (n_explained + sum(told)) * 2 >= len(lines):
            return True
    with_colon = [text for text, mark in zip(lines, opening, strict=False) if mark & COLON]
    # a term is before a colon
    most = max(sum(text.count(":") for text in with_colon), sum(mark & COLON != 0 for mark in marks))
    if n_words > DEFINITION_WORDS * most:
        return False
    terms = []
    if sum(_DEFINES.match(text) is not None for text in with_colon) >= EXPLAINED - 1:
        terms = [match[1] for match in map(_DEFINES.match, lines) if match]
    if len(terms) * 2 < len(lines):
        terms = [term for text in with_colon for term in _DEFINES_INLINE.findall(text)]
    return fewest <= len(terms) == len(set(terms)) and n_words <= DEFINITION_WORDS * len(terms)


def _is_explanation(text: str, marks: int) -> bool:
    return marks & EXPLAINING != 0 and _EXPLAINS.match(text[:240]) is not None
