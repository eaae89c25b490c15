"""How often each item is shown to all users together, and what follows for the system as a whole.

These are values of all lists at once, not means over users: drawing users anew repeats some of them, and a repeated
list covers nothing new, is wholly like itself and adds to the same items. A bootstrap interval would lie beside the
value, so none is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.core.arrays import Float64Array, Int64Array, frozen
from segue.core.topk import TopK
from segue.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Counts over the first k entries of many lists, which can be counted in parts and added.

    counts:  int64, shape (n_items,), in how many lists each item of the catalogue stands.
    lengths: int64, shape (k + 1,), how many lists have 0, 1, ... k entries.
    """

    counts: Int64Array
    lengths: Int64Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", frozen(self.counts, np.int64))
        object.__setattr__(self, "lengths", frozen(self.lengths, np.int64))

    @classmethod
    def of(cls, top: TopK, k: int, n_items: int) -> Exposure:
        """Of the first k entries of these lists, over a catalogue of n_items; lists name distinct items."""
        first = top.items[:, :k]
        there = first >= 0
        lengths = np.bincount(np.count_nonzero(there, axis=1), minlength=k + 1)
        return cls(np.bincount(first[there], minlength=n_items), lengths)

    @classmethod
    def none(cls, k: int, n_items: int) -> Exposure:
        """Of no list yet."""
        return cls(np.zeros(n_items, np.int64), np.zeros(k + 1, np.int64))

    def __add__(self, other: Exposure) -> Exposure:
        """Of the lists of both; DataError where the catalogue or k differ."""
        if self.counts.shape != other.counts.shape or self.lengths.shape != other.lengths.shape:
            raise DataError("exposures of different catalogues or list lengths cannot be added")
        return Exposure(self.counts + other.counts, self.lengths + other.lengths)


def coverage(exposure: Exposure) -> float:
    """The share of all items of the catalogue that stand in at least one list.

    Items that training never saw are in the denominator too. Ge, Delgado-Battenfeld, Jannach, Beyond accuracy (2010),
    "catalog coverage". NaN for an empty catalogue.
    """
    return float(np.count_nonzero(exposure.counts) / exposure.counts.size) if exposure.counts.size else np.nan


def gini(exposure: Exposure) -> float:
    """The Gini index of exposure over all items of the catalogue: 0 where all are shown alike, 1 where one has it all.

    sum over j = 1..n of (2j - n - 1) s_j / (n - 1), with s the items' shares of all entries, rising (Castells, Hurley,
    Vargas, Novelty and diversity in recommender systems, 2015). NaN where nothing was shown, or for a
    catalogue of one item.
    """
    n, shares = exposure.counts.size, _shares(exposure)
    if n < 2 or not shares.size:
        return np.nan
    return float((2.0 * np.arange(1, n + 1) - n - 1) @ np.sort(shares) / (n - 1))


def entropy(exposure: Exposure) -> float:
    """The Shannon entropy of exposure, - sum of s log2 s over the items shown, s their shares of all entries, in bits.

    2 to its power is how many items there would be if all were shown alike. NaN where nothing was shown.
    """
    shares = _shares(exposure)
    shares = shares[shares > 0]
    return float(-(shares @ np.log2(shares)) + 0.0) if shares.size else np.nan


def top_share(exposure: Exposure) -> float:
    """The share of all entries that the 1 % most shown items have (of n in the catalogue, ceil(n / 100) items).

    NaN where nothing was shown.
    """
    shares = _shares(exposure)
    few = -(-shares.size // 100)
    return float(np.sort(shares)[shares.size - few :].sum()) if shares.size else np.nan


def personalization(exposure: Exposure) -> float:
    """1 - (items that two lists share, over all pairs of users) / (the length of the shorter list, over all pairs).

    With full lists this is 1 - the mean of |A and B| / k: 0 where all get the same, 1 where no two lists share an item.
    No pair is looked at: an item in c lists is shared by c (c - 1) / 2 pairs. (Zhou et al. 2010 take the mean of this
    "inter-list distance" over pairs too.) NaN where there are no two lists with an item.
    """
    counts, lengths = exposure.counts, exposure.lengths
    shared = float((counts * (counts - 1)).sum()) / 2
    longer = np.cumsum(lengths[::-1])[::-1] - lengths  # lists longer than each length
    room = float((np.arange(lengths.size) * lengths * ((lengths - 1) / 2 + longer)).sum())
    return 1.0 - shared / room if room else np.nan


def _shares(exposure: Exposure) -> Float64Array:
    """Each item's share of all entries, float64 (n_items,); empty where nothing was shown."""
    entries = exposure.counts.sum()
    return exposure.counts / entries if entries else np.zeros(0)
