"""Workers of a Dask cluster that exists already; ``--scheduler`` is its address.

Tasks whose worker dies are given to another one by the scheduler. Only a bounded number of items is on its way at a
time, so that a million of them do not weigh on the scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from topics.engines import EngineError

__all__ = ["DaskEngine"]

WAIT_SECONDS: Final = 30
AHEAD: Final = 4  # items on their way for each thread of a worker


class DaskEngine:
    """The workers that the scheduler at ``address`` knows, whichever come and go."""

    def __init__(self, address: str | None) -> None:
        try:
            import distributed
        except ImportError:
            raise EngineError("--backend dask needs Dask. Install it: pip install 'topics[dask]'.") from None
        if address is None:
            raise EngineError("--backend dask needs --scheduler, the address of a running Dask scheduler.")
        self._distributed: Any = distributed
        self._address = address

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        if not items:
            return
        try:
            client = self._distributed.Client(self._address, timeout=WAIT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise EngineError(
                f"no Dask scheduler answers at {self._address} ({str(error).splitlines()[0]}). Check --scheduler."
            ) from None
        with client:
            yield from self._run(client, function, items)

    def _run(self, client: Any, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        try:
            client.wait_for_workers(1, timeout=WAIT_SECONDS)
        except TimeoutError:
            raise EngineError(f"the Dask scheduler at {self._address} has no workers. Start some.") from None
        waiting: list[Any] = []  # futures, in order of the items
        n_sent = 0
        while n_sent < len(items) or waiting:
            n_wanted = AHEAD * max(1, sum(client.nthreads().values()))
            while n_sent < len(items) and len(waiting) < n_wanted:
                # the function goes with every item: data that is scattered is lost with the worker that holds it
                waiting.append(client.submit(function, items[n_sent], pure=False))
                n_sent += 1
            future = waiting.pop(0)
            try:
                result = future.result()
            except self._distributed.KilledWorker as error:
                raise EngineError(
                    f"Dask workers died again and again over the same input ({error.task}). See to their memory, and "
                    "run the same command: it goes on where it stopped."
                ) from error
            yield result
