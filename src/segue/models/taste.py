"""A history's taste as the weighted mean of the vectors of its items."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import Float32Array
from segue.core.histories import Histories
from segue.models.weighting import Weighting, weighted


def shares(histories: Histories, weighting: Weighting) -> Histories:
    """Each item once per row with its share of the row, f(w_j) / sum |f(w)|; a dislike's is negative."""
    valued = weighted(histories, weighting)
    totals = np.bincount(valued.row_of_entry, np.abs(valued.weights), minlength=len(valued))
    parts = valued.weights / np.where(totals > 0, totals, 1)[valued.row_of_entry]
    return Histories(valued.offsets, valued.items, parts.astype(np.float32))


def mean_vectors(shared: Histories, vectors: Float32Array) -> Float32Array:
    """The sum of share times vector for each row of `shares`, float32 (n, d).

    Zeros where nothing is liked whose vector is not zero: a dislike says where not to go, and not where to go.
    """
    means = np.asarray(shared.csr(len(vectors)) @ vectors, np.float32)
    liked = np.zeros(len(shared), np.bool_)
    entries = np.flatnonzero(shared.weights > 0)
    entries = entries[vectors[shared.items[entries]].any(axis=1)]
    liked[shared.row_of_entry[entries]] = True
    means[~liked] = 0
    return means
