"""Is a segment an article, a blurb, or boilerplate?

In: the segment's paragraphs as text and which of them are body. Out: its kind. Boilerplate asks the reader for
something (money, an address, consent) or explains names one after another; a blurb is a teaser of a few
sentences; all else is an article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from topics.records import Kind

__all__ = ["tell_kind"]

BLURB_WORDS: Final = 80
BLURB_PARAGRAPHS: Final = 3

_ASKS: Final = re.compile(
    r"\b(?:donat\w+|subscri\w+|newsletters?|sign(?:ing)? up|fundrais\w+|contribut(?:e|ion|ions)|tax[- ]deductible|"
    r"member(?:ship|s)?|monthly|one[- ]time|gift|chip in|support (?:us|our|independent)|pay ?wall|inbox|cookies?|"
    r"privacy policy|terms of (?:use|service)|all rights reserved|consent|unsubscribe|log in|"
    r"our (?:readers|journalism|work|reporting|newsroom|journalists)|"
    r"(?:dig deep|stand with us|reader[- ](?:funded|supported)|non-?profit))\b",
    re.IGNORECASE,
)
_ADDRESSES: Final = re.compile(r"\b(?:we|our|us|you|your|yours|ours|we’re|we're|you’re|you're)\b", re.IGNORECASE)
_EXPLAINS: Final = re.compile(
    r"^[-–•*·]?\s*[A-Z][^.]{2,160}?\b(?:is|was|are|were) (?:an?|the|one of|\w+ (?:politician|country|city|company))\b"
)
_BULLET: Final = re.compile(r"^[-–•*·|]+$")


def tell_kind(paragraphs: Sequence[str], is_body: Sequence[bool]) -> Kind:
    """The kind of a segment of one or more paragraphs."""
    body = [text for text, wanted in zip(paragraphs, is_body, strict=True) if wanted and not _BULLET.match(text)]
    if not body:
        return "boilerplate"
    whole = " ".join(body)
    words = len(whole.split())
    asks = len(_ASKS.findall(whole))
    addresses = len(_ADDRESSES.findall(whole))
    if asks >= 2 and asks * 100 >= 1.5 * words and addresses * 100 >= 3 * words:
        return "boilerplate"
    if asks >= 3 and asks * 100 >= 4 * words:
        return "boilerplate"
    explained = sum(_EXPLAINS.match(text) is not None for text in body)
    if explained >= 3 and explained * 2 >= len(body):
        return "boilerplate"
    if words < BLURB_WORDS and len(body) <= BLURB_PARAGRAPHS:
        return "blurb"
    return "article"
