"""Keeping the k best of scores that come in tiles: some rows by some columns at a time.

A tile is compared with each row's threshold, its k-th best score so far, and what passes is kept as a 64-bit key that
orders by score, then position. When a row's room is full, its keys are cut down to the k largest, which raises the
threshold; once it is high, whole strides of scores are passed over at once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write

STRIDE: Final = 64  # scores that are compared with the threshold at once; a tile's columns are a multiple
_STEP: Final = 16  # those of a stride that are looked at again
_INSERTED: Final = 48  # so few keys are sorted by insertion

_U64, _I64, _U32, _I32, _F32, _BOOL = types.uint64, types.int64, types.uint32, types.int32, types.float32, types.boolean


class Best(NamedTuple):
    """The best candidates of some rows so far."""

    k: int
    keys: npt.NDArray[np.uint64]  # (rows, room)
    counts: npt.NDArray[np.int64]  # (rows,), how many keys there are
    thresholds: npt.NDArray[np.float32]  # (rows,), what a score must exceed

    @classmethod
    def room(cls, rows: int, k: int) -> Best:
        keys = np.empty((rows, 2 * k + 64), np.uint64)
        return cls(k, keys, np.empty(rows, np.int64), np.empty(rows, np.float32))

    def clear(self) -> None:
        self.counts.fill(0)
        self.thresholds.fill(-np.inf)


@kernel([types.void(write(_F32, 2), _I64, read(_I64), read(_I32))])
def bar(
    tile: npt.NDArray[np.float32],
    first: int,
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
) -> None:
    """Sets the blocked scores of a tile, whose columns are first, first + 1, ..., to -inf."""
    rows, width = tile.shape
    for row in range(rows):
        for entry in range(blocked_offsets[row], blocked_offsets[row + 1]):
            column = blocked_items[entry] - first
            if 0 <= column < width:
                tile[row, column] = -np.inf


@kernel([_I64(write(_U64), _I64, _I64)])
def keep_largest(keys: npt.NDArray[np.uint64], count: int, k: int) -> int:
    """Moves the k largest of keys[:count], which are distinct, to the front, the smallest of them to keys[k - 1]."""
    low, high, place = 0, count - 1, k - 1
    while low < high:
        a, b, c = keys[low], keys[(low + high) >> 1], keys[high]
        pivot = max(min(a, b), min(max(a, b), c))
        i, j = low, high
        while i <= j:
            while keys[i] > pivot:
                i += 1
            while keys[j] < pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        if place <= j:
            high = j
        elif place >= i:
            low = i
        else:
            break
    return k


@kernel([_U64(_U32, _I64)])
def key_of(bits: np.uint32, position: int) -> np.uint64:
    """A number that is larger for a larger score (given by its bits) and, at equal scores, for a smaller position."""
    if bits == np.uint32(0x80000000):  # -0.0 equals 0.0
        bits = np.uint32(0)
    rising = bits ^ (np.uint32(0xFFFFFFFF) if bits >> np.uint32(31) else np.uint32(0x80000000))
    return (np.uint64(rising) << np.uint64(32)) | np.uint64(np.uint32(0xFFFFFFFF) - np.uint32(position))


@kernel([_U32(_U64)])
def bits_of(key: np.uint64) -> np.uint32:
    """The bits of the score in a key."""
    rising = np.uint32(key >> np.uint64(32))
    if rising >> np.uint32(31):
        return rising ^ np.uint32(0x80000000)
    return rising ^ np.uint32(0xFFFFFFFF)


@kernel(inline=True)
def _any_above(scores: npt.NDArray[np.float32], start: int, length: int, threshold: np.float32) -> bool:
    # A count has no early end, so that it runs on whole vectors, and is as wide as a score; positions are unsigned,
    # since others would be checked for being negative.
    above = np.uint32(0)
    for column in range(length):
        above = np.uint32(above + np.uint32(scores[np.uint64(start + column)] > threshold))
    return bool(above > 0)


@kernel([types.void(read(_F32, 2), _I64, read(_BOOL), _I64, write(_U64, 2), write(_I64), write(_F32))])
def offer(
    tile: npt.NDArray[np.float32],
    first: int,
    allowed: npt.NDArray[np.bool_],
    k: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    thresholds: npt.NDArray[np.float32],
) -> None:
    """Takes what passes each row's threshold from a tile, whose columns are first, first + 1, ..."""
    rows, columns = tile.shape
    everything = allowed.size == 0
    room = keys.shape[1] - _STEP
    tile_bits = tile.view(np.uint32)
    threshold_bits = thresholds.view(np.uint32)
    for row in range(rows):
        scores, score_bits, row_keys = tile[row], tile_bits[row], keys[row]
        count, threshold = counts[row], thresholds[row]
        for stride in range(0, columns, STRIDE):
            if not _any_above(scores, stride, STRIDE, threshold):
                continue
            for step in range(stride, stride + STRIDE, _STEP):
                if not _any_above(scores, step, _STEP, threshold):
                    continue
                for column in range(step, step + _STEP):
                    if scores[column] > threshold and (everything or allowed[first + column]):
                        row_keys[count] = key_of(score_bits[column], first + column)
                        count += 1
                if count > room:
                    count = keep_largest(row_keys, count, k)
                    threshold_bits[row] = bits_of(row_keys[k - 1])
                    threshold = thresholds[row]
        counts[row] = count


@kernel([_I64(write(_U64), _I64, _I64, write(_I64))])
def _sort_falling(keys: npt.NDArray[np.uint64], count: int, k: int, buckets: npt.NDArray[np.int64]) -> int:
    """Sorts keys[:count], largest first, with keys[k : k + count] as the other room; returns where they start.

    By insertion if few, else byte by byte from the lowest, passing over bytes in which all keys agree.
    """
    if count < _INSERTED:
        for place in range(1, count):
            key = keys[place]
            before = place - 1
            while before >= 0 and keys[before] < key:
                keys[before + 1] = keys[before]
                before -= 1
            keys[before + 1] = key
        return 0
    source, target = 0, k
    for byte in range(8):
        shift = np.uint64(8 * byte)
        buckets[:] = 0
        for place in range(source, source + count):
            buckets[np.uint64(255) - ((keys[place] >> shift) & np.uint64(255))] += 1
        if buckets[np.uint64(255) - ((keys[source] >> shift) & np.uint64(255))] == count:
            continue
        end = target
        for bucket in range(256):
            size = buckets[bucket]
            buckets[bucket] = end
            end += size
        for place in range(source, source + count):
            bucket = np.uint64(255) - ((keys[place] >> shift) & np.uint64(255))
            keys[buckets[bucket]] = keys[place]
            buckets[bucket] += 1
        source, target = target, source
    return source


@kernel([types.void(_I64, _I64, write(_U64, 2), write(_I64), write(_I32, 2), write(_U32, 2))])
def finish(
    rows: int,
    k: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    values: npt.NDArray[np.uint32],
) -> None:
    """Writes each row's k best, largest first: items, and the bits of the scores."""
    buckets = np.empty(256, np.int64)
    for row in range(rows):
        count = counts[row]
        if count > k:
            count = keep_largest(keys[row], count, k)
        start = _sort_falling(keys[row], count, k, buckets)
        for place in range(count):
            key = keys[row, start + place]
            items[row, place] = np.int32(np.uint32(0xFFFFFFFF) - np.uint32(key & np.uint64(0xFFFFFFFF)))
            values[row, place] = bits_of(key)
