"""Which pieces are learned from and which are tested, so that no figure is measured on what was learned.

What is known of each piece beside its text (:class:`Traits`) goes in, folds come out. Training and evaluation both deal
their folds here. Nothing is drawn at random: the same pieces give the same folds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal, get_args

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BASES", "Basis", "Fold", "Traits", "deal_folds", "make_folds"]

Basis = Literal["story", "duplicates", "outlet", "time", "topic"]
BASES: Final[tuple[Basis, ...]] = get_args(Basis)


@dataclass(frozen=True, slots=True)
class Traits:
    """What folds need to know of a piece. ``duplicate`` is shared by near-duplicates, ``story`` by pieces on one event
    (:func:`topics.evaluation.stories.group_stories`), ``outlet`` by pieces of one publisher; ``published`` is an ISO
    date."""

    topic: str | None
    duplicate: Hashable
    story: Hashable
    outlet: str
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """Places of the pieces to learn from and to test, both in order. ``name`` says what is tested.

    ``unseen`` are topics that nothing is learned of: whatever is tested of them should be left unknown.
    """

    name: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    unseen: tuple[str, ...] = ()


def deal_folds(topics: Sequence[str | None], groups: Sequence[Hashable], n_folds: int = 5) -> NDArray[np.int64]:
    """The fold of each piece (n_pieces,): groups stay whole, and each topic is spread as evenly as they allow.

    The largest group is dealt first, each into the fold that has least of its topics, and of those into the smallest.

    >>> deal_folds(["sport", "sport", "iran", "iran"], ["a", "a", "b", "c"], 2).tolist()
    [0, 0, 1, 0]
    """
    import numpy as np

    if n_folds < 1 or len(topics) != len(groups):
        raise ValueError(f"{len(topics)} topics and {len(groups)} groups for {n_folds} folds")
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    sizes = Counter(topics)
    held: list[Counter[str | None]] = [Counter() for _ in range(n_folds)]
    fold = np.zeros(len(topics), np.int64)
    for places in sorted(members.values(), key=lambda places: (-len(places), places[0])):
        own = Counter(topics[place] for place in places)

        def cost(k: int, own: Counter[str | None] = own) -> tuple[float, int, int]:
            return sum(n * held[k][topic] / sizes[topic] for topic, n in own.items()), held[k].total(), k

        chosen = min(range(n_folds), key=cost)
        held[chosen].update(own)
        fold[places] = chosen
    return fold


def make_folds(
    traits: Sequence[Traits], by: Basis = "story", n_folds: int = 5, tested: Collection[int] | None = None
) -> tuple[Fold, ...]:
    """At most ``n_folds`` folds; with ``tested`` (places) only these are tested, and the others always learned from.

    ``story`` and ``duplicates`` keep such groups whole; ``outlet`` tests outlets that are not learned from, several
    at a time where there are more than folds; ``time`` tests stretches of days and learns from earlier days alone, so
    that the first days are never tested, and pieces without a date take no part; ``topic`` leaves topics out, each
    once, and tests all their pieces beside a share of the others, in folds by story. Near-duplicates of what is tested
    are never learned from, nor, by ``story`` and ``topic``, anything of its stories. Empty folds are left out.
    """
    places = sorted(range(len(traits)) if tested is None else set(tested))
    if by not in BASES:
        raise ValueError(f"folds by {by!r}, none of {', '.join(BASES)}")
    if by == "time":
        return _by_time(traits, places, n_folds)
    if by == "topic":
        return _by_topic(traits, places, n_folds)
    groups: dict[str, list[Hashable]] = {
        "story": [piece.story for piece in traits],
        "duplicates": [piece.duplicate for piece in traits],
        "outlet": [piece.outlet for piece in traits],
    }
    if by == "outlet":
        dealt = deal_folds(["" for _ in places], [groups[by][place] for place in places], n_folds)
    else:
        dealt = deal_folds([traits[place].topic for place in places], [groups[by][place] for place in places], n_folds)
    folds = []
    for k in range(n_folds):
        test = [place for place, fold in zip(places, dealt.tolist(), strict=True) if fold == k]
        if test:
            barred = {groups[by][place] for place in test}
            train = [place for place in range(len(traits)) if groups[by][place] not in barred]
            name = ", ".join(sorted({traits[place].outlet for place in test})) if by == "outlet" else str(k + 1)
            folds.append(_make_fold(traits, name, train, test))
    return tuple(folds)


def _by_time(traits: Sequence[Traits], places: Sequence[int], n_folds: int) -> tuple[Fold, ...]:
    """Days are dealt in order into one stretch more than there are folds, of about as many pieces each."""
    dated = sorted((traits[place].published or "", place) for place in places if traits[place].published)
    stretches: list[list[tuple[str, int]]] = []
    n_left, size = len(dated), 0.0  # pieces that are in no stretch yet, and how many this one should hold
    for _, days in groupby(dated, key=lambda item: item[0]):
        if not stretches or len(stretches[-1]) >= size:
            size = n_left / (n_folds + 1 - len(stretches))
            stretches.append([])
        n_before = len(stretches[-1])
        stretches[-1] += days
        n_left -= len(stretches[-1]) - n_before
    folds = []
    for stretch in stretches[1:]:
        first, last = stretch[0][0], stretch[-1][0]
        train = [place for place, piece in enumerate(traits) if piece.published and piece.published < first]
        name = first if first == last else f"{first} to {last}"
        folds.append(_make_fold(traits, name, train, sorted(place for _, place in stretch)))
    return tuple(folds)


def _by_topic(traits: Sequence[Traits], places: Sequence[int], n_folds: int) -> tuple[Fold, ...]:
    """Topics are dealt over the folds, the largest first, each to the fold that has the fewest pieces so far.

    Two topics at least are left to learn, for which three topics need three folds.
    """
    sizes = Counter(traits[place].topic for place in places)
    topics = sorted((topic for topic in sizes if topic is not None), key=lambda topic: (-sizes[topic], topic))
    most = len(topics) - 2
    if most < 1:
        return ()
    n_folds = min(max(n_folds, -(-len(topics) // most)), len(topics))
    unseen: list[list[str]] = [[] for _ in range(n_folds)]
    for topic in topics:
        open_folds = [held for held in unseen if len(held) < most]
        min(open_folds, key=lambda held: sum(sizes[one] for one in held)).append(topic)
    dealt = deal_folds([traits[place].topic for place in places], [traits[place].story for place in places], n_folds)
    folds = []
    for k, left_out in enumerate(unseen):
        test = [
            place
            for place, fold in zip(places, dealt.tolist(), strict=True)
            if fold == k or traits[place].topic in left_out
        ]
        barred = {traits[place].story for place in test}
        train = [
            place for place, piece in enumerate(traits) if piece.story not in barred and piece.topic not in left_out
        ]
        fold = _make_fold(traits, ", ".join(sorted(left_out)), train, test)
        folds.append(Fold(fold.name, fold.train, fold.test, tuple(sorted(left_out))))
    return tuple(folds)


def _make_fold(traits: Sequence[Traits], name: str, train: Sequence[int], test: Sequence[int]) -> Fold:
    tested = {traits[place].duplicate for place in test}
    return Fold(name, tuple(place for place in train if traits[place].duplicate not in tested), tuple(test))
