"""Putting candidates in order, and giving scores to an order that something other than a score made."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.core.candidates import Pool
from segue.core.histories import Histories
from segue.core.protocols import Recommender

_STEP: Final = np.float32(2.0**-20)  # relative; eight times what float32 can tell apart
_LEAST: Final = np.float32(2.0**-100)


class Ranker(Protocol):
    """The second stage."""

    @property
    def model(self) -> Recommender | None:
        """The one model whose score it is, or None where the score is made of several."""
        ...

    def rank(self, histories: Histories, pool: Pool) -> Pool:
        """The same candidates, best first, with scores; -inf marks a candidate that has a place but no score."""
        ...


def best_first(pool: Pool, scores: Float32Array, without: Float32Array | None = None) -> Pool:
    """The pool by falling score, ties by item position.

    Candidates whose score is -inf come after all others, by falling `without` (finite, float32, the shape of the items)
    where it is given.
    """
    there = pool.items >= 0
    scores = np.where(there, scores, np.float32(-np.inf))
    scored = scores > -np.inf
    keys = _keys(scores if without is None else np.where(scored, scores, without), pool.items)
    keys[~there] = 0
    columns: Int64Array = np.argsort(~keys, axis=1)
    if without is not None:
        behind = np.argsort(~np.take_along_axis(scored, columns, axis=1), axis=1, kind="stable")
        columns = np.take_along_axis(columns, behind, axis=1)
    return replace(
        pool,
        items=np.take_along_axis(pool.items, columns, axis=1),
        ranks=np.take_along_axis(pool.ranks, columns[:, :, None], axis=1),
        scores=np.take_along_axis(scores, columns, axis=1),
    )


def falling(scores: Float32Array, items: Int32Array) -> Float32Array:
    """Scores that agree with the order of the lists `items` (n, k; -1 pads), which is not always that of `scores`.

    A score stays where it lies below the one before it (or equals it, at a higher item position). Otherwise, and where
    it is -inf, the item stands where it does for another reason than its score; it gets a score just below the one
    before it, less by a millionth of its size. A first item without a score gets 0. Pads get -inf.
    """
    out = np.full(scores.shape, -np.inf, np.float32)
    for column in range(scores.shape[1]):
        given = scores[:, column]
        if column == 0:
            value = np.where(given > -np.inf, given, np.float32(0))
        else:
            before = out[:, column - 1]
            tie = (given == before) & (items[:, column] > items[:, column - 1])
            with np.errstate(invalid="ignore"):  # -inf less something, at the end of a list
                below = before - np.maximum(np.abs(before) * _STEP, _LEAST)
            value = np.where((given > -np.inf) & ((given < before) | tie), given, below)
        out[:, column] = np.where(items[:, column] >= 0, value, np.float32(-np.inf))
    return out


def _keys(scores: Float32Array, items: Int32Array) -> npt.NDArray[np.uint64]:
    """Numbers that are larger for a larger score and, at equal scores, for a smaller item position."""
    bits = (scores + np.float32(0)).view(np.uint32)  # -0.0 becomes 0.0
    negative: BoolArray = (bits >> np.uint32(31)).astype(np.bool_)
    rising = np.where(negative, ~bits, bits | np.uint32(0x8000_0000))
    return (rising.astype(np.uint64) << np.uint64(32)) | (~items.astype(np.uint32)).astype(np.uint64)
