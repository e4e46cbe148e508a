"""Ctrl-C ends a command wherever it falls.

Python raises ``KeyboardInterrupt`` in whatever code runs at the moment, and where that is a library's callback the
exception may be swallowed. So it is remembered as well, and asked for between one dump and the next. Where that code is
a finaliser, Python would also print it, and go on.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["raise_if_interrupted", "remembered_interrupts"]

_interrupted = threading.Event()


def raise_if_interrupted() -> None:
    """Raise ``KeyboardInterrupt`` where an earlier one was lost."""
    if _interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def remembered_interrupts() -> Iterator[None]:
    """Remember Ctrl-C while a command runs; leaving without having acted on it raises."""

    def remember(number: int, frame: FrameType | None) -> None:
        _interrupted.set()
        signal.default_int_handler(number, frame)

    def say(unraisable: sys.UnraisableHookArgs) -> None:
        if not (_interrupted.is_set() and isinstance(unraisable.exc_value, KeyboardInterrupt)):
            said(unraisable)

    if threading.current_thread() is not threading.main_thread():  # where signals cannot be set
        yield
        return
    said, sys.unraisablehook = sys.unraisablehook, say
    before = signal.signal(signal.SIGINT, remember)
    try:
        yield
        raise_if_interrupted()
    except SystemError as error:  # what Numba makes of Ctrl-C while it loads a kernel or calls one
        if _interrupted.is_set() or isinstance(error.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = said
        _interrupted.clear()
