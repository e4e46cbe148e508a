"""``topics train``: labels to a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.options import ModelName

if TYPE_CHECKING:
    from topics.retraining import Verdict
    from topics.training import LearnOptions

__all__ = ["train"]


def train(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of the model: each training adds a version.")
    ] = Path("models/default"),
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
    held_out: Annotated[
        list[Path] | None,
        typer.Option(
            help="Gold of dumps to measure on and never learn from; may be repeated.",
            show_default="labels/held_out/*.jsonl",
        ),
    ] = None,
    promote: Annotated[
        bool | None,
        typer.Option(
            "--promote/--no-promote",
            help="Let the new version take over in any case, or in none.",
            show_default="unless it got worse",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the learning curve, and boundary decisions out of fold.")
    ] = False,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Write the model's files into --output itself: no version, no comparison."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The verdict as JSON on standard output.")] = False,
    n_dumps: Annotated[int, typer.Option(min=20, help="Dumps of each mix that each generation learns from.")] = 14_000,
) -> None:
    """Train a model on the labels of a project, compare it with the one in use, and let it take over if it is no worse.

    Boundary decisions, where their dumps are at hand, and --articles refine the boundaries of --model. Both models are
    measured on the same pieces, which neither learned from. A model that got worse is kept as a version and does not
    take over (exit code 1); `topics models promote VERSION` makes it.

    \b
    Example:
      topics train
      topics train --labels my-labels --dumps my-dumps --output models/mine
      topics train --unlabelled dumps/2026
      topics train --articles gazette.jsonl --no-promote
      topics train --corpora ../shared/data --plain
    """
    from topics.cli.progress import show_steps
    from topics.retraining import retrain
    from topics.training import train as train_model

    if corpora is not None and articles is not None:
        raise typer.BadParameter("give either --corpora or --articles", param_hint="--articles")
    if plain and (promote is not None or held_out or as_json or quick):
        raise typer.BadParameter("compares nothing, so it goes with none of the options about it", param_hint="--plain")
    options: LearnOptions = {
        "dumps": dumps, "corpora": corpora, "articles": articles, "base": model,
        "unlabelled": unlabelled or (), "leave_out": leave_out or (), "n_dumps": n_dumps,
    }  # fmt: skip
    if plain:
        with show_steps("training") as say:
            report = train_model(labels, output, **options, on_progress=say)
        _say_problems(report.problems)
        typer.echo(report.summary(), err=True)
        typer.echo(str(output))
        if report.problems:
            raise typer.Exit(1)
        return
    with show_steps("training") as say:
        verdict = retrain(
            labels,
            output,
            **options,
            held_out=held_out or (),
            quick=quick,
            promote=promote,
            progress=lambda message, done: say(message),
        )
    _say_problems(verdict.problems)
    _show_verdict(verdict)
    if as_json:
        typer.echo(json.dumps(verdict.to_dict(), ensure_ascii=False, indent=1))
    else:
        typer.echo(str(verdict.path))
    if verdict.problems or (promote is not False and not verdict.promoted):
        raise typer.Exit(1)


def _say_problems(problems: Sequence[str]) -> None:
    for problem in problems:
        typer.echo(f"topics: {problem}", err=True)


def _show_verdict(verdict: Verdict) -> None:
    """The tables and what came of it, on stderr: the data is the version's place."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    verdict.render(console if console.is_terminal else Console(stderr=True, highlight=False, width=120))
    for note in verdict.notes:
        typer.echo(f"note: {note}", err=True)
    if verdict.weaker:
        typer.echo(f"weaker topics: {', '.join(verdict.weaker)}", err=True)
    typer.echo(verdict.summary(), err=True)
    if verdict.promoted and verdict.outcome == "worse" and not verdict.own:
        typer.echo(f"nothing was in use as {verdict.path.parent.name}, so {verdict.after} is now", err=True)
    elif verdict.promoted and verdict.own and verdict.before != verdict.after:
        typer.echo(f"{verdict.after} is in use; `topics models rollback {_spell_place(verdict)}` goes back", err=True)
    elif verdict.promoted:
        typer.echo(f"{verdict.after} is in use", err=True)
    else:
        typer.echo(f"{verdict.after} does not take over; `topics models promote {verdict.after}` makes it", err=True)


def _spell_place(verdict: Verdict) -> str:
    """The model's name, or its folder where its name means another."""
    folder = verdict.path.parent
    return folder.name if folder.parent == Path("models") else str(folder)
