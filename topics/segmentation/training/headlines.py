"""Headlines as other outlets would write them: shorter, in sentence case, in capitals.

A model that has met the headlines of few outlets takes those of others for subheads. So a training dump may have a
manner of its own, and every headline in it is written in that manner.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Final, Literal

from topics.segmentation.training.corpora import Article

__all__ = ["AS_IT_IS", "LEADING_ON", "HeadlineManner", "draw_manner", "write_headline"]

Case = Literal["as_it_is", "sentence", "title", "upper"]

LEADING_ON: Final = frozenset(  # words that no headline or subhead ends in
    "a an the of to in on at by for with from and or but as his her its their is are was were that who which".split()
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BREAK: Final = re.compile(r"[:;?!|–—]|, | - ")
_EVIDENCE: Final = 12  # paragraphs that tell which words are names


@dataclass(frozen=True, slots=True)
class HeadlineManner:
    """``short`` is the share of headlines cut to a few words."""

    short: float = 0.0
    case: Case = "as_it_is"


AS_IT_IS: Final = HeadlineManner()


def draw_manner(rng: random.Random) -> HeadlineManner:
    """The manner of one dump: half of them as the outlets wrote them."""
    cases: tuple[Case, ...] = ("as_it_is", "sentence", "title", "upper")
    return HeadlineManner(rng.choice((0.0, 0.3, 1.0, 1.0)), rng.choices(cases, (50, 36, 8, 6))[0])


def write_headline(rng: random.Random, article: Article, manner: HeadlineManner) -> str:
    """The article's headline in this manner; empty where it has none."""
    title = article.title
    if manner.short and rng.random() < manner.short:
        title = _shortened(rng, title)
    if manner.case == "sentence":
        return _in_sentence_case(title, article)
    if manner.case == "title":
        return _WORD.sub(lambda m: m[0] if m[0].lower() in LEADING_ON else m[0][:1].upper() + m[0][1:], title)
    return title.upper() if manner.case == "upper" else title


def _shortened(rng: random.Random, title: str) -> str:
    """Its first few words, not ending in one that leads on."""
    head = _BREAK.split(title)[0]
    words = (head if head.count(" ") >= 2 else title).split(" ")
    keep = rng.randint(3, 7)
    while keep < len(words) and words[keep - 1].lower() in LEADING_ON:
        keep += 1
    return " ".join(words[:keep])


def _in_sentence_case(title: str, article: Article) -> str:
    """Capitals only for the first word and for words that the article itself writes with one inside its sentences."""
    text = " ".join(article.paragraphs[:_EVIDENCE])
    words = set(_WORD.findall(text))

    def lowered(match: re.Match[str]) -> str:
        word = match[0]
        if match.start() == 0 or (word.isupper() and len(word) > 1):
            return word
        return word if word in words and word.lower() not in words else word.lower()

    return _WORD.sub(lowered, title)
