"""``topics evaluate``: a model against gold of raw dumps, or the training recipe against the labels of a project."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from topics.cli.options import ModelName, NoLabels
from topics.cli.problems import Problems, keep_inputs, take_decisions

if TYPE_CHECKING:
    from topics.evaluation.crossval import CrossValidation
    from topics.evaluation.report import EvaluationReport

__all__ = ["evaluate"]


def evaluate(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DUMPS",
            help="The dumps that the gold speaks of; with --folds those that the labels speak of.",
            show_default=False,
        ),
    ] = None,
    gold: Annotated[
        Path | None,
        typer.Option("--gold", help="Gold segments with topics: our label format, or lines.", show_default=False),
    ] = None,
    segmentation: Annotated[
        Path | None,
        typer.Option("--segmentation", help="The same, for boundaries alone.", show_default=False),
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            "--folds",
            metavar="BASIS",
            help="Train and test fold by fold on the labels: by story, duplicates, outlet, time or topic.",
            show_default=False,
        ),
    ] = None,
    n_folds: Annotated[
        int | None,
        typer.Option(min=2, help="With --folds: how many.", show_default="5; 10 by outlet"),
    ] = None,
    test: Annotated[
        list[str] | None,
        typer.Option(
            "--test", help="With --folds: test this label file alone, by name; the others are learned. May be repeated."
        ),
    ] = None,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="With --folds: label files to leave out, by name; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="With --folds: folds at a time.")] = 1,
    model: ModelName = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="Folder of label files: whose boundary decisions hold, or with --folds the labels to measure.",
            show_default="labels/ if it is there",
        ),
    ] = None,
    no_labels: NoLabels = False,
    as_json: Annotated[bool, typer.Option("--json", help="Figures as JSON.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A JSON file.", show_default="stdout")] = None,
) -> None:
    """Measure a model on dumps whose true segments and topics are known, or the recipe on labels it did not learn from.

    With --gold the model cuts and tags raw dumps. With --folds a topic model is trained on a part of the labels and
    asked about the rest, part by part, so that nothing is measured on what it learned from. Folds by story keep pieces
    on one event together; by outlet, whole outlets are left out; by time, later days are tested; by topic, topics are
    left out that should then be unknown.

    \b
    Example:
      topics evaluate --gold tests/quality/held_out.jsonl seeds/
      topics evaluate --segmentation gold.jsonl dumps/ --json
      topics evaluate --segmentation labels/mine.jsonl dumps/ --no-labels
      topics evaluate --folds story
      topics evaluate --folds story --test news-2025-05-21 --jobs 2
      topics evaluate --folds outlet --labels my-labels --output figures.json
    """
    given = [name for name, value in (("--gold", gold), ("--segmentation", segmentation), ("--folds", folds)) if value]
    if len(given) != 1:
        raise typer.BadParameter("give one of --gold, --segmentation and --folds", param_hint="--gold")
    keep_inputs(output, [*(inputs or ()), *(each for each in (gold, segmentation) if each is not None)])
    problems = Problems()
    report: EvaluationReport | CrossValidation
    if folds is not None:
        if no_labels:
            raise typer.BadParameter("does not go with --folds: labels are what is measured", param_hint="--no-labels")
        report = _measure_folds(folds, n_folds, inputs, test or (), leave_out or (), labels, model, jobs, problems)
    else:
        if not inputs:
            raise typer.BadParameter("name the dumps that the gold speaks of", param_hint="DUMPS")
        if n_folds or test or leave_out or jobs > 1:
            raise typer.BadParameter("--n-folds, --test, --leave-out and --jobs go with --folds", param_hint="--folds")
        report = _measure_gold(gold, segmentation, inputs, labels, no_labels, model, output, problems)
    text = json.dumps(report.to_dict(), indent=1)
    if output is not None:
        from topics.writers.atomic import write_text

        write_text(output, text + "\n")
    elif as_json or not sys.stdout.isatty():
        typer.echo(text)
    else:
        from rich.console import Console

        report.render(Console())
    problems.leave()


def _measure_gold(
    gold: Path | None,
    segmentation: Path | None,
    inputs: Sequence[str],
    labels: Path | None,
    no_labels: bool,
    model: str | None,
    output: Path | None,
    problems: Problems,
) -> EvaluationReport:
    from topics.bundle import load_model
    from topics.errors import LabelError
    from topics.evaluation import evaluate as measure
    from topics.labels.taxonomy import load_own_taxonomy
    from topics.reading import ReadOptions, read_dumps

    decided = take_decisions(labels, no_labels, problems)
    reading = ReadOptions(output=output)
    dumps = list(read_dumps(list(inputs), reading, on_problem=problems.note))
    report = measure(
        dumps,
        gold or segmentation,  # type: ignore[arg-type]
        load_model(model),
        topics=gold is not None,
        decided=decided,
        taxonomy=load_own_taxonomy(labels) if labels is not None else None,
        on_problem=problems.note_label,
    )
    for name in report.partial if segmentation is not None else ():
        problems.note_label(
            LabelError(f'{segmentation}: leaves out text of "{name}", so its boundaries are unknown. Label all of it.')
        )
    if report.n_decisions:
        typer.echo(
            f"topics: boundary decisions about these dumps in force: {report.n_decisions}. "
            "Use --no-labels to measure the model alone.",
            err=True,
        )
    return report


def _measure_folds(
    basis: str,
    n_folds: int | None,
    inputs: Sequence[str] | None,
    test: Sequence[str],
    leave_out: Sequence[str],
    labels: Path | None,
    model: str | None,
    jobs: int,
    problems: Problems,
) -> CrossValidation:
    from topics.cli.progress import show_progress
    from topics.errors import LabelError
    from topics.evaluation.crossval import N_FOLDS, cross_validate
    from topics.evaluation.folds import BASES

    by = next((name for name in BASES if name == basis), None)
    if by is None:
        raise typer.BadParameter(f'no folds by "{basis}". Known: {", ".join(BASES)}', param_hint="--folds")
    with show_progress("folds", n_folds or N_FOLDS[by]) as advance:
        report = cross_validate(
            labels or Path("labels"),
            by=by,
            n_folds=n_folds,
            tested=test,
            leave_out=leave_out,
            dumps=list(inputs) if inputs else None,
            base=model,
            jobs=jobs,
            on_fold=advance,
        )
    for problem in report.problems:
        problems.note_label(LabelError(problem))
    return report
