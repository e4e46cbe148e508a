"""``topics segment`` and ``topics classify``: dumps in, segment records out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from topics.cli.interrupts import raise_if_interrupted
from topics.cli.options import (
    UNKNOWN_SHARE,
    Address,
    Backend,
    Boundaries,
    Clean,
    Encoding,
    Explain,
    Format,
    Inputs,
    Jobs,
    Labels,
    MinPrecision,
    ModelName,
    NoLabels,
    Others,
    Scheduler,
    Strict,
    Target,
    TextField,
    UnknownShare,
    Whole,
)
from topics.cli.problems import Problems, keep_inputs, take_decisions, take_format
from topics.errors import DumpError

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.engines import Engine
    from topics.labels.boundaries import Decided
    from topics.reading import LongDump, ReadOptions
    from topics.records import Dump
    from topics.runs.units import Done
    from topics.runs.writing import Totals

__all__ = ["Where", "Work", "classify", "fill_run", "segment"]

Row = Mapping[str, Any]


def segment(
    inputs: Inputs,
    model: ModelName = None,
    format: Format = None,
    output: Target = None,
    text_field: TextField = "text",
    clean: Clean = False,
    boundaries: Boundaries = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    encoding: Encoding = None,
    strict: Strict = False,
    jobs: Jobs = None,
    backend: Backend = "joblib",
    scheduler: Scheduler = None,
    address: Address = None,
    explain: Explain = False,
    others: Others = 0,
) -> None:
    """Split dumps into articles, without topics.

    \b
    Example:
      topics segment dumps/ --format jsonl > segments.jsonl
      cat page.txt | topics segment -
      topics segment dump.txt --explain --others 3
    """
    if others and not explain:
        raise typer.BadParameter("goes with --explain", param_hint="--others")
    work = Work(
        inputs,
        model,
        text_field,
        False,
        clean,
        boundaries,
        labels,
        no_labels,
        encoding,
        strict,
        jobs,
        Where(backend, scheduler, address),
        with_topics=False,
        output=output,
    )
    if explain:
        _deliver_reasons(work, others, format)
    else:
        _deliver(work, format)


def classify(
    inputs: Inputs,
    model: ModelName = None,
    format: Format = None,
    output: Target = None,
    text_field: TextField = "text",
    whole: Whole = False,
    clean: Clean = False,
    min_precision: MinPrecision = None,
    unknown_share: UnknownShare = None,
    boundaries: Boundaries = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    encoding: Encoding = None,
    strict: Strict = False,
    jobs: Jobs = None,
    backend: Backend = "joblib",
    scheduler: Scheduler = None,
    address: Address = None,
) -> None:
    """Split dumps into articles and tag each with a topic and a probability.

    \b
    Example:
      topics classify seeds/
      topics classify 'dumps/**/*.txt.gz' --output runs/monday
      topics classify articles.jsonl --whole --text-field body --format csv > topics.csv
      topics classify dumps/ --min-precision 0.95
      topics classify s3://crawl/may/ -o s3://crawl/run --backend dask --scheduler tcp://head:8786
    """
    if unknown_share is not None and min_precision is None:
        raise typer.BadParameter("goes with --min-precision", param_hint="--unknown-share")
    work = Work(
        inputs,
        model,
        text_field,
        whole,
        clean,
        boundaries,
        labels,
        no_labels,
        encoding,
        strict,
        jobs,
        Where(backend, scheduler, address),
        with_topics=True,
        min_precision=min_precision,
        unknown_share=UNKNOWN_SHARE if unknown_share is None else unknown_share,
        output=output,
    )
    _deliver(work, format)


@dataclass(frozen=True)
class Where:
    """Who does the work of a run."""

    backend: str = "joblib"
    scheduler: str | None = None
    address: str | None = None

    @property
    def is_cluster(self) -> bool:
        return self.backend != "joblib"

    def check(self, jobs: int | None) -> None:
        """Refuse what does not go together."""
        from topics.engines import BACKENDS

        if self.backend not in BACKENDS:
            raise typer.BadParameter(f"unknown; known are {', '.join(BACKENDS)}", param_hint="--backend")
        for given, option, backend in ((self.scheduler, "--scheduler", "dask"), (self.address, "--address", "ray")):
            if given is not None and self.backend != backend:
                raise typer.BadParameter(f"goes with --backend {backend}", param_hint=option)
            if given is None and self.backend == backend:
                raise typer.BadParameter(f"needs {option}", param_hint="--backend")
        if self.is_cluster and jobs not in (None, 1):
            raise typer.BadParameter("a cluster has the workers that it has", param_hint="--jobs")

    def engine(self, jobs: int, model_path: str, model_id: str) -> Engine:
        """Who does it. Processes here start at once and load the model."""
        from topics.bulk import prepare_worker
        from topics.engines import choose_engine

        prepare = partial(prepare_worker, model_path, model_id)
        return choose_engine(self.backend, jobs=jobs, address=self.scheduler or self.address, prepare=prepare)


@dataclass
class Work:
    """What was asked for, and what came of it so far: decisions that bind, dumps done, segments made, problems met."""

    inputs: list[str]
    model_name: str | None
    text_field: str
    whole: bool
    clean: bool
    boundaries: float | None
    labels: Path | None
    no_labels: bool
    encoding: str | None
    strict: bool
    asked_jobs: int | None
    where: Where
    with_topics: bool
    min_precision: float | None = None
    unknown_share: float = UNKNOWN_SHARE
    output: str | None = None
    accept_above: float | None = None
    decided: Decided = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    n_dumps: int = 0
    n_segments: int = 0

    @cached_property
    def jobs(self) -> int:
        """How many processes do the work here: those asked for, or as many as the inputs are worth."""
        if self.asked_jobs is not None or self.where.is_cluster:
            return self.asked_jobs or 1
        from topics.engines.local import suggest_jobs
        from topics.reading.parts import weigh_inputs

        return suggest_jobs(*weigh_inputs(self.inputs))

    @cached_property
    def model_path(self) -> str:
        """Where the model stands, whole."""
        from topics.shelf import locate_model

        return str(locate_model(self.model_name).resolve())

    @cached_property
    def model_id(self) -> str:
        """How predictions call it."""
        from topics.shelf import read_model_id

        return read_model_id(Path(self.model_path))

    def take_decisions(self) -> None:
        """Read what people decided of boundaries."""
        decided = take_decisions(self.labels, self.no_labels, None if self.strict else self.problems)
        self.decided = {} if self.whole else decided  # where nothing is cut nothing binds

    def load(self) -> Model:
        """The model; what people decided of boundaries is read as well."""
        from topics.cli.progress import prepare_kernels
        from topics.starting import without_collecting

        with without_collecting():
            from topics.bundle import load_once

            prepare_kernels()
            self.take_decisions()
            model = load_once(self.model_path, self.model_id)
        if self.min_precision is not None:
            acceptance = model.topics.acceptance
            self.accept_above = acceptance.threshold_for(self.min_precision, self.unknown_share)
            typer.echo(acceptance.describe(self.accept_above, self.unknown_share), err=True)
        return model

    def dumps(self) -> Iterator[Dump | LongDump]:
        """The inputs, read; what cannot be read is noted, or raised if it is to be ``strict``."""
        from topics.reading import stream_dumps

        yield from stream_dumps(self.inputs, self.reading(), on_problem=None if self.strict else self.problems.note)

    def reading(self) -> ReadOptions:
        """How inputs are read."""
        from topics.reading import ReadOptions

        stream = not self.whole  # one segment has to be held in any case
        return ReadOptions(
            text_field=self.text_field, whole=self.whole, encoding=self.encoding, stream=stream, output=self.output
        )

    def results(self, model: Model) -> Iterator[Iterable[Row]]:
        """The rows of each dump, in order of the inputs; problems are said at once and counted."""
        from topics.cli.progress import hush_workers, show_progress
        from topics.pipeline import classify_dumps
        from topics.reading import list_inputs

        if self.jobs > 1:
            from topics.bulk import warm_up

            hush_workers()
            warm_up(model)  # or every worker would compile the kernels, and say nothing of it
        done = classify_dumps(
            self.dumps(),
            model,
            jobs=self.jobs,
            boundaries=self.boundaries,
            whole=self.whole,
            topics=self.with_topics,
            clean=self.clean,
            accept_above=self.accept_above,
            decided=self.decided,
            on_problem=None if self.strict else self.problems.note_label,
        )
        n_inputs = len(list_inputs(self.inputs, self.output)) if sys.stderr.isatty() else None
        with show_progress("reading", n_inputs) as advance:
            for dump, rows in done:
                raise_if_interrupted()
                self.n_dumps += 1
                yield self._until_changed(rows)
                advance(dump.name, 1)
            raise_if_interrupted()

    def _until_changed(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows of a dump; where it changes meanwhile, that is noted, or raised if it is to be ``strict``."""
        from topics.reading.problems import DumpChanged

        try:
            yield from rows
        except DumpChanged as error:
            if self.strict:
                raise
            self.problems.note(error.problem)

    def rows(self, model: Model) -> Iterator[Row]:
        for rows in self.results(model):
            for row in rows:
                self.n_segments += 1
                yield row

    def reasons(self, model: Model, n_others: int) -> Iterator[Row]:
        """Why segments start where they do, a row a start."""
        from topics.pipeline import explain_starts
        from topics.reading import read_dumps

        for dump in read_dumps(self.inputs, self.reading(), on_problem=None if self.strict else self.problems.note):
            found = explain_starts(
                dump,
                model,
                boundaries=self.boundaries,
                decided=self.decided,
                on_problem=None if self.strict else self.problems.note_label,
                n_others=n_others,
            )
            self.n_dumps += 1
            self.n_segments += sum(each.starts for each in found)
            yield from (each.to_row() for each in found)

    def settings(self) -> dict[str, Any]:
        """The options that change what comes out, for a run's manifest."""
        from topics.labels.boundaries import digest_decided

        return {
            "text_field": self.text_field, "whole": self.whole, "clean": self.clean,
            "boundaries": self.boundaries, "decisions": digest_decided(self.decided),
            "encoding": self.encoding, "topics": self.with_topics,
            **({} if self.min_precision is None else
               {"min_precision": self.min_precision, "unknown_share": self.unknown_share,
                "accept_above": self.accept_above}),
        }  # fmt: skip

    def finish(self, totals: Totals | None = None) -> None:
        """Say what was done; exit 1 where an input could not be."""
        self.say_done(totals)
        self.problems.leave()

    def say_done(self, totals: Totals | None = None) -> None:
        """What was done, in one line."""
        parts = [_count(self.n_dumps, "dump"), _count(self.n_segments, "segment")]
        if totals is not None and totals.n_duplicates:
            parts.append(_count(totals.n_duplicates, "near-duplicate"))
        if totals is not None and totals.n_kept:
            parts.append(f"{_count(totals.n_kept, 'input')} done before")
        if self.problems.n_inputs:
            parts.append(f"{_count(self.problems.n_inputs, 'input')} passed over")
        if n_decisions := len(self.problems) - self.problems.n_inputs:
            parts.append(f"{_count(n_decisions, 'decision')} not kept")
        typer.echo(", ".join(parts), err=True)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _deliver(work: Work, format: str | None) -> None:
    from topics.writers import format_for, write_rows

    output = work.output
    keep_inputs(output, work.inputs)
    if format is not None:
        format = take_format(format)
    is_run = output is not None and not _is_file(output)
    if not is_run and work.where.is_cluster:
        raise typer.BadParameter("goes with --output FOLDER, a run", param_hint="--backend")
    work.where.check(work.asked_jobs)
    if output is not None and is_run:
        if format not in (None, "jsonl", "parquet"):
            raise typer.BadParameter(
                "a run folder is JSONL or Parquet; use `topics export RUN` for other formats, or give a file",
                param_hint="--format",
            )
        work.finish(fill_run(work, output, format or "jsonl"))
        return
    model = work.load()
    if output is not None:
        write_rows(work.rows(model), Path(output), format or format_for(Path(output)))
    elif format is None and sys.stdout.isatty():
        from rich.console import Console

        from topics.writers import render_table

        render_table(list(work.rows(model)), console=Console())
    else:
        write_rows(work.rows(model), None, format or "jsonl")
    work.finish()


