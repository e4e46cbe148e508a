"""What is done with one unit, by whichever process or machine it falls to: its shard, signatures and receipt are
written.

A unit that is done already is left as it is. Of one whose inputs changed in part, the rows of the others are taken from
the shards they stand in. An input that changes while it is read is left out. Only counts go back to whoever handed the
unit out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from topics.runs.layout import (
    make_key,
    receipt_name,
    shard_name,
    signatures_name,
)
from topics.runs.receipts import InputDone, Receipt, Sums
from topics.runs.signatures import N_MINIMA, sign_row
from topics.runs.stored import read_receipt, read_shard
from topics.runs.units import Done, InputChanged, Unit
from topics.storage import Folder, Staged, open_folder
from topics.writers.formats import write_sink
from topics.writers.rows import Row

__all__ = ["SIGNED", "Work", "do_unit"]

SIGNED_AT_A_TIME = 1024
_CHANGED = "changed"  # in place of a digest, where keys are made

NoteProblem = Callable[[Mapping[str, str]], None]

#: One row that can be compared: the place of its dump in the receipt, where it starts, its place in the shard.
SIGNED = np.dtype([("dump", "<u4"), ("row", "<u4"), ("start", "<i8"), ("id", "S20"), ("minima", "<u2", (N_MINIMA,))])


class Work(Protocol):
    """What makes rows of inputs. It travels to workers, so it is pickled: plain values and no loaded model."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that decides rows beside the input: the model, the options. Plain JSON."""
        ...

    def name(self, part: Any) -> str:
        """How the run calls this input, or this part of one."""
        ...

    def digest(self, part: Any) -> str | None:
        """SHA-256 of the part's bytes; ``None`` where it cannot be read."""
        ...

    def dumps(self, part: Any, on_problem: NoteProblem) -> Iterator[tuple[str, Iterable[Row]]]:
        """The name and rows of each dump in the part, in order; what cannot be read goes to ``on_problem``.

        Rows may end in :class:`InputChanged`.
        """
        ...


def do_unit(unit: Unit, work: Work, where: str, format: str) -> Done:
    """Write what the unit comes to into the run folder ``where``, unless it is there."""
    changed: dict[int, Mapping[str, str]] = {}
    while True:
        try:
            return _do_unit(unit, work, where, format, changed)
        except InputChanged as error:
            changed[unit.parts.index(error.part)] = error.problem


def _do_unit(unit: Unit, work: Work, where: str, format: str, changed: Mapping[int, Mapping[str, str]]) -> Done:
    """The same, without the inputs that ``changed``, by their place: each has a problem instead."""
    folder = open_folder(where)
    identity = work.identity
    digests = [_CHANGED if place in changed else work.digest(part) for place, part in enumerate(unit.parts)]
    facts = [(work.name(part), digest) for part, digest in zip(unit.parts, digests, strict=True)]
    key = make_key("unit", format, identity, facts)
    receipt = read_receipt(folder, key)
    is_there = key in dict(unit.earlier) or folder.exists(shard_name(key, format))
    if receipt is not None and (not receipt.n_rows or is_there):
        n_kept = len(unit.parts)
    else:
        maker = _Maker(unit, work, folder, format, _find_earlier(folder, unit), changed)
        receipt = maker.make(key, facts)
        n_kept = maker.n_kept
    problems = tuple(problem for done in receipt.inputs for problem in done.problems)
    return Done(key, len(unit.parts), n_kept, receipt.n_dumps, receipt.n_rows, problems)


def _find_earlier(folder: Folder, unit: Unit) -> dict[str, tuple[Receipt, InputDone, str]]:
    """Inputs that earlier units are done with, by their keys: the receipt, the input in it, the shard's name."""
    found: dict[str, tuple[Receipt, InputDone, str]] = {}
    for key, name in unit.earlier:
        receipt = read_receipt(folder, key)
        if receipt is not None:
            found |= {done.key: (receipt, done, name) for done in receipt.inputs if done.key is not None}
    return found


