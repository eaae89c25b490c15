"""The objective of an alternating least squares problem, told while it falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.core.arrays import Float32Array, Float64Array, Int64Array
from segue.models.alternating import Side, gram

_PAIRS: Final = 16_384  # observed pairs that stand for all of them: enough for a curve, little beside a sweep


@dataclass(frozen=True, slots=True, eq=False)
class Objective:
    """What a fit minimizes, for the vectors of both sides as they are.

    Unobserved pairs and regularization are summed exactly, observed pairs too where they are few; where they are many,
    the same ones, drawn by the seed, stand for all each time, so that values can be compared with each other.
    """

    users: Side
    items: Side
    unobserved_weight: float
    entries: Int64Array

    @classmethod
    def of(cls, users: Side, items: Side, unobserved_weight: float, seed: int, pairs: int = _PAIRS) -> Objective:
        """The objective of two sides of one matrix; from `pairs` observed pairs on, that many stand for all."""
        m = users.entries.columns.size
        entries = np.arange(m)
        if m > pairs:
            entries = np.sort(np.random.default_rng(seed).choice(m, pairs, replace=False))
        return cls(users, items, unobserved_weight, entries)

    def value(self, x: Float32Array, y: Float32Array) -> float:
        """With the users' vectors x and the items' vectors y."""
        rows = np.searchsorted(self.users.entries.offsets, self.entries, side="right") - 1
        p = np.einsum("ij,ij->i", x[rows], y[self.users.entries.columns[self.entries]]).astype(np.float64)
        excess, pull = self.users.excess[self.entries], self.users.pull[self.entries]
        share = self.users.entries.columns.size / self.entries.size
        observed = share * float((excess * p**2 - 2 * pull * p + pull).sum())
        everywhere = self.unobserved_weight * float((gram(x, 1) * gram(y, 1)).sum())
        return observed + everywhere + _penalty(self.users, x) + _penalty(self.items, y)


def _penalty(side: Side, vectors: Float32Array) -> float:
    lengths: Float64Array = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    return float(side.ridge.astype(np.float64) @ lengths)
