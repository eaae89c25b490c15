"""Metrics of how far one must look for the first hit. Each gives one float64 per list, shape (n,)."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.core.arrays import Float64Array
from segue.kernels.metrics import first_hits
from segue.metrics.judged import Judged

CLICKS_DEPTH: Final = 500
_PAGE: Final = 10
_NO_HIT: Final = 51.0


def reciprocal_rank(judged: Judged, k: int) -> Float64Array:
    """1 / rank of the first hit among the first k, 0 without one; its mean is MRR (Voorhees, TREC-8, 1999)."""
    judged.check_depth(k)
    ranks = first_hits(judged.hits, k)
    return np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)


def clicks(judged: Judged) -> Float64Array:
    """floor((rank of the first hit - 1) / 10), 51 where none is among the first 500; smaller is better.

    How often a listener must ask for ten more tracks, by the RecSys 2018 challenge (Zamani, Schedl, Lamere, Chen 2019).
    """
    judged.check_depth(CLICKS_DEPTH)
    ranks = first_hits(judged.hits, CLICKS_DEPTH)
    return np.where(ranks > 0, np.floor((ranks - 1) / _PAGE), _NO_HIT)
