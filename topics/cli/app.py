"""The Typer application, and the one place where a mistake in the data becomes a line on stderr and exit code 1."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from topics.errors import TopicsError

__all__ = ["TopicsGroup", "new_app"]


class TopicsGroup(TyperGroup):
    """Turns the errors that a user can mend into one line; any other exception keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except TopicsError as error:
            typer.echo(f"topics: {error}", err=True)
            raise typer.Exit(1) from None
        except BrokenPipeError:
            # whoever read our output has seen enough; keep the interpreter from complaining about it on exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None


def new_app(text: str) -> typer.Typer:
    """An application or a group of commands with the manners they all share."""
    return typer.Typer(
        cls=TopicsGroup,
        help=text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