def _deliver_reasons(work: Work, n_others: int, format: str | None) -> None:
    from topics.writers import format_for, render_reasons, write_rows

    output = work.output
    keep_inputs(output, work.inputs)
    format = take_format(format) if format is not None else None
    if output is not None and not _is_file(output):
        raise typer.BadParameter("reasons go to a file, FILE.jsonl, or to the screen", param_hint="--output")
    wanted = format or (format_for(Path(output)) if output is not None else None)
    if wanted not in (None, "jsonl"):
        raise typer.BadParameter("reasons are written as jsonl alone", param_hint="--format")
    for given, option in ((work.clean, "--clean"), (work.asked_jobs not in (None, 1), "--jobs")):
        if given:
            raise typer.BadParameter("does not go with --explain", param_hint=option)
    rows = work.reasons(work.load(), n_others)
    if wanted is None and sys.stdout.isatty():
        from rich.console import Console

        render_reasons(rows, console=Console())
    else:
        write_rows(rows, Path(output) if output is not None else None, "jsonl")
    work.finish()


def _is_file(output: str) -> bool:
    """Does it name a single file, or a folder for a run? What stands there decides, then the suffix."""
    from topics.reading.addresses import is_address

    if is_address(output):
        return False
    return not os.path.isdir(output) and (Path(output).suffix != "" or os.path.exists(output))


