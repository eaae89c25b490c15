"""Cholesky solutions for alternating least squares, of whole rows or of one block of factors after the other.

The equations are those of `segue.kernels.als`, in the basis in which G is diagonal. Of a block of factors, with all
others as they stand and p the prediction that those make, the equations are

    (w G + r I + sum_e excess_e z_e z_e^T) x = sum_e (pull_e - excess_e p_e) z_e

with G, z and x cut to the block: going through all blocks is a sweep of block coordinate descent, the subspace
optimization of Rendle, Krichene, Zhang and Koren, "iALS++: Speeding up matrix factorization with subspace
optimization" (2021). With one block of all factors it is the exact solution.

A block's matrix is factorized as it is, or for a row of fewer entries than the block has factors, the smaller one of
its dual: with B = w G + r I, R = sqrt(excess) z B^(-1/2) and q = (pull - excess p) / sqrt(excess),

    x = B^(-1/2) R^T (I + R R^T)^(-1) q.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.als import total
from segue.kernels.blas import add_gram, add_outer_gram, solve_positive
from segue.kernels.compile import kernel, read, write

Float32s = npt.NDArray[np.float32]

GATHERED: Final = 256  # rows that are gathered before they are multiplied

_I64, _I32, _F32 = types.int64, types.int32, types.float32


@kernel([types.void(_I64, _I64, read(_I32), read(_F32, 2), _I64, _I64, read(_F32), _F32, write(_F32))])
def add_prediction(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    fixed: Float32s,
    low: int,
    high: int,
    x: Float32s,
    sign: np.float32,
    predicted: Float32s,
) -> None:
    """predicted[e - start] += sign z_e . x over the entries start:stop, both cut to the factors low:high."""
    for e in range(start, stop):
        column = np.uint64(columns[e])
        p = np.float32(0)
        for j in range(low, high):
            p += fixed[column, j] * x[j]
        predicted[e - start] += sign * p


_BLOCK = [_I64, _I64, read(_I32), read(_F32), read(_F32), read(_F32, 2), _I64, _I64]


@kernel([types.void(*_BLOCK, write(_F32), write(_F32, 2), write(_F32))])
def add_equations(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    target: Float32s,
    fixed: Float32s,
    low: int,
    high: int,
    right: Float32s,
    gathered: Float32s,
    matrix: Float32s,
) -> None:
    """matrix += sum_e excess_e z_e z_e^T (lower triangle), right += sum_e target_e z_e, cut to the factors low:high.

    target (stop - start or more): of the entries start:stop. matrix (at least size^2), right (size); gathered: scratch.
    """
    size = high - low
    rows = gathered.reshape(-1)
    for chunk in range(start, stop, GATHERED):
        count = min(GATHERED, stop - chunk)
        for place in range(count):
            entry = chunk + place
            column = np.uint64(columns[entry])
            root, weight = np.sqrt(excess[entry]), target[entry - start]
            for j in range(size):
                z = fixed[column, low + j]
                rows[place * size + j] = root * z
                right[j] += weight * z
        add_gram(count, size, rows.ctypes.data, matrix.ctypes.data)


_PRIOR = [read(_F32), _F32, write(_F32), write(_F32, 2), write(_F32)]


@kernel([_I64(*_BLOCK, *_PRIOR)])
def _solve_primal(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    target: Float32s,
    fixed: Float32s,
    low: int,
    high: int,
    diagonal: Float32s,
    ridge: np.float32,
    x: Float32s,
    gathered: Float32s,
    matrix: Float32s,
) -> int:
    size = high - low
    matrix[: size * size] = 0
    for j in range(size):
        matrix[j * size + j] = diagonal[low + j] + ridge
    x[low:high] = 0
    add_equations(start, stop, columns, excess, target, fixed, low, high, x[low:high], gathered, matrix)
    return solve_positive(size, matrix.ctypes.data, x[low:high].ctypes.data)


@kernel([_I64(*_BLOCK, *_PRIOR, write(_F32, 2))])
def _solve_dual(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    target: Float32s,
    fixed: Float32s,
    low: int,
    high: int,
    diagonal: Float32s,
    ridge: np.float32,
    x: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    scratch: Float32s,
) -> int:
    size, count = high - low, stop - start
    rows = gathered.reshape(-1)
    scale, q = scratch[0], scratch[1]
    for j in range(size):
        scale[j] = np.float32(1) / np.sqrt(diagonal[low + j] + ridge)
    matrix[: count * count] = 0
    for place in range(count):
        column = np.uint64(columns[start + place])
        root = np.sqrt(excess[start + place])
        q[place] = target[place] / root if target[place] != 0 else np.float32(0)
        matrix[place * count + place] = 1
        for j in range(size):
            rows[place * size + j] = root * scale[j] * fixed[column, low + j]
    add_outer_gram(count, size, rows.ctypes.data, matrix.ctypes.data)
    failed = solve_positive(count, matrix.ctypes.data, q.ctypes.data)
    x[low:high] = 0
    for place in range(count):
        weight = q[place]
        for j in range(size):
            x[low + j] += weight * rows[place * size + j]
    for j in range(size):
        x[low + j] *= scale[j]
    return failed


_ENTRIES = [_I64, _I64, read(_I64), read(_I32), read(_F32), read(_F32)]
_OTHER = [read(_F32, 2), read(_F32), read(_F32), _I64]


@kernel([_I64(*_ENTRIES, *_OTHER, *[write(_F32, 2)] * 2, write(_F32), *[write(_F32, 2)] * 2)])
def solve_blocks(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    diagonal: Float32s,
    ridge: Float32s,
    size: int,
    solved: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    scratch: Float32s,
    along: Float32s,
) -> int:
    """Solves the rows first:end of `solved` for `size` factors after the other; exactly, if those are all.

    Arguments as in `segue.kernels.als`, but excess must not be negative, and fixed is float32.
    gathered (max(GATHERED, size), size), matrix (size^2), scratch (2, size), along (2, entries of the longest row):
    scratch memory. Returns -1, or the first row with a matrix that is not positive in float32 arithmetic.
    """
    d = fixed.shape[1]
    predicted, target = along[0], along[1]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        count, x, r = stop - start, solved[row], ridge[row]
        if total(start, stop, pull) <= 0:
            x[:] = 0
            continue
        predicted[:count] = 0
        if size < d:
            add_prediction(start, stop, columns, fixed, 0, d, x, np.float32(1), predicted)
        for low in range(0, d, size):
            high = min(low + size, d)
            if size < d:
                add_prediction(start, stop, columns, fixed, low, high, x, np.float32(-1), predicted)
            dual = count < high - low
            for place in range(count):
                entry = start + place
                target[place] = pull[entry] - excess[entry] * predicted[place]
                dual &= excess[entry] > 0 or pull[entry] == 0
            if dual:
                failed = _solve_dual(
                    start, stop, columns, excess, target, fixed, low, high, diagonal, r, x, gathered, matrix, scratch
                )
            else:
                failed = _solve_primal(
                    start, stop, columns, excess, target, fixed, low, high, diagonal, r, x, gathered, matrix
                )
            if failed != 0:
                return row
            if high < d:
                add_prediction(start, stop, columns, fixed, low, high, x, np.float32(1), predicted)
    return -1
