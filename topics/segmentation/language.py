"""The language of a text as an ISO 639-1 code.

English is told by its commonest words, which costs next to nothing; only where they leave doubt is the language
identification library asked (and imported), about the words that begin with a small letter: names, which are the same
in every language and all that a list of them holds, say nothing. What it says must beat English by a margin a word, so
that tables, recipes and results stay English. Lines speak for themselves, and the language of most words wins.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["count_words", "tell_language", "tell_paragraph"]

_COMMON: Final = frozenset(
    "the of and to in is that for on was with as it at by he from be are have his has this not but they who an "
    "were which their said will would been had its or she more after about".split()
)
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
    text = text[:READ_CHARACTERS]
    if _looks_english(text) or _is_plainly_english(text):
        return "en"
    words = _WORD.findall(text)
    capitals = sum(len(word) > 1 and word.isupper() for word in words) > len(words) / 2
    votes: Counter[str] = Counter()
    lines = text.split("\n")
    for line in lines if len(lines) > 1 else ():
        if found := _tell_line(line, capitals):
            votes[found[0]] += found[1]
    n_english = votes.pop("en", 0)
    language: str | None = None
    if votes.total() > n_english:
        language = votes.most_common(1)[0][0]
    elif n_english:
        language = "en"
    elif found := _tell_line(text, capitals):  # no line says anything: all of them together
        language = found[0]
    if language is None and len(words) >= LEAST_WORDS and _rank(" ".join(words).lower())[0] == "en":
        return "en"  # headlines in English have a capital on every word
    return language or default


def tell_paragraph(text: str) -> str | None:
    """The language of one paragraph, or ``None`` where its words do not tell."""
    if _is_plainly_english(text[:READ_CHARACTERS]):
        return "en"
    words = _WORD.findall(text)
    found = _tell_line(text, sum(len(word) > 1 and word.isupper() for word in words) > len(words) / 2)
    return found[0] if found else None


def _looks_english(text: str) -> bool:
    """Whether glances at three places say so, a third of the reading."""
    middle, end = (len(text) - GLANCED_CHARACTERS) // 2, len(text) - GLANCED_CHARACTERS
    return middle > GLANCED_CHARACTERS and all(
        _is_plainly_english(text[at : at + GLANCED_CHARACTERS]) for at in (0, middle, end)
    )


def _is_plainly_english(text: str) -> bool:
    """Whether common words say so by themselves: most text needs no identifier, which takes a third of a second to
    load."""
    tokens = text.lower().split()  # not words yet, but their commonest seldom have a mark beside them
    foreign = 0 if text.isascii() else len(_NOT_LATIN.findall(text))  # letters
    n_common = sum(map(_COMMON.__contains__, tokens))
    return len(tokens) >= DOUBTFUL_WORDS + foreign and n_common >= ENGLISH_SHARE * len(tokens)


def count_words(text: str) -> int:
    """How many words there are; in a script that does not part them three letters count as one."""
    words = _WORD.findall(text)
    n_letters = sum(map(len, words))
    return n_letters // 3 if n_letters > LONG_WORD * len(words) else len(words)


def _tell_line(line: str, capitals: bool) -> tuple[str, int] | None:
    """The language of a line and by how many words it is told, or ``None`` where they do not tell."""
    n_letters = len(_NOT_LATIN.findall(line))
    if n_letters:
        n_latin = sum(map(len, _WORD.findall(line))) - n_letters
        if n_letters > n_latin and n_letters >= LEAST_WORDS:
            language, _ = _rank(line)
            return ("und" if language == "en" else language), max(LEAST_WORDS, n_letters // 4)
    words = _WORD.findall(line)
    words = [word.lower() for word in words] if capitals else [word for word in words if not word[0].isupper()]
    if len(words) < LEAST_WORDS:
        return None
    language, lead = _rank(" ".join(words))
    if language != "en" and lead < (MARGIN if len(words) >= FEW_WORDS else MARGIN_OF_FEW) * len(words):
        return None
    return language, len(words)


def _rank(text: str) -> tuple[str, float]:
    """The likeliest language and its lead over English in log-likelihood."""
    scores = dict(_load_identifier().rank(text))
    best: str = max(scores, key=scores.__getitem__)
    return best, scores[best] - scores["en"]


@cache
def _load_identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(KNOWN)
    return identifier
