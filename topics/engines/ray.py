"""Workers of a Ray cluster that exists already; ``--address`` is that of its head node.

A task whose worker dies is run again by Ray. Only a bounded number of items is on its way at a time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from topics.engines import EngineError

__all__ = ["RayEngine"]

WAIT_SECONDS: Final = 30
AHEAD: Final = 4  # items on their way for each processor
MOST_RETRIES: Final = 5


class RayEngine:
    """The processors that the cluster at ``address`` has."""

    def __init__(self, address: str | None) -> None:
        try:
            import ray
        except ImportError:
            raise EngineError("--backend ray needs Ray. Install it: pip install 'topics[ray]'.") from None
        if address is None:
            raise EngineError("--backend ray needs --address, that of a running Ray cluster (or auto).")
        self._ray: Any = ray
        self._address = address

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]:
        if not items:
            return
        ray = self._ray
        ours = not ray.is_initialized()
        if ours:
            self._knock()
            try:
                ray.init(address=self._address, log_to_driver=False, logging_level="ERROR")
            except (ConnectionError, OSError, RuntimeError, ValueError) as error:
                raise EngineError(
                    f"no Ray cluster answers at {self._address} ({str(error).splitlines()[0]}). Check --address."
                ) from None
        try:
            yield from self._run(function, items)
        finally:
            if ours:
                ray.shutdown()

    def _knock(self) -> None:
        """Find out soon that nobody is there: Ray would ask again and again for minutes."""
        host, mark, port = self._address.removeprefix("ray://").rpartition(":")
        if mark and port.isdecimal():
            try:
                socket.create_connection((host, int(port)), WAIT_SECONDS).close()
            except OSError as error:
                said = error.strerror or str(error)
                raise EngineError(f"no Ray cluster answers at {self._address} ({said}). Check --address.") from None

    def _run(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        ray = self._ray
        call = ray.remote(num_cpus=1, max_retries=MOST_RETRIES)(_call)
        shared = ray.put(function)
        n_ahead = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        waiting: list[Any] = []  # references, in order of the items
        n_sent = 0
        while n_sent < len(items) or waiting:
            while n_sent < len(items) and len(waiting) < n_ahead:
                waiting.append(call.remote(shared, items[n_sent]))
                n_sent += 1
            try:
                result = ray.get(waiting.pop(0))
            except ray.exceptions.RayTaskError as error:
                raise error.cause if isinstance(error.cause, Exception) else error from None
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as error:
                raise EngineError(
                    f"Ray workers died again and again over one input ({str(error).splitlines()[0]}). See to their "
                    "memory, and run the same command: it goes on where it stopped."
                ) from error
            yield result


def _call(function: Callable[[Any], Any], item: Any) -> Any:
    return function(item)
