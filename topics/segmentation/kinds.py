"""Is a segment an article, a blurb, or boilerplate?

In: the segment's paragraphs as text and which of them are body. Out: its kind. Boilerplate speaks to the reader
about the outlet (money, an account, consent, the law, how it works) or explains names one after another; a blurb
is a teaser of a few sentences; all else is an article. Rates and not counts decide, since an article about
donors or cookies has their words too, but few of them and no "you".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from topics.records import Kind

__all__ = ["tell_kind"]

# The longest teaser of the real dumps has 85 words, the shortest article that is one paragraph 99.
BLURB_WORDS: Final = 95
BLURB_PARAGRAPHS: Final = 2
PARAGRAPH_WORDS: Final = 6  # a shorter line ("2 min video") is no paragraph

# Boilerplate, per 100 words: set on the development half of benchmarks/data/kinds.jsonl and on articles.
CUES: Final = 2  # fewer different cues are an accident
CUE_RATE: Final = 2.0
ADDRESS_RATE: Final = 3.0
CUE_RATE_ALONE: Final = 7.0  # where nobody is addressed: imprints, menus
EXPLAINED: Final = 3
MOST_WORDS: Final = 800  # nothing longer is boilerplate
SHORT_WORDS: Final = 60  # a shorter piece may do without addressing anybody

# of lower-case text
_CUES: Final = re.compile(
    r"\b(?:"
    # money
    r"donat\w+|donors?|fundrais\w+|chip(?:ping)? in|tax[- ]deductible|(?:monthly|one[- ]time|regular|generous) (?:gift|donation|contribution)s?|"
    r"(?:a|your|every|new|each) (?:gift|donation|contribution|pledge)s?|gifts?|one[- ]time|matched|match(?:ing)? (?:every|all|gift|donor)\w*|"
    r"give (?:once|monthly|today|what)|as little as|(?:a|per|each|every) (?:month|year|week)\b(?= (?:pays|helps|keeps|you))|"
    r"(?:a|per) month|becom(?:e|ing) an? (?:member|friend|supporter|subscriber|patron)|support (?:us|our|independent|journalism|local)|"
    r"reader[- ](?:funded|supported)|(?:our|new|other) (?:members|supporters|subscribers|funding|funders|goal|donors|appeal)|"
    r"(?:stand|stood) with us|dig deep|non-?profit|no (?:owners?|shareholders|paywall|billionaire)|(?:other|no) (?:owner|money)\b|pay ?wall|"
    r"(?:your|reader) support|consider (?:a|making|joining|becoming|giving|supporting|donating|subscribing)|independent (?:journalism|reporting|news)|"
    # an account
    r"subscri\w+|unsubscri\w+|sign(?:ed|ing)? (?:up|in)|log(?:ged)? in|(?:create|have) an? (?:free )?account|regist(?:er|ered|ration)|"
    r"free (?:trial|account|articles?|stories)|unlimited access|newsletters?|inbox|(?:your|an|valid) e-?mail|e-?mail address|password|"
    r"cancel(?:led)? (?:at any time|any ?time|when)|stop (?:whenever|when)|download (?:our|the)|our app|follow us|like us|notifications?|"
    r"(?:already|registered) (?:a|an|have)|turn on|never miss|"
    # consent
    r"cookies?|privacy|(?:our|its \d+|your \d+|\d+) (?:partners|vendors)|(?:personal|your) data|consent|(?:your|a|on) device|accept all|reject all|"
    r"(?:manage|set|your) (?:options|preferences|settings|choices)|(?:by|if you) (?:continu\w+|carry\w* on|click\w*|us(?:e|ing)) (?:to|on|our|this)|"
    r"you agree|legitimate interest|"
    # the law
    r"all rights reserved|copyright|terms (?:of|and)|(?:without|prior|written) (?:\w+ )?permission|reproduc(?:e|ed|tion)|republish\w*|reprint\w*|"
    r"licen[cs](?:e|ed|ing)|creative commons|registered (?:office|in)|accessibility|advertise with|careers|"
    # how it works
    r"our (?:readers?|journalism|work|reporting|newsroom|journalists|reporters|coverage|mission|standards|reviewers?|reviews?|writers|editors?|"
    r"editorial|sources|site|team|moderators|community|house rules|stories|newsletter|legal|lawyers?|values|policy|policies|privacy|partners|desk)|"
    r"(?:this|our) (?:web ?site|page|service|form)|affiliate|commission|corrections?(?: desk)?|(?:report|spot(?:ted)?) an? (?:error|mistake)|"
    r"(?:spotted|found) (?:a|an)\b|(?:write|tell|let|contact|e-?mail|reach|help) us|let us know|contact (?:us|the)|press (?:council|standards|enquiries)|"
    r"independent (?:press|board|\w+ (?:weekly|outlet|newsroom|newspaper|magazine|trust))|code of|secure (?:line|contact|drop)|complaints?|guidelines|"
    r"comments? (?:are|that|must|policy)|post a comment|robots|recaptcha|(?:thank you|thanks) for (?:reading|your|signing)|"
    r"links? (?:on|from|in) this|share (?:this|it)\b|read more about|help desk|faqs?"
    r")\b|©|\bthis (?:article|story) is (?:free|for)\b",
)
_ADDRESSES: Final = re.compile(r"\b(?:we|our|us|you|your|yours|ours|we[’']\w+|you[’']\w+)\b")
_SPOKEN_TO: Final = (" we ", " our ", " us ", " us.", " you", " we’", " we'")
_QUOTED: Final = re.compile(r"“[^”]*”|\"[^\"]*\"")  # whoever is addressed in there is not the reader
_HEADING: Final = re.compile(
    r"^(?:about (?:us|this site|our|the)\b|who we are|our (?:mission|story|standards)|how (?:we|this site|our)\b|why you can trust|"
    r"(?:related|key|more|other|read more|people|places|topics|terms|names|who.s who)\b.{0,25}\b(?:topics?|terms|people|places|story|edition|names|"
    r"words|about|subjects?|figures|players)\b|glossary|topics in\b|your privacy|privacy|join (?:us|the)|stay in touch|support (?:us|our)|"
    r"contact us|a (?:note|message) from|comments$|want to use|republish)"
)
_EXPLAINS: Final = re.compile(
    r"^[-–•*·]?\s*[A-Z][^.:!?“\"]{1,160}?\b(?:is|was|are|were) (?:an?|the|one of|\w+ (?:politician|country|city|company))\b"
)
# "Veto: the right of one member to …" on a line of its own, or after another such sentence
_DEFINES: Final = re.compile(r"^[-–•*·]?\s*([A-Z0-9][^.:!?“\"]{1,48}):\s+[A-Za-z][^?!“\"]{12,}$")
_DEFINES_INLINE: Final = re.compile(r"(?:^|\.\s+)([A-Z][^.:!?“\"]{1,30}):\s+(?=[a-z][^?!“\"]{12,})")
DEFINITION_WORDS: Final = 35
_BULLET: Final = re.compile(r"^[-–•*·|]+$")


def tell_kind(paragraphs: Sequence[str], is_body: Sequence[bool], *, flat: bool = False) -> Kind:
    """The kind of a segment of one or more paragraphs; ``flat`` where these are sentences of a text without lines."""
    lines = [text for text in paragraphs if not _BULLET.match(text)]
    body = [text for text, wanted in zip(paragraphs, is_body, strict=True) if wanted and not _BULLET.match(text)]
    n_words = _count_words(body)
    if not body:
        return "boilerplate"
    # the role of a line says little where most of a piece is furniture
    if _is_boilerplate(lines if n_words * 2 < _count_words(lines) else body, lines[0]):
        return "boilerplate"
    n_paragraphs = sum(len(text.split()) >= PARAGRAPH_WORDS for text in body)
    if n_words < BLURB_WORDS and (flat or n_paragraphs <= BLURB_PARAGRAPHS):
        return "blurb"
    return "article"


def _count_words(lines: Sequence[str]) -> int:
    return sum(text.count(" ") + 1 for text in lines)


def _is_boilerplate(lines: Sequence[str], first: str) -> bool:
    n_words = _count_words(lines)
    headed = len(first) < 60 and _HEADING.match(first.lower()) is not None
    return n_words <= MOST_WORDS and (_asks(lines, n_words, headed) or _explains(lines, n_words, headed))


def _asks(lines: Sequence[str], n_words: int, headed: bool) -> bool:
    """Does it speak to the reader about money, accounts, consent, the law, or how the outlet works?"""
    whole = " " + " ".join(lines).lower()
    share = 100 / n_words
    # all but a few articles leave here: counting is fast, the cues are many
    if n_words > SHORT_WORDS and sum(map(whole.count, _SPOKEN_TO)) * share < ADDRESS_RATE:
        return False
    whole = _QUOTED.sub(" ", whole)
    cues = _CUES.findall(whole)
    if len(set(cues)) + headed < CUES:
        return False
    rate = (len(cues) + headed) * share
    return rate >= CUE_RATE_ALONE or (rate >= CUE_RATE and len(_ADDRESSES.findall(whole)) * share >= ADDRESS_RATE)


def _explains(lines: Sequence[str], n_words: int, headed: bool) -> bool:
    """Are half of its lines definitions?"""
    opening = lines[: 2 * EXPLAINED + headed]
    explained = sum(map(_is_explanation, opening))
    if explained >= EXPLAINED - headed and sum(map(_is_explanation, lines)) * 2 >= len(lines):
        return True
    terms = []
    if sum(_DEFINES.match(text) is not None for text in opening) >= EXPLAINED - 1:
        terms = [match[1] for match in map(_DEFINES.match, lines) if match]
    if len(terms) * 2 < len(lines):
        terms = [term for text in opening for term in _DEFINES_INLINE.findall(text)]
    return EXPLAINED <= len(terms) == len(set(terms)) and n_words <= DEFINITION_WORDS * len(terms)


def _is_explanation(text: str) -> bool:
    return _EXPLAINS.match(text[:240]) is not None
