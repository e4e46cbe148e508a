"""Which labelled pieces are judged together: folds that keep near-duplicates whole, and topics left out in turn."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from topics.classification.analyzer import Terms

__all__ = ["FOLDS", "Example", "assign_folds", "group_topics"]

FOLDS: Final = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled piece. ``topic`` is ``None`` where a person said that none fits; ``group`` is shared by
    near-duplicates."""

    terms: Terms
    topic: str | None
    also: tuple[str, ...] = ()
    group: str = ""


def assign_folds(examples: Sequence[Example]) -> NDArray[np.int64]:
    """A fold an example. Groups stay whole and each topic is spread: groups are dealt in turn, in an order that hashes
    draw."""
    groups: dict[str, list[int]] = {}
    for i, example in enumerate(examples):
        groups.setdefault(example.group or f"#{i}", []).append(i)

    def key(name: str) -> tuple[str, str]:
        return (examples[groups[name][0]].topic or "", hashlib.sha256(name.encode()).hexdigest())

    fold = np.zeros(len(examples), np.int64)
    for turn, name in enumerate(sorted(groups, key=key)):
        fold[groups[name]] = turn % FOLDS
    return fold


def group_topics(n_pieces: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Topics that are left out together, to see what a model makes of what it never saw: up to FOLDS groups of about
    as many pieces. Empty where fewer than two topics would be left."""
    present = [int(k) for k in np.argsort(-n_pieces, kind="stable") if n_pieces[k]]
    n_groups = min(FOLDS, len(present))
    if len(present) < 3:
        return []
    return [np.array(sorted(present[g::n_groups])) for g in range(n_groups)]
