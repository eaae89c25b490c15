"""The fallback: what comes next in one ranking, for histories that the sources leave short."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Int32Array, Int64Array
from segue.core.asking import joined
from segue.kernels.ranked import ranked_topk


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
    blocked: what must not come back, row by row: offsets (n + 1) and items below n_items.
    """
    there = pooled >= 0
    pool_offsets = np.concatenate([[0], np.cumsum(np.count_nonzero(there, axis=1))]).astype(np.int64)
    offsets, items = joined(pool_offsets, pooled[there], *blocked)
    return ranked_topk(ranking, len(pooled), n_items, count, offsets, items, threads=threads)
