"""Many inputs into a run folder: what :mod:`topics.runs` asks of the work, made of reading and the pipeline.

Inputs are looked for here and read by whoever works on them, so on a cluster every worker needs to see the paths, the
model and the output folder. A worker loads the model once.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from topics import __version__
from topics.bundle import load_once
from topics.errors import DumpError
from topics.reading.containers import ReadOptions
from topics.reading.opening import told_as_unreadable
from topics.reading.parts import Part, cut_source, digest_part, read_part, weigh_source
from topics.reading.problems import DumpChanged, Problem, Unreadable, printable
from topics.reading.sources import Inputs, Source, find_sources, is_read_once
from topics.records import Dump
from topics.runs.units import InputChanged, Unit, choose_unit_bytes, group_parts
from topics.starting import import_numba, without_collecting
from topics.writers.rows import Row

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.errors import LabelError
    from topics.labels.boundaries import Decided

__all__ = ["DumpWork", "cut_inputs", "kept_inputs", "prepare_worker", "warm_up", "with_whole_paths"]


@dataclass(frozen=True)
class DumpWork:
    """Dumps to rows, as the options say. ``settings`` are those that decide rows, for the run's manifest.

    ``strict`` stops at the first input that cannot be read.
    """

    model_path: str
    model_id: str
    reading: ReadOptions
    settings: Mapping[str, Any]
    decided: Decided
    strict: bool = False

    @property
    def identity(self) -> Mapping[str, Any]:
        return {"version": __version__, "model": self.model_id, "options": dict(self.settings)}

    def name(self, part: Part) -> str:
        return part.name

    def digest(self, part: Part) -> str | None:
        return digest_part(part)

    def dumps(self, part: Part, on_problem: Callable[[Mapping[str, str]], None]) -> Iterator[tuple[str, Iterable[Row]]]:
        from topics.pipeline import classify_dump, stream_rows

        model = load_once(self.model_path, self.model_id)

        def note(problem: Problem) -> None:
            if self.strict:
                raise DumpError(problem.message)
            on_problem(_as_plain(problem))

        def note_label(fault: LabelError) -> None:
            if self.strict:
                raise fault
            where, _, _ = str(fault).partition(": ")
            note(Problem(printable(where), "decision", printable(str(fault))))

        for item in read_part(part, self.reading):
            if isinstance(item, Problem):
                note(item)
                continue
            options: dict[str, Any] = {name: self.settings[name] for name in ("boundaries", "topics", "clean")}
            options |= {"decided": self.decided, "on_problem": note_label}
            options["accept_above"] = self.settings.get("accept_above")
            if isinstance(item, Dump):
                yield item.name, classify_dump(item, model, **options, whole=self.settings["whole"])
            else:
                yield item.name, self._until_changed(part, stream_rows(item, model, **options))

    def _until_changed(self, part: Part, rows: Iterable[Row]) -> Iterator[Row]:
        try:
            yield from rows
        except DumpChanged as error:
            if self.strict:
                raise
            raise InputChanged(part, _as_plain(error.problem)) from None


def _as_plain(problem: Problem) -> Mapping[str, str]:
    return {"where": problem.where, "reason": problem.reason, "message": problem.message}


def cut_inputs(inputs: Inputs, options: ReadOptions) -> tuple[list[Unit], list[Problem]]:
    """The units of work that the inputs make, in order, and what could not be found."""
    found = list(find_sources(inputs, options.output))
    sources = [each for each in found if isinstance(each, Source)]
    unit_bytes = choose_unit_bytes(sum(map(weigh_source, sources)))
    parts = (part for source in sources for part in cut_source(source, unit_bytes, options))
    units = [Unit(tuple(group)) for group in group_parts(parts, unit_bytes)]
    return units, [each for each in found if isinstance(each, Problem)]


@contextmanager
def kept_inputs(units: list[Unit], on_problem: Callable[[Problem], None]) -> Iterator[list[Unit]]:
    """The units with what can be read only once (standard input, pipes) in temporary files meanwhile, and without what
    cannot be read so."""
    folder: Path | None = None

    def keep(part: Part) -> Part | None:
        nonlocal folder
        source = part.source
        if not is_read_once(source):
            return part
        if folder is None:
            folder = Path(tempfile.mkdtemp(prefix="topics-"))
        kept = folder / f"{len(list(folder.iterdir()))}{Path(source.name).suffix}"
        try:
            with told_as_unreadable(), open(kept, "wb") as file, _open_once(source) as stream:
                shutil.copyfileobj(stream, file)
        except Unreadable as problem:
            on_problem(problem.at(source.where))
            return None
        return replace(part, source=Source(source.name, kept, shown=source.where))

    try:
        kept = (replace(unit, parts=tuple(filter(None, map(keep, unit.parts)))) for unit in units)
        yield [unit for unit in kept if unit.parts]
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def with_whole_paths(units: list[Unit]) -> list[Unit]:
    """The units with paths that mean the same from any folder, for workers that were started elsewhere."""

    def complete(part: Part) -> Part:
        source = part.source
        if not isinstance(source.path, Path):
            return part
        return replace(part, source=Source(source.name, source.path.absolute(), shown=source.where))

    return [replace(unit, parts=tuple(map(complete, unit.parts))) for unit in units]


def warm_up(model: Model) -> None:
    """Run everything once, so that what has to be compiled is compiled, and cached for the workers."""
    from topics.pipeline import classify_dump
    from topics.runs.signatures import sign_row

    rows = classify_dump(
        Dump("", "Ferry fares rise\n\nThe harbour board raised its fares on Monday."), model, decided={}
    )
    for row in rows:
        sign_row(row)


def prepare_worker(model_path: str, model_id: str) -> bool:
    """What a worker process of ours does before its first item: it loads the model and the kernels. ``False`` where
    these have to be compiled, which is to be done once and not by every worker."""
    with without_collecting():
        import_numba()
        import topics.runs.worker  # noqa: F401
        from topics.jit import NotCompiled, without_compiling

        try:
            with without_compiling():
                warm_up(load_once(model_path, model_id))
        except NotCompiled:
            return False
        return True


def _open_once(source: Source) -> AbstractContextManager[BinaryIO]:
    if isinstance(source.path, Path):
        return open(source.path, "rb")
    return nullcontext(BytesIO() if sys.stdin is None else sys.stdin.buffer)  # None: started with it closed
