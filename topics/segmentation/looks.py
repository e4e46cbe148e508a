"""What each line of a text can hold, told in one pass over its code points.

In: a text and where its lines are. Out: how many words each line has, and marks. A mark says that a line may hold what
a dear regular expression looks for (a date, a name after "Source", a claim of copyright, …): where it is missing there
is none, where it stands one has to look. Most lines have none.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import compress
from operator import or_
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.paragraphs import code_points

__all__ = [
    "BULLET",
    "BYLINE",
    "CLAIMING",
    "COLON",
    "DATED",
    "DATELINE",
    "EXPLAINING",
    "LONG",
    "NAMING",
    "RESERVED",
    "Looks",
    "find_long",
    "look",
    "look_at",
    "make_looks",
]

BULLET: Final = 1  # nothing but bullets: sure
COLON: Final = 2  # a colon: sure
DATED: Final = 4  # a year, or three numbers with marks between them, in the first DATE_REACH code points
DATELINE: Final = 8  # a bracket, a slash or a domain where a dateline has its agency
EXPLAINING: Final = 16  # "is a", "were the", "was German city", … before the first sentence ends
NAMING: Final = 32  # "source", "published", "appeared", "printed"
CLAIMING: Final = 64  # "©", "(c)", "copyright"
RESERVED: Final = 128  # "rights reserved", or "reserved" as the first word
BYLINE: Final = 256  # short, and with the first letter of "by", "story by", …, or a slash
LONG: Final = 512  # longer than LONG_LINE: sure

DATE_REACH: Final = 160
BRACKET_REACH: Final = 61
SLASH_REACH: Final = 47
DOMAIN_REACH: Final = 80
OPENING_REACH: Final = 240
BYLINE_REACH: Final = 100
LONG_LINE: Final = 80


class Looks(NamedTuple):
    """One value a line in each column, and all marks that any line has."""

    words: list[int]  # counted by blanks
    spoken: list[int]  # how often somebody is spoken to ("you", "we", "our", "us"); a little more at times
    marks: list[int]
    all_marks: int

    def select(self, wanted: Sequence[bool]) -> Looks:
        """Those of the ``wanted`` lines."""
        return make_looks(*(list(compress(column, wanted)) for column in self[:3]))


def look_at(lines: Sequence[str]) -> Looks:
    """The looks of lines.

    >>> look_at(["Ours is a port:", "*"]) == Looks([4, 1], [1, 0], [EXPLAINING | COLON, BULLET], 19)
    True
    """
    lengths = np.array([len(line) for line in lines], np.int64)
    ends = np.cumsum(lengths)
    return make_looks(*look(code_points("".join(lines)), ends - lengths, ends))


def make_looks(words: list[int], spoken: list[int], marks: list[int]) -> Looks:
    """The looks of some lines, of their columns."""
    return Looks(words, spoken, marks, reduce(or_, marks, 0))


def find_long(marks: Sequence[int], is_wanted: Sequence[bool], n: int) -> Iterator[int]:
    """Places of the ``wanted`` ones among the first ``n`` lines that are long.

    >>> list(find_long([LONG, LONG | COLON, COLON, LONG], [True, True, True, False], 8))
    [0, 1]
    """
    return compress(compress(range(n), is_wanted), map(LONG.__and__, compress(marks, is_wanted)))


def look(codes: NDArray[np.uint32], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[list[int]]:
    """The columns of the looks of lines, which stand at ``starts`` to ``ends`` (both (n,)) in a text of these code
    points."""
    columns = np.empty((3, len(starts)), np.int64)
    _look(codes, starts, ends, columns)
    found: list[list[int]] = columns.tolist()
    return found


def _number(word: str) -> int:
    """At most eight characters as one number."""
    return int.from_bytes(word.encode("ascii"), "big")


_SOURCE, _RESERVED, _RIGHTS_R = _number("source"), _number("reserved"), _number("rights r")
_PUBLISHE, _PRINTED, _PPEARED, _PYRIGHT = (_number(word) for word in ("publishe", "printed", "ppeared", "pyright"))
_THE, _ONE_OF = _number("the"), _number("one of")
_COUNTR, _COMPAN, _CITY, _POLI = (_number(word) for word in (" count", " compa", " city", " poli"))
_A, _C, _E, _I, _N, _O, _P, _R, _S, _U, _V, _W, _Y = (np.uint32(ord(letter)) for letter in "aceinoprsuvwy")
_CASE: Final = np.uint32(32)  # of an ASCII letter; also a blank


@kernel
def _read(codes, at, end):
    """The eight characters from there as one number, letters in lower case; what is not ASCII is 1."""
    word = np.int64(0)
    for i in range(at, at + 8):
        code = np.int64(codes[i] | _CASE) if i < end else np.int64(1)
        word = (word << 8) | (code if code < 128 else 1)
    return word


@kernel
def _is_letter(code):
    return 97 <= code | _CASE <= 122


@kernel
def _speaks(codes, start, at, end):
    """Does a word begin there that speaks to somebody: "we", "us", "our", "ours" or "you…"?"""
    if at < start or at + 2 > end or (at > start and _is_letter(codes[at - 1])):
        return False
    first, second = codes[at] | _CASE, codes[at + 1] | _CASE
    third = codes[at + 2] if at + 2 < end else _CASE
    if first == _Y:
        return second == _O and third | _CASE == _U
    if first == _O:
        return second == _U and third | _CASE == _R
    return ((first == _W and second == _E) or (first == _U and second == _S)) and not _is_letter(third)


@kernel
def _may_be_digit(code):
    """A digit of ASCII, or any character of the scripts that may have digits of their own."""
    return 48 <= code <= 57 or 0x660 <= code < 0x2000 or code >= 0x2070


@kernel
def _parts_date(code):
    return 45 <= code <= 47  # - . /


@kernel
def _ends_date(codes, start, at):
    """Can the digit there be the last of a year from 1980 to 2049, or the first of a date's third number?"""
    if at - start < 3:
        return False
    first, second, third = codes[at - 1], codes[at - 2], codes[at - 3]
    if second == 57 and third == 49 and 56 <= first <= 57:
        return True
    if second == 48 and third == 50 and 48 <= first <= 52:
        return True
    if at - start < 4 or not _parts_date(first) or not _may_be_digit(second):
        return False
    if _parts_date(third):
        return _may_be_digit(codes[at - 4])
    return at - start > 4 and _may_be_digit(third) and _parts_date(codes[at - 4]) and _may_be_digit(codes[at - 5])


