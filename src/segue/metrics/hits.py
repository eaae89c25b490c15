"""Metrics that count hits. Each takes judged lists and gives one float64 per list, shape (n,).

R is the set of a list's relevant items, hits@k the number of them among its first k entries. Where a list has
ended, its entries miss.
"""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float64Array, Int64Array
from segue.kernels.metrics import count_hits, first_hits
from segue.metrics.judged import Judged


def precision(judged: Judged, k: int) -> Float64Array:
    """hits@k / k (Manning, Raghavan, Schuetze, Introduction to Information Retrieval, 2008, section 8.4)."""
    return _hits(judged, k) / k


def recall(judged: Judged, k: int) -> Float64Array:
    """hits@k / |R| (Manning, Raghavan, Schuetze 2008, section 8.3); 1 is out of reach where |R| > k."""
    return _hits(judged, k) / judged.relevant


def recall_capped(judged: Judged, k: int) -> Float64Array:
    """hits@k / min(k, |R|), the "Recall@R" of Liang et al., Variational Autoencoders for CF (2018)."""
    return _hits(judged, k) / np.minimum(k, judged.relevant)


def hit_rate(judged: Judged, k: int) -> Float64Array:
    """1 where hits@k > 0, else 0 (Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, 2004)."""
    judged.check_depth(k)
    return (first_hits(judged.hits, k) > 0).astype(np.float64)


def r_precision(judged: Judged) -> Float64Array:
    """hits@|R| / |R|: precision and recall at the depth where they are equal (Manning, Raghavan, Schuetze 2008, 8.4).

    Needs lists as long as the largest |R|. In the RecSys 2018 challenge (Zamani et al. 2019) this is the R-precision of
    tracks, without its later share for artists.
    """
    judged.check_depth(int(judged.relevant.max(initial=1)))
    return count_hits(judged.hits, judged.relevant) / judged.relevant


def _hits(judged: Judged, k: int) -> Float64Array:
    judged.check_depth(k)
    depths: Int64Array = np.full(len(judged), k, dtype=np.int64)
    return count_hits(judged.hits, depths)
