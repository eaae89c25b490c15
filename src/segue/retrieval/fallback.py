"""The fallback: what comes next in one ranking, for histories that the sources leave short."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Int32Array, Int64Array
from segue.core.histories import Histories
from segue.kernels.ranked import ranked_topk
from segue.models.fitted import blocked_items


def next_best(
    ranking: Int32Array,
    count: int,
    pooled: Int32Array,
    blocked: tuple[Int64Array, Int32Array],
    n_items: int,
    *,
    threads: int | None = None,
) -> Int32Array:
    """The first `count` of `ranking` for each row that are neither pooled nor blocked, int32 (n, count), -1 pads.

    ranking: int32, distinct items below n_items, best first.
    pooled:  int32 (n, m), the candidates that are there already, -1 pads.
    blocked: what must not come back, row by row: offsets (n + 1) and items.
    """
    offsets = np.concatenate([[0], np.cumsum(np.count_nonzero(pooled >= 0, axis=1))]).astype(np.int64)
    in_pool = _as_histories(offsets, pooled[pooled >= 0])
    offsets, items = blocked_items(in_pool, True, _as_histories(*blocked), n_items)
    return ranked_topk(ranking, len(pooled), n_items, count, offsets, items, threads=threads)


def _as_histories(offsets: Int64Array, items: Int32Array) -> Histories:
    return Histories(offsets, items, np.ones(items.size, np.float32))
