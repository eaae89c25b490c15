"""From items to the users who share them, and on to those users' items."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.sparse_dense import Rows
from segue.kernels.threads import spread

_ROWS: Final = 16  # histories that a thread takes at once

Scores = npt.NDArray[np.float32]
Sizes = npt.NDArray[np.float64]


def add_through_users(histories: Rows, by_item: Rows, by_user: Rows, scores: Scores, *, threads: int | None) -> None:
    """scores += H X' X, without X'X: histories H (n, m), users x items X by row, and X' by row; scores float32 (n, m).

    Time for a history: the entries of all users who share an item with it. Memory beside: 16 bytes a user and thread.
    """
    n, n_users = histories[0].size - 1, by_user[0].size - 1

    def worker(share: Iterator[int]) -> None:
        sums, touched = np.zeros(n_users, np.float64), np.empty(n_users, np.int32)
        marked = np.zeros(n_users, np.bool_)
        for first in share:
            _through(first, min(n, first + _ROWS), *histories, *by_item, *by_user, sums, touched, marked, scores)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)


_I64, _I32, _F64, _F32, _BOOL = types.int64, types.int32, types.float64, types.float32, types.boolean
_MATRICES = [read(_I64), read(_I32), read(_F32)] * 3
_SCRATCH = [write(_F64), write(_I32), write(_BOOL)]


@kernel()
def _gather(
    row: int,
    offsets: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    item_offsets: npt.NDArray[np.int64],
    item_users: npt.NDArray[np.int32],
    item_values: npt.NDArray[np.float32],
    sums: Sizes,
    touched: npt.NDArray[np.int32],
    marked: npt.NDArray[np.bool_],
) -> int:
    """The products of one history with every user, into `sums`; returns how many users `touched` lists."""
    count = 0
    for entry in range(offsets[row], offsets[row + 1]):
        value = np.float64(values[entry])
        item = items[entry]
        if value == 0.0:
            continue
        for place in range(item_offsets[item], item_offsets[item + 1]):
            user = item_users[place]
            if not marked[user]:
                marked[user] = True
                sums[user] = 0.0
                touched[count] = user
                count += 1
            sums[user] += value * item_values[place]
    return count


@kernel([types.void(_I64, _I64, *_MATRICES, *_SCRATCH, write(_F32, 2))])
def _through(
    first: int,
    last: int,
    offsets: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
    item_offsets: npt.NDArray[np.int64],
    item_users: npt.NDArray[np.int32],
    item_values: npt.NDArray[np.float32],
    user_offsets: npt.NDArray[np.int64],
    user_items: npt.NDArray[np.int32],
    user_values: npt.NDArray[np.float32],
    sums: Sizes,
    touched: npt.NDArray[np.int32],
    marked: npt.NDArray[np.bool_],
    scores: Scores,
) -> None:
    for row in range(first, last):
        count = _gather(row, offsets, items, values, item_offsets, item_users, item_values, sums, touched, marked)
        for place in range(count):
            user = touched[place]
            marked[user] = False
            share = np.float32(sums[user])
            for entry in range(user_offsets[user], user_offsets[user + 1]):
                scores[row, user_items[entry]] += share * user_values[entry]
