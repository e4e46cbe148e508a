"""Products of matrices of small whole numbers: what the hidden layers of the network are made of.

In: rows of bytes, and weights in whole steps, a byte each. Out: exact sums in four bytes. Processors with VNNI multiply
four such numbers by four and add them up in one instruction (``vpdpbusd``), so this is four times as fast as the same
product of floats; and a sum of whole numbers is the same in any order, so on every machine.

Loops in Python's syntax do not become this instruction, nor ``vpmaddwd``, which others have for pairs of two bytes. So
:func:`_tile`, the innermost loop, is written in LLVM's own terms.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from topics.jit import kernel

__all__ = ["MARGIN_ROWS", "MOST", "Bytes", "Layer", "room_for", "settle"]

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

ROWS: Final = 4  # a tile's sums stay in registers: four rows of four times sixteen
COLUMNS: Final = 64
MOST: Final = 255  # of an input
MARGIN_ROWS: Final = 16  # rows of zeros before and behind: the furthest that a layer reaches
_LANES: Final = 16
_FOUR: Final = 4  # inputs that one instruction adds up
_MOST_OF_WEIGHT: Final = 127


@dataclass(frozen=True)
class Layer:
    """Weights of one layer in whole steps, as :func:`_grow` reads them: ``fours`` (taps, inputs / 4, outputs, 4), the
    step of each output's weights and its bias, (outputs,). Outputs are filled up to whole tiles with zeros."""

    fours: NDArray[np.int8]
    steps: Floats
    bias: Floats

    @classmethod
    def of(cls, weights: NDArray[Any], bias: NDArray[Any], units: NDArray[Any], zeros: NDArray[Any]) -> Layer:
        """``weights`` (taps, inputs, outputs) for inputs that come in whole ``units``, where ``zeros`` stand for 0;
        (inputs,) each. Beyond the first and last row all inputs are the byte 0, so ``zeros`` are for one tap."""
        taps, n_in, n_out = weights.shape
        filled = np.zeros((taps, -(-n_in // _FOUR) * _FOUR, -(-n_out // COLUMNS) * COLUMNS))
        filled[:, :n_in, :n_out] = weights * units[:, None]
        steps = np.abs(filled).max(axis=(0, 1)) / _MOST_OF_WEIGHT
        steps[steps == 0.0] = 1.0
        whole = np.rint(filled / steps)
        shift = -(zeros @ whole[:, :n_in].sum(axis=0)) * steps
        shift[:n_out] += bias
        fours = whole.reshape(taps, -1, _FOUR, filled.shape[2]).transpose(0, 1, 3, 2)
        return cls(np.ascontiguousarray(fours, np.int8), steps.astype(np.float32), shift.astype(np.float32))

    @property
    def n_inputs(self) -> int:
        """How many numbers a row of inputs has, filled up to fours."""
        return _FOUR * int(self.fours.shape[1])

    @property
    def n_outputs(self) -> int:
        """How many outputs there are, filled up to tiles."""
        return int(self.fours.shape[2])

    def grow(self, rows: Bytes, dilation: int, hidden: Floats) -> None:
        """Add to ``hidden`` (n, n_outputs) what the layer makes of ``rows`` (:func:`room_for`), where that is positive:
        of row ``i`` itself, or with three taps of the rows ``i - dilation``, ``i`` and ``i + dilation``."""
        _grow(rows, self.fours, self.steps, self.bias, dilation, hidden)


def room_for(n: int, width: int) -> Bytes:
    """Zeros for ``n`` rows of inputs, with margins and whole tiles: row ``i`` stands at ``i + MARGIN_ROWS``."""
    return np.zeros((2 * MARGIN_ROWS + -(-n // ROWS) * ROWS, width), np.uint8)


@intrinsic
def _tile(typingctx, rows, fours, first, step, column, sums):
    """``sums`` (ROWS, outputs) from ``column`` on: the products of ``rows[first + tap * step : … + ROWS]`` with
    ``fours[tap]``, added up over the taps. All arrays in C order."""

    def generate(context, builder, signature, arguments):
        whole, place = ir.IntType(32), ir.IntType(64)
        sixteen = ir.VectorType(whole, _LANES)
        nothing = ir.Constant(sixteen, [0] * _LANES)
        kinds = signature.args
        of_rows, of_fours, of_sums = (
            context.make_array(kinds[k])(context, builder, arguments[k]) for k in (0, 1, 5)
        )  # fmt: skip
        first, step, column = arguments[2:5]
        n_in = cgutils.unpack_tuple(builder, of_rows.shape, 2)[1]
        taps, n_fours, n_out, _ = cgutils.unpack_tuple(builder, of_fours.shape, 4)
        multiply = _find_products(context, builder)

        def at(array, offset, kind):
            return builder.bitcast(builder.gep(array.data, [offset]), kind.as_pointer())

        def constant(value):
            return ir.Constant(place, value)

        n_across = COLUMNS // _LANES
        totals = [[cgutils.alloca_once_value(builder, nothing) for _ in range(n_across)] for _ in range(ROWS)]
        for total in (total for row in totals for total in row):
            builder.store(nothing, total)
        with cgutils.for_range(builder, taps) as tap:
            of_row = builder.mul(builder.add(first, builder.mul(tap.index, step)), n_in)
            of_tap = builder.mul(tap.index, n_fours)
            with cgutils.for_range(builder, n_fours) as four:
                offset = builder.add(builder.mul(builder.add(of_tap, four.index), n_out), column)
                weights = []
                for k in range(n_across):
                    here = builder.mul(builder.add(offset, constant(k * _LANES)), constant(_FOUR))
                    weights.append(builder.load(at(of_fours, here, sixteen), align=1))
                for r in range(ROWS):
                    here = builder.add(of_row, builder.mul(constant(r), n_in))
                    here = builder.add(here, builder.mul(four.index, constant(_FOUR)))
                    own = builder.load(at(of_rows, here, whole), align=1)
                    inputs = builder.insert_element(ir.Constant(sixteen, ir.Undefined), own, ir.Constant(whole, 0))
                    inputs = builder.shuffle_vector(inputs, inputs, nothing)
                    for k in range(n_across):
                        total = totals[r][k]
                        builder.store(multiply(builder.load(total), inputs, weights[k]), total)
        for r in range(ROWS):
            for k in range(n_across):
                here = builder.add(builder.mul(constant(r), n_out), builder.add(column, constant(k * _LANES)))
                builder.store(builder.load(totals[r][k]), at(of_sums, here, sixteen), align=4)
        return context.get_dummy_value()

    return types.void(rows, fours, first, step, column, sums), generate


def _find_products(context, builder):
    """A function that adds to sixteen sums four products each, of four bytes and four bytes with a sign."""
    whole, short = ir.IntType(32), ir.IntType(16)
    sixteen, pairs = ir.VectorType(whole, _LANES), ir.VectorType(short, 2 * _LANES)
    if "+avx512vnni" in context.codegen().magic_tuple()[2]:
        # LLVM from 21 on names the inputs as bytes, and still takes them so
        kind = ir.FunctionType(sixteen, [sixteen] * 3)
        instruction = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpdpbusd.512")
        return lambda sums, inputs, weights: builder.call(instruction, [sums, inputs, weights])

    widened, eight = ir.VectorType(whole, 2 * _LANES), ir.Constant(pairs, [8] * 2 * _LANES)
    even, odd = (ir.Constant(sixteen, [2 * lane + k for lane in range(_LANES)]) for k in (0, 1))

    def split(four, *, signed):
        """Two bytes each of the first and third, and of the second and fourth: what ``vpmaddwd`` multiplies."""
        right = builder.ashr if signed else builder.lshr
        here = builder.bitcast(four, pairs)
        return (builder.sext(part, widened) for part in (right(builder.shl(here, eight), eight), right(here, eight)))

    def multiply(sums, inputs, weights):
        for mine, theirs in zip(split(inputs, signed=False), split(weights, signed=True), strict=True):
            products = builder.mul(mine, theirs)
            pair = (builder.shuffle_vector(products, products, half) for half in (even, odd))
            sums = builder.add(sums, builder.add(*pair))
        return sums

    return multiply


@kernel
def _grow(rows: Bytes, fours: NDArray[np.int8], steps: Floats, bias: Floats, dilation: int, hidden: Floats) -> None:
    """What :meth:`Layer.grow` does."""
    n, n_out = hidden.shape
    reach = (fours.shape[0] // 2) * dilation
    sums = np.empty((ROWS, n_out), np.int32)
    for first in range(0, n, ROWS):
        for column in range(0, n_out, COLUMNS):
            _tile(rows, fours, np.int64(first + MARGIN_ROWS - reach), np.int64(dilation), np.int64(column), sums)
        for i in range(first, min(n, first + ROWS)):
            own, state = sums[i - first], hidden[i]
            for f in range(n_out):
                state[f] = state[f] + max(np.float32(own[f]) * steps[f] + bias[f], np.float32(0.0))


@kernel
def settle(hidden: Floats, per_unit: np.float32, rows: Bytes) -> None:
    """Write ``hidden`` (n, outputs), which is nowhere negative, to ``rows`` in whole units, none above ``MOST``."""
    half, most = np.float32(0.5), np.float32(MOST)
    for i in range(hidden.shape[0]):
        before, after = hidden[i], rows[i + MARGIN_ROWS]
        for f in range(before.shape[0]):
            after[f] = np.uint8(np.int32(min(before[f] * per_unit + half, most)))  # at once would be five times as slow
