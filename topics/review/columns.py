"""What segments are filtered and sorted by, as arrays: one entry a segment, in the order of the run.

Seventy bytes a segment, so that a million fit into memory and any filter takes milliseconds. Topics are numbers
(:data:`TopicCodes`); what is under no topic has a negative one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from topics.records import KINDS

__all__ = ["BOILERPLATE", "NO_TOPIC", "ROW", "TopicCodes", "fold_digest", "pack_row", "stack"]

NO_TOPIC: Final = -1  # nothing fits
BOILERPLATE: Final = -2

#: One segment. ``digest`` is the start of its text's digest, ``best`` the likeliest topic whatever was decided,
#: ``score`` its probability and ``margin`` its lead over the second; ``shard``, ``offset``, ``length`` say where the
#: row is; ``group`` is shared by what the run calls near-duplicates.
ROW: Final = np.dtype(
    [
        ("dump", "<i4"), ("start", "<i8"), ("end", "<i8"), ("shard", "<i4"), ("offset", "<i8"), ("length", "<i4"),
        ("topic", "<i2"), ("best", "<i2"), ("kind", "i1"), ("score", "<f4"), ("margin", "<f4"), ("boundary", "<f4"),
        ("digest", "<u8"), ("group", "<u8"),
    ]
)  # fmt: skip

Rows = NDArray[Any]


@dataclass
class TopicCodes:
    """Slugs and their numbers, in the order in which they were met."""

    slugs: list[str] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)

    def code(self, slug: str) -> int:
        """The number of a slug, a new one where it has none yet."""
        found = self._codes.get(slug)
        if found is None:
            found = self._codes[slug] = len(self.slugs)
            self.slugs.append(slug)
        return found

    def slug(self, code: int) -> str | None:
        """The slug of a number; ``None`` for those of no topic."""
        return self.slugs[code] if code >= 0 else None


def fold_digest(digest: str) -> int:
    """A digest in 64 bits: two different ones are the same with a chance that is nobody's worry."""
    return int.from_bytes(hashlib.blake2b(digest.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def pack_row(row: Mapping[str, Any], codes: TopicCodes, dump: int, place: tuple[int, int, int]) -> tuple[Any, ...]:
    """One record as an entry of :data:`ROW`; ``place`` is shard, offset and length."""
    guesses: Sequence[Mapping[str, Any]] = row["topics"]
    first = float(guesses[0]["score"]) if guesses else 0.0
    second = float(guesses[1]["score"]) if len(guesses) > 1 else 0.0
    kind = KINDS.index(row["kind"])
    topic = BOILERPLATE if row["kind"] == "boilerplate" else codes.code(row["topic"]) if row["topic"] else NO_TOPIC
    return (
        dump, row["start"], row["end"], *place, topic, codes.code(guesses[0]["topic"]) if guesses else NO_TOPIC,
        kind, first, max(0.0, first - second), row["boundary"], fold_digest(row["digest"]),
        fold_digest(row.get("duplicate_of") or row["id"]),
    )  # fmt: skip


def stack(parts: Sequence[Rows]) -> Rows:
    """The entries of all parts, one after another."""
    return np.concatenate(parts) if parts else np.zeros(0, ROW)
