"""A ridge regression of every item on a few others, each solved exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numba.core import types

from segue.kernels.blas import solve_positive
from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import blas, spread

_ITEMS: Final = 64  # that a thread takes at once

Positions = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]


def regress(
    matrix: sp.csc_array[Any],
    chosen: Positions,
    ridge: npt.NDArray[np.float64],
    *,
    threads: int | None = None,
    done: Callable[[int], None] | None = None,
) -> tuple[Values, Values, int | None]:
    """b_i = argmin |x_i - X_S b|^2 + sum_j ridge_j b_j^2 for every column i of X and the few columns S chosen for it.

    matrix: X, float32 CSC, shape (m, n).
    chosen: int32, shape (n, k), the columns S of each i, distinct and without i itself; -1 ends a list.

    Returns the coefficients, float32 (n, k), 0 where a list has ended; what the regressions leave,
    |x_i|^2 + ridge_i - x_i . X_S b_i, float32 (n,); and the first column whose equations have no solution in single
    precision, or None. The same for every number of threads. Time: for each column, what the chosen ones have in common
    (the sum over rows of half the square of the number of chosen columns there) and k^3 / 3 operations.
    """
    n_rows, n = matrix.shape
    k = chosen.shape[1]
    offsets, rows, values = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data
    sizes = np.append(np.diff(offsets), 0)  # a list's end, -1, has none
    room = int(sizes[chosen].sum(axis=1).max(initial=0))
    coefficients, left = np.zeros((n, k), np.float32), np.zeros(n, np.float32)
    failed: list[int] = []

    def worker(share: Iterator[int]) -> None:
        system, answer = np.empty(k * k, np.float32), np.empty(k, np.float32)
        newest = np.full(n_rows, -1, np.int32)
        older, place, value = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.float32)
        for first in share:
            last = min(n, first + _ITEMS)
            wrong = _regress(
                first,
                last,
                offsets,
                rows,
                values,
                chosen,
                ridge,
                system,
                answer,
                newest,
                older,
                place,
                value,
                coefficients,
                left,
            )
            if wrong >= 0:
                failed.append(wrong)
            if done is not None:
                done(last - first)

    with blas(1):
        spread(worker, range(0, n, _ITEMS), threads)
    return coefficients, left, min(failed, default=None)


_I64, _I32, _F64, _F32 = types.int64, types.int32, types.float64, types.float32
_SCRATCH = [write(_F32), write(_F32), write(_I32), write(_I32), write(_I32), write(_F32)]


@kernel(
    [
        _I64(
            _I64,
            _I64,
            read(_I64),
            read(_I32),
            read(_F32),
            read(_I32, 2),
            read(_F64),
            *_SCRATCH,
            write(_F32, 2),
            write(_F32),
        )
    ]
)
def _regress(
    first: int,
    last: int,
    offsets: npt.NDArray[np.int64],
    rows: Positions,
    values: Values,
    chosen: Positions,
    ridge: npt.NDArray[np.float64],
    system: Values,
    answer: Values,
    newest: Positions,
    older: Positions,
    place: Positions,
    value: Values,
    coefficients: Values,
    left: Values,
) -> int:
    """The columns first:last; returns the first one without a solution, or -1.

    The entries of the chosen columns are chained by row: `newest` is the last one of each row, `older` the one before
    each entry, so that an entry that comes meets just those that it has to be multiplied with.
    """
    for i in range(first, last):
        k = 0
        while k < chosen.shape[1] and chosen[i, k] >= 0:
            k += 1
        system[: k * k] = 0.0
        answer[:k] = 0.0
        count = 0
        for a in range(k):
            column = chosen[i, a]
            own = np.float32(ridge[column])
            for entry in range(offsets[column], offsets[column + 1]):
                row, v = rows[entry], values[entry]
                other = newest[row]
                while other >= 0:
                    system[a * k + place[other]] += v * value[other]
                    other = older[other]
                own += v * v
                older[count], place[count], value[count] = newest[row], a, v
                newest[row] = count
                count += 1
            system[a * k + a] = own
        whole = ridge[i]
        for entry in range(offsets[i], offsets[i + 1]):
            v = values[entry]
            whole += np.float64(v) * v
            other = newest[rows[entry]]
            while other >= 0:
                answer[place[other]] += v * value[other]
                other = older[other]
        for a in range(k):
            column = chosen[i, a]
            for entry in range(offsets[column], offsets[column + 1]):
                newest[rows[entry]] = -1
            coefficients[i, a] = answer[a]
        if k > 0 and solve_positive(k, system.ctypes.data, answer.ctypes.data) != 0:
            return i
        for a in range(k):
            product = np.float64(coefficients[i, a])
            coefficients[i, a] = answer[a]
            whole -= product * answer[a]
        left[i] = np.float32(whole)
    return -1
