"""Inputs taken together in units of work, of a size that follows from the inputs alone.

A unit becomes one shard. It must not depend on how many work on the run, or their outputs would differ; and it is
small enough that a few dozen of them keep every worker busy to the end. What travels to workers and back is here too,
where it needs none of what they need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Done", "InputChanged", "Marking", "Unit", "choose_unit_bytes", "group_parts"]

LEAST_BYTES: Final = 1 << 18
MOST_BYTES: Final = 1 << 26  # a shard of 64 MB is read in a second, and lost work is a matter of seconds
WANTED_UNITS: Final = 128
MOST_PARTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Unit:
    """Inputs, or parts of them, that one worker takes at a time, in order.

    ``earlier`` are units done before that hold inputs of the same names, by key and name of the shard ("" for one
    without rows): what did not change is taken from there.
    """

    parts: tuple[Any, ...]
    earlier: tuple[tuple[str, str], ...] = ()


class InputChanged(Exception):
    """An input is no longer what it was, which showed when some of its rows were made already."""

    def __init__(self, part: Any, problem: Mapping[str, str]) -> None:
        super().__init__(part, problem)
        self.part = part
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Done:
    """What comes back from a worker. ``n_kept`` inputs were done before and are as they were."""

    key: str
    n_inputs: int
    n_kept: int
    n_dumps: int
    n_rows: int
    problems: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Marking:
    """The rows of one unit that repeat another one: their places in the shard and the ids of what they repeat.

    ``shard`` is where its rows stand now, "" where it has none.
    """

    key: str
    shard: str
    duplicates: tuple[tuple[int, str], ...]


def choose_unit_bytes(total_bytes: int) -> int:
    """Bytes a unit should have: a power of two, so that a few more inputs do not move all units.

    >>> choose_unit_bytes(200_000_000), choose_unit_bytes(10**12)
    (1048576, 67108864)
    """
    wanted = max(1, total_bytes // WANTED_UNITS)
    return min(MOST_BYTES, max(LEAST_BYTES, 1 << (wanted.bit_length() - 1)))


def group_parts(parts: Iterable[tuple[Any, int]], unit_bytes: int) -> list[Sequence[Any]]:
    """Parts, each with its bytes, in groups that are full at ``unit_bytes``; order is kept."""
    groups: list[Sequence[Any]] = []
    group: list[Any] = []
    n_bytes = 0
    for part, size in parts:
        group.append(part)
        n_bytes += size
        if n_bytes >= unit_bytes or len(group) == MOST_PARTS:
            groups.append(group)
            group, n_bytes = [], 0
    if group:
        groups.append(group)
    return groups
