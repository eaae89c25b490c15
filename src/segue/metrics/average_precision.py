"""Average precision in its two denominators; its mean over users is MAP.

Both take judged lists and give one float64 per list, shape (n,). R is the set of a list's relevant items.
"""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float64Array
from segue.kernels.metrics import precision_sums
from segue.metrics.judged import Judged


def average_precision(judged: Judged, k: int) -> Float64Array:
    """(sum over the hits among the first k of hits@rank / rank) / |R|.

    `map_cut` of trec_eval (Manning, Raghavan, Schuetze 2008, section 8.4); 1 is out of reach where |R| > k.
    """
    judged.check_depth(k)
    return precision_sums(judged.hits, k) / judged.relevant


def average_precision_capped(judged: Judged, k: int) -> Float64Array:
    """(sum over the hits among the first k of hits@rank / rank) / min(k, |R|).

    The truncated MAP of the Million Song Dataset Challenge (McFee, Bertin-Mahieux, Ellis, Lanckriet 2012).
    """
    judged.check_depth(k)
    return precision_sums(judged.hits, k) / np.minimum(k, judged.relevant)
