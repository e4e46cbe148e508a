"""Groups of counted terms in, the terms that set each group apart out.

Class-based TF-IDF (Grootendorst 2022, "BERTopic") with the inverse frequency of BM25 (Robertson and Spärck Jones
1976): the share of a group's pieces that hold a term, times ``log(1 + (N - f + .5) / (f + .5))``, with ``f`` of all
``N`` pieces holding it. Pieces are counted and not occurrences, so that one long piece cannot name a group, and a term
has to be clearly commoner in the group than elsewhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

__all__ = ["N_TERMS", "make_name", "name_groups"]

N_TERMS = 8
MIN_SHARE = 0.15  # of a group's pieces, at least, hold a term that names it
MIN_LIFT = 1.5  # how much commoner it is there than in all pieces
NAME_WORDS = 3
_PLAIN = re.compile(r"[a-z0-9]+")


def name_groups(groups: Sequence[Sequence[AbstractSet[str]]], rest: Sequence[AbstractSet[str]]) -> list[list[str]]:
    """The terms of each group, strongest first; a group is the sets of terms of its pieces. ``rest`` are the pieces of
    no group: what is common there names nothing.

    >>> name_groups([[{"ash", "flight"}, {"ash", "rain"}], [{"derby", "rain"}, {"derby", "flight"}]], [])
    [['ash'], ['derby']]
    """
    counts = [Counter(term for piece in group for term in piece) for group in groups]
    totals = sum(counts, Counter(term for piece in rest for term in piece))
    n_pieces = sum(map(len, groups)) + len(rest)
    named = []
    for group, own in zip(groups, counts, strict=True):
        least = max(2, MIN_SHARE * len(group))
        scores = {
            term: n / len(group) * math.log(1 + (n_pieces - totals[term] + 0.5) / (totals[term] + 0.5))
            for term, n in own.items()
            if n >= least and n / len(group) >= MIN_LIFT * totals[term] / n_pieces
        }
        named.append(_choose(scores))
    return named


def make_name(terms: Sequence[str], taken: AbstractSet[str]) -> str:
    """A slug of the first terms that no other has: ``["van dyke", "museum"]`` to ``van-dyke-museum``."""
    words: list[str] = []
    for term in terms:
        for word in term.split():
            plain = "-".join(_PLAIN.findall(word))
            if plain and plain not in words and len(words) < NAME_WORDS:
                words.append(plain)
    name = "-".join(words) or "group"
    number = 2
    unique = name
    while unique in taken:
        unique = f"{name}-{number}"
        number += 1
    return unique


def _choose(scores: dict[str, float]) -> list[str]:
    """The best; a term that shares a word with a better one says little more and is left out."""
    chosen: list[str] = []
    for term in sorted(scores, key=lambda term: (-scores[term], term)):
        words = set(term.split())
        if any(words & set(other.split()) for other in chosen):
            continue
        chosen.append(term)
        if len(chosen) == N_TERMS:
            break
    return chosen
