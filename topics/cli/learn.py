"""``topics train``: labels to a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from topics.cli.options import ModelName

__all__ = ["train"]


def train(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the new model.")] = Path("models/default"),
    labels: Annotated[Path, typer.Option(help="Folder of label files, with taxonomy.toml.")] = Path("labels"),
    dumps: Annotated[
        list[str] | None,
        typer.Option(help="Where the labelled dumps are; may be repeated.", show_default="seeds/ if it is there"),
    ] = None,
    corpora: Annotated[
        Path | None,
        typer.Option(
            help="Folder of whole articles (JSONL): learn boundaries anew. Without it they come from --model."
        ),
    ] = None,
    articles: Annotated[
        Path | None,
        typer.Option(
            help="Whole articles of your outlets (JSONL, a file or a folder): refine the boundaries of --model by them."
        ),
    ] = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            help="Dumps like those to come, that nobody has labelled: words, furniture and topics are learned from "
            "them; may be repeated.",
            show_default=False,
        ),
    ] = None,
    model: ModelName = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="Label files to leave out, by name; may be repeated.")
    ] = None,
    n_dumps: Annotated[int, typer.Option(min=20, help="Mixed dumps to learn boundaries from.")] = 14_000,
) -> None:
    """Train a model on the labels of a project.

    Boundary decisions, where their dumps are at hand, and --articles refine the boundaries of --model.

    \b
    Example:
      topics train
      topics train --labels my-labels --dumps my-dumps --output models/mine
      topics train --unlabelled dumps/2026
      topics train --articles gazette.jsonl
      topics train --corpora ../shared/data
    """
    from topics.cli.progress import show_steps
    from topics.training import train as train_model

    if corpora is not None and articles is not None:
        raise typer.BadParameter("give either --corpora or --articles", param_hint="--articles")
    with show_steps("training") as say:
        report = train_model(
            labels,
            output,
            dumps=dumps,
            corpora=corpora,
            articles=articles,
            base=model,
            unlabelled=unlabelled or (),
            leave_out=leave_out or (),
            n_dumps=n_dumps,
            on_progress=say,
        )
    for problem in report.problems:
        typer.echo(f"topics: {problem}", err=True)
    typer.echo(report.summary(), err=True)
    typer.echo(str(output))
    if report.problems:
        raise typer.Exit(1)
