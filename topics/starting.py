"""A quick start, of this process and of those that work for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topics.bundle import Model

__all__ = ["load_once", "prepare_worker", "without_collecting"]


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no objects to drop, nor among those of now later on: imports make hundreds of thousands that stay, and
    looking through them again and again takes a tenth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def prepare_worker(model_path: str) -> bool:
    """What a worker process of ours does before its first item: it loads the model and the kernels. ``False`` where
    these have to be compiled, which is to be done once and not by every worker."""
    with without_collecting():
        from topics.jit import NotCompiled, without_compiling, without_linear_algebra

        without_linear_algebra()
        import topics.runs.worker  # noqa: F401
        from topics.bulk import warm_up

        try:
            with without_compiling():
                warm_up(load_once(model_path))
        except NotCompiled:
            return False
        return True


@lru_cache(maxsize=1)
def load_once(path: str) -> Model:
    """The model of that folder; each process loads it once."""
    from topics.bundle import load_model

    return load_model(path)
