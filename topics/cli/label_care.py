"""``topics labels check`` and ``stats``: which labels to look at again, and what there is of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.label_options import CareFormat, Dumps, LabelFolder, read_at_hand, say_problem, show, wants_json
from topics.cli.options import ModelName
from topics.cli.problems import Problems
from topics.errors import LabelError

if TYPE_CHECKING:
    from topics.care.curve import Curve
    from topics.labels.findings import Finding
    from topics.records import Dump

__all__ = ["check_labels", "count_labels"]

Since = Annotated[
    str | None,
    typer.Option(
        "--since", metavar="DATE", help="The day that parts earlier from later text.", show_default="the middle"
    ),
]


def check_labels(
    folder: LabelFolder = Path("labels"),
    dumps: Dumps = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes a training: suspects and drift.")
    ] = False,
    since: Since = None,
    model: ModelName = None,
    format: CareFormat = None,
) -> None:
    """Find labels to look at again, each with its file and line and what to do.

    Faults cannot stay: lines that cannot be read, unknown topics, people who contradict each other, near-duplicates
    with different topics, places that are gone. Hints may be right: labels that a model, which has not seen them,
    holds for wrong; second readings that differ; topics whose words or share changed with the dates. The exit
    code is 1 for faults alone.

    \b
    Example:
      topics labels check
      topics labels check my-labels --dumps my-dumps --quick
      topics labels check --since 2026-01-01 --format json
    """
    from topics.care.advice import MIN_LABELS
    from topics.labels.checks import check

    as_json = wants_json(format)
    _check_day(since)
    problems = Problems()
    at_hand = read_at_hand(dumps, problems)
    report = check(folder, None, at_hand)
    if not quick and sum(report.counts.primary.values()) >= MIN_LABELS:
        report = report.with_more(_advise(folder, at_hand, since, model))
    show(report.to_dict(), report.render, as_json)
    problems.leave()
    if not report.ok:
        found = ", ".join(f"{n} {kind}" for kind, n in report.faults.items())
        raise LabelError(f"{folder}: {found}. Mend them where the lines above say, then check again.")


def _check_day(day: str | None) -> None:
    from datetime import date

    try:
        good = day is None or date.fromisoformat(day).isoformat() == day
    except ValueError:
        good = False
    if not good:
        raise typer.BadParameter(f'"{day}" is not a day such as 2026-01-31', param_hint="--since")


def _advise(folder: Path, dumps: list[Dump], since: str | None, model: str | None) -> list[Finding]:
    """What takes a training; lines that cannot be used were named already."""
    from topics.care.advice import advise
    from topics.care.gather import gather_labelled
    from topics.cli.progress import show_steps
    from topics.labels.entries import read_decisions
    from topics.labels.second import find_confirmed, find_second_files

    with show_steps("checking") as say:
        say("reading labels")
        labelled = gather_labelled(folder, dumps, model, on_problem=lambda problem: None)
        second = read_decisions(find_second_files(folder), labelled.taxonomy, lambda problem: None).topics
        return advise(labelled, find_confirmed(labelled.said, second), since, say)


def count_labels(
    folder: LabelFolder = Path("labels"),
    dumps: Dumps = None,
    quick: Annotated[bool, typer.Option("--quick", help="Counts and agreement alone: no training.")] = False,
    model: ModelName = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    format: CareFormat = None,
) -> None:
    """Say how many labels there are, how far people agree, and where the next labels pay.

    Counts go by topic, kind, file, person, source and month. Agreement is that of second readings (labels/second/)
    with the first, and of people who corrected each other. The learning curve says how good a model is at growing
    numbers of labels, and predicts it for twice and four times as many; topics are ranked by what more labels of
    theirs are expected to add.

    \b
    Example:
      topics labels stats
      topics labels stats --quick
      topics labels stats my-labels --dumps my-dumps --format json
    """
    from topics.care.agreement import read_agreement
    from topics.care.curve import MIN_PIECES
    from topics.care.report import LabelStats
    from topics.labels.counting import stats
    from topics.labels.taxonomy import load_own_taxonomy

    as_json = wants_json(format, as_json)
    counted = stats(folder, None, say_problem)
    second, corrections = read_agreement(folder, load_own_taxonomy(folder), lambda problem: None)
    problems = Problems()
    curve = None
    if not quick and sum(counted.primary.values()) >= MIN_PIECES:
        curve = _measure(folder, dumps, model, problems)
    found = LabelStats(counted, second, corrections, curve)
    show(found.to_dict(), found.render, as_json)
    problems.leave()


def _measure(folder: Path, dumps: list[str] | None, model: str | None, problems: Problems) -> Curve:
    from topics.care.curve import N_FOLDS, N_SIZES, measure_curve
    from topics.care.gather import gather_labelled
    from topics.cli.progress import show_progress

    with show_progress("learning curve", 1 + N_FOLDS * N_SIZES) as advance:
        labelled = gather_labelled(folder, read_at_hand(dumps, problems), model, on_problem=lambda problem: None)
        advance("labels read")
        return measure_curve(labelled, advance)
