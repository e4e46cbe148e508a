"""Is a segment an article, a blurb, or boilerplate?

In: the segment's paragraphs as text and which of them are body. Out: its kind. Boilerplate speaks to the reader
about the outlet (money, an account, consent, the law, how it works) or explains names one after another; a blurb
is a teaser of a few sentences; all else is an article. Rates and not counts decide, since an article about
donors or cookies has their words too, but few of them and no "you".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress, islice
from typing import Final

from topics.records import Kind
from topics.segmentation.looks import BULLET, COLON, EXPLAINING, RESERVED, Looks, look_at
from topics.segmentation.patterns import by_first_letter

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

# Phrases of lower-case text. Those in _SURE hardly occur in reporting; those in _LIKELY do, and count half.
_SURE: Final = re.compile(
    # also in menus that have lost their blanks
    r"privacy (?:policy|notice|statement|settings)|cookie (?:policy|settings|preferences|notice)|terms (?:of|"
    r"and) (?:use|service|condition)\w*|contact us|all rights reserved|©|do not sell|advertise with|\b(?:"
    + by_first_letter(
        # money
        r"tax[- ]deductible|chip(?:ping)? in|(?:monthly|one[- ]time|regular) (?:gift|donation|contribution)s?|"
        r"your (?:gift|donation|contribution|pledge|support)|(?:gift|donation|contribution)s? of any \w+|"
        r"once or monthly|give (?:once|monthly|today|what you)|becom(?:e|ing) an? (?:member|friend|supporter|"
        r"subscriber|patron)|support (?:us|our|independent|local journalism)|(?:reader|audience)[- ](?:funded|"
        r"supported)|supported by (?:its|our) (?:readers|audience)|stand with us|consider (?:a|making|joining|becoming|"
        r"giving|supporting|donating|subscribing)|matching donors?|our (?:members|supporters|subscribers|funding|goal|"
        r"donors|appeal)|"
        # an account
        r"subscribe|unsubscribe|sign(?:ed|ing)? up|(?:log|sign) in(?:to)?|create an? (?:free )?account|free (?:trial|"
        r"account|articles?)|unlimited access|newsletters?|(?:your|an|valid|our) e-?mail|e-?mail address(?:es)?|inbox|"
        r"cancel(?:led)? (?:at any time|any ?time|when\w*)|download (?:our|the) app|(?:follow|join|like|"
        r"find) us(?: on)?|never miss|already (?:a|an|have)\b|post a comment|comments? (?:are|section|threads?)|"
        # consent
        r"(?:we|site|website|partners) uses? cookies|(?:this|these|use of|our|which|all) cookies?|"
        r"our (?:\d+ )?partners|your (?:data|device|browser|preferences|settings|choices|privacy)|"
        r"(?:accept|reject) all|manage (?:options|preferences|cookies)|you agree|by (?:continuing|clicking|using|"
        r"signing|carrying)|personal (?:data|information)|ad ?block\w*|"
        # the law
        r"without (?:\w+ ){0,3}permission|creative commons|registered (?:office|in england|trademarks?)|republish\w*|"
        # how the outlet works
        r"our (?:journalism|newsroom|journalists|reporting|site|website|services?|newsletters?|standards|reviewers|"
        r"moderators|house rules|editorial|community|mission|coverage|stories)|(?:this|our) (?:web ?site|page|form|"
        r"service)|affiliate (?:links?|commissions?)|earn(?:s|ed)? (?:a |"
        r"an )?(?:small )?(?:affiliate )?(?:commissions?|revenue)|qualifying purchases|spotted an? \w+|"
        r"report an? \w+ (?:error|problem)|(?:write|tell|let|e-?mail|reach|help) us\b|let us know|press (?:council|"
        r"enquiries)|(?:thank you|thanks) for (?:reading|your|signing|dropping)|recaptcha|read more about|visit our|"
        r"learn more|click (?:here|the|on)|your feedback|get in touch|faqs?"
    )
    + r")\b"
)
_LIKELY: Final = re.compile(
    r"\b(?:"
    + by_first_letter(
        r"donat\w+|donors?|fundrais\w+|gifts?|contributions?|match(?:ed|ing)|as little as|(?:a|per|each|"
        r"every) month|non-?profit|paywall|no (?:owners?|shareholders|billionaire|other money)|dig deep|independent|"
        r"members?|membership|supporters?|subscri(?:bers?|ptions?|bed)|regist(?:er|ered|ration)|password|stop when\w*|"
        r"notifications?|alerts|turn on|our app|cookies?|privacy|consent|vendors|partners|preferences|settings|"
        r"identifiers|track(?:ing|ers)|copyright|permission|reproduc(?:e|ed|tion)|reprint\w*|licen[cs](?:e|ed|ing)|"
        r"trademarks?|terms of|regulated|accessibility|careers|jobs|affiliate|commission|corrections?|complaints?|"
        r"errors?|mistakes?|code of|guidelines|moderat\w+|editor(?:s|ial)?|readers?|our (?:work|sources|team|writers|"
        r"values|lawyers?|legal|reviews?)|secure (?:line|contact)|share (?:this|it)|links? (?:on|from|in) this|"
        r"feedback|advertis\w+|offers?|robots"
    )
    + r")\b"
)
_ADDRESSES: Final = re.compile(r"\b(?:we|our|us|you|your|yours|ours|we[’']\w+|you[’']\w+)\b")
_SPOKEN_TO: Final = (" we ", " our ", " us ", " us.", " you", " we’", " we'")
_QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"")  # whoever is addressed in there is not the reader
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
_DEFINES_INLINE: Final = re.compile(r"(?:^|\.\s+)([A-Z][^.:!?“\"]{1,30}):\s+(?=[a-z][^?!“\"]{12,})")
DEFINITION_WORDS: Final = 35


def tell_kind(
    paragraphs: Sequence[str], is_body: Sequence[bool], looks: Looks | None = None, *, flat: bool = False
) -> Kind:
    """The kind of a segment; ``flat`` where its paragraphs are the sentences of a text without lines.

    ``looks`` are those of the paragraphs, if they are known.
    """
    looks = look_at(paragraphs) if looks is None else looks
    if looks.all_marks & BULLET:
        is_line = [not marks & BULLET for marks in looks.marks]
        paragraphs, is_body = list(compress(paragraphs, is_line)), list(compress(is_body, is_line))
        looks = looks.select(is_line)
    if not any(is_body):
        return "boilerplate"
    n_all = sum(looks.words)
    n_words = sum(compress(looks.words, is_body))
    # the role of a line says little where most of a piece is furniture
    n_judged = n_all if n_words * 2 < n_all else n_words
    if n_judged <= MOST_WORDS:
        headed = len(paragraphs[0]) < 60 and _HEADING.match(paragraphs[0].lower()) is not None
        lines = paragraphs
        if n_judged < n_all:
            lines, looks_of_lines = list(compress(paragraphs, is_body)), looks.select(is_body)
        else:
            looks_of_lines = looks
        if _asks(lines, looks_of_lines, n_judged, headed) or _explains(lines, looks_of_lines, n_judged, headed):
            return "boilerplate"
    if n_words >= BLURB_WORDS:
        return "article"
    n_paragraphs = sum(len(text.split()) >= PARAGRAPH_WORDS for text in compress(paragraphs, is_body))
    return "blurb" if flat or n_paragraphs <= BLURB_PARAGRAPHS else "article"


def _asks(lines: Sequence[str], looks: Looks, n_words: int, headed: bool) -> bool:
    """Does it speak to the reader about money, accounts, consent, the law, or how the outlet works?"""
    share = 100 / n_words
    # all but a few articles leave here: counting is fast, the cues are many
    must_speak = n_words > SHORT_WORDS
    may_speak = sum(looks.spoken) * share >= ADDRESS_RATE
    if must_speak and not may_speak and not looks.all_marks & RESERVED:
        return False
    whole = " " + " ".join(lines).lower()
    must_speak = must_speak and "rights reserved" not in whole
    if must_speak and not _speaks(whole, share):
        return False
    whole = _QUOTED.sub(" ", whole)  # whoever is spoken to in there is not the reader
    if must_speak and not _speaks(whole, share):
        return False
    found = list(_SURE.finditer(whole))
    sure = [match[0] for match in found]
    if len(sure) + headed < CUES and not may_speak:
        return False
    edges = [0, *(edge for match in found for edge in match.span()), len(whole)]
    likely = _LIKELY.findall(" ".join(whole[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)))
    if len({*sure, *likely}) + headed < (CUES if sure or headed else CUES + 1):
        return False
    rate = (len(sure) + len(likely) / 2 + headed) * share
    if rate >= CUE_RATE and len(_ADDRESSES.findall(whole)) * share >= ADDRESS_RATE:
        return True
    return len(sure) + headed >= CUES and rate >= CUE_RATE_ALONE


def _speaks(text: str, share: float) -> bool:
    return sum(map(text.count, _SPOKEN_TO)) * share >= ADDRESS_RATE


def _explains(lines: Sequence[str], looks: Looks, n_words: int, headed: bool) -> bool:
    """Are half of its lines definitions?"""
    if not looks.all_marks & (EXPLAINING | COLON):
        return False
    n_opening, fewest = 2 * EXPLAINED + headed, EXPLAINED - headed
    opening = looks.marks[:n_opening]
    if len([marks for marks in opening if marks & EXPLAINING]) >= fewest:
        told = map(_is_explanation, lines, looks.marks)
        n_explained = sum(islice(told, n_opening))
        if n_explained >= fewest and (n_explained + sum(told)) * 2 >= len(lines):
            return True
    with_colon = [text for text, marks in zip(lines, opening, strict=False) if marks & COLON]
    if not with_colon:
        return False
    terms = []
    if sum(_DEFINES.match(text) is not None for text in with_colon) >= EXPLAINED - 1:
        terms = [match[1] for match in map(_DEFINES.match, lines) if match]
    if len(terms) * 2 < len(lines):
        terms = [term for text in with_colon for term in _DEFINES_INLINE.findall(text)]
    return fewest <= len(terms) == len(set(terms)) and n_words <= DEFINITION_WORDS * len(terms)


def _is_explanation(text: str, marks: int) -> bool:
    return marks & EXPLAINING != 0 and _EXPLAINS.match(text[:240]) is not None
