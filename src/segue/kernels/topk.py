"""The k largest of many scores, row by row: exact, ties by position, never a NaN and never -inf.

Scores come in tiles, some rows by some columns. A tile is compared with each row's threshold, its k-th best score so
far, and what passes is kept as a 64-bit key that orders by score, then position. When a row's room is full, its keys
are cut down to the k largest, which raises the threshold; once it is high, whole steps are passed over at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.blas import product
from segue.kernels.compile import kernel, read, write
from segue.kernels.threads import spread

_ROWS: Final = 256  # of a tile; with its columns it fits into a second-level cache
_COLUMNS: Final = 512
_STRIDE: Final = 64  # scores that are compared with the threshold at once; a tile's columns are a multiple
_STEP: Final = 16  # those of a stride that are looked at again
_FEW: Final = 2**20  # scores that are not worth a second thread
_SAMPLE: Final = 2048  # items of which a first threshold is made


def select_topk(
    scores: npt.NDArray[np.float32],
    k: int,
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    allowed: npt.NDArray[np.bool_],
    *,
    threads: int | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The k largest scores of each row and where they are.

    scores:  float32, shape (n, m); -inf and NaN never come back.
    blocked: what must not come back, row by row: int64 offsets of shape (n + 1,) into int32 positions; repeats are
             harmless.
    allowed: bool, shape (m,), or empty for "all".

    Returns items (int32) and scores (float32) of shape (n, k): largest first, ties by position, then -1 and -inf.
    """
    n, m = scores.shape
    items, values = _nothing(n, k)
    scores = np.ascontiguousarray(scores, np.float32)
    if not n or not min(k, m):
        return items, values

    rows, columns = _tile(n, m)

    def worker(starts: Iterator[int]) -> None:
        best = _Best.room(rows, min(k, m))
        tile = np.empty((rows, columns), np.float32)
        for start in starts:
            stop = min(start + rows, n)
            part = tile[: stop - start]
            best.clear()
            for first in range(0, m, columns):
                width = min(columns, m - first)
                part[:, :width] = scores[start:stop, first : first + width]
                part[:, width:] = -np.inf
                _bar(part, first, blocked_offsets[start : stop + 1], blocked_items)
                _offer(part, first, allowed, *best)
            bits = values[start:stop].view(np.uint32)
            _finish(stop - start, best.k, best.keys, best.counts, items[start:stop], bits)

    spread(worker, range(0, n, rows), threads if n * m > _FEW else 1)
    return items, values


def product_topk(
    queries: npt.NDArray[np.float32],
    vectors: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32] | None,
    k: int,
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    allowed: npt.NDArray[np.bool_],
    *,
    threads: int | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """As `select_topk`, of scores = queries @ vectors.T + bias, which never exist as a whole.

    queries: float32, shape (n, d); vectors: float32, shape (m, d); bias: float32, shape (m,), or None.

    Memory beyond the answer: a tile of scores and room for candidates for each thread, whatever n and m.
    """
    n, m = len(queries), len(vectors)
    items, values = _nothing(n, k)
    queries = np.ascontiguousarray(queries, np.float32)
    vectors = np.ascontiguousarray(vectors, np.float32)
    bias = np.zeros(0, np.float32) if bias is None else np.ascontiguousarray(bias, np.float32)
    if not n or not min(k, m):
        return items, values
    rows, columns = _tile(n, m)
    sample, rank = _sample(m, k, allowed)
    few_vectors, few_bias = vectors[sample], bias[sample] if bias.size else bias

    def worker(starts: Iterator[int]) -> None:
        best = _Best.room(rows, min(k, m))
        tile = np.empty((rows, columns), np.float32)
        for start in starts:
            stop = min(start + rows, n)
            _product_rows(
                queries[start:stop],
                vectors,
                bias,
                blocked_offsets[start : stop + 1],
                blocked_items,
                allowed,
                few_vectors,
                few_bias,
                rank,
                tile[: stop - start],
                *best,
                items[start:stop],
                values[start:stop].view(np.uint32),
            )

    spread(worker, range(0, n, rows), threads if n * m > _FEW else 1)
    return items, values


