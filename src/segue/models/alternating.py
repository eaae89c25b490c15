"""One side of an alternating least squares problem, and how it is solved against the other (`segue.kernels.als`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from segue.errors import ModelError
from segue.kernels.als import GATHERED, conjugate_gradient, exact
from segue.kernels.threads import spread

_CG_STEPS: Final = 2  # they start from the last sweep's answer; more steps cost more than they bring
_PIECE: Final = 16_384  # entries that a thread takes at a time
_ROW_COST: Final = 8  # entries that a row costs besides its own
_BLOCK: Final = 4096  # rows of a matrix in one call of BLAS
_LINE: Final = 64  # bytes of a cache line


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """The entries of n rows, each row's items distinct and with weights other than zero.

    offsets: int64, shape (n + 1,).  columns: int32, shape (m,), below n_columns.  weights: float32, shape (m,).
    """

    offsets: Int64Array
    columns: Int32Array
    weights: Float32Array
    n_columns: int

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def positives(self) -> Int64Array:
        """How many positive weights each row has, int64, shape (n,)."""
        before = np.concatenate([[0], np.cumsum(self.weights > 0)])
        return before[self.offsets[1:]] - before[self.offsets[:-1]]

    def transposed(self) -> Entries:
        """The same entries by column."""
        matrix = sp.csr_array((self.weights, self.columns, self.offsets), shape=(len(self), self.n_columns)).tocsc()
        return Entries(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data, len(self))


@dataclass(frozen=True, eq=False)
class Side:
    """The normal equations of n rows, up to the vectors of the other side.

    entries: which rows of the other side each equation meets.
    excess:  float32, shape (m,), confidence less the weight of the unobserved.
    pull:    float32, shape (m,), confidence times target.
    ridge:   float32, shape (n,).
    """

    entries: Entries
    excess: Float32Array
    pull: Float32Array
    ridge: Float32Array

    def __len__(self) -> int:
        return len(self.entries)

    def pieces(self) -> list[tuple[int, int]]:
        """Ranges of rows of about equal work, the heaviest first, so that no thread ends with a heavy one."""
        cost = self.entries.offsets + _ROW_COST * np.arange(len(self) + 1)
        cuts = np.unique(
            np.searchsorted(cost, np.arange(0, cost[-1] + _PIECE, _PIECE), side="left").clip(max=len(self))
        )
        work = np.diff(cost[cuts])
        return [(int(cuts[i]), int(cuts[i + 1])) for i in np.argsort(-work, kind="stable")]

    def step_nearer(
        self, fixed: Float32Array, diagonal: Float32Array, solved: Float32Array, threads: int | None
    ) -> None:
        """Brings `solved` (n, d) nearer to the solution by conjugate gradients from where it stands."""
        share = self._excess_of_columns
        typical = (share @ np.square(fixed) / max(share.sum(), 1e-30)).astype(np.float32)

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            scratch = aligned(5, fixed.shape[1])
            for first, end in pieces:
                conjugate_gradient(
                    first, end, *self._equations, fixed, diagonal, self.ridge, typical, _CG_STEPS, solved, scratch
                )

        spread(worker, self.pieces(), threads)

    def solve(self, fixed: Float32Array, diagonal: Float32Array, solved: Float32Array, threads: int | None) -> None:
        """Solves into `solved` (n, d); ModelError where float32 is too coarse for the equations."""
        d = fixed.shape[1]

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            gathered, matrix, scratch = aligned(max(GATHERED, d), d), aligned(d, d), aligned(2, d)
            for first, end in pieces:
                row = exact(
                    first, end, *self._equations, fixed, diagonal, self.ridge, solved, gathered, matrix, scratch
                )
                if row >= 0:
                    raise ModelError(
                        f"the equations of row {row} have no solution in float32; raise regularization or lower alpha"
                    )

        spread(worker, self.pieces(), threads)

    @cached_property
    def _excess_of_columns(self) -> Float64Array:  # the same in every sweep, and a tenth of one to make
        excess = np.bincount(self.entries.columns, weights=self.excess, minlength=self.entries.n_columns)
        return excess.astype(np.float64, copy=False)

    @property
    def _equations(self) -> tuple[Int64Array, Int32Array, Float32Array, Float32Array]:
        return self.entries.offsets, self.entries.columns, self.excess, self.pull


def to_axes(fixed: Float32Array, solved: Float32Array, threads: int | None) -> Float64Array:
    """Turns both sides, in place, to the axes in which the Gram matrix of `fixed` is diagonal; no product changes.

    Returns that diagonal, float64, shape (d,), largest last. Sums are made block by block in a fixed order, so that
    they do not depend on the number of threads. Raises ModelError where a value is not finite.
    """
    starts = range(0, len(fixed), _BLOCK)
    parts = np.zeros((len(starts), fixed.shape[1], fixed.shape[1]), np.float32)

    def add(share: Iterator[int]) -> None:
        for start in share:
            block = fixed[start : start + _BLOCK]
            np.matmul(block.T, block, out=parts[start // _BLOCK])

    def turn(share: Iterator[tuple[Float32Array, int]]) -> None:
        for matrix, start in share:
            block = matrix[start : start + _BLOCK]
            block[:] = block @ axes

    spread(add, starts, threads)
    gram = parts.sum(axis=0, dtype=np.float64)
    if not np.isfinite(gram).all():
        raise ModelError("the vectors ran over; lower alpha, use a tamer weighting, or raise regularization")
    axes = np.linalg.eigh(gram)[1].astype(np.float32)
    spread(turn, [(matrix, start) for matrix in (fixed, solved) for start in range(0, len(matrix), _BLOCK)], threads)
    return squares(fixed)


def squares(vectors: Float32Array) -> Float64Array:
    """The sum of squares of each column, float64, shape (d,)."""
    return np.einsum("ij,ij->j", vectors, vectors, dtype=np.float64)


def aligned(n: int, d: int) -> Float32Array:
    """Zeros of shape (n, d) that start at a cache line, so that loads of whole vectors do not straddle two."""
    room = np.zeros(n * d + _LINE // 4, np.float32)
    start = -room.ctypes.data % _LINE // 4
    return room[start : start + n * d].reshape(n, d)
