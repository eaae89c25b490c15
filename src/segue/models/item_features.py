"""What items share: their artists, albums, genres and tags, and features of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.errors import DataError

#: The columns of a catalogue that items share.
COLUMNS: Final = ("artist", "album", "genres", "tags")

#: What a feature is known by, wherever its name occurs: a number made of it.
Keys = npt.NDArray[np.uint64]
Given = sp.csr_array[Any] | sp.csr_matrix[Any]


@dataclass(frozen=True, slots=True, eq=False)
class SharedFeatures:
    """Which of n_items has which feature that others may have, too: m pairs.

    items:   int64, shape (m,).
    keys:    uint64, shape (m,).
    shares:  float32, shape (m,). Of one column, an item of n values has each with 1 / sqrt(n), so that a track of
             twenty tags is not made of tags alone.
    missing: the columns asked for of which the catalogue knows nothing.
    """

    n_items: int
    items: Int64Array
    keys: Keys
    shares: Float32Array
    missing: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, columns: Sequence[str], given: Given | None = None) -> SharedFeatures:
        """Those of some columns of the catalogue, and of `given`, items x features of one's own.

        A number of `given` is itself the share. Raises DataError where `given` does not have one row per item, or holds
        a number that is not finite.
        """
        parts = [_of_column(catalogue, column) for column in columns if catalogue.has(column)]
        if given is not None:
            parts.append(_of_matrix(given, len(catalogue)))
        items = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in parts)])
        keys = np.concatenate([np.zeros(0, np.uint64), *(part[1] for part in parts)])
        shares = np.concatenate([np.zeros(0, np.float32), *(part[2] for part in parts)])
        missing = tuple(column for column in columns if not catalogue.has(column))
        return cls(len(catalogue), items, keys, shares, missing)

    def matrix(self, keys: Keys) -> sp.csr_array[Any]:
        """Items x features, float32, of the features that `keys` (rising) names; others are left out."""
        places = np.searchsorted(keys, self.keys)
        there = np.flatnonzero(places < keys.size)
        there = there[keys[places[there]] == self.keys[there]]
        pairs = (self.shares[there], (self.items[there], places[there]))
        matrix = sp.csr_array(pairs, shape=(self.n_items, keys.size))
        matrix.sort_indices()
        return matrix


def _of_column(catalogue: Catalogue, column: str) -> tuple[Int64Array, Keys, Float32Array]:
    values = catalogue.column(column).alias("value")
    frame = values.to_frame().with_row_index("item")
    if values.dtype == pl.List(pl.String):
        frame = frame.explode("value")
    frame = frame.filter(pl.col("value").fill_null("") != "").unique(maintain_order=True)
    names = frame["value"].unique(maintain_order=True)
    numbers = pl.DataFrame({"value": names, "key": _keys(column, names.to_list())})
    frame = frame.join(numbers, on="value", how="left", maintain_order="left")
    items = frame["item"].to_numpy().astype(np.int64)
    counts = np.bincount(items, minlength=len(catalogue))
    return items, frame["key"].to_numpy().astype(np.uint64), (1 / np.sqrt(counts[items])).astype(np.float32)


def _of_matrix(given: Given, n_items: int) -> tuple[Int64Array, Keys, Float32Array]:
    if given.ndim != 2 or given.shape[0] != n_items:
        raise DataError(f"given features must have one row per item ({n_items}), got shape {given.shape}")
    matrix: sp.csr_array[Any] = sp.csr_array(given).astype(np.float32)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not np.isfinite(matrix.data).all():
        raise DataError("given features must be finite numbers; NaN or infinity came")
    keys = _keys("given", map(str, range(matrix.shape[1])))
    items = np.repeat(np.arange(n_items, dtype=np.int64), np.diff(matrix.indptr))
    return items, keys[matrix.indices], matrix.data


def _keys(column: str, names: Iterable[str]) -> Keys:
    """64 bits of BLAKE2 for each name: the same in every process, and shared by two names with a chance of 2^-64."""
    digests = [hashlib.blake2b(f"{column}\0{name}".encode(), digest_size=8).digest() for name in names]
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
