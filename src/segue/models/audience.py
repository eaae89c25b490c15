"""Whom an item suits: lists of histories, made block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.histories import Histories
from segue.kernels.topk import select_topk


@dataclass(slots=True, eq=False)
class Audience:
    """The k best histories of each of m items so far; histories come in blocks, in their order.

    rows: int32, shape (m, k), -1 where a list has ended. scores: float32, shape (m, k), falling; ties by row.
    """

    rows: Int32Array
    scores: Float32Array

    @classmethod
    def none(cls, m: int, k: int) -> Audience:
        """Nobody yet."""
        return cls(np.full((m, k), -1, np.int32), np.full((m, k), -np.inf, np.float32))

    def add(self, start: int, found: Int32Array, scores: Float32Array, threads: int | None) -> None:
        """Takes in the best of a block of histories, (m, any), which begins at row `start`."""
        m, k = self.rows.shape
        rows = np.concatenate([self.rows, np.where(found >= 0, found + np.int32(start), np.int32(-1))], axis=1)
        both = np.concatenate([self.scores, scores], axis=1)
        nothing = np.zeros(m + 1, np.int64), np.zeros(0, np.int32)
        columns, self.scores = select_topk(both, k, *nothing, np.zeros(0, np.bool_), threads=threads)
        self.rows = np.where(columns >= 0, np.take_along_axis(rows, np.maximum(columns, 0), axis=1), np.int32(-1))


def holders(histories: Histories, items: Int32Array, n_items: int) -> tuple[Int64Array, Int32Array]:
    """The rows that hold each of `items` (distinct), as offsets (m + 1) and rows; repeats are harmless."""
    place = np.full(n_items, -1, np.int32)
    place[items] = np.arange(items.size, dtype=np.int32)
    of_entry = place[histories.items]
    entries = np.flatnonzero(of_entry >= 0)
    entries = entries[np.argsort(of_entry[entries], kind="stable")]
    counts = np.bincount(of_entry[entries], minlength=items.size)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return offsets, histories.row_of_entry[entries].astype(np.int32)
