"""Item-weight models that keep a list of neighbours for each item, and can show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from segue.core.asking import check_k
from segue.core.origins import Origins
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.models.item_weights import ItemWeightModel, Operator, stored
from segue.models.weighting import Weighting


class NeighbourModel(ItemWeightModel):
    """`neighbours`, row i the items nearest to i, nearest first, ties by position; `operator`, its transpose.

    The transpose is kept, not made when needed, so that a process which maps the arrays from disk copies nothing.
    """

    def __init__(
        self,
        configuration: Any,
        items: Vocabulary,
        operator: Operator,
        neighbours: Operator,
        weighting: Weighting,
        exponent: float = 1.0,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, operator, weighting, exponent, origins)
        self._neighbours = neighbours

    @property
    def neighbours(self) -> Operator:
        """The items nearest to each item, with their similarities, nearest first, ties by position."""
        return self._neighbours

    def similar_items(self, items: npt.ArrayLike, k: int = 10) -> TopK:
        """The k nearest neighbours of each of `items`; fewer where it has fewer."""
        check_k(k)
        asked = np.atleast_1d(np.asarray(items, dtype=np.int64))
        if asked.size and not (asked.min() >= 0 and asked.max() < self._n_items):
            raise DataError(f"items must lie in 0..{self._n_items - 1}, got {asked.min()}..{asked.max()}")
        near = np.full((asked.size, k), -1, np.int32)
        similarities = np.full((asked.size, k), -np.inf, np.float32)
        offsets, all_items, weights = self._neighbours.rows
        starts = offsets[asked]
        rows, columns = np.nonzero(np.arange(k) < (offsets[asked + 1] - starts)[:, None])
        near[rows, columns] = all_items[starts[rows] + columns]
        similarities[rows, columns] = weights[starts[rows] + columns]
        return TopK(near, similarities)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        return {**stored(self._operator, "operator"), **stored(self._neighbours, "neighbours")}
