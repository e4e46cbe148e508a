"""Where work is done: in this process, in others on this machine, or on a cluster that exists already.

An engine is one function: a call and items in, results out in the order of the items. The call and the items are
pickled; results are small. A worker that dies is no error: what it had is done again, by another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from topics.errors import TopicsError

__all__ = ["BACKENDS", "Engine", "EngineError", "choose_engine"]

BACKENDS: Final = ("joblib", "dask", "ray")


class EngineError(TopicsError):
    """Workers that cannot be reached, or that die again and again."""


class Engine(Protocol):
    """Calls ``function`` on every item, somewhere; results come in the order of the items."""

    def __call__(self, function: Callable[[Any], Any], items: Sequence[Any], /) -> Iterator[Any]: ...


def choose_engine(
    backend: str,
    *,
    jobs: int = 1,
    address: str | None = None,
    prepare: Callable[[], Any] | None = None,
) -> Engine:
    """The engine of that name. ``jobs`` is for joblib, whose processes start now and call ``prepare`` meanwhile;
    ``address`` (of a scheduler or head node) is for the others.
    """
    if backend == "joblib":
        if jobs == 1:
            return map
        from topics.engines.local import JoblibEngine

        return JoblibEngine(jobs, prepare)
    if backend == "dask":
        from topics.engines.dask import DaskEngine

        return DaskEngine(address)
    if backend == "ray":
        from topics.engines.ray import RayEngine

        return RayEngine(address)
    raise ValueError(f"no backend is called {backend!r}: {', '.join(BACKENDS)}")
