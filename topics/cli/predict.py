"""``topics segment`` and ``topics classify``: dumps in, segment records out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from topics.cli.interrupts import raise_if_interrupted
from topics.cli.options import (
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
    Output,
    Strict,
    TextField,
    UnknownShare,
    Whole,
)
from topics.cli.problems import Problems, take_decisions, take_format

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.boundaries import Decided
    from topics.records import Dump

__all__ = ["Work", "classify", "segment"]

Row = Mapping[str, Any]


def segment(
    inputs: Inputs,
    model: ModelName = None,
    format: Format = None,
    output: Output = None,
    text_field: TextField = "text",
    clean: Clean = False,
    boundaries: Boundaries = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    encoding: Encoding = None,
    strict: Strict = False,
    jobs: Jobs = 1,
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
        with_topics=False,
    )
    if explain:
        _deliver_reasons(work, others, format, output)
    else:
        _deliver(work, format, output)


def classify(
    inputs: Inputs,
    model: ModelName = None,
    format: Format = None,
    output: Output = None,
    text_field: TextField = "text",
    whole: Whole = False,
    clean: Clean = False,
    min_precision: MinPrecision = None,
    unknown_share: UnknownShare = 0.1,
    boundaries: Boundaries = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    encoding: Encoding = None,
    strict: Strict = False,
    jobs: Jobs = 1,
) -> None:
    """Split dumps into articles and tag each with a topic and a probability.

    \b
    Example:
      topics classify seeds/
      topics classify 'dumps/**/*.txt.gz' --output runs/monday
      topics classify articles.jsonl --whole --text-field body --format csv > topics.csv
      topics classify dumps/ --min-precision 0.95
    """
    work = Work(
        inputs, model, text_field, whole, clean, boundaries, labels, no_labels, encoding, strict, jobs,
        with_topics=True, min_precision=min_precision, unknown_share=unknown_share,
    )  # fmt: skip
    _deliver(work, format, output)


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
    jobs: int
    with_topics: bool
    min_precision: float | None = None
    unknown_share: float = 0.1
    accept_above: float | None = None
    decided: Decided = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    n_dumps: int = 0
    n_segments: int = 0

    def load(self) -> Model:
        """The model; what people decided of boundaries is read as well."""
        from topics.bundle import load_model

        decided = take_decisions(self.labels, self.no_labels, None if self.strict else self.problems)
        self.decided = {} if self.whole else decided  # where nothing is cut nothing binds
        model = load_model(self.model_name)
        if self.min_precision is not None:
            acceptance = model.topics.acceptance
            self.accept_above = acceptance.threshold_for(self.min_precision, self.unknown_share)
            typer.echo(acceptance.describe(self.accept_above, self.unknown_share), err=True)
        return model

    def dumps(self) -> Iterator[Dump]:
        """The inputs, read; what cannot be read is noted, or raised if it is to be ``strict``."""
        from topics.reading import ReadOptions, read_dumps

        options = ReadOptions(text_field=self.text_field, whole=self.whole, encoding=self.encoding)
        yield from read_dumps(self.inputs, options, on_problem=None if self.strict else self.problems.note)

    def results(self, model: Model) -> Iterator[tuple[Dump, list[Row]]]:
        """Each dump with its rows, in order of the inputs; problems are said at once and counted."""
        from topics.cli.progress import hush_workers, show_progress
        from topics.pipeline import classify_dumps
        from topics.reading import list_inputs

        if self.jobs > 1:
            hush_workers()
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
        n_inputs = len(list_inputs(self.inputs)) if sys.stderr.isatty() else None
        with show_progress("reading", n_inputs) as advance:
            for dump, rows in done:
                raise_if_interrupted()
                self.n_dumps += 1
                self.n_segments += len(rows)
                yield dump, rows
                advance(dump.name)
            raise_if_interrupted()

    def rows(self, model: Model) -> Iterator[Row]:
        for _, rows in self.results(model):
            yield from rows

    def reasons(self, model: Model, n_others: int) -> Iterator[Row]:
        """Why segments start where they do, a row a start."""
        from topics.pipeline import explain_starts

        for dump in self.dumps():
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
               {"min_precision": self.min_precision, "unknown_share": self.unknown_share}),
        }  # fmt: skip

    def finish(self) -> None:
        """Say what was done; exit 1 where an input could not be."""
        parts = [_count(self.n_dumps, "dump"), _count(self.n_segments, "segment")]
        if self.problems.n_inputs:
            parts.append(f"{_count(self.problems.n_inputs, 'input')} passed over")
        if n_decisions := len(self.problems) - self.problems.n_inputs:
            parts.append(f"{_count(n_decisions, 'decision')} not kept")
        typer.echo(", ".join(parts), err=True)
        self.problems.leave()


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _deliver(work: Work, format: str | None, output: Path | None) -> None:
    from topics.writers import format_for, write_rows

    if format is not None:
        format = take_format(format)
    model = work.load()
    if output is not None and not _is_file(output):
        if format not in (None, "jsonl"):
            raise typer.BadParameter(
                "a run folder is JSONL; use `topics export RUN` for other formats, or give a file",
                param_hint="--format",
            )
        _write_run(work, model, output)
    elif output is not None:
        write_rows(work.rows(model), output, format or format_for(output))
    elif format is None and sys.stdout.isatty():
        from rich.console import Console

        from topics.writers import render_table

        render_table(list(work.rows(model)), console=Console())
    else:
        write_rows(work.rows(model), None, format or "jsonl")
    work.finish()


def _deliver_reasons(work: Work, n_others: int, format: str | None, output: Path | None) -> None:
    from topics.writers import format_for, render_reasons, write_rows

    format = take_format(format) if format is not None else None
    if output is not None and not _is_file(output):
        raise typer.BadParameter("reasons go to a file, FILE.jsonl, or to the screen", param_hint="--output")
    wanted = format or (format_for(output) if output is not None else None)
    if wanted not in (None, "jsonl"):
        raise typer.BadParameter("reasons are written as jsonl alone", param_hint="--format")
    for given, option in ((work.clean, "--clean"), (work.jobs > 1, "--jobs")):
        if given:
            raise typer.BadParameter("does not go with --explain", param_hint=option)
    rows = work.reasons(work.load(), n_others)
    if wanted is None and sys.stdout.isatty():
        from rich.console import Console

        render_reasons(rows, console=Console())
    else:
        write_rows(rows, output, "jsonl")
    work.finish()


def _is_file(output: Path) -> bool:
    """Does it name a single file, or a folder for a run? What stands there decides, then the suffix."""
    return not os.path.isdir(output) and (output.suffix != "" or os.path.exists(output))


def _write_run(work: Work, model: Model, folder: Path) -> None:
    from topics.records import dump_digest
    from topics.runs import RunWriter

    with RunWriter(folder, model=model.id, options=work.settings()) as run:
        for dump, rows in work.results(model):
            run.add(dump.name, dump_digest(dump.text), rows)
        # decisions last: with several workers they come up later, and a run has the same bytes all the same
        for problem in sorted(work.problems, key=lambda problem: problem.reason == "decision"):
            run.problem(problem.where, problem.reason, problem.message)
