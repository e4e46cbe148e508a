"""``topics review``: a local page on which a run is corrected."""

from __future__ import annotations

import getpass
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from topics.cli.options import Encoding, Jobs, ModelName, TextField, Whole

__all__ = ["review", "train_again"]


def review(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN|DUMPS",
            help="A run folder or a .jsonl file of `topics classify`; or dumps, which are classified first.",
            show_default=False,
        ),
    ],
    labels: Annotated[Path, typer.Option("--labels", help="Folder of label files that decisions are added to.")] = Path(
        "labels"
    ),
    by: Annotated[str | None, typer.Option(help="Who reviews.", show_default="the user's name")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="With dumps: the folder of the run to make.", show_default="a temporary one"
        ),
    ] = None,
    model: ModelName = None,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="Keep the text of pieces out of the label files.")
    ] = False,
    train_into: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the model that the retrain button adds versions to.", show_default="models/default"
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 takes a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address and open nothing.")] = False,
    text_field: TextField = "text",
    encoding: Encoding = None,
    whole: Whole = False,
    jobs: Jobs = None,
) -> None:
    """Open a local page to correct topics and boundaries of a run.

    Every decision is added to the label folder at once; `topics train` and `topics classify` go by it. The page is
    on this machine alone, behind a random address, and needs no network. Its retrain button does what
    `topics train --quick` does. Ctrl-C ends it.

    \b
    Example:
      topics review runs/monday
      topics review dumps/ --output runs/tuesday --by maria
      topics review runs/monday --labels my-labels --no-browser
    """
    from topics.bundle import load_model
    from topics.review.launch import Address, open_desk, serve
    from topics.review.retraining import in_own_process

    name = (by or _user()).strip()
    if not name:
        raise typer.BadParameter("is empty", param_hint="--by")
    with (
        Address(port) as address,
        _find_run(inputs, output, model, labels, text_field, encoding, whole, jobs) as run,
        open_desk(run, labels, name, lambda: load_model(model), keep_text=not without_text) as desk,
    ):

        def announce() -> None:
            typer.echo(address.url)
            typer.echo(f"topics: decisions by {name} go to {desk.own}. Ctrl-C ends the review.", err=True)
            sys.stdout.flush()
            if not no_browser:
                import webbrowser

                webbrowser.open(address.url)

        train = partial(train_again, labels, train_into or Path("models/default"), model)
        serve(desk, address, train=in_own_process(train), on_ready=announce)
        for problem in desk.problems:
            typer.echo(f"topics: {problem}", err=True)
        n_written = sum(len(action.decisions) for action in desk.ledger.history.done)
        typer.echo(f"topics: {n_written} decisions of {name} stand in {desk.own}", err=True)


@contextmanager
def _find_run(
    inputs: list[str],
    output: Path | None,
    model: str | None,
    labels: Path,
    text_field: str,
    encoding: str | None,
    whole: bool,
    jobs: int | None,
) -> Iterator[str]:
    """The run that was named, or one made of the dumps that were."""
    from topics.cli.predict import Where, Work, fill_run
    from topics.review.sources import is_reviewable

    ready = [where for where in inputs if is_reviewable(where)]
    if ready:
        if len(inputs) > 1:
            raise typer.BadParameter("give one run, or dumps", param_hint="RUN|DUMPS")
        if output is not None:
            raise typer.BadParameter("goes with dumps; this is a run already", param_hint="--output")
        yield ready[0]
        return
    decided = labels if labels.is_dir() else None
    work = Work(
        inputs, model, text_field, whole, False, None, decided, False, encoding, False, jobs, Where(), with_topics=True
    )
    with tempfile.TemporaryDirectory(prefix="topics-review-") as scratch:
        folder = str(output or Path(scratch) / "run")
        work.say_done(fill_run(work, folder, "jsonl"))
        if not work.n_segments:
            raise typer.Exit(1)
        yield folder
    work.problems.leave()


def train_again(
    labels: Path, folder: Path, base: str | None, dumps: Path, progress: Callable[[str, float], None]
) -> str:
    """Train on the label folder, with these dumps and those in ``seeds/`` beside it; in words the verdict, and whether
    more labels are worth it."""
    from topics.reading import list_inputs
    from topics.retraining import retrain

    seeds = labels.parent / "seeds"
    named = [str(place) for place in (dumps, seeds) if list_inputs(place)]
    verdict = retrain(
        labels, folder, dumps=named, base=base, quick=True, progress=lambda words, share: progress(words, 0.7 * share)
    )
    said = [f"Trained: {verdict.summary()}"]
    if verdict.promoted:
        said.append("It is in use now: classify again to see what it makes of the dumps.")
    elif verdict.outcome != "same":
        said.append(f"It does not take over; topics models promote {verdict.after} makes it.")
    if verdict.weaker:
        said.append(f"Weaker topics: {', '.join(verdict.weaker)}.")
    if verdict.problems:
        said.append(f"Labels that could not be used: {len(verdict.problems)}; topics train names them.")
    outlook = _look_ahead(labels, named, base, lambda words: progress(words, 0.8))
    if outlook:
        said.append(outlook)
    return ". ".join(part.rstrip(".") for part in said) + "."


def _look_ahead(labels: Path, dumps: list[str], base: str | None, say: Callable[[str], None]) -> str | None:
    """Whether more labels help, from the learning curve; ``None`` where there are too few to tell."""
    from topics.care.curve import measure_curve
    from topics.care.enough import look_ahead
    from topics.care.gather import gather_labelled
    from topics.examples import read_labelled_dumps

    say("asking whether more labels help")
    labelled = gather_labelled(labels, read_labelled_dumps(dumps), base, lambda problem: None)
    outlook = look_ahead(measure_curve(labelled))
    return outlook.sentence if outlook else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "reviewer"
