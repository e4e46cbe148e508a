"""``topics labels rename``, ``merge`` and ``split``: a taxonomy that changes, and the decisions that follow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.label_options import CareFormat, DryRun, LabelsOption, say_problem, show, wants_json

if TYPE_CHECKING:
    from rich.console import Console

    from topics.labels.decisions import TopicDecision
    from topics.labels.migrating import Migration

__all__ = ["deliver", "merge_labels", "rename_labels"]

NewName = Annotated[str | None, typer.Option("--name", help="The new name that people read.")]
MOST_SHOWN = 20  # decisions a file


def rename_labels(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The slug as it is.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The slug that it is to have.")],
    labels: LabelsOption = Path("labels"),
    name: NewName = None,
    dry_run: DryRun = False,
    format: CareFormat = None,
) -> None:
    """Give a topic another slug, in the taxonomy and in the decisions.

    Decisions are said again at the end of their files; the lines that stand there stay. If the command is
    killed, the labels mean what they meant, and the same command finishes it.

    \b
    Example:
      topics labels rename lifestyle daily-life --name "Daily life" --dry-run
      topics labels rename lifestyle daily-life --name "Daily life"
    """
    from topics.labels.migrating import rename

    as_json = wants_json(format)
    deliver(rename(labels, old, new, name=name, dry_run=dry_run, on_problem=say_problem), as_json)


def merge_labels(
    topics: Annotated[list[str], typer.Argument(metavar="TOPIC...", help="The topics that go.")],
    into: Annotated[str, typer.Option("--into", help="What they become: one of them, another, or a new slug.")],
    labels: LabelsOption = Path("labels"),
    name: NewName = None,
    description: Annotated[
        str | None, typer.Option(help="The new description.", show_default="theirs, one after another")
    ] = None,
    dry_run: DryRun = False,
    format: CareFormat = None,
) -> None:
    """Make one topic of several, in the taxonomy and in the decisions.

    \b
    Example:
      topics labels merge syria yemen --into middle-east --dry-run
      topics labels merge culture lifestyle --into culture
    """
    from topics.labels.migrating import merge

    as_json = wants_json(format)
    found = merge(
        labels, topics, into, name=name, description=description, dry_run=dry_run, on_problem=say_problem
    )  # fmt: skip
    deliver(found, as_json)


def deliver(found: Migration, as_json: bool) -> None:
    """Show what changed or would change; the counts and the next move go to stderr."""
    show(found.to_dict(), lambda console: _render(found, console), as_json)
    n, files = len(found.respelled), len(found.by_file)
    changed = f"{n} decision{'s' * (n != 1)} in {files} file{'s' * (files != 1)}"
    if not found.done:
        typer.echo(f"topics: {changed} would be said again. Nothing was written.", err=True)
    else:
        typer.echo(f'topics: {changed} said again. A model knows of it after "topics train".', err=True)


def _render(found: Migration, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    for line in found.taxonomy_diff:
        style = {"+": "green", "-": "red"}.get(line[:1], "")
        console.print(Text(line, style), soft_wrap=True)
    for file, changes in found.by_file.items():
        table = Table("line", "segment of", "was", "is", "why", title=file, title_justify="left")
        for change in changes[:MOST_SHOWN]:
            before, after = change.entry.decision, change.decision
            why = found.why.get(before.segment, "")
            table.add_row(*map(Text, (str(change.entry.line), before.name, _spell(before), _spell(after), why)))
        if len(changes) > MOST_SHOWN:
            table.add_row("", f"and {len(changes) - MOST_SHOWN} more")
        console.print(table)


def _spell(decision: TopicDecision) -> str:
    return " + ".join((decision.topic or "(none)", *decision.also))
