"""Title and body in, counted terms out: words and pairs of neighbouring words, headline terms apart.

The rules are few and fixed, and their name is ``ANALYZER``: models and stand-off label files keep counts
rather than text, so both say which analyzer made them, and any change of the rules is a new name. One regular
expression finds the tokens; each distinct token is folded once and remembered, which makes this several times
faster than folding text.

The first LEAD_WORDS words below the headline count twice: news says first what it is about, and what it tells further
on is often another topic's (docs/classification.md has what this gave).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import pairwise

from topics.classification.word_lists import IRREGULAR_PLURALS, STOP_WORDS, UNCHANGED

__all__ = ["ANALYZER", "LEAD_WORDS", "Terms", "count_terms", "list_words", "locate_terms", "stem_plural"]

ANALYZER = "en-2"
LEAD_WORDS = 50  # that are counted at all: some 80 of running text

BREAK_TERM = "\n"  # what a sentence or line end folds to: no pair of words reaches across it
# A dot after a single letter ends no sentence: "U.S. troops" and "J. K. Rowling" keep their pairs.
_TOKEN = re.compile(r"\w+(?:['’‘ʼ\-‐]\w+|\.\w\b)*|(?<!\b\w)[.!?](?!\w)|\n")
_YEARS = re.compile(r"[0-9]{4}s?")
_LEADING_NUMBERS = re.compile(r"(?<![0-9])(?:[0-9]++-)++")  # of a run of digits, each is looked at once
_APOSTROPHES = str.maketrans("’‘ʼ‐", "'''-")
_CONTRACTIONS = ("n't", "'m", "'ve", "'d", "'ll", "'re")
# Written in capitals these two are names; in lower case they are stop words.
_CAPITALS = {"US": "usa", "WHO": "who"}
_LONGEST_TERM = 40
_CACHE_SIZE = 200_000


@dataclass(frozen=True, slots=True)
class Terms:
    """How often each term stands in the headline and in the text below it, in the lead counted twice; ``"peace talk"``
    is one term."""

    title: Mapping[str, int]
    body: Mapping[str, int]


def count_terms(title: str | None, body: str) -> Terms:
    """Count the terms of one piece; a headline that is the first line of ``body`` too is counted once.

    Case, accents in composed or decomposed form and curly apostrophes make no difference; the possessive and
    the plural come off; stop words and all numbers but years are left out, and words that then stand side by
    side in one sentence also make a pair. What stands in the lead of ``body`` counts twice.

    >>> count_terms("Bank's rate cut", "The banks of England").body
    {'bank': 2, 'england': 2, 'bank england': 2}
    """
    if not title:
        return Terms({}, _count(body, LEAD_WORDS))
    return Terms(_count(title), _count(below_title(title, body), LEAD_WORDS))


def list_words(text: str) -> list[str]:
    """The words that :func:`count_terms` counts, in the order of the text: what word vectors are learned from.

    >>> list_words("The banks of England raised rates.")
    ['bank', 'england', 'raised', 'rate']
    """
    return [word for word in fold_tokens(text) if word != BREAK_TERM]


def locate_terms(text: str, wanted: Container[str]) -> list[tuple[int, int, str]]:
    """Where the terms of :func:`count_terms` stand: start, end, term, in the order of the text.

    A pair reaches from its first word to its second, and may overlap with others. A soft hyphen parts a word here,
    since places are those of the text as it stands.

    >>> locate_terms("The banks of England", {"bank", "bank england"})
    [(4, 9, 'bank'), (4, 20, 'bank england')]
    """
    found: list[tuple[int, int, str]] = []
    before: tuple[int, str] | None = None  # start and term of the word before, in the same sentence
    for match in _TOKEN.finditer(text):
        token = match[0]
        word = _terms[token if token.isascii() else unicodedata.normalize("NFKC", token)]
        if not word:
            continue
        if word == BREAK_TERM:
            before = None
            continue
        if word in wanted:
            found.append((match.start(), match.end(), word))
        if before is not None and f"{before[1]} {word}" in wanted:
            found.append((before[0], match.end(), f"{before[1]} {word}"))
        before = match.start(), word
    return sorted(found)


def stem_plural(word: str) -> str:
    """The singular of a lower case English noun, by its ending alone; other words mostly stay as they are.

    >>> [stem_plural(word) for word in ("cities", "crashes", "markets", "crisis", "hamas")]
    ['city', 'crash', 'market', 'crisis', 'hamas']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")) or word in UNCHANGED:
        return IRREGULAR_PLURALS.get(word, word)
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 5 and word.endswith("oes"):
        return word[:-2]
    return word[:-1]


def fold_tokens(text: str) -> list[str]:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u00ad", "")  # soft hyphens are no part of a word
    if len(_terms) > _CACHE_SIZE:
        _terms.clear()
    return list(filter(None, map(_terms.__getitem__, _TOKEN.findall(text))))


def _count(text: str, n_lead: int = 0) -> dict[str, int]:
    terms = fold_tokens(text)
    lead = _cut_lead(terms, n_lead)
    words, pairs = Counter(terms), Counter(pairwise(terms))
    words.update(lead)
    pairs.update(pairwise(lead))
    counts = dict(words)
    counts.pop(BREAK_TERM, None)
    counts.update({f"{pair[0]} {pair[1]}": n for pair, n in pairs.items() if BREAK_TERM not in pair})
    return counts


def _cut_lead(terms: list[str], n_words: int) -> list[str]:
    """The terms up to the ``n_words``-th word; breaks are none."""
    if not n_words:
        return []
    for at, term in enumerate(terms):
        n_words -= term != BREAK_TERM
        if not n_words:
            return terms[: at + 1]
    return terms


def below_title(title: str, body: str) -> str:
    """The body without a first line that is the headline."""
    first, _, rest = body.lstrip().partition("\n")
    return rest if first.strip() == title.strip() else body


class _FoldedTokens(dict[str, str]):
    """Token to term; ``""`` where the token is dropped."""

    def __missing__(self, token: str) -> str:
        term = self[token] = fold_token(token)
        return term


_terms = _FoldedTokens()


def fold_token(token: str) -> str:
    if token[0] in ".!?\n":
        return BREAK_TERM
    word = token.translate(_APOSTROPHES).strip("_")
    if word[:1].isdecimal():
        if _YEARS.fullmatch(word):
            return word[:4]
        word = _LEADING_NUMBERS.sub("", word)  # "20-year-old" speaks of age, whichever
        if word[:1].isdecimal():
            return ""
    if word[-2:] in ("'s", "'S"):
        word = word[:-2]
    if "." in word:
        word = word.replace(".", "").upper()
    if word in _CAPITALS:
        return _CAPITALS[word]
    word = word.lower().replace("i̇", "i")  # the Turkish capital leaves its dot behind
    if not 2 <= len(word) <= _LONGEST_TERM or word in STOP_WORDS or word.endswith(_CONTRACTIONS):
        return ""
    singular = stem_plural(word)
    return "" if singular in STOP_WORDS else singular
