"""Products of a sparse matrix with a dense one, in several threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_COLUMNS: Final = 1024  # of the result that a thread makes at once, so that rows of the dense matrix stay in its cache
_ROWS: Final = 256
_FEW: Final = 2**20  # multiplications that are not worth a second thread

Rows = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]  # offsets, columns, values
Dense = npt.NDArray[np.float32]


def times_dense(sparse: Rows, dense: Dense, *, threads: int | None = None) -> Dense:
    """sparse (n, m) times dense (m, d), all float32: float32 (n, d).

    Each value is a sum in single precision in the order of the row's entries, whatever the number of threads.
    """
    n, d = sparse[0].size - 1, dense.shape[1]
    out = np.zeros((n, d), np.float32)
    tiles = [(row, column) for column in range(0, d, _COLUMNS) for row in range(0, n, _ROWS)]

    def worker(share: Iterator[tuple[int, int]]) -> None:
        for row, column in share:
            _times_dense(row, min(n, row + _ROWS), column, min(d, column + _COLUMNS), *sparse, dense, out)

    spread(worker, tiles, threads if sparse[1].size * d > _FEW else 1)
    return out


def times_dense_at(sparse: Rows, dense: Dense, candidates: npt.NDArray[np.int32]) -> Dense:
    """The values of `times_dense` at some columns of each row, float32 (n, c); 0 for candidates below 0."""
    scores = np.zeros(candidates.shape, np.float32)
    _times_dense_at(*sparse, dense, np.ascontiguousarray(candidates, np.int32), scores)
    return scores


_I64, _I32, _F32 = types.int64, types.int32, types.float32
_SPARSE = [read(_I64), read(_I32), read(_F32)]


@kernel([types.void(_I64, _I64, _I64, _I64, *_SPARSE, read(_F32, 2), write(_F32, 2))])
def _times_dense(
    first: int,
    last: int,
    left: int,
    right: int,
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    dense: Dense,
    out: Dense,
) -> None:
    width = np.uint64(right - left)
    for row in range(first, last):
        sums = out[row, left:right]
        for entry in range(offsets[row], offsets[row + 1]):
            value = values[entry]
            if value != 0.0:
                weights = dense[columns[entry], left:right]
                for column in range(width):
                    sums[column] += value * weights[column]


@kernel([types.void(*_SPARSE, read(_F32, 2), read(_I32, 2), write(_F32, 2))])
def _times_dense_at(
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    dense: Dense,
    candidates: npt.NDArray[np.int32],
    out: Dense,
) -> None:
    for row in range(candidates.shape[0]):
        for entry in range(offsets[row], offsets[row + 1]):
            value = values[entry]
            if value != 0.0:
                weights = dense[columns[entry]]
                for place in range(candidates.shape[1]):
                    item = candidates[row, place]
                    if item >= 0:
                        out[row, place] += value * weights[item]
