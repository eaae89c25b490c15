"""Alternating least squares on a device: the same equations as `segue.kernels.als`, rows of like length at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.cuda.device import found

if TYPE_CHECKING:
    import torch

_BATCH_BYTES: Final = 256 * 2**20  # of gathered vectors, or of matrices, on the device at once


class Equations(NamedTuple):
    """The normal equations of n rows, up to the vectors of the other side (see `segue.models.alternating.Side`).

    offsets: int64 (n + 1,). columns: int32 (m,), rows of the other side. excess, pull: float32 (m,). ridge: float32 (n).
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
    """The item vectors after so many sweeps over users, then items, from `start`, float32 (n_items, d).

    steps: of conjugate gradients for each row, from where it stands (users begin at zero); None: each row exactly, by
    Cholesky. `swept` is called after each sweep with a function that gives the objective.
    Each row is solved as by the compiled kernels, to float32 rounding; the same input and device give the same bytes.
    Memory on the device: both sides' vectors, 32 bytes an entry, and a few times 256 MiB.
    """
    import torch  # deferred, see `segue.cuda.device`

    place = found(device)
    factors = start.shape[1]
    exact = steps is None
    with torch.inference_mode():
        y = torch.from_numpy(np.array(start, np.float32)).to(place)
        x = torch.zeros((len(users.ridge), factors), dtype=torch.float32, device=place)
        sides = [(_Side(users, factors, place, exact=exact), y, x), (_Side(items, factors, place, exact=exact), x, y)]
        for _ in range(iterations):
            for side, fixed, solved in sides:
                gram = unobserved_weight * (fixed.T @ fixed)
                side.solve(fixed, gram, solved, steps)
            if swept is not None:
                swept(lambda: _objective(sides[0][0], sides[1][0], x, y, unobserved_weight))
        learned: Float32Array = y.cpu().numpy()
    return learned


class _Side:
    """One side's equations on the device, in batches of rows of like length."""

    def __init__(self, equations: Equations, factors: int, place: torch.device, *, exact: bool) -> None:
        import torch

        self.ridge = torch.from_numpy(np.array(equations.ridge)).to(place)
        self.empty = torch.from_numpy(np.flatnonzero(np.diff(equations.offsets) == 0)).to(place)
        self.batches = list(_batches(equations, factors, place, exact=exact))

    def solve(self, fixed: torch.Tensor, gram: torch.Tensor, solved: torch.Tensor, steps: int | None) -> None:
        """Half a sweep: `solved` against `fixed`, float32 (n, d) each; gram: (d, d), of the unobserved pairs."""
        for batch in self.batches:
            vectors = fixed[batch.columns]
            ridge = self.ridge[batch.rows][:, None]
            if steps is None:
                solved[batch.rows] = _exact(vectors, batch, gram, ridge)
            else:
                solved[batch.rows] = _nearer(vectors, batch, gram, ridge, solved[batch.rows], steps)
        solved[self.empty] = 0


def _exact(vectors: torch.Tensor, batch: _Batch, gram: torch.Tensor, ridge: torch.Tensor) -> torch.Tensor:
    import torch

    matrices = torch.baddbmm(gram.expand(len(vectors), -1, -1), vectors.mT, batch.excess[:, :, None] * vectors)
    torch.diagonal(matrices, dim1=1, dim2=2).add_(ridge)
    right = torch.einsum("bl,bld->bd", batch.pull, vectors)
    factor = torch.linalg.cholesky_ex(matrices).L
    return torch.cholesky_solve(right[:, :, None], factor)[:, :, 0]


def _nearer(
    vectors: torch.Tensor, batch: _Batch, gram: torch.Tensor, ridge: torch.Tensor, x: torch.Tensor, steps: int
) -> torch.Tensor:
    """So many steps of conjugate gradients from x, (b, d)."""
    import torch

    def times(p: torch.Tensor) -> torch.Tensor:
        weights = batch.excess * torch.einsum("bld,bd->bl", vectors, p)
        return p @ gram + ridge * p + torch.einsum("bl,bld->bd", weights, vectors)

    residual = torch.einsum("bl,bld->bd", batch.pull, vectors) - times(x)
    direction = residual
    size = torch.sum(residual * residual, dim=1, keepdim=True)
    for _ in range(steps):
        product = times(direction)
        along = torch.sum(direction * product, dim=1, keepdim=True)
        step = torch.where(along > 0, size / along, 0)
        x = x + step * direction
        residual = residual - step * product
        smaller = torch.sum(residual * residual, dim=1, keepdim=True)
        direction = residual + torch.where(size > 0, smaller / size, 0) * direction
        size = smaller
    return x


def _objective(users: _Side, items: _Side, x: torch.Tensor, y: torch.Tensor, unobserved_weight: float) -> float:
    """What is minimized, over all pairs, summed in float64."""
    import torch

    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for batch in users.batches:
        p = torch.einsum("bld,bd->bl", y[batch.columns], x[batch.rows])
        total += (batch.excess * p * p - 2 * batch.pull * p + batch.pull).sum(dtype=torch.float64)
    total += unobserved_weight * ((x.T @ x) * (y.T @ y)).sum(dtype=torch.float64)
    for side, vectors in ((users, x), (items, y)):
        total += (side.ridge * (vectors * vectors).sum(dim=1)).sum(dtype=torch.float64)
    return float(total)


def _batches(equations: Equations, factors: int, place: torch.device, *, exact: bool) -> Iterator[_Batch]:
    """All rows with entries, the longest first, each batch padded to its longest row."""
    import torch

    lengths = np.diff(equations.offsets)
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
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
