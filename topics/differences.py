"""What two models say differently of the same dumps: which segments changed in topic, and where the cuts moved.

Both models read each dump; a stretch between two places where both cut is one comparison. Where both have one segment
in it, their topics are compared; where they cut it differently, all its segments are shown on both sides. Stretches on
which the models agree are counted and not kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topics.errors import DumpError, LabelError
from topics.pipeline import classify_dump
from topics.records import Dump

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.boundaries import Decided

__all__ = ["Difference", "DifferenceCounts", "compare_dump", "compare_models", "read_dumps_of_run"]

Row = Mapping[str, Any]
_SHOWN = ("id", "start", "end", "start_line", "end_line", "kind", "title", "topic", "score", "also", "unknown")

_OPENING = 90  # characters of how a segment begins


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of one dump of which two models say something else; ``change`` is ``topic`` or ``boundary``.

    ``before`` and ``after`` are the rows of both models, in order; together each covers the stretch.
    """

    dump: str
    change: str
    before: tuple[Row, ...]
    after: tuple[Row, ...]

    @property
    def topics(self) -> tuple[str, str]:
        """What both say of most of the text, as names for people."""
        return _main_topic(self.before), _main_topic(self.after)

    def to_row(self) -> dict[str, Any]:
        """Plain values, keys in a fixed order; of the text how each segment begins."""
        first, last = self.after[0], self.after[-1]
        return {
            "dump": self.dump,
            "change": self.change,
            "start": first["start"],
            "end": last["end"],
            "start_line": first["start_line"],
            "end_line": last["end_line"],
            "before": [_show(row) for row in self.before],
            "after": [_show(row) for row in self.after],
        }


@dataclass(slots=True)
class DifferenceCounts:
    """What was compared so far: dumps, segments before and after, and the changes by kind and by pair of topics."""

    n_dumps: int = 0
    n_before: int = 0
    n_after: int = 0
    n_same: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)

    def summary(self) -> str:
        """One line for people."""
        topics, boundaries = self.changes["topic"], self.changes["boundary"]
        return (
            f"{self.n_dumps:,} dump{'s' * (self.n_dumps != 1)}, {self.n_before:,} segments before, {self.n_after:,} "
            f"after: {self.n_same:,} alike, {topics:,} with another topic, {boundaries:,} "
            f"stretch{'es' * (boundaries != 1)} cut differently"
        )


def compare_models(
    dumps: Iterable[Dump],
    first: Model,
    second: Model,
    counts: DifferenceCounts,
    *,
    decided: Decided | None = None,
    on_problem: Callable[[LabelError], None] | None = None,
) -> Iterator[Difference]:
    """The differences in dump after dump; ``counts`` is filled as they come.

    Boundary decisions bind for both as they do in :func:`topics.pipeline.segment`.
    """
    for dump in dumps:
        before = classify_dump(dump, first, decided=decided, on_problem=on_problem)
        after = classify_dump(dump, second, decided=decided)
        counts.n_dumps += 1
        counts.n_before += len(before)
        counts.n_after += len(after)
        n_differing = 0
        for difference in compare_dump(dump.name, before, after):
            n_differing += len(difference.after)
            counts.changes[difference.change] += 1
            if difference.topics[0] != difference.topics[1]:
                counts.moves[difference.topics] += 1
            yield difference
        counts.n_same += len(after) - n_differing


def compare_dump(name: str, before: Sequence[Row], after: Sequence[Row]) -> Iterator[Difference]:
    """The differences between two models' rows of one dump, in its order."""
    joints = sorted({row["end"] for row in before} & {row["end"] for row in after})
    i = j = 0
    for end in joints:
        first, second = [], []
        while i < len(before) and before[i]["end"] <= end:
            first.append(before[i])
            i += 1
        while j < len(after) and after[j]["end"] <= end:
            second.append(after[j])
            j += 1
        if len(first) != 1 or len(second) != 1:
            yield Difference(name, "boundary", tuple(first), tuple(second))
        elif _outcome(first[0]) != _outcome(second[0]):
            yield Difference(name, "topic", tuple(first), tuple(second))


def read_dumps_of_run(rows: Iterable[Row]) -> Iterator[Dump]:
    """The dumps that a run was made of, put together again from its rows."""
    for name, group in groupby(rows, key=lambda row: str(row["dump"])):
        parts: list[Row] = []
        for row in group:
            if row["index"] == 0 and parts:  # another dump of the same name
                yield _put_together(name, parts)
                parts = []
            parts.append(row)
        yield _put_together(name, parts)


def is_record_file(path: Path) -> bool:
    """Whether a file could be one of segment records, by its first line."""
    import json

    try:
        with path.open("rb") as file:
            row = json.loads(file.readline(10_000_000))
    except (OSError, ValueError):
        return False
    return isinstance(row, dict) and {"digest", "dump", "index", "start", "end", "text"} <= row.keys()


def _put_together(name: str, rows: Sequence[Row]) -> Dump:
    at = 0
    for row in rows:
        if row["start"] != at or row["end"] - at != len(row["text"]):
            raise DumpError(f"{name}: segment {row['index']} does not follow the one before. Give the dumps instead.")
        at = row["end"]
    return Dump(name, "".join(row["text"] for row in rows))


def _show(row: Row) -> dict[str, Any]:
    shown = {key: row[key] for key in _SHOWN}
    words = row["text"][: 4 * _OPENING].split()
    return {**shown, "opening": " ".join(words)[:_OPENING].rstrip()}


def _outcome(row: Row) -> tuple[Any, ...]:
    return row["kind"] == "boilerplate", row["topic"], tuple(row["also"])


def _main_topic(rows: Sequence[Row]) -> str:
    shares: Counter[str] = Counter()
    for row in rows:
        name = "boilerplate" if row["kind"] == "boilerplate" else row["topic"] or "unknown"
        shares[name] += row["end"] - row["start"]
    return max(shares, key=lambda name: (shares[name], name))
