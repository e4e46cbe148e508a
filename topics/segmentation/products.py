"""Products of matrices of small whole numbers: what the hidden layers of the network are made of.

In: rows of two-byte numbers, and weights in whole steps. Out: exact sums in four bytes. Processors multiply pairs of
such numbers and add them up in one instruction (``vpmaddwd``, with VNNI ``vpdpwssd``), so this is 2.3 times as fast as
the same product of floats; and a sum of whole numbers is the same in any order, so on every machine.

Loops in Python's syntax do not become these instructions, since a compiler has to see sixteen pairs side by side. So
:func:`_tile`, the innermost loop, is written in LLVM's own terms: multiply, and add even and odd products. Compilers
find the instruction that the processor at hand has for it, or do without (0.5 to 1.2 times the speed of floats).
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

__all__ = ["MARGIN_ROWS", "Layer", "room_for", "settle"]

Floats = NDArray[np.float32]
Steps = NDArray[np.int16]

ROWS: Final = 4  # a tile's sums stay in registers: four rows of four times sixteen
COLUMNS: Final = 64
_LANES: Final = 16
MARGIN_ROWS: Final = 16  # rows of zeros before and behind: the furthest that a layer reaches
MOST: Final = 2**31 - 1
MOST_OF_WEIGHT: Final = 2**15 - 1


@dataclass(frozen=True)
class Layer:
    """Weights of one layer in whole steps, as :func:`grow` reads them: ``pairs`` (taps, inputs / 2, outputs, 2), the
    step of each output's weights and its bias, (outputs,). Outputs are filled up to whole tiles with zeros."""

    pairs: Steps
    steps: Floats
    bias: Floats

    @classmethod
    def of(cls, weights: NDArray[Any], bias: NDArray[Any], units: NDArray[Any], most: NDArray[Any]) -> Layer:
        """``weights`` (taps, inputs, outputs) for inputs that come in whole ``units``, at the most ``most`` of them,
        (inputs,) each. An output's step is the finest with which no sum can leave four bytes."""
        taps, n_in, n_out = weights.shape
        filled = np.zeros((taps, n_in + n_in % 2, -(-n_out // COLUMNS) * COLUMNS))
        filled[:, :n_in, :n_out] = weights * units[:, None]
        reach = np.zeros(filled.shape[1])
        reach[:n_in] = most
        # half a step of rounding a weight is reckoned in
        steps = (np.abs(filled) * reach[:, None]).sum(axis=(0, 1)) / (MOST - taps * reach.sum())
        steps = np.maximum(steps, np.abs(filled).max(axis=(0, 1)) / MOST_OF_WEIGHT)
        steps[steps == 0.0] = 1.0
        pairs = np.rint(filled / steps).reshape(taps, -1, 2, filled.shape[2]).transpose(0, 1, 3, 2)
        shift = np.zeros(filled.shape[2])
        shift[:n_out] = bias
        return cls(np.ascontiguousarray(pairs, np.int16), steps.astype(np.float32), shift.astype(np.float32))

    @property
    def n_inputs(self) -> int:
        """How many numbers a row of inputs has, filled up to pairs."""
        return 2 * int(self.pairs.shape[1])

    @property
    def n_outputs(self) -> int:
        """How many outputs there are, filled up to tiles."""
        return int(self.pairs.shape[2])

    def grow(self, rows: Steps, dilation: int, hidden: Floats) -> None:
        """Add to ``hidden`` (n, n_outputs) what the layer makes of ``rows`` (:func:`room_for`), where that is positive:
        of row ``i`` itself, or with three taps of the rows ``i - dilation``, ``i`` and ``i + dilation``."""
        _grow(rows, self.pairs, self.steps, self.bias, dilation, hidden)


def room_for(n: int, width: int) -> Steps:
    """Zeros for ``n`` rows of inputs, with margins and whole tiles: row ``i`` stands at ``i + MARGIN_ROWS``."""
    return np.zeros((2 * MARGIN_ROWS + -(-n // ROWS) * ROWS, width), np.int16)


@intrinsic
def _tile(typingctx, rows, pairs, first, step, column, sums):
    """``sums`` (ROWS, outputs) from ``column`` on: the products of ``rows[first + tap * step : … + ROWS]`` with
    ``pairs[tap]``, added up over the taps. All arrays in C order."""

    def generate(context, builder, signature, arguments):
        whole, short, place = ir.IntType(32), ir.IntType(16), ir.IntType(64)
        sixteen, pair_of_sixteen = ir.VectorType(whole, _LANES), ir.VectorType(short, 2 * _LANES)
        widened = ir.VectorType(whole, 2 * _LANES)
        even, odd = (ir.Constant(sixteen, [2 * lane + k for lane in range(_LANES)]) for k in (0, 1))
        nothing = ir.Constant(sixteen, [0] * _LANES)
        kinds = signature.args
        of_rows, of_pairs, of_sums = (
            context.make_array(kinds[k])(context, builder, arguments[k]) for k in (0, 1, 5)
        )  # fmt: skip
        first, step, column = arguments[2:5]
        n_in = cgutils.unpack_tuple(builder, of_rows.shape, 2)[1]
        taps, n_pairs, n_out, _ = cgutils.unpack_tuple(builder, of_pairs.shape, 4)

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
            of_tap = builder.mul(tap.index, n_pairs)
            with cgutils.for_range(builder, n_pairs) as pair:
                offset = builder.add(builder.mul(builder.add(of_tap, pair.index), n_out), column)
                weights = []
                for k in range(n_across):
                    here = builder.mul(builder.add(offset, constant(k * _LANES)), constant(2))
                    weights.append(builder.sext(builder.load(at(of_pairs, here, pair_of_sixteen), align=2), widened))
                for r in range(ROWS):
                    here = builder.add(of_row, builder.mul(constant(r), n_in))
                    here = builder.add(here, builder.mul(pair.index, constant(2)))
                    both = builder.load(at(of_rows, here, whole), align=2)
                    spread = builder.insert_element(ir.Constant(sixteen, ir.Undefined), both, ir.Constant(whole, 0))
                    spread = builder.shuffle_vector(spread, spread, nothing)
                    inputs = builder.sext(builder.bitcast(spread, pair_of_sixteen), widened)
                    for k in range(n_across):
                        products = builder.mul(inputs, weights[k])
                        added = builder.add(
                            builder.shuffle_vector(products, products, even),
                            builder.shuffle_vector(products, products, odd),
                        )
                        builder.store(builder.add(builder.load(totals[r][k]), added), totals[r][k])
        for r in range(ROWS):
            for k in range(n_across):
                here = builder.add(builder.mul(constant(r), n_out), builder.add(column, constant(k * _LANES)))
                builder.store(builder.load(totals[r][k]), at(of_sums, here, sixteen), align=4)
        return context.get_dummy_value()

    return types.void(rows, pairs, first, step, column, sums), generate


@kernel
def _grow(rows: Steps, pairs: Steps, steps: Floats, bias: Floats, dilation: int, hidden: Floats) -> None:
    """What :meth:`Layer.grow` does."""
    n, n_out = hidden.shape
    reach = (pairs.shape[0] // 2) * dilation
    sums = np.empty((ROWS, n_out), np.int32)
    for first in range(0, n, ROWS):
        for column in range(0, n_out, COLUMNS):
            _tile(rows, pairs, np.int64(first + MARGIN_ROWS - reach), np.int64(dilation), np.int64(column), sums)
        for i in range(first, min(n, first + ROWS)):
            own, state = sums[i - first], hidden[i]
            for f in range(n_out):
                state[f] = state[f] + max(np.float32(own[f]) * steps[f] + bias[f], np.float32(0.0))


@kernel
def settle(hidden: Floats, per_unit: np.float32, most: np.float32, rows: Steps) -> None:
    """Write ``hidden`` (n, outputs), which is nowhere negative, to ``rows`` in whole units."""
    half = np.float32(0.5)
    for i in range(hidden.shape[0]):
        before, after = hidden[i], rows[i + MARGIN_ROWS]
        for f in range(before.shape[0]):
            after[f] = np.int16(min(before[f] * per_unit + half, most))
