"""What the commands that look after labels share: their options, and how what they found is shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from topics.cli.problems import Problems
    from topics.errors import LabelError
    from topics.records import Dump

__all__ = [
    "CareFormat", "DryRun", "Dumps", "LabelFolder", "LabelsOption", "read_at_hand", "say_problem", "show", "wants_json",
]  # fmt: skip

LabelFolder = Annotated[Path, typer.Argument(metavar="LABELS", help="Folder of label files.")]
LabelsOption = Annotated[Path, typer.Option("--labels", help="Folder of label files, with taxonomy.toml.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")]
Dumps = Annotated[
    list[str] | None,
    typer.Option(
        "--dumps",
        help="Dumps to match the labels with; may be repeated.",
        show_default="seeds/ if there are any",
    ),
]
CareFormat = Annotated[
    str | None,
    typer.Option("--format", "-f", help="table or json.", show_default="a table on a terminal, else json"),
]


def wants_json(format: str | None, as_json: bool = False) -> bool:
    """Whether to print JSON: as told, else where no person is there to read a table."""
    if format not in (None, "table", "json", "jsonl"):
        raise typer.BadParameter(f'"{format}" is neither table nor json', param_hint="--format")
    return as_json or format in ("json", "jsonl") or (format is None and not sys.stdout.isatty())


def show(found: dict[str, Any], render: Callable[[Console], None], as_json: bool) -> None:
    """Print what was found: as one JSON object, or as a person reads it."""
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    from rich.console import Console

    render(Console())


def read_at_hand(dumps: list[str] | None, problems: Problems) -> list[Dump]:
    """The dumps that labels may speak of: those given, else what is in ``seeds/``."""
    from topics.reading import list_inputs, read_dumps

    if dumps is None:
        dumps = ["seeds"] if list_inputs("seeds") else []
    return list(read_dumps(dumps, on_problem=problems.note))


def say_problem(problem: LabelError) -> None:
    """Name on stderr what cannot be used; it stays as it is."""
    from topics.reading.problems import printable

    typer.echo(f"topics: {printable(str(problem))}", err=True)
