"""The second pass over a run: which rows repeat earlier ones, by their signatures, and shards that say so.

Rows are ordered by the name of their dump (records of a container by their number) and the place they start at, so
that the order of inputs and of work does not matter. A shard without repeats stays as it is; another is written again
under a name that tells which of its rows repeat what, so the pass can be broken off and taken up at any place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from topics.errors import OutputError
from topics.runs.layout import shard_name, signatures_name
from topics.runs.signatures import find_earlier
from topics.runs.stored import list_shards, read_receipt, read_shard
from topics.runs.units import Marking
from topics.runs.worker import SIGNED
from topics.storage import Folder, open_folder
from topics.stored_rows import parse_stored_row
from topics.writers.formats import write_sink
from topics.writers.jsonl import encode_row

_AT_A_TIME = 4096
# within a text each quotation mark follows a backslash, so this is found nowhere else
_DUPLICATE_OF = re.compile(rb'("duplicate_of": )(?:null|"[0-9a-f]*")')

__all__ = ["find_duplicates", "mark_duplicates"]


def find_duplicates(folder: Folder, keys: Sequence[str], format: str) -> list[Marking]:
    """What there is to mark in each unit, in their order. Memory: under 200 bytes a row that has words."""
    shards = list_shards(folder, format)
    names: list[str] = []
    minima, ids, rows, starts, dumps, units = (list[Any]() for _ in range(6))
    for place, key in enumerate(keys):
        receipt = read_receipt(folder, key)
        if receipt is None:
            raise OutputError(f"{folder.shown}: the receipt of {key} is gone. Classify again.")
        for table in _read_tables(folder, key):
            minima.append(table["minima"].copy())
            ids.append(table["id"].copy())
            rows.append(table["row"].copy())
            starts.append(table["start"].copy())
            dumps.append(table["dump"].astype(np.int64) + len(names))
            units.append(np.full(len(table), place, np.int32))
        names.extend(receipt.dumps)
    marks: dict[int, list[tuple[int, str]]] = {}
    if minima:
        rank_of_dump = np.empty(len(names), np.int64)
        rank_of_dump[sorted(range(len(names)), key=lambda at: (_order_of(names[at]), at))] = np.arange(len(names))
        id_of, row_of, unit_of = np.concatenate(ids), np.concatenate(rows), np.concatenate(units)
        order = np.lexsort((np.concatenate(starts), rank_of_dump[np.concatenate(dumps)]))
        signatures = _gather(minima, order)
        earlier = find_earlier(signatures)
        for rank in np.flatnonzero(earlier >= 0).tolist():
            row, original = order[rank], order[earlier[rank]]
            marks.setdefault(int(unit_of[row]), []).append((int(row_of[row]), id_of[original].decode()))
    return [Marking(key, shards.get(key, ""), tuple(sorted(marks.get(place, ())))) for place, key in enumerate(keys)]


def _gather(parts: list[Any], order: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The rows of all parts in that order; the parts are given up on the way, so that no row is held twice."""
    out = np.empty((len(order), parts[0].shape[1]), parts[0].dtype)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    at = 0
    for k, part in enumerate(parts):
        out[rank[at : at + len(part)]] = part
        at += len(part)
        parts[k] = None
    return out


def mark_duplicates(marking: Marking, where: str, format: str) -> str:
    """Write the shard that says what a marking says, unless it is there; returns its name below ``where``."""
    folder = open_folder(where)
    name = shard_name(marking.key, format, marking.duplicates)
    if folder.exists(name):
        return name
    ids: Mapping[int, str] = dict(marking.duplicates)
    staged = folder.stage(name)
    try:
        if format == "jsonl":
            with folder.open(marking.shard) as file:
                for place, line in enumerate(filter(bytes.strip, file)):
                    staged.sink.write(_mark_line(line, ids.get(place), f"{folder.shown}/{marking.shard}:{place + 1}"))
        else:
            rows = enumerate(read_shard(folder, marking.shard))
            write_sink(({**row, "duplicate_of": ids.get(place)} for place, row in rows), staged.sink, format)
        staged.commit()
    except BaseException:
        staged.discard()
        raise
    return name


def _mark_line(line: bytes, original: str | None, where: str) -> bytes:
    """The line of a row with what it repeats, as it is else: a tenth of the time that reading and writing it takes."""
    said = json.dumps(original).encode()
    marked, n = _DUPLICATE_OF.subn(lambda match: match[1] + said, line, count=1)
    return marked if n else encode_row({**parse_stored_row(line, where), "duplicate_of": original})


def _read_tables(folder: Folder, key: str) -> Iterator[np.ndarray[Any, Any]]:
    """The signatures of a unit, some thousand at a time."""
    try:
        with folder.open(signatures_name(key)) as file:
            while data := file.read(SIGNED.itemsize * _AT_A_TIME):
                yield np.frombuffer(data, SIGNED)
    except (OSError, ValueError) as error:
        said = f"{folder.shown}: the signatures of {key} cannot be read ({error}). Classify again."
        raise OutputError(said) from None


def _order_of(name: str) -> tuple[str, int, str]:
    """By the container, then by the record's number: ``a#9`` stands before ``a#10``."""
    container, mark, record = name.rpartition("#")
    if mark and record.isascii() and record.isdecimal():
        return container, int(record), ""
    return name, -1, ""
