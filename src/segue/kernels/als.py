"""Conjugate gradients for the sweeps of alternating least squares: rows of one side against the other held fixed.

With z the vectors of the fixed side and G = sum z z^T over all of them, the equations of a row with entries e are

    (w G + r I + sum_e excess_e z_e z_e^T) x = sum_e pull_e z_e.

They are solved in the basis in which G is diagonal, `diagonal = w diag(G)`: what all rows share then costs d operations
instead of d^2. A row that nothing pulls (all pull_e = 0) is zero, whatever its ridge r.

What is left, two passes over the vectors of a row's entries in each step, is bound by fetching them from memory. So
entries are fetched ahead, and taken four at a time, since four dot products that share a vector load it once; and a
sweep, which need not be exact, reads the fixed side in 16 bits: z_e = scale_e q_e with whole numbers q_e up to 32,767,
which is half the bytes and off by 2^-16 of the largest value of each vector.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from segue.kernels.compile import kernel, read, write

Float32s = npt.NDArray[np.float32]

_AHEAD: Final = 16  # entries between the one that is fetched and the one in use
_KEPT: Final = 2**18  # bytes of vectors that are still in the cache when a step comes back to them
_LINE: Final = 64  # bytes of a cache line
_SMALL: Final = 1e-20  # a squared residual that is nothing
_TINY: Final = 1e-30  # a value that is taken for zero
_LARGEST: Final = 32_767  # of the whole numbers that stand for a vector

_I64, _I32, _I16, _F32 = types.int64, types.int32, types.int16, types.float32
_ROW = [_I64, _I64, read(_I32), read(_F32), read(_F32)]
_SCALED = [[read(dtype, 2), read(_F32)] for dtype in (_F32, _I16)]


@intrinsic
def prefetch(_typing_context: Any, matrix: Any, _row: Any, _byte: Any) -> Any:
    """Starts to load the cache line at a byte of a row into the cache; does nothing else."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = cgutils.create_struct_proxy(signature.args[0])(context, builder, value=arguments[0])
        start = builder.mul(builder.extract_value(array.strides, 0), arguments[1])
        data = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        place = builder.gep(data, [builder.add(start, arguments[2])])
        number = ir.IntType(32)
        function = builder.module.declare_intrinsic(
            "llvm.prefetch", [place.type], ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        )
        builder.call(function, [place, number(0), number(3), number(1)])  # to read, keep close, data
        return context.get_dummy_value()

    return types.void(matrix, types.int64, types.int64), generate


@kernel([types.void(*_ROW, _F32, *scaled, read(_F32), write(_F32), _I64) for scaled in _SCALED])
def _add_residual(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    pulled: np.float32,
    fixed: npt.NDArray[Any],
    scale: Float32s,
    x: Float32s,
    y: Float32s,
    ahead: int,
) -> None:
    """y += sum_e (pulled pull_e - excess_e z_e . x) z_e over the entries start:stop, with z = scale fixed.

    Where `ahead` is not 0, the vectors of the entries that far ahead are fetched meanwhile.
    """
    d = fixed.shape[1]
    zero = np.float32(0)
    last = columns.size - 1
    for e0 in range(start, stop, 4):
        if ahead > 0:
            for e in range(e0 + ahead, e0 + ahead + 4):
                coming = np.int64(columns[min(e, last)])
                for byte in range(0, fixed.itemsize * d, _LINE):
                    prefetch(fixed, coming, byte)
        # Beyond the end the last entry stands in, with no weight. Unsigned positions need no check for being negative.
        e1, e2, e3 = min(e0 + 1, stop - 1), min(e0 + 2, stop - 1), min(e0 + 3, stop - 1)
        c0, c1, c2, c3 = np.uint64(columns[e0]), np.uint64(columns[e1]), np.uint64(columns[e2]), np.uint64(columns[e3])
        t0 = t1 = t2 = t3 = zero
        for j in range(d):
            t0 += np.float32(fixed[c0, j]) * x[j]
            t1 += np.float32(fixed[c1, j]) * x[j]
            t2 += np.float32(fixed[c2, j]) * x[j]
            t3 += np.float32(fixed[c3, j]) * x[j]
        s0, s1, s2, s3 = scale[c0], scale[c1], scale[c2], scale[c3]
        t0 = s0 * (pulled * pull[e0] - excess[e0] * s0 * t0)
        t1 = s1 * (pulled * pull[e1] - excess[e1] * s1 * t1) if e0 + 1 < stop else zero
        t2 = s2 * (pulled * pull[e2] - excess[e2] * s2 * t2) if e0 + 2 < stop else zero
        t3 = s3 * (pulled * pull[e3] - excess[e3] * s3 * t3) if e0 + 3 < stop else zero
        for j in range(d):
            y[j] += (t0 * np.float32(fixed[c0, j]) + t1 * np.float32(fixed[c1, j])) + (
                t2 * np.float32(fixed[c2, j]) + t3 * np.float32(fixed[c3, j])
            )


