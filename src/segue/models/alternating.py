"""One side of an alternating least squares problem, and how it is solved against the other (`segue.kernels.als`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from segue.errors import ModelError
from segue.kernels.als import coarsen, converge, step_nearer
from segue.kernels.als_blocks import GATHERED, solve_blocks
from segue.kernels.als_nonnegative import solve_nonnegative
from segue.kernels.threads import spread

CG_STEPS: Final = 2  # they start from the last sweep's answer; more steps cost more than they bring
_PATIENCE: Final = 32  # steps to an exact answer before Cholesky is the quicker way
_ENOUGH: Final = 1e-12  # of the squared residual: what float32 can tell
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
        n, d = fixed.shape
        coarse, scale = _aligned(n * d, np.dtype(np.int16)).reshape(n, d), np.empty(n, np.float32)
        share = self._excess_of_columns
        starts = range(0, n, _BLOCK)
        parts = np.zeros((len(starts), d))

        def prepare(share_of: Iterator[int]) -> None:
            for start in share_of:
                rows = slice(start, start + _BLOCK)
                coarsen(start, min(start + _BLOCK, n), fixed, coarse, scale)
                parts[start // _BLOCK] = share[rows] @ np.square(fixed[rows])

        spread(prepare, starts, threads)
        typical = (parts.sum(axis=0) / max(share.sum(), 1e-30)).astype(np.float32)

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            scratch = aligned(5, d)
            for first, end in pieces:
                step_nearer(
                    first,
                    end,
                    *self._equations,
                    coarse,
                    scale,
                    diagonal,
                    self.ridge,
                    typical,
                    CG_STEPS,
                    solved,
                    scratch,
                )

        spread(worker, self.pieces(), threads)

    def solve(self, fixed: Float32Array, diagonal: Float32Array, solved: Float32Array, threads: int | None) -> None:
        """Solves into `solved` (n, d), as exactly as float32 can; ModelError where it is too coarse for the equations.

        A row's answer depends on nothing but the row: it is the same alone and among others.
        """
        scale = np.ones(len(fixed), np.float32)
        reached = np.ones(len(self), np.bool_)

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            scratch = aligned(5, fixed.shape[1])
            for first, end in pieces:
                converge(
                    first,
                    end,
                    *self._equations,
                    fixed,
                    scale,
                    diagonal,
                    self.ridge,
                    _PATIENCE,
                    _ENOUGH,
                    solved,
                    scratch,
                    reached,
                )

        spread(worker, self.pieces(), threads)
        late = [(int(row), int(row) + 1) for row in np.flatnonzero(~reached)]
        if late:
            self._solve_blocks(late, fixed, diagonal, solved, fixed.shape[1], threads)

    def solve_blocks(
        self, fixed: Float32Array, diagonal: Float32Array, solved: Float32Array, size: int, threads: int | None
    ) -> None:
        """Solves `solved` (n, d) for `size` factors after the other, the rest as it stands; ModelError as above."""
        self._solve_blocks(self.pieces(), fixed, diagonal, solved, min(size, fixed.shape[1]), threads)

    def _solve_blocks(
        self,
        pieces: list[tuple[int, int]],
        fixed: Float32Array,
        diagonal: Float32Array,
        solved: Float32Array,
        size: int,
        threads: int | None,
    ) -> None:
        def worker(share: Iterator[tuple[int, int]]) -> None:
            room = aligned(max(GATHERED, size), size), aligned(1, size * size)[0], aligned(2, size), self._along()
            for first, end in share:
                row = solve_blocks(first, end, *self._equations, fixed, diagonal, self.ridge, size, solved, *room)
                if row >= 0:
                    raise ModelError(_unsolved(row))

        spread(worker, pieces, threads)

    def solve_nonnegative(
        self, fixed: Float32Array, gram: Float32Array, solved: Float32Array, size: int, threads: int | None
    ) -> None:
        """Solves `solved` (n, d) among vectors without negative values, for `size` factors after the other.

        gram: float32, shape (d, d), times the weight of the unobserved. With size d that is the exact minimum; with
        less, `solved` must hold no negative value to begin with. ModelError as above.
        """
        d = fixed.shape[1]
        size = min(size, d)

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            room = aligned(GATHERED, size), aligned(2, size * size), aligned(3, d), self._along()
            free = np.empty(size, np.bool_)
            for first, end in pieces:
                row = solve_nonnegative(
                    first, end, *self._equations, fixed, gram, self.ridge, size, solved, *room, free
                )
                if row >= 0:
                    raise ModelError(_unsolved(row))

        spread(worker, self.pieces(), threads)

    def _along(self) -> Float32Array:
        """Scratch memory for two values of each entry of the longest row."""
        return aligned(2, int(np.diff(self.entries.offsets).max(initial=0)))

    @cached_property
    def _excess_of_columns(self) -> Float64Array:  # the same in every sweep, and a tenth of one to make
        excess = np.bincount(self.entries.columns, weights=self.excess, minlength=self.entries.n_columns)
        return excess.astype(np.float64, copy=False)

    @property
    def _equations(self) -> tuple[Int64Array, Int32Array, Float32Array, Float32Array]:
        return self.entries.offsets, self.entries.columns, self.excess, self.pull


def _unsolved(row: int) -> str:
    return f"the equations of row {row} have no solution in float32; raise regularization or lower alpha"


def to_axes(fixed: Float32Array, solved: Float32Array, threads: int | None) -> Float64Array:
    """Turns both sides, in place, to the axes in which the Gram matrix of `fixed` is diagonal; no product changes.

    Returns that diagonal, float64, shape (d,), largest last. Raises ModelError where a value is not finite.
    """

    def turn(share: Iterator[tuple[Float32Array, int]]) -> None:
        for matrix, start in share:
            block = matrix[start : start + _BLOCK]
            block[:] = block @ axes

    diagonal, vectors = np.linalg.eigh(gram(fixed, threads))
    axes = vectors.astype(np.float32)
    spread(turn, [(matrix, start) for matrix in (fixed, solved) for start in range(0, len(matrix), _BLOCK)], threads)
    return np.maximum(diagonal, 0)


def gram(vectors: Float32Array, threads: int | None) -> Float64Array:
    """vectors.T @ vectors, float64, shape (d, d); ModelError where a value is not finite.

    Sums are made block by block in a fixed order, so that they do not depend on the number of threads.
    """
    starts = range(0, len(vectors), _BLOCK)
    parts = np.zeros((len(starts), vectors.shape[1], vectors.shape[1]), np.float32)

    def add(share: Iterator[int]) -> None:
        for start in share:
            block = vectors[start : start + _BLOCK]
            np.matmul(block.T, block, out=parts[start // _BLOCK])

    spread(add, starts, threads)
    total: Float64Array = parts.sum(axis=0, dtype=np.float64)
    if not np.isfinite(total).all():
        raise ModelError("the vectors ran over; lower alpha, use a tamer weighting, or raise regularization")
    return total


def squares(vectors: Float32Array) -> Float64Array:
    """The sum of squares of each column, float64, shape (d,)."""
    return np.einsum("ij,ij->j", vectors, vectors, dtype=np.float64)


def aligned(n: int, d: int) -> Float32Array:
    """Zeros of shape (n, d) that start at a cache line, so that loads of whole vectors do not straddle two."""
    return _aligned(n * d, np.dtype(np.float32)).reshape(n, d)


def _aligned(size: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    room = np.zeros(size + _LINE // dtype.itemsize, dtype)
    start = -room.ctypes.data % _LINE // dtype.itemsize
    return room[start : start + size]
