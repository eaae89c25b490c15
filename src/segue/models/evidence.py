"""Who can know of whom: items that listeners join, directly or through other items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from segue.core.arrays import BoolArray, Int32Array, Int64Array, frozen
from segue.core.histories import Histories
from segue.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Communities:
    """The connected components of a graph of listeners and items.

    A model whose weights are dense gives every pair of items a number, but between items that no chain of listeners
    joins it is a zero that says nothing.

    labels: int32, shape (n_items,), the component of each item, counted from 0; -1 for an item that nobody has.
    """

    labels: Int32Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", frozen(self.labels, np.int32))
        if self.labels.ndim != 1 or (self.labels.size and not -1 <= self.labels.min() <= self.labels.max() < len(self)):
            raise DataError(f"the components of items must be a vector of numbers from -1 to {len(self) - 1}")

    @classmethod
    def of(cls, matrix: sp.csr_array[Any]) -> Communities:
        """The components of a users x items matrix, each entry of which joins a user and an item."""
        n_users, n_items = matrix.shape
        users = np.repeat(np.arange(n_users), np.diff(matrix.indptr))
        ends = (users, matrix.indices + n_users)
        graph = sp.coo_array((np.ones(matrix.nnz, np.int32), ends), shape=(n_users + n_items, n_users + n_items))
        _, component = connected_components(graph, directed=False)
        labels = np.full(n_items, -1, np.int32)
        there = np.unique(matrix.indices)
        labels[there] = np.unique(component[n_users:][there], return_inverse=True)[1]
        return cls(labels)

    def __len__(self) -> int:
        return int(self.labels.size)

    def joined(self, histories: Histories, *, by_others: bool) -> BoolArray:
        """Whether something liked (w > 0) in the history is joined to the item: bool, shape (n, n_items).

        With `by_others`, what joins an item must be another one. Every item of the histories is known.
        """
        liked, counts = self._counts(histories)
        joined = (counts > 0)[:, self.labels]
        if by_others:
            rows, items = histories.row_of_entry[liked], histories.items[liked]
            joined[rows, items] = counts[rows, self.labels[items]] > 1
        return joined

    def joined_at(self, histories: Histories, candidates: Int32Array, *, by_others: bool) -> BoolArray:
        """As `joined`, for some items of each history: bool, of the shape of `candidates`; false below 0."""
        return np.take_along_axis(self.joined(histories, by_others=by_others), np.maximum(candidates, 0), axis=1) & (
            candidates >= 0
        )

    def _counts(self, histories: Histories) -> tuple[BoolArray, Int64Array]:
        """Which entries are likes, and how many of them fall into each component; the last column, of -1, stays 0."""
        width = int(self.labels.max(initial=-1)) + 2
        liked = histories.weights > 0
        labels = self.labels[histories.items[liked]]
        rows = histories.row_of_entry[liked][labels >= 0]
        key = rows * width + labels[labels >= 0]
        return liked, np.bincount(key, minlength=len(histories) * width).reshape(len(histories), width)
