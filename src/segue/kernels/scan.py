"""The k largest products of one query with many vectors, exact, from a quarter of the memory that they take.

Vectors stand in blocks of 64, longest first, as whole numbers of 8 bits. A block's products are taken from those; where
one comes within the block's largest rounding error of the k-th best so far, it is taken anew from the vector itself. By
Cauchy and Schwarz |q . x - q . x'| <= |q| |x - x'|, so that nothing is missed; and since |q . x| <= |q| |x|, the search
ends at the first block whose longest vector cannot reach the k-th best.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.selection import bits_of, finish, keep_largest, key_of

_BLOCK: Final = 64
_SLACK: Final = 1e-5  # of |q| |x|: what sums in single precision may be wrong by, amply

_I64, _I32, _I8, _U64, _U32, _F32 = types.int64, types.int32, types.int8, types.uint64, types.uint32, types.float32


class Packed(NamedTuple):
    """m vectors in blocks.

    order:  int32, (blocks * 64,): which vector stands at a place, -1 at the places left over in the last block.
    codes:  int8, (blocks, d, 64): the vectors in units of the block's scale, rounded.
    scales: float32, (blocks,).
    errors: float32, (blocks,): the length of the largest rounding error in the block.
    norms:  float32, (blocks,): the length of the longest vector in the block.
    """

    order: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    errors: npt.NDArray[np.float32]
    norms: npt.NDArray[np.float32]


def pack(vectors: npt.NDArray[np.float32], chosen: npt.NDArray[np.int32]) -> Packed:
    """Packs the vectors (float32, (m, d)) at these positions."""
    d = vectors.shape[1]
    norms = np.sqrt(np.square(vectors[chosen], dtype=np.float64).sum(axis=1))
    falling = np.argsort(-norms, kind="stable")
    blocks = -(-chosen.size // _BLOCK)
    order = np.full(blocks * _BLOCK, -1, np.int32)
    order[: chosen.size] = chosen[falling]
    codes = np.empty((blocks, d, _BLOCK), np.int8)
    scales, errors, longest = (np.zeros(blocks, np.float32) for _ in range(3))
    for block in range(blocks):
        places = order[block * _BLOCK : (block + 1) * _BLOCK]
        part = np.where(places[:, None] >= 0, vectors[places], np.float32(0)).astype(np.float64)
        scale = np.float32(np.abs(part).max() / 127) or np.float32(1)
        rounded = np.rint(part / scale)
        codes[block] = rounded.T
        scales[block] = scale
        errors[block] = np.sqrt(np.square(part - rounded * scale).sum(axis=1).max()) * (1 + _SLACK)
        longest[block] = norms[falling[block * _BLOCK]]
    return Packed(order, codes, scales, errors, longest)


def scan(
    query: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32], packed: Packed, k: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The k packed vectors with the largest products with a query, float32 (d,): positions and products, (k,).

    Largest first, ties by position, then -1 and -inf.
    """
    items, products = np.full((1, k), -1, np.int32), np.full((1, k), -np.inf, np.float32)
    keys, counts = np.empty((1, 2 * k + 2 * _BLOCK), np.uint64), np.empty(1, np.int64)
    counts[0] = _scan(query, vectors, *packed, k, keys[0], np.empty(1, np.float32))
    finish(1, k, keys, counts, items, products.view(np.uint32))
    return items[0], products[0]


@kernel([_F32(read(_F32), read(_F32, 2), _I64)])
def _product(query: npt.NDArray[np.float32], vectors: npt.NDArray[np.float32], row: int) -> np.float32:
    total = np.float32(0)
    for j in range(query.size):
        total += query[j] * vectors[row, j]
    return total


@kernel(
    [
        _I64(
            read(_F32),
            read(_F32, 2),
            read(_I32),
            read(_I8, 3),
            read(_F32),
            read(_F32),
            read(_F32),
            _I64,
            write(_U64),
            write(_F32),
        )
    ]
)
def _scan(
    query: npt.NDArray[np.float32],
    vectors: npt.NDArray[np.float32],
    order: npt.NDArray[np.int32],
    codes: npt.NDArray[np.int8],
    scales: npt.NDArray[np.float32],
    errors: npt.NDArray[np.float32],
    norms: npt.NDArray[np.float32],
    k: int,
    keys: npt.NDArray[np.uint64],
    one: npt.NDArray[np.float32],
) -> int:
    """Fills `keys` with the best, in no order, and returns how many; `one` is room for a number and its bits."""
    d = query.size
    length = np.float32(0)
    for j in range(d):
        length += query[j] * query[j]
    length = np.sqrt(length)
    sums = np.empty(_BLOCK, np.float32)
    bits = one.view(np.uint32)
    threshold = np.float32(-np.inf)
    count = 0
    for block in range(codes.shape[0]):
        if length * norms[block] * np.float32(1 + _SLACK) < threshold:
            break
        slack = length * (errors[block] + norms[block] * np.float32(_SLACK))
        needed = (threshold - slack) / scales[block]
        sums[:] = np.float32(0)
        for j in range(d):
            factor, part = query[j], codes[block, j]
            for place in range(_BLOCK):
                sums[place] += factor * np.float32(part[place])
        near = np.uint32(0)
        for place in range(_BLOCK):
            near = np.uint32(near + np.uint32(sums[place] >= needed))
        if near == 0:
            continue
        for place in range(_BLOCK):
            item = order[block * _BLOCK + place]
            if item >= 0 and sums[place] >= needed:
                product = _product(query, vectors, item)
                if product >= threshold:
                    one[0] = product
                    keys[count] = key_of(bits[0], item)
                    count += 1
        if count > keys.size - _BLOCK:
            count = keep_largest(keys, count, k)
            bits[0] = bits_of(keys[k - 1])
            threshold = one[0]
    return count
