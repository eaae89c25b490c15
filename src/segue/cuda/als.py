"""Alternating least squares on a device: the same equations as `segue.kernels.als`, rows of like length at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import torch

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.cuda.device import found

_BATCH_BYTES: Final = 256 * 2**20  # of gathered vectors, or of matrices, on the device at once


class Equations(NamedTuple):
    """The normal equations of n rows, up to the vectors of the other side (see `segue.models.alternating.Side`).

    offsets: int64 (n + 1,). columns: int32 (m,), rows of the other side. excess, pull: float32 (m). ridge: float32 (n).
    """

    offsets: Int64Array
    columns: Int32Array
    excess: Float32Array
    pull: Float32Array
    ridge: Float32Array


class _Batch(NamedTuple):
    """Rows of like length: rows (b,), columns (b, l), excess and pull (b, l) with zeros behind each row's end."""

    rows: torch.Tensor
    columns: torch.Tensor
    excess: torch.Tensor
    pull: torch.Tensor


def alternate(
    users: Equations,
    items: Equations,
    start: Float32Array,
    *,
    unobserved_weight: float,
    iterations: int,
    steps: int | None,
    device: str,
    swept: Callable[[Callable[[], float]], None] | None = None,
) -> Float32Array:
    """The item vectors after so many sweeps over users, then items, from `start`, float32 (n_items, d), in axes of the
    device's own choice: their products with each other are what is learned.

    steps: of conjugate gradients for each row, from where it stands (users begin at zero); None: each row exactly, by
    Cholesky. `swept` is called after each sweep with a function that gives the objective.
    Each row is solved as by the compiled kernels, to float32 rounding; the same input and device give the same bytes.
    Memory on the device: both sides' vectors, 32 bytes an entry, and a few times 256 MiB.
    """
    place = found(device)
    factors = start.shape[1]
    exact = steps is None
    with torch.inference_mode():
        y = torch.from_numpy(np.array(start, np.float32)).to(place)
        x = torch.zeros((len(users.ridge), factors), dtype=torch.float32, device=place)
        sides = [(_Side(users, factors, place, exact=exact), y, x), (_Side(items, factors, place, exact=exact), x, y)]
        for _ in range(iterations):
            for side, fixed, solved in sides:
                squares, axes = torch.linalg.eigh(fixed.T.double() @ fixed.double())
                fixed[:] = fixed @ axes.float()  # to the axes in which the Gram matrix is diagonal; no product changes
                solved[:] = solved @ axes.float()
                side.solve(fixed, unobserved_weight * squares.clamp(min=0).float(), solved, steps)
            if swept is not None:
                swept(lambda: _objective(sides[0][0], sides[1][0], x, y, unobserved_weight))
        learned: Float32Array = y.cpu().numpy()
    return learned


class _Side:
    """One side's equations on the device, in batches of rows of like length."""

    def __init__(self, equations: Equations, factors: int, place: torch.device, *, exact: bool) -> None:
        n = len(equations.ridge)
        rows = np.repeat(np.arange(n), np.diff(equations.offsets))
        pulled = np.bincount(rows, equations.pull, n) > 0  # a row that nothing pulls away from zero stays there
        excess = np.bincount(equations.columns, equations.excess, int(equations.columns.max(initial=-1)) + 1)
        self.ridge = torch.from_numpy(np.array(equations.ridge)).to(place)
        self.still = torch.from_numpy(np.flatnonzero(~pulled)).to(place)
        self.excess = torch.from_numpy(excess.astype(np.float32)).to(place)
        self.batches = list(_batches(equations, pulled, factors, place, exact=exact))

    def solve(self, fixed: torch.Tensor, diagonal: torch.Tensor, solved: torch.Tensor, steps: int | None) -> None:
        """Half a sweep: `solved` against `fixed`, float32 (n, d) each; diagonal: (d,), of the unobserved pairs."""
        typical = self.excess @ torch.square(fixed[: len(self.excess)]) / self.excess.sum().clamp(min=1e-30)
        for batch in self.batches:
            vectors = fixed[batch.columns]
            base = diagonal + self.ridge[batch.rows][:, None]
            if steps is None:
                solved[batch.rows] = _exact(vectors, batch, base)
            else:
                solved[batch.rows] = _nearer(vectors, batch, base, typical, solved[batch.rows], steps)
        solved[self.still] = 0


