"""MinHash signatures of sets and banded locality-sensitive hashing: which pairs of sets probably overlap.

The share of places in which two signatures agree estimates the Jaccard similarity |A & B| / |A | B| of the sets (Broder
1997). Of b bands of r places, two sets of similarity s agree in at least one with probability 1 - (1 - s^r)^b
(Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write

EMPTY = np.uint32(0xFFFFFFFF)


def multipliers(places: int, seed: int) -> npt.NDArray[np.uint64]:
    """The hash functions of a signature: uint64, shape (places, 2), an odd factor and a summand each."""
    drawn = np.random.default_rng(seed).integers(0, 2**64, size=(places, 2), dtype=np.uint64, endpoint=False)
    drawn[:, 0] |= np.uint64(1)
    return drawn


@kernel([types.void(read(types.int64), read(types.uint8), write(types.uint64))])
def hashed(offsets: npt.NDArray[np.int64], signs: npt.NDArray[np.uint8], out: npt.NDArray[np.uint64]) -> None:
    """Fills `out` (n,) with a number for every text, to be elements of `signatures`.

    offsets: int64, shape (n + 1,); text i is the bytes signs[offsets[i]:offsets[i + 1]]. Different texts share a number
    with a probability of about 2^-64.
    """
    for text in range(offsets.size - 1):
        key = np.uint64(0xCBF29CE484222325)
        for place in range(offsets[text], offsets[text + 1]):
            key = (key ^ np.uint64(signs[place])) * np.uint64(0x100000001B3)
            key = key ^ (key >> np.uint64(29))
        out[text] = key


@kernel([types.void(read(types.int64), read(types.uint32), read(types.uint64), types.int64, write(types.uint64))])
def shingles(
    offsets: npt.NDArray[np.int64],
    signs: npt.NDArray[np.uint32],
    salts: npt.NDArray[np.uint64],
    width: int,
    out: npt.NDArray[np.uint64],
) -> None:
    """Fills `out` with a number for every run of `width` signs of every text, to be elements of `signatures`.

    offsets: int64, shape (n + 1,); text i is signs[offsets[i]:offsets[i + 1]] and needs at least `width` signs.
    signs:   uint32, code points.
    salts:   uint64, shape (n,): texts of different salts share no number, so that they never come together.
    out:     uint64, one number per run: text i's begin at offsets[i] - i * (width - 1).
    """
    for row in range(offsets.size - 1):
        place = offsets[row] - row * (width - 1)
        for start in range(offsets[row], offsets[row + 1] - width + 1):
            key = salts[row]
            for sign in range(start, start + width):
                key = (key ^ np.uint64(signs[sign])) * np.uint64(0x100000001B3)
                key = key ^ (key >> np.uint64(29))
            out[place] = key
            place += 1


@kernel(inline=True)
def _mixed(x: np.uint64) -> np.uint64:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@kernel([types.void(read(types.int64), read(types.uint64), read(types.uint64, 2), write(types.uint32, 2))])
def signatures(
    offsets: npt.NDArray[np.int64],
    elements: npt.NDArray[np.uint64],
    functions: npt.NDArray[np.uint64],
    out: npt.NDArray[np.uint32],
) -> None:
    """Fills `out` (n, places) with the signatures of n sets.

    offsets:   int64, shape (n + 1,); set i is elements[offsets[i]:offsets[i + 1]]; repeats are harmless.
    elements:  uint64, any numbers, well mixed here, so that small consecutive ones (item positions) serve too.
    functions: uint64, shape (places, 2), of `multipliers`: place j is the least of (a_j x + b_j mod 2^64) >> 32.

    The signature of an empty set is EMPTY throughout.
    """
    places = functions.shape[0]
    factors, summands = functions[:, 0].copy(), functions[:, 1].copy()  # apart, so that they load as whole vectors
    least = np.empty(places, np.uint64)
    for row in range(offsets.size - 1):
        least[:] = np.uint64(0xFFFFFFFFFFFFFFFF)
        entry, end = offsets[row], offsets[row + 1]
        while entry + 4 <= end:  # four at a time: each least is loaded and stored once for four elements
            x0, x1 = _mixed(elements[entry]), _mixed(elements[entry + 1])
            x2, x3 = _mixed(elements[entry + 2]), _mixed(elements[entry + 3])
            for place in range(places):
                a, b = factors[place], summands[place]
                lower = min(min(a * x0 + b, a * x1 + b), min(a * x2 + b, a * x3 + b))  # noqa: PLW3301
                least[place] = min(least[place], lower)
            entry += 4
        while entry < end:
            x0 = _mixed(elements[entry])
            for place in range(places):
                least[place] = min(least[place], factors[place] * x0 + summands[place])
            entry += 1
        for place in range(places):
            out[row, place] = np.uint32(least[place] >> np.uint64(32))


@kernel([types.void(read(types.uint32, 2), write(types.uint64, 2))])
def band_keys(signed: npt.NDArray[np.uint32], out: npt.NDArray[np.uint64]) -> None:
    """Fills `out` (bands, n) with one number per band and set: equal where the signatures agree in the whole band.

    signed: uint32, shape (n, places); places must be a multiple of the number of bands. Sets that differ within a band
    share its number with probability 2^-64.
    """
    rows = signed.shape[1] // out.shape[0]
    for band in range(out.shape[0]):
        for row in range(signed.shape[0]):
            key = np.uint64(0xCBF29CE484222325)
            for place in range(band * rows, (band + 1) * rows):
                key = (key ^ np.uint64(signed[row, place])) * np.uint64(0x100000001B3)
                key = key ^ (key >> np.uint64(29))
            out[band, row] = key


@kernel([types.int64(read(types.int64), read(types.int64), types.int64, write(types.int64, 2))])
def bucket_pairs(
    order: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], most: int, out: npt.NDArray[np.int64]
) -> int:
    """Fills `out` (pairs, 2) with the pairs of sets that share a bucket, the smaller number first; returns how many.

    order:  the sets, those of a bucket beside each other and rising; bucket i is order[starts[i]:starts[i + 1]].
    most:   how many neighbours within its bucket each set is paired with (those that follow it), so that a bucket of m
            sets gives at most m * most pairs instead of m (m - 1) / 2.
    """
    count = 0
    for bucket in range(starts.size - 1):
        for first in range(starts[bucket], starts[bucket + 1]):
            for second in range(first + 1, min(first + 1 + most, starts[bucket + 1])):
                out[count, 0] = order[first]
                out[count, 1] = order[second]
                count += 1
    return count


def candidate_pairs(signed: npt.NDArray[np.uint32], bands: int, *, most: int = 64) -> tuple[npt.NDArray[np.int64], int]:
    """The pairs of sets that agree in at least one band, and how many pairs the cap on large buckets left out.

    signed: uint32, shape (n, places). Returns int64, shape (m, 2), distinct, sorted, the smaller number first. Empty
    sets pair with nothing.
    """
    n = signed.shape[0]
    keys = np.empty((bands, n), np.uint64)
    band_keys(np.ascontiguousarray(signed), keys)
    there = np.flatnonzero(signed.min(axis=1, initial=EMPTY) != EMPTY)
    found: list[npt.NDArray[np.int64]] = []
    left_out = 0
    for key in keys[:, there]:
        by_key = np.argsort(key, kind="stable")
        ordered = key[by_key]
        edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
        sizes = np.diff(edges)
        followers = np.minimum(sizes - 1, most)
        total = int((followers * sizes - followers * (followers + 1) // 2).sum())
        left_out += int((sizes * (sizes - 1) // 2).sum()) - total
        pairs = np.empty((total, 2), np.int64)
        bucket_pairs(there[by_key], edges.astype(np.int64), most, pairs)
        found.append(pairs[:, 0] * np.int64(n) + pairs[:, 1])
    every = np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)
    distinct = every[np.concatenate([[True], every[1:] != every[:-1]])] if every.size else every
    return np.stack([distinct // max(n, 1), distinct % max(n, 1)], axis=1), left_out


def agreement(signed: npt.NDArray[np.uint32], pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """The estimated Jaccard similarity of each pair, float32, shape (m,): the share of places that agree.

    Its standard error is sqrt(s (1 - s) / places).
    """
    result = np.empty(pairs.shape[0], np.float32)
    for start in range(0, pairs.shape[0], 65_536):  # bounds the memory
        block = pairs[start : start + 65_536]
        result[start : start + 65_536] = (signed[block[:, 0]] == signed[block[:, 1]]).mean(axis=1)
    return result
