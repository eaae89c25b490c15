"""What implicit ALS has learned: item vectors, and how histories are answered, explained and valued with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int64Array
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origin, Origins
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.models.alternating import Entries, Side, gram, squares
from segue.models.embedding import EmbeddingModel
from segue.models.new_items import Way, known_items, placed
from segue.models.projection import listeners_of, projected

_BLOCK_ROWS: Final = 8192  # histories that have their vectors at once
_FEW: Final = 2048  # entries that are not worth a second thread
_PRIOR: Final = 5.0  # how many listeners of a new item say as much as the average of what is alike


class Problem(Protocol):
    """What of `segue.models.implicit_als.ImplicitALS`, its configuration, a fitted model needs."""

    @property
    def factors(self) -> int: ...
    @property
    def unobserved_weight(self) -> float: ...
    @property
    def regularization(self) -> float: ...
    @property
    def regularization_exponent(self) -> float: ...
    @property
    def nonnegative(self) -> bool: ...
    def observed(self, histories: Histories, n_items: int) -> Entries: ...
    def equations(self, entries: Entries) -> Side: ...


class FittedImplicitALS(EmbeddingModel):
    """Item vectors, in the axes in which their Gram matrix is diagonal; nonnegative ones in the axes they came in.

    A history's vector is the exact minimum of the objective over x, item vectors held fixed. It is stored for nobody: a
    user of the training data is answered by the history.

    Items placed after training (see `with_items`) are no part of that Gram matrix: a history holds them or it does not,
    and says nothing by not holding them. So the vectors of histories without them stay what they were.
    """

    def __init__(
        self,
        configuration: Problem,
        items: Vocabulary,
        item_vectors: Float32Array,
        origins: Origins | None = None,
    ) -> None:
        super().__init__(configuration, items, item_vectors, origins=origins)
        self._als = configuration
        self._placed: BoolArray | None = None if origins is None else ~origins.known
        trained = self.item_vectors if self._placed is None else self.item_vectors[~self._placed]
        together = gram(trained, 1) if configuration.nonnegative else squares(trained)
        self._shared = (configuration.unobserved_weight * together).astype(np.float32)  # of the matrices of all rows

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:
        """float32, shape (n, factors): the exact solution for each history; zeros where no weight is positive."""
        side = self._side(self._als.observed(histories, self.n_items))
        vectors = np.zeros((len(histories), self._als.factors), np.float32)
        threads = threads if len(side.entries.columns) > _FEW else 1
        if self._als.nonnegative:
            side.solve_nonnegative(self.item_vectors, self._shared, vectors, self._als.factors, threads)
        else:
            side.solve(self.item_vectors, self._shared, vectors, threads)
        return vectors

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history, as a sum over the history's items; exact.

        With A x = sum_e pull_e z_e the equations of the history, the part of entry e is pull_e z_e . A^-1 y. A dislike
        has no part of its own: it acts through A. With `nonnegative`, A, z and y are cut to the factors that are not
        zero in the history's vector. Where there is no evidence the baseline is -inf.
        Raises DataError unless there is one history and the item exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        known = history.known(self.n_items)[0].merged()
        entries = self._als.observed(known, self.n_items)
        side = self._side(entries)
        parts = np.zeros(known.n_entries, np.float32)
        if not side.pull.any() or not self._evidence[position]:
            return Explanation(-math.inf, -math.inf, known.items, parts, "additive")
        vectors = self.item_vectors[entries.columns].astype(np.float64)
        matrix = self._shared.astype(np.float64) if self._als.nonnegative else np.diag(self._shared.astype(np.float64))
        matrix = matrix + (vectors.T * side.excess) @ vectors + side.ridge[0] * np.eye(self._als.factors)
        free = np.ones(self._als.factors, np.bool_)
        if self._als.nonnegative:
            free = self.query_vectors(history)[0] > 0
        direction = np.zeros(self._als.factors)
        direction[free] = np.linalg.solve(matrix[np.ix_(free, free)], self.item_vectors[position, free])
        parts[known.weights != 0] = side.pull * (vectors @ direction)
        return Explanation(float(parts.sum(dtype=np.float64)), 0.0, known.items, parts, "additive")

    def objective(self, dataset: Dataset, *, threads: int | None = None) -> float:
        """The value of what ImplicitALS minimizes, on these histories with their exact vectors and these item vectors.

        DataError where the dataset has fewer items than the model.
        """
        if dataset.n_items < self.n_items:
            raise DataError(f"the model knows {self.n_items} items, but the dataset has only {dataset.n_items}")
        als, y = self._als, self.item_vectors.astype(np.float64)
        observed, gram, ridge = 0.0, np.zeros((als.factors, als.factors)), 0.0
        n_items = np.zeros(self.n_items)
        for start in range(0, len(dataset.histories), _BLOCK_ROWS):
            histories = dataset.histories[start : start + _BLOCK_ROWS]
            entries = als.observed(histories, self.n_items)
            side = als.equations(entries)
            x = self.query_vectors(histories, threads=threads).astype(np.float64)
            rows = np.repeat(np.arange(len(entries)), np.diff(entries.offsets))
            p = np.einsum("ij,ij->i", x[rows], y[entries.columns])
            observed += float((side.excess * p**2 - 2 * side.pull * p + side.pull).sum(dtype=np.float64))
            gram += x.T @ x
            ridge += float(side.ridge @ np.square(x).sum(axis=1))
            n_items += np.bincount(entries.columns[entries.weights > 0], minlength=self.n_items)
        ridge += als.regularization * float(n_items**als.regularization_exponent @ np.square(y).sum(axis=1))
        return observed + als.unobserved_weight * float((gram * (y.T @ y)).sum()) + ridge

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> FittedImplicitALS:
        """See `segue.core.protocols.TakesItems`: new items by their listeners and by the averages of what is alike.

        An item with listeners gets the exact minimum of the objective over y, the vectors of all users of `dataset`
        held fixed, each of these made of the trained items alone. To the objective, whoever has not heard an item yet
        does not want it; so of a few listeners it makes little, and the average counts beside them as five more.
        Time: about that of one sweep with exact solves.
        """

        def project(items: Int64Array) -> tuple[Float32Array, None]:
            known = known_items(self.origins, dataset.n_items)
            histories = dataset.histories
            users = self.query_vectors(histories.where(known[histories.items]), threads=threads)
            listeners = self._als.observed(listeners_of(histories, items, dataset.n_items), items.size)
            if self._als.nonnegative:
                side = self._als.equations(listeners.transposed())
                vectors = np.zeros((items.size, self._als.factors), np.float32)
                shared = (self._als.unobserved_weight * gram(users, threads)).astype(np.float32)
                side.solve_nonnegative(users, shared, vectors, self._als.factors, threads)
                return vectors, None
            return projected(users, listeners, self._als.equations, self._als.unobserved_weight, threads), None

        ways: list[tuple[Origin, Way]] = [("projected", project)]
        new = placed(self.items, self.origins, self.item_vectors, None, dataset, ways, _PRIOR)
        return FittedImplicitALS(self._als, dataset.items, new.vectors, new.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors: float32, shape (n_items, factors); origins, where items were placed after training."""
        return {"item_vectors": self.item_vectors, **self.origins.arrays()}

    def _side(self, entries: Entries) -> Side:
        side = self._als.equations(entries)
        if self._placed is None:
            return side
        outside = self._placed[entries.columns] * np.float32(self._als.unobserved_weight)
        return replace(side, excess=side.excess + outside)
