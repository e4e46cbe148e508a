"""What says that a unit of work is done: the inputs that went in, where their rows stand, what could not be read.

A receipt is written after the shard and the signatures it speaks of. It holds nothing that depends on when or by whom
the work was done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from topics.runs.layout import encode_json
from topics.writers.rows import Row, find_topic

__all__ = ["InputDone", "Receipt", "Sums"]


@dataclass(frozen=True, slots=True)
class InputDone:
    """One input of a unit. ``key`` names its bytes, its name and all that decides its rows; ``None`` where it could not
    be opened, or changed while it was read. Its rows are ``first_row`` to ``first_row + n_rows`` of the shard."""

    input: str
    key: str | None
    digest: str | None
    dumps: int
    first_row: int
    n_rows: int
    problems: tuple[Mapping[str, str], ...]


class Sums:
    """Segments and characters, in all and by topic."""

    def __init__(self) -> None:
        self.n_segments = 0
        self.n_characters = 0
        self.segments: Counter[str] = Counter()
        self.characters: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        n = len(row["text"])
        self.n_segments += 1
        self.n_characters += n
        topic = find_topic(row)
        if topic is not None:
            self.segments[topic] += 1
            self.characters[topic] += n

    def merge(self, other: Sums) -> None:
        self.n_segments += other.n_segments
        self.n_characters += other.n_characters
        self.segments.update(other.segments)
        self.characters.update(other.characters)

    def to_json(self) -> dict[str, Any]:
        topics = {
            topic: {"segments": self.segments[topic], "characters": self.characters[topic]}
            for topic in sorted(self.segments)
        }
        return {"segments": self.n_segments, "characters": self.n_characters, "topics": topics}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Sums:
        sums = cls()
        sums.n_segments = int(stored["segments"])
        sums.n_characters = int(stored["characters"])
        for topic, counted in stored["topics"].items():
            sums.segments[topic] = int(counted["segments"])
            sums.characters[topic] = int(counted["characters"])
        return sums


@dataclass(frozen=True, slots=True)
class Receipt:
    """One unit that is done. ``dumps`` names the dumps that its signatures speak of, by their place in the list."""

    key: str
    format: str
    n_rows: int
    inputs: tuple[InputDone, ...]
    dumps: tuple[str, ...]
    sums: Sums = field(compare=False)

    @property
    def n_dumps(self) -> int:
        return sum(each.dumps for each in self.inputs)

    def encode(self) -> bytes:
        """The bytes of the receipt's file."""
        return encode_json(
            {
                "key": self.key,
                "format": self.format,
                "rows": self.n_rows,
                "totals": self.sums.to_json(),
                "inputs": [asdict(each) for each in self.inputs],
                "dumps": list(self.dumps),
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        """The inverse of :meth:`encode`; anything else is a ``ValueError``, ``KeyError`` or ``TypeError``."""
        stored = json.loads(data)
        inputs = tuple(InputDone(**{**each, "problems": tuple(each["problems"])}) for each in stored["inputs"])
        return cls(
            str(stored["key"]),
            str(stored["format"]),
            int(stored["rows"]),
            inputs,
            tuple(stored["dumps"]),
            Sums.from_json(stored["totals"]),
        )
