"""``topics labels rename``, ``merge`` and ``split``: a taxonomy that changes, and the decisions that follow it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.label_options import (
    CareFormat,
    DryRun,
    Dumps,
    LabelsOption,
    read_at_hand,
    say_problem,
    show,
    wants_json,
)
from topics.cli.options import ModelName, refuse_nan
from topics.cli.problems import Problems

if TYPE_CHECKING:
    from rich.console import Console

    from topics.labels.decisions import TopicDecision
    from topics.labels.migrating import Migration
    from topics.labels.taxonomy import Topic

__all__ = ["deliver", "merge_labels", "rename_labels", "split_labels"]

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


def split_labels(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic that is to become several.")],
    into: Annotated[list[str], typer.Option("--into", help="A topic that it becomes; twice or more.")],
    labels: LabelsOption = Path("labels"),
    describe: Annotated[
        list[str] | None,
        typer.Option(
            "--describe", metavar="SLUG=TEXT", help="What belongs to a topic that is not there yet.", show_default=False
        ),
    ] = None,
    key_words: Annotated[
        list[str] | None,
        typer.Option("--key-words", metavar="SLUG=A,B", help="Its key words, by commas.", show_default=False),
    ] = None,
    rest: Annotated[
        str | None, typer.Option("--rest", metavar="SLUG", help="Where what nothing tells about goes.")
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0.5, max=1.0, callback=refuse_nan, help="How sure a prediction must be.")
    ] = 0.8,
    dumps: Dumps = None,
    model: ModelName = None,
    dry_run: DryRun = False,
    format: CareFormat = None,
) -> None:
    """Make several topics of one, and move its decisions by key words and predictions.

    A piece goes where it has two key words or more, and twice as many as for any other; else where a model of the
    new topics is sure. What neither can tell stays as it is and is listed: decide it, or add key words, and give the
    same command again. The topic goes once no decision is left on it. It may be one of those that it becomes.

    \b
    Example:
      topics labels split culture --into culture --into film --dry-run \\
        --describe "film=Films and festivals." --key-words "film=director,box office,screenplay"
      topics labels split world --into world --into asia --rest world --describe "asia=All of Asia."
    """
    from topics.care.gather import gather_labelled
    from topics.care.splitting import split
    from topics.cli.progress import show_steps

    as_json = wants_json(format)
    new = _new_topics(labels, topic, into, describe or [], key_words or [], rest)
    problems = Problems()
    with show_steps("splitting") as say:
        say("reading labels")
        labelled = gather_labelled(labels, read_at_hand(dumps, problems), model, on_problem=lambda problem: None)
        say("looking where each goes")
        found = split(
            labels, topic, into, labelled,
            new=new, rest=rest, min_score=min_score, dry_run=dry_run, on_problem=say_problem,
        )  # fmt: skip
    deliver(found, as_json)
    if found.undecided:
        typer.echo(
            f"topics: {len(found.undecided)} undecided, still {topic}. Decide them, give more key words or --rest, "
            "then the same command again.",
            err=True,
        )
    problems.leave()


def _new_topics(
    labels: Path, gone: str, into: list[str], describe: list[str], key_words: list[str], rest: str | None
) -> list[Topic]:
    """The topics that are to be added, from the options; a usage error where these do not fit together."""
    from topics.errors import LabelError
    from topics.labels.taxonomy import Topic, load_taxonomy

    taxonomy = load_taxonomy(labels / "taxonomy.toml")
    if len(set(into)) < 2:
        raise typer.BadParameter("name two topics or more", param_hint="--into")
    if rest is not None and rest not in into:
        raise typer.BadParameter(f'"{rest}" is none of the --into topics', param_hint="--rest")
    described = _by_slug(describe, "--describe")
    words = _by_slug(key_words, "--key-words")
    for slug in (*described, *words):
        if slug not in into or slug in taxonomy:
            hint = "--describe" if slug in described else "--key-words"
            raise typer.BadParameter(f'"{slug}" is not a new topic among --into', param_hint=hint)
    fault = taxonomy.find_fault(gone)
    if fault and taxonomy.find_successors(gone) != tuple(into):
        raise LabelError(f"{labels / 'taxonomy.toml'}: {fault}")
    new = []
    for slug in dict.fromkeys(into):
        if slug not in taxonomy:
            if slug not in described:
                raise LabelError(
                    f'{labels / "taxonomy.toml"}: no topic "{slug}". Add it there, or give --describe "{slug}=…".'
                )
            listed = tuple(word.strip() for word in words.get(slug, "").split(",") if word.strip())
            new.append(Topic(slug, slug.replace("-", " ").capitalize(), described[slug], listed))
    return new


def _by_slug(options: list[str], name: str) -> dict[str, str]:
    pairs = [option.partition("=") for option in options]
    for slug, _, text in pairs:
        if not text.strip():
            raise typer.BadParameter(f'"{slug}" is not SLUG=TEXT', param_hint=name)
    return {slug.strip(): text.strip() for slug, _, text in pairs}


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
    if found.undecided:
        console.print(f"undecided ({len(found.undecided)})", style="bold", highlight=False)
    for entry in found.undecided:
        why = found.why.get(entry.decision.segment, "no text or terms at hand")
        console.print(Text(f"  {entry.place}: {entry.decision.name}: {why}"), soft_wrap=True)


def _spell(decision: TopicDecision) -> str:
    return " + ".join((decision.topic or "(none)", *decision.also))
