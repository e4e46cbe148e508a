"""Filling a run folder: units are handed out, the near-duplicates of all are found, the manifest is moved in last.

Whatever goes wrong, the run that stood there stays as it was; units that are done stay too, so that the same command
takes up where it was broken off.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Any

from topics.errors import OutputError
from topics.runs.layout import (
    FORMAT,
    FORMAT_VERSION,
    LOCK,
    MANIFEST,
    PROBLEMS,
    RECEIPTS,
    SHARDS,
    SIGNATURES,
    encode_json,
    key_of,
    key_of_shard,
)
from topics.runs.reading import is_run_folder
from topics.runs.receipts import Receipt, Sums
from topics.runs.stored import list_shards, read_receipt
from topics.runs.units import Done, Marking, Unit
from topics.storage import LocalFolder, RemoteFolder, open_folder
from topics.writers.atomic import TEMPORARY
from topics.writers.jsonl import encode_row
from topics.writers.sinks import writing

if TYPE_CHECKING:
    from topics.runs.worker import Work

__all__ = ["Totals", "write_run"]

Problem = Mapping[str, str]
Place = LocalFolder | RemoteFolder
#: Calls a function on every item, here or elsewhere; results come in the order of the items.
Map = Callable[[Callable[[Any], Any], Sequence[Any]], Iterator[Any]]


@dataclass
class Totals:
    """What a run came to. ``n_kept`` of its inputs were done before; ``problems`` are in the order of the inputs."""

    n_inputs: int = 0
    n_kept: int = 0
    n_dumps: int = 0
    n_segments: int = 0
    n_duplicates: int = 0
    problems: list[Problem] = field(default_factory=list)


def write_run(
    where: str | PathLike[str],
    units: Sequence[Unit],
    work: Work,
    *,
    model: str,
    options: Mapping[str, Any],
    format: str = "jsonl",
    found: Iterable[Problem] = (),
    run_all: Map = map,
    advance: Callable[[Done], None] = lambda done: None,
) -> Totals:
    """Fill the folder ``where`` with what ``work`` makes of the units, and return what it came to.

    ``found`` are problems that were met while inputs were looked for; ``run_all`` hands the units to workers;
    ``advance`` hears of each unit as it is done, in order. A run that stands there is replaced when all is done; a
    folder that holds anything else is refused. ``options`` are kept in the manifest.
    """
    json.dumps(dict(options), allow_nan=False)  # what cannot be kept fails now and not after hours
    folder = open_folder(where)
    _check_writable(folder)
    with folder.locked(LOCK) as is_new:
        try:
            totals = Totals(problems=list(found))
            keys = []
            call = partial(_do_unit, work=work, where=str(where), format=format)
            for done in run_all(call, _with_earlier(folder, units, work, format)):
                keys.append(done.key)
                totals.n_inputs += done.n_inputs
                totals.n_kept += done.n_kept
                totals.n_dumps += done.n_dumps
                totals.n_segments += done.n_rows
                totals.problems.extend(done.problems)
                advance(done)
            (markings,) = run_all(partial(_find_duplicates, where=str(where), format=format), [keys])
            totals.n_duplicates = sum(len(marking.duplicates) for marking in markings)
            shards = _mark(folder, markings, str(where), format, run_all)
            _finish(folder, shards, totals, model, options)
        except BaseException:
            with suppress(OSError):
                _clear_up(folder)
            if not folder.names(RECEIPTS) and not folder.exists(MANIFEST):
                folder.vanish(LOCK, is_new)
            raise
        with suppress(OSError):  # what is left over does no harm
            _sweep(folder, {shard["file"] for shard in shards}, set(keys))
        return totals


# what a worker does, imported by whoever does it: kernels take a third of a second, and this process needs none
def _do_unit(unit: Unit, work: Work, where: str, format: str) -> Done:
    from topics.runs.worker import do_unit

    return do_unit(unit, work, where, format)


def _find_duplicates(keys: Sequence[str], where: str, format: str) -> list[Marking]:
    from topics.runs.duplicates import find_duplicates

    return find_duplicates(open_folder(where), keys, format)


def _mark_unit(marking: Marking, where: str, format: str) -> str:
    from topics.runs.duplicates import mark_duplicates

    return mark_duplicates(marking, where, format)


def _check_writable(folder: Place) -> None:
    with writing(folder.shown):
        if folder.is_foreign():
            raise OutputError(f"{folder.shown} exists and is not a folder. Choose another --output.")
        names = folder.names()
    unfinished = LOCK in names and MANIFEST not in names  # a run that was killed
    if names and not unfinished and not is_run_folder(folder):
        raise OutputError(f"{folder.shown} exists and is not a run folder. Choose another --output.")


def _with_earlier(folder: Place, units: Sequence[Unit], work: Work, format: str) -> list[Unit]:
    """The units, each with the units done before that hold inputs of the same names."""
    shards = list_shards(folder, format)
    found: dict[str, list[tuple[str, str]]] = {}
    for name in folder.names(RECEIPTS):
        key = key_of(name)
        receipt = read_receipt(folder, key) if key else None
        if key and receipt and receipt.format == format and (not receipt.n_rows or key in shards):
            for done in receipt.inputs:
                found.setdefault(done.input, []).append((key, shards.get(key, "")))
    if not found:
        return list(units)
    return [
        replace(unit, earlier=tuple(sorted({each for part in unit.parts for each in found.get(work.name(part), ())})))
        for unit in units
    ]


def _mark(folder: Place, markings: Sequence[Marking], where: str, format: str, run_all: Map) -> list[dict[str, Any]]:
    """The shards of the manifest, in order, with duplicates marked in them."""
    receipts = [_need_receipt(folder, marking.key) for marking in markings]
    wanted = [marking for marking, receipt in zip(markings, receipts, strict=True) if receipt.n_rows]
    call = partial(_mark_unit, where=where, format=format)
    names = dict(zip((m.key for m in wanted), run_all(call, wanted) if wanted else (), strict=True))
    return [_describe(receipt, names.get(receipt.key)) for receipt in receipts]


def _need_receipt(folder: Place, key: str) -> Receipt:
    receipt = read_receipt(folder, key)
    if receipt is None:
        raise OutputError(f"{folder.shown}: the receipt of {key} is gone. Classify again.")
    return receipt


def _describe(receipt: Receipt, name: str | None) -> dict[str, Any]:
    return {
        "file": name.rpartition("/")[2] if name else None,
        "key": receipt.key,
        "segments": receipt.n_rows,
        "totals": receipt.sums.to_json(),
        "inputs": [
            {"input": each.input, "digest": each.digest, "dumps": each.dumps, "segments": each.n_rows}
            for each in receipt.inputs
        ],
    }


def _finish(
    folder: Place,
    shards: Sequence[dict[str, Any]],
    totals: Totals,
    model: str,
    options: Mapping[str, Any],
) -> None:
    sums = Sums()
    for shard in shards:
        sums.merge(Sums.from_json(shard.pop("totals")))
    # decisions last, as they are said where dumps are cut
    problems = sorted(totals.problems, key=lambda problem: problem["reason"] == "decision")
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": model,
        "options": dict(options),
        "totals": {"dumps": totals.n_dumps, "duplicates": totals.n_duplicates, **sums.to_json()},
        "shards": list(shards),
        "problems": problems,
    }
    said = folder.stage(PROBLEMS)
    try:
        staged = folder.stage(MANIFEST)
        try:
            for problem in problems:
                said.sink.write(encode_row(problem))
            staged.sink.write(encode_json(manifest, indent=1))
            said.seal()
            staged.seal()
            said.commit()
            staged.commit()
        except BaseException:
            staged.discard()
            raise
    except BaseException:
        said.discard()
        raise


def _sweep(folder: Place, shards: set[str | None], keys: set[str]) -> None:
    """Removes what the manifest does not name, and what a killed run left behind."""
    _clear_up(folder)
    for name in folder.names(SHARDS):
        if key_of_shard(name) is not None and name not in shards:
            folder.remove(f"{SHARDS}/{name}")
    for below in (RECEIPTS, SIGNATURES):
        for name in folder.names(below):
            key = key_of(name)
            if key is not None and key not in keys:
                folder.remove(f"{below}/{name}")
    for below in ("", SHARDS, RECEIPTS, SIGNATURES):
        folder.sync(below)


def _clear_up(folder: Place) -> None:
    """Removes temporary files."""
    for below in ("", SHARDS, RECEIPTS, SIGNATURES):
        for name in folder.names(below):
            if name.startswith(TEMPORARY):
                folder.remove(f"{below}/{name}" if below else name)
