"""Matrix factorization of implicit feedback by alternating least squares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, Int64Array
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origin, Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels.threads import blas
from segue.models.alternating import CG_STEPS, Entries, Side, aligned, gram, squares, to_axes
from segue.models.embedding import EmbeddingModel
from segue.models.falling import Objective
from segue.models.new_items import Way, known_items, placed
from segue.models.projection import listeners_of, projected
from segue.models.weighting import Weighting, check_weighting, weighted

Solver: TypeAlias = Literal["cg", "block", "exact"]

_INITIAL_SCALE: Final = 0.1  # standard deviation of the first item vectors' length (Rendle et al. 2021)
_BLOCK_ROWS: Final = 8192  # histories that have their vectors at once
_FEW: Final = 2048  # entries that are not worth a second thread
_PRIOR: Final = 5.0  # how many listeners of a new item say as much as the average of what is alike


@dataclass(frozen=True, kw_only=True)
class ImplicitALS:
    """Vectors of users and items whose products are near 1 where a user took an item, and near 0 elsewhere.

    Minimizes, over user vectors x and item vectors y, with p = x . y,

        sum_observed c (t - p)^2 + unobserved_weight sum_unobserved p^2
        + regularization (sum_u n_u^e |x_u|^2 + sum_i n_i^e |y_i|^2)

    with confidence c = 1 + alpha f(|weight|), target t = 1 for a positive weight and 0 for a negative one (a dislike),
    n the number of positive weights of the row, and e = regularization_exponent. A weight of 0 counts as unobserved.
    With e = 0 and unobserved_weight = 1 this is the objective of Hu, Koren and Volinsky, "Collaborative filtering for
    implicit feedback datasets" (2008); a small unobserved_weight is that of Rendle et al., "Revisiting the performance
    of iALS on item recommendation benchmarks" (2021); e = 1 is the scaling of Zhou et al. (2008) and of Spark.

    factors:            the length of the vectors.
    iterations:         sweeps over users and items.
    weighting:          f, see `segue.models.weighting.weighted`; "power" is the square root.
    alpha:              how much more an observed pair counts the larger its weight; 0 and more.
    unobserved_weight:  how much an unobserved pair counts beside an observed one; 0..1.
    solver:             how a sweep solves for a row: "cg" (a few steps of conjugate gradients from the last sweep's
                        answer), "block" (`block_size` factors after the other, the rest held fixed) or "exact".
    block_size:         how many factors "block" solves for at once.
    nonnegative:        whether all vectors are to be without negative values, so that factors can only add up, and read
                        as groups to which users and items belong to some degree; for "block" and "exact".

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "implicit-als"
    space: ClassVar[Space] = {
        "factors": Int(16, 256, log=True),
        "unobserved_weight": Float(0.01, 1.0, log=True),
        "regularization": Float(0.003, 3.0, log=True),
    }

    factors: int = 128
    iterations: int = 16
    weighting: Weighting = "binary"
    alpha: float = 0.0
    unobserved_weight: float = 0.1
    regularization: float = 0.1
    regularization_exponent: float = 1.0
    solver: Solver = "cg"
    block_size: int = 64
    nonnegative: bool = False

    def __post_init__(self) -> None:
        for name in ("factors", "iterations", "block_size"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        for name, low, high in (
            ("alpha", 0.0, math.inf),
            ("unobserved_weight", 0.0, 1.0),
            ("regularization", 0.0, math.inf),
            ("regularization_exponent", 0.0, math.inf),
        ):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not (low <= value <= high and math.isfinite(value)):
                reach = f"between {low:g} and {high:g}" if math.isfinite(high) else f"a number of at least {low:g}"
                raise SettingsError(f"{name} must be {reach}, got {value!r}")
        if self.regularization == 0:
            raise SettingsError("regularization must be more than 0: without it, short rows have no single solution")
        check_weighting(self.weighting)
        if self.solver not in get_args(Solver):
            expected = ", ".join(map(repr, get_args(Solver)))
            raise SettingsError(f"solver must be one of {expected}, got {self.solver!r}")
        if not isinstance(self.nonnegative, bool):
            raise SettingsError(f"nonnegative must be true or false, got {self.nonnegative!r}")
        if self.nonnegative and self.solver == "cg":
            raise SettingsError("with nonnegative, solver must be 'block' or 'exact': 'cg' knows no bounds")

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> FittedImplicitALS:
        """Learns item vectors; DataError where no user took any item, ModelError where the numbers run over.

        `progress` is told the objective after each sweep (of many observed pairs, an estimate from some of them).
        """
        users, items, y = self._begun(dataset, seed)
        x = aligned(len(users), self.factors)
        objective = None if progress is SILENT else Objective.of(users, items, self.unobserved_weight, seed)
        with progress.task(self.name, total=self.iterations, unit="sweep") as task:
            for _ in range(self.iterations):
                with blas(1):
                    self._solve(users, y, x, threads)
                    self._solve(items, x, y, threads)
                    note = "" if objective is None else f"loss {objective.value(x, y):.6g}"
                task.advance(1, note)
        if not self.nonnegative:
            with blas(1):
                to_axes(y, x[:0], threads)
        return FittedImplicitALS(self, dataset.items, y)

    def fit_on(self, device: str, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT) -> FittedImplicitALS:
        """See `segue.core.protocols.FitsOnDevice.fit_on`; for the solvers "cg" and "exact", without bounds."""
        from segue.cuda.als import Equations, alternate  # deferred: most machines have no use for it

        if self.solver == "block" or self.nonnegative:
            raise SettingsError("on a device, solver must be 'cg' or 'exact' and nonnegative false; train without one")
        users, items, y = self._begun(dataset, seed)
        of_users, of_items = (
            Equations(side.entries.offsets, side.entries.columns, side.excess, side.pull, side.ridge)
            for side in (users, items)
        )
        with progress.task(self.name, total=self.iterations, unit="sweep") as task:
            told = progress is not SILENT
            y[:] = alternate(
                of_users,
                of_items,
                y,
                unobserved_weight=self.unobserved_weight,
                iterations=self.iterations,
                steps=None if self.solver == "exact" else CG_STEPS,
                device=device,
                swept=lambda objective: task.advance(1, f"loss {objective():.6g}" if told else ""),
            )
        if not np.isfinite(y).all():
            raise ModelError("the numbers run over single precision; raise the regularization, or lower alpha")
        with blas(1):
            to_axes(y, y[:0], None)
        return FittedImplicitALS(self, dataset.items, y)

    def _begun(self, dataset: Dataset, seed: int) -> tuple[Side, Side, Float32Array]:
        """The equations of users and of items, and the item vectors to begin with."""
        entries = self._entries(dataset.histories, dataset.n_items)
        users, items = self._side(entries), self._side(entries.transposed())
        if not users.pull.any():
            raise DataError(
                "implicit-als learns from positive weights, but the dataset has none; give it plays or likes"
            )
        y = aligned(len(items), self.factors)
        scale = np.float32(_INITIAL_SCALE / math.sqrt(self.factors))
        y[:] = np.random.default_rng(seed).standard_normal(y.shape, dtype=np.float32) * scale
        if self.nonnegative:
            np.abs(y, out=y)
        return users, items, y

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedImplicitALS:
        """The fitted model of its arrays; ArtifactError where they are not those of this configuration."""
        vectors = arrays.get("item_vectors")
        if vectors is None or vectors.shape != (len(items), self.factors) or vectors.dtype != np.float32:
            found = "nothing" if vectors is None else f"{vectors.dtype} of shape {vectors.shape}"
            raise ArtifactError(
                f"implicit-als needs item_vectors, float32 of shape {(len(items), self.factors)}, found {found}; "
                "train the model again"
            )
        return FittedImplicitALS(self, items, vectors, Origins.restored(arrays, len(items)))

    def _solve(self, side: Side, fixed: Float32Array, solved: Float32Array, threads: int | None) -> None:
        """Half a sweep: one side against the other, both turned to the axes of the fixed one where they may be."""
        size = self.block_size if self.solver == "block" else self.factors
        if self.nonnegative:
            shared = (self.unobserved_weight * gram(fixed, threads)).astype(np.float32)
            side.solve_nonnegative(fixed, shared, solved, size, threads)
            return
        diagonal = (self.unobserved_weight * to_axes(fixed, solved, threads)).astype(np.float32)
        if self.solver == "cg":
            side.step_nearer(fixed, diagonal, solved, threads)
        elif self.solver == "block":
            side.solve_blocks(fixed, diagonal, solved, size, threads)
        else:
            side.solve(fixed, diagonal, solved, threads)

    def _entries(self, histories: Histories, n_items: int) -> Entries:
        """What is observed: each known item once per row with its f(weight), signed, without the zeros."""
        observed = weighted(histories.known(n_items)[0], self.weighting)
        if not observed.weights.all():
            observed = observed.where(observed.weights != 0)
        return Entries(observed.offsets, observed.items, observed.weights, n_items)

    def _side(self, entries: Entries) -> Side:
        confidence = (1 + self.alpha * np.abs(entries.weights)).astype(np.float32)
        ridge = self.regularization * entries.positives.astype(np.float64) ** self.regularization_exponent
        return Side(
            entries,
            confidence - np.float32(self.unobserved_weight),
            np.where(entries.weights > 0, confidence, np.float32(0)),
            ridge.astype(np.float32),
        )


class FittedImplicitALS(EmbeddingModel):
    """Item vectors, in the axes in which their Gram matrix is diagonal; nonnegative ones in the axes they came in.

    A history's vector is the exact minimum of the objective over x, item vectors held fixed. It is stored for nobody: a
    user of the training data is answered by the history.

    Items placed after training (see `with_items`) are no part of that Gram matrix: a history holds them or it does not,
    and says nothing by not holding them. So the vectors of histories without them stay what they were.
    """

    def __init__(
        self,
        configuration: ImplicitALS,
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
        side = self._side(self._als._entries(histories, self.n_items))
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
        entries = self._als._entries(known, self.n_items)
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
            entries = als._entries(histories, self.n_items)
            side = als._side(entries)
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
            listeners = self._als._entries(listeners_of(histories, items, dataset.n_items), items.size)
            if self._als.nonnegative:
                side = self._als._side(listeners.transposed())
                vectors = np.zeros((items.size, self._als.factors), np.float32)
                shared = (self._als.unobserved_weight * gram(users, threads)).astype(np.float32)
                side.solve_nonnegative(users, shared, vectors, self._als.factors, threads)
                return vectors, None
            return projected(users, listeners, self._als._side, self._als.unobserved_weight, threads), None

        ways: list[tuple[Origin, Way]] = [("projected", project)]
        new = placed(self.items, self.origins, self.item_vectors, None, dataset, ways, _PRIOR)
        return FittedImplicitALS(self._als, dataset.items, new.vectors, new.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors: float32, shape (n_items, factors); origins, where items were placed after training."""
        return {"item_vectors": self.item_vectors, **self.origins.arrays()}

    def _side(self, entries: Entries) -> Side:
        side = self._als._side(entries)
        if self._placed is None:
            return side
        outside = self._placed[entries.columns] * np.float32(self._als.unobserved_weight)
        return replace(side, excess=side.excess + outside)
