"""One typed door to Numba.

Kernels are compiled once and cached on disk (beside the module, or in the user's cache folder where the
installation is read-only), release the GIL, and never use fast-math, so that equal inputs give equal bytes.
Only modules that hold kernels import this one: ``topics --help`` does not pay for it. Numba's cache notices a change of
the module that a kernel stands in, and none of a module whose kernels it calls: after editing ``tokens``, touch
``analysis``.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core import event

__all__ = ["kernel", "tell_of_compiling", "without_linear_algebra"]

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a loop over arrays to machine code."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))


def without_linear_algebra() -> None:
    """Let Numba find no BLAS in this process: looking for one imports SciPy's linear algebra (60 ms of a start), and no
    kernel of ours multiplies matrices. For a process that is ours alone, before the first kernel runs and before any
    thread is started."""
    absent = [name for name in ("scipy.linalg", "scipy.linalg.cython_blas") if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def tell_of_compiling(tell: Callable[[], None]) -> None:
    """Call ``tell`` when a kernel is compiled for the first time in this process; what is cached is not compiled."""
    event.register("numba:compile", _Once(tell))


class _Once(event.Listener):  # type: ignore[misc]
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        return
