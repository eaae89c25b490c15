"""Lists of items, row by row, -1 at the end: merging several, membership in a ragged array, caps on a label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS: Final = 256  # that a thread takes at once

Matrix = npt.NDArray[np.int32]
Masks = npt.NDArray[np.bool_]


def merge_lists(
    lists: Matrix, source_of: Matrix, n_sources: int, n_items: int, *, threads: int | None = None
) -> tuple[Matrix, npt.NDArray[np.int32]]:
    """Each item of a row once, and where each source had it.

    lists:     int32, shape (n, w): the lists of all sources side by side, items below n_items.
    source_of: int32, shape (w,): the source of each column; a source's columns stand together, best first.

    Returns items (int32, (n, m), by first appearance, m the longest row) and ranks (int32, (n, m, n_sources), from 1, 0
    where the source does not have the item). Memory beside the result: 8 bytes per item and thread.
    """
    n, width = lists.shape
    starts_of = np.searchsorted(source_of, np.arange(n_sources)).astype(np.int32)
    rank_of = (np.arange(width, dtype=np.int32) - starts_of[source_of] + 1).astype(np.int32)
    items = np.full((n, width), -1, np.int32)
    ranks = np.zeros((n, width, n_sources), np.int32)
    lists = np.ascontiguousarray(lists, np.int32)

    def worker(starts: Iterator[int]) -> None:
        last_row = np.full(n_items, -1, np.int32)
        place_of = np.empty(n_items, np.int32)
        for start in starts:
            _merge(start, min(n, start + _ROWS), lists, source_of, rank_of, last_row, place_of, items, ranks)

    spread(worker, range(0, n, _ROWS), threads if n > _ROWS else 1)
    longest = int(np.count_nonzero(items >= 0, axis=1).max(initial=0))
    return items[:, :longest], ranks[:, :longest]


def contained(lists: Matrix, offsets: npt.NDArray[np.int64], members: npt.NDArray[np.int32], n_items: int) -> Masks:
    """Which entries of each row are among the row's members, bool (n, m); offsets (n + 1) cut `members` into rows."""
    found = np.zeros(lists.shape, np.bool_)
    _contained(np.ascontiguousarray(lists, np.int32), offsets, members, np.full(n_items, -1, np.int32), found)
    return found


def over_limit(labels: Matrix, limit: int, top: int, n_labels: int) -> Masks:
    """Which entries have at least `limit` kept entries of the same label before them, bool (n, m).

    labels: int32, (n, m), below n_labels; -1 is no label and never over. Once `top` entries of a row are kept, the rest
    of the row is let through.
    """
    over = np.zeros(labels.shape, np.bool_)
    last_row, counts = np.full(n_labels, -1, np.int32), np.empty(n_labels, np.int32)
    _over_limit(np.ascontiguousarray(labels, np.int32), limit, top, last_row, counts, over)
    return over


_I64, _I32, _BOOL = types.int64, types.int32, types.boolean


@kernel(
    [
        types.void(
            _I64,
            _I64,
            read(_I32, 2),
            read(_I32),
            read(_I32),
            write(_I32),
            write(_I32),
            write(_I32, 2),
            write(_I32, 3),
        )
    ]
)
def _merge(
    first: int,
    last: int,
    lists: Matrix,
    source_of: Matrix,
    rank_of: Matrix,
    last_row: Matrix,
    place_of: Matrix,
    items: Matrix,
    ranks: npt.NDArray[np.int32],
) -> None:
    for row in range(first, last):
        count = 0
        for column in range(lists.shape[1]):
            item = lists[row, column]
            if item < 0:
                continue
            if last_row[item] != row:
                last_row[item] = row
                place_of[item] = count
                items[row, count] = item
                count += 1
            ranks[row, place_of[item], source_of[column]] = rank_of[column]


@kernel([types.void(read(_I32, 2), read(_I64), read(_I32), write(_I32), write(_BOOL, 2))])
def _contained(
    lists: Matrix,
    offsets: npt.NDArray[np.int64],
    members: npt.NDArray[np.int32],
    last_row: Matrix,
    found: Masks,
) -> None:
    for row in range(lists.shape[0]):
        for entry in range(offsets[row], offsets[row + 1]):
            last_row[members[entry]] = row
        for column in range(lists.shape[1]):
            item = lists[row, column]
            found[row, column] = item >= 0 and last_row[item] == row


@kernel([types.void(read(_I32, 2), _I64, _I64, write(_I32), write(_I32), write(_BOOL, 2))])
def _over_limit(labels: Matrix, limit: int, top: int, last_row: Matrix, counts: Matrix, over: Masks) -> None:
    for row in range(labels.shape[0]):
        kept = 0
        for column in range(labels.shape[1]):
            if kept == top:
                break
            label = labels[row, column]
            if label < 0:
                kept += 1
                continue
            if last_row[label] != row:
                last_row[label] = row
                counts[label] = 0
            if counts[label] < limit:
                counts[label] += 1
                kept += 1
            else:
                over[row, column] = True
