"""Items that nobody has listened to yet, as averages of the items that share their artist, album, genres or tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.origins import ORIGINS, Origin
from segue.core.vocabulary import Vocabulary

_BROAD_TO_NARROW: Final[Sequence[tuple[Origin, str]]] = (
    ("tag", "tags"),
    ("genre", "genres"),
    ("album", "album"),
    ("artist", "artist"),
)
_PRIOR: Final = 2.0  # how many items of a category count as much as all that the broader ones say


@dataclass(frozen=True, slots=True, eq=False)
class Averages:
    """What the categories of m items say of them.

    vectors: float32, shape (m, d), zeros where no category is known.  bias: float32, shape (m,), or None.
    codes:   uint8, shape (m,), the narrowest category that is known, as a place in ORIGINS.
    """

    vectors: Float32Array
    bias: Float32Array | None
    codes: npt.NDArray[np.uint8]


def category_averages(
    vectors: Float32Array, bias: Float32Array | None, known: BoolArray, catalogue: Catalogue, items: Int64Array
) -> Averages:
    """The average of the known items that are most like each of `items` by the catalogue.

    vectors: float32, shape (n, d).  bias: float32, shape (n,), or None.
    known:   bool, shape (n,), the items that are averaged.  items: int64, shape (m,), those that are not.

    From the broad to the narrow (tags, genres, album, artist), each category corrects what those before it said: with m
    the mean vector of its n_c known items (of several genres or tags, the mean of theirs, n_c their sum) and a_0 the
    mean of all known items,

        a <- (n_c m + s a) / (n_c + s),    s = 2,

    so that an artist with one track says less of the next track than one with twenty. Biases are averaged likewise, and
    so are lengths: the vector gets the geometric mean of its own length and the average length. A mean of vectors is
    the shorter the less they agree, and would put the item behind all that are known, whoever asks; as long as they
    are, it would push them aside on the strength of a tag.

    Memory: one copy of the vectors.
    """
    d = vectors.shape[1]
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)).astype(np.float32)
    table = np.column_stack([vectors, lengths] if bias is None else [vectors, lengths, bias])
    everything = table[known].mean(axis=0, dtype=np.float64) if known.any() else np.zeros(table.shape[1])
    average = np.tile(everything, (items.size, 1))
    codes = np.zeros(items.size, np.uint8)
    for origin, column in _BROAD_TO_NARROW:
        if catalogue.has(column):
            mean, alike = _of_categories(table, known, catalogue.column(column), items)
            there = alike > 0
            n = alike[there, None]
            average[there] = (n * mean[there] + _PRIOR * average[there]) / (n + _PRIOR)
            codes[there] = ORIGINS.index(origin)
    size = np.sqrt(np.square(average[:, :d]).sum(axis=1))
    codes[size == 0] = 0
    there = codes > 0
    found = np.zeros((items.size, d), np.float32)
    found[there] = average[there, :d] * np.sqrt(average[there, d] / size[there])[:, None]
    biases = None if bias is None else np.where(there, average[:, -1], 0).astype(np.float32)
    return Averages(found, biases, codes)


def _of_categories(
    table: Float32Array, known: BoolArray, values: pl.Series, items: Int64Array
) -> tuple[Float64Array, Float64Array]:
    """By one column of the catalogue, the mean row of the known items alike, (m, t), and how many they are, (m,)."""
    asked = _categories(values.gather(items))
    names = Vocabulary(asked["category"].unique(maintain_order=True))
    shared = _categories(values)
    place, item = names.positions(shared["category"]), shared["item"].to_numpy()
    counted = (place >= 0) & known[item]
    members = _matrix(place[counted], item[counted], (len(names), table.shape[0]))
    sizes = np.diff(members.indptr).astype(np.float64)
    means = (members @ table) / np.maximum(sizes, 1)[:, None]
    place, row = names.positions(asked["category"]), asked["item"].to_numpy()
    there = sizes[place] > 0
    belongs = _matrix(row[there], place[there], (items.size, len(names)))
    return (belongs @ means) / np.maximum(np.diff(belongs.indptr), 1)[:, None], belongs @ sizes


def _categories(values: pl.Series) -> pl.DataFrame:
    """The distinct pairs of an item (a place in `values`) and a category; nulls and empty names are none."""
    frame = values.alias("category").to_frame().with_row_index("item")
    if values.dtype == pl.List(pl.String):
        frame = frame.explode("category")
    return frame.filter(pl.col("category").fill_null("") != "").unique(maintain_order=True)


def _matrix(rows: npt.NDArray[Any], columns: npt.NDArray[Any], shape: tuple[int, int]) -> sp.csr_array[Any]:
    return sp.csr_array((np.ones(rows.size, np.float32), (rows, columns)), shape=shape)
