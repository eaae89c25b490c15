"""Item-weight models: a score is a history times an items x items operator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array, frozen
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError
from segue.kernels.item_weights import product, product_at, product_topk, weights_for
from segue.models.fitted import FittedModel, gather_rows
from segue.models.weighting import Weighting, weighted


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """Sparse weights from item to item: row j holds what liking j says about other items.

    offsets: int64, shape (n_items + 1,); items: int32; weights: float32, finite. No item repeats within a row.
    """

    offsets: Int64Array
    items: Int32Array
    weights: Float32Array

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "offsets", frozen(self.offsets, np.int64))
        put(self, "items", frozen(self.items, np.int32))
        put(self, "weights", frozen(self.weights, np.float32))
        if self.offsets.ndim != 1 or self.offsets.size == 0 or self.offsets[-1] != self.items.size:
            raise DataError("operator offsets must be a vector that ends at the number of weights")
        if self.items.ndim != 1 or self.items.shape != self.weights.shape:
            raise DataError(f"operator items and weights must be vectors of one length, got {self.items.shape}")
        if self.items.size and not (self.items.min() >= 0 and self.items.max() < len(self)):
            raise DataError(f"operator items must lie in 0..{len(self) - 1}")

    @classmethod
    def of_lists(cls, items: Int32Array, weights: Float32Array) -> Operator:
        """The operator whose rows are padded lists (n_items, k), -1 where a list has ended."""
        there = items >= 0
        offsets = np.concatenate([[0], np.cumsum(np.count_nonzero(there, axis=1))]).astype(np.int64)
        return cls(offsets, items[there], weights[there])

    def __len__(self) -> int:
        return int(self.offsets.size - 1)

    @property
    def transposed(self) -> Operator:
        """The operator read the other way: row j holds the items in whose rows j stood, in order of position."""
        n = len(self)
        columns = sp.csr_array((self.weights, self.items, self.offsets), shape=(n, n)).tocsc()
        return Operator(columns.indptr.astype(np.int64), columns.indices.astype(np.int32), columns.data)

    @property
    def rows(self) -> tuple[Int64Array, Int32Array, Float32Array]:
        """The three arrays, as kernels take them."""
        return self.offsets, self.items, self.weights


class ItemWeightModel(FittedModel):
    """Scores are sums over the history: score(i) = sum_j f(w_j) * weight[j, i], with f the weighting.

    An item has evidence where something liked (w_j > 0) has a weight for it; dislikes subtract, and alone bring nothing
    up. Memory of `recommend`: 16 bytes per item and thread, whatever the number of histories.
    """

    def __init__(
        self,
        configuration: Any,
        items: Vocabulary,
        operator: Operator,
        weighting: Weighting,
        exponent: float,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, origins)
        self._operator = operator
        self._weighting = weighting
        self._exponent = exponent

    @property
    def operator(self) -> Operator:
        """What liking one item says about the others."""
        return self._operator

    def explain(self, history: Histories, item: int) -> Explanation:
        """Exact shares: contribution of j = f(w_j) * weight[j, item]. The baseline is 0, or -inf without evidence."""
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        if not 0 <= item < self._n_items:
            raise DataError(f"item must lie in 0..{self._n_items - 1}, got {item}")
        query = self._query(history.known(self._n_items)[0])
        weights = weights_for(item, query.items, self._operator.rows)
        contributions = query.weights.astype(np.float64) * weights
        evidence = bool(((query.weights > 0) & (weights != 0)).any())
        baseline = 0.0 if evidence else -np.inf
        score = float(np.float32(baseline + contributions.sum()))
        return Explanation(score, baseline, query.items, contributions.astype(np.float32), "additive")

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return stored(self._operator, "operator")

    def _query(self, histories: Histories) -> Histories:
        return weighted(histories, self._weighting, self._exponent)

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        return product(_rows(self._query(histories)), self._operator.rows, threads=threads)

    def _score_candidates(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        return product_at(_rows(self._query(histories)), self._operator.rows, candidates)

    def _recommend_into(
        self,
        items: Int32Array,
        scores: Float32Array,
        histories: Histories,
        answered: Int64Array,
        blocked_offsets: Int64Array,
        blocked: Int32Array,
        mask: BoolArray,
        threads: int | None,
    ) -> None:
        offsets, there = gather_rows(blocked_offsets, blocked, answered)
        items[answered], scores[answered] = product_topk(
            _rows(self._query(histories[answered])),
            self._operator.rows,
            items.shape[1],
            offsets,
            there,
            mask,
            threads=threads,
        )


def stored(operator: Operator, name: str) -> dict[str, npt.NDArray[Any]]:
    """An operator's arrays under names that begin with `name`."""
    return {f"{name}_offsets": operator.offsets, f"{name}_items": operator.items, f"{name}_weights": operator.weights}


def restored(items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Operator:
    """The operator of arrays that `stored` gave; ArtifactError where one is missing or misshapen."""
    try:
        operator = Operator(arrays[f"{name}_offsets"], arrays[f"{name}_items"], arrays[f"{name}_weights"])
    except KeyError as error:
        raise ArtifactError(f"the saved model lacks the array {error}; train it again") from None
    except DataError as error:
        raise ArtifactError(f"the saved model is damaged ({error}); train it again") from None
    if len(operator) != len(items):
        raise ArtifactError(f"the saved {name} has {len(operator)} rows for {len(items)} items; train it again")
    return operator


def _rows(histories: Histories) -> tuple[Int64Array, Int32Array, Float32Array]:
    return histories.offsets, histories.items, histories.weights
