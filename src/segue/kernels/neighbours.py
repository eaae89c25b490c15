"""The nearest neighbours of every item by how their users overlap, exact, without an items x items matrix.

The rows of the item x user matrix are multiplied with the user x item matrix one at a time (Gustavson's row-wise sparse
product): an accumulator per item, a list of the items touched, and the best of them as keys (see `selection`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.selection import Best, bits_of, finish, keep_largest, key_of
from segue.kernels.threads import spread

_PIECE: Final = 2_000_000  # products that a thread works through before it takes the next piece

Offsets = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]
Sizes = npt.NDArray[np.float64]


def nearest(
    offsets: Offsets,
    users: Positions,
    values: Values,
    user_offsets: Offsets,
    user_items: Positions,
    user_values: Values,
    left: Sizes,
    right: Sizes,
    *,
    k: int,
    union: bool,
    shrinkage: float = 0.0,
    threads: int | None = None,
    done: Callable[[int], None] | None = None,
) -> tuple[Positions, Values]:
    """The k items j with the largest positive similarity to each item i, i itself left out.

    offsets, users, values: the item x user matrix X, row by row (m + 1 offsets).
    user_offsets, user_items, user_values: the user x item matrix Y, row by row.
    left, right: float64, shape (m,), sizes of the items.

    With p = (X Y)_ij the similarity is p / (left_i * right_j + shrinkage), or for `union` that of sets,
    p / (left_i + right_j - p + shrinkage).

    Returns items (int32, -1 pads) and similarities (float32, 0 pads), both (m, k), largest first, ties by position; the
    same for every number of threads. `done` hears of the items finished. Memory beside the result: 16 bytes per item
    and thread. Time: the sum over users of the square of their number of items.
    """
    m = offsets.size - 1
    items = np.full((m, k), -1, np.int32)
    similarities = np.zeros((m, k), np.float32)

    def worker(pieces: Iterator[tuple[int, int]]) -> None:
        sums = np.empty(m, np.float64)
        last_row = np.full(m, -1, np.int32)
        touched, found = np.empty(m + 1, np.int32), np.empty(m, np.float32)
        best = Best.room(1, k)
        for first, last in pieces:
            _nearest(
                first,
                last,
                offsets,
                users,
                values,
                user_offsets,
                user_items,
                user_values,
                left,
                right,
                union,
                shrinkage,
                sums,
                last_row,
                touched,
                found,
                best.keys,
                best.counts,
                best.thresholds,
                items,
                similarities,
            )
            if done is not None:
                done(last - first)

    spread(worker, _pieces(offsets, users, user_offsets), threads)
    return items, similarities


def _pieces(offsets: Offsets, users: Positions, user_offsets: Offsets) -> list[tuple[int, int]]:
    """Ranges of items with about the same number of products each."""
    of_entry = np.concatenate([[0], np.cumsum(np.diff(user_offsets)[users])])
    work = of_entry[offsets]
    cuts = np.searchsorted(work, np.arange(0, work[-1], _PIECE)[1:])
    bounds = np.unique(np.concatenate([[0], cuts, [offsets.size - 1]]))
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


_I64, _I32, _F64, _F32 = types.int64, types.int32, types.float64, types.float32


@kernel(
    [
        types.void(
            _I64,
            _I64,
            read(_I64),
            read(_I32),
            read(_F32),
            read(_I64),
            read(_I32),
            read(_F32),
            read(_F64),
            read(_F64),
            types.boolean,
            _F64,
            write(_F64),
            write(_I32),
            write(_I32),
            write(_F32),
            write(types.uint64, 2),
            write(_I64),
            write(_F32),
            write(_I32, 2),
            write(_F32, 2),
        )
    ]
)
def _nearest(
    first: int,
    last: int,
    offsets: Offsets,
    users: Positions,
    values: Values,
    user_offsets: Offsets,
    user_items: Positions,
    user_values: Values,
    left: Sizes,
    right: Sizes,
    union: bool,
    shrinkage: float,
    sums: Sizes,
    last_row: Positions,
    touched: Positions,
    found: Values,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    thresholds: Values,
    items: Positions,
    similarities: Values,
) -> None:
    """The rows first:last of `items` and `similarities`; `last_row` names the row that last touched each sum."""
    k = items.shape[1]
    row, bits, kth, values_out = (
        keys[0],
        found.view(np.uint32),
        thresholds.view(np.uint32),
        similarities.view(np.uint32),
    )
    for i in range(first, last):
        count = 0
        for entry in range(offsets[i], offsets[i + 1]):
            user = users[entry]
            value = np.float64(values[entry])
            for place in range(user_offsets[user], user_offsets[user + 1]):
                j = user_items[place]
                product = value * user_values[place]
                if product == 0.0:
                    continue
                # Without a branch, which half of the time would be guessed wrong.
                new = last_row[j] != i
                touched[count] = j
                count += int(new)
                sums[j] = (0.0 if new else sums[j]) + product
                last_row[j] = i
        size, threshold = 0, np.float32(0.0)
        for place in range(count):
            j = touched[place]
            total = sums[j]
            below = left[i] + right[j] - total if union else left[i] * right[j]
            found[place] = total / (below + shrinkage) if total > 0.0 else 0.0
        for place in range(count):
            # The threshold is the k-th best so far, which something further to the front may equal.
            if found[place] > 0.0 and found[place] >= threshold and touched[place] != i:
                row[size] = key_of(bits[place], touched[place])
                size += 1
                if size == row.size:
                    size = keep_largest(row, size, k)
                    kth[0] = bits_of(row[k - 1])
                    threshold = thresholds[0]
        counts[0] = size
        finish(1, k, keys, counts, items[i : i + 1], values_out[i : i + 1])
