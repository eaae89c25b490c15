"""One model's score decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.core.candidates import Pool
from segue.core.histories import Histories
from segue.core.protocols import Recommender
from segue.errors import ModelError
from segue.ranking.fusion import ReciprocalRankFusion
from segue.ranking.order import best_first

_FUSION: Final = ReciprocalRankFusion()


@dataclass(frozen=True)
class ModelRanker:
    """Orders candidates by the score of one model.

    Candidates for which the model has no evidence are not lost: they come last, in the order of reciprocal rank fusion.
    """

    model: Recommender

    def rank(self, histories: Histories, pool: Pool) -> Pool:
        """See `segue.ranking.order.Ranker`. Raises ModelError where the model gives NaN."""
        known = np.where(pool.items < len(self.model.items), pool.items, np.int32(-1))
        scores = self.model.score(histories, known)
        if np.isnan(scores).any():
            raise ModelError(f"the model {self.model.configuration.name!r} gave NaN as a score; train it again")
        return best_first(pool, scores, _FUSION.scores(pool))
