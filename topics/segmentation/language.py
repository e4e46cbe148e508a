"""The language of a text as an ISO 639-1 code.

English is told by its commonest words, which costs next to nothing; only where they leave doubt is the language
identification library asked (and imported).
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["tell_language"]

_COMMON: Final = frozenset(
    "the of and to in a is that for on was with as it at by he from be are have his has this not but they who an "
    "were which their said will would been had its or she more after about".split()
)
_WORD: Final = re.compile(r"[^\W\d_]+")
READ_CHARACTERS: Final = 3000
ENGLISH_SHARE: Final = 0.2  # of the words; other European languages stay under .08
DOUBTFUL_WORDS: Final = 12  # fewer words than that say too little


def tell_language(text: str, default: str = "en") -> str:
    """The language of the opening; ``default`` where there are too few words to tell.

    >>> tell_language("The clerk of the harbour said that it was closed for the winter and would open after Easter.")
    'en'
    """
    words = _WORD.findall(text[:READ_CHARACTERS].lower())
    if len(words) < DOUBTFUL_WORDS:
        return default
    if sum(map(_COMMON.__contains__, words)) >= ENGLISH_SHARE * len(words):
        return "en"
    from py3langid import classify

    code: str = classify(text[:READ_CHARACTERS])[0]
    return code