def _exact(vectors: torch.Tensor, batch: _Batch, base: torch.Tensor) -> torch.Tensor:
    """The solutions, (b, d); base: (b, d), the shared part of each row's matrix, which is diagonal."""
    matrices = torch.bmm(vectors.mT, batch.excess[:, :, None] * vectors)
    torch.diagonal(matrices, dim1=1, dim2=2).add_(base)
    right = torch.einsum("bl,bld->bd", batch.pull, vectors)
    factor = torch.linalg.cholesky_ex(matrices).L
    return torch.cholesky_solve(right[:, :, None], factor)[:, :, 0]


def _nearer(
    vectors: torch.Tensor, batch: _Batch, base: torch.Tensor, typical: torch.Tensor, x: torch.Tensor, steps: int
) -> torch.Tensor:
    """So many steps of conjugate gradients from x, (b, d), preconditioned by the diagonal that a typical row has."""

    def times(p: torch.Tensor) -> torch.Tensor:
        weights = batch.excess * torch.einsum("bld,bd->bl", vectors, p)
        return base * p + torch.einsum("bl,bld->bd", weights, vectors)

    inverse = 1 / (base + batch.excess.sum(dim=1, keepdim=True) * typical)
    residual = torch.einsum("bl,bld->bd", batch.pull, vectors) - times(x)
    search = residual * inverse
    rho = torch.sum(residual * search, dim=1, keepdim=True)
    for _ in range(steps):
        image = times(search)
        curvature = torch.sum(search * image, dim=1, keepdim=True)
        length = torch.where(curvature > 0, rho / curvature, 0)
        x = x + length * search
        residual = residual - length * image
        before, rho = rho, torch.sum(residual * residual * inverse, dim=1, keepdim=True)
        search = residual * inverse + torch.where(before > 0, rho / before, 0) * search
    return x


def _objective(users: _Side, items: _Side, x: torch.Tensor, y: torch.Tensor, unobserved_weight: float) -> float:
    """What is minimized, over all pairs, summed in float64."""
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for batch in users.batches:
        p = torch.einsum("bld,bd->bl", y[batch.columns], x[batch.rows])
        total += (batch.excess * p * p - 2 * batch.pull * p + batch.pull).sum(dtype=torch.float64)
    total += unobserved_weight * ((x.T @ x) * (y.T @ y)).sum(dtype=torch.float64)
    for side, vectors in ((users, x), (items, y)):
        total += (side.ridge * (vectors * vectors).sum(dim=1)).sum(dtype=torch.float64)
    return float(total)


def _batches(
    equations: Equations, pulled: BoolArray, factors: int, place: torch.device, *, exact: bool
) -> Iterator[_Batch]:
    """All rows that are pulled, the longest first, each batch padded to its longest row."""
    lengths = np.diff(equations.offsets)
    order = np.argsort(-lengths, kind="stable")
    order = order[pulled[order]]
    start = 0
    while start < order.size:
        longest = int(lengths[order[start]])
        rows = max(1, _BATCH_BYTES // (4 * factors * longest))
        if exact:
            rows = min(rows, max(1, _BATCH_BYTES // (4 * factors * factors)))
        chosen = order[start : start + rows]
        within = np.arange(longest)
        there = within < lengths[chosen][:, None]
        entries = np.where(there, equations.offsets[chosen][:, None] + within, 0)
        yield _Batch(
            torch.from_numpy(chosen).to(place),
            torch.from_numpy(np.where(there, equations.columns[entries], 0).astype(np.int64)).to(place),
            torch.from_numpy(np.where(there, equations.excess[entries], np.float32(0))).to(place),
            torch.from_numpy(np.where(there, equations.pull[entries], np.float32(0))).to(place),
        )
        start += rows
