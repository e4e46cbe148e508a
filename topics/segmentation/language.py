"""The language of a text as an ISO 639-1 code.

English is told by its commonest words, which costs next to nothing; only where they leave doubt is the language
identification library asked (and imported), about the words that begin with a small letter: names, which are the same
in every language and all that a list of them holds, say nothing. What it says must beat English by a margin a word, so
that tables, recipes and results stay English. Lines speak for themselves, and the language of most words wins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from topics.paragraphs import code_points
from topics.segmentation.commonest import count_common, hold_common

if TYPE_CHECKING:
    from topics.segmentation.identifier import Identifier

__all__ = ["count_words", "find_language", "tell_language", "tell_paragraph"]

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_LATIN: Final = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff\ufb00-\ufb06\uff21-\uff5a]")
READ_CHARACTERS: Final = 3000
GLANCED_CHARACTERS: Final = 300  # at the beginning, in the middle and at the end: plain English in most pieces
ENGLISH_SHARE: Final = 0.2  # of the words; other European languages stay under .08
DOUBTFUL_WORDS: Final = 12  # fewer words than that say too little by their commonest alone
LEAST_WORDS: Final = 3  # fewer small words than that say nothing at all
# What another language must have over English in log-likelihood a word. Of 56,000 English headlines, paragraphs and
# articles none of six small words or more reaches 6.0, and none of fewer 7.5; 33 languages have 8.8 or more in
# capitals, 9.3 or more else (2026-11, tests/language_samples.py; `python benchmarks/languages.py`).
MARGIN: Final = 7.0
MARGIN_OF_FEW: Final = 8.0
FEW_WORDS: Final = 6
LONG_WORD: Final = 11  # letters, on the mean: where words are longer nothing parts them
# What news is written in; rarer languages that look like names or tables of another are left out.
KNOWN: Final = (
    "af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko "
    "ku ky lo lt lv mk ml mn mr ms mt my ne nl no or pa pl ps pt ro ru si sk sl so sq sr sv sw ta te tg th tl tr ug "
    "uk ur uz vi zh"
).split()


def tell_language(text: str, default: str = "en") -> str:
    """The language of the opening; ``default`` where there are too few words to tell.

    >>> tell_language("The clerk of the harbour said that it was closed for the winter and would open after Easter.")
    'en'
    >>> tell_language("Der Hafen bleibt bis zum Frühjahr geschlossen, sagte der Bürgermeister am Montag.")
    'de'
    """
    return find_language(text) or default


def find_language(text: str, codes: NDArray[np.uint32] | None = None) -> str | None:
    """The language of the opening, or ``None`` where there are too few words to tell. ``codes`` are the code points of
    the text, if they are known."""
    text = text[:READ_CHARACTERS]
    if _is_english(text, code_points(text) if codes is None else codes[:READ_CHARACTERS]):
        return "en"
    words = _WORD.findall(text)
    capitals = _are_capitals(words)
    votes: Counter[str] = Counter()
    lines = text.split("\n")
    most_left = len(words) + (0 if text.isascii() else len(_NOT_LATIN.findall(text)))  # votes that lines may bring
    for line in lines if len(lines) > 1 else ():
        own = _WORD.findall(line)
        if found := _tell_words(line, own, capitals):
            votes[found[0]] += found[1]
        most_left -= len(own)
        if 2 * votes["en"] >= votes.total() + most_left > 0:
            return "en"
    n_english = votes.pop("en", 0)
    if votes.total() > n_english:
        return votes.most_common(1)[0][0]
    if n_english:
        return "en"
    if found := _tell_words(text, words, capitals):  # no line says anything: all of them together
        return found[0]
    if len(words) >= LEAST_WORDS and _load_identifier().rank(" ".join(words).lower())[0] == "en":
        return "en"  # headlines in English have a capital on every word
    return None


def tell_paragraph(text: str) -> str | None:
    """The language of one paragraph, or ``None`` where its words do not tell."""
    opening = text[:READ_CHARACTERS]
    if _is_plainly_english(opening, code_points(opening)):
        return "en"
    words = _WORD.findall(text)
    found = _tell_words(text, words, _are_capitals(words))
    return found[0] if found else None


def _is_english(text: str, codes: NDArray[np.uint32]) -> bool:
    """Whether common words say so by themselves: most text needs no identifier, which takes a third of a second to
    load. Glances at three places mostly do, a third of the reading."""
    last = len(text) - GLANCED_CHARACTERS
    may_glance = last // 2 > GLANCED_CHARACTERS
    if may_glance and hold_common(codes, GLANCED_CHARACTERS, DOUBTFUL_WORDS, ENGLISH_SHARE):
        return True
    if _is_plainly_english(text, codes):
        return True
    parts = (slice(at, at + GLANCED_CHARACTERS) for at in (0, last // 2, last))
    return may_glance and not text.isascii() and all(_is_plainly_english(text[part], codes[part]) for part in parts)


def _is_plainly_english(text: str, codes: NDArray[np.uint32]) -> bool:
    # tokens between blanks: not words yet, but their commonest seldom have a mark beside them
    n_tokens, n_common, may_be_foreign = count_common(codes)
    if n_tokens < DOUBTFUL_WORDS or n_common < ENGLISH_SHARE * n_tokens:
        return False
    return not may_be_foreign or n_tokens >= DOUBTFUL_WORDS + len(_NOT_LATIN.findall(text))


def count_words(text: str) -> int:
    """How many words there are; in a script that does not part them three letters count as one."""
    words = _WORD.findall(text)
    n_letters = sum(map(len, words))
    return n_letters // 3 if n_letters > LONG_WORD * len(words) else len(words)


def _tell_words(line: str, words: list[str], capitals: bool) -> tuple[str, int] | None:
    """The language of a line by its words and by how many it is told, or ``None`` where they do not tell."""
    n_letters = 0 if line.isascii() else len(_NOT_LATIN.findall(line))
    if n_letters:
        n_latin = sum(map(len, words)) - n_letters
        if n_letters > n_latin and n_letters >= LEAST_WORDS:
            language, _ = _load_identifier().rank(line)
            return ("und" if language == "en" else language), max(LEAST_WORDS, n_letters // 4)
    words = [word.lower() for word in words] if capitals else [word for word in words if not word[0].isupper()]
    if len(words) < LEAST_WORDS:
        return None
    language, lead = _load_identifier().rank(" ".join(words))
    if language != "en" and lead < (MARGIN if len(words) >= FEW_WORDS else MARGIN_OF_FEW) * len(words):
        return None
    return language, len(words)


def _are_capitals(words: Sequence[str]) -> bool:
    return sum(len(word) > 1 and word.isupper() for word in words) > len(words) / 2


@cache
def _load_identifier() -> Identifier:
    from topics.segmentation.identifier import load_identifier

    return load_identifier(KNOWN)
