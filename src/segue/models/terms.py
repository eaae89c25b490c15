"""Weights of text retrieval for listening: an item is a document, and its listeners are the words."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import scipy.sparse as sp

from segue.core.arrays import Float64Array
from segue.errors import SettingsError

Terms: TypeAlias = Literal["none", "tf-idf", "bm25"]


def termed(matrix: sp.csr_array[Any], terms: Terms, k1: float, b: float) -> sp.csr_array[Any]:
    """A users x items matrix of values v with each value replaced, float32, signs kept.

    With idf_u = log(1 + n_items / n_u), n_u the number of items that user u has, L_i the sum of |v| of item i and L the
    mean of those above 0:

        "none":   v
        "tf-idf": v idf_u
        "bm25":   v (k1 + 1) / (|v| + k1 (1 - b + b L_i / L)) idf_u    (Robertson, Zaragoza 2009)
    """
    if terms == "none":
        return matrix
    size = np.abs(matrix.data, dtype=np.float64)
    idf = rarity(np.diff(matrix.indptr), matrix.shape[1])
    value = matrix.data * np.repeat(idf, np.diff(matrix.indptr))
    if terms == "bm25":
        lengths = np.bincount(matrix.indices, size, minlength=matrix.shape[1])
        mean = lengths[lengths > 0].mean()
        value *= (k1 + 1) / (size + k1 * (1 - b + b * lengths[matrix.indices] / mean))
    return sp.csr_array((value.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def rarity(counts: Any, of: int) -> Float64Array:
    """log(1 + of / count), 0 where a count is 0: how much something says that `count` of so many share."""
    counts = np.asarray(counts, np.float64)
    found: Float64Array = np.log1p(np.divide(of, counts, out=np.zeros_like(counts), where=counts > 0))
    return found


def check_terms(terms: str, k1: float, b: float) -> None:
    """Raises SettingsError for unknown terms, a k1 that is negative, or a b outside 0..1."""
    if terms not in get_args(Terms):
        raise SettingsError(f"terms must be one of {', '.join(get_args(Terms))}, got {terms!r}")
    if not 0 <= k1 < np.inf:
        raise SettingsError(f"k1 must be a finite number, 0 or more, got {k1}")
    if not 0 <= b <= 1:
        raise SettingsError(f"b must lie between 0 and 1, got {b}")
