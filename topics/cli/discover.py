"""``topics discover``: what recurs among the unknowns of a run, and a new topic made of it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.options import refuse_nan

if TYPE_CHECKING:
    from rich.console import Console

    from topics.discover.finding import Discovery, Group

__all__ = ["discover"]


def discover(
    source: Annotated[
        str, typer.Argument(metavar="RUN", help="A run folder, or a .jsonl or .parquet file of records.")
    ],
    below: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=refuse_nan,
            help="Also take segments with a topic whose score is lower.",
            show_default="unknowns alone",
        ),
    ] = None,
    min_group: Annotated[int, typer.Option(min=3, help="Segments that a group has at least.")] = 5,
    n_groups: Annotated[
        int | None,
        typer.Option("--groups", min=1, help="Make at most so many groups.", show_default="by how alike they are"),
    ] = None,
    most: Annotated[int, typer.Option(min=20, help="Segments to look at, drawn by lot where there are more.")] = 4000,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Whose word vectors to use: a name or folder.", show_default="default"),
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="Titles to show of each group.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Groups as JSON.")] = False,
    accept: Annotated[
        str | None, typer.Option(metavar="GROUP", help="Make this group a topic.", show_default=False)
    ] = None,
    slug: Annotated[
        str | None,
        typer.Option(help="With --accept: the topic's slug; one that is there gets the labels.", show_default=False),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="With --accept: what people read.", show_default="from the slug")
    ] = None,
    description: Annotated[
        str | None, typer.Option(help="With --accept: what belongs there.", show_default="from the group's terms")
    ] = None,
    labels: Annotated[
        Path, typer.Option("--labels", help="With --accept: the label folder, with taxonomy.toml.")
    ] = Path("labels"),
    most_labels: Annotated[
        int | None,
        typer.Option(min=1, help="With --accept: label only so many, the most typical.", show_default="all"),
    ] = None,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="With --accept: keep no text in the labels.")
    ] = False,
    by: Annotated[str, typer.Option(help="With --accept: who says so.")] = "discover",
) -> None:
    """Group the segments that no topic fits, name each group by its terms, and make one a topic.

    \b
    Example:
      topics discover runs/monday
      topics discover runs/monday --below 0.5 --json
      topics discover runs/monday --accept ash-flight-volcano --slug volcanoes --name "Volcanoes"
    """
    from topics.bundle import load_model, load_vectors
    from topics.cli.progress import show_progress
    from topics.discover.finding import find_groups
    from topics.discover.unknowns import sample_unknowns
    from topics.runs import is_run, read_manifest, read_rows

    if (accept is None) != (slug is None):
        raise typer.BadParameter("give --accept GROUP and --slug NAME together", param_hint="--accept")
    details = (("--name", name), ("--description", description), ("--most-labels", most_labels))
    for option, given in (*details, ("--without-text", without_text or None)):
        if accept is None and given is not None:
            raise typer.BadParameter("goes with --accept", param_hint=option)
    n_dumps = read_manifest(source)["totals"].get("dumps") if is_run(source) else None
    vectors = load_vectors(load_model(model))
    with show_progress("reading", n_dumps) as advance:
        sample = sample_unknowns(read_rows(source), below=below, most=most, on_dump=advance)
    found = find_groups(sample, vectors, min_group=min_group, n_groups=n_groups)
    if accept is not None and slug is not None:
        group = _pick(found, accept)
        _accept(group, slug, labels, by, name, description, not without_text, most_labels)
    elif as_json or not sys.stdout.isatty():
        typer.echo(json.dumps(found.to_dict(examples), ensure_ascii=False, indent=1))
    else:
        from rich.console import Console

        _render(found, Console(), examples, source, _spell_options(below, min_group, n_groups, most))
    _say_counts(found, below)


def _spell_options(below: float | None, min_group: int, n_groups: int | None, most: int) -> str:
    """The options that make these groups and no others."""
    given: tuple[tuple[str, object, object], ...] = (
        ("--below", below, None),
        ("--min-group", min_group, 5),
        ("--groups", n_groups, None),
        ("--most", most, 4000),
    )
    return "".join(f" {option} {value}" for option, value, usual in given if value != usual)


def _pick(found: Discovery, wanted: str) -> Group:
    from topics.errors import DumpError

    for group in found.groups:
        if group.name == wanted:
            return group
    names = ", ".join(group.name for group in found.groups) or "none"
    raise DumpError(f'no group "{wanted}". With these options there are: {names}.')


def _accept(
    group: Group,
    slug: str,
    labels: Path,
    by: str,
    name: str | None,
    description: str | None,
    with_text: bool,
    most: int | None,
) -> None:
    from topics.discover.accepting import accept_group

    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = accept_group(
        group, slug, labels, by=by, at=at, name=name, description=description, with_text=with_text, most=most
    )
    what = f'new topic "{slug}" in {done.taxonomy}' if done.new else f'"{slug}" is in {done.taxonomy} already'
    had = f"; {done.n_labelled_before} had a label before" if done.n_labelled_before else ""
    typer.echo(f"{what}, {done.n_added} labels in {done.labels}{had}. Look through them in `topics review`.")


def _render(
    found: Discovery,
    console: Console,
    n_examples: int,
    source: str,
    options: str,
) -> None:
    from rich.text import Text

    from topics.writers.text import clean_cell

    for group in found.groups:
        nearest = ", ".join(f"{topic} {n}" for topic, n in group.nearest)
        console.print(Text.assemble((group.name, "bold"), f"  {len(group.segments)} segments"))
        console.print(Text(f"  terms    {', '.join(group.terms)}"))
        console.print(Text(f"  nearest  {nearest or 'no topic'}", style="dim"))
        for each in group.segments[:n_examples]:
            console.print(Text(f"  - {clean_cell(each.first)}"), no_wrap=True, overflow="ellipsis")
        console.print()
    if found.groups:
        name = found.groups[0].name
        console.print(Text(f"To make one a topic: topics discover {source}{options} --accept {name} --slug {name}"))


def _say_counts(found: Discovery, below: float | None) -> None:
    """What was looked at, on stderr."""
    from topics.discover.finding import FEWEST_SEGMENTS

    sample = found.sample
    said = f"{sample.n_found:,} of {sample.n_rows:,} segments are unknown"
    said += "" if below is None else f" or score below {below}"
    aside = [
        f"{n:,} {what}"
        for n, what in (
            (sample.n_foreign, "in other languages"),
            (sample.n_copies, "copies"),
            (sample.n_left_out, "too many"),
        )
        if n
    ]
    said += f" ({', '.join(aside)} left out)" if aside else ""
    if found.too_few:
        more = "--below P takes unsure segments as well" if below is None else "a higher --below takes more of them"
        said += f". {FEWEST_SEGMENTS} are needed to find groups; {more}."
    else:
        said += f"; {found.n_grouped:,} of {len(sample.segments):,} are in {len(found.groups)} groups."
    typer.echo(said, err=True)
