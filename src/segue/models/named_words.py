"""What the words of names say of music: each word by the tastes of the histories that it names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.core.arrays import Float32Array, Float64Array
from segue.models.item_words import Keys, keys_of, rarity

_LEAST: Final = 2  # histories that a word must name, to say anything of the next one
_PRIOR: Final = 3.0  # as many histories more, of no taste at all; chosen on playlists, as is the next
_COMMON: Final = 0.1  # the share of the mean of all in every word


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Words and their vectors.

    keys: uint64, rising, shape (m,).  vectors: float32, shape (m, d).  weights: float32, shape (m,): how much it says.
    """

    keys: Keys
    vectors: Float32Array
    weights: Float32Array

    def means(self, texts: Sequence[str]) -> Float32Array:
        """The weighted mean of the vectors of each text's known words, float32 (n, d); zeros where none is known."""
        out = np.zeros((len(texts), self.vectors.shape[1]), np.float32)
        for row, keys in enumerate(keys_of(texts)):
            places = np.flatnonzero(np.isin(self.keys, np.array(keys, np.uint64)))
            if places.size:
                out[row] = np.average(self.vectors[places], axis=0, weights=self.weights[places])
        return out


def naming(names: Sequence[str], tastes: Float32Array) -> Words:
    """The words that name at least two of n histories, by the tastes (n, d) of these.

    A word's vector is how the tastes u that it names differ from the mean p of all, less so the fewer they are, and a
    little of that mean, so that what most people like comes first among what fits equally well:

        t_w = sum of (u - p) over the n_w histories named so / (n_w + s) + p / 10,    s = 3

    Its weight is its rarity, log(1 + n / n_w).
    """
    there = np.flatnonzero(tastes.any(axis=1))
    spoken = [sorted(set(keys)) for keys in keys_of([names[row] for row in there.tolist()])]
    rows = np.repeat(there, [len(keys) for keys in spoken])
    keys, places, counts = np.unique(
        np.array([key for one in spoken for key in one], np.uint64), return_inverse=True, return_counts=True
    )
    sums: Float64Array = np.zeros((keys.size, tastes.shape[1]))
    np.add.at(sums, places, tastes[rows])
    mean = tastes[there].sum(axis=0, dtype=np.float64) / max(1, there.size)
    vectors = (sums - counts[:, None] * mean) / (counts[:, None] + _PRIOR) + _COMMON * mean
    kept = counts >= _LEAST
    return Words(keys[kept], vectors[kept].astype(np.float32), rarity(counts[kept], there.size))
