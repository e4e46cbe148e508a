"""Processes on this machine, through joblib.

Loky's pool breaks as a whole when one of its processes is killed (by the system, for want of memory, say): it is then
started again for what is not done, a few times.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from topics.engines import EngineError

__all__ = ["JoblibEngine", "allow_growth", "interrupts_ignored", "start_workers"]

MOST_RESTARTS: Final = 3


class JoblibEngine:
    """``n_jobs`` processes, kept busy with a few items each."""

    def __init__(self, n_jobs: int) -> None:
        self._n_jobs = n_jobs

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool

        n_done = n_restarts = 0
        while n_done < len(items):
            start_workers(self._n_jobs)
            calls = (delayed(_call)(function, item) for item in items[n_done:])
            try:
                for result in Parallel(
                    n_jobs=self._n_jobs, return_as="generator", batch_size=1, pre_dispatch="2 * n_jobs"
                )(calls):
                    n_done += 1
                    yield result
            except BrokenProcessPool as error:
                n_restarts += 1
                if n_restarts > MOST_RESTARTS:
                    raise EngineError(
                        f"worker processes were ended {n_restarts} times, by the system perhaps for want of memory. "
                        "Run the same command with fewer --jobs: it goes on where it stopped."
                    ) from error


def start_workers(n_jobs: int) -> None:
    """Start the processes before there is work, deaf to Ctrl-C, which a terminal sends to them too."""
    from joblib import Parallel, delayed

    with interrupts_ignored():
        Parallel(n_jobs=n_jobs)(delayed(_be_there)() for _ in range(n_jobs))


def _be_there() -> None:
    return


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    """One item, in a worker."""
    allow_growth()
    return function(item)


def allow_growth() -> None:
    """In a worker: where psutil is installed, loky takes a model that is loaded for a leak, and ends the worker."""
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False


@contextmanager
def interrupts_ignored() -> Iterator[None]:
    """Processes started in here never act on Ctrl-C: this one will end them."""
    if threading.current_thread() is not threading.main_thread():  # where signals cannot be set
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
