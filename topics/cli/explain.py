"""``topics explain``: the terms that decided, for each segment of dumps or for a topic as a whole."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topics.cli.options import Encoding, Labels, ModelName, NoLabels, TextField, Whole
from topics.cli.problems import Problems, keep_inputs, take_decisions

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.reading import ReadOptions

__all__ = ["explain"]

Row = Mapping[str, Any]
_FORMATS = ("table", "jsonl", "html")


def explain(
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="DUMPS", help="Dumps to explain.", show_default=False)
    ] = None,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            "-t",
            help="Explain this topic and not the likeliest ones; without DUMPS the topic as a whole. May be repeated.",
            show_default=False,
        ),
    ] = None,
    segment: Annotated[
        int | None, typer.Option(min=0, help="Only the segment of this index.", show_default=False)
    ] = None,
    terms: Annotated[
        int | None, typer.Option(min=1, help="Terms to list on each side.", show_default="8; 20 of a topic as a whole")
    ] = None,
    runners_up: Annotated[
        int | None,
        typer.Option(min=0, help="Without --topic: explain so many topics beside the likeliest.", show_default="1"),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="table, jsonl or html.", show_default="a table on a terminal, else jsonl"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, FILE.html or FILE.jsonl.", show_default="stdout"),
    ] = None,
    text_field: TextField = "text",
    whole: Whole = False,
    encoding: Encoding = None,
    model: ModelName = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
) -> None:
    """Show the terms that decided, towards and against: for each segment, or for a topic as a whole.

    Shares are exact, since the model is linear: the pulls of all terms add up to a topic's score less its bias.

    \b
    Example:
      topics explain dump.txt
      topics explain dump.txt --segment 2 --topic gaza
      topics explain dumps/ --output why.html
      topics explain --topic climate
    """
    from topics.bundle import load_model
    from topics.errors import DumpError
    from topics.reading import ReadOptions

    wanted = _take_format(format, output)
    problems = Problems()
    if not inputs and not topic:
        raise typer.BadParameter("give dumps, or --topic", param_hint="DUMPS")
    if topic and runners_up is not None:
        raise typer.BadParameter("does not go with --topic", param_hint="--runners-up")
    if not inputs:
        _refuse_without_dumps(segment, text_field, whole, encoding, labels, no_labels)
    keep_inputs(output, inputs or ())
    loaded = load_model(model)
    for slug in topic or ():
        if slug not in loaded.topics.slugs:
            raise typer.BadParameter(
                f'unknown topic "{slug}". Known: {", ".join(loaded.topics.slugs)}', param_hint="--topic"
            )
    if not inputs:
        _show_topics(loaded, topic or [], terms or 20, wanted, output)
        return
    reading = ReadOptions(text_field=text_field, whole=whole, encoding=encoding, output=output)
    n_more = 1 if runners_up is None else runners_up
    asked = _Asked(inputs, loaded, topic, segment, terms or 8, n_more, reading, problems)
    decided = take_decisions(labels, no_labels, problems)
    n_shown = _write(asked.rows(decided, with_text=wanted == "html"), wanted, output, loaded.id)
    if segment is not None and not n_shown and not problems:
        raise DumpError(f"no segment {segment} in what was given. `topics classify` shows their numbers.")
    problems.leave()


def _refuse_without_dumps(
    segment: int | None, text_field: str, whole: bool, encoding: str | None, labels: Path | None, no_labels: bool
) -> None:
    """A topic as a whole has no use for what is asked of dumps."""
    asked = {
        "--segment": segment is not None,
        "--text-field": text_field != "text",
        "--whole": whole,
        "--encoding": encoding is not None,
        "--labels": labels is not None,
        "--no-labels": no_labels,
    }
    for option, is_given in asked.items():
        if is_given:
            raise typer.BadParameter("goes with DUMPS", param_hint=option)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which segments of what are to be explained, and how."""

    inputs: Sequence[str]
    model: Model
    topics: Sequence[str] | None
    segment: int | None
    n_terms: int
    runners_up: int
    reading: ReadOptions
    problems: Problems

    def rows(self, decided: Any, *, with_text: bool) -> Iterator[Row]:
        """One row a segment; ``with_text`` adds what a page shows of it."""
        from topics.classification.explain import explain_segment, explain_terms, explained_row, mark_terms
        from topics.classification.model import segment_terms
        from topics.pipeline import classify
        from topics.pipeline import segment as cut
        from topics.reading import read_dumps

        topics = self.model.topics
        asked = list(self.topics) if self.topics else 1 + self.runners_up
        whole = self.reading.whole
        for dump in read_dumps(list(self.inputs), self.reading, on_problem=self.problems.note):
            pieces = cut(dump, self.model, whole=whole, decided=decided, on_problem=self.problems.note_label)
            for piece, prediction in zip(pieces, classify(pieces, self.model), strict=True):
                if self.segment is not None and piece.index != self.segment:
                    continue
                found = explain_terms(segment_terms(piece, topics.furniture), topics, asked, self.n_terms)
                row = explained_row(piece, prediction, topics, found)
                if with_text:
                    row["text"] = piece.text
                    row["furniture"] = piece.furniture
                    every = explain_segment(piece, topics, found[0].topic, n_terms=None)
                    row["marks"] = [(mark.start, mark.end, mark.share) for mark in mark_terms(piece, every)]
                yield row


def _take_format(format: str | None, output: Path | None) -> str:
    """The format that is asked for, or that the file or the terminal calls for."""
    from topics.writers import format_for

    if format is None and output is not None:
        format = format_for(output)
    if format is None:
        return "table" if sys.stdout.isatty() else "jsonl"
    if format not in _FORMATS:
        raise typer.BadParameter(f'no such format here: "{format}". Give {", ".join(_FORMATS)}', param_hint="--format")
    if format == "table" and output is not None:
        raise typer.BadParameter("a table goes to the screen; a file is html or jsonl", param_hint="--output")
    return format


def _write(rows: Iterator[Row], format: str, output: Path | None, model: str) -> int:
    """Rows to where they are wanted; returns how many."""
    from topics.writers import render_explained, write_explained_html, write_rows

    if format == "jsonl":
        return write_rows(rows, output, "jsonl")
    if format == "table":
        from rich.console import Console

        return render_explained(rows, console=Console())
    from topics.writers.atomic import open_atomic
    from topics.writers.sinks import open_stream

    with open_atomic(output) if output is not None else open_stream(sys.stdout, "standard output") as sink:
        return write_explained_html(rows, sink, model=model)


def _show_topics(model: Model, wanted: Sequence[str], n_terms: int, format: str, output: Path | None) -> None:
    from topics.classification.explain import describe_topic
    from topics.writers import render_topic_terms, write_rows

    rows = [describe_topic(model.topics, slug, n_terms).to_dict() for slug in wanted]
    if format == "html":
        raise typer.BadParameter("a page is of segments: give DUMPS, or --format jsonl", param_hint="--format")
    if format == "jsonl":
        write_rows(rows, output, "jsonl")
        return
    from rich.console import Console

    for row in rows:
        render_topic_terms(row, console=Console())
