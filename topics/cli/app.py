"""The Typer application, and the one place where a mistake in the data becomes a line on stderr and exit code 1."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from topics.cli.interrupts import remembered_interrupts
from topics.errors import TopicsError

__all__ = ["TopicsGroup", "multiply_on_one_thread", "new_app", "prepare_streams"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class TopicsGroup(TyperGroup):
    """Turns the errors that a user can mend into one line; any other exception keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        from topics.reading.problems import printable

        try:
            with remembered_interrupts():
                return super().invoke(ctx)
        except TopicsError as error:
            typer.echo(f"topics: {printable(str(error))}", err=True)
            _drop_output_if_full()
            raise typer.Exit(1) from None
        except BrokenPipeError:  # whoever read our output has seen enough
            _drop_output()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in _FULL or error.filename is not None:
                raise
            _drop_output()
            typer.echo(f"topics: cannot write standard output: {error.strerror}. Free some space.", err=True)
            raise typer.Exit(1) from None


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


def prepare_streams() -> None:
    """Make standard output and error fit to be written to: there, and able to take any character somehow."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # started with it closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def multiply_on_one_thread() -> None:
    """Keep NumPy's matrix products on one thread, unless the user has said otherwise; before NumPy is imported.

    Ours are small: the threads of OpenBLAS waited for each other (five dumps took 1.5 s with two, 1.3 s with one, and
    several times that on a busy machine), and how a sum is cut among threads shows in its last bits. ``--jobs`` is what
    uses more processors.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _drop_output_if_full() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _drop_output()


def _drop_output() -> None:
    """Send what is still to be written nowhere, or the interpreter complains about it on its way out."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, sys.stdout.fileno())
    finally:
        os.close(devnull)
