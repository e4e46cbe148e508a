"""``topics labels …`` and ``topics models …``: what is on the shelves."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from topics.cli.app import new_app
from topics.cli.problems import Problems
from topics.errors import LabelError

__all__ = ["labels_app", "models_app"]

labels_app = new_app("Look after the labels of a project.")
models_app = new_app("See which models there are, and what they are worth.")

Folder = Annotated[Path, typer.Argument(metavar="LABELS", help="Folder of label files.")]
Dumps = Annotated[
    list[str] | None,
    typer.Option(
        "--dumps",
        help="Dumps to match the labels with; may be repeated.",
        show_default="seeds/ if it is there",
    ),
]


@labels_app.command("check")
def check_labels(folder: Folder = Path("labels"), dumps: Dumps = None) -> None:
    """Find labels that cannot be used: unknown topics, disagreements, near-duplicates, stale places.

    \b
    Example:
      topics labels check
      topics labels check my-labels --dumps my-dumps
    """
    from rich.console import Console

    from topics.labels.checks import check
    from topics.reading import list_inputs, read_dumps

    if dumps is None:
        dumps = ["seeds"] if list_inputs("seeds") else []
    problems = Problems()
    report = check(folder, None, read_dumps(dumps, on_problem=problems.note))
    report.render(Console())
    problems.leave()
    if not report.ok:
        found = ", ".join(f"{n} {kind}" for kind, n in report.n_findings.items())
        raise LabelError(f"{folder}: {found}. Mend them where the lines above say, then check again.")


@labels_app.command("stats")
def count_labels(
    folder: Folder = Path("labels"),
    as_json: Annotated[bool, typer.Option("--json", help="Counts as JSON.")] = False,
) -> None:
    """Count the labels by topic, kind and file.

    \b
    Example:
      topics labels stats
    """
    from rich.console import Console

    from topics.labels.checks import stats

    counted = stats(folder, None)
    if as_json or not sys.stdout.isatty():
        typer.echo(json.dumps(counted.to_dict(), indent=1))
    else:
        counted.render(Console())


@models_app.command("list")
def list_models() -> None:
    """List the models that --model can name, nearest first.

    \b
    Example:
      topics models list
    """
    from topics.bundle import find_models

    found = find_models()
    for info in found:
        if info.problem:
            typer.echo(f"{info.name:20} {info.place:8} {info.problem}")
        else:
            metrics = info.manifest.get("metrics", {}).get("topics", {})
            accuracy = metrics.get("accuracy")
            says = f"accuracy {accuracy:.3f} out of fold" if isinstance(accuracy, float) else ""
            typer.echo(f"{info.name:20} {info.place:8} {info.manifest['version']}  {info.path}  {says}".rstrip())
    if not found:
        typer.echo("topics: no model found. `topics train` makes one.", err=True)
        raise typer.Exit(1)


@models_app.command("show")
def show_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or folder.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as JSON.")] = False,
) -> None:
    """Show a model's card: what it was trained on and how good it is.

    \b
    Example:
      topics models show
      topics models show models/mine --json
    """
    from topics.bundle import load_model

    loaded = load_model(model)
    if as_json:
        typer.echo(json.dumps({**loaded.manifest, "version": loaded.version}, indent=1))
        return
    typer.echo((loaded.path / "CARD.md").read_text("utf-8").rstrip())
