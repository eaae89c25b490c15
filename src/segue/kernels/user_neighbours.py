"""The users nearest to each history, among those of a matrix, and what they like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.heap import offer, unwind
from segue.kernels.sparse_dense import Rows
from segue.kernels.threads import spread

_ROWS: Final = 16  # histories that a thread takes at once

Positions = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]
Sizes = npt.NDArray[np.float64]


def nearest_users(
    histories: Rows,
    by_item: Rows,
    left: Sizes,
    right: Sizes,
    *,
    k: int,
    union: bool,
    shrinkage: float,
    threads: int | None = None,
) -> tuple[Positions, Values]:
    """The k users v with the largest positive similarity to each history.

    histories: H (n, m) by row; by_item: the transpose of the users x items matrix X, by row.
    left, right: float64 sizes of the n histories and of the users.

    With p = (H X')_uv the similarity is p / (left_u * right_v + shrinkage), or for `union`, where p counts the items
    that both like, p / (left_u + right_v - p + shrinkage).

    Returns users (int32, -1 pads) and similarities (float32, 0 pads), both (n, k), largest first, ties by position; the
    same for every number of threads. Time: the users of all items of a history. Memory: 13 bytes a user and thread.
    """
    n, n_users = histories[0].size - 1, right.size
    users, similarities = np.full((n, k), -1, np.int32), np.zeros((n, k), np.float32)

    def worker(share: Iterator[int]) -> None:
        sums, touched = np.zeros(n_users, np.float64), np.empty(n_users, np.int32)
        marked = np.zeros(n_users, np.bool_)
        for first in share:
            last = min(n, first + _ROWS)
            _nearest(
                first,
                last,
                *histories,
                *by_item,
                left,
                right,
                union,
                shrinkage,
                sums,
                touched,
                marked,
                users,
                similarities,
            )

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return users, similarities


def sums_of_users(
    users: Positions, weights: Values, by_user: Rows, n_items: int, *, threads: int | None = None
) -> Values:
    """sum_v weights_uv X_vi over the users of each row (n, k; -1 ends it): float32 (n, n_items).

    -inf where none of them has a positive value; negative values only subtract. Sums are in double precision.
    """
    n = len(users)
    scores = np.full((n, n_items), -np.inf, np.float32)

    def worker(share: Iterator[int]) -> None:
        sums = np.zeros(n_items, np.float64)
        for first in share:
            _sum(first, min(n, first + _ROWS), users, weights, *by_user, sums, scores)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    return scores


_I64, _I32, _F64, _F32, _BOOL = types.int64, types.int32, types.float64, types.float32, types.boolean
_SPARSE = [read(_I64), read(_I32), read(_F32)]


@kernel(
    [
        types.void(
            _I64,
            _I64,
            *_SPARSE,
            *_SPARSE,
            read(_F64),
            read(_F64),
            _BOOL,
            _F64,
            write(_F64),
            write(_I32),
            write(_BOOL),
            write(_I32, 2),
            write(_F32, 2),
        )
    ]
)
def _nearest(
    first: int,
    last: int,
    offsets: npt.NDArray[np.int64],
    items: Positions,
    values: Values,
    item_offsets: npt.NDArray[np.int64],
    item_users: Positions,
    item_values: Values,
    left: Sizes,
    right: Sizes,
    union: bool,
    shrinkage: float,
    sums: Sizes,
    touched: Positions,
    marked: npt.NDArray[np.bool_],
    users: Positions,
    similarities: Values,
) -> None:
    for row in range(first, last):
        count = 0
        for entry in range(offsets[row], offsets[row + 1]):
            value = np.float64(values[entry])
            if value == 0.0 or (union and value < 0.0):
                continue
            item = items[entry]
            for place in range(item_offsets[item], item_offsets[item + 1]):
                theirs = np.float64(item_values[place])
                if union and theirs <= 0.0:
                    continue
                user = item_users[place]
                if not marked[user]:
                    marked[user] = True
                    sums[user] = 0.0
                    touched[count] = user
                    count += 1
                sums[user] += 1.0 if union else value * theirs
        size = 0
        for place in range(count):
            user = touched[place]
            marked[user] = False
            total = sums[user]
            if total > 0.0:
                below = left[row] + right[user] - total if union else left[row] * right[user]
                similarity = np.float32(total / (below + shrinkage))
                if similarity > 0.0:
                    size = offer(similarities[row], users[row], size, similarity, user)
        unwind(similarities[row], users[row], size)


@kernel([types.void(_I64, _I64, read(_I32, 2), read(_F32, 2), *_SPARSE, write(_F64), write(_F32, 2))])
def _sum(
    first: int,
    last: int,
    users: Positions,
    weights: Values,
    user_offsets: npt.NDArray[np.int64],
    user_items: Positions,
    user_values: Values,
    sums: Sizes,
    scores: Values,
) -> None:
    """A score of 0 marks what has evidence until the sums are complete."""
    for row in range(first, last):
        for place in range(users.shape[1]):
            user = users[row, place]
            if user < 0:
                break
            weight = np.float64(weights[row, place])
            for entry in range(user_offsets[user], user_offsets[user + 1]):
                item, value = user_items[entry], user_values[entry]
                sums[item] += weight * value
                if value > 0.0:
                    scores[row, item] = 0.0
        for item in range(scores.shape[1]):
            if scores[row, item] == 0.0:
                scores[row, item] = np.float32(sums[item])
            sums[item] = 0.0
