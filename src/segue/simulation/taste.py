"""What every listener of the demo world truly likes, and the best lists that anyone could make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from segue.core.arrays import BoolArray, Float32Array, frozen
from segue.core.asking import check_k, row_blocks
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.kernels.topk import select_topk

Aim: TypeAlias = Literal["liking", "plays"]


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """The truth as factors: P(listener u likes track i at the time t) = 1 / (1 + exp(-(p_u(t) . q_i + b_i))).

    users, items:    vocabularies, n and m ids.
    user_factors:    float32, shape (n, d), p_u at the middle of the year; p_u(t) = p_u + (t - 1/2) drift_u, t in 0..1.
    drifts:          float32, shape (n, d).
    item_factors:    float32, shape (m, d), q_i.
    bias:            float32, shape (m,), b_i.
    log_exposure:    float32, shape (m,), log of how often a track crosses anyone's way.
    attraction:      a track is played in proportion to exposure_i * exp(attraction * (p_u(t) . q_i + b_i)).

    Nothing of size n x m is ever held: `blocks` gives it piece by piece.
    """

    users: Vocabulary
    items: Vocabulary
    user_factors: Float32Array
    drifts: Float32Array
    item_factors: Float32Array
    bias: Float32Array
    log_exposure: Float32Array
    attraction: float

    def __post_init__(self) -> None:
        for name in ("user_factors", "drifts", "item_factors", "bias", "log_exposure"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float32))

    def probability(
        self, rows: npt.ArrayLike, items: npt.ArrayLike | None = None, *, when: float = 0.5
    ) -> Float32Array:
        """The probability that each of these listeners likes each of these tracks (None: all), float32."""
        vectors, bias = self.item_factors, self.bias
        if items is not None:
            vectors, bias = vectors[np.asarray(items)], bias[np.asarray(items)]
        return np.asarray(expit(self.factors(rows, when) @ vectors.T + bias), dtype=np.float32)

    def probability_of(self, rows: npt.ArrayLike, items: npt.ArrayLike, *, when: npt.ArrayLike = 0.5) -> Float32Array:
        """The probability that the listener rows[j] likes the track items[j] (at when[j]), for all j, float32."""
        return np.asarray(expit(self.log_odds(rows, items, when=when)), dtype=np.float32)

    def log_odds(self, rows: npt.ArrayLike, items: npt.ArrayLike, *, when: npt.ArrayLike = 0.5) -> Float32Array:
        """The log-odds of `probability_of`, float32. Memory beside the answer: 2**18 pairs at once."""
        users, tracks = np.asarray(rows, dtype=np.int64), np.asarray(items, dtype=np.int64)
        times = np.broadcast_to(np.asarray(when, dtype=np.float32), users.shape)
        out = np.empty(users.shape, np.float32)
        for start in range(0, users.size, 1 << 18):
            part = slice(start, start + (1 << 18))
            taste = self.user_factors[users[part]] + (times[part, np.newaxis] - 0.5) * self.drifts[users[part]]
            out[part] = np.einsum("jd,jd->j", taste, self.item_factors[tracks[part]]) + self.bias[tracks[part]]
        return out

    def blocks(self, *, when: float = 0.5) -> Iterator[tuple[slice, Float32Array]]:
        """All probabilities, some rows of listeners at a time: (rows, float32 (rows, m)); 64 MiB or one row at once."""
        for rows in row_blocks(len(self.users), len(self.items)):
            yield rows, self.probability(np.arange(rows.start, rows.stop), when=when)

    def best(
        self,
        rows: npt.ArrayLike,
        k: int = 10,
        *,
        aim: Aim = "liking",
        when: float = 0.5,
        exclude: Histories | None = None,
        allowed: BoolArray | None = None,
        threads: int | None = None,
    ) -> TopK:
        """The best possible lists for these listeners: no list of k tracks has a higher expected sum.

        aim:     "liking": what they like most. The score is the log-odds of liking.
                 "plays": what they play most, since it also crosses their way; the aim to hold a model against that is
                 measured on plays it has not seen. The score is the log of the rate of plays, up to a constant.
        exclude: one history per row; what is in it does not come back.
        allowed: a mask over tracks, bool (m,).
        """
        chosen = np.asarray(rows, dtype=np.int64)
        check_k(k)
        if exclude is not None and len(exclude) != chosen.size:
            raise DataError(f"exclude must have one history per row ({chosen.size}), got {len(exclude)}")
        mask = np.zeros(0, np.bool_) if allowed is None else np.ascontiguousarray(allowed, np.bool_)
        if mask.size not in (0, len(self.items)):
            raise DataError(f"allowed must be a mask over the {len(self.items)} items, got shape {mask.shape}")
        parts = []
        for block in row_blocks(chosen.size, len(self.items)):
            scores = self.scores(chosen[block], aim=aim, when=when)
            seen = Histories.empty(scores.shape[0]) if exclude is None else exclude[block]
            parts.append(TopK(*select_topk(scores, k, seen.offsets, seen.items, mask, threads=threads)))
        return TopK.concatenate(parts) if parts else TopK(np.zeros((0, k), np.int32), np.zeros((0, k), np.float32))

    def scores(self, rows: npt.ArrayLike, *, aim: Aim = "liking", when: float = 0.5) -> Float32Array:
        """What `best` sorts by, for all tracks, float32 (rows, m)."""
        if aim not in ("liking", "plays"):
            raise SettingsError(f"the aim must be 'liking' or 'plays', got {aim!r}")
        odds = self.factors(rows, when) @ self.item_factors.T
        odds += self.bias
        if aim == "plays":
            odds *= np.float32(self.attraction)
            odds += self.log_exposure
        return np.asarray(odds, dtype=np.float32)

    def mean_liking(self, rows: npt.ArrayLike, top: TopK, *, when: float = 0.5) -> Float32Array:
        """How probably a listener likes a track of his list, on average over the list: float32, one value per row.

        The value of `best(rows, top.k)` is the most that can be had. An empty list has 0.
        """
        users = np.repeat(np.asarray(rows, dtype=np.int64), top.k)
        there = top.items.ravel() >= 0
        liked = np.zeros(there.size, np.float32)
        liked[there] = self.probability_of(users[there], top.items.ravel()[there], when=when)
        return np.asarray(liked.reshape(len(top), top.k).sum(axis=1) / np.maximum(top.lengths, 1), dtype=np.float32)

    def factors(self, rows: npt.ArrayLike, when: float = 0.5) -> Float32Array:
        """p_u(when) of these listeners, float32 (rows, d)."""
        chosen = np.asarray(rows, dtype=np.int64)
        return np.asarray(self.user_factors[chosen] + np.float32(when - 0.5) * self.drifts[chosen], dtype=np.float32)
