"""What stands on stderr meanwhile: a bar on a terminal once work takes more than a second, and nothing elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from topics.starting import import_numba

__all__ = ["hush_workers", "prepare_kernels", "show_progress", "show_steps"]

PATIENCE_SECONDS = 1.0


@contextmanager
def show_progress(label: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Yields a function to call after each item or several, with a name and how many."""
    if not sys.stderr.isatty():
        yield lambda name, n=1: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[name]}", markup=True),
        console=Console(stderr=True),
        transient=True,
    )
    began = time.monotonic()
    task = bar.add_task(label, total=total, name="")
    started = False

    def advance(name: str, n: int = 1) -> None:
        nonlocal started
        if not started and time.monotonic() - began > PATIENCE_SECONDS:
            bar.start()
            started = True
        bar.update(task, advance=n, name=name.replace("[", "(")[-40:])

    try:
        yield advance
    finally:
        if started:
            bar.stop()


@contextmanager
def show_steps(label: str) -> Iterator[Callable[[str], None]]:
    """Yields a function to call with what is being done now: a spinner on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield lambda message: print(f"{label}: {message}", file=sys.stderr, flush=True)  # noqa: T201
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{label} …") as status:
        yield lambda message: status.update(f"{label}: {message}")


@cache
def prepare_kernels() -> None:
    """Have kernels start as fast as they can, and say what takes so long where they have to be compiled: after an
    installation, once."""
    import_numba()
    from topics.jit import tell_of_compiling

    def tell() -> None:
        message = "topics: first run of this version: compiling, which takes half a minute or so, once"
        print(message, file=sys.stderr, flush=True)  # noqa: T201

    tell_of_compiling(tell)


def hush_workers() -> None:
    """Keep off the screen what joblib says of work that is called off, by Ctrl-C or by a reader that has enough.

    It warns of results that nobody took and of files that are gone already, the latter from a process of its own,
    and its manager thread trips over tasks that it had not begun.
    """
    before = threading.excepthook

    def pass_on(fault: threading.ExceptHookArgs) -> None:
        called_off = issubclass(fault.exc_type, KeyError) and "ExecutorManager" in getattr(fault.thread, "name", "")
        if not called_off:
            before(fault)

    threading.excepthook = pass_on
    warnings.filterwarnings("ignore", message=r"\d+ tasks (have been|which were)")
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
