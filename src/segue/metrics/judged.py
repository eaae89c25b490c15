"""Lists held against the right answers: what every ranking metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.core.arrays import BoolArray, Int64Array, frozen
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import DataError, ModelError, SettingsError
from segue.kernels.metrics import mark_hits


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """n lists of k entries, each marked as hit or miss.

    hits:     bool, shape (n, k); where a list has ended, a miss.
    relevant: int64, shape (n,), how many relevant items there are for each list, at least 1.
    """

    hits: BoolArray
    relevant: Int64Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "hits", frozen(self.hits, np.bool_))
        object.__setattr__(self, "relevant", frozen(self.relevant, np.int64))
        if self.hits.ndim != 2 or self.relevant.shape != self.hits.shape[:1]:
            raise DataError(
                f"marks need a row per list and relevant counts one number per list, got {self.hits.shape} and "
                f"{self.relevant.shape}"
            )
        if np.any(self.relevant < 1):
            raise DataError("a list has no relevant item, so that no metric is defined for it; leave its user out")

    def __len__(self) -> int:
        return int(self.hits.shape[0])

    def check_depth(self, depth: int) -> None:
        """Raises SettingsError unless 1 <= depth <= k: a metric of the first 20 needs lists of 20, or longer."""
        if depth < 1:
            raise SettingsError(f"a metric looks at the first k entries, with k at least 1, got {depth}")
        if depth > self.hits.shape[1]:
            raise SettingsError(
                f"a metric of the first {depth} entries needs lists of {depth}, got {self.hits.shape[1]}"
            )


def judge(top: TopK, relevant: Histories, *, threads: int | None = None) -> Judged:
    """Marks the hits of n lists; `relevant` has one row per list, repeats counting once, whatever the weight.

    Raises DataError where a row has no relevant item, ModelError where a list names an item twice that is relevant.
    """
    if len(top) != len(relevant):
        raise DataError(f"there must be one row of relevant items per list ({len(top)}), got {len(relevant)}")
    distinct = relevant.merged()
    width = np.int64(max(1, distinct.n_items))
    answers = (np.sort(distinct.row_of_entry * width + distinct.items) % width).astype(np.int32)  # rising in each row
    hits, repeated = mark_hits(top.items, distinct.offsets, answers, threads=threads)
    if repeated >= 0:
        raise ModelError(f"the list in row {repeated} names an item twice; a list must hold distinct items")
    return Judged(hits, distinct.lengths)
