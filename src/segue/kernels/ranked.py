"""The first k of one ranking that all rows share, less what each row must not get."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS = 1024  # that a thread takes at once


def ranked_topk(
    ranking: npt.NDArray[np.int32],
    n: int,
    n_items: int,
    k: int,
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    *,
    threads: int | None = None,
) -> npt.NDArray[np.int32]:
    """The first k entries of `ranking` (int32, distinct, below n_items) that are not blocked: int32 (n, k), -1 pads.

    blocked: what must not come back, row by row: int64 offsets of shape (n + 1,) into int32 positions below n_items.
    Time: k and the length of what is blocked, for each row. Memory beside the result: 4 bytes per item and thread.
    """
    lists = np.full((n, k), -1, np.int32)

    def worker(starts: Iterator[int]) -> None:
        blocked_for = np.full(n_items, -1, np.int32)
        for start in starts:
            _walk(start, min(n, start + _ROWS), ranking, blocked_offsets, blocked_items, blocked_for, lists)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return lists


@kernel(
    [
        types.void(
            types.int64,
            types.int64,
            read(types.int32),
            read(types.int64),
            read(types.int32),
            write(types.int32),
            write(types.int32, 2),
        )
    ]
)
def _walk(
    first: int,
    last: int,
    ranking: npt.NDArray[np.int32],
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    blocked_for: npt.NDArray[np.int32],
    lists: npt.NDArray[np.int32],
) -> None:
    for row in range(first, last):
        for entry in range(blocked_offsets[row], blocked_offsets[row + 1]):
            blocked_for[blocked_items[entry]] = row
        count = 0
        for place in range(ranking.size):
            if count == lists.shape[1]:
                break
            item = ranking[place]
            if blocked_for[item] != row:
                lists[row, count] = item
                count += 1
