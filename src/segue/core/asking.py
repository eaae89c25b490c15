"""What a recommender is asked: what it refuses, what must not come back, and how many rows it takes at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from segue.core.arrays import BoolArray, Int32Array, Int64Array
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError

_BLOCK_BYTES: Final = 64 * 2**20  # of scores held at once


def check_k(k: int) -> None:
    """Raises SettingsError unless k is at least 1."""
    if k < 1:
        raise SettingsError(f"k, the length of a list, must be at least 1, got {k}")


def allowed_mask(allowed: BoolArray | None, n_items: int) -> BoolArray:
    """The mask as a bool vector of n_items; an empty vector stands for "all"."""
    if allowed is None:
        return np.zeros(0, dtype=np.bool_)
    mask = np.ascontiguousarray(allowed, dtype=np.bool_)
    if mask.shape != (n_items,):
        raise DataError(f"allowed must be a mask over the {n_items} items, got shape {mask.shape}")
    return mask


def blocked_items(
    histories: Histories, exclude_seen: bool, banned: Histories | None, n_items: int
) -> tuple[Int64Array, Int32Array]:
    """What must not come back, row by row, as offsets (n + 1) and items; repeats are allowed and harmless."""
    nothing = np.zeros(len(histories) + 1, np.int64), np.zeros(0, np.int32)
    seen = (histories.offsets, histories.items) if exclude_seen else nothing
    if banned is None:
        return seen
    if len(banned) != len(histories):
        raise DataError(f"banned must have one row per history ({len(histories)}), got {len(banned)}")
    more = banned.known(n_items)[0]
    if not exclude_seen:
        return more.offsets, more.items
    return joined(*seen, more.offsets, more.items)


def joined(
    offsets: Int64Array, items: Int32Array, more_offsets: Int64Array, more_items: Int32Array
) -> tuple[Int64Array, Int32Array]:
    """Two ragged arrays of equally many rows as one: each row's items, then its further ones."""
    both = offsets + more_offsets
    out = np.empty(both[-1], np.int32)
    out[np.arange(items.size) + np.repeat(more_offsets[:-1], np.diff(offsets))] = items
    out[np.arange(more_items.size) + np.repeat(offsets[1:], np.diff(more_offsets))] = more_items
    return both, out


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices that cut n_rows into blocks of float32 scores of at most 64 MiB, but at least one row."""
    size = max(1, _BLOCK_BYTES // (4 * max(1, n_columns)))
    for start in range(0, n_rows, size):
        yield slice(start, min(n_rows, start + size))
