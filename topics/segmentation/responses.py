"""How filters respond to a run of tokens, whose rows of a table of bytes say what each adds to them.

In: rows of tokens in their order. Out: the best response of each filter, and sums, in whole steps of two bytes. Loops
in Python's syntax write the best of all filters back after each token and make sure each time that no array lies on
another, which took as long as the sums; so the two innermost loops are in LLVM's own terms: 64 filters stay in
registers while all tokens pass.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["BLOCK", "add_up", "respond"]

BLOCK: Final = 64  # filters are as many or a multiple of it
_LANES: Final = 32
_PLACE: Final = ir.IntType(64)
_BYTES: Final = ir.VectorType(ir.IntType(8), _LANES)
_SHORTS: Final = ir.VectorType(ir.IntType(16), _LANES)


@intrinsic
def respond(typingctx, table, rows, first, last, places, best):
    """Fill ``best`` (n,), int16, with the largest of 0 and the responses of filters to tokens ``first`` to ``last``.

    ``rows`` (places + 2,), int32, says where tokens stand in ``table`` (rows, at least 3 n), int8: what a token adds
    as the one before, as the one in the middle, and as the one after. ``places`` (2, places, n), int16, is added: what
    stands in the second half for the last token, in the first for others. Place 0 is that of token 1."""

    def generate(context, builder, signature, arguments):
        table, rows, places, best = (_open(context, builder, signature, arguments, k) for k in (0, 1, 4, 5))
        first, last = arguments[2:4]
        (n,) = cgutils.unpack_tuple(builder, best.shape, 1)
        n_places = cgutils.unpack_tuple(builder, places.shape, 3)[1]

        def tell(t, column):
            is_last = builder.zext(builder.icmp_signed("==", t, last), _PLACE)
            place = builder.add(builder.mul(is_last, n_places), builder.sub(t, _number(1)))
            offsets = [builder.add(builder.mul(place, n), column)]
            for tap in range(3):
                of_tap = builder.add(builder.mul(_number(tap), n), column)
                offsets.append(_offset(builder, table, rows, builder.add(t, _number(tap - 1)), of_tap))
            return offsets

        def take(offsets, best, k):
            total = _load(builder, places, offsets[0], k, _SHORTS)
            for offset in offsets[1:]:
                total = builder.add(total, builder.sext(_load(builder, table, offset, k, _BYTES), _SHORTS))
            return builder.select(builder.icmp_signed(">", total, best), total, best)

        return _pass(context, builder, first, last, best, n, tell, take)

    return types.void(table, rows, first, last, places, best), generate


@intrinsic
def add_up(typingctx, table, rows, first, last, column, sums):
    """Fill ``sums`` (n,), int16, with those of the columns from ``column`` on, over tokens ``first`` to ``last``."""

    def generate(context, builder, signature, arguments):
        table, rows, sums = (_open(context, builder, signature, arguments, k) for k in (0, 1, 5))
        first, last, begin = arguments[2:5]
        (n,) = cgutils.unpack_tuple(builder, sums.shape, 1)

        def tell(t, column):
            return _offset(builder, table, rows, t, builder.add(begin, column))

        def take(offset, total, k):
            return builder.add(total, builder.sext(_load(builder, table, offset, k, _BYTES), _SHORTS))

        return _pass(context, builder, first, last, sums, n, tell, take)

    return types.void(table, rows, first, last, column, sums), generate


def _pass(context, builder, first, last, out, n, tell, take):
    """For each block of columns: start with zeros, ``take`` in what ``tell`` knows of each token, write the result."""
    nothing = ir.Constant(_SHORTS, [0] * _LANES)
    n_across = BLOCK // _LANES
    kept = [cgutils.alloca_once_value(builder, nothing) for _ in range(n_across)]
    with cgutils.for_range_slice(builder, _number(0), n, _number(BLOCK)) as (column, _):
        for one in kept:
            builder.store(nothing, one)
        with cgutils.for_range_slice(builder, first, builder.add(last, _number(1)), _number(1)) as (t, _):
            told = tell(t, column)
            for k, one in enumerate(kept):
                builder.store(take(told, builder.load(one), k), one)
        for k, one in enumerate(kept):
            here = builder.gep(out.data, [builder.add(column, _number(k * _LANES))])
            builder.store(builder.load(one), builder.bitcast(here, _SHORTS.as_pointer()), align=2)
    return context.get_dummy_value()


def _open(context, builder, signature, arguments, k):
    return context.make_array(signature.args[k])(context, builder, arguments[k])


def _number(value):
    return ir.Constant(_PLACE, value)


def _offset(builder, table, rows, t, column):
    """Where in ``table`` the column of token ``t`` stands."""
    row = builder.sext(builder.load(builder.gep(rows.data, [t])), _PLACE)
    return builder.add(builder.mul(row, cgutils.unpack_tuple(builder, table.shape, 2)[1]), column)


def _load(builder, array, offset, k, kind):
    here = builder.gep(array.data, [builder.add(offset, _number(k * _LANES))])
    return builder.load(builder.bitcast(here, kind.as_pointer()), align=kind.element.width // 8)
