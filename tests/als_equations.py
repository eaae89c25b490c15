"""Random equations of one side, and what a dense float64 solution makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]


@dataclass
class Equations:
    offsets: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    excess: Float32s
    pull: Float32s
    fixed: Float32s
    shared: Float32s
    ridge: Float32s

    @classmethod
    def random(
        cls, lengths: list[int], d: int, n_fixed: int, seed: int, *, plain: bool = False, turned: bool = True
    ) -> Equations:
        """Rows of these lengths; `plain` ones have no excess at all (every confidence that of the unobserved).

        `turned`: in the basis in which the Gram matrix is diagonal, `shared` being that diagonal. Else the fixed side
        is without negative values, and `shared` the whole matrix.
        """
        rng = np.random.default_rng(seed)
        fixed = rng.normal(size=(n_fixed, d)) * 0.5
        fixed = fixed @ np.linalg.eigh(fixed.T @ fixed)[1] if turned else np.maximum(fixed, 0)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns = [rng.choice(n_fixed, length, replace=False) for length in lengths]
        excess = np.zeros(offsets[-1]) if plain else rng.exponential(3.0, offsets[-1])
        liked = rng.random(offsets[-1]) < 0.8
        gram = 0.3 * fixed.T @ fixed
        return cls(
            offsets,
            np.concatenate([*columns, np.zeros(0)]).astype(np.int32),
            excess.astype(np.float32),
            np.where(liked, excess + 1, 0).astype(np.float32),
            fixed.astype(np.float32),
            (np.diag(gram).copy() if turned else gram).astype(np.float32),
            rng.uniform(0.1, 1.0, len(lengths)).astype(np.float32),
        )

    @property
    def parts(self) -> tuple[npt.NDArray[np.generic], ...]:
        """What every solver takes first, but for the fixed side."""
        return self.offsets, self.columns, self.excess, self.pull

    @property
    def shape(self) -> tuple[int, int]:
        return self.ridge.size, self.fixed.shape[1]

    @property
    def longest(self) -> int:
        return int(np.diff(self.offsets).max(initial=0))

    def of_row(self, row: int) -> tuple[Float64s, Float64s]:
        """The matrix and the right side of a row."""
        entries = slice(self.offsets[row], self.offsets[row + 1])
        z = self.fixed[self.columns[entries]].astype(np.float64)
        shared = np.diag(self.shared) if self.shared.ndim == 1 else self.shared
        matrix = shared.astype(np.float64) + float(self.ridge[row]) * np.eye(z.shape[1])
        return matrix + (z.T * self.excess[entries]) @ z, z.T @ self.pull[entries].astype(np.float64)

    @cached_property
    def solution(self) -> Float64s:
        return np.array([np.linalg.solve(*self.of_row(row)) for row in range(len(self.ridge))])

    def value(self, x: npt.NDArray[np.floating]) -> float:
        """What the solutions minimize, summed over rows."""
        total = 0.0
        for row in range(len(self.ridge)):
            matrix, right = self.of_row(row)
            total += float(x[row] @ matrix @ x[row] / 2 - right @ x[row])
        return total
