"""Ridge regressions, row by row: what each row's ratings say when the vectors of the other side are held fixed.

With z the vectors of the fixed side, whose last coordinate is a constant 1, and t_e = rating_e - bias_e what is left to
explain of an entry e, a row is the minimum over w of

    sum_e (t_e - z_e . w)^2 + r |w'|^2 + s w''^2

where w'' is the last coordinate of w, the row's own bias, and w' all others. With B = diag(r, ..., r, s) it solves
(B + sum_e z_e z_e^T) w = sum_e t_e z_e by Cholesky, or for a row of fewer entries than coordinates its dual,

    w = B^(-1/2) R^T (I + R R^T)^(-1) t    with R = z B^(-1/2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.blas import add_gram, add_outer_gram, solve_positive
from segue.kernels.compile import kernel, read, write

Float32s = npt.NDArray[np.float32]

GATHERED: Final = 256  # rows of the fixed side that are gathered before they are multiplied

_I64, _I32, _F32 = types.int64, types.int32, types.float32
_SIDES = [read(_I32), read(_F32), read(_F32, 2), read(_F32), _F32, _F32]
_SCRATCH = [write(_F32, 2), write(_F32, 2)]


@kernel([_I64(_I64, _I64, *_SIDES, write(_F32), *_SCRATCH)])
def _primal(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    ratings: Float32s,
    fixed: Float32s,
    bias: Float32s,
    ridge: float,
    bias_ridge: float,
    w: Float32s,
    gathered: Float32s,
    matrix: Float32s,
) -> int:
    width = fixed.shape[1]
    matrix[:, :] = 0
    for j in range(width - 1):
        matrix[j, j] = ridge
    matrix[width - 1, width - 1] = bias_ridge
    w[:] = 0
    for chunk in range(start, stop, GATHERED):
        count = min(GATHERED, stop - chunk)
        for place in range(count):
            column = np.uint64(columns[chunk + place])
            left = ratings[chunk + place] - bias[column]
            for j in range(width):
                gathered[place, j] = fixed[column, j]
                w[j] += left * fixed[column, j]
        add_gram(count, width, gathered.ctypes.data, matrix.ctypes.data)
    return solve_positive(width, matrix.ctypes.data, w.ctypes.data)


@kernel([_I64(_I64, _I64, *_SIDES, write(_F32), *_SCRATCH, write(_F32))])
def _dual(
    start: int,
    stop: int,
    columns: npt.NDArray[np.int32],
    ratings: Float32s,
    fixed: Float32s,
    bias: Float32s,
    ridge: float,
    bias_ridge: float,
    w: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    left: Float32s,
) -> int:
    width = fixed.shape[1]
    count = stop - start
    scale = np.float32(1) / np.sqrt(np.float32(ridge))
    last = np.float32(1) / np.sqrt(np.float32(bias_ridge))
    small = matrix.reshape(-1)
    small[: count * count] = 0
    for place in range(count):
        column = np.uint64(columns[start + place])
        left[place] = ratings[start + place] - bias[column]
        small[place * count + place] = 1
        for j in range(width - 1):
            gathered[place, j] = scale * fixed[column, j]
        gathered[place, width - 1] = last * fixed[column, width - 1]
    add_outer_gram(count, width, gathered.ctypes.data, matrix.ctypes.data)
    failed = solve_positive(count, matrix.ctypes.data, left.ctypes.data)
    w[:] = 0
    for place in range(count):
        for j in range(width):
            w[j] += left[place] * gathered[place, j]
    for j in range(width - 1):
        w[j] *= scale
    w[width - 1] *= last
    return failed


@kernel(
    [
        _I64(
            _I64,
            _I64,
            read(_I64),
            read(_I32),
            read(_F32),
            read(_F32, 2),
            read(_F32),
            read(_F32),
            _F32,
            write(_F32, 2),
            *_SCRATCH,
            write(_F32),
        )
    ]
)
def regress(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    ratings: Float32s,
    fixed: Float32s,
    bias: Float32s,
    ridge: Float32s,
    bias_ridge: float,
    solved: Float32s,
    gathered: Float32s,
    matrix: Float32s,
    left: Float32s,
) -> int:
    """Solves the rows first:end into `solved`; a row without entries is zero.

    offsets (n + 1), columns, ratings (m): the entries of all n rows.
    fixed (f, w), bias (f): the vectors of the other side, with a constant 1 at their end, and its biases.
    ridge (n), bias_ridge: r of each row; s of all. Above 0.
    solved (n, w): the result. gathered (max(GATHERED, w), w), matrix (w, w), left (w): scratch memory.
    Returns -1, or the first row whose matrix is not positive in float32 arithmetic.
    """
    width = fixed.shape[1]
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        w, r = solved[row], ridge[row]
        failed = 0
        if start == stop:
            w[:] = 0
        elif stop - start < width:
            failed = _dual(start, stop, columns, ratings, fixed, bias, r, bias_ridge, w, gathered, matrix, left)
        else:
            failed = _primal(start, stop, columns, ratings, fixed, bias, r, bias_ridge, w, gathered, matrix)
        if failed != 0:
            return row
    return -1
