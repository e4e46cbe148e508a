"""``topics segment`` and ``topics classify``: dumps in, segment records out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from topics.cli.options import (
    Boundaries,
    Clean,
    Encoding,
    Format,
    Inputs,
    Jobs,
    ModelName,
    Output,
    Strict,
    TextField,
    Whole,
)
from topics.cli.problems import Problems, take_format

if TYPE_CHECKING:
    from topics.bundle import Model
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
    encoding: Encoding = None,
    strict: Strict = False,
    jobs: Jobs = 1,
) -> None:
    """Split dumps into articles, without topics.

    \b
    Example:
      topics segment dumps/ --format jsonl > segments.jsonl
      cat page.txt | topics segment -
    """
    work = Work(inputs, model, text_field, False, clean, boundaries, encoding, strict, jobs, with_topics=False)
    _deliver(work, format, output)


def classify(
    inputs: Inputs,
    model: ModelName = None,
    format: Format = None,
    output: Output = None,
    text_field: TextField = "text",
    whole: Whole = False,
    clean: Clean = False,
    boundaries: Boundaries = None,
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
    """
    work = Work(inputs, model, text_field, whole, clean, boundaries, encoding, strict, jobs, with_topics=True)
    _deliver(work, format, output)


@dataclass
class Work:
    """What was asked for, and what came of it so far: dumps done, segments made, problems met."""

    inputs: list[str]
    model_name: str | None
    text_field: str
    whole: bool
    clean: bool
    boundaries: float | None
    encoding: str | None
    strict: bool
    jobs: int
    with_topics: bool
    problems: Problems = field(default_factory=Problems)
    n_dumps: int = 0
    n_segments: int = 0

    def load(self) -> Model:
        from topics.bundle import load_model

        return load_model(self.model_name)

    def results(self, model: Model) -> Iterator[tuple[Dump, list[Row]]]:
        """Each dump with its rows, in order of the inputs; problems are said at once and counted."""
        from topics.cli.progress import hush_workers, show_progress
        from topics.pipeline import classify_dumps
        from topics.reading import ReadOptions, list_inputs, read_dumps

        if self.jobs > 1:
            hush_workers()
        options = ReadOptions(text_field=self.text_field, whole=self.whole, encoding=self.encoding)
        dumps = read_dumps(self.inputs, options, on_problem=None if self.strict else self.problems.note)
        done = classify_dumps(
            dumps,
            model,
            jobs=self.jobs,
            threshold=self.boundaries,
            whole=self.whole,
            topics=self.with_topics,
            clean=self.clean,
        )
        n_inputs = len(list_inputs(self.inputs)) if sys.stderr.isatty() else None
        with show_progress("reading", n_inputs) as advance:
            for dump, rows in done:
                self.n_dumps += 1
                self.n_segments += len(rows)
                yield dump, rows
                advance(dump.name)

    def rows(self, model: Model) -> Iterator[Row]:
        for _, rows in self.results(model):
            yield from rows

    def settings(self) -> dict[str, Any]:
        """The options that change what comes out, for a run's manifest."""
        return {
            "text_field": self.text_field, "whole": self.whole, "clean": self.clean,
            "boundaries": self.boundaries, "encoding": self.encoding, "topics": self.with_topics,
        }  # fmt: skip

    def finish(self) -> None:
        """Say what was done; exit 1 where an input could not be."""
        parts = [_count(self.n_dumps, "dump"), _count(self.n_segments, "segment")]
        if self.problems:
            parts.append(f"{_count(len(self.problems), 'input')} passed over")
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


def _is_file(output: Path) -> bool:
    """Does it name a single file, or a folder for a run? What stands there decides, then the suffix."""
    return not os.path.isdir(output) and (output.suffix != "" or os.path.exists(output))


def _write_run(work: Work, model: Model, folder: Path) -> None:
    from topics.records import dump_digest
    from topics.runs import RunWriter

    with RunWriter(folder, model=model.id, options=work.settings()) as run:
        for dump, rows in work.results(model):
            run.add(dump.name, dump_digest(dump.text), rows)
        for problem in work.problems:
            run.problem(problem.where, problem.reason, problem.message)
