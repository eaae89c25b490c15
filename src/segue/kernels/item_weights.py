"""Scores and lists of histories times a sparse items x items operator.

An item has evidence where some history entry with a positive value has a weight for it; entries with a negative value
only subtract. Sums are taken in double precision, positive entries first, each in the order of the history.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.heap import offer, unwind
from segue.kernels.threads import spread

_ROWS = 64  # histories that a thread takes at once

Offsets = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Sums = npt.NDArray[np.float64]

Rows = tuple[Offsets, Positions, Values]  # a sparse matrix, row by row


def product(histories: Rows, operator: Rows, *, threads: int | None = None) -> Values:
    """Scores of all items, float32 (n, m), -inf without evidence."""
    n, m = histories[0].size - 1, operator[0].size - 1
    scores = np.full((n, m), -np.inf, np.float32)

    def worker(starts: Iterator[int]) -> None:
        scratch = _scratch(m)
        for start in starts:
            _dense(start, min(n, start + _ROWS), *histories, *operator, *scratch, scores)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return scores


def product_at(histories: Rows, operator: Rows, candidates: Positions, *, threads: int | None = None) -> Values:
    """Scores of `candidates` (n, c), float32, -inf without evidence and for candidates below 0."""
    n, m = histories[0].size - 1, operator[0].size - 1
    scores = np.full(candidates.shape, -np.inf, np.float32)
    candidates = np.ascontiguousarray(candidates, np.int32)

    def worker(starts: Iterator[int]) -> None:
        scratch = _scratch(m)
        for start in starts:
            _sparse(start, min(n, start + _ROWS), *histories, *operator, *scratch, candidates, scores)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return scores


def product_topk(
    histories: Rows,
    operator: Rows,
    k: int,
    blocked_offsets: Offsets,
    blocked_items: Positions,
    allowed: Mask,
    *,
    threads: int | None = None,
) -> tuple[Positions, Values]:
    """The k best items with evidence of each history: items (int32, -1 pads) and scores (float32, -inf pads), (n, k).

    blocked: what must not come back, row by row; allowed: bool (m,), or empty for "all". Largest first, ties by
    position. Memory beside the result: 16 bytes per item and thread. Time: the number of operator weights that the
    histories meet.
    """
    n, m = histories[0].size - 1, operator[0].size - 1
    items = np.full((n, k), -1, np.int32)
    scores = np.full((n, k), -np.inf, np.float32)

    def worker(starts: Iterator[int]) -> None:
        scratch = _scratch(m)
        for start in starts:
            stop = min(n, start + _ROWS)
            _best(start, stop, *histories, *operator, *scratch, blocked_offsets, blocked_items, allowed, items, scores)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return items, scores


def weights_for(item: int, liked: Positions, operator: Rows) -> Values:
    """The operator's weight from each of `liked` to one item, float32, 0 where there is none."""
    found = np.zeros(liked.size, np.float32)
    _weights_for(item, liked, *operator, found)
    return found


def _scratch(m: int) -> tuple[Sums, Positions, Positions]:
    """Sums, the row that last touched each of them, and a list of the items touched."""
    return np.empty(m, np.float64), np.full(m, -1, np.int32), np.empty(m, np.int32)


_I64, _I32, _F64, _F32 = types.int64, types.int32, types.float64, types.float32
_MATRICES = [read(_I64), read(_I32), read(_F32)] * 2
_SCRATCH = [write(_F64), write(_I32), write(_I32)]


@kernel()
def _accumulate(
    row: int,
    offsets: Offsets,
    items: Positions,
    values: Values,
    weight_offsets: Offsets,
    weight_items: Positions,
    weights: Values,
    sums: Sums,
    last_row: Positions,
    touched: Positions,
) -> int:
    """The sums of one history over the items with evidence; returns how many of those `touched` lists."""
    count = 0
    for entry in range(offsets[row], offsets[row + 1]):
        value = np.float64(values[entry])
        if value > 0.0:
            for place in range(weight_offsets[items[entry]], weight_offsets[items[entry] + 1]):
                item = weight_items[place]
                if last_row[item] != row:
                    last_row[item] = row
                    sums[item] = 0.0
                    touched[count] = item
                    count += 1
                sums[item] += value * weights[place]
    for entry in range(offsets[row], offsets[row + 1]):
        value = np.float64(values[entry])
        if value < 0.0:
            for place in range(weight_offsets[items[entry]], weight_offsets[items[entry] + 1]):
                item = weight_items[place]
                if last_row[item] == row:
                    sums[item] += value * weights[place]
    return count


@kernel([types.void(_I64, read(_I32), read(_I64), read(_I32), read(_F32), write(_F32))])
def _weights_for(
    item: int, liked: Positions, weight_offsets: Offsets, weight_items: Positions, weights: Values, found: Values
) -> None:
    for entry in range(liked.size):
        for place in range(weight_offsets[liked[entry]], weight_offsets[liked[entry] + 1]):
            if weight_items[place] == item:
                found[entry] = weights[place]
                break


@kernel([types.void(_I64, _I64, *_MATRICES, *_SCRATCH, write(_F32, 2))])
def _dense(
    first: int,
    last: int,
    offsets: Offsets,
    items: Positions,
    values: Values,
    weight_offsets: Offsets,
    weight_items: Positions,
    weights: Values,
    sums: Sums,
    last_row: Positions,
    touched: Positions,
    scores: Values,
) -> None:
    for row in range(first, last):
        count = _accumulate(row, offsets, items, values, weight_offsets, weight_items, weights, sums, last_row, touched)
        for place in range(count):
            scores[row, touched[place]] = sums[touched[place]]


@kernel([types.void(_I64, _I64, *_MATRICES, *_SCRATCH, read(_I32, 2), write(_F32, 2))])
def _sparse(
    first: int,
    last: int,
    offsets: Offsets,
    items: Positions,
    values: Values,
    weight_offsets: Offsets,
    weight_items: Positions,
    weights: Values,
    sums: Sums,
    last_row: Positions,
    touched: Positions,
    candidates: Positions,
    scores: Values,
) -> None:
    for row in range(first, last):
        _accumulate(row, offsets, items, values, weight_offsets, weight_items, weights, sums, last_row, touched)
        for place in range(candidates.shape[1]):
            item = candidates[row, place]
            if item >= 0 and last_row[item] == row:
                scores[row, place] = sums[item]


@kernel(
    [
        types.void(
            _I64,
            _I64,
            *_MATRICES,
            *_SCRATCH,
            read(_I64),
            read(_I32),
            read(types.boolean),
            write(_I32, 2),
            write(_F32, 2),
        )
    ]
)
def _best(
    first: int,
    last: int,
    offsets: Offsets,
    items: Positions,
    values: Values,
    weight_offsets: Offsets,
    weight_items: Positions,
    weights: Values,
    sums: Sums,
    last_row: Positions,
    touched: Positions,
    blocked_offsets: Offsets,
    blocked_items: Positions,
    allowed: Mask,
    best_items: Positions,
    best_scores: Values,
) -> None:
    for row in range(first, last):
        count = _accumulate(row, offsets, items, values, weight_offsets, weight_items, weights, sums, last_row, touched)
        for entry in range(blocked_offsets[row], blocked_offsets[row + 1]):
            last_row[blocked_items[entry]] = -1
        size = 0
        for place in range(count):
            item = touched[place]
            if last_row[item] == row and (allowed.size == 0 or allowed[item]):
                size = offer(best_scores[row], best_items[row], size, np.float32(sums[item]), item)
        unwind(best_scores[row], best_items[row], size)
