"""The command line: parse, call, print. ``main`` is all of the command ``topics``, once this is imported."""

from __future__ import annotations

from typing import Annotated

import typer

from topics.cli.app import multiply_on_one_thread, new_app, prepare_streams
from topics.cli.discover import discover
from topics.cli.evaluate import evaluate
from topics.cli.explain import explain
from topics.cli.export import export
from topics.cli.init import init
from topics.cli.interchange import export_labels, import_labels
from topics.cli.label_care import check_labels, count_labels
from topics.cli.label_changes import merge_labels, rename_labels, split_labels
from topics.cli.models import models_app
from topics.cli.predict import classify, segment
from topics.cli.report import report
from topics.cli.review import review
from topics.cli.train import train

__all__ = ["app", "main"]

app = new_app(
    "Split scraped news dumps back into articles and tag each with a topic and an honest probability.\n\n"
    "Start with: topics classify seeds/"
)
for command in (classify, segment, review, export, report, discover, explain, train, evaluate, init):
    app.command()(command)
labels_app = new_app("Look after the labels of a project.")
labels_app.command("check")(check_labels)
labels_app.command("stats")(count_labels)
labels_app.command("rename")(rename_labels)
labels_app.command("merge")(merge_labels)
labels_app.command("split")(split_labels)
labels_app.command("import")(import_labels)
labels_app.command("export")(export_labels)
app.add_typer(labels_app, name="labels")
app.add_typer(models_app, name="models")


def _say_version(wanted: bool) -> None:
    if wanted:
        from topics import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", callback=_say_version, is_eager=True),
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command line."""
    prepare_streams()
    multiply_on_one_thread()
    app(prog_name="topics")
