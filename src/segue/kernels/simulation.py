"""How the listeners of the demo world spend their year: what they play, in which order, and what they skip."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write

_POOL = 40  # plays that are drawn together and then put in order
_REPEAT = -3.0  # likeness of a track that was played in this session already
_SAME_ARTIST = 0.4
_SAME_ALBUM = 0.4

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 1.0 / 9007199254740992.0  # 2 ** -53


@kernel([types.float64(write(types.uint64))])
def _uniform(state: npt.NDArray[np.uint64]) -> float:
    """The next number of SplitMix64 (Steele, Lea, Flood 2014), in 0..1 without 1."""
    state[0] += _GOLDEN
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * _MIX_A
    z = (z ^ (z >> np.uint64(27))) * _MIX_B
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * _TO_UNIT


@kernel([types.int64(read(types.float64), types.int64, types.int64, types.float64)])
def _find(cumulative: npt.NDArray[np.float64], low: int, high: int, value: float) -> int:
    """The first place in low..high - 1 whose cumulative weight exceeds the value; the last one where none does."""
    last = high - 1
    while low < last:
        middle = (low + last) // 2
        if cumulative[middle] > value:
            last = middle
        else:
            low = middle + 1
    return low


@kernel(
    [
        types.void(
            read(types.uint64),  # seeds
            read(types.float32, 2),  # tastes
            read(types.float32, 2),  # drifts
            read(types.float64, 2),  # genre_cumulative
            read(types.float32, 2),  # genre_pull
            read(types.float64),  # hours
            read(types.int64),  # offsets
            read(types.float32, 2),  # vectors
            read(types.float32),  # bias
            types.int64,  # styles
            read(types.int64),  # genre_offsets
            read(types.int32),  # genre_items
            read(types.float64),  # item_cumulative
            read(types.int32),  # artists
            read(types.int32),  # albums
            read(types.float32),  # durations
            types.float64,  # attraction
            types.float64,  # exposures
            types.float64,  # session_length
            types.float64,  # coherence
            types.float64,  # skip_floor
            types.float64,  # skip_ceiling
            types.int64,  # start
            types.int64,  # days
            write(types.int32),  # items
            write(types.float32),  # weights
            write(types.int64),  # times
        )
    ]
)
def listen(  # noqa: PLR0915 - one walk through one year; parts of it would hand around two dozen arrays
    seeds: npt.NDArray[np.uint64],
    tastes: npt.NDArray[np.float32],
    drifts: npt.NDArray[np.float32],
    genre_cumulative: npt.NDArray[np.float64],
    genre_pull: npt.NDArray[np.float32],
    hours: npt.NDArray[np.float64],
    offsets: npt.NDArray[np.int64],
    vectors: npt.NDArray[np.float32],
    bias: npt.NDArray[np.float32],
    styles: int,
    genre_offsets: npt.NDArray[np.int64],
    genre_items: npt.NDArray[np.int32],
    item_cumulative: npt.NDArray[np.float64],
    artists: npt.NDArray[np.int32],
    albums: npt.NDArray[np.int32],
    durations: npt.NDArray[np.float32],
    attraction: float,
    exposures: float,
    session_length: float,
    coherence: float,
    skip_floor: float,
    skip_ceiling: float,
    start: int,
    days: int,
    items: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    times: npt.NDArray[np.int64],
) -> None:
    """Fills items, weights (1: played, 0: skipped), times (seconds) of n listeners; u has offsets[u]:offsets[u + 1].

    seeds:            (n,), one stream of random numbers for each listener.
    tastes, drifts:   (n, d); the taste at the time t in 0..1 is tastes + (t - 1/2) drifts.
    genre_cumulative: (n, g), cumulative probability that a track of a genre crosses the listener's way.
    genre_pull:       (n, g), taste . mean vector of the genre, times attraction.
    hours:            (n,), the hour of the day around which the listener listens.
    vectors, bias:    (m, d) and (m,); log-odds of liking = taste . vector + bias. The first `styles` columns are style.
    genre_offsets, genre_items, item_cumulative:
                      the tracks of genre j are genre_items[genre_offsets[j]:genre_offsets[j + 1]]; their cumulative
                      weights start anew in each genre.
    """
    n, d = tastes.shape
    n_genres = genre_cumulative.shape[1]
    state = np.zeros(1, np.uint64)
    pool = np.empty(_POOL + 4096, np.int32)
    for user in range(n):
        state[0] = seeds[user]
        begin, end = offsets[user], offsets[user + 1]
        count = end - begin
        if count == 0:
            continue

        # What crosses the listener's way, with the log of its pull at the middle of the year and how that changes.
        n_candidates = max(300, int(exposures * count))
        candidates = np.empty(n_candidates, np.int32)
        logits = np.empty(n_candidates, np.float64)
        slopes = np.empty(n_candidates, np.float64)
        pulls = np.empty(n_candidates, np.float64)
        cumulative = np.empty(n_candidates, np.float64)
        for c in range(n_candidates):
            genre = _find(genre_cumulative[user], 0, n_genres, _uniform(state))
            low, high = genre_offsets[genre], genre_offsets[genre + 1]
            place = _find(item_cumulative, low, high, _uniform(state) * item_cumulative[high - 1])
            item = genre_items[place]
            candidates[c] = item
            product = np.float32(0.0)
            slope = np.float32(0.0)
            for x in range(d):
                product += tastes[user, x] * vectors[item, x]
                slope += drifts[user, x] * vectors[item, x]
            logits[c] = product + bias[item]
            slopes[c] = slope
            pulls[c] = attraction * product - genre_pull[user, genre]

        # Sessions: how long each is and when it starts.
        lengths = np.empty(count, np.int64)
        n_sessions = 0
        left = count
        while left > 0:
            length = 1 + int(-math.log(1.0 - _uniform(state)) * (session_length - 1.0) + 0.5)
            lengths[n_sessions] = min(length, left)
            left -= lengths[n_sessions]
            n_sessions += 1
        starts = np.empty(n_sessions, np.float64)
        for s in range(n_sessions):
            day = int(_uniform(state) * days)
            # The sum of four uniform numbers is nearly normal, with standard deviation 0.577.
            around = _uniform(state) + _uniform(state) + _uniform(state) + _uniform(state) - 2.0
            hour = (hours[user] + 5.0 * around) % 24.0
            starts[s] = day * 86400.0 + hour * 3600.0
        starts.sort()

        clock = 0.0
        entry = begin
        session = 0
        while session < n_sessions:
            # Some sessions together draw their plays in proportion to the pull of that time ...
            first = session
            size = 0
            while session < n_sessions and (size == 0 or size + lengths[session] <= _POOL):
                size += lengths[session]
                session += 1
            if size > pool.size:
                pool = np.empty(2 * size, np.int32)
            when = starts[first] / (days * 86400.0) - 0.5
            highest = -math.inf
            for c in range(n_candidates):
                cumulative[c] = pulls[c] + attraction * when * slopes[c]
                highest = max(highest, cumulative[c])
            total = 0.0
            for c in range(n_candidates):
                total += math.exp(cumulative[c] - highest)
                cumulative[c] = total
            for p in range(size):
                pool[p] = _find(cumulative, 0, n_candidates, _uniform(state) * total)

            # ... and then each takes its next track out of what is left, near the one before it.
            left = size
            for s in range(first, session):
                clock = max(clock + 1800.0, starts[s])
                before = -1
                opened = entry
                for _ in range(lengths[s]):
                    chosen = int(_uniform(state) * left)
                    if before >= 0:
                        best = -math.inf
                        for p in range(left):
                            item = candidates[pool[p]]
                            likeness = 0.0
                            for e in range(opened, entry):
                                if items[e] == item:
                                    likeness = _REPEAT
                            if likeness == 0.0:
                                for x in range(styles):
                                    likeness += vectors[item, x] * vectors[before, x]
                                if artists[item] == artists[before]:
                                    likeness += _SAME_ARTIST
                                if albums[item] == albums[before]:
                                    likeness += _SAME_ALBUM
                            noise = -math.log(-math.log(1.0 - _uniform(state)) + 1e-300)
                            score = coherence * likeness + noise
                            if score > best:
                                best = score
                                chosen = p
                    c = pool[chosen]
                    left -= 1
                    pool[chosen] = pool[left]
                    before = candidates[c]
                    items[entry] = before
                    times[entry] = start + int(clock)
                    liking = 1.0 / (1.0 + math.exp(-(logits[c] + when * slopes[c])))
                    skipped = _uniform(state) < skip_floor + (skip_ceiling - skip_floor) * (1.0 - liking)
                    weights[entry] = 0.0 if skipped else 1.0
                    heard = 5.0 + 25.0 * _uniform(state) if skipped else durations[before] + 3.0 * _uniform(state)
                    clock += heard + 1.0
                    entry += 1
