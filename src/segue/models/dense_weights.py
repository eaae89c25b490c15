"""Item-weight models whose operator is dense: every item says something about every other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError
from segue.kernels.sparse_dense import times_dense, times_dense_at
from segue.models.evidence import Communities
from segue.models.fitted import FittedModel
from segue.models.weighting import Weighting, weighted

_ARRAYS: Final = ("weights", "communities")


class DenseWeightModel(FittedModel):
    """Scores are sums over the history: score(i) = sum_j f(w_j) * weights[j, i], with f the weighting.

    weights: float32, shape (n_items, n_items), its diagonal zero.

    An item has evidence where something else that is liked (w_j > 0) is joined to it by a chain of listeners
    (`segue.models.evidence`). Time of `recommend`: 2 n_items operations for each entry of a history.
    """

    def __init__(
        self,
        configuration: Any,
        items: Vocabulary,
        weights: Float32Array,
        communities: Communities,
        weighting: Weighting,
        exponent: float,
    ) -> None:
        super().__init__(configuration, items)
        self._weights: Float32Array = frozen(weights, np.float32)
        self._communities = communities
        self._weighting = weighting
        self._exponent = exponent
        if self._weights.shape != (self._n_items, self._n_items) or len(communities) != self._n_items:
            raise ArtifactError(
                f"weights of shape {self._weights.shape} and {len(communities)} components do not fit "
                f"{self._n_items} items; train the model again"
            )

    @property
    def weights(self) -> Float32Array:
        """What liking the item of a row says about the item of a column, float32, (n_items, n_items), read-only."""
        return self._weights

    def explain(self, history: Histories, item: int) -> Explanation:
        """Exact shares: contribution of j = f(w_j) * weights[j, item]. The baseline is 0, or -inf without evidence."""
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        if not 0 <= item < self._n_items:
            raise DataError(f"item must lie in 0..{self._n_items - 1}, got {item}")
        query = self._query(history.known(self._n_items)[0])
        contributions = query.weights.astype(np.float64) * self._weights[query.items, item]
        candidate = np.array([[item]], np.int32)
        evidence = bool(self._communities.joined_at(query, candidate, by_others=True)[0, 0])
        baseline = 0.0 if evidence else -np.inf
        score = float(np.float32(baseline + contributions.sum()))
        return Explanation(score, baseline, query.items, contributions.astype(np.float32), "additive")

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {"weights": self._weights, "communities": self._communities.labels}

    def _query(self, histories: Histories) -> Histories:
        return weighted(histories, self._weighting, self._exponent)

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        query = self._query(histories)
        scores = times_dense((query.offsets, query.items, query.weights), self._weights, threads=threads)
        scores[~self._communities.joined(query, by_others=True)] = -np.inf
        return scores

    def _score_candidates(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        query = self._query(histories)
        scores = times_dense_at((query.offsets, query.items, query.weights), self._weights, candidates)
        scores[~self._communities.joined_at(query, candidates, by_others=True)] = -np.inf
        return scores
