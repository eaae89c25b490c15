"""Bins of users by how much is known of them, and of items by how many know them: where cold starts show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float64Array, Int64Array
from segue.evaluation.uncertainty import interval, resampled_means

EDGES: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType({"fine": (0, 1, 5, 10, 20, 50, 100), "cold": (0, 5)})
"""Lower ends of the bins, by the name of the table of bins: fine ones, and fewer than 5 against 5 and more."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The counts low..high, both included; a high of None has no end."""

    low: int
    high: int | None

    @property
    def label(self) -> str:
        """ "0", "1-4", "100+"."""
        if self.high is None:
            return f"{self.low}+"
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True, slots=True)
class BinMean:
    """Means of one model over the users of one bin, of whom there is at least one.

    means: by metric; intervals: by metric, (low, high).
    """

    bin: Bin
    users: int
    means: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]


def bins(edges: Sequence[int]) -> tuple[Bin, ...]:
    """The bins that begin at these rising counts; the last has no end."""
    return (*(Bin(low, high - 1) for low, high in pairwise(edges)), Bin(edges[-1], None))


def bin_of(counts: npt.NDArray[np.integer], edges: Sequence[int]) -> Int64Array:
    """Which bin each count falls into, int64; counts are at least edges[0]."""
    return np.searchsorted(np.asarray(edges), counts, side="right").astype(np.int64) - 1


def by_activity(
    given: Int64Array,
    names: Sequence[str],
    metrics: Sequence[str],
    values: Sequence[Float64Array],
    edges: Sequence[int],
    resamples: int,
    level: float,
    seed: int,
) -> Mapping[str, tuple[BinMean, ...]]:
    """By model: means over the users of each bin of `given` (int64, (n,)), bins without users left out.

    values: one matrix per model, float64 (n users, m metrics).
    """
    found: dict[str, list[BinMean]] = {name: [] for name in names}
    number_of = bin_of(given, edges)
    for number, each in enumerate(bins(edges)):
        rows = np.flatnonzero(number_of == number)
        if not rows.size:
            continue
        together = np.concatenate([matrix[rows] for matrix in values], axis=1)
        low, high = interval(resampled_means(together, resamples, seed), level)
        means = together.mean(axis=0)
        for place, name in enumerate(names):
            columns = dict(zip(metrics, range(place * len(metrics), (place + 1) * len(metrics)), strict=True))
            found[name].append(
                BinMean(
                    each,
                    int(rows.size),
                    {metric: float(means[column]) for metric, column in columns.items()},
                    {metric: (float(low[column]), float(high[column])) for metric, column in columns.items()},
                )
            )
    return {name: tuple(row) for name, row in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class ItemBins:
    """Means of every metric as if only the items of one bin were relevant, bin by bin.

    Bins are of the number of training users who have the item. users, relevant: int64 (bins,), how many users have a
    relevant item in the bin, and how many such pairs there are; means: float64 (bins, m metrics), NaN without a user.
    """

    edges: tuple[int, ...]
    users: Int64Array
    relevant: Int64Array
    means: Float64Array

    @property
    def bins(self) -> tuple[Bin, ...]:
        """The bins, in the order of the arrays."""
        return bins(self.edges)
