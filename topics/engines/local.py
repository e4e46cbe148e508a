"""Processes on this machine, through joblib.

Loky's pool breaks as a whole when one of its processes is killed (by the system, for want of memory, say): it is then
started again for what is not done, a few times.
"""

from __future__ import annotations

import signal
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from topics.engines import EngineError

__all__ = ["JoblibEngine", "allow_growth", "interrupts_held", "suggest_jobs"]

MOST_RESTARTS: Final = 3
MOST_JOBS: Final = 8  # that nobody asked for: each takes some 350 MB
BYTES_FOR_JOB: Final = 8_000_000  # of text are read by one process while another starts


def suggest_jobs(sizes: Sequence[int], n_dividable: int = 0) -> int:
    """How many processes are worth starting for inputs of so many bytes, of which each is worked on by one;
    ``n_dividable`` bytes more can be shared out as one likes. One, where there is little, or one input has most."""
    total = sum(sizes) + n_dividable
    worth = total // BYTES_FOR_JOB
    if worth < 2:  # do not import joblib
        return 1
    from joblib import cpu_count

    return max(1, min(int(cpu_count()), MOST_JOBS, worth, total // max(1, *sizes, BYTES_FOR_JOB)))


class JoblibEngine:
    """``n_jobs`` processes, kept busy with a few items each.

    They start as soon as the engine is made, and call ``prepare`` while this process does other things. Of items whose
    result was not taken yet there are at most ``most_ahead`` for each process, where results are not small.
    """

    def __init__(self, n_jobs: int, prepare: Callable[[], Any] | None = None, *, most_ahead: int | None = None) -> None:
        self._n_jobs = n_jobs
        self._prepare = prepare
        self._most_ahead = None if most_ahead is None else most_ahead * n_jobs
        self._starting: Iterator[Any] | None = self._start()
        self._ready: list[Any] | None = None
        self._n_restarts = 0

    def _start(self) -> Iterator[Any]:
        """Start the processes, deaf to Ctrl-C, which a terminal sends to them too. Ends when all are there."""
        from joblib import Parallel, delayed

        with interrupts_held():
            start = Parallel(n_jobs=self._n_jobs, return_as="generator", batch_size=1)
            ready: Iterator[Any] = start(delayed(_get_ready)(self._prepare) for _ in range(self._n_jobs))
        return ready

    def prepared(self) -> list[Any]:
        """Wait until the processes are there; what ``prepare`` returned in each."""
        from joblib.externals.loky.process_executor import BrokenProcessPool

        while self._ready is None:
            starting, self._starting = self._starting or self._start(), None
            try:
                self._ready = list(starting)
            except BrokenProcessPool as error:
                self._count_restart(error)
        return self._ready

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool

        queue = _Queue(items, self._most_ahead)
        self._n_restarts = 0
        while not queue.is_done:
            self.prepared()
            self._ready = None  # another time they may be others
            calls = (delayed(_call)(function, item) for item in queue.hand_out())
            work = Parallel(n_jobs=self._n_jobs, return_as="generator", batch_size=1, pre_dispatch="2 * n_jobs")
            try:
                with _called_off_quietly(work(calls)) as results:
                    for result in results:
                        queue.strike_out()
                        yield result
            except BrokenProcessPool as error:
                self._count_restart(error)

    def _count_restart(self, error: Exception) -> None:
        self._n_restarts += 1
        if self._n_restarts > MOST_RESTARTS:
            raise EngineError(
                f"worker processes were ended {self._n_restarts} times, by the system perhaps for want of memory. "
                "Run the same command with fewer --jobs: a run in a folder goes on where it stopped."
            ) from error


class _Queue:
    """Items in order, each of which may have to be handed out again: they are remembered until they are struck out.

    A pool hands out from threads of its own, and one that broke may not have heard of it yet. Where ``most`` are handed
    out and not struck out, handing out ends: a thread that waited would keep the pool from hearing what is done.
    """

    def __init__(self, items: Iterable[Any], most: int | None = None) -> None:
        self._rest = iter(items)
        self._most = most
        self._is_empty = False
        self._undone: deque[Any] = deque()
        self._lock = threading.Lock()
        self._turn = 0

    def hand_out(self) -> Iterator[Any]:
        """First what was handed out before and is not done, then the others. Ends whoever did so until now."""
        with self._lock:
            self._turn += 1
            turn, again = self._turn, list(self._undone)
        yield from again
        while True:
            with self._lock:
                if turn != self._turn or len(self._undone) == self._most:
                    return
                try:
                    item = next(self._rest)
                except StopIteration:
                    self._is_empty = True
                    return
                self._undone.append(item)
            yield item

    def strike_out(self) -> None:
        """The first that is not done is done. Waits for no lock: the next item may be slow to come."""
        self._undone.popleft()

    @property
    def is_done(self) -> bool:
        """Whether all items were handed out and struck out."""
        return self._is_empty and not self._undone


@contextmanager
def _called_off_quietly(results: Any) -> Iterator[Iterator[Any]]:
    """Results that need not all be taken: joblib warns of those that are left."""
    try:
        yield results
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results.close()


def _get_ready(prepare: Callable[[], Any] | None) -> Any:
    """In a worker, before its first item."""
    allow_growth()
    return prepare() if prepare is not None else None


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    """One item, in a worker."""
    allow_growth()
    return function(item)


def allow_growth() -> None:
    """In a worker: where psutil is installed, loky takes a model that is loaded for a leak, and ends the worker."""
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Processes started in here never act on Ctrl-C: this one will end them. It acts on it when they are started.

    A signal is blocked and not ignored, which processes inherit as well: what is ignored is lost.
    """
    if not hasattr(signal, "pthread_sigmask"):  # where processes inherit neither
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as loky_tracker

    for tracker in (resource_tracker, loky_tracker):  # they unblock it once they are started
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
