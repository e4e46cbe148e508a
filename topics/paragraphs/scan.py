"""Numba loops over code points: lines, the places where a sentence may end, and the spans between those where one does.

What ends a sentence, :mod:`topics.paragraphs.punkt` says; the loops settle nine places in ten, where the word before
the mark is plain, and leave the others to it.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = [
    *("ABBREVIATION", "PAIRED", "SECOND", "DOUBTFUL", "GLUED", "SURE", "MAX_GAP", "Words"),
    *("code_points", "is_space", "find_ends", "find_lines", "lay_spans", "word_characters", "words_of"),
]

MAX_GAP: Final = 3

# what is said of a place
SURE: Final = 0
DOUBTFUL: Final = 1  # the word before the mark and the one behind it have to be read
GLUED: Final = 2  # no white space follows
NEVER: Final = 3

# what a word is, for a full stop
ABBREVIATION: Final = 1
PAIRED: Final = 2  # the first of a collocation,
SECOND: Final = 4  # the second of one
_KINDS: Final = 7

_CODES: Final = 0x600  # Latin, Greek, Cyrillic, Armenian: what stands in words of other scripts is not looked up
_LONGEST_RUN: Final = 1_000
_AT_ONCE: Final = 8  # characters that are looked at together
_HIGH: Final = 10  # bits of a hash by which it is found

_FNV: Final = 0xCBF29CE484222325
_PRIME: Final = 0x100000001B3


def code_points(text: str) -> NDArray[np.uint32]:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@lru_cache(maxsize=1)
def word_characters() -> NDArray[np.uint32]:
    """The lower case of each character that a word goes on over, by code point below ``_CODES``; 0 for all others, and
    where the lower case is several or depends on what stands around."""
    others = set("\"'()[]{}‘’“”«»;:*@?!.,-`&#Σ")
    lower = [chr(code).lower() for code in range(_CODES)]
    is_one = [len(c) == 1 and not c.isspace() and chr(code) not in others for code, c in enumerate(lower)]
    return np.array([ord(c) if one else 0 for c, one in zip(lower, is_one, strict=True)], np.uint32)


class Words(NamedTuple):
    """What is known of words: their hashes in order, each with bits of what the word is in place of its lowest ones;
    and where those begin that have the same high bits."""

    keys: NDArray[np.uint64]
    first: NDArray[np.int64]


def words_of(kinds: Mapping[str, int]) -> Words:
    """From lower case words and bits of what each is."""
    known = [word for word in kinds if "\0" not in word]  # with a NUL no word is looked up
    codes = np.array([*known, "-"]).view(np.uint32).reshape(len(known) + 1, -1)[:-1]
    hashes = np.full(len(known), _FNV, np.uint64)  # 64-bit FNV-1a over code points (Fowler, Noll, Vo 1991)
    for column in codes.T.astype(np.uint64):
        hashes = np.where(column > 0, (hashes ^ column) * np.uint64(_PRIME), hashes)
    bits = np.array([kinds[word] for word in known], np.uint64)
    keys = np.sort(hashes & ~np.uint64(_KINDS) | bits)
    places = np.arange(1, 1 << _HIGH, dtype=np.uint64) << np.uint64(64 - _HIGH)
    return Words(keys, np.concatenate(([0], np.searchsorted(keys, places), [len(keys)])).astype(np.int64))


@kernel
def is_space(code):
    """What ``str.isspace`` says."""
    if code <= 0x20:
        return code == 0x20 or 0x09 <= code <= 0x0D or 0x1C <= code <= 0x1F
    if code < 0x1680:
        return code == 0x85 or code == 0xA0
    if code <= 0x200A:
        return code >= 0x2000 or code == 0x1680
    return code == 0x2028 or code == 0x2029 or code == 0x202F or code == 0x205F or code == 0x3000


@kernel
def _is_break(code):
    return ((code >= 0x0A) & (code <= 0x0D)) | (code == 0x2028) | (code == 0x2029)


@kernel
def _is_ascii_white(code):
    """White space at which a run ends."""
    return code == 0x20 or 0x09 <= code <= 0x0D


@kernel
def _is_mark(code):
    return (code == ord(".")) | (code == ord("?")) | (code == ord("!"))


@kernel
def _is_closing(code):
    """Quotes and brackets that belong to the sentence before them."""
    if code < 0x80:
        return code == ord('"') or code == ord("'") or code == ord(")") or code == ord("]") or code == ord("}")
    return (
        code == ord("‘") or code == ord("’") or code == ord("“") or code == ord("”")
        or code == ord("«") or code == ord("»")
    )  # fmt: skip


@kernel
def _is_alone(code):
    """A token of its own, which so may follow a full stop directly."""
    return (
        _is_closing(code) or code == ord("(") or code == ord("[") or code == ord("{") or code == ord(";")
        or code == ord(":") or code == ord("*") or code == ord("@") or code == ord("?") or code == ord("!")
    )  # fmt: skip


@kernel
def _longer(rows):
    """The same rows with room for as many again."""
    longer = np.empty((2 * rows.shape[0], rows.shape[1]), np.int64)
    longer[: rows.shape[0]] = rows
    return longer


@kernel
def _next_break(codes, at, end):
    """The next break from ``at`` on, or ``end``."""
    while at + _AT_ONCE <= end:
        is_there = False
        for i in range(_AT_ONCE):  # without a branch, so that they are compared side by side
            is_there |= _is_break(codes[np.uint64(at + i)])
        if is_there:
            break
        at += _AT_ONCE
    while at < end and not _is_break(codes[at]):
        at += 1
    return at


@kernel
def _next_mark(codes, at, end):
    """The next full stop, question mark or exclamation mark from ``at`` on, or ``end``."""
    while at + _AT_ONCE <= end:
        is_there = False
        for i in range(_AT_ONCE):
            is_there |= _is_mark(codes[np.uint64(at + i)])
        if is_there:
            break
        at += _AT_ONCE
    while at < end and not _is_mark(codes[at]):
        at += 1
    return at


@kernel
def _next_ink(codes, at, end):
    """The next place from ``at`` on that is no white space, or ``end``."""
    while at < end and is_space(codes[at]):
        at += 1
    return at


@kernel
def _ink_end(codes, begin, at):
    """The end of what stands before ``at``, without white space; not before ``begin``."""
    while at > begin and is_space(codes[at - 1]):
        at -= 1
    return at


@kernel
def find_lines(codes, line, hard, soft, is_first):
    """The lines that hold ink, as rows of start and end without the white space around, physical line and gap.

    ``line`` is that of the last one before, ``hard`` and ``soft`` count the breaks since; what they are behind these
    lines is returned too.
    """
    rows = np.empty((256, 4), np.int64)
    n = 0
    begin = 0
    while begin < codes.shape[0]:
        stop = _next_break(codes, begin, codes.shape[0])
        end = _ink_end(codes, begin, stop)
        if end > begin:
            if n == rows.shape[0]:
                rows = _longer(rows)
            line += hard
            rows[n, 0] = _next_ink(codes, begin, end)
            rows[n, 1] = end
            rows[n, 2] = line
            rows[n, 3] = 1 if is_first else min(hard + soft, MAX_GAP)
            n += 1
            hard = soft = 0
            is_first = False
        if stop < codes.shape[0]:
            if codes[stop] == ord("\n"):
                hard += stop == 0 or codes[stop - 1] != ord("\r")
            elif codes[stop] == ord("\r"):
                hard += 1
            else:
                soft += 1
        begin = stop + 1
    return rows[:n], line, hard, soft


@kernel
def _goes_on(codes, at, end):
    """Where the text goes on if a sentence can end at ``at``, else -1."""
    if at >= end:
        return -1
    if _is_alone(codes[at]):
        return at
    if not is_space(codes[at]):
        return -1
    at = _next_ink(codes, at, end)
    return at if at < end else -1


@kernel
def _may_be_glued(codes, at, start, end):
    """Whether two sentences may stand together at this mark with no space between, as far as ASCII tells."""
    if at == start:
        return False
    before = codes[at - 1]
    if before < 0x80 and not (ord("a") <= before <= ord("z") or ord("0") <= before <= ord("9")):
        return False
    at += 1
    while at < end and _is_mark(codes[at]):
        at += 1
    while at < end and _is_closing(codes[at]):
        at += 1
    if at + 1 >= end:
        return False
    first, second = codes[at], codes[at + 1]
    return (first >= 0x80 or ord("A") <= first <= ord("Z")) and (second >= 0x80 or ord("a") <= second <= ord("z"))


@kernel
def _kinds_of(codes, start, end, lower, keys, first):
    """What is known of a word."""
    value = np.uint64(_FNV)
    for i in range(start, end):
        code = codes[i]
        if code < _CODES and lower[code]:
            code = lower[code]
        value = (value ^ np.uint64(code)) * np.uint64(_PRIME)
    place = np.int64(value >> np.uint64(64 - _HIGH))
    for i in range(first[place], first[place + 1]):
        if (keys[i] ^ value) <= np.uint64(_KINDS):
            return np.int64(keys[i] & np.uint64(_KINDS))
    return 0


@kernel
def _goes_on_over(codes, at, lower):
    """Whether the character is one of those that a word goes on over."""
    return codes[at] < _CODES and lower[codes[at]] != 0


@kernel
def _may_be_second(codes, at, end, lower, keys, first):
    """Whether the token at ``at``, a quote, a bracket or what begins with a letter, may be the second of a
    collocation."""
    stop = at
    while stop < end and _goes_on_over(codes, stop, lower):
        stop += 1
    if stop == at:
        return _kinds_of(codes, at, at + 1, lower, keys, first) & SECOND != 0
    after = stop + 1 if stop < end and codes[stop] == ord(",") else stop
    is_whole = after >= end or is_space(codes[after]) or _is_alone(codes[after])
    return not is_whole or _kinds_of(codes, at, stop, lower, keys, first) & SECOND != 0


@kernel
def _holds_no_mark(codes, at, end):
    """Whether no mark stands in what follows up to the next white space, but as its last character."""
    stop = min(end, at + _LONGEST_RUN)
    while at < stop and not is_space(codes[at]):
        if _is_mark(codes[at]):
            return at + 1 == end or is_space(codes[at + 1])
        at += 1
    return at < stop or at == end


@kernel
def _judge(codes, opening, at, following, end, lower, keys, first):
    """Whether a sentence ends at the mark ``at`` in the run from ``opening`` on: SURE, NEVER or DOUBTFUL.

    The last token before a full stop is read: a word, a number, or no more than a quote. Where nothing is known of it,
    a sentence ends there whatever else stands around.
    """
    if codes[at] != ord("."):
        return SURE
    start = at  # of the token
    part = at  # of what stands behind its last hyphen
    is_number = True
    while start > opening:
        code = codes[start - 1]
        if _goes_on_over(codes, start - 1, lower):
            is_number &= ord("0") <= code <= ord("9")
        elif code == ord(",") and _goes_on_over(codes, start, lower):
            pass
        elif code == ord("-") and codes[start] != ord("-"):
            part = start if part == at else part
        elif code != ord(".") or codes[start] == ord("."):
            break
        start -= 1
    if at - opening >= _LONGEST_RUN or codes[start] == ord(",") or codes[start] == ord("-"):
        return DOUBTFUL
    if start > opening:
        before = codes[start - 1]
        if not _is_alone(before):
            return DOUBTFUL
        if before >= 0x80 or before == ord("'") or before == ord("?") or before == ord("!"):
            start -= 1  # that is part of the token
            is_number = False
    if start == at:  # a full stop alone
        return DOUBTFUL if _kinds_of(codes, at, at + 1, lower, keys, first) & PAIRED else SURE
    if start + 1 == at and not _is_alone(codes[start]):  # an initial
        return DOUBTFUL
    kinds = _kinds_of(codes, start, at, lower, keys, first)
    is_capital = ord("A") <= codes[following] <= ord("Z")
    if kinds & PAIRED or (part < at and _kinds_of(codes, part, at, lower, keys, first)):
        return DOUBTFUL
    if is_number:
        if kinds or not (is_capital or codes[following] == ord("(") or codes[following] == ord('"')):
            return DOUBTFUL
        return DOUBTFUL if _may_be_second(codes, following, end, lower, keys, first) else SURE
    if not kinds & ABBREVIATION:
        return SURE
    if start > opening or is_capital:
        return DOUBTFUL
    if following == at + 1:
        return NEVER
    is_plain = codes[following] < 0x80 or _is_closing(codes[following])
    return NEVER if is_plain and _holds_no_mark(codes, following, end) else DOUBTFUL


@kernel
def find_ends(codes, lines, longest, lower, keys, first_key):
    """Where a sentence ends or may end in the lines that are longer than ``longest``: a row a place, of what is said of
    it, and what goes with that.

    - SURE: the end, and where the text goes on
    - DOUBTFUL: the first mark and the end of the last one in its run, where the run begins, the end of the line
    - GLUED: the mark, the start and the end of the line
    """
    rows = np.empty((256, 5), np.int64)
    n = 0
    for k in range(lines.shape[0]):
        start, end = lines[k, 0], lines[k, 1]
        if end - start <= longest:
            continue
        last = start  # up to where all is done
        i = start
        while True:
            i = _next_mark(codes, i, end)
            if i >= end:
                break
            first = i  # candidates are what stands in one run, from here on
            stop = following = -1
            while i < end and not _is_ascii_white(codes[i]):
                if _is_mark(codes[i]):
                    if n + 2 > rows.shape[0]:
                        rows = _longer(rows)
                    if _may_be_glued(codes, i, start, end):
                        rows[n, 0] = GLUED
                        rows[n, 1] = i
                        rows[n, 2] = start
                        rows[n, 3] = end
                        n += 1
                    onward = _goes_on(codes, i + 1, end)
                    if onward >= 0:
                        if stop < 0:
                            first = i
                        following = onward
                        stop = i + 1
                i += 1
            if stop < 0:
                continue
            opening = first
            while opening > last and not _is_ascii_white(codes[opening - 1]):
                opening -= 1
            said = DOUBTFUL
            if stop == first + 1 or opening < first:
                said = _judge(codes, opening, stop - 1, following, end, lower, keys, first_key)
            if said == SURE:
                rows[n, 0] = SURE
                rows[n, 1] = stop
                rows[n, 2] = following
                n += 1
            elif said == DOUBTFUL:
                rows[n, 0] = DOUBTFUL
                rows[n, 1] = first
                rows[n, 2] = stop
                rows[n, 3] = opening
                rows[n, 4] = end
                n += 1
            last = stop
    return rows[:n]


@kernel
def _end_closing(codes, at, end):
    """The end of the quotes and brackets at ``at`` that belong to the sentence before, else -1."""
    begin = at
    while at < end and _is_closing(codes[at]):
        at += 1
    if at == begin:
        return -1
    if at == end or is_space(codes[at]):
        return at
    is_dash = at + 1 < end and codes[at] == ord("-") and codes[at + 1] == ord("-")
    return at if is_dash else -1


@kernel
def lay_spans(codes, lines, longest, cuts, longest_span, shortest_part):
    """Lines as spans: rows of start, end, physical line and gap, which is 0 inside a line.

    Those longer than ``longest`` are cut by ``cuts``, rows of where a sentence ends and where the text goes on,
    ascending; and what is longer than ``longest_span`` then, at white space at least ``shortest_part`` away.
    """
    rows = np.empty((lines.shape[0] + cuts.shape[0] + 1, 4), np.int64)
    n = 0
    cut = 0
    for k in range(lines.shape[0]):
        begin, end, line, gap = lines[k, 0], lines[k, 1], lines[k, 2], lines[k, 3]
        is_long = end - begin > longest
        is_done = False
        while not is_done:
            is_done = not is_long or cut == cuts.shape[0] or cuts[cut, 0] >= end
            stop = following = end
            if not is_done:
                stop, following = cuts[cut, 0], cuts[cut, 1]
                closed = _end_closing(codes, following, end)
                if closed >= 0:
                    stop, following = closed, _next_ink(codes, closed, end)
                cut += 1
            stop = _ink_end(codes, begin, stop)
            begin = _next_ink(codes, begin, stop)
            while begin < stop:
                if n == rows.shape[0]:
                    rows = _longer(rows)
                part = stop
                if is_long and stop - begin > longest_span:
                    part = begin + shortest_part
                    while part < stop and not is_space(codes[part]):
                        part += 1
                rows[n, 0] = begin
                rows[n, 1] = part
                rows[n, 2] = line
                rows[n, 3] = gap
                n += 1
                gap = 0
                begin = _next_ink(codes, part, stop)
            begin = following
    return rows[:n]
