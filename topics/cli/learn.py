"""``topics train`` and ``topics evaluate``: labels to a model, a model to figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from topics.cli.options import Labels, ModelName, NoLabels, Output
from topics.cli.problems import Problems, take_decisions

__all__ = ["evaluate", "train"]


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


def evaluate(
    inputs: Annotated[list[str], typer.Argument(metavar="DUMPS", help="The dumps that the gold speaks of.")],
    gold: Annotated[
        Path | None,
        typer.Option("--gold", help="Gold segments with topics: our label format, or lines.", show_default=False),
    ] = None,
    segmentation: Annotated[
        Path | None,
        typer.Option("--segmentation", help="The same, for boundaries alone.", show_default=False),
    ] = None,
    model: ModelName = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    output: Output = None,
) -> None:
    """Measure a model on dumps whose true segments and topics are known.

    \b
    Example:
      topics evaluate --gold tests/quality/held_out.jsonl seeds/
      topics evaluate --segmentation gold.jsonl dumps/ --json
      topics evaluate --segmentation labels/mine.jsonl dumps/ --no-labels
    """
    from topics.bundle import load_model
    from topics.errors import LabelError
    from topics.evaluation import evaluate as measure
    from topics.reading import read_dumps

    if (gold is None) == (segmentation is None):
        raise typer.BadParameter("give either --gold or --segmentation", param_hint="--gold")
    problems = Problems()
    decided = take_decisions(labels, no_labels, problems)
    dumps = list(read_dumps(inputs, on_problem=problems.note))
    report = measure(
        dumps,
        gold or segmentation,  # type: ignore[arg-type]
        load_model(model),
        topics=gold is not None,
        decided=decided,
        on_problem=problems.note_label,
    )
    for name in report.partial if segmentation is not None else ():
        problems.note_label(
            LabelError(f'{segmentation}: leaves out text of "{name}", so its boundaries are unknown. Label all of it.')
        )
    if report.n_decisions:
        typer.echo(
            f"topics: boundary decisions about these dumps in force: {report.n_decisions}. "
            "Use --no-labels to measure the model alone.",
            err=True,
        )
    text = json.dumps(report.to_dict(), indent=1)
    if output is not None:
        from topics.writers.atomic import write_text

        write_text(output, text + "\n")
    elif as_json or not sys.stdout.isatty():
        typer.echo(text)
    else:
        from rich.console import Console

        report.render(Console())
    problems.leave()
