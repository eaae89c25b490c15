"""Fitted models that are vectors: a history becomes a vector, and its product with an item's vector is the score."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array, frozen
from segue.core.asking import check_k, row_blocks
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.protocols import Measure
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import SettingsError
from segue.kernels.topk import product_topk
from segue.models.fitted import FittedModel, gather_rows

_BLOCK_ROWS: Final = 8192  # histories that have their vectors at once


class EmbeddingModel(FittedModel):
    """score = query_vectors(history) . item_vectors[item] + item_bias[item].

    item_vectors: float32, shape (n_items, d); a row of zeros for an item without evidence, which never comes back.
    item_bias:    float32, shape (n_items,), or None.
    origins:      where each vector comes from; None: all that are not zero were trained.

    A history whose vector is zero has no evidence either: all its scores are -inf.
    """

    def __init__(
        self,
        configuration: Any,
        items: Vocabulary,
        item_vectors: Float32Array,
        item_bias: Float32Array | None = None,
        origins: Origins | None = None,
    ) -> None:
        self._item_vectors: Float32Array = frozen(item_vectors, np.float32)
        self._item_bias: Float32Array | None = None if item_bias is None else frozen(item_bias, np.float32)
        self._evidence: BoolArray = frozen(self._item_vectors.any(axis=1), np.bool_)
        super().__init__(configuration, items, Origins.trained(self._evidence) if origins is None else origins)

    @property
    def item_vectors(self) -> Float32Array:
        """float32, shape (n_items, d), read-only."""
        return self._item_vectors

    @property
    def item_bias(self) -> Float32Array | None:
        """float32, shape (n_items,), read-only, or None."""
        return self._item_bias

    @property
    def likeness_vectors(self) -> Float32Array:
        """float32, shape (n_items, any), read-only: by what items are alike; the item vectors, less what all share."""
        return self._item_vectors

    @abstractmethod
    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:
        """float32, shape (n, d): where each history stands among the item vectors; zeros without evidence.

        Items that the model does not know are left out.
        """

    def similar_items(
        self, items: npt.ArrayLike, k: int = 10, *, measure: Measure = "cosine", damping: float = 0.5
    ) -> TopK:
        """The k items most like each of `items`, itself left out, best first.

        measure: "cosine"; "dot", with the bias; "euclidean", whose score is the negative distance; or "damped", the
        product a . b / |b|^(1 - damping), which lies between cosine (damping 0, up to a factor for the whole list) and
        dot (1): the larger, the more popular the answers. Only "dot" looks at the bias.

        An item without evidence has no like and is like none. Raises DataError for a position that does not exist,
        SettingsError for an unknown measure or a damping outside 0..1.
        """
        check_k(k)
        positions = self._positions(items)
        queries, vectors, bias = self._measured(positions, measure, damping)
        evidence: BoolArray = np.asarray(self.likeness_vectors.any(axis=1))
        asked = np.flatnonzero(evidence[positions])
        found = np.full((positions.size, k), -1, np.int32)
        scores = np.full((positions.size, k), -np.inf, np.float32)
        itself = np.arange(asked.size + 1, dtype=np.int64)
        found[asked], scores[asked] = product_topk(queries[asked], vectors, bias, k, itself, positions[asked], evidence)
        if measure == "euclidean":  # from a.b - |b|^2 / 2 to -|a - b|
            norms = np.square(queries, dtype=np.float64).sum(axis=1)[:, None]
            distance = np.sqrt(np.maximum(norms - 2 * scores.astype(np.float64), 0)).astype(np.float32)
            scores = np.where(found < 0, np.float32(-np.inf), -distance)
        return TopK(found, scores)

    def _measured(
        self, positions: Int32Array, measure: Measure, damping: float
    ) -> tuple[Float32Array, Float32Array, Float32Array | None]:
        """Queries, vectors and bias whose products order items by a measure."""
        vectors = self.likeness_vectors
        if measure == "dot":
            return vectors[positions], vectors, self._item_bias
        norms = np.sqrt(np.square(vectors, dtype=np.float64).sum(axis=1, keepdims=True))
        norms[norms == 0] = 1.0
        if measure == "euclidean":
            return vectors[positions], vectors, (-np.square(norms[:, 0]) / 2).astype(np.float32)
        if measure == "cosine":
            unit = (vectors / norms).astype(np.float32)
            return unit[positions], unit, None
        if measure == "damped":
            if not 0 <= damping <= 1:
                raise SettingsError(f"damping must lie between 0 (cosine) and 1 (dot), got {damping}")
            return vectors[positions], (vectors / norms ** (1 - damping)).astype(np.float32), None
        raise SettingsError(f"measure must be 'cosine', 'dot', 'euclidean' or 'damped', got {measure!r}")

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        queries = self.query_vectors(histories, threads=threads)
        scores = np.asarray(queries @ self._item_vectors.T, np.float32)
        if self._item_bias is not None:
            scores += self._item_bias
        scores[:, ~self._evidence] = -np.inf
        scores[~queries.any(axis=1)] = -np.inf
        return scores

    def _score_candidates(self, histories: Histories, candidates: Int32Array) -> Float32Array:
        queries = self.query_vectors(histories)
        places = np.maximum(candidates, 0)
        scores = np.matmul(self._item_vectors[places], queries[:, :, None])[:, :, 0]
        if self._item_bias is not None:
            scores += self._item_bias[places]
        scores[~self._evidence[places]] = -np.inf
        scores[~queries.any(axis=1)] = -np.inf
        return scores

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
        mask = self._evidence if mask.size == 0 else mask & self._evidence
        for start in range(0, answered.size, _BLOCK_ROWS):
            rows = answered[start : start + _BLOCK_ROWS]
            queries = self.query_vectors(histories[rows], threads=threads)
            known = queries.any(axis=1)
            rows = rows[known]
            offsets, there = gather_rows(blocked_offsets, blocked, rows)
            items[rows], scores[rows] = product_topk(
                queries[known],
                self._item_vectors,
                self._item_bias,
                items.shape[1],
                offsets,
                there,
                mask,
                threads=threads,
            )

    def _audience_blocks(self, n: int) -> Iterator[slice]:
        """How many histories are looked at once: as many as have 64 MiB of vectors."""
        return row_blocks(n, self._item_vectors.shape[1])

    def _audience(
        self,
        items: Int32Array,
        histories: Histories,
        k: int,
        seen_offsets: Int64Array,
        seen: Int32Array,
        threads: int | None,
    ) -> tuple[Int32Array, Float32Array]:
        """Items ask for histories as histories ask for items; no matrix of scores exists."""
        vectors = self.query_vectors(histories, threads=threads)
        found, scores = product_topk(
            self._item_vectors[items],
            vectors,
            None,
            k,
            seen_offsets,
            seen,
            np.asarray(vectors.any(axis=1)),
            threads=threads,
        )
        if self._item_bias is not None:
            scores += self._item_bias[items, None]
        unknown = ~self._evidence[items]
        found[unknown], scores[unknown] = -1, -np.inf
        return found, scores
