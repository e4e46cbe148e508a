"""``topics labels …``: looking after the labels of a project."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from topics.cli.app import new_app
from topics.cli.problems import Problems
from topics.errors import LabelError

__all__ = ["labels_app"]

labels_app = new_app("Look after the labels of a project.")

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
    from topics.reading import read_dumps

    if dumps is None:
        dumps = ["seeds"] if Path("seeds").is_dir() else []
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
