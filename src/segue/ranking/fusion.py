"""Fusion of ranks: what several sources put high comes first, whatever their scores mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segue.core.arrays import Float32Array
from segue.core.candidates import Pool
from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.ranking.order import best_first


@dataclass(frozen=True)
class ReciprocalRankFusion:
    """score = sum over the sources that nominated the item of 1 / (constant + rank), with ranks from 1.

    Cormack, Clarke & Buettcher (2009), "Reciprocal rank fusion outperforms Condorcet and individual rank learning
    methods"; 60 is their constant. It needs nothing of the sources but their order.
    """

    name: ClassVar[str] = "fusion"

    constant: float = 60.0

    def __post_init__(self) -> None:
        if not 0 <= self.constant < np.inf:
            raise SettingsError(f"the constant of rank fusion must be a finite number, 0 or more, got {self.constant}")

    @property
    def model(self) -> None:
        """No single model: the score is made of ranks."""
        return

    def rank(self, histories: Histories, pool: Pool) -> Pool:  # noqa: ARG002  # part of the protocol
        """See `segue.ranking.order.Ranker`. Ties are in order of item position."""
        return best_first(pool, self.scores(pool))

    def scores(self, pool: Pool) -> Float32Array:
        """The fused score of each candidate, float32 (n, m); 0 for pads."""
        fused = np.zeros(pool.items.shape, np.float64)
        for source in range(len(pool.sources)):
            ranks = pool.ranks[:, :, source]
            fused += np.where(ranks > 0, 1.0 / (self.constant + np.maximum(ranks, 1)), 0.0)
        return fused.astype(np.float32)