@kernel([_F32(_I64, _I64, read(_F32))])
def total(start: int, stop: int, values: Float32s) -> np.float32:
    """The sum of values[start:stop]."""
    sum_ = np.float32(0)
    for e in range(start, stop):
        sum_ += values[e]
    return sum_


@kernel([types.boolean(*_ROW, *scaled, _I64, _F32, write(_F32), write(_F32, 2)) for scaled in _SCALED])
def _steps(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: npt.NDArray[Any],
    scale: Float32s,
    most: int,
    enough: np.float32,
    x: Float32s,
    scratch: Float32s,
) -> bool:
    """Up to `most` steps from x; whether the squared residual fell below `enough` of what it was.

    scratch: the shared part of the row's matrix, the residual, two for use here, the inverse of the preconditioner.
    """
    d = fixed.shape[1]
    ahead = _AHEAD if (stop - start) * d * fixed.itemsize > _KEPT else 0
    base, residual, search, image, inverse = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    rho = np.float32(0)
    for j in range(d):
        search[j] = residual[j] * inverse[j]
        rho += residual[j] * search[j]
    end = max(enough * rho, np.float32(_SMALL))
    for step in range(most):
        if rho < end:
            return True
        for j in range(d):
            image[j] = -base[j] * search[j]
        _add_residual(start, stop, columns, excess, pull, np.float32(0), fixed, scale, search, image, ahead)
        curvature = np.float32(0)
        for j in range(d):
            curvature -= search[j] * image[j]
        length = rho / curvature
        for j in range(d):
            x[j] += length * search[j]
        if step + 1 == most:
            break
        before, rho = rho, np.float32(0)
        for j in range(d):
            residual[j] += length * image[j]
            rho += residual[j] * residual[j] * inverse[j]
        turn = rho / before
        for j in range(d):
            search[j] = residual[j] * inverse[j] + turn * search[j]
    return False


_SIDE = [_I64, _I64, read(_I64), *_ROW[2:]]


@kernel([types.void(*_SIDE, *scaled, *[read(_F32)] * 3, _I64, *[write(_F32, 2)] * 2) for scaled in _SCALED])
def step_nearer(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: npt.NDArray[Any],
    scale: Float32s,
    diagonal: Float32s,
    ridge: Float32s,
    typical: Float32s,
    steps: int,
    solved: Float32s,
    scratch: Float32s,
) -> None:
    """Brings the rows first:end of `solved` nearer to their solution by `steps` steps from where they stand.

    offsets (n + 1), columns, excess, pull (m): the entries of all n rows.
    fixed (f, d), float32 or int16, and scale (f): the other side. diagonal (d), ridge (n): w diag(G); r of each row.
    typical (d): the mean of z^2 over entries, weighted by excess. As much of it as the row's entries weigh stands in
    the preconditioner for the diagonal of the row's own: that costs no pass over them and serves nearly as well.
    solved (n, d): read and written. scratch (5, d).
    """
    d = fixed.shape[1]
    base, residual, inverse = scratch[0], scratch[1], scratch[4]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        x = solved[row]
        if total(start, stop, pull) <= 0:
            x[:] = 0
            continue
        mass = total(start, stop, excess)
        for j in range(d):
            base[j] = diagonal[j] + ridge[row]
            inverse[j] = np.float32(1) / (base[j] + mass * typical[j])
            residual[j] = -base[j] * x[j]
        _add_residual(start, stop, columns, excess, pull, np.float32(1), fixed, scale, x, residual, _AHEAD)
        _steps(start, stop, columns, excess, pull, fixed, scale, steps, np.float32(0), x, scratch)


