"""Phrases by which an outlet speaks to its reader: about money, an account, consent, the law, how it works.

In: text. Out: the phrases in it, or how many there can be at the most. Both are told by how phrases begin, which few
places of a text do: to look for the whole of them everywhere takes five times as long.
"""

# kernels: Numba types them by their arguments
# mypy: disable-error-code="no-untyped-def, no-untyped-call"

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from topics.jit import kernel
from topics.paragraphs import code_points
from topics.segmentation.patterns import list_beginnings

__all__ = ["count_most", "find_likely", "find_sure"]

# Phrases of lower-case text, as regular expressions. Those that count as sure hardly occur in reporting; those that are
# likely do, and count half.
_ANYWHERE: Final = (  # sure, also in menus that have lost their blanks
    r"privacy (?:policy|notice|statement|settings)|cookie (?:policy|settings|preferences|notice)|terms (?:of|"
    r"and) (?:use|service|condition)\w*|contact us|all rights reserved|©|do not sell|advertise with"
)
_SURE: Final = (
    # money
    r"tax[- ]deductible|chip(?:ping)? in|(?:monthly|one[- ]time|regular) (?:gift|donation|contribution)s?|"
    r"your (?:gift|donation|contribution|pledge|support)|(?:gift|donation|contribution)s? of any \w+|"
    r"once or monthly|give (?:once|monthly|today|what you)|becom(?:e|ing) an? (?:member|friend|supporter|"
    r"subscriber|patron)|support (?:us|our|independent|local journalism)|(?:reader|audience)[- ](?:funded|"
    r"supported)|supported by (?:its|our) (?:readers|audience)|stand with us|consider (?:a|making|joining|becoming|"
    r"giving|supporting|donating|subscribing)|matching donors?|our (?:members|supporters|subscribers|funding|goal|"
    r"donors|appeal)|"
    # an account
    r"subscribe|unsubscribe|sign(?:ed|ing)? up|(?:log|sign) in(?:to)?|create an? (?:free )?account|free (?:trial|"
    r"account|articles?)|unlimited access|newsletters?|(?:your|an|valid|our) e-?mail|e-?mail address(?:es)?|inbox|"
    r"cancel(?:led)? (?:at any time|any ?time|when\w*)|download (?:our|the) app|(?:follow|join|like|"
    r"find) us(?: on)?|never miss|already (?:a|an|have)\b|post a comment|comments? (?:are|section|threads?)|"
    # consent
    r"(?:we|site|website|partners) uses? cookies|(?:this|these|use of|our|which|all) cookies?|"
    r"our (?:\d+ )?partners|your (?:data|device|browser|preferences|settings|choices|privacy)|"
    r"(?:accept|reject) all|manage (?:options|preferences|cookies)|you agree|by (?:continuing|clicking|using|"
    r"signing|carrying)|personal (?:data|information)|ad ?block\w*|"
    # the law
    r"without (?:\w+ ){0,3}permission|creative commons|registered (?:office|in england|trademarks?)|republish\w*|"
    # how the outlet works
    r"our (?:journalism|newsroom|journalists|reporting|site|website|services?|newsletters?|standards|reviewers|"
    r"moderators|house rules|editorial|community|mission|coverage|stories)|(?:this|our) (?:web ?site|page|form|"
    r"service)|affiliate (?:links?|commissions?)|earn(?:s|ed)? (?:a |"
    r"an )?(?:small )?(?:affiliate )?(?:commissions?|revenue)|qualifying purchases|spotted an? \w+|"
    r"report an? \w+ (?:error|problem)|(?:write|tell|let|e-?mail|reach|help) us\b|let us know|press (?:council|"
    r"enquiries)|(?:thank you|thanks) for (?:reading|your|signing|dropping)|recaptcha|read more about|visit our|"
    r"learn more|click (?:here|the|on)|your feedback|get in touch|faqs?"
)
_LIKELY: Final = (
    r"donat\w+|donors?|fundrais\w+|gifts?|contributions?|match(?:ed|ing)|as little as|(?:a|per|each|"
    r"every) month|non-?profit|paywall|no (?:owners?|shareholders|billionaire|other money)|dig deep|independent|"
    r"members?|membership|supporters?|subscri(?:bers?|ptions?|bed)|regist(?:er|ered|ration)|password|stop when\w*|"
    r"notifications?|alerts|turn on|our app|cookies?|privacy|consent|vendors|partners|preferences|settings|"
    r"identifiers|track(?:ing|ers)|copyright|permission|reproduc(?:e|ed|tion)|reprint\w*|licen[cs](?:e|ed|ing)|"
    r"trademarks?|terms of|regulated|accessibility|careers|jobs|affiliate|commission|corrections?|complaints?|"
    r"errors?|mistakes?|code of|guidelines|moderat\w+|editor(?:s|ial)?|readers?|our (?:work|sources|team|writers|"
    r"values|lawyers?|legal|reviews?)|secure (?:line|contact)|share (?:this|it)|links? (?:on|from|in) this|"
    r"feedback|advertis\w+|offers?|robots"
)
_IS_SURE: Final = re.compile(rf"{_ANYWHERE}|\b(?:{_SURE})\b")
_IS_LIKELY: Final = re.compile(rf"\b(?:{_LIKELY})\b")

