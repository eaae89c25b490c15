"""The Gram matrix of the columns of a sparse matrix, dense."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS = 64  # of the Gram matrix that a thread takes at once


def gram(
    matrix: sp.csr_array[Any], ridge: npt.NDArray[np.float64], *, threads: int | None = None
) -> npt.NDArray[np.float32]:
    """X'X + diag(ridge) of a float32 CSR matrix with sorted columns: float32 (n, n), only its lower triangle filled.

    Sums are taken in double precision. The bytes do not depend on the number of threads. Memory beyond the result: the
    transpose of X and 8 n bytes a thread. Time: half the sum over rows of the square of their number of entries.
    """
    n = matrix.shape[1]
    columns = sp.csc_array(matrix)
    out = np.empty((n, n), np.float32)
    arrays = (
        columns.indptr.astype(np.int64),
        columns.indices.astype(np.int32),
        columns.data.astype(np.float32, copy=False),
        matrix.indptr.astype(np.int64),
        matrix.indices.astype(np.int32),
        matrix.data.astype(np.float32, copy=False),
    )

    def worker(share: Iterator[int]) -> None:
        sums = np.empty(n, np.float64)
        for first in share:
            _gram(first, min(n, first + _ROWS), *arrays, ridge, sums, out)

    spread(worker, reversed(range(0, n, _ROWS)), threads)
    return out


_I64, _I32, _F64, _F32 = types.int64, types.int32, types.float64, types.float32
_SPARSE = [read(_I64), read(_I32), read(_F32)]


@kernel([types.void(_I64, _I64, *_SPARSE, *_SPARSE, read(_F64), write(_F64), write(_F32, 2))])
def _gram(
    first: int,
    last: int,
    offsets: npt.NDArray[np.int64],
    rows: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    row_offsets: npt.NDArray[np.int64],
    row_columns: npt.NDArray[np.int32],
    row_values: npt.NDArray[np.float32],
    ridge: npt.NDArray[np.float64],
    sums: npt.NDArray[np.float64],
    out: npt.NDArray[np.float32],
) -> None:
    for i in range(first, last):
        sums[: i + 1] = 0.0
        for entry in range(offsets[i], offsets[i + 1]):
            row = rows[entry]
            value = np.float64(values[entry])
            for place in range(row_offsets[row], row_offsets[row + 1]):
                j = row_columns[place]
                if j > i:
                    break
                sums[j] += value * row_values[place]
        sums[i] += ridge[i]
        for j in range(i + 1):
            out[i, j] = sums[j]
