"""One typed door to Numba.

Kernels are compiled once and cached on disk (beside the module, or in the user's cache folder where the
installation is read-only), release the GIL, and never use fast-math, so that equal inputs give equal bytes.
Only modules that hold kernels import this one: ``topics --help`` does not pay for it. Numba's cache notices a change of
the module that a kernel stands in, and none of a module whose kernels it calls: after editing ``tokens``, touch
``analysis``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import cgutils, event
from numba.extending import intrinsic

__all__ = [
    "LINE",
    "NotCompiled",
    "fetch",
    "kernel",
    "tell_of_compiling",
    "without_compiling",
]

F = TypeVar("F", bound=Callable[..., object])

LINE: Final = 64  # bytes that a cache holds together


def kernel(function: F) -> F:
    """Compile a loop over arrays to machine code."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath=False, no_cfunc_wrapper=True)(function))


@intrinsic
def fetch(typingctx, rows, place):  # type: ignore[no-untyped-def]
    """Bring a row of an array of bytes, in C order, near the processor, which goes on meanwhile. For kernels that know
    ahead which rows of a table that is larger than the caches they will read."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        table = context.make_array(signature.args[0])(context, builder, arguments[0])
        length = cgutils.unpack_tuple(builder, table.strides, 2)[0]
        begin = builder.mul(builder.sext(arguments[1], length.type), length)
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        call = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        options = [ir.Constant(flag, option) for option in (0, 2, 1)]  # to read; to the second cache; of data
        with cgutils.for_range_slice(builder, begin, builder.add(begin, length), ir.Constant(length.type, LINE)) as at:
            builder.call(call, [builder.bitcast(builder.gep(table.data, [at[0]]), byte), *options])
        return context.get_dummy_value()

    return numba.types.void(rows, place), generate


def tell_of_compiling(tell: Callable[[], None]) -> None:
    """Call ``tell`` when a kernel is compiled for the first time in this process; what is cached is not compiled."""
    event.register("numba:compile", _Once(tell))


class NotCompiled(Exception):
    """A kernel is not in the cache."""


@contextmanager
def without_compiling() -> Iterator[None]:
    """In here a kernel that is not in the cache raises :class:`NotCompiled`."""
    with event.install_listener("numba:compile", _Refusal()):
        yield


class _Refusal(event.Listener):  # type: ignore[misc]
    def on_start(self, event: Any) -> None:
        raise NotCompiled

    def on_end(self, event: Any) -> None:
        return


class _Once(event.Listener):  # type: ignore[misc]
    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        return