# How much each of them counts at the most, in halves. What is left of a text without those that stand anywhere, in the
# middle of words even, may begin or join to one more.
_COUNTS: Final = {_ANYWHERE: 3, _SURE: 2, _LIKELY: 1}
_REACH: Final = 8  # characters of a beginning


def count_most(text: str) -> tuple[int, int]:
    """How much the phrases of a text count at the most, in halves, and how many are sure at the most, once its
    quotations are blanks and its letters small.

    >>> count_most("SIGN UP for a gift"), count_most("The board signed a treaty")
    ((3, 1), (0, 0))
    """
    counts = [count for _, count in _find_places(text)]
    return sum(counts), sum(count > 1 for count in counts)


def find_sure(text: str) -> list[re.Match[str]]:
    """The sure ones of a text of small letters."""
    return _find(_IS_SURE, text, 2)


def find_likely(text: str) -> list[str]:
    """The likely ones of a text of small letters without sure ones.

    >>> find_likely("this gift, by members of the board, is regiftable")
    ['gift', 'members']
    """
    return [match[0] for match in _find(_IS_LIKELY, text, 1)]


def _find(pattern: re.Pattern[str], text: str, least: int) -> list[re.Match[str]]:
    """As ``pattern.finditer``."""
    found: list[re.Match[str]] = []
    end = 0
    for place, count in _find_places(text):
        if place >= end and count >= least and (match := pattern.match(text, place)):
            found.append(match)
            end = match.end()
    return found


def _find_places(text: str) -> Iterator[tuple[int, int]]:
    """Where a phrase may begin, and how much it counts at the most."""
    places, counts = _look(code_points(text), *_make_tree())
    return zip(places.tolist(), counts.tolist(), strict=True)


class _Tree(NamedTuple):
    """How phrases begin, character by character. A word begins at node 1, the middle of one at node 2."""

    characters: NDArray[np.uint8]  # (128,), the number of each of ASCII, whatever its case; 0 for those in no phrase
    following: NDArray[np.int16]  # (n, greatest number + 1), the node that a character leads to from a node, or 0
    counts: NDArray[np.int8]  # (n,), of what has begun for sure at a node, or 0
    greatest: NDArray[np.int8]  # (n,), of all that goes on from there


@cache
def _make_tree() -> _Tree:
    nodes: list[dict[str, int]] = [{}, {}, {}]
    counts = [0, 0, 0]
    for pattern, count in _COUNTS.items():
        for text in filter(str.isascii, list_beginnings(pattern, _REACH)):  # "©" is looked for by itself
            for at in (1, 2) if pattern == _ANYWHERE else (1,):
                for character in text:
                    if character not in nodes[at]:
                        nodes[at][character] = len(nodes)
                        nodes.append({})
                        counts.append(0)
                    at = nodes[at][character]
                counts[at] = max(count, counts[at])
    numbers = {character: k for k, character in enumerate(sorted(set().union(*nodes)), 1)}
    following = np.zeros((len(nodes), len(numbers) + 1), np.int16)
    greatest = list(counts)
    for at in reversed(range(len(nodes))):  # a node is made before those that follow it
        for character, node in nodes[at].items():
            following[at, numbers[character]] = node
            greatest[at] = max(greatest[at], greatest[node])
    characters = np.array([numbers.get(chr(code).lower(), 0) for code in range(128)], np.uint8)
    return _Tree(characters, following, np.array(counts, np.int8), np.array(greatest, np.int8))


@kernel
def _look(codes, characters, following, counts, greatest):
    """The places (n,) where phrases may begin, and how much they count (n,), by a walk down the tree from each."""
    n = codes.shape[0]
    places = np.empty(n, np.int64)
    found = np.empty(n, np.int64)
    n_found = 0
    is_inside = 0  # of a word for sure: beyond ASCII there are letters and others
    for i in range(n):
        code = codes[i]
        letter = code | 32
        node = following[1 + is_inside, characters[code & 127]] * (code < 128)
        is_inside = ((letter >= 97) & (letter <= 122)) | ((code >= 48) & (code <= 57)) | (code == 95)
        if node == 0 and code != 0xA9:
            continue
        most = 3 if code == 0xA9 else 0
        for k in range(i + 1, n):
            if node == 0:
                break
            code = codes[k]
            if code < 128 and code != 0x22:
                node = following[node, characters[code]]
                if counts[node] > most:
                    most = counts[node]
            elif code == 0x22 or code == 0x201C:  # a quotation may be taken for a blank, and anything follows it
                most = max(most, greatest[following[node, characters[32]]])
                break
            elif 0x130 <= code < 0x2000 or code >= 0x2070:  # may be a digit, or a capital of "i" or "k"
                most = max(most, greatest[node])
                break
            else:
                break
        if most:
            places[n_found] = i
            found[n_found] = most
            n_found += 1
    return places[:n_found], found[:n_found]
