"""Ctrl-C ends a command wherever it falls, and so do SIGTERM and SIGHUP.

Python raises ``KeyboardInterrupt`` in whatever code runs at the moment, and where that is a library's callback the
exception may be swallowed. So it is remembered as well, and asked for between one dump and the next. Where that code is
a finaliser, Python would also print it, and go on. Where it is Numba's, called by a kernel that hands its results over,
the process would die: there it is raised at our next line of Python instead.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["raise_if_interrupted", "remembered_interrupts"]

_interrupted = threading.Event()
_ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def raise_if_interrupted() -> None:
    """Raise ``KeyboardInterrupt`` where an earlier one was lost."""
    if _interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def remembered_interrupts() -> Iterator[None]:
    """Remember Ctrl-C while a command runs; leaving without having acted on it raises.

    SIGTERM and SIGHUP (a terminal that is closed) are taken for Ctrl-C where they would end the process at once, and
    what was half written would stay: the command exits with 143 or 129 then. A second one does end it at once.
    """
    ended_by: int | None = None

    def remember(number: int, frame: FrameType | None) -> None:
        nonlocal ended_by
        if number in _ENDING:
            ended_by = number
            signal.signal(number, signal.SIG_DFL)
        _interrupted.set()
        if frame is not None and _is_under_kernel(frame):
            _raise_at_next_line(frame)
        else:
            signal.default_int_handler(number, frame)

    def say(unraisable: sys.UnraisableHookArgs) -> None:
        if not (_interrupted.is_set() and isinstance(unraisable.exc_value, KeyboardInterrupt)):
            said(unraisable)

    if threading.current_thread() is not threading.main_thread():  # where signals cannot be set
        yield
        return
    said, sys.unraisablehook = sys.unraisablehook, say
    before = {signal.SIGINT: signal.signal(signal.SIGINT, remember)}
    for ending in _ENDING:
        if signal.getsignal(ending) is signal.SIG_DFL:
            before[ending] = signal.signal(ending, remember)
    try:
        yield
        raise_if_interrupted()
    except (KeyboardInterrupt, SystemError) as error:
        if isinstance(error, SystemError) and not _is_interrupt(error):
            raise
        raise (KeyboardInterrupt if ended_by is None else SystemExit(128 + ended_by)) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.unraisablehook = said
        _interrupted.clear()


def _is_interrupt(error: SystemError) -> bool:
    """Is it what Numba makes of Ctrl-C while it loads a kernel or calls one?"""
    return _interrupted.is_set() or isinstance(error.__cause__, KeyboardInterrupt)


def _is_under_kernel(frame: FrameType | None) -> bool:
    """May this frame call a kernel, or be what one called? The innermost of our own is in a module with kernels."""
    while frame is not None and not _is_ours(frame):
        frame = frame.f_back
    return frame is not None and any(_is_kernel(value) for value in frame.f_globals.values())


def _is_kernel(value: object) -> bool:
    return type(value).__module__.startswith("numba.")


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "topics"


def _raise_at_next_line(frame: FrameType) -> None:
    """Have ``KeyboardInterrupt`` raised where one of our own frames goes on to another line, or is entered."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if event not in ("call", "line") or not _is_ours(frame):
            return None
        sys.settrace(None)
        raise KeyboardInterrupt

    outer: FrameType | None = frame
    while outer is not None:
        if _is_ours(outer):
            outer.f_trace = trace
        outer = outer.f_back
    sys.settrace(trace)
