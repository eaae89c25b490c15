"""Blocks of content: each turns one side of the catalogue into vectors whose cosines are likenesses.

A block gives an item a vector of length 1, or zeros where the catalogue is silent. It is learned from one catalogue and
reads any other, so that items which come later get theirs from what is known of them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from segue.core.arrays import Float32Array, Float64Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.errors import DataError
from segue.metrics.content import AUDIO
from segue.models.item_words import Bags, Keys, bags, rarity

SOUND: Final = (*AUDIO, "fifths_x", "fifths_y")
_BLOCK_ROWS: Final = 8192  # items that have their vectors at once


class Block(Protocol):
    """One side of what is known of items."""

    @property
    def width(self) -> int:
        """How long its vectors are."""
        ...

    def vectors(self, catalogue: Catalogue) -> Float32Array:
        """float32, shape (n, width): rows of length 1, zeros where nothing is known of an item."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything learned, by name."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """Audio features, standardised; a missing one is the mean of the others' items.

    Amounts are as they are; key and mode are one place on the circle of fifths, where keys that share most of their
    tones are neighbours: p = 7 (key + 3 [minor]) mod 12 (a minor key stands with its relative major), given as
    (cos, sin) of 2 pi p / 12.

    means, scales: float64, shape (len(SOUND),); scale 0 for what is unknown of all items, or the same for all.
    """

    means: Float64Array
    scales: Float64Array

    @classmethod
    def learned(cls, catalogue: Catalogue) -> Sound | None:
        """None where no feature tells items apart; DataError for an infinite value."""
        table = _sound(catalogue)
        known = ~np.isnan(table)
        count = np.maximum(known.sum(axis=0), 1)
        means = np.where(known, table, 0).sum(axis=0) / count
        scales = np.sqrt(np.square(np.where(known, table - means, 0)).sum(axis=0) / count)
        varies = np.array([np.unique(column[there]).size > 1 for column, there in zip(table.T, known.T, strict=True)])
        scales = np.where(varies, scales, 0.0)
        return cls(means, scales) if varies.any() else None

    @property
    def width(self) -> int:
        """See `Block`."""
        return len(SOUND)

    @property
    def features(self) -> tuple[str, ...]:
        """The features that tell items apart."""
        return tuple(name for name, scale in zip(SOUND, self.scales, strict=True) if scale > 0)

    def vectors(self, catalogue: Catalogue) -> Float32Array:
        """See `Block`."""
        table = (_sound(catalogue) - self.means) / np.where(self.scales > 0, self.scales, np.inf)
        return unit_rows(np.nan_to_num(table, nan=0.0))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """See `Block`."""
        return {"means": self.means, "scales": self.scales}


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """Names and words by codes of their own: what two items share counts, and nothing else.

    With the code c_k of a key, one of the corners of a cube of `width` dimensions and length 1, taken from the key's
    own digits, an item that holds keys k with counts f_k has the vector unit(sum_k (1 + log f_k) r_k c_k), with
    r_k = log(1 + n / items that hold k). The cosine of two items is that of their TF-IDF vectors (Salton & Buckley
    1988), give or take: its error has the mean 0 and the standard deviation 1 / sqrt(width) at most (random signs:
    Achlioptas 2003), 0.06 at 256. A key that was never seen has its code, too.

    columns, by_word: which of the catalogue are read, and whether word by word or name by name.
    keys: uint64, rising.  weights: float32, their r_k.  rare: the r_k of a key that was not seen.
    """

    columns: tuple[str, ...]
    by_word: bool
    width: int
    keys: Keys
    weights: Float32Array
    rare: float

    @classmethod
    def learned(cls, catalogue: Catalogue, columns: Sequence[str], width: int, *, by_word: bool) -> Coded | None:
        """None where no two items share a key, or all items are the same."""
        held = bags(catalogue, columns, by_word=by_word)
        keys, counts = np.unique(held.keys, return_counts=True)
        if not _tells_apart(held, counts):
            return None
        weights = rarity(counts, held.n)
        return cls(tuple(columns), by_word, width, keys, weights, float(rarity(np.ones(1), held.n)[0]))

    def vectors(self, catalogue: Catalogue) -> Float32Array:
        """See `Block`."""
        held = bags(catalogue, self.columns, by_word=self.by_word)
        keys = np.unique(held.keys)
        places = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        weights = np.where(self.keys[places] == keys, self.weights[places], np.float32(self.rare))
        return _summed(held.matrix(keys), codes(keys, self.width) * weights[:, None].astype(np.float32))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """See `Block`."""
        return {"keys": self.keys, "weights": self.weights, "rare": np.array([self.rare])}


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Names and words by what they occur with: items are alike that hold what goes together.

    An item's vector is unit(sum_k (1 + log f_k) r_k t_k), with t_k what is known of key k. `learned` takes for t_k the
    right singular vectors of the items x keys matrix of TF-IDF rows of length 1, cut off at `width` dimensions (latent
    semantic analysis, Deerwester et al. 1990): the closest there is in so many dimensions, and exact where there are no
    more keys than that. A key that was not seen says nothing.

    columns, by_word: which of the catalogue are read, and whether word by word or name by name.
    keys: uint64, rising.  places: float32, shape (keys, width): r_k t_k.
    """

    columns: tuple[str, ...]
    by_word: bool
    keys: Keys
    places: Float32Array

    @classmethod
    def learned(cls, catalogue: Catalogue, columns: Sequence[str], width: int, seed: int) -> Topics | None:
        """None where no two items share a key, or all items are the same."""
        held = bags(catalogue, columns, by_word=False)
        keys, counts = np.unique(held.keys, return_counts=True)
        if not _tells_apart(held, counts):
            return None
        weights = rarity(counts, held.n)
        rows = held.matrix(keys) @ sp.diags_array(weights, dtype=np.float32)
        lengths = np.sqrt(rows.power(2).sum(axis=1))
        rows = sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows
        return cls(tuple(columns), False, keys, _right_vectors(sp.csr_array(rows), width, seed) * weights[:, None])

    @property
    def width(self) -> int:
        """See `Block`."""
        return int(self.places.shape[1])

    def vectors(self, catalogue: Catalogue) -> Float32Array:
        """See `Block`."""
        return _summed(bags(catalogue, self.columns, by_word=self.by_word).matrix(self.keys), self.places)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """See `Block`."""
        return {"keys": self.keys, "places": self.places}


def codes(keys: Keys, width: int) -> Float32Array:
    """Corners of a cube, float32 (m, width), length 1: the signs are bits of a counter mixed with the key (SplitMix64,
    Steele, Lea & Flood 2014)."""
    words = -(-width // 64)
    with np.errstate(over="ignore"):
        mixed = keys[:, None] + np.arange(1, words + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    bits = np.unpackbits(mixed.astype("<u8").view(np.uint8), axis=1, bitorder="little")[:, :width]
    size = np.float32(1 / np.sqrt(width))
    return np.where(bits, size, -size).astype(np.float32, copy=False)


def unit_rows(matrix: npt.NDArray[Any]) -> Float32Array:
    """Rows scaled to length 1; rows of zeros stay."""
    lengths = np.sqrt(np.square(matrix, dtype=np.float64).sum(axis=1, keepdims=True))
    return (matrix / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _summed(held: sp.csr_array[Any], places: Float32Array) -> Float32Array:
    """Rows of length 1 of held @ places, some items at a time."""
    out = np.zeros((held.shape[0], places.shape[1]), np.float32)
    for start in range(0, held.shape[0], _BLOCK_ROWS):
        out[start : start + _BLOCK_ROWS] = unit_rows(held[start : start + _BLOCK_ROWS] @ places)
    return out


def _tells_apart(held: Bags, counts: Int64Array) -> bool:
    """Whether items share keys without being all the same; a single item is taken as it is."""
    known = np.unique(held.rows).size
    return known > 0 and (held.n == 1 or bool(counts.max() > 1 and counts.min() < known))


def _right_vectors(rows: sp.csr_array[Any], width: int, seed: int) -> Float32Array:
    """The right singular vectors of the largest singular values, float32 (columns, at most width).

    With no more columns than that, the axes themselves: they span the same.
    """
    n, m = rows.shape
    if m <= width:
        return np.eye(m, dtype=np.float32)
    if n <= width:
        _, values, vectors = np.linalg.svd(rows.toarray().astype(np.float64), full_matrices=False)
    else:
        start = np.random.default_rng(seed).standard_normal(min(n, m))
        _, values, vectors = svds(rows.astype(np.float64), k=width, v0=start)
        values, vectors = values[::-1], vectors[::-1]
    return np.ascontiguousarray(vectors[values > values[0] * 1e-6].T, np.float32)


def _sound(catalogue: Catalogue) -> Float64Array:
    """Items x SOUND as they are, float64, NaN where unknown."""
    frame = pl.DataFrame([catalogue.column(name).cast(pl.Float64) for name in (*AUDIO, "key", "mode")])
    infinite = [name for name in frame.columns if frame[name].is_infinite().any()]
    if infinite:
        count = int(frame[infinite[0]].is_infinite().sum())
        raise DataError(
            f"the audio feature {infinite[0]!r} is infinite for {count} items; leave such values empty in the source, "
            "and import it again"
        )
    table = frame.to_numpy()
    key, mode = table[:, -2], table[:, -1]
    key = np.where((key >= 0) & (key <= 11), key, np.nan)  # sources write -1 where no key was heard
    angle = 2 * np.pi * (7 * (key + 3 * (mode == 0)) % 12) / 12
    return np.column_stack([table[:, :-2], np.cos(angle), np.sin(angle)])
