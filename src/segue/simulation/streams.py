"""Independent streams of random numbers for the parts of the demo world.

Each part, and each cell of 1,000 listeners within a part, has a PCG64 stream of its own, spawned from the seed by its
number. So a part can change without moving the others, and the cells of listeners can be made in any order, at once or
one at a time, in memory or in a stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

CELL: Final = 1000  # listeners


class Part(IntEnum):
    """Each number is a part of the seed of its stream: never change one."""

    MUSIC = 0
    NAMES = 1
    LYRICS = 2
    SCENES = 3
    TASTES = 4
    PEOPLE = 5
    LISTENING = 6
    PLAYLISTS = 7
    RATINGS = 8
    FRIENDS = 9


def stream(seed: int, part: Part, cell: int = 0) -> np.random.Generator:
    """The stream of one part, or of one cell of it."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(int(part), cell))))


def cells(count: int) -> Iterator[tuple[int, int]]:
    """The cells of so many listeners: (number, how many it holds)."""
    for number in range(-(-count // CELL)):
        yield number, min(CELL, count - number * CELL)


def scrambled(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """A well mixed 64-bit number for each number, the same wherever and whenever it is asked for (SplitMix64)."""
    z = values + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def unit(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """Mixed numbers as numbers in 0..1, without 1."""
    return (values >> np.uint64(11)).astype(np.float64) * 2.0**-53
