"""Small closed word classes, and the character classes of Unicode, as arrays a kernel can look things up in.

The character table is built from the running Python's Unicode data when a segmenter is trained and then travels with
its weights, so that a model cuts tokens in the same way under every Python version.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ANAPHOR",
    "CALENDAR",
    "DIGIT",
    "LETTER_LOWER",
    "LETTER_UPPER",
    "N_CHARACTERS",
    "OTHER",
    "PRONOUN",
    "ROLE",
    "SPACE",
    "SPEECH",
    "STOP",
    "CharacterTable",
    "build_character_table",
    "hash_word",
    "word_classes",
]

N_CHARACTERS: Final = 65536  # of the basic plane
CharacterTable = NDArray[np.uint32]  # (N_CHARACTERS,): lower-case code point in the low 24 bits, class in the high 8

# character classes
OTHER: Final = 0
SPACE: Final = 1
DIGIT: Final = 2
LETTER_LOWER: Final = 3  # also letters without case
LETTER_UPPER: Final = 4

# word classes, as bits
STOP: Final = 1  # carries no topic
CALENDAR: Final = 2  # days and months: capitalised, yet no names
ANAPHOR: Final = 4  # opens a sentence that leans on an earlier one
ROLE: Final = 8  # offices and titles before names
PRONOUN: Final = 16  # personal pronouns that need an antecedent
SPEECH: Final = 32  # verbs of attribution

_WORDS: Final[dict[int, str]] = {
    STOP: """
        a about after all also an and any are as at be because been before being but by can could did do does down
        each even for from get go got had has have he her here him his how i if in into is it its just like made
        make many may me might more most much must my new no nor not now of off on one only or other our out over
        own said same say says she should so some still such than that the their them then there these they this
        those through to told too two under until up us very was way we well were what when where which while who
        whom why will with would yes yet you your mr mrs ms dr
    """,
    CALENDAR: """
        monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
        september october november december
    """,
    ANAPHOR: """
        he she they it his her their its but and however meanwhile this these those that also still yet so nor or
        asked according earlier later another other others both then there such instead moreover furthermore
        additionally similarly likewise nevertheless nonetheless thus therefore besides afterwards either neither
    """,
    ROLE: """
        president minister secretary chancellor governor general king queen prince spokesman spokeswoman spokesperson
        leader envoy chief director analyst professor senator representative ambassador adviser advisor sen rep gov
        mayor commissioner chairman chairwoman chair judge justice captain coach colonel premier congressman
        congresswoman lawmaker prosecutor
    """,
    PRONOUN: "he she they it his her their him them its",
    SPEECH: "said says say told added wrote argued warned announced reported claimed according insisted",
}

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_MASK: Final = 0xFFFFFFFFFFFFFFFF


def hash_word(word: str) -> int:
    """64-bit FNV-1a over code points; the kernels compute the same (Fowler, Noll, Vo 1991)."""
    value = _FNV_OFFSET
    for character in word:
        value = ((value ^ ord(character)) * _FNV_PRIME) & _MASK
    return value


def word_classes() -> dict[str, int]:
    """The class bits of every word that has any."""
    classes: dict[str, int] = {}
    for bit, words in _WORDS.items():
        for word in words.split():
            classes[word] = classes.get(word, 0) | bit
    return classes


def build_character_table() -> CharacterTable:
    """Class and lower case of every code point of the basic plane; those above count as caseless letters."""
    table = np.zeros(N_CHARACTERS, dtype=np.uint32)
    for code in range(N_CHARACTERS):
        character = chr(code)
        category = unicodedata.category(character)
        if character.isspace():
            kind = SPACE
        elif category == "Nd":
            kind = DIGIT
        elif category in ("Lu", "Lt"):
            kind = LETTER_UPPER
        elif category[0] in "LM":
            kind = LETTER_LOWER
        else:
            kind = OTHER
        lower = character.lower()
        table[code] = (kind << 24) | (ord(lower) if len(lower) == 1 else code)
    return table
