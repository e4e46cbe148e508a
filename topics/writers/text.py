"""Dump text made safe to show: nothing in it may move the cursor or reorder what is read.

Scraped text carries control characters, and some of them are commands to a terminal (ESC, CSI) or to the
bidirectional algorithm. They are removed where text is shown to people; data formats keep the text as it
is. The zero-width joiner stays, since emoji and several scripts cannot be written without it.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["clean_cell", "replace_surrogates", "spell_in", "strip_controls"]

# C0 without tab and line feed, DEL, C1, the bidirectional controls (Unicode 16, UAX #9, 2) and the
# deprecated ones beside them. U+200C and U+200D are not among them.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\u206a-\u206f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-", "…": "...", "·": "|", "█": "#",
    }
)  # fmt: skip


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each lone surrogate, which no UTF-8 file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("�", text)
    return text


def strip_controls(text: str) -> str:
    """The text without control characters; tab and line feed stay.

    >>> strip_controls("red\\x1b[31m alert\\u202e")
    'red[31m alert'
    """
    if text.isprintable():  # most lines are, and asking costs less than the expressions
        return text
    return _CONTROLS.sub("", replace_surrogates(text))


def clean_cell(text: str) -> str:
    """One line without control characters, each run of white space one blank: for a cell or a heading."""
    # folded first, since a next-line or a separator character parts words
    folded = " ".join(text.split())
    return folded if folded.isprintable() else " ".join(strip_controls(folded).split())


def spell_in(text: str, encoding: str) -> str:
    """The text in characters that ``encoding`` has: accents and marks are simplified, the rest is ``?``.

    >>> spell_in("Zoë – “now”", "ascii")
    'Zoe - "now"'
    """
    try:
        text.encode(encoding)
    except LookupError:
        encoding = "ascii"
    except UnicodeEncodeError:
        pass
    else:
        return text
    return "".join(_spell_character(character, encoding) for character in text)


def _spell_character(character: str, encoding: str) -> str:
    for spelling in (character, character.translate(_PLAIN), unicodedata.normalize("NFKD", character)):
        kept = spelling.encode(encoding, "ignore").decode(encoding)
        if kept:
            return kept
    return "" if unicodedata.combining(character) else "?"