@kernel
def _are_bullets(codes, start, end):
    for i in range(start, end):
        code = codes[i]
        if not (code == 45 or code == 42 or code == 124 or code == 0xB7 or code == 0x2013 or code == 0x2022):
            return False
    return end > start


@kernel
def _opens_with_point(codes, start, end):
    """Is there a full stop in the first word?"""
    for i in range(start, min(end, start + DOMAIN_REACH)):
        if codes[i] == 46:
            return True
        if codes[i] == 32:
            return False
    return False


@kernel
def _opens_byline(codes, start, end):
    if end == start or end - start > BYLINE_REACH:
        return False
    first = codes[start] | _CASE
    return first == 98 or first == _S or first == _R or first == 116 or first == _W or first == 47 or first == 0x17F


@kernel
def _is_one_sentence(codes, start, end):
    for i in range(start, end):
        code = codes[i]
        if code == 46 or code == 58 or code == 33 or code == 63 or code == 34 or code == 0x201C:
            return False
    return True


@kernel
def _says_what(codes, at, end):
    """Does "a", "an", "the" or "one of" begin there, or has the second word the beginning of "politician", …?"""
    word = _read(codes, at, end)
    if word >> 40 == _THE or word >> 16 == _ONE_OF:
        return True
    second, third = (word >> 48) & 0xFF, (word >> 40) & 0xFF
    if word >> 56 == _A and (not _is_letter(second) or (second == _N and not _is_letter(third))):
        return True
    while at < end and codes[at] != 32:
        at += 1
    word = _read(codes, at, end)
    return word >> 16 == _COUNTR or word >> 16 == _COMPAN or word >> 24 == _CITY or word >> 24 == _POLI


@kernel
def _count_blanks(codes):
    n = 0
    for code in codes:
        n += code == 32
    return n