@kernel([types.void(*_ROW, read(_F32, 2), write(_F32), write(_F32))])
def _add_pull_and_squares(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    y: Float32s,
    squares: Float32s,
) -> None:
    """y += sum_e pull_e z_e and squares += sum_e excess_e z_e^2 over the entries start:stop, all fetched ahead."""
    d = fixed.shape[1]
    last = columns.size - 1
    for e0 in range(start, stop, 2):
        for e in range(e0 + _AHEAD, e0 + _AHEAD + 2):
            coming = np.int64(columns[min(e, last)])
            for byte in range(0, 4 * d, _LINE):
                prefetch(fixed, coming, byte)
        e1 = min(e0 + 1, stop - 1)
        c0, c1 = np.uint64(columns[e0]), np.uint64(columns[e1])
        p0, q0, there = pull[e0], excess[e0], np.float32(e0 + 1 < stop)
        p1, q1 = there * pull[e1], there * excess[e1]
        for j in range(d):
            z0, z1 = fixed[c0, j], fixed[c1, j]
            y[j] += p0 * z0 + p1 * z1
            squares[j] += q0 * z0 * z0 + q1 * z1 * z1


_CONVERGE = [read(_F32, 2), *[read(_F32)] * 3, _I64, _F32, write(_F32, 2), write(_F32, 2), write(types.boolean)]


@kernel([types.void(*_SIDE, *_CONVERGE)])
def converge(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    scale: Float32s,
    diagonal: Float32s,
    ridge: Float32s,
    steps: int,
    enough: float,
    solved: Float32s,
    scratch: Float32s,
    reached: npt.NDArray[np.bool_],
) -> None:
    """Solves the rows first:end into `solved` from zero, until the squared residual falls below `enough` of the first.

    Arguments as above; `scale` is all ones. A row's answer depends on nothing but the row.
    reached (n): false where `steps` steps were not enough; what then stands in `solved` is on its way.
    """
    d = fixed.shape[1]
    base, residual, inverse = scratch[0], scratch[1], scratch[4]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        x = solved[row]
        x[:] = 0
        reached[row] = True
        if total(start, stop, pull) <= 0:
            continue
        for j in range(d):
            base[j] = diagonal[j] + ridge[row]
            inverse[j] = base[j]
            residual[j] = 0
        _add_pull_and_squares(start, stop, columns, excess, pull, fixed, residual, inverse)
        for j in range(d):
            inverse[j] = np.float32(1) / inverse[j]
        reached[row] = _steps(start, stop, columns, excess, pull, fixed, scale, steps, np.float32(enough), x, scratch)


@kernel([types.void(_I64, _I64, read(_F32, 2), write(_I16, 2), write(_F32))])
def coarsen(first: int, end: int, vectors: Float32s, coarse: npt.NDArray[np.int16], scale: Float32s) -> None:
    """coarse = round(vectors / scale) for the rows first:end, scale (n) such that the largest value is 32,767."""
    d = vectors.shape[1]
    for row in range(first, end):
        most = np.float32(0)
        for j in range(d):
            most = max(most, abs(vectors[row, j]))
        inverse = np.float32(_LARGEST) / most if most > _TINY else np.float32(0)
        scale[row] = most / np.float32(_LARGEST)
        for j in range(d):
            coarse[row, j] = np.int16(np.rint(vectors[row, j] * inverse))
