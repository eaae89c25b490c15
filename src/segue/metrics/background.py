"""What metrics beyond accuracy hold the lists against: made once for all models of an evaluation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int32Array, Int64Array, frozen
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import DataError
from segue.metrics.content import content_vectors, genre_shares
from segue.metrics.judged import Judged

Need: TypeAlias = Literal["genres", "content", "vectors"]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """The training data as metrics see it.

    users:      training users who like at least one item.
    popularity: int64, shape (n_items,), how many training users like each item (a weight above 0).
    genres:     n_items x genres csr, float32: an item's row is spread evenly over its genres, or is empty; or None.
    content:    n_items x features csr, float32: rows of length 1, or empty (see `content_vectors`); or None.
    vectors:    float32, shape (n_items, d): rows of length 1, or zeros for an item without evidence; or None.
    rank_of:    int32, shape (n_items,): the rank of each item by popularity from 0, ties by position; the largest int32
                for one that no training user likes, which popularity never recommends.
    """

    users: int
    popularity: Int64Array
    genres: sp.csr_array[Any] | None = None
    content: sp.csr_array[Any] | None = None
    vectors: Float32Array | None = None
    rank_of: Int32Array = field(init=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "popularity", frozen(self.popularity, np.int64))
        for table in (self.genres, self.content, self.vectors):
            if table is not None and table.shape[0] != self.n_items:
                raise DataError(f"a background needs one row per item ({self.n_items}), got {table.shape[0]}")
        if self.vectors is not None:
            put(self, "vectors", _unit(self.vectors))
        rank_of = np.empty(self.n_items, np.int32)
        rank_of[np.argsort(-self.popularity, kind="stable")] = np.arange(self.n_items, dtype=np.int32)
        rank_of[self.popularity == 0] = np.iinfo(np.int32).max
        put(self, "rank_of", frozen(rank_of, np.int32))

    @classmethod
    def of(cls, train: Dataset, needs: Collection[Need] = (), vectors: Float32Array | None = None) -> Background:
        """The background of a training set, with what `needs` names.

        vectors: float32 (n_items, d), the item vectors of an embedding model, of any length. Raises DataError where the
        catalogue has no genres, or nothing that tells items apart, and this is needed.
        """
        liked = train.histories.merged()
        liked = liked.where(liked.weights > 0)
        return cls(
            users=int(np.count_nonzero(liked.lengths)),
            popularity=np.bincount(liked.items, minlength=len(train.items)),
            genres=genre_shares(train.catalogue) if "genres" in needs else None,
            content=content_vectors(train.catalogue) if "content" in needs else None,
            vectors=vectors,
        )

    @property
    def n_items(self) -> int:
        """How many items the catalogue has, known to training or not."""
        return int(self.popularity.size)


@dataclass(frozen=True, eq=False)
class Answered:
    """n users: what each was given, the list made of it, and which entries were right.

    given:  n histories, of which no list names an item.
    top:    n lists.
    judged: their marks.
    """

    given: Histories
    top: TopK
    judged: Judged

    def __post_init__(self) -> None:
        if not len(self.given) == len(self.top) == len(self.judged) or self.top.items.shape != self.judged.hits.shape:
            raise DataError(
                f"there must be one history, list and row of marks per user, got {len(self.given)} histories, lists of "
                f"shape {self.top.items.shape} and marks of shape {self.judged.hits.shape}"
            )

    def __len__(self) -> int:
        return len(self.given)

    @cached_property
    def seen(self) -> Histories:
        """The given histories, each item once."""
        return self.given.merged()

    @cached_property
    def liked(self) -> Histories:
        """The given items with a weight above 0, each once."""
        return self.seen.where(self.seen.weights > 0)


def _unit(vectors: Float32Array) -> Float32Array:
    wide = np.asarray(vectors, np.float64)
    lengths = np.sqrt(np.square(wide).sum(axis=1, keepdims=True))
    return frozen(wide / np.where(lengths > 0, lengths, 1.0), np.float32)
