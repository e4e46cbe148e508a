"""``topics report``: a run as one page of pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.problems import Problems, keep_inputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["report"]

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder, or a .jsonl or .parquet file of records.")]


def report(
    source: Run,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The HTML file to make.", show_default="RUN.html on a terminal, else stdout"
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="The heading.", show_default="the run's name")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels", help="Folder of label files to judge the model by.", show_default="labels/ if it is there"
        ),
    ] = None,
    no_labels: Annotated[bool, typer.Option("--no-labels", help="Look at no labels.")] = False,
) -> None:
    """Make one HTML page of a run: sizes, time, scores and whether to believe them, confusions, unknowns, copies.

    The page is one file without scripts, and loads nothing. It needs matplotlib: pip install 'topics[report]'.

    \b
    Example:
      topics classify dumps/ --output runs/monday
      topics report runs/monday --output monday.html
      topics report records.jsonl --title "Week 21" > week.html
    """
    from topics.cli.progress import show_progress
    from topics.report.page import make_report, write_report
    from topics.runs import is_run, read_manifest, read_rows
    from topics.writers.atomic import open_atomic
    from topics.writers.sinks import open_stream

    if no_labels and labels is not None:
        raise typer.BadParameter("give either --labels or --no-labels", param_hint="--no-labels")
    if not no_labels and labels is None and Path("labels").is_dir():
        labels = Path("labels")
    keep_inputs(output, [source])
    problems = Problems()
    manifest = read_manifest(source) if is_run(source) else None
    name = _name_run(source)
    with show_progress("counting", _count_dumps(manifest)) as advance:
        made = make_report(
            read_rows(source),
            title=title or f"Report on {name}",
            manifest=manifest,
            labels=labels,
            on_problem=problems.note_label,
            on_dump=advance,
        )
    if output is None and sys.stdout.isatty():
        output = Path(f"{name}.html")
    if output is None:
        with open_stream(sys.stdout.buffer, "standard output") as sink:
            write_report(made, sink)
    else:
        with open_atomic(output) as sink:
            write_report(made, sink)
        typer.echo(str(output))
    problems.leave()


def _name_run(source: str) -> str:
    name = Path(source).resolve().name
    for suffix in (".gz", ".jsonl", ".parquet"):
        name = name.removesuffix(suffix)
    return name


def _count_dumps(manifest: Mapping[str, Any] | None) -> int | None:
    totals = (manifest or {}).get("totals") or {}
    n_dumps = totals.get("dumps")
    return n_dumps if isinstance(n_dumps, int) else None
