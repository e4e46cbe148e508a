"""The second pass over a run: which rows repeat earlier ones, by their signatures, and shards that say so.

Rows are ordered by the name of their dump (records of a container by their number) and the place they start at, so
that the order of inputs and of work does not matter. A shard without repeats stays as it is; another is written again
under a name that tells which of its rows repeat what, so the pass can be broken off and taken up at any place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from topics.errors import OutputError
from topics.runs.layout import shard_name, signatures_name
from topics.runs.signatures import find_earlier
from topics.runs.stored import list_shards, read_receipt, read_shard
from topics.runs.worker import SIGNED
from topics.storage import Folder, open_folder
from topics.writers.formats import write_sink

__all__ = ["Marking", "find_duplicates", "mark_duplicates"]


@dataclass(frozen=True, slots=True)
class Marking:
    """The rows of one unit that repeat another one: their places in the shard and the ids of what they repeat.

    ``shard`` is where its rows stand now, "" where it has none.
    """

    key: str
    shard: str
    duplicates: tuple[tuple[int, str], ...]


def find_duplicates(folder: Folder, keys: Sequence[str], format: str) -> list[Marking]:
    """What there is to mark in each unit, in their order. Memory: 200 bytes a row that has words."""
    shards = list_shards(folder, format)
    tables: list[Any] = []
    names: list[str] = []
    unit_of, dump_of = [], []
    for place, key in enumerate(keys):
        receipt = read_receipt(folder, key)
        if receipt is None:
            raise OutputError(f"{folder.shown}: the receipt of {key} is gone. Classify again.")
        table = _read_table(folder, key)
        tables.append(table)
        unit_of.append(np.full(len(table), place, np.int32))
        dump_of.append(table["dump"].astype(np.int64) + len(names))
        names.extend(receipt.dumps)
    if not tables:
        return []
    rank_of_dump = np.empty(len(names), np.int64)
    rank_of_dump[sorted(range(len(names)), key=lambda at: (_order_of(names[at]), at))] = np.arange(len(names))
    whole = np.concatenate(tables)
    units = np.concatenate(unit_of)
    order = np.lexsort((whole["start"], rank_of_dump[np.concatenate(dump_of)]))
    earlier = find_earlier(np.ascontiguousarray(whole["minima"][order]))
    marks: dict[int, list[tuple[int, str]]] = {}
    for rank in np.flatnonzero(earlier >= 0).tolist():
        row, original = whole[order[rank]], whole[order[earlier[rank]]]
        marks.setdefault(int(units[order[rank]]), []).append((int(row["row"]), original["id"].decode()))
    return [Marking(key, shards.get(key, ""), tuple(sorted(marks.get(place, ())))) for place, key in enumerate(keys)]


def mark_duplicates(marking: Marking, where: str, format: str) -> str:
    """Write the shard that says what a marking says, unless it is there; returns its name below ``where``."""
    folder = open_folder(where)
    name = shard_name(marking.key, format, marking.duplicates)
    if folder.exists(name):
        return name
    ids: Mapping[int, str] = dict(marking.duplicates)
    rows = ({**row, "duplicate_of": ids.get(place)} for place, row in enumerate(read_shard(folder, marking.shard)))
    staged = folder.stage(name)
    try:
        write_sink(rows, staged.sink, format)
        staged.commit()
    except BaseException:
        staged.discard()
        raise
    return name


def _read_table(folder: Folder, key: str) -> np.ndarray[Any, Any]:
    try:
        table: np.ndarray[Any, Any] = np.load(BytesIO(folder.read(signatures_name(key))), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise OutputError(
            f"{folder.shown}: the signatures of {key} cannot be read ({error}). Classify again."
        ) from None
    if table.dtype != SIGNED:
        raise OutputError(f"{folder.shown}: the signatures of {key} are of another version. Classify again.")
    return table


def _order_of(name: str) -> tuple[str, int, str]:
    """By the container, then by the record's number: ``a#9`` stands before ``a#10``."""
    container, mark, record = name.rpartition("#")
    if mark and record.isascii() and record.isdecimal():
        return container, int(record), ""
    return name, -1, ""
