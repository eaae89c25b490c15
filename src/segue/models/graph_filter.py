"""Graph filtering: a history is a signal on the graph of items, and what is smooth in it passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from segue.core.arrays import Float32Array, frozen
from segue.core.asking import check_k
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Choice, Float, Int, Space
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.kernels.singular import leading
from segue.kernels.sparse_dense import times_dense
from segue.kernels.through_users import add_through_users
from segue.models.evidence import Communities
from segue.models.fitted import FittedModel
from segue.models.listeners import Listeners
from segue.models.weighting import Weighting, check_weighting, weighted


@dataclass(frozen=True)
class GraphFilter:
    """A linear and an ideal low-pass filter on the graph of items (Shen et al. 2021, How powerful is graph convolution
    for recommendation?, GF-CF).

    With R the users x items matrix of f(weight), likes only, D_U and D_I the diagonal matrices of its sums by row and
    by column, N = D_U^-1/2 R D_I^-1/2 and V the right singular vectors of its `factors` largest singular values,

        score = r (N' N + alpha D_I^-1/2 V V' D_I^1/2)    for a history r of f(weights), in which dislikes subtract.

    Nothing is trained and there is no items x items matrix: the model keeps N and V.

    factors:   the singular vectors that the low-pass filter lets through, at least 1; those of rank zero are left out.
    alpha:     the weight of the low-pass filter beside the linear one, 0 or more. 0: no vectors are made.
    weighting: f, see `segue.models.weighting.weighted`; `exponent` is that of "power".
    """

    name: ClassVar[str] = "graph-filter"
    space: ClassVar[Space] = {
        "factors": Int(16, 512, log=True),
        "alpha": Float(0.01, 3.0, log=True),
        "weighting": Choice(("binary", "log", "power")),
    }

    factors: int = 64
    alpha: float = 0.3
    weighting: Weighting = "binary"
    exponent: float = 0.5

    def __post_init__(self) -> None:
        if self.factors < 1:
            raise SettingsError(f"factors must be at least 1, got {self.factors}")
        if not 0 <= self.alpha < np.inf:
            raise SettingsError(f"alpha must be a finite number, 0 or more, got {self.alpha}")
        check_weighting(self.weighting, self.exponent)

    def fit(
        self,
        dataset: Dataset,
        *,
        seed: int = 0,
        progress: Progress = SILENT,
        threads: int | None = None,
    ) -> GraphFilterModel:
        """The normalized matrix and its singular vectors.

        Memory: three copies of the interactions and about six times n_items x factors numbers. Time: the singular
        vectors, some dozens of products of the matrix with 1.25 factors vectors. Raises DataError where no entry has a
        positive weight.
        """
        matrix = weighted(dataset.histories, self.weighting, self.exponent).csr(dataset.n_items)
        matrix.data[matrix.data < 0] = 0
        matrix.eliminate_zeros()
        if not matrix.nnz:
            raise DataError("a graph filter needs at least one entry with a positive weight, and there is none")
        of_users, of_items = (np.asarray(matrix.sum(axis=axis), np.float64).ravel() for axis in (1, 0))
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        matrix.data = (matrix.data / np.sqrt(of_users[rows] * of_items[matrix.indices])).astype(np.float32)
        vectors = np.zeros((dataset.n_items, 0), np.float32)
        if self.alpha > 0:
            with progress.task("Finding singular vectors", total=1, unit="steps") as task:
                vectors = leading(matrix, self.factors, np.random.default_rng(seed), threads=threads)[1]
                task.advance(1)
        listeners, communities = Listeners.of(matrix), Communities.of(matrix)
        return GraphFilterModel(self, dataset.items, listeners, vectors, of_items.astype(np.float32), communities)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> GraphFilterModel:
        """See `segue.core.protocols.Configuration.restore`."""
        try:
            vectors, degrees, communities = arrays["vectors"], arrays["degrees"], Communities(arrays["communities"])
        except KeyError as error:
            raise ArtifactError(f"the saved model lacks the array {error}; train it again") from None
        except DataError as error:
            raise ArtifactError(f"the saved model is damaged ({error}); train it again") from None
        n = len(items)
        if vectors.ndim != 2 or len(vectors) != n or degrees.shape != (n,) or len(communities) != n:
            raise ArtifactError(f"the saved vectors, of shape {vectors.shape}, do not fit {n} items; train it again")
        return GraphFilterModel(self, items, Listeners.restored(arrays, n), vectors, degrees, communities)


class GraphFilterModel(FittedModel):
    """A fitted graph filter.

    An item has evidence where something liked is joined to it by a chain of listeners (`segue.models.evidence`). Time
    of `recommend`: for each history the entries of all who share an item with it, and 2 n_items x factors operations.
    """

    def __init__(
        self,
        configuration: GraphFilter,
        items: Vocabulary,
        listeners: Listeners,
        vectors: Float32Array,
        degrees: Float32Array,
        communities: Communities,
    ) -> None:
        super().__init__(configuration, items)
        self._alpha = np.float32(configuration.alpha)
        self._listeners = listeners
        self._vectors: Float32Array = frozen(vectors, np.float32)
        self._degrees: Float32Array = frozen(degrees, np.float32)
        self._communities = communities
        # Where nobody has the item the vector is zero, and so is what is made of it.
        self._roots: Float32Array = np.sqrt(np.where(self._degrees > 0, self._degrees, 1), dtype=np.float32)

    @property
    def singular_vectors(self) -> Float32Array:
        """V, float32, shape (n_items, d), d at most `factors`, read-only."""
        return self._vectors

    def explain(self, history: Histories, item: int) -> Explanation:
        """Exact shares: contribution of j = f(w_j) * filter[j, item]. The baseline is 0, or -inf without evidence."""
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        if not 0 <= item < self._n_items:
            raise DataError(f"item must lie in 0..{self._n_items - 1}, got {item}")
        query = self._query(history.known(self._n_items)[0])
        places, candidate = query.items, np.array([[item]], np.int32)
        offsets, users, values = self._listeners.by_item
        own = slice(offsets[item], offsets[item + 1])
        linear = np.zeros(self._listeners.n_users)
        linear[users[own]] = values[own]
        by_item = sp.csr_array((values, users, offsets), shape=(self._n_items, self._listeners.n_users))
        weights = by_item[places] @ linear
        low_pass = self._vectors[places].astype(np.float64) @ self._vectors[item]
        weights += self._alpha * low_pass * (self._roots[item] / self._roots[places])
        contributions = query.weights * weights
        evidence = bool(self._communities.joined_at(query, candidate, by_others=False)[0, 0])
        baseline = 0.0 if evidence else -np.inf
        score = float(np.float32(baseline + contributions.sum()))
        return Explanation(score, baseline, places, contributions.astype(np.float32), "additive")

    def similar_items(self, items: npt.ArrayLike, k: int = 10) -> TopK:
        """The k items that the filter makes most of, from a history of each of `items` alone."""
        check_k(k)
        asked = self._positions(items)
        alone = Histories(np.arange(asked.size + 1), asked, np.ones(asked.size, np.float32))
        return self.recommend(alone, k)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """See `segue.core.protocols.Storable`."""
        own = {"vectors": self._vectors, "degrees": self._degrees, "communities": self._communities.labels}
        return {**self._listeners.stored(), **own}

    def _query(self, histories: Histories) -> Histories:
        return weighted(histories, self._configuration.weighting, self._configuration.exponent)

    def _score(self, histories: Histories, threads: int | None) -> Float32Array:
        query = self._query(histories)
        entries = query.offsets, query.items, query.weights
        evened = np.divide(query.weights, self._roots[query.items], dtype=np.float32)
        spectrum = times_dense((query.offsets, query.items, evened), self._vectors, threads=threads)
        scores = np.asarray((self._alpha * spectrum) @ self._vectors.T, np.float32)
        scores *= self._roots
        add_through_users(entries, self._listeners.by_item, self._listeners.by_user, scores, threads=threads)
        scores[~self._communities.joined(query, by_others=False)] = -np.inf
        return scores
