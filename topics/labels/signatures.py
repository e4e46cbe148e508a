"""Text in, near-duplicate signature out: MinHash (Broder 1997) over runs of five words, as hex.

Two signatures tell how much text two pieces share, and nothing about what it says. The scheme has a name that
is written beside the signatures; another number of permutations, seed or shingle length would be another
name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "NEAR_DUPLICATE",
    "SIGNATURE",
    "compare_signatures",
    "find_near_duplicates",
    "group_near_duplicates",
    "is_signature",
    "sign_text",
]

SIGNATURE = "minhash-64-5w-affine32-1"
# Reprints with an edited lead share 70% of their runs of five words; two reports on one event hardly any.
NEAR_DUPLICATE = 0.7

_PERMUTATIONS = 64
_SHINGLE_WORDS = 5
_SEED = 1
_BANDS = (16, 4)  # 16 bands of 4: a pair at 0.7 is seen with a probability of 0.99
_HEX = re.compile(rf"[0-9a-f]{{{_PERMUTATIONS * 8}}}")
_WORD = re.compile(r"\w+")


def sign_text(text: str) -> str:
    """The signature of one piece, 512 hex digits; case and marks do not count."""
    words = _WORD.findall(text.lower())
    last = max(1, len(words) - _SHINGLE_WORDS + 1)
    shingles = {" ".join(words[at : at + _SHINGLE_WORDS]) for at in range(last)}
    minhash = _empty_minhash().copy()
    minhash.update_batch([shingle.encode("utf-8", "surrogatepass") for shingle in sorted(shingles)])
    return "".join(f"{int(value):08x}" for value in minhash.hashvalues)


def is_signature(text: object) -> bool:
    """Whether this is the hex of a signature of this scheme."""
    return isinstance(text, str) and _HEX.fullmatch(text) is not None


def compare_signatures(first: str, second: str) -> float:
    """The share of runs that two pieces have in common (Jaccard), 0 to 1, give or take 0.06."""
    return float((_to_values(first) == _to_values(second)).mean())


def find_near_duplicates(signatures: Sequence[str], threshold: float = NEAR_DUPLICATE) -> list[tuple[int, int, float]]:
    """Pairs of places in ``signatures`` at least ``threshold`` alike: (first, second, likeness), in order."""
    from datasketch import MinHashLSH

    index: Any = MinHashLSH(num_perm=_PERMUTATIONS, params=_BANDS)
    pairs = []
    for place, signature in enumerate(signatures):
        minhash = _to_minhash(signature)
        for other in sorted(index.query(minhash)):
            likeness = compare_signatures(signatures[other], signature)
            if likeness >= threshold:
                pairs.append((other, place, likeness))
        index.insert(place, minhash)
    return sorted(pairs)


def group_near_duplicates(signatures: Mapping[str, str], threshold: float = NEAR_DUPLICATE) -> dict[str, int]:
    """A group number for every key: near-duplicates, also by way of a third piece, have the same.

    Cross-validation folds keep a group together; else a reprint in training gives away its twin in the test.
    """
    parent = list(range(len(signatures)))

    def find_root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for first, second, _likeness in find_near_duplicates(list(signatures.values()), threshold):
        low, high = sorted((find_root(first), find_root(second)))
        parent[high] = low
    return {key: find_root(place) for place, key in enumerate(signatures)}


@cache
def _empty_minhash() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=_PERMUTATIONS, seed=_SEED, scheme="affine32")


def _to_minhash(signature: str) -> Any:
    from datasketch import MinHash

    empty = _empty_minhash()
    return MinHash(hashvalues=_to_values(signature), permutations=empty.permutations, seed=_SEED, scheme="affine32")


def _to_values(signature: str) -> np.ndarray:
    import numpy as np

    return np.frombuffer(bytes.fromhex(signature), dtype=">u4").astype(np.uint32)  # (_PERMUTATIONS,)
