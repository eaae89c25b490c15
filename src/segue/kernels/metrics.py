"""Lists held against the right answers: which entries are hits, and the sums that ranking metrics need.

Marking hits looks every entry up and is spread over threads; the sums read each mark once and are bound by memory.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS: Final = 1024  # lists that a thread works through before it takes the next ones

Marks = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]

_BOOL, _I32, _I64, _F64 = types.boolean, types.int32, types.int64, types.float64
_MARKS = read(_BOOL, 2)


def mark_hits(
    items: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    relevant: npt.NDArray[np.int32],
    *,
    threads: int | None = None,
) -> tuple[Marks, int]:
    """Which entries of the lists are relevant.

    items:             int32, shape (n, k), -1 where a list has ended.
    offsets, relevant: int64 (n + 1,) into int32: the right answers, row by row, rising and distinct within a row.

    Returns the marks, bool (n, k), and the first row in which a relevant item is listed twice, or -1; such a repeat is
    not marked again. Time: n k log(relevant items per row).
    """
    n, k = items.shape
    hits = np.zeros((n, k), np.bool_)
    repeats: list[int] = []
    lock = threading.Lock()

    def worker(starts: Iterator[int]) -> None:
        for start in starts:
            stop = min(start + _ROWS, n)
            row = _mark(items[start:stop], offsets[start : stop + 1], relevant, hits[start:stop])
            if row >= 0:
                with lock:
                    repeats.append(start + row)

    spread(worker, range(0, n, _ROWS), threads if n * k > 2**20 else 1)
    return hits, min(repeats, default=-1)


@kernel([_I64(read(_I32, 2), read(_I64), read(_I32), write(_BOOL, 2))])
def _mark(
    items: npt.NDArray[np.int32], offsets: npt.NDArray[np.int64], relevant: npt.NDArray[np.int32], hits: Marks
) -> int:
    n, k = items.shape
    met = np.full(relevant.size if n == 0 else offsets[n] - offsets[0], False)
    repeated = -1
    for row in range(n):
        begin, end = offsets[row], offsets[row + 1]
        for rank in range(k):
            item = items[row, rank]
            if item < 0:
                break
            low, high = begin, end
            while low < high:
                middle = (low + high) >> 1
                if relevant[middle] < item:
                    low = middle + 1
                else:
                    high = middle
            if low < end and relevant[low] == item:
                if met[low - offsets[0]]:
                    if repeated < 0:
                        repeated = row
                else:
                    met[low - offsets[0]] = True
                    hits[row, rank] = True
    return repeated


@kernel([_F64[::1](_MARKS, read(_I64))])
def count_hits(hits: Marks, depths: npt.NDArray[np.int64]) -> Values:
    """How many of the first depths[row] entries of each row are hits, float64 (n,)."""
    n, k = hits.shape
    counts = np.zeros(n, np.float64)
    for row in range(n):
        found = 0
        for rank in range(min(depths[row], k)):
            found += hits[row, rank]
        counts[row] = found
    return counts


@kernel([_I64[::1](_MARKS, _I64)])
def first_hits(hits: Marks, depth: int) -> npt.NDArray[np.int64]:
    """The rank (from 1) of the first hit among the first `depth` entries of each row, 0 without one, int64 (n,)."""
    n, k = hits.shape
    ranks = np.zeros(n, np.int64)
    for row in range(n):
        for rank in range(min(depth, k)):
            if hits[row, rank]:
                ranks[row] = rank + 1
                break
    return ranks


@kernel([_F64[::1](_MARKS, _I64)])
def precision_sums(hits: Marks, depth: int) -> Values:
    """The sum over the hits among the first `depth` entries of the precision down to each hit, float64 (n,)."""
    n, k = hits.shape
    sums = np.zeros(n, np.float64)
    for row in range(n):
        found = 0
        total = 0.0
        for rank in range(min(depth, k)):
            if hits[row, rank]:
                found += 1
                total += found / (rank + 1)
        sums[row] = total
    return sums


@kernel([_F64[::1](_MARKS, read(_F64))])
def gains(hits: Marks, discounts: Values) -> Values:
    """The sum of discounts[rank] over the hits among the first len(discounts) entries of each row, float64 (n,)."""
    n, k = hits.shape
    sums = np.zeros(n, np.float64)
    for row in range(n):
        total = 0.0
        for rank in range(min(discounts.size, k)):
            if hits[row, rank]:
                total += discounts[rank]
        sums[row] = total
    return sums
