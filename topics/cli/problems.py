"""What several commands do with inputs that cannot be read and with options that make no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from topics.reading import Problem

__all__ = ["Problems", "take_format"]


class Problems(list["Problem"]):
    """The problems met so far: each is said on stderr at once, and any of them makes the exit code 1."""

    def note(self, problem: Problem) -> None:
        self.append(problem)
        typer.echo(f"topics: {problem.message}", err=True)

    def leave(self) -> None:
        """Leave with exit code 1 where an input could not be read."""
        if self:
            raise typer.Exit(1)


def take_format(name: str) -> str:
    """The one name of an output format, or the usage error of an unknown one."""
    from topics.errors import OutputError
    from topics.writers import check_format

    try:
        return check_format(name)
    except OutputError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
