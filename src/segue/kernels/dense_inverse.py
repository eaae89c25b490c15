"""The inverse of a large symmetric positive definite matrix, in its own memory.

Block Gauss-Jordan elimination on the lower triangle, the symmetric "sweep" of statistics (Goodnight 1979, A tutorial on
the sweep operator): for each block K of rows, with A_KK = L L' and Y = A_:K L^-T,

    A_ij <- A_ij - Y_i Y_j'    A_iK <- Y_i L^-1    A_KK <- -(L L')^-1

after which the matrix is minus its inverse. It takes n^3 operations, as many as Cholesky factorization and inversion by
LAPACK do, nearly all of them in products of matrices; the matrix itself and one panel of it are all the memory, and no
index grows beyond 64 bits, where LAPACK built with 32-bit integers ends near 46,000 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types
from scipy.linalg import lapack

from segue.kernels.blas import subtract_product
from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import blas, spread

_BLOCK: Final = 512  # rows and columns of a block
_TILE: Final = 64  # of the transpose; two of them fit into a first-level cache

Matrix = npt.NDArray[np.float32]


def negative_inverse(
    matrix: Matrix, *, threads: int | None = None, done: Callable[[int], None] | None = None
) -> int | None:
    """Replaces the lower triangle of a float32 (n, n) matrix by that of minus its inverse; the upper one is scratch.

    Returns None, or the first row of the block in which the matrix proves not to be positive definite, at least in
    single precision; its values are then of no use. The bytes do not depend on the number of threads. `done` hears of
    the rows finished. Memory beyond the matrix: a panel of n x 512.
    """
    n = len(matrix)
    panel = np.empty((n, min(n, _BLOCK)), np.float32)
    with blas(1):
        for first in range(0, n, _BLOCK):
            last = min(n, first + _BLOCK)
            root = _inverse_root(matrix[first:last, first:last])
            if root is None:
                return first
            _sweep(matrix, first, last, root, panel[:, : last - first], threads)
            if done is not None:
                done(last - first)
    return None


def _inverse_root(block: Matrix) -> npt.NDArray[np.float64] | None:
    """L^-1 of a block L L', in double precision, from its lower triangle; None where it is not positive definite."""
    lower, failed = lapack.dpotrf(np.tril(block).astype(np.float64), lower=1, clean=1)
    if failed or not np.isfinite(lower).all():
        return None
    inverse, failed = lapack.dtrtri(lower, lower=1)
    return None if failed else np.asarray(inverse)


def _sweep(
    matrix: Matrix, first: int, last: int, root: npt.NDArray[np.float64], panel: Matrix, threads: int | None
) -> None:
    """One step of the elimination: the block of the rows first:last, whose L^-1 is `root`."""
    n = len(matrix)
    left, right = root.T.astype(np.float32), root.astype(np.float32)
    blocks = range(0, n, _BLOCK)

    def gather(share: Iterator[int]) -> None:
        for start in share:
            stop = min(n, start + _BLOCK)
            if start == first:
                panel[start:stop] = 0
            elif start < first:
                np.matmul(matrix[first:last, start:stop].T, left, out=panel[start:stop])
            else:
                np.matmul(matrix[start:stop, first:last], left, out=panel[start:stop])

    def eliminate(share: Iterator[int]) -> None:
        here, step = panel.ctypes.data, panel.strides[0] // 4
        for start in share:
            stop = min(n, start + _BLOCK)
            rows, target = here + 4 * step * start, matrix.ctypes.data + 4 * n * start
            subtract_product(stop - start, stop, last - first, rows, step, here, step, target, n)

    def scatter(share: Iterator[int]) -> None:
        for start in share:
            stop = min(n, start + _BLOCK)
            if start < first:
                matrix[first:last, start:stop] = (panel[start:stop] @ right).T
            elif start > first:
                matrix[start:stop, first:last] = panel[start:stop] @ right

    spread(gather, blocks, threads)
    spread(eliminate, [start for start in reversed(blocks) if start != first], threads)  # the longest rows first
    spread(scatter, blocks, threads)
    matrix[first:last, first:last] = -(root.T @ root)


def mirror(
    matrix: Matrix, left: npt.NDArray[np.float32], right: npt.NDArray[np.float32], *, threads: int | None = None
) -> None:
    """Makes a matrix of its lower triangle, symmetric S: left_i * S_ij * right_j at row i, column j, in place."""
    n = len(matrix)

    def worker(share: Iterator[int]) -> None:
        for start in share:
            _mirror(start, min(n, start + _TILE), matrix, left, right)

    spread(worker, reversed(range(0, n, _TILE)), threads)


_I64, _F32 = types.int64, types.float32


@kernel([types.void(_I64, _I64, write(_F32, 2), read(_F32), read(_F32))])
def _mirror(
    first: int, last: int, matrix: Matrix, left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]
) -> None:
    for start in range(0, last, _TILE):
        for i in range(first, last):
            for j in range(start, min(start + _TILE, i + 1)):
                value = matrix[i, j]
                matrix[j, i] = left[j] * value * right[i]
                matrix[i, j] = left[i] * value * right[j]
