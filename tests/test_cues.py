"""Phrases found by their beginnings are those that regular expressions find, on texts made of their pieces."""

from __future__ import annotations

import random
import re

from topics.segmentation import cues
from topics.segmentation.patterns import list_beginnings

PIECES = (
    "sign| up|sign up|our |your |we|you|this|newsletter|partners|cookie|cookies| policy|privacy|terms of| use|a |month|"
    "gift|gifts|of any size|contact us|all rights reserved|©|donat|ed|no owner|without |any |permission|already |"
    "e-mail|email| address|support |us|membership|accept all|like us|click here|non-profit|our 12 partners|an |"
    "The board said|SIGN UP|our ٣ partners|li\u212ae us|G\u0130FT|“|”|\"|“quoted”|\"so\"|é|ß|_|7|-|’|.|\u3000|\u0307"
).split("|")  # fmt: skip
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")


def _write(chance: random.Random) -> str:
    joints = ("", " ", " ", " ", ". ")
    return "".join(chance.choice(PIECES) + chance.choice(joints) for _ in range(chance.randrange(16)))


def test_phrases_are_those_of_the_regular_expressions_and_no_more_than_was_said_at_first() -> None:
    chance = random.Random(7)
    for _ in range(4000):
        text = _write(chance)
        whole = QUOTED.sub(" ", text.lower())
        sure = list(cues._IS_SURE.finditer(whole))
        assert [match.span() for match in cues.find_sure(whole)] == [match.span() for match in sure], text
        rest = cues._IS_SURE.sub(" ", whole)
        likely = cues._IS_LIKELY.findall(rest)
        assert cues.find_likely(rest) == likely, text
        most, most_sure = cues.count_most(text)
        assert most >= 2 * len(sure) + len(likely), text
        assert most_sure >= len(sure), text


def test_phrases_begin_with_letters_that_have_one_capital() -> None:
    for beginning in set().union(*(list_beginnings(pattern, 8) for pattern in cues._COUNTS)):
        assert beginning[0] in "©abcdefghijlmnopqrstuvwxyz"
