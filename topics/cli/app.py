"""The Typer application, and the one place where a mistake in the data becomes a line on stderr and exit code 1."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import typer
from typer.core import TyperGroup

from topics.cli.interrupts import remembered_interrupts
from topics.errors import TopicsError

__all__ = ["TopicsGroup", "multiply_on_one_thread", "new_app", "prepare_streams"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EBADF}


class TopicsGroup(TyperGroup):
    """Turns the errors that a user can mend into one line; any other exception keeps its traceback."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        with _errors_in_a_line():  # --help and --version write here
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        with _errors_in_a_line(), remembered_interrupts():
            return super().invoke(ctx)


@contextmanager
def _errors_in_a_line() -> Iterator[None]:
    try:
        yield
    except TopicsError as error:
        from topics.reading.problems import printable  # after --help, which needs no reading

        typer.echo(f"topics: {printable(str(error))}", err=True)
        _drop_unwritable_output()
        raise typer.Exit(1) from None
    except BrokenPipeError:  # whoever read our output has seen enough
        _drop_output()
        raise typer.Exit(0) from None
    except OSError as error:
        if error.errno not in _FULL | _CLOSED or error.filename is not None:
            raise
        _drop_output()
        move = "Leave it open." if error.errno in _CLOSED else "Free some space."
        typer.echo(f"topics: cannot write standard output: {error.strerror}. {move}", err=True)
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
    """Make standard output and error able to take any character somehow.

    Where the command was started with one of them closed, writing to standard output fails as on any closed file. What
    cannot be said on standard error is lost, and stops nothing.
    """
    if sys.stdout is None:
        sys.stdout = open(_hold(1, os.O_RDONLY), "w", encoding="utf-8")
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if sys.stderr is None:
        sys.stderr = open(_hold(2, os.O_WRONLY), "w", encoding="utf-8")
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Lossy(sys.stderr.buffer, sys.stderr.encoding, "backslashreplace", line_buffering=True)


def multiply_on_one_thread() -> None:
    """Keep NumPy's matrix products on one thread, unless the user has said otherwise; before NumPy is imported.

    Ours are small: the threads of OpenBLAS waited for each other (five dumps took 1.5 s with two, 1.3 s with one, and
    several times that on a busy machine), and how a sum is cut among threads shows in its last bits. ``--jobs`` is what
    uses more processors.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class _Lossy(io.TextIOWrapper):
    """Writes what can be written, and takes the rest as well."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def _hold(number: int, flags: int) -> int:
    """Open the null device under the number of a stream that is closed; workers, which need one there, inherit it."""
    null = os.open(os.devnull, flags)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)
    return number


def _drop_unwritable_output() -> None:
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
