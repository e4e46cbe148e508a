"""``topics models …``: which there are, what they are worth, how two differ, and which one is in use."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from topics.cli.app import new_app
from topics.cli.options import Labels, NoLabels
from topics.cli.problems import Problems, keep_inputs, take_decisions

if TYPE_CHECKING:
    from topics.bundle import Model, ModelInfo
    from topics.differences import Difference, DifferenceCounts
    from topics.records import Dump

__all__ = ["models_app"]

models_app = new_app("See which models there are and what they are worth, compare two, choose the one in use.")

Version = Annotated[str, typer.Argument(metavar="VERSION", help="name@version, the first digits of one, or a folder.")]


@models_app.command("list")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a version.")] = False,
) -> None:
    """List the models that --model can name, nearest first, each with its versions.

    \b
    Example:
      topics models list
      topics models list --json
    """
    from topics.shelf import find_versions

    found = find_versions()
    nearest: dict[str, ModelInfo] = {}  # what each name means
    for info in found:
        if info.current:
            nearest.setdefault(info.name, info)
    for info in found:
        in_use = nearest.get(info.name) is info
        typer.echo(json.dumps(_as_dict(info, in_use), ensure_ascii=False) if as_json else _describe(info, in_use))
    if not found:
        typer.echo("topics: no model found. `topics train` makes one.", err=True)
        raise typer.Exit(1)


def _as_dict(info: ModelInfo, in_use: bool) -> dict[str, Any]:
    return {
        "name": info.name,
        "version": info.version,
        "place": info.place,
        "path": str(info.path),
        "in_use": in_use,
        "accuracy": _accuracy(info),
        "labels": info.manifest.get("trained_on", {}).get("pieces"),
        "problem": info.problem,
    }


def _describe(info: ModelInfo, in_use: bool) -> str:
    mark = "in use" if in_use else ""
    if info.problem:
        return f"{info.name:20} {info.place:8} {info.problem}"
    accuracy = _accuracy(info)
    n_labels = info.manifest.get("trained_on", {}).get("pieces")
    says = [
        f"accuracy {accuracy:.3f} out of fold" if accuracy is not None else "",
        "" if n_labels is None else f"{n_labels:,} labels" if n_labels else "no labels",
    ]
    told = ", ".join(filter(None, says))
    return f"{info.name:20} {info.place:8} {info.version}  {mark:6}  {info.path}  {told}".rstrip()


def _accuracy(info: ModelInfo) -> float | None:
    figures = info.manifest.get("metrics", {}).get("topics", {})
    accuracy = figures.get("accuracy")
    return accuracy if isinstance(accuracy, float) and figures.get("n") != 0 else None


@models_app.command("show")
def show_model(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name, version or folder.")] = "default",
    verdict: Annotated[
        bool, typer.Option("--verdict", help="What came of comparing it when it was trained, as JSON.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The manifest as JSON.")] = False,
) -> None:
    """Show a model's card: what it was trained on and how good it is.

    \b
    Example:
      topics models show
      topics models show models/mine --json
      topics models show default@3f2a9c --verdict
    """
    from topics.bundle import load_model
    from topics.errors import BundleError

    loaded = load_model(model)
    if verdict:
        try:
            typer.echo((loaded.path / "verdict.json").read_text("utf-8").rstrip())
        except OSError:
            raise BundleError(f"{loaded.path}: no verdict in it: nothing was compared when it was trained.") from None
    elif as_json:
        typer.echo(json.dumps({**loaded.manifest, "version": loaded.version}, indent=1))
    else:
        typer.echo((loaded.path / "CARD.md").read_text("utf-8").rstrip())


@models_app.command("promote")
def promote_model(version: Version) -> None:
    """Let a version take over: its model's name means it from now on.

    \b
    Example:
      topics models list
      topics models promote default@3f2a9c0d11e4
    """
    from topics.versions import promote

    typer.echo(str(promote(version)))


@models_app.command("rollback")
def roll_back(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or folder.")] = "default",
) -> None:
    """Go back to the version that was in use before the last change.

    \b
    Example:
      topics models rollback
      topics models rollback mine
    """
    from topics.versions import rollback

    typer.echo(str(rollback(model)))


@models_app.command("diff")
def compare(
    before: Annotated[str, typer.Argument(metavar="A", help="A model: name, version or folder.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The model to compare it with.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(metavar="DUMPS|RUN", help="Dumps, or a run whose dumps are meant.", show_default="seeds/"),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option("--format", "-f", help="jsonl or html.", show_default="a table on a terminal, else jsonl"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file: .jsonl or .html.", show_default="stdout")
    ] = None,
    labels: Labels = None,
    no_labels: NoLabels = False,
) -> None:
    """List the segments whose topic or boundary is another with model B than with model A, with both scores.

    \b
    Example:
      topics models diff default@3f2a9c default
      topics models diff models/old models/new dumps/ --output changes.html
      topics models diff default mine runs/monday --format jsonl
    """
    from topics.bundle import load_model
    from topics.differences import DifferenceCounts, compare_models

    wanted = _take_format(format, output)
    keep_inputs(output, inputs or ())
    problems = Problems()
    decided = take_decisions(labels, no_labels, problems)
    first, second = load_model(before), load_model(after)
    counts = DifferenceCounts()
    dumps = _read_inputs(inputs if inputs else ["seeds"], output, problems)
    found = compare_models(dumps, first, second, counts, decided=decided, on_problem=problems.note_label)
    _write(found, wanted, output, counts, first, second)
    typer.echo(f"{first.id} and {second.id}: {counts.summary()}", err=True)
    problems.leave()


def _take_format(format: str | None, output: Path | None) -> str | None:
    """``jsonl``, ``html``, or ``None`` for a table where there is a terminal."""
    named = format or (output.suffix.lower().removeprefix(".") if output is not None else None)
    named = {"htm": "html", "table": None}.get(named or "", named)
    if named not in (None, "jsonl", "html"):
        where = "--format" if format is not None else "--output"
        raise typer.BadParameter(f'"{named}" is not a format of differences: jsonl and html are', param_hint=where)
    return named or (None if output is None and sys.stdout.isatty() else "jsonl")


def _read_inputs(inputs: list[str], output: Path | None, problems: Problems) -> Iterator[Dump]:
    from topics.differences import is_record_file, read_dumps_of_run
    from topics.reading import ReadOptions, read_dumps
    from topics.runs import is_run, read_rows

    reading = ReadOptions(output=output)
    for each in inputs:
        path = Path(each)
        if is_run(path) or (path.is_file() and is_record_file(path)):
            yield from read_dumps_of_run(read_rows(path))
        else:
            yield from read_dumps([each], reading, on_problem=problems.note)


def _write(
    found: Iterable[Difference],
    format: str | None,
    output: Path | None,
    counts: DifferenceCounts,
    first: Model,
    second: Model,
) -> None:
    from topics.writers.atomic import open_atomic
    from topics.writers.differences import render_differences, render_moves, write_differences_html
    from topics.writers.formats import write_rows
    from topics.writers.sinks import open_stream

    rows = (difference.to_row() for difference in found)
    if format is None:
        from rich.console import Console

        console = Console(highlight=False)
        render_differences(rows, console)
        render_moves(counts.moves.most_common(), console)
    elif format == "jsonl":
        write_rows(rows, output, "jsonl")
    else:
        held = list(rows)  # the page begins with what is counted over all of them
        said: dict[str, Any] = {
            "before": first.id, "after": second.id, "summary": counts.summary(), "moves": counts.moves.most_common(),
        }  # fmt: skip
        if output is not None:
            with open_atomic(output) as sink:
                write_differences_html(held, sink, **said)
        else:
            with open_stream(sys.stdout, "standard output") as sink:
                write_differences_html(held, sink, **said)
