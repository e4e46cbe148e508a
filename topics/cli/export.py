"""``topics export``: one folder a topic to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.options import refuse_nan
from topics.cli.problems import take_format
from topics.errors import LabelError

if TYPE_CHECKING:
    from topics.labels.decisions import TopicDecision
    from topics.labels.taxonomy import Taxonomy
    from topics.writers import Row

__all__ = ["export"]


def export(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="A run folder, or a .jsonl or .parquet file of records.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", "-t", help="Only this topic; may be repeated.", show_default="all"),
    ] = None,
    min_score: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=refuse_nan,
            help="Only segments at least this sure of the topic; unknown ones stay, unless --topic leaves them out.",
        ),
    ] = 0.0,
    format: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            "-f",
            help="html, md, csv, parquet or jsonl; may be repeated.",
            show_default="html, md, csv and parquet",
        ),
    ] = None,
) -> None:
    """Write one folder a topic from a run: pages to read, tables to compute with, and an index of all.

    A topic that is corrected in a .csv of it comes back with `topics labels import FOLDER --format csv`.

    \b
    Example:
      topics classify dumps/ --output runs/monday
      topics export runs/monday --output monday --topic gaza --min-score 0.6
      topics export runs/monday --output sheets --format csv
    """
    from topics.interchange.gathering import add_references
    from topics.labels.taxonomy import load_taxonomy
    from topics.runs import read_rows
    from topics.writers import write_topics_folder

    taxonomy = load_taxonomy()
    formats = [take_format(each) for each in format or ("html", "md", "csv", "parquet")]
    counts = write_topics_folder(
        _check_topics(add_references(read_rows(source), _read_labels(taxonomy)), topic or (), taxonomy),
        output,
        topics=topic or None,
        min_score=min_score,
        format=formats,
        names={known.slug: known.name for known in taxonomy.topics},
    )
    for name, n in counts.items():
        typer.echo(f"{n:6,}  {name}", err=True)
    typer.echo(str(output))


def _read_labels(taxonomy: Taxonomy) -> dict[str, TopicDecision]:
    """The labels of the project, by segment; one that cannot be used is the matter of `labels check`."""
    from topics.labels.matching import settle_topics
    from topics.labels.store import find_label_files, read_decisions

    decisions = read_decisions(find_label_files(Path("labels")), taxonomy, on_problem=lambda fault: None)
    return {entry.decision.segment: entry.decision for entry in settle_topics(decisions.topics)}


def _check_topics(rows: Iterable[Row], wanted: Iterable[str], taxonomy: Taxonomy) -> Iterator[Row]:
    """The rows; behind the last, the error of a wanted topic that neither they nor the taxonomy know."""
    from topics.writers.rows import BOILERPLATE, UNKNOWN

    faults = {slug: fault for slug in wanted if (fault := taxonomy.find_fault(slug)) is not None}
    known: set[str | None] = {UNKNOWN, BOILERPLATE}
    for row in rows:
        known.update((row.get("topic"), *row.get("also", ())))
        yield row
    for slug, fault in faults.items():
        if slug not in known:
            raise LabelError(fault)
