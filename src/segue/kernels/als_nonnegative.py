"""Alternating least squares without negative values: the best vector of a row among those that have none.

The equations of a row are those of `segue.kernels.als`, but where x >= 0 is asked, the basis matters, and G, the Gram
matrix of the fixed side, is taken as it is. What is solved is, for a block of factors with all others as they stand,

    minimize  x^T A x / 2 - b^T x  over x >= 0,    with x, y = A x - b >= 0 and x y = 0 at the minimum.

Block principal pivoting guesses which values are zero, solves for the others, and exchanges those that come out on the
wrong side; when that does not help three times running, one at a time, which is known to end (Kim and Park, "Fast
nonnegative matrix factorization: an active-set-like method and comparisons", SIAM J. Sci. Comput. 2011). It begins with
the zeros that the row has already, so that it takes a guess or two where sweeps have come near their end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.als import total
from segue.kernels.als_blocks import add_equations, add_prediction
from segue.kernels.blas import solve_positive
from segue.kernels.compile import kernel, read, write

Float32s = npt.NDArray[np.float32]

_CHANCES: Final = 3  # exchanges of everything that is wrong, without getting better
_ROUNDS: Final = 50  # guesses for each factor before a row is given up
_SLACK: Final = 1e-6  # of the largest value: what counts as zero in float32

_I64, _I32, _F32, _BOOL = types.int64, types.int32, types.float32, types.boolean
_ENTRIES = [_I64, _I64, read(_I64), read(_I32), read(_F32), read(_F32)]


@kernel([_I64(_I64, write(_F32), write(_F32), write(_F32), write(_F32), write(_F32), write(_BOOL))])
def _pivot(
    n: int, a: Float32s, b: Float32s, x: Float32s, part: Float32s, values: Float32s, free: npt.NDArray[np.bool_]
) -> int:
    """Brings x to the minimum, beginning with its zeros; a (n^2): A in full. Returns 0, or not 0 where that fails.

    part (n^2), values (n), free (n): scratch memory.
    """
    slack = np.float32(0)
    for i in range(n):
        free[i] = x[i] > 0
        slack = max(slack, abs(b[i]))
    slack *= np.float32(_SLACK)
    fewest, chances = n + 1, _CHANCES
    for _ in range(_ROUNDS * n):
        count = 0
        for i in range(n):
            if free[i]:
                values[count] = b[i]
                count += 1
        i_part = 0
        for i in range(n):
            if free[i]:
                j_part = 0
                for j in range(i + 1):
                    if free[j]:
                        part[i_part * count + j_part] = a[i * n + j]
                        j_part += 1
                i_part += 1
        if count > 0 and solve_positive(count, part.ctypes.data, values.ctypes.data) != 0:
            return -1
        largest, place = np.float32(0), 0
        for i in range(n):
            x[i] = 0
            if free[i]:
                x[i] = values[place]
                largest = max(largest, abs(x[i]))
                place += 1
        wrong, last = 0, 0
        for i in range(n):
            if free[i]:
                astray = x[i] < -_SLACK * largest
            else:
                y = -b[i]
                for j in range(n):
                    y += a[i * n + j] * x[j]
                astray = y < -slack
            if astray:
                wrong, last = wrong + 1, i
            part[i] = np.float32(astray)
        if wrong == 0:
            for i in range(n):
                x[i] = max(x[i], np.float32(0))
            return 0
        if wrong < fewest:
            fewest, chances = wrong, _CHANCES
        elif chances > 0:
            chances -= 1
        else:
            free[last] = not free[last]
            continue
        for i in range(n):
            free[i] ^= part[i] > 0
    return -2


_OTHER = [read(_F32, 2), read(_F32, 2), read(_F32), _I64]


@kernel([_I64(*_ENTRIES, *_OTHER, *[write(_F32, 2)] * 5, write(_BOOL))])
def solve_nonnegative(
    first: int,
    end: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    excess: Float32s,
    pull: Float32s,
    fixed: Float32s,
    gram: Float32s,
    ridge: Float32s,
    size: int,
    solved: Float32s,
    gathered: Float32s,
    matrices: Float32s,
    scratch: Float32s,
    along: Float32s,
    free: npt.NDArray[np.bool_],
) -> int:
    """Solves the rows first:end of `solved`, none negative, for `size` factors after the other; exactly, if all.

    Arguments as in `segue.kernels.als`, but gram (d, d): w G; excess must not be negative, fixed is float32, and the
    values in `solved` must not be negative.
    gathered (GATHERED, size), matrices (2, size^2), scratch (3, d), along (2, entries of the longest row), free (size):
    scratch memory. Returns -1, or the first row that float32 arithmetic cannot solve.
    """
    d = fixed.shape[1]
    predicted, target = along[0], along[1]
    matrix, part = matrices[0], matrices[1]
    shared, right, values = scratch[0], scratch[1], scratch[2]  # shared: w G x
    for row in range(first, end):
        start, stop = offsets[row], offsets[row + 1]
        count, x, r = stop - start, solved[row], ridge[row]
        if total(start, stop, pull) <= 0:
            x[:] = 0
            continue
        shared[:] = 0
        predicted[:count] = 0
        if size < d:
            add_prediction(start, stop, columns, fixed, 0, d, x, np.float32(1), predicted)
            for j in range(d):
                if x[j] != 0:
                    for k in range(d):
                        shared[k] += x[j] * gram[j, k]
        for low in range(0, d, size):
            high = min(low + size, d)
            n = high - low
            if size < d:
                add_prediction(start, stop, columns, fixed, low, high, x, np.float32(-1), predicted)
                for j in range(low, high):
                    if x[j] != 0:
                        for k in range(d):
                            shared[k] -= x[j] * gram[j, k]
            for place in range(count):
                entry = start + place
                target[place] = pull[entry] - excess[entry] * predicted[place]
            for i in range(n):
                right[i] = -shared[low + i]
                for j in range(n):
                    matrix[i * n + j] = gram[low + i, low + j]
                matrix[i * n + i] += r
            add_equations(start, stop, columns, excess, target, fixed, low, high, right, gathered, matrix)
            for i in range(n):
                for j in range(i):
                    matrix[j * n + i] = matrix[i * n + j]
            if _pivot(n, matrix, right, x[low:high], part, values, free) != 0:
                return row
            if high < d:
                add_prediction(start, stop, columns, fixed, low, high, x, np.float32(1), predicted)
                for j in range(low, high):
                    if x[j] != 0:
                        for k in range(d):
                            shared[k] += x[j] * gram[j, k]
    return -1
