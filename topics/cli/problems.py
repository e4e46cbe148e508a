"""What several commands do with inputs that cannot be read and with options that make no sense."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from topics.errors import LabelError
    from topics.labels.boundaries import Decided
    from topics.reading import Problem

__all__ = ["Problems", "keep_inputs", "take_decisions", "take_format"]


class Problems(list["Problem"]):
    """The problems met so far: each is said on stderr at once, and any of them makes the exit code 1."""

    def note(self, problem: Problem) -> None:
        self.append(problem)
        typer.echo(f"topics: {problem.message}", err=True)

    def note_label(self, fault: LabelError) -> None:
        """The same of a decision that cannot be used or cannot hold."""
        from topics.reading import Problem
        from topics.reading.problems import printable

        where, _, _ = str(fault).partition(": ")
        self.note(Problem(printable(where), "decision", printable(str(fault))))

    @property
    def n_inputs(self) -> int:
        """How many of them are inputs that were passed over."""
        return sum(problem.reason != "decision" for problem in self)

    def leave(self) -> None:
        """Leave with exit code 1 where an input could not be read."""
        if self:
            raise typer.Exit(1)


def take_decisions(labels: Path | None, no_labels: bool, problems: Problems | None) -> Decided:
    """The boundary decisions of that label folder, else of the project's; none where they are not wanted.

    One that cannot be used is noted as a problem; without ``problems`` it is raised.
    """
    if no_labels:
        if labels is not None:
            raise typer.BadParameter("give either --labels or --no-labels", param_hint="--no-labels")
        return {}
    if labels is None and not Path("labels").is_dir():
        return {}
    from topics.labels.boundaries import PROJECT_LABELS, read_boundaries

    return read_boundaries(labels or PROJECT_LABELS, problems.note_label if problems is not None else None)


def keep_inputs(output: str | os.PathLike[str] | None, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse an output that is one of the inputs as they are named: what stands there would be lost."""
    from topics.errors import OutputError

    place = _look_at(output) if output is not None else None
    if place is None or not (stat.S_ISREG(place.st_mode) or stat.S_ISDIR(place.st_mode)):
        return
    for given in inputs:
        found = _look_at(given)
        if found is not None and os.path.samestat(found, place):
            raise OutputError(f"{output} is an input, and would be lost. Choose another --output.")


def _look_at(place: str | os.PathLike[str]) -> os.stat_result | None:
    try:
        return os.stat(sys.stdin.fileno() if place == "-" else place)
    except (AttributeError, OSError, ValueError):  # an address, nothing there, or no stdin
        return None


def take_format(name: str) -> str:
    """The one name of an output format, or the usage error of an unknown one."""
    from topics.errors import OutputError
    from topics.writers import check_format

    try:
        return check_format(name)
    except OutputError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
