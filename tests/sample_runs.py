"""Runs for tests, without a model: the rows of a dump are given, and are its only content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from topics.runs.units import Unit
from topics.runs.writing import Totals, write_run
from topics.writers.jsonl import encode_row

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Given:
    """A part is the name of an input and its dumps: a name and rows each, or a problem."""

    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"options": dict(self.options)}

    def name(self, part: Any) -> str:
        return str(part[0])

    def digest(self, part: Any) -> str | None:
        rows = (row for _, rows in part[1] for row in (rows if isinstance(rows, list) else [{"problem": rows}]))
        return hashlib.sha256(b"".join(map(encode_row, rows))).hexdigest()

    def dumps(self, part: Any, on_problem: Callable[[Mapping[str, str]], None]) -> Iterator[tuple[str, Iterable[Row]]]:
        for name, rows in part[1]:
            if isinstance(rows, list):
                yield name, rows
            else:
                on_problem({"where": name, "reason": rows, "message": f"{name}: {rows}."})


def part_of(rows: Sequence[Row], name: str | None = None) -> Any:
    """An input of one dump."""
    name = name or rows[0]["dump"]
    return name, [(name, list(rows))]


def write_dumps(
    folder: Path | str, *dumps: Sequence[Row], a_unit: int = 1, work: Given | None = None, **settings: Any
) -> Totals:
    """A run of dumps, ``a_unit`` of them in each shard."""
    parts = [part_of(rows) for rows in dumps]
    units = [Unit(tuple(parts[k : k + a_unit])) for k in range(0, len(parts), a_unit)]
    return write_run(folder, units, work or Given(), model="tiny@1", options={"clean": False}, **settings)