@kernel
def _watch(before, codes, after, flags):
    """Sets ``flags`` (n,) where something may stand in ``codes`` (n,): what is rare by itself, the middles of words.

    ``before`` and ``after`` (n,) are their neighbours. Without a branch, so that eight are done at a time.
    """
    for i in range(codes.shape[0]):
        code = codes[i]
        a, b, c = before[i] | _CASE, code | _CASE, after[i] | _CASE
        flags[i] = (
            (((a < 97) | (a > 122)) & (((b == _W) & (c == _E)) | ((b == _U) & (c == _S)) | ((b == _O) & (c == _U))))
            | ((b == _O) & (c == _U) & ((a == _Y) | (a == _S)))
            | ((after[i] == 32) & (((b == _S) & ((a == _I) | (a == _A))) | ((b == _E) & (a == _R))))
            | ((b == _P) & ((c == _U) | (c == _R) | (c == _Y) | ((c == _E) & (a == _P))))
            | ((b == _R) & (c == _V) & (a == _E))
            | ((code >= 48) & (code <= 57) & (before[i] >= 45) & (before[i] <= 57))  # a digit after one or - . /
            | (code == 58) | (code == 40) | (code == 41) | (code == 47) | (code == 0xA9)
            | ((code >= 0x660) & (code < 0x2000)) | (code >= 0x2070)
        )  # fmt: skip


@kernel
def _find(codes, places):
    """Fills ``places`` (n + 1,) with those to look at, in order; how many they are."""
    flags = np.ones(codes.shape[0], np.bool_)
    _watch(codes[:-2], codes[1:-1], codes[2:], flags[1:-1])
    n = 0
    for i in range(codes.shape[0]):
        places[n] = i
        n += flags[i]
    return n


@kernel
def _look(codes, starts, ends, columns):
    """Fills ``columns`` (3, n)."""
    places = np.empty(codes.shape[0] + 1, np.uint32)
    n_places = _find(codes, places)
    k = 0
    for p in range(starts.shape[0]):
        start, end = starts[p], ends[p]
        spoken = 1 if _speaks(codes, start, start, end) else 0
        marks = BULLET if _are_bullets(codes, start, end) else 0
        if _opens_with_point(codes, start, end):
            marks |= DATELINE
        if _opens_byline(codes, start, end):
            marks |= BYLINE
        if end - start > LONG_LINE:
            marks |= LONG
        sentence = start  # what was read of the first; behind the line once it has ended
        while k < n_places and places[k] < start:
            k += 1
        while k < n_places and places[k] < end:
            i = np.int64(places[k])
            k += 1
            code = codes[i]
            letter = code | _CASE
            if letter == _S or letter == _E:  # of "is ", "was ", "are ", "were "
                if sentence <= i < start + OPENING_REACH and not marks & EXPLAINING and _says_what(codes, i + 2, end):
                    if _is_one_sentence(codes, sentence, i):
                        marks |= EXPLAINING
                    else:
                        sentence = end
            elif letter == _W or letter == _U or letter == _O:
                if i > start and _speaks(codes, start, i, end):
                    spoken += 1
                elif i > start + 1 and letter == _O and _speaks(codes, start, i - 1, end):
                    spoken += 1
                elif i > start and _read(codes, i - 1, end) >> 16 == _SOURCE:
                    marks |= NAMING
            elif letter == _P:
                word = _read(codes, i, end)
                if word == _PUBLISHE or word >> 8 == _PRINTED:
                    marks |= NAMING
                elif i > start and _read(codes, i - 1, end) >> 8 == _PPEARED:
                    marks |= NAMING
                elif word >> 8 == _PYRIGHT:
                    marks |= CLAIMING
            elif letter == _R:
                if i > start + 3 and _read(codes, i - 4, end) == _RESERVED:
                    if i - 4 == start or (i - 11 >= start and _read(codes, i - 11, end) == _RIGHTS_R):
                        marks |= RESERVED
            elif _may_be_digit(code):
                if i < start + DATE_REACH and _ends_date(codes, start, i):
                    marks |= DATED
            elif code == 58:
                marks |= COLON
            elif code == 40:
                if i < start + BRACKET_REACH:
                    marks |= DATELINE
            elif code == 41:
                if i > start + 1 and codes[i - 1] | _CASE == _C and codes[i - 2] == 40:
                    marks |= CLAIMING
            elif code == 47:
                if i < start + SLASH_REACH:
                    marks |= DATELINE
            elif code == 0xA9:
                marks |= CLAIMING
        columns[0, p] = _count_blanks(codes[start:end]) + 1
        columns[1, p] = spoken
        columns[2, p] = marks