class _Maker:
    """Makes one unit: counts, signs and writes its rows as they pass."""

    def __init__(
        self,
        unit: Unit,
        work: Work,
        folder: Folder,
        format: str,
        earlier: Mapping[str, tuple[Receipt, InputDone, str]],
        changed: Mapping[int, Mapping[str, str]],
    ) -> None:
        self._unit = unit
        self._work = work
        self._folder = folder
        self._format = format
        self._earlier = earlier
        self._changed = changed
        self._inputs: list[InputDone] = []
        self._dumps: list[str] = []
        self._sums = Sums()
        self._signed: list[tuple[Any, ...]] = []  # not written yet
        self._signatures: Staged | None = None
        self._n_rows = 0
        self.n_kept = 0

    def make(self, key: str, facts: list[tuple[str, str | None]]) -> Receipt:
        shard = self._folder.stage(shard_name(key, self._format))
        signatures = self._signatures = self._folder.stage(signatures_name(key))
        receipt = self._folder.stage(receipt_name(key))
        try:
            write_sink(self._rows(facts), shard.sink, self._format)
            self._write_signatures()
            made = Receipt(key, self._format, self._n_rows, tuple(self._inputs), tuple(self._dumps), self._sums)
            receipt.sink.write(made.encode())
            if self._n_rows:
                shard.commit()
            else:
                shard.discard()
            signatures.commit()
            receipt.commit()
        except BaseException:
            for staged in (shard, signatures, receipt):
                staged.discard()
            raise
        return made

    def _write_signatures(self) -> None:
        """By and by: a dump of gigabytes has a million rows."""
        if self._signatures is not None:
            self._signatures.sink.write(np.array(self._signed, dtype=SIGNED).tobytes())
        self._signed.clear()

    def _rows(self, facts: list[tuple[str, str | None]]) -> Iterator[Row]:
        for place, (part, (name, digest)) in enumerate(zip(self._unit.parts, facts, strict=True)):
            if place in self._changed:
                self._inputs.append(InputDone(name, None, None, 0, self._n_rows, 0, (self._changed[place],)))
                continue
            key = None if digest is None else make_key("input", self._work.identity, name, digest)
            first, n_dumps, problems = self._n_rows, len(self._dumps), list[Mapping[str, str]]()
            known = self._earlier.get(key) if key is not None else None
            if known is None:
                for dump, rows in self._work.dumps(part, problems.append):
                    yield from self._pass_on(dump, rows)
            else:
                self.n_kept += 1
                problems.extend(known[1].problems)
                yield from self._take_over(*known)
            self._inputs.append(
                InputDone(name, key, digest, len(self._dumps) - n_dumps, first, self._n_rows - first, tuple(problems))
            )

    def _take_over(self, receipt: Receipt, done: InputDone, shard: str) -> Iterator[Row]:
        """The rows of an input from a shard that holds them, without what was said of duplicates."""
        first = sum(each.dumps for each in receipt.inputs[: receipt.inputs.index(done)])
        names = receipt.dumps[first : first + done.dumps]
        rows = iter(())  # type: Iterator[Row]
        if done.n_rows:
            rows = self._slice(shard, done)
        waiting = next(rows, None)
        for name in names:  # a dump may have no rows

            def own(name: str = name) -> Iterator[Row]:
                nonlocal waiting
                while waiting is not None and waiting["dump"] == name:
                    yield {**waiting, "duplicate_of": None}
                    waiting = next(rows, None)

            yield from self._pass_on(name, own())

    def _slice(self, shard: str, done: InputDone) -> Iterator[Row]:
        end = done.first_row + done.n_rows
        for place, row in enumerate(read_shard(self._folder, shard)):
            if place >= end:
                return
            if place >= done.first_row:
                yield row

    def _pass_on(self, dump: str, rows: Iterable[Row]) -> Iterator[Row]:
        at = len(self._dumps)
        self._dumps.append(dump)
        for row in rows:
            self._sums.add(row)
            minima = sign_row(row)
            if minima is not None:
                self._signed.append((at, self._n_rows, row["start"], row["id"].encode(), minima))
                if len(self._signed) == SIGNED_AT_A_TIME:
                    self._write_signatures()
            self._n_rows += 1
            yield row
