"""One typed door to Numba.

Kernels are compiled once and cached on disk (beside the module, or in the user's cache folder where the
installation is read-only), release the GIL, and never use fast-math, so that equal inputs give equal bytes.
Only modules that hold kernels import this one: ``topics --help`` does not pay for it. Numba's cache notices a change of
the module that a kernel stands in, and none of a module whose kernels it calls: after editing ``tokens``, touch
``analysis``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["kernel"]

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile a loop over arrays to machine code."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False)(function))
