"""What makes a quick start."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["import_numba", "without_collecting"]


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


def import_numba() -> None:
    """Import Numba and let it find no SciPy meanwhile, which it looks for to see its version, and for a BLAS: a tenth
    of a start, and no kernel of ours multiplies matrices. For a process that is ours alone, before the first kernel and
    before any thread is started."""
    absent = "scipy" not in sys.modules
    if absent:
        sys.modules["scipy"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        if absent:
            del sys.modules["scipy"]
