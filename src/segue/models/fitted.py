"""What every fitted model shares: masks, empty histories, blocks of rows, and lists of the best."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.core.asking import allowed_mask, blocked_items, check_k, row_blocks
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.kernels.topk import select_topk
from segue.models.audience import Audience, holders

_FEW_ITEMS: Final = 16  # times more items than are asked about, from which on only those asked about are scored


class FittedModel(ABC):
    """A fitted model that scores blocks of histories; lists are made of the scores here, the same for all.

    Memory of `recommend`: one block of scores (64 MiB, or one row of n_items), whatever the number of histories.
    """

    def __init__(self, configuration: Any, items: Vocabulary, origins: Origins | None = None) -> None:
        self._configuration = configuration
        self._items = items
        self._n_items = len(items)
        self._origins = Origins.trained(np.ones(len(items), np.bool_)) if origins is None else origins

    @property
    def configuration(self) -> Any:
        """What the model was fitted with."""
        return self._configuration

    @property
    def items(self) -> Vocabulary:
        """The items that the model knows."""
        return self._items

    @property
    def n_items(self) -> int:
        """How many items the model knows."""
        return self._n_items

    @property
    def origins(self) -> Origins:
        """Where the knowledge of each item comes from; "trained", unless the model was told otherwise."""
        return self._origins

    @abstractmethod
    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        """Scores of all items, float32 (n, n_items), -inf where there is no evidence. Every item position is known."""

    def _score_candidates(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        """Scores of some items; where a model can do this without scoring them all, it does."""
        return np.take_along_axis(self._score(histories, None), np.maximum(candidates, 0), axis=1)

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        """See `segue.core.protocols.Recommender.score`."""
        known, _ = histories.known(self._n_items)
        if candidates is None:
            scores = self._score(known, None)
        else:
            check_candidates(candidates, len(known), self._n_items)
            parts = [
                self._score_candidates(known[rows], candidates[rows]) for rows in row_blocks(len(known), self._n_items)
            ]
            scores = np.concatenate(parts) if parts else np.zeros(candidates.shape, np.float32)
            scores[candidates < 0] = -np.inf
        scores[known.lengths == 0] = -np.inf
        return scores

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        threads: int | None = None,
    ) -> TopK:
        """See `segue.core.protocols.Recommender.recommend`."""
        check_k(k)
        known, ignored = histories.known(self._n_items)
        mask = allowed_mask(allowed, self._n_items)
        offsets, blocked = blocked_items(known, exclude_seen, banned, self._n_items)
        items = np.full((len(known), k), -1, dtype=np.int32)
        scores = np.full((len(known), k), -np.inf, dtype=np.float32)
        answered = np.flatnonzero(known.lengths > 0)
        if answered.size:
            self._recommend_into(items, scores, known, answered, offsets, blocked, mask, threads)
        return TopK(items, scores, ignored)

    def recommend_users(
        self,
        items: npt.ArrayLike,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        threads: int | None = None,
    ) -> TopK:
        """See `segue.core.protocols.FindsAudience.recommend_users`. Raises DataError for an item that does not exist.

        Memory: the answer, twice, and what a block of histories takes, whatever their number: see `_audience_blocks`.
        """
        check_k(k)
        asked, back = np.unique(self._positions(items), return_inverse=True)
        known, ignored = histories.known(self._n_items)
        best = Audience.none(asked.size, k)
        for rows in self._audience_blocks(len(known)):
            block = known[rows]
            seen = holders(block if exclude_seen else block[:0], asked, self._n_items)
            best.add(rows.start, *self._audience(asked, block, min(k, len(block)), *seen, threads), threads)
        return TopK(best.rows[back], best.scores[back], ignored)

    def _audience_blocks(self, n: int) -> Iterator[slice]:
        """How many histories are looked at once: as many as have 64 MiB of scores, which exist three times over."""
        return row_blocks(n, self._n_items)

    def _audience(
        self,
        items: Int32Array,
        histories: Histories,
        k: int,
        seen_offsets: Int64Array,
        seen: Int32Array,
        threads: int | None,
    ) -> tuple[Int32Array, Float32Array]:
        """The k best rows of a block of histories for each item, and scores. Families with a faster way have theirs."""
        if items.size * _FEW_ITEMS <= self._n_items:
            scores = self.score(histories, np.tile(items, (len(histories), 1)))
        else:
            scores = self.score(histories)[:, items]
        return select_topk(
            np.ascontiguousarray(scores.T), k, seen_offsets, seen, np.zeros(0, np.bool_), threads=threads
        )

    def _positions(self, items: npt.ArrayLike) -> Int32Array:
        """Items as a vector of positions; DataError where it is none, or one does not exist."""
        given = np.atleast_1d(np.asarray(items))
        if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
            raise DataError(f"items must be a vector of positions, got {given.dtype} of shape {given.shape}")
        wrong = given[(given < 0) | (given >= self.n_items)]
        if wrong.size:
            raise DataError(f"there is no item {wrong[0]}: the model knows {self.n_items} items, counted from 0")
        return given.astype(np.int32)

    def _recommend_into(
        self,
        items: Int32Array,
        scores: Float32Array,
        histories: Histories,
        answered: Int64Array,
        blocked_offsets: Int64Array,
        blocked: Int32Array,
        mask: BoolArray,
        threads: int | None,
    ) -> None:
        """Fills the rows `answered` of items and scores (n, k). Families with a faster way have their own."""
        k = items.shape[1]
        for block in row_blocks(answered.size, self._n_items):
            rows = answered[block]
            offsets, there = gather_rows(blocked_offsets, blocked, rows)
            items[rows], scores[rows] = select_topk(
                self._score(histories[rows], threads), k, offsets, there, mask, threads=threads
            )


def gather_rows(offsets: Int64Array, values: Int32Array, rows: Int64Array) -> tuple[Int64Array, Int32Array]:
    """Some rows of a ragged array, as a ragged array."""
    if rows.size == offsets.size - 1:
        return offsets, values
    lengths = offsets[rows + 1] - offsets[rows]
    out = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return out, values[np.arange(out[-1]) + np.repeat(offsets[rows] - out[:-1], lengths)]


def check_candidates(candidates: Int32Array, n: int, n_items: int) -> None:
    """Raises DataError unless candidates are (n, m) positions below n_items."""
    if candidates.ndim != 2 or candidates.shape[0] != n:
        raise DataError(f"candidates must be a matrix with one row per history ({n}), got shape {candidates.shape}")
    if candidates.size and candidates.max() >= n_items:
        raise DataError(f"a candidate is item {candidates.max()}, but the model knows {n_items} items")
