"""``topics explain`` and ``topics export``: why a topic, and one folder a topic to read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.options import Labels, ModelName, NoLabels
from topics.cli.problems import Problems, take_decisions, take_format

if TYPE_CHECKING:
    from topics.bundle import Model
    from topics.labels.boundaries import Decided
    from topics.records import Dump

__all__ = ["explain", "export"]


def explain(
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="DUMPS", help="Dumps to explain.", show_default=False)
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Explain this topic and not the likeliest.", show_default=False)
    ] = None,
    segment: Annotated[
        int | None, typer.Option(min=0, help="Only the segment of this index.", show_default=False)
    ] = None,
    model: ModelName = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
) -> None:
    """Show the terms that decided: for each segment, or for a topic as a whole.

    \b
    Example:
      topics explain dump.txt
      topics explain dump.txt --segment 2 --topic gaza
      topics explain --topic climate
    """
    from topics.bundle import load_model
    from topics.classification.explain import strongest_terms
    from topics.errors import DumpError
    from topics.reading import read_dumps

    loaded = load_model(model)
    if topic is not None and topic not in loaded.topics.slugs:
        raise typer.BadParameter(
            f'unknown topic "{topic}". Known: {", ".join(loaded.topics.slugs)}', param_hint="--topic"
        )
    if not inputs:
        if topic is None:
            raise typer.BadParameter("give dumps, or --topic", param_hint="DUMPS")
        typer.echo("\n".join(strongest_terms(loaded.topics, topic)))
        return
    problems = Problems()
    decided = take_decisions(labels, no_labels, problems)
    n_shown = sum(
        _explain_dump(dump, loaded, topic, segment, decided, problems)
        for dump in read_dumps(inputs, on_problem=problems.note)
    )
    if segment is not None and not n_shown and not problems:
        raise DumpError(f"no segment {segment} in what was given. `topics classify` shows their numbers.")
    problems.leave()


def _explain_dump(
    dump: Dump, model: Model, topic: str | None, wanted: int | None, decided: Decided, problems: Problems
) -> int:
    """Prints the segments, or the one that is wanted; returns how many."""
    from topics.classification.explain import Pull, explain_segment
    from topics.pipeline import classify
    from topics.pipeline import segment as cut
    from topics.writers.text import clean_cell

    def listed(pulls: tuple[Pull, ...]) -> str:
        return ", ".join(f"{pull.term} {pull.share:+.1%}" for pull in pulls) or "nothing"

    n_shown = 0
    pieces = cut(dump, model, decided=decided, on_problem=problems.note_label)
    for piece, prediction in zip(pieces, classify(pieces, model), strict=True):
        if wanted is not None and piece.index != wanted:
            continue
        n_shown += 1
        found = explain_segment(piece, model.topics, topic)
        outcome = prediction.topic or ("unknown" if prediction.unknown else piece.kind)
        heading = clean_cell(piece.title or piece.body.split("\n")[0][:70])
        typer.echo(f"{clean_cell(dump.name)} #{piece.index} lines {piece.start_line}-{piece.end_line}: {heading}")
        typer.echo(f"  decided  {outcome}")
        typer.echo(f"  {found.topic} {found.probability:.2f}")
        typer.echo(f"    towards  {listed(found.towards)}")
        typer.echo(f"    against  {listed(found.against)}")
    return n_shown


def export(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="A run folder, or a .jsonl or .parquet file of records.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", "-t", help="Only this topic; may be repeated.", show_default="all"),
    ] = None,
    min_score: Annotated[float, typer.Option(min=0.0, max=1.0, help="Only segments at least this sure.")] = 0.0,
    format: Annotated[str, typer.Option("--format", "-f", help="html, md, jsonl, csv or parquet.")] = "html",
) -> None:
    """Write one folder a topic, ready to read, from a run.

    \b
    Example:
      topics classify dumps/ --output runs/monday
      topics export runs/monday --output monday --topic gaza --min-score 0.6
    """
    from topics.runs import read_rows
    from topics.writers import write_topics_folder

    format = take_format(format)
    counts = write_topics_folder(read_rows(source), output, topics=topic or None, min_score=min_score, format=format)
    for name, n in counts.items():
        typer.echo(f"{n:6,}  {name}", err=True)
    typer.echo(str(output))
    if not counts:
        typer.echo(
            "topics: nothing fits that choice of topics and scores. Lower --min-score or take other topics.",
            err=True,
        )
        raise typer.Exit(1)
