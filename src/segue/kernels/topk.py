"""The k largest of many scores, row by row: exact, ties by position, never a NaN and never -inf.

Either of scores that are given, or of products that are made tile by tile and never exist as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.blas import product
from segue.kernels.compile import kernel, read, write
from segue.kernels.selection import STRIDE, Best, bar, bits_of, finish, keep_largest, offer
from segue.kernels.threads import spread

_ROWS: Final = 256  # of a tile; with its columns it fits into a second-level cache
_COLUMNS: Final = 512
_ROOM: Final = 2**20  # of the k best of a tile's rows; 16 bytes each
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

    rows, columns = _tile(n, m, min(k, m))

    def worker(starts: Iterator[int]) -> None:
        best = Best.room(rows, min(k, m))
        tile = np.empty((rows, columns), np.float32)
        for start in starts:
            stop = min(start + rows, n)
            part = tile[: stop - start]
            best.clear()
            for first in range(0, m, columns):
                width = min(columns, m - first)
                part[:, :width] = scores[start:stop, first : first + width]
                part[:, width:] = -np.inf
                bar(part, first, blocked_offsets[start : stop + 1], blocked_items)
                offer(part, first, allowed, *best)
            bits = values[start:stop].view(np.uint32)
            finish(stop - start, best.k, best.keys, best.counts, items[start:stop], bits)

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
    rows, columns = _tile(n, m, min(k, m))
    sample, rank = _sample(m, k, allowed)
    few_vectors, few_bias = vectors[sample], bias[sample] if bias.size else bias

    def worker(starts: Iterator[int]) -> None:
        best = Best.room(rows, min(k, m))
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


def _tile(n: int, m: int, k: int) -> tuple[int, int]:
    """Rows and columns of a tile: fewer rows where their candidates would take much room.

    They do not depend on the number of threads, lest products be rounded differently.
    """
    return min(n, _ROWS, max(1, _ROOM // k)), min(_COLUMNS, -(-m // STRIDE) * STRIDE)


def _nothing(n: int, k: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    return np.full((n, k), -1, np.int32), np.full((n, k), -np.inf, np.float32)


_U64, _I64, _U32, _I32, _F32, _BOOL = types.uint64, types.int64, types.uint32, types.int32, types.float32, types.boolean
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
        bar(tile, first, blocked_offsets, blocked_items)
        offer(tile, first, allowed, k, keys, counts, thresholds)


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
                keep_largest(keys[row], counts[row], rank)
                threshold_bits[row] = bits_of(keys[row, rank - 1])
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
    finish(rows, k, keys, counts, items, values)
