"""The k best products of each query on a device; the same lists as `segue.kernels.topk.product_topk`."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.cuda.device import found

_BLOCK_BYTES: Final = 512 * 2**20  # of scores on the device at once


def product_topk(
    queries: Float32Array,
    vectors: Float32Array,
    bias: Float32Array | None,
    k: int,
    blocked_offsets: Int64Array,
    blocked_items: Int32Array,
    allowed: BoolArray,
    *,
    device: str,
) -> tuple[Int32Array, Float32Array]:
    """Items int32 (n, k), -1 where there is none, and scores float32 (n, k), falling, -inf where there is none.

    queries: float32 (n, d). vectors: float32 (m, d). bias: float32 (m,) or None. allowed: bool (m,), or empty: all.
    blocked: what must not come back, row by row: offsets int64 (n + 1) and items int32.
    Ties are in order of position; NaN and -inf never come back. Products are those of the device's BLAS: scores agree
    with the compiled kernel to float32 rounding, so that near ties may change places.
    Memory: the arrays once on the device, and blocks of 512 MiB of scores with what selecting them takes, thrice that.
    """
    place = found(device)
    n, m = len(queries), len(vectors)
    items = np.full((n, k), -1, np.int32)
    scores = np.full((n, k), -np.inf, np.float32)
    if not n or not m:
        return items, scores
    with torch.inference_mode():
        table = _on(vectors, place).T
        shift = None if bias is None else _on(bias, place)
        closed = _on(~allowed, place) if allowed.size else None
        rows = max(1, _BLOCK_BYTES // (4 * m))
        for start in range(0, n, rows):
            stop = min(n, start + rows)
            products = _on(queries[start:stop], place) @ table
            if shift is not None:
                products += shift
            if closed is not None:
                products[:, closed] = -torch.inf
            first, last = blocked_offsets[start], blocked_offsets[stop]
            if last > first:
                row = np.repeat(np.arange(stop - start), np.diff(blocked_offsets[start : stop + 1]))
                there = blocked_items[first:last] < m
                column = blocked_items[first:last][there].astype(np.int64)
                products[_on(row[there], place), _on(column, place)] = -torch.inf
            best, values = _selected(torch.nan_to_num(products, nan=-torch.inf, posinf=torch.inf, neginf=-torch.inf), k)
            items[start:stop, : best.shape[1]] = best.cpu().numpy()
            scores[start:stop, : best.shape[1]] = values.cpu().numpy()
    return items, scores


def _selected(scores: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions int32 and values of the min(k, m) best of each row, ties by position; -1 where there is none.

    `torch.topk` may take any of equal values at the end of a list, so it tells the least value only.
    """
    k = min(k, scores.shape[1])
    least = torch.topk(scores, k, dim=1).values[:, -1:]
    above, level = scores > least, scores == least
    room = k - above.sum(dim=1, keepdim=True)
    chosen = above | (level & (torch.cumsum(level, dim=1, dtype=torch.int32) <= room))
    positions = chosen.nonzero()[:, 1].reshape(len(scores), k)  # rising in each row
    values = torch.gather(scores, 1, positions)
    values, order = torch.sort(values, dim=1, descending=True, stable=True)
    best = torch.gather(positions, 1, order).to(torch.int32)
    best[values == -torch.inf] = -1
    return best, values


def _on(array: Float32Array | Int64Array | BoolArray, place: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.array(array)).to(place)  # a copy: PyTorch takes no arrays that are only read
