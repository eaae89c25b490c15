"""A factorization by features while it learns to rank (`segue.kernels.ranking_loss`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import scipy.sparse as sp

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.histories import Histories
from segue.errors import ModelError
from segue.kernels.ranking_loss import feature_steps, item_gradients, item_sums, mark_wanted, sample
from segue.kernels.threads import blas, spread

_ENTRIES: Final = 1024  # of a batch, at least: what four calls of compiled code are worth
_BATCHES: Final = 256  # of an epoch, at most: before each, its items are summed anew
_HISTORIES: Final = 16  # that a thread takes at a time
_RANGES: Final = 16  # into which items, and features, are cut
_FEW: Final = 2_000_000  # entries times factors: less work is done before threads have started


@dataclass(frozen=True, slots=True)
class Ranking:
    """How a descent learns: see `segue.models.feature_mf.FeatureMF`; tries is 0 for BPR."""

    factors: int
    tries: int
    damping: float
    scale: float


@dataclass(slots=True, eq=False)
class Vectors:
    """Of n items or features: as candidates v (n, d), in histories z (n, d), and biases (n,), float32."""

    v: Float32Array
    z: Float32Array
    bias: Float32Array

    @classmethod
    def zeros(cls, n: int, d: int) -> Vectors:
        """All 0."""
        return cls(np.zeros((n, d), np.float32), np.zeros((n, d), np.float32), np.zeros(n, np.float32))

    def __iter__(self) -> Iterator[Float32Array]:
        return iter((self.v, self.z, self.bias))


class RankingDescent:
    """The vectors of features and items, and epochs that make them better.

    histories: each item once per row, with its weight, none of them 0.
    features:  items x features, float32, with sorted columns.
    ridges:    float32, shape (n_features,), what a feature's squared length costs.

    A step is made for a batch of histories, drawn without repetition in an epoch. Every sum of a step is taken in the
    order of the batch, by whichever thread owns the item or the feature, and each history has a random stream of its
    own, so that the number of threads changes nothing.
    """

    def __init__(
        self,
        histories: Histories,
        features: sp.csr_array[Any],
        ridges: Float32Array,
        ranking: Ranking,
        seed: int,
        threads: int | None,
    ) -> None:
        self._generator = generator = np.random.default_rng(seed)
        self._ranking = ranking
        n_items, n_features = features.shape
        d = ranking.factors
        self._by_item, self._by_feature = _arrays(features), _arrays(sp.csr_array(features.T))
        self._offsets, self._entries, self._weights = _arrays(histories.csr(n_items))
        self._known: Int32Array = np.unique(histories.items[histories.weights > 0]).astype(np.int32)
        self._ridges = ridges
        scale = np.float32(ranking.scale / np.sqrt(d))
        v, z = scale * generator.standard_normal((2, n_features, d), dtype=np.float32)
        self._of_features = Vectors(v, z, np.zeros(n_features, np.float32))
        self._squares = np.zeros((3, n_features), np.float32)  # of AdaGrad: for v, z and bias
        self._of_items = Vectors.zeros(n_items, d)
        self._gradients = Vectors.zeros(n_items, d)
        self._touched = np.zeros(n_items, np.int32)
        batch = max(_ENTRIES, -(-self._entries.size // _BATCHES))
        self._batch = batch
        self._threads = threads if batch * d * (1 + ranking.tries) > _FEW else 1
        self._item_ranges = _ranges(self._by_item[0])
        self._feature_ranges = _ranges(self._by_feature[0])

    @property
    def of_features(self) -> Vectors:
        """The vectors of all features, not copied."""
        return self._of_features

    def of_items(self) -> Vectors:
        """The vectors of all items, sums of those of their features, not copied."""
        self._sum(np.full(self._touched.size, 2, np.int32))
        return self._of_items

    def epoch(self, rate: float) -> float:
        """Goes through all histories once; the mean over liked items of log(1 + exp(s_drawn - s_liked)).

        Raises ModelError where the numbers run over.
        """
        order = self._generator.permutation(self._offsets.size - 1)
        order = order[np.diff(self._offsets)[order] > 0]
        ends = np.cumsum(np.diff(self._offsets)[order])
        cuts = np.unique(np.searchsorted(ends, np.arange(0, ends[-1], self._batch), side="left"))
        loss = 0.0
        with blas(1):
            for first, end in pairwise([*cuts.tolist(), order.size]):
                loss += self._step(order[first:end], rate)
        if not np.isfinite(loss):
            raise ModelError(f"the numbers ran over; lower learning_rate, which stood at {rate:g}")
        return loss / np.count_nonzero(self._weights > 0)

    def _step(self, rows: Int64Array, rate: float) -> float:
        lengths = self._offsets[rows + 1] - self._offsets[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        n, d, m = rows.size, self._ranking.factors, int(starts[-1])
        batch = rows, starts, self._offsets, self._entries, self._weights
        states = self._generator.integers(2**63, size=n, dtype=np.uint64)
        damping = np.float32(self._ranking.damping)
        profiles, pulled = np.empty((n, d), np.float32), np.empty((n, d), np.float32)
        drawn, pull = np.empty(m, np.int32), np.empty(m, np.float32)
        wanted = np.zeros(self._touched.size, np.int32)
        mark_wanted(*batch, self._known, self._ranking.tries, states, wanted)
        self._sum(wanted)
        losses = np.zeros(-(-n // _HISTORIES))
        items, gradients, squares = self._of_items, self._gradients, self._squares

        def draw(share: Iterator[int]) -> None:
            query = np.empty(d, np.float32)
            for piece in share:
                first = piece * _HISTORIES
                losses[piece] = sample(  # type: ignore[call-arg]  # mypy cannot count what stars stand for
                    *(first, min(first + _HISTORIES, n), *batch, *items, self._known, self._ranking.tries, damping),
                    *(states, profiles, pulled, drawn, pull, query),
                )

        def gather(share: Iterator[tuple[int, int]]) -> None:
            for first, end in share:
                item_gradients(
                    *(first, end, *batch, items.v, items.z, damping, profiles, pulled, drawn, pull),
                    *(*gradients, self._touched),
                )

        def move(share: Iterator[tuple[int, int]]) -> None:
            scratch = np.empty((2, d), np.float32)
            for first, end in share:
                feature_steps(
                    *(first, end, *self._by_feature, *gradients, self._touched, np.float32(rate), self._ridges),
                    *(*self._of_features, *squares, scratch),
                )

        spread(draw, range(losses.size), self._threads)
        spread(gather, self._item_ranges, self._threads)
        spread(move, self._feature_ranges, self._threads)
        return float(losses.sum())

    def _sum(self, wanted: Int32Array) -> None:
        """Makes the items that are wanted the sums of their features as these are now."""

        def add(share: Iterator[tuple[int, int]]) -> None:
            for first, end in share:
                item_sums(  # type: ignore[call-arg]  # as above
                    *(first, end, *self._by_item, *self._of_features), wanted, *self._of_items
                )

        spread(add, self._item_ranges, self._threads)


def _arrays(matrix: sp.csr_array[Any]) -> tuple[Int64Array, Int32Array, Float32Array]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)


def _ranges(offsets: Int64Array) -> list[tuple[int, int]]:
    """Ranges of rows of about as many entries each."""
    n = offsets.size - 1
    cost = offsets + np.arange(n + 1)
    cuts = np.searchsorted(cost, np.linspace(0, cost[-1], _RANGES + 1))
    cuts[-1] = n
    return [(int(first), int(end)) for first, end in pairwise(cuts) if first < end]
