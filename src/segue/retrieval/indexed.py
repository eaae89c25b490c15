"""An embedding model asked through an index of its vectors: filters, seen items and bias are handled here, once.

An index knows vectors and nothing of what may come back. So it is asked for more than is wanted, what may not come back
is left out, and where too little is left, it is asked for four times as many; at a quarter of all vectors, every vector
is looked at. A list is thus never shorter than the exact one: min(k, what may come back).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array
from segue.core.asking import allowed_mask, blocked_items, check_k
from segue.core.histories import Histories
from segue.core.protocols import HasVectors, Recommender
from segue.core.topk import TopK
from segue.errors import ArtifactError, SettingsError
from segue.index.port import IndexKind, VectorIndex, with_column
from segue.kernels.topk import product_topk, select_topk
from segue.models.fitted import gather_rows

_WIDER: Final = 4  # how many times more is asked for where too little was left
_MOST: Final = 4  # from one in so many vectors on, all are looked at
_BLOCK_BYTES: Final = 64 * 2**20  # of gathered vectors held at once


def indexed_vectors(model: HasVectors) -> Float32Array:
    """The vectors to put into an index of a model, float32 (n_items, d), with the bias, where there is one, as one more
    coordinate; a row of zeros for an item without evidence."""
    vectors = model.item_vectors
    if model.item_bias is None:
        return vectors
    there = vectors.any(axis=1)
    return with_column(np.asarray(vectors), np.where(there, model.item_bias, np.float32(0)))


def indexed_queries(model: HasVectors, histories: Histories, *, threads: int | None = None) -> Float32Array:
    """The queries that go with `indexed_vectors`, float32; one of a history without evidence is zero but for the bias's
    coordinate."""
    queries = model.query_vectors(histories, threads=threads)
    return queries if model.item_bias is None else with_column(queries, 1.0)


def build(
    model: Recommender, kind: IndexKind, *, seed: int = 0, threads: int | None = 1, name: str = "the model"
) -> VectorIndex:
    """An index of a model's vectors by their products; SettingsError for a model that has none."""
    if not isinstance(model, HasVectors):
        raise SettingsError(f"{name} has no vectors that could be put into an index; ask it directly")
    return kind.build(indexed_vectors(model), measure="dot", seed=seed, threads=threads)


class IndexedSearch:
    """The lists of an embedding model, found through an index of its vectors.

    Scores are the model's own, of the items found. Raises SettingsError for a model without vectors, ArtifactError
    where the index is of other vectors than the model's: of another number, length or measure.
    """

    def __init__(self, model: Recommender, index: VectorIndex) -> None:
        if not isinstance(model, HasVectors):
            raise SettingsError(f"a {type(model).__name__} has no vectors to be found through an index")
        self._model = model
        self._index = index
        self._n_items = len(model.items)
        self._vectors = np.ascontiguousarray(indexed_vectors(model))
        self._evidence: BoolArray = np.asarray(self._vectors.any(axis=1))
        wanted = (self._n_items, self._vectors.shape[1], "dot")
        found = (len(index), index.dimensions, index.measure)
        if found != wanted:
            raise ArtifactError(
                f"the index holds {found[0]} vectors of {found[1]} dimensions by {found[2]}, the model has {wanted[0]} "
                f"of {wanted[1]} by {wanted[2]}; build it again"
            )

    @property
    def index(self) -> VectorIndex:
        """What is searched."""
        return self._index

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
        """See `segue.core.protocols.Recommender.recommend`; of what the index misses, a list has the next best."""
        check_k(k)
        known, ignored = histories.known(self._n_items)
        mask = allowed_mask(allowed, self._n_items)
        mask = self._evidence if mask.size == 0 else mask & self._evidence
        blocked = blocked_items(known, exclude_seen, banned, self._n_items)
        items = np.full((len(known), k), -1, np.int32)
        scores = np.full((len(known), k), -np.inf, np.float32)
        queries = self._model.query_vectors(known, threads=threads)
        pending = np.flatnonzero(queries.any(axis=1))
        if self._vectors.shape[1] > queries.shape[1]:
            queries = with_column(queries, 1.0)
        share = np.count_nonzero(mask) / max(1, self._n_items)
        widths = self._widths(k, np.diff(blocked[0]), share)
        while pending.size:
            short = []
            for width in np.unique(widths[pending]):
                rows = pending[widths[pending] == width]
                if width * _MOST >= self._n_items:
                    self._look_at_all(rows, queries, blocked, mask, items, scores, threads)
                    continue
                for part in _parts(rows, int(width) * self._vectors.shape[1]):
                    self._look_into(part, int(width), queries, blocked, mask, items, scores, threads)
                    short.append(part[items[part, -1] < 0])
            pending = np.concatenate([pending[:0], *short])
            widths[pending] *= _WIDER
        return TopK(items, scores, ignored)

    def _widths(self, k: int, blocked: Int64Array, share: float) -> Int64Array:
        """How many vectors each row asks for first: k of those that may come back, and the blocked, as a power of two,
        so that few different numbers occur."""
        wanted = (k + blocked) / max(share, 1e-9)
        return np.asarray(2 ** np.ceil(np.log2(np.minimum(wanted, 2.0**40))), np.int64)

    def _look_into(
        self,
        rows: Int64Array,
        width: int,
        queries: Float32Array,
        blocked: tuple[Int64Array, Int32Array],
        mask: BoolArray,
        items: Int32Array,
        scores: Float32Array,
        threads: int | None,
    ) -> None:
        """Fills rows of items and scores with what the index finds among its `width` nearest."""
        near = np.sort(self._index.nearest(queries[rows], width, threads=threads), axis=1)  # ties by position
        places = np.maximum(near, 0)
        found = np.matmul(self._vectors[places], queries[rows][:, :, None])[:, :, 0]
        found[(near < 0) | ~mask[places]] = -np.inf
        offsets, gone = gather_rows(*blocked, rows)
        key = np.repeat(np.arange(rows.size), np.diff(offsets)) * np.int64(self._n_items) + gone
        found[np.isin(np.arange(rows.size)[:, None] * np.int64(self._n_items) + places, key)] = -np.inf
        nothing = np.zeros(rows.size + 1, np.int64), np.zeros(0, np.int32)
        columns, best = select_topk(found, items.shape[1], *nothing, np.zeros(0, np.bool_), threads=threads)
        items[rows] = np.where(columns < 0, -1, np.take_along_axis(near, np.maximum(columns, 0), axis=1))
        scores[rows] = best

    def _look_at_all(
        self,
        rows: Int64Array,
        queries: Float32Array,
        blocked: tuple[Int64Array, Int32Array],
        mask: BoolArray,
        items: Int32Array,
        scores: Float32Array,
        threads: int | None,
    ) -> None:
        offsets, gone = gather_rows(*blocked, rows)
        items[rows], scores[rows] = product_topk(
            queries[rows], self._vectors, None, items.shape[1], offsets, gone, mask, threads=threads
        )


def _parts(rows: Int64Array, width: int) -> list[Int64Array]:
    """The rows in blocks of which so many numbers per row fit into 64 MiB; at least one row each."""
    size = max(1, _BLOCK_BYTES // (4 * max(1, width)))
    return [rows[start : start + size] for start in range(0, rows.size, size)]