def fill_run(work: Work, output: str, format: str) -> Totals:
    """Have a run folder filled; what is there already is kept."""
    from topics.cli.progress import hush_workers

    hush_workers()
    engine = work.where.engine(work.jobs, work.model_path, work.model_id)  # before all else: processes start meanwhile

    from topics.bulk import DumpWork, cut_inputs, kept_inputs, warm_up, with_whole_paths
    from topics.bundle import load_once
    from topics.cli.progress import prepare_kernels, show_progress
    from topics.engines.local import JoblibEngine
    from topics.reading import Problem
    from topics.reading.addresses import is_address
    from topics.reading.sources import is_read_once
    from topics.runs.writing import write_run

    if work.jobs == 1 or work.min_precision is not None:
        work.load()
    else:  # this process needs neither it nor a kernel
        work.take_decisions()

    def note(problem: Problem) -> None:
        if work.strict:
            raise DumpError(problem.message)
        work.problems.note(problem)

    units, found = cut_inputs(work.inputs, work.reading())
    for problem in found:
        note(problem)
    parts = [part for unit in units for part in unit.parts]
    if work.where.is_cluster and any(is_read_once(part.source) for part in parts):
        raise typer.BadParameter("what is piped in cannot go to a cluster; give files", param_hint="DUMPS")
    if work.where.is_cluster:  # whose workers stand in other folders
        units = with_whole_paths(units)
        output = output if is_address(output) else os.path.abspath(output)
    job = DumpWork(work.model_path, work.model_id, work.reading(), work.settings(), work.decided, strict=work.strict)
    if isinstance(engine, JoblibEngine) and not all(engine.prepared()):
        prepare_kernels()  # or every worker would compile them, and say nothing of it
        warm_up(load_once(work.model_path, work.model_id))
    with kept_inputs(units, note) as kept, show_progress("working", len(parts)) as advance:
        said = [Problem(each.where, each.reason, each.message) for each in work.problems]

        def hear(done: Done) -> None:
            raise_if_interrupted()
            for problem in done.problems:
                work.problems.note(Problem(**problem))
            advance("", done.n_inputs)

        totals = write_run(
            output,
            kept,
            job,
            model=work.model_id,
            options=work.settings(),
            format=format,
            found=[{"where": each.where, "reason": each.reason, "message": each.message} for each in said],
            run_all=engine,
            advance=hear,
        )
    work.n_dumps, work.n_segments = totals.n_dumps, totals.n_segments
    return totals
