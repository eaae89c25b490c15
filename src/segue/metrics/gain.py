"""Normalized discounted cumulative gain."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float64Array
from segue.kernels.metrics import gains
from segue.metrics.judged import Judged


def ndcg(judged: Judged, k: int) -> Float64Array:
    """DCG / ideal DCG, with DCG = sum over the hits among the first k of 1 / log2(rank + 1).

    The ideal list has hits in its first min(k, |R|) places, so that 1 is in reach (Jarvelin and Kekalainen, Cumulated
    gain-based evaluation of IR techniques, 2002, with gain 1 and the discount of Burges et al. 2005; `ndcg_cut` of
    trec_eval). float64, shape (n,).
    """
    judged.check_depth(k)
    discounts = 1.0 / np.log2(np.arange(2, k + 2, dtype=np.float64))
    ideal = np.cumsum(discounts)[np.minimum(k, judged.relevant) - 1]
    return gains(judged.hits, discounts) / ideal
