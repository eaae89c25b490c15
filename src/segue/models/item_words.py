"""What the catalogue names items by, as numbers: the values of its lists, the words of its titles and texts.

A name is folded (`segue.core.titles.fold`) and becomes 64 bits of its BLAKE2b digest, the same on every machine. A
fitted model keeps those keys in place of strings, so that it is plain arrays; among a million names, two share a key
with a probability of 3 in a hundred million.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.titles import fold

Keys: TypeAlias = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Bags:
    """What each of n items holds, and how often: one entry for each distinct key of each item, in order of items.

    n: how many items there are.  rows: int64, shape (m,).  keys: uint64, shape (m,).  counts: float32, shape (m,).
    """

    n: int
    rows: Int64Array
    keys: Keys
    counts: Float32Array

    def matrix(self, known: Keys) -> sp.csr_array[Any]:
        """n items x the `known` keys (rising), float32: 1 + log(count) where the item holds the key; others are left
        out."""
        places, there = _places(self.keys, known)
        values = (1 + np.log(self.counts[there])).astype(np.float32)
        return sp.csr_array((values, (self.rows[there], places[there])), shape=(self.n, known.size))


def bags(catalogue: Catalogue, columns: Sequence[str], *, by_word: bool) -> Bags:
    """What items hold in these columns together, word by word or name by name; a column that the catalogue lacks holds
    nothing."""
    parts = [_entries(catalogue.column(name), by_word) for name in columns]
    counted = (
        pl.concat(parts).group_by("item", "key", maintain_order=True).agg(pl.len().alias("count")).sort("item", "key")
    )
    return Bags(
        len(catalogue),
        counted["item"].to_numpy().astype(np.int64),
        counted["key"].to_numpy().astype(np.uint64),
        counted["count"].to_numpy().astype(np.float32),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """What each of n items holds, in the order in which it is written, repeats and all.

    rows: int64, shape (m,), rising.  keys: uint64, shape (m,).
    """

    n: int
    rows: Int64Array
    keys: Keys

    def among(self, known: Keys) -> tuple[Int64Array, Int32Array]:
        """As ragged rows of places in `known` (rising), others left out: offsets (n + 1) and places."""
        places, there = _places(self.keys, known)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(self.rows[there], minlength=self.n))])
        return offsets.astype(np.int64), places[there].astype(np.int32)


def running_words(catalogue: Catalogue, columns: Sequence[str]) -> Running:
    """The words of these columns, one column after the other."""
    entries = pl.concat([_entries(catalogue.column(name), by_word=True) for name in columns])
    ordered = entries.sort("item", maintain_order=True)
    return Running(
        len(catalogue), ordered["item"].to_numpy().astype(np.int64), ordered["key"].to_numpy().astype(np.uint64)
    )


def keys_of(texts: Sequence[str]) -> list[list[int]]:
    """The keys of the words of each text, in order, repeats and all."""
    return [[_key(word) for word in fold(text).split()] for text in texts]


def rarity(counts: npt.NDArray[Any], n: int) -> Float32Array:
    """How much holding a key says: log(1 + n / the number of items that hold it), of n items."""
    return np.log1p(n / np.maximum(counts, 1)).astype(np.float32)


def _places(keys: Keys, known: Keys) -> tuple[Int64Array, BoolArray]:
    """The place of each key in `known` (rising), and whether it is there at all."""
    places = np.searchsorted(known, keys)
    there = np.append(known, np.uint64(0))[places] == keys
    return places, there & (places < known.size)


def _entries(column: pl.Series, by_word: bool) -> pl.DataFrame:
    """One row for each item and name, repeats and all: item, key."""
    named = column.alias("name").to_frame().with_row_index("item")
    if isinstance(column.dtype, pl.List):
        named = named.explode("name", empty_as_null=False)
    named = named.drop_nulls("name")
    distinct = named["name"].unique(maintain_order=True)
    folded = [fold(name) for name in distinct.to_list()]
    keys = [[_key(word) for word in (name.split() if by_word else [name])] if name else [] for name in folded]
    table = pl.DataFrame({"name": distinct, "key": pl.Series(keys, dtype=pl.List(pl.UInt64))})
    joined = named.join(table, on="name", how="left", maintain_order="left").select("item", "key")
    return joined.explode("key", empty_as_null=False).with_columns(pl.col("item").cast(pl.Int64))


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")
