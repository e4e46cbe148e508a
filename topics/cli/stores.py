"""``topics labels …`` and ``topics models …``: what is on the shelves."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from topics.cli.app import new_app

__all__ = ["labels_app", "models_app"]

labels_app = new_app("Look after the labels of a project.")
models_app = new_app("See which models there are, and what they are worth.")


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
