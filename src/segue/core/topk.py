"""The answer of every model: k items for each history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """n lists of at most k items, best first.

    items:   int32, shape (n, k), positions, -1 where a list has ended; nothing follows a -1.
    scores:  float32, shape (n, k), falling within a row, -inf where there is no item; ties are in order of position.
    ignored: how many entries of the histories were left out since the model does not know their items.

    Raises DataError at birth where shapes differ, a list continues after its end, scores rise, or a score is NaN.
    """

    items: Int32Array
    scores: Float32Array
    ignored: int = 0

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "items", frozen(self.items, np.int32))
        put(self, "scores", frozen(self.scores, np.float32))
        if self.items.ndim != 2 or self.items.shape != self.scores.shape:
            raise DataError(
                f"items and scores must be matrices of one shape, got {self.items.shape} and {self.scores.shape}"
            )
        none = self.items < 0
        if self.items.shape[1] > 1:
            if np.any(none[:, :-1] & ~none[:, 1:]):
                raise DataError("an item follows the end of its list (-1)")
            if np.any((self.scores[:, 1:] > self.scores[:, :-1]) & ~none[:, 1:]):
                raise DataError("scores must fall within a list")
        if np.any(np.isnan(self.scores) & ~none):
            raise DataError("a score is NaN")

    @classmethod
    def of(cls, rows: Sequence[Sequence[int]], k: int | None = None) -> TopK:
        """Lists by hand, best first; scores are made up and fall by 1."""
        width = max((len(row) for row in rows), default=0) if k is None else k
        items = np.full((len(rows), width), -1, dtype=np.int32)
        for row, list_ in enumerate(rows):
            items[row, : len(list_)] = list_[:width]
        scores = np.where(items >= 0, np.arange(width, 0, -1, dtype=np.float32), np.float32(-np.inf))
        return cls(items, scores.astype(np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence[TopK]) -> TopK:
        """The lists of all parts, which must have the same k (DataError), one after the other."""
        if not parts:
            return cls(np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
        if len({part.k for part in parts}) > 1:
            raise DataError(f"lists of different k cannot be joined: {sorted({part.k for part in parts})}")
        return cls(
            np.concatenate([part.items for part in parts]),
            np.concatenate([part.scores for part in parts]),
            sum(part.ignored for part in parts),
        )

    def __len__(self) -> int:
        return int(self.items.shape[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TopK):
            return NotImplemented
        return np.array_equal(self.items, other.items) and np.array_equal(self.scores, other.scores)

    __hash__ = None  # type: ignore[assignment]

    @property
    def k(self) -> int:
        """The width of the lists."""
        return int(self.items.shape[1])

    @property
    def lengths(self) -> Int32Array:
        """How many items each list holds, int32, shape (n,)."""
        return np.asarray(np.count_nonzero(self.items >= 0, axis=1), dtype=np.int32)

    def head(self, k: int) -> TopK:
        """The first k of each list."""
        return TopK(self.items[:, :k], self.scores[:, :k], self.ignored)

    def row(self, number: int) -> list[tuple[int, float]]:
        """One list as (item, score) pairs, without the padding."""
        size = int(np.count_nonzero(self.items[number] >= 0))
        items, scores = self.items[number, :size], self.scores[number, :size]
        return list(zip(items.tolist(), scores.tolist(), strict=True))

    def to_frame(self, items: Vocabulary, rows: Vocabulary | Sequence[str] | None = None) -> pl.DataFrame:
        """A frame with the columns row (an id where `rows` names them, else a number), rank (from 1), item, score."""
        n, k = self.items.shape
        there = self.items.ravel() >= 0
        number = np.repeat(np.arange(n, dtype=np.int64), k)[there]
        row: pl.Series | np.ndarray[tuple[int], np.dtype[np.int64]] = number
        if rows is not None:
            names = rows.series if isinstance(rows, Vocabulary) else pl.Series(rows, dtype=pl.String)
            row = names.gather(number)
        rank = np.tile(np.arange(1, k + 1, dtype=np.int32), n)[there]
        positions = self.items.ravel()[there]
        return pl.DataFrame(
            {"row": row, "rank": rank, "item": items.series.gather(positions), "score": self.scores.ravel()[there]}
        )
