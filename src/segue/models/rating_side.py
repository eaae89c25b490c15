"""Ratings as least squares takes them, and one side of the problem solved against the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Float64Array, Int64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, ModelError
from segue.kernels.ratings import GATHERED, regress
from segue.kernels.threads import spread
from segue.models.alternating import Entries, aligned

Scale: TypeAlias = tuple[float, float]

_PIECE: Final = 16_384  # entries that a thread takes at a time
_ROW_COST: Final = 8  # entries that a row costs besides its own


@dataclass(frozen=True, slots=True, eq=False)
class RatingSide:
    """The regressions of n rows, up to the vectors of the other side: ratings less their mean, and a ridge (n,)."""

    entries: Entries
    ridge: Float32Array

    def __len__(self) -> int:
        return len(self.entries)

    def solve(
        self, fixed: Float32Array, bias: Float32Array, bias_ridge: float, solved: Float32Array, threads: int | None
    ) -> Float32Array:
        """Solves into `solved` (n, w), whose last coordinate is set to 1 afterwards; returns the biases, (n,)."""
        width = fixed.shape[1]

        def worker(pieces: Iterator[tuple[int, int]]) -> None:
            gathered, matrix, left = aligned(max(GATHERED, width), width), aligned(width, width), aligned(1, width)[0]
            for first, end in pieces:
                row = regress(
                    first,
                    end,
                    self.entries.offsets,
                    self.entries.columns,
                    self.entries.weights,
                    fixed,
                    bias,
                    self.ridge,
                    bias_ridge,
                    solved,
                    gathered,
                    matrix,
                    left,
                )
                if row >= 0:
                    raise ModelError(
                        f"the equations of row {row} have no solution in single precision; raise regularization, or "
                        "bring the ratings to a smaller scale"
                    )

        spread(worker, self._pieces(), threads)
        biases = solved[:, -1].copy()
        solved[:, -1] = 1
        return biases

    def mean_of(self, bias_ridge: float) -> Float32Array:
        """The biases, (n,), where there are no vectors, and the other side has no biases."""
        counts = np.diff(self.entries.offsets)
        rows = np.repeat(np.arange(len(self)), counts)
        sums = np.bincount(rows, weights=self.entries.weights, minlength=len(self))
        return np.asarray(sums / (counts + bias_ridge), np.float32)

    def penalty(self, vectors: Float32Array) -> float:
        """The regularization of the vectors less their last coordinate."""
        lengths: Float64Array = np.einsum("ij,ij->i", vectors[:, :-1], vectors[:, :-1], dtype=np.float64)
        return float(self.ridge.astype(np.float64) @ lengths)

    def _pieces(self) -> list[tuple[int, int]]:
        """Ranges of rows of about equal work, the heaviest first, so that no thread ends with a heavy one."""
        cost: Int64Array = self.entries.offsets + _ROW_COST * np.arange(len(self) + 1)
        cuts = np.unique(np.searchsorted(cost, np.arange(0, cost[-1] + _PIECE, _PIECE)).clip(max=len(self)))
        work = np.diff(cost[cuts])
        return [(int(cuts[i]), int(cuts[i + 1])) for i in np.argsort(-work, kind="stable")]


def is_rated(merged: Histories, scale: Scale, dataset: Dataset | None = None) -> BoolArray:
    """Which entries are ratings: all but zeros that are not on the scale, which say "seen", and nothing more.

    Raises DataError for any other weight outside the scale; where the histories are those of `dataset`, it names whose.
    """
    low, high = scale
    outside: BoolArray = (merged.weights < np.float32(low)) | (merged.weights > np.float32(high))
    wrong = np.flatnonzero(outside & (merged.weights != 0))
    if wrong.size:
        first = int(wrong[0])
        whose = ""
        if dataset is not None:
            user = dataset.users[int(merged.row_of_entry[first])]
            whose = f" (user {user!r}, item {dataset.items[int(merged.items[first])]!r})"
        count = "a rating lies" if wrong.size == 1 else f"{wrong.size:,} ratings lie"
        raise DataError(
            f"{count} outside the scale {low:g} to {high:g}, the first is {merged.weights[first]:g}{whose}; correct "
            "the ratings, or declare the scale that they are on"
        )
    return ~outside


def rated(histories: Histories, scale: Scale, dataset: Dataset | None = None) -> Histories:
    """Each rated item once per row, with its rating; raises as `is_rated` does."""
    merged = histories.merged()
    there = is_rated(merged, scale, dataset)
    return merged if there.all() else merged.where(there)
