"""``topics init``: a project with the user's own topics."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from topics.labels.taxonomy import Topic

__all__ = ["ask_topics", "init"]

Ask = Callable[[str], str]


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the project is to be.")] = Path("."),
    topic: Annotated[
        list[str] | None,
        typer.Option("--topic", "-t", help='A topic, "Name: what belongs there"; may be repeated.', show_default=False),
    ] = None,
    topics: Annotated[
        str | None,
        typer.Option("--topics", metavar="FILE", help="A plain list of topics; - for stdin.", show_default=False),
    ] = None,
) -> None:
    """Start a project with your own topics.

    Asks for the topics on a terminal. In a list, a topic is a line "Name: what belongs there"; indented below it may
    stand "rule: …", "borderline: …" and "key words: …, …". Nothing that is there is written over.

    \b
    Example:
      topics init valley
      topics init valley -t "Rivers: Floods, dams and fish." -t "Roads: Traffic, bridges and buses."
      topics init --topics my-topics.txt
    """
    from topics.labels.project import list_topics, make_project

    taxonomy = folder / "labels" / "taxonomy.toml"
    if topic or topics:
        found = list_topics("\n".join(line.strip() for line in topic or ()), "--topic", comments=False)
        if topics is not None:
            found += list_topics(_read(topics), topics, known={each.slug: "--topic" for each in found})
    elif taxonomy.exists():  # no questions whose answers come to nothing
        found = []
    elif sys.stdin.isatty():
        found = ask_topics(lambda question: typer.prompt(question, default="", show_default=False, err=True))
    else:
        raise typer.BadParameter('give topics, --topic "Name: what belongs there"', param_hint="--topic")
    if not found and taxonomy.exists():
        from topics.errors import LabelError

        raise LabelError(f"{taxonomy}: there is a project here already. Edit that file, or take another folder.")
    for path in make_project(folder, found):
        typer.echo(str(path))
    where = "" if folder == Path(".") else f" in {folder}"
    typer.echo(
        f'topics: a project of {len(found)} topics. Next: dumps into seeds/, then "topics train"{where}.', err=True
    )


def ask_topics(ask: Ask) -> list[Topic]:
    """Ask for topics until no more name is given."""
    from topics.errors import LabelError
    from topics.labels.project import start_topic

    found: list[Topic] = []
    while name := ask(
        f"Name of topic {len(found) + 1}" + (" (nothing: that is all)" if len(found) > 1 else "")
    ).strip():
        description = ask("  What belongs there, in a sentence or two").strip()
        try:
            topic = start_topic(f"{name}: {description}", name)
        except LabelError as fault:
            typer.echo(f"topics: {fault}", err=True)
            continue
        if topic.slug in (known.slug for known in found):
            typer.echo(f'topics: "{topic.slug}" is there already. Take another name.', err=True)
            continue
        rule = ask("  Where another topic fits too, when is it this one? (nothing: no rule)").strip() or None
        cases = []
        while case := ask("  A borderline case, and where it goes (nothing: no more)").strip():
            cases.append(case)
        words = ask("  Key words, with commas (nothing: none)").split(",")
        key_words = tuple(word.strip() for word in words if word.strip())
        found.append(replace(topic, rule=rule, borderline=tuple(cases), key_words=key_words))
    return found


def _read(path: str) -> str:
    from topics.errors import LabelError

    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from None
