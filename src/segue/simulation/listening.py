"""What the listeners of the demo world play."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from segue.core.histories import Histories
from segue.kernels.simulation import listen
from segue.simulation.genres import GENRES
from segue.simulation.listeners import Listeners, user_ids
from segue.simulation.music import Music
from segue.simulation.parameters import Parameters
from segue.simulation.streams import Part, stream

START: Final = int(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC).timestamp())
DAYS: Final = 366


@dataclass(frozen=True, slots=True, eq=False)
class Shelves:
    """The tracks sorted by genre, so that one can be drawn of a genre; see `segue.kernels.simulation.listen`."""

    offsets: Int64Array
    items: Int32Array
    cumulative: Float64Array
    totals: Float64Array  # (g,), the weight of each genre
    means: Float32Array  # (g, d), the mean vector of its tracks
    durations: Float32Array


def make_shelves(music: Music, parameters: Parameters) -> Shelves:
    """The tracks of each genre with the weight at which they cross anyone's way: exposure and appeal to everyone."""
    weights = music.exposure * np.exp(parameters.attraction * music.bias.astype(np.float64))
    items = np.argsort(music.genres, kind="stable").astype(np.int32)
    offsets = np.searchsorted(music.genres[items], np.arange(len(GENRES) + 1)).astype(np.int64)
    running = np.cumsum(weights[items])
    before = np.concatenate([[0.0], running])[offsets[:-1]]
    sizes = np.diff(offsets)
    totals = np.bincount(music.genres, weights=weights, minlength=len(GENRES)).astype(np.float64)
    sums = np.zeros((len(GENRES), music.vectors.shape[1]))
    np.add.at(sums, music.genres, music.vectors)
    return Shelves(
        offsets,
        items,
        running - np.repeat(before, sizes),
        totals,
        (sums / np.maximum(sizes, 1)[:, np.newaxis]).astype(np.float32),
        music.durations,
    )


def play(
    music: Music, shelves: Shelves, listeners: Listeners, cell: int, first: int, seed: int, parameters: Parameters
) -> Histories:
    """The year of one cell's listeners, of whom the first has the row `first`; the context ("user") holds their ids."""
    n = listeners.plays.size
    rng = stream(seed, Part.LISTENING, cell)
    seeds = rng.integers(0, 2**64, n, dtype=np.uint64)
    pull = (parameters.attraction * (listeners.tastes @ shelves.means.T)).astype(np.float32)
    logs = pull.astype(np.float64)
    logs = np.where(shelves.totals > 0, logs, -np.inf)
    weights = shelves.totals * np.exp(logs - logs.max(axis=1, keepdims=True))
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    offsets = np.concatenate([[0], np.cumsum(listeners.plays)]).astype(np.int64)
    m = int(offsets[-1])
    items, played, times = np.empty(m, np.int32), np.empty(m, np.float32), np.empty(m, np.int64)
    listen(
        seeds,
        listeners.tastes,
        listeners.drifts,
        cumulative,
        pull,
        listeners.hours,
        offsets,
        music.vectors,
        music.bias,
        parameters.styles,
        shelves.offsets,
        shelves.items,
        shelves.cumulative,
        music.artists,
        music.albums,
        shelves.durations,
        parameters.attraction,
        parameters.exposures,
        parameters.session_length,
        parameters.coherence,
        parameters.skip_floor,
        parameters.skip_ceiling,
        START,
        DAYS,
        items,
        played,
        times,
    )
    context = pl.DataFrame({"user": user_ids(np.arange(first, first + n))})
    return Histories(offsets, items, played, times, order="time", context=context)
