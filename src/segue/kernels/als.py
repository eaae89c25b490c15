"""The sweeps of alternating least squares: every row of one side, solved against the other side held fixed.

With z the vectors of the fixed side and G = sum z z^T over all of them, the equations of a row with entries e are

    (w G + r I + sum_e excess_e z_e z_e^T) x = sum_e pull_e z_e.

Both solvers want the basis in which G is diagonal, `diagonal = w diag(G)`: what all rows share then costs d operations
instead of d^2. A row that nothing pulls (all pull_e = 0) is zero, whatever its ridge r.

Conjugate gradients is bound by memory: entries are fetched ahead, and taken four at a time, since four dot products
that share a vector load it once. It is preconditioned by the diagonal of the matrix, with the row's own entries
replaced by as much of the typical entry: that costs no pass over the entries and serves nearly as well.

The exact solver factorizes the matrix (Cholesky), or for a row of fewer entries than factors the smaller matrix of its
dual: with B = w G + r I, R = sqrt(excess) z B^(-1/2) and q = pull / sqrt(excess),

    x = B^(-1/2) R^T (I + R R^T)^(-1) q.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from segue.kernels.blas import add_gram, add_outer_gram, solve_positive
from segue.kernels.compile import kernel, read, write

Float32s = npt.NDArray[np.float32]

GATHERED: Final = 256  # rows that the exact solver gathers before it multiplies
_AHEAD: Final = 16  # entries between the one that is fetched and the one in use
_LINE: Final = 64  # bytes of a cache line
_SMALL: Final = 1e-20  # a squared residual that is nothing

_I64, _I32, _F32 = types.int64, types.int32, types.float32
_ENTRIES = [read(_I64), read(_I32), read(_F32), read(_F32)]


@intrinsic
def _prefetch(_typing_context: Any, matrix: Any, _row: Any, _byte: Any) -> Any:
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


@kernel([types.void(_I64, _I64, *_ENTRIES[1:], _F32, read(_F32, 2), read(_F32), write(_F32), _I64)])
def _add_residual(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    pulled: np.float32,
    fixed: Float32s,
    x: Float32s,
    y: Float32s,
    ahead: int,
) -> None:
    """y += sum_e (pulled pull_e - excess_e z_e . x) z_e over the entries start:stop.

    Where `ahead` is not 0, the vectors of the entries that far ahead are fetched meanwhile.
    """
    d = fixed.shape[1]
    zero = np.float32(0)
    last = columns.size - 1
    for e0 in range(start, stop, 4):
        if ahead > 0:
            for e in range(e0 + ahead, e0 + ahead + 4):
                coming = np.int64(columns[min(e, last)])
                for byte in range(0, 4 * d, _LINE):
                    _prefetch(fixed, coming, byte)
        # Beyond the end the last entry stands in, with no weight. Unsigned positions need no check for being negative.
        e1, e2, e3 = min(e0 + 1, stop - 1), min(e0 + 2, stop - 1), min(e0 + 3, stop - 1)
        c0, c1, c2, c3 = np.uint64(columns[e0]), np.uint64(columns[e1]), np.uint64(columns[e2]), np.uint64(columns[e3])
        t0 = t1 = t2 = t3 = zero
        for j in range(d):
            t0 += fixed[c0, j] * x[j]
            t1 += fixed[c1, j] * x[j]
            t2 += fixed[c2, j] * x[j]
            t3 += fixed[c3, j] * x[j]
        t0 = pulled * pull[e0] - excess[e0] * t0
        t1 = pulled * pull[e1] - excess[e1] * t1 if e0 + 1 < stop else zero
        t2 = pulled * pull[e2] - excess[e2] * t2 if e0 + 2 < stop else zero
        t3 = pulled * pull[e3] - excess[e3] * t3 if e0 + 3 < stop else zero
        for j in range(d):
            y[j] += (t0 * fixed[c0, j] + t1 * fixed[c1, j]) + (t2 * fixed[c2, j] + t3 * fixed[c3, j])


@kernel([_F32(_I64, _I64, read(_F32))])
def _total(start: int, stop: int, values: Float32s) -> np.float32:
    total = np.float32(0)
    for e in range(start, stop):
        total += values[e]
    return total


_CG = [read(_F32, 2), read(_F32), read(_F32), read(_F32), _I64, write(_F32, 2), write(_F32, 2)]


@kernel([types.void(_I64, _I64, *_ENTRIES, *_CG)])
def conjugate_gradient(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    diagonal: Float32s,
    ridge: Float32s,
    typical: Float32s,
    steps: int,
    solved: Float32s,
    scratch: Float32s,
) -> None:
    """Brings the rows first:end of `solved` nearer to their solution by `steps` steps from where they stand.

    offsets (n + 1), columns, excess, pull (m): the entries of all n rows.
    fixed (f, d), diagonal (d), ridge (n): the other side; w diag(G); r of each row.
    typical (d): the mean of z^2 over entries, weighted by excess.
    solved (n, d): read and written. scratch (5, d).
    """
    d = fixed.shape[1]
    base, residual, search, image, inverse = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        x = solved[row]
        if _total(start, stop, pull) <= 0:
            x[:] = 0
            continue
        mass = _total(start, stop, excess)
        for j in range(d):
            base[j] = diagonal[j] + ridge[row]
            inverse[j] = np.float32(1) / (base[j] + mass * typical[j])
            residual[j] = -base[j] * x[j]
        _add_residual(start, stop, columns, excess, pull, np.float32(1), fixed, x, residual, _AHEAD)
        rho = np.float32(0)
        for j in range(d):
            search[j] = residual[j] * inverse[j]
            rho += residual[j] * search[j]
        for step in range(steps):
            if rho < _SMALL:
                break
            for j in range(d):
                image[j] = -base[j] * search[j]
            _add_residual(start, stop, columns, excess, pull, np.float32(0), fixed, search, image, 0)
            curvature = np.float32(0)
            for j in range(d):
                curvature -= search[j] * image[j]
            length = rho / curvature
            for j in range(d):
                x[j] += length * search[j]
            if step + 1 == steps:
                break
            before, rho = rho, np.float32(0)
            for j in range(d):
                residual[j] += length * image[j]
                rho += residual[j] * residual[j] * inverse[j]
            turn = rho / before
            for j in range(d):
                search[j] = residual[j] * inverse[j] + turn * search[j]


_EXACT = [read(_F32, 2), read(_F32), read(_F32), write(_F32, 2), write(_F32, 2), write(_F32, 2), write(_F32, 2)]


_ROW = [_I64, _I64, *_ENTRIES[1:], read(_F32, 2), read(_F32), _F32, write(_F32), write(_F32, 2), write(_F32, 2)]


@kernel([_I32(*_ROW)])
def _solve_primal(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    diagonal: Float32s,
    ridge: float,
    x: Float32s,
    gathered: Float32s,
    matrix: Float32s,
) -> int:
    d = fixed.shape[1]
    matrix[:, :] = 0
    for j in range(d):
        matrix[j, j] = diagonal[j] + ridge
    x[:] = 0
    for chunk in range(start, stop, GATHERED):
        count = min(GATHERED, stop - chunk)
        for place in range(count):
            entry = chunk + place
            column = np.uint64(columns[entry])
            root, weight = np.sqrt(excess[entry]), pull[entry]
            for j in range(d):
                gathered[place, j] = root * fixed[column, j]
                x[j] += weight * fixed[column, j]
        add_gram(count, d, gathered.ctypes.data, matrix.ctypes.data)
    return solve_positive(d, matrix.ctypes.data, x.ctypes.data)


@kernel([_I32(*_ROW, write(_F32, 2))])
def _solve_dual(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    diagonal: Float32s,
    ridge: float,
    x: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    scratch: Float32s,
) -> int:
    d = fixed.shape[1]
    count = stop - start
    scale, q = scratch[0], scratch[1]
    for j in range(d):
        scale[j] = np.float32(1) / np.sqrt(diagonal[j] + ridge)
    small = matrix.reshape(-1)
    small[: count * count] = 0
    for place in range(count):
        entry = start + place
        column = np.uint64(columns[entry])
        root = np.sqrt(excess[entry])
        q[place] = pull[entry] / root if pull[entry] != 0 else np.float32(0)
        small[place * count + place] = 1
        for j in range(d):
            gathered[place, j] = root * scale[j] * fixed[column, j]
    add_outer_gram(count, d, gathered.ctypes.data, matrix.ctypes.data)
    failed = solve_positive(count, matrix.ctypes.data, q.ctypes.data)
    x[:] = 0
    for place in range(count):
        weight = q[place]
        for j in range(d):
            x[j] += weight * gathered[place, j]
    for j in range(d):
        x[j] *= scale[j]
    return failed


@kernel([_I64(_I64, _I64, *_ENTRIES, *_EXACT)])
def exact(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    diagonal: Float32s,
    ridge: Float32s,
    solved: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    scratch: Float32s,
) -> int:
    """Solves the rows first:end into `solved`; arguments as above, but excess must not be negative.

    gathered (max(GATHERED, d), d), matrix (d, d), scratch (2, d or more): scratch memory.
    Returns -1, or the first row whose matrix is not positive in float32 arithmetic.
    """
    d = fixed.shape[1]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        if _total(start, stop, pull) <= 0:
            solved[row, :] = 0
            continue
        dual = stop - start < d
        for e in range(start, stop):
            dual &= excess[e] > 0 or pull[e] == 0
        x, r = solved[row], ridge[row]
        if dual:
            failed = _solve_dual(start, stop, columns, excess, pull, fixed, diagonal, r, x, gathered, matrix, scratch)
        else:
            failed = _solve_primal(start, stop, columns, excess, pull, fixed, diagonal, r, x, gathered, matrix)
        if failed != 0:
            return row
    return -1
