"""How unlike each other the items of a list are.

Both take answered lists and the background, and give one float64 per list, shape (n,): 1 - the mean cosine over all
pairs of the first k entries (Ziegler, McNee, Konstan, Lausen, Improving recommendation lists through topic
diversification, 2005; Smyth and McClave 2001). 0: all alike; 1: nothing in common; above 1: opposites. Items of which
nothing is known are in no pair; NaN for a list without a pair.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from segue.core.arrays import Float64Array
from segue.errors import SettingsError
from segue.kernels.beyond import Ragged, dense_distances, sparse_distances
from segue.metrics.background import Answered, Background


def diversity(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """By what the catalogue says: genres, tags, artist and audio features (see `content_vectors`)."""
    if background.content is None:
        raise SettingsError("diversity needs the content vectors of the catalogue in its background")
    n_features = background.content.shape[1]
    return sparse_distances(answered.top.items, k, ragged(background.content), n_features, threads=threads)


def factor_diversity(answered: Answered, background: Background, k: int, threads: int | None = None) -> Float64Array:
    """By the item vectors of an embedding model: items are alike that the same people listen to.

    The vectors are the same for every model that is compared, or the numbers would be on different scales.
    """
    if background.vectors is None:
        raise SettingsError("factor_diversity needs the item vectors of an embedding model in its background")
    return dense_distances(answered.top.items, k, background.vectors, threads=threads)


def ragged(matrix: sp.csr_array[Any]) -> Ragged:
    """A sparse matrix as kernels take it."""
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