def _sample(m: int, k: int, allowed: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], int]:
    """A few of the items that may come back, and a rank among them that more than k of all items very likely reach.

    Where items are few, or most of them come back, there is no sample.
    """
    candidates = np.arange(m) if allowed.size == 0 else np.flatnonzero(allowed)
    if candidates.size < 8 * _SAMPLE or 16 * k > candidates.size:
        return np.zeros(0, np.int64), 0
    expected = k * _SAMPLE / candidates.size
    places = np.arange(_SAMPLE) * candidates.size // _SAMPLE
    return candidates[places], math.ceil(expected + 3 * math.sqrt(expected) + 1)


def _tile(n: int, m: int) -> tuple[int, int]:
    """Rows and columns of a tile. They do not depend on the number of threads, lest products be rounded differently."""
    return min(n, _ROWS), min(_COLUMNS, -(-m // _STRIDE) * _STRIDE)


def _nothing(n: int, k: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    return np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32)


class _Best(NamedTuple):
    """The best candidates of some rows so far."""

    k: int
    keys: npt.NDArray[np.uint64]  # (rows, room)
    counts: npt.NDArray[np.int64]  # (rows,), how many keys there are
    thresholds: npt.NDArray[np.float32]  # (rows,), what a score must exceed

    @classmethod
    def room(cls, rows: int, k: int) -> _Best:
        keys = np.empty((rows, 2 * k + 64), np.uint64)
        return cls(k, keys, np.empty(rows, np.int64), np.empty(rows, np.float32))

    def clear(self) -> None:
        self.counts.fill(0)
        self.thresholds.fill(-np.inf)


_U64, _I64, _U32, _I32, _F32, _BOOL = types.uint64, types.int64, types.uint32, types.int32, types.float32, types.boolean


@kernel([types.void(write(_F32, 2), _I64, read(_I64), read(_I32))])
def _bar(
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
def _keep_largest(keys: npt.NDArray[np.uint64], count: int, k: int) -> int:
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
def _key(bits: np.uint32, position: int) -> np.uint64:
    """A number that is larger for a larger score (given by its bits) and, at equal scores, for a smaller position."""
    if bits == np.uint32(0x80000000):  # -0.0 equals 0.0
        bits = np.uint32(0)
    rising = bits ^ (np.uint32(0xFFFFFFFF) if bits >> np.uint32(31) else np.uint32(0x80000000))
    return (np.uint64(rising) << np.uint64(32)) | np.uint64(np.uint32(0xFFFFFFFF) - np.uint32(position))


@kernel([_U32(_U64)])
def _bits(key: np.uint64) -> np.uint32:
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
def _offer(
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
        for stride in range(0, columns, _STRIDE):
            if not _any_above(scores, stride, _STRIDE, threshold):
                continue
            for step in range(stride, stride + _STRIDE, _STEP):
                if not _any_above(scores, step, _STEP, threshold):
                    continue
                for column in range(step, step + _STEP):
                    if scores[column] > threshold and (everything or allowed[first + column]):
                        row_keys[count] = _key(score_bits[column], first + column)
                        count += 1
                if count > room:
                    count = _keep_largest(row_keys, count, k)
                    threshold_bits[row] = _bits(row_keys[k - 1])
                    threshold = thresholds[row]
        counts[row] = count


@kernel([types.void(_I64, _I64, write(_U64, 2), write(_I64), write(_I32, 2), write(_U32, 2))])
def _finish(
    rows: int,
    k: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    items: npt.NDArray[np.int32],
    values: npt.NDArray[np.uint32],
) -> None:
    """Writes each row's k best, largest first: items, and the bits of the scores."""
    for row in range(rows):
        count = counts[row]
        if count > k:
            count = _keep_largest(keys[row], count, k)
        chosen = np.sort(keys[row, :count])
        for place in range(count):
            key = chosen[count - 1 - place]
            items[row, place] = np.int32(np.uint32(0xFFFFFFFF) - np.uint32(key & np.uint64(0xFFFFFFFF)))
            values[row, place] = _bits(key)


_SIDES = [read(_F32, 2), read(_F32, 2), read(_F32)]
_LIMITS = [read(_I64), read(_I32), read(_BOOL)]
_BEST = [_I64, write(_U64, 2), write(_I64), write(_F32)]


@kernel([types.void(*_SIDES, *_LIMITS, write(_F32, 2), *_BEST)])
def _offer_product(
    queries: npt.NDArray[np.float32],
    vectors: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    allowed: npt.NDArray[np.bool_],
    tile: npt.NDArray[np.float32],
    k: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    thresholds: npt.NDArray[np.float32],
) -> None:
    """Offers queries @ vectors.T + bias, tile after tile."""
    rows, d = queries.shape
    m, columns = vectors.shape[0], tile.shape[1]
    for first in range(0, m, columns):
        width = min(columns, m - first)
        part = vectors.ctypes.data + 4 * d * first
        product(rows, width, d, queries.ctypes.data, d, part, d, tile.ctypes.data, columns)
        tile[:, width:] = -np.inf
        if bias.size:
            for row in range(rows):
                for column in range(width):
                    tile[row, column] += bias[np.uint64(first + column)]
        _bar(tile, first, blocked_offsets, blocked_items)
        _offer(tile, first, allowed, k, keys, counts, thresholds)


@kernel(
    [
        types.void(
            *_SIDES, *_LIMITS, read(_F32, 2), read(_F32), _I64, write(_F32, 2), *_BEST, write(_I32, 2), write(_U32, 2)
        )
    ]
)
def _product_rows(
    queries: npt.NDArray[np.float32],
    vectors: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    blocked_offsets: npt.NDArray[np.int64],
    blocked_items: npt.NDArray[np.int32],
    allowed: npt.NDArray[np.bool_],
    few_vectors: npt.NDArray[np.float32],
    few_bias: npt.NDArray[np.float32],
    rank: int,
    tile: npt.NDArray[np.float32],
    k: int,
    keys: npt.NDArray[np.uint64],
    counts: npt.NDArray[np.int64],
    thresholds: npt.NDArray[np.float32],
    items: npt.NDArray[np.int32],
    values: npt.NDArray[np.uint32],
) -> None:
    """The k best of queries @ vectors.T + bias for a few rows.

    With a rank, the first threshold is the score of that rank in a sample of the vectors, which most of what would not
    stay anyway does not pass. Where fewer than k pass, the row is done again without.
    """
    rows = queries.shape[0]
    thresholds[:] = -np.inf
    counts[:] = 0
    if rank > 0:
        none, everything = np.zeros(rows + 1, np.int64), np.zeros(0, np.bool_)
        _offer_product(
            queries, few_vectors, few_bias, none, blocked_items, everything, tile, rank, keys, counts, thresholds
        )
        threshold_bits = thresholds.view(np.uint32)
        for row in range(rows):
            if counts[row] >= rank:
                _keep_largest(keys[row], counts[row], rank)
                threshold_bits[row] = _bits(keys[row, rank - 1])
            else:
                thresholds[row] = -np.inf
        counts[:] = 0
    _offer_product(queries, vectors, bias, blocked_offsets, blocked_items, allowed, tile, k, keys, counts, thresholds)
    for row in range(rows):
        if rank > 0 and counts[row] < k:
            counts[row] = 0
            thresholds[row] = -np.inf
            _offer_product(
                queries[row : row + 1],
                vectors,
                bias,
                blocked_offsets[row : row + 2],
                blocked_items,
                allowed,
                tile[:1],
                k,
                keys[row : row + 1],
                counts[row : row + 1],
                thresholds[row : row + 1],
            )
    _finish(rows, k, keys, counts, items, values)
