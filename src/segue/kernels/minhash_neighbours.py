"""The nearest neighbours of sets by Jaccard similarity, among those that share a bucket of banded MinHash.

Sets are looked at one by one: those in its buckets are its candidates, each is compared once, whatever the number of
buckets shared, and a heap keeps the k best. No list of pairs exists at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write
from segue.kernels.heap import offer, unwind
from segue.kernels.minhash import EMPTY, band_keys, signatures
from segue.kernels.threads import spread

_PIECE: Final = 512  # sets that a thread takes at a time

Offsets = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]
Keys = npt.NDArray[np.uint64]
Signatures = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]


class Sets(NamedTuple):
    """n sets of elements 0..n_elements - 1, each without repeats: set i is elements[offsets[i]:offsets[i + 1]]."""

    offsets: Offsets  # int64, (n + 1,)
    elements: Positions  # int32
    n_elements: int


class Buckets(NamedTuple):
    """Which sets agree in which band.

    of:      int32, (bands, n): where the bucket of a set starts in `members`, -1 where the set is alone or empty.
    sizes:   int32, (bands, n): at the place where a bucket starts, how many sets it has.
    members: int32, (bands, n): the sets bucket by bucket, rising within each.
    """

    of: Positions
    sizes: Positions
    members: Positions

    def left_out(self, most: int) -> int:
        """How many pairs of sets a search of `most` to either side in a bucket does not look at, band by band.

        A pair that shares several buckets counts in each, so that this is the most that can have been missed.
        """
        total = 0
        for sizes in self.sizes:
            m = sizes[sizes > most + 1].astype(np.int64)
            total += int((m * (m - 1) // 2 - (most * m - most * (most + 1) // 2)).sum())
        return total


def signed(offsets: Offsets, elements: Keys, functions: Keys, *, threads: int | None = None) -> Signatures:
    """The signatures of n sets, uint32 (n, places): see `segue.kernels.minhash.signatures`."""
    n = offsets.size - 1
    out = np.empty((n, len(functions)), np.uint32)

    def worker(starts: Iterator[int]) -> None:
        for start in starts:
            stop = min(n, start + _PIECE)
            signatures(offsets[start : stop + 1], elements, functions, out[start:stop])

    spread(worker, range(0, n, _PIECE), threads)
    return out


def bucketed(signed_sets: Signatures, bands: int, rows: int, *, threads: int | None = None) -> Buckets:
    """The buckets of n signatures, uint32 (n, places), by their first bands x rows places; empty sets are in none.

    Memory: 20 bytes per set and band, 12 of which stay.
    """
    n = signed_sets.shape[0]
    keys = np.empty((bands, n), np.uint64)
    there = signed_sets.min(axis=1, initial=EMPTY) != EMPTY
    buckets = Buckets(*(np.empty((bands, n), np.int32) for _ in range(3)))
    size = 2 ** max(4, int(2 * n - 1).bit_length())

    def worker(numbers: Iterator[int]) -> None:
        table = np.empty(size, np.int32)
        for band in numbers:
            part = np.ascontiguousarray(signed_sets[:, band * rows : (band + 1) * rows])
            band_keys(part, keys[band : band + 1])
            _group(keys[band], there, table, buckets.of[band], buckets.sizes[band], buckets.members[band])

    spread(worker, range(bands), threads)
    return buckets


def nearest(
    sets: Sets,
    buckets: Buckets,
    signed_sets: Signatures | None,
    rows: Positions,
    *,
    k: int,
    threshold: float,
    most: int,
    wanted: Mask | None = None,
    threads: int | None = None,
    done: Callable[[int], None] | None = None,
) -> tuple[Positions, Values]:
    """The k sets most like each set in `rows`, among those of similarity `threshold` or more that share a bucket.

    signed_sets: uint32 (n, places), where similarity is to be the share of places that agree (each set's size is then
                 not looked at); None: the Jaccard similarity |A & B| / |A | B|, exact.
    most:        how many sets before it and after it in a bucket a set is compared with.
    wanted:      bool (n,), which sets may be neighbours; None: all.

    Returns positions (int32, -1 pads) and similarities (float32, 0 pads), (len(rows), k), largest first, ties by
    position; the same for every number of threads. Memory beside the result: 4 bytes per set and element and thread.
    """
    n = sets.offsets.size - 1
    items = np.full((rows.size, k), -1, np.int32)
    similarities = np.zeros((rows.size, k), np.float32)
    estimated = np.zeros((0, 0), np.uint32) if signed_sets is None else signed_sets
    mask = np.zeros(0, np.bool_) if wanted is None else wanted

    def worker(starts: Iterator[int]) -> None:
        met, held = np.full(n, -1, np.int32), np.full(sets.n_elements, -1, np.int32)
        for start in starts:
            stop = min(rows.size, start + _PIECE)
            out = items[start:stop], similarities[start:stop]
            _nearest(
                rows[start:stop],
                sets.offsets,
                sets.elements,
                *buckets,
                estimated,
                threshold,
                most,
                mask,
                met,
                held,
                *out,
            )
            if done is not None:
                done(stop - start)

    spread(worker, range(0, rows.size, _PIECE), threads)
    return items, similarities


_I64, _I32, _U32, _U64, _F64, _F32 = types.int64, types.int32, types.uint32, types.uint64, types.float64, types.float32


@kernel()
def _fill(of: Positions, sizes: Positions, members: Positions, end: int, table: Positions) -> None:
    """Turns first sets (in `of`) and starts (in `members`, at first sets) into the arrays of `Buckets`."""
    ordered, counts = table[:end], table[end : 2 * end]
    for i in range(of.size):
        first = of[i]
        if first < 0:
            continue
        if first == i:
            counts[members[i]] = 0
        start = members[first]
        ordered[start + counts[start]] = i
        counts[start] += 1
        of[i] = start
    sizes[:] = 0
    for i in range(end):
        members[i] = ordered[i]
    start = 0
    while start < end:
        sizes[start] = counts[start]
        start += counts[start]


@kernel([types.void(read(_U64), read(types.boolean), write(_I32), write(_I32), write(_I32), write(_I32))])
def _group(
    keys: Keys,
    there: Mask,
    table: Positions,
    of: Positions,
    sizes: Positions,
    members: Positions,
) -> None:
    """One band of `Buckets`: sets of equal key come together, in order of the first of each.

    table: int32, room of a power of two of at least twice the number of sets.
    """
    mask = np.uint64(table.size - 1)
    table[:] = -1
    for i in range(keys.size):
        sizes[i] = 0
        of[i] = -1
        if not there[i]:
            continue
        place = (keys[i] ^ (keys[i] >> np.uint64(32))) & mask
        while table[place] >= 0 and keys[table[place]] != keys[i]:
            place = (place + np.uint64(1)) & mask
        if table[place] < 0:
            table[place] = i
        of[i] = table[place]  # for now, the first set of the bucket
        sizes[table[place]] += 1
    end = 0
    for i in range(keys.size):  # where each bucket starts, kept at its first set
        if of[i] == i and sizes[i] > 1:
            members[i] = end
            end += sizes[i]
        elif of[i] == i:
            of[i] = -1
    _fill(of, sizes, members, end, table)


@kernel()
def _jaccard(i: int, j: int, offsets: Offsets, elements: Positions, held: Positions, at_least: float) -> float:
    """Of sets i, whose elements `held` marks, and j; -1 where the sizes alone keep it below `at_least`."""
    a, b = offsets[i + 1] - offsets[i], offsets[j + 1] - offsets[j]
    if min(a, b) / max(a, b) < at_least:
        return -1.0
    both = 0
    for entry in range(offsets[j], offsets[j + 1]):
        both += held[elements[entry]] == i
    return both / (a + b - both)


@kernel()
def _agreement(i: int, j: int, signed_sets: Signatures) -> float:
    same = np.uint32(0)
    for place in range(signed_sets.shape[1]):
        same = np.uint32(same + np.uint32(signed_sets[i, place] == signed_sets[j, place]))
    return same / signed_sets.shape[1]


@kernel(
    [
        types.void(
            read(_I32),
            read(_I64),
            read(_I32),
            read(_I32, 2),
            read(_I32, 2),
            read(_I32, 2),
            read(_U32, 2),
            _F64,
            _I64,
            read(types.boolean),
            write(_I32),
            write(_I32),
            write(_I32, 2),
            write(_F32, 2),
        )
    ]
)
def _nearest(
    rows: Positions,
    offsets: Offsets,
    elements: Positions,
    of: Positions,
    sizes: Positions,
    members: Positions,
    estimated: Signatures,
    threshold: float,
    most: int,
    wanted: Mask,
    met: Positions,
    held: Positions,
    items: Positions,
    similarities: Values,
) -> None:
    """`met` and `held` name the set that last met another, and the one that last held an element."""
    for row in range(rows.size):
        i = rows[row]
        met[i] = i
        if estimated.size == 0:
            for entry in range(offsets[i], offsets[i + 1]):
                held[elements[entry]] = i
        size = 0
        for band in range(of.shape[0]):
            first = of[band, i]
            if first < 0:
                continue
            last = first + sizes[band, first]
            bucket = members[band]
            if last - first > most + 1:
                place = first + np.searchsorted(bucket[first:last], i)
                first, last = max(first, place - most), min(last, place + most + 1)
            for place in range(first, last):
                j = bucket[place]
                if met[j] == i:
                    continue
                met[j] = i
                if wanted.size and not wanted[j]:
                    continue
                if estimated.size:
                    similarity = _agreement(i, j, estimated)
                else:
                    similarity = _jaccard(i, j, offsets, elements, held, threshold)
                if similarity >= threshold:
                    size = offer(similarities[row], items[row], size, np.float32(similarity), j)
        unwind(similarities[row], items[row], size)
