"""Matrix factorization of implicit feedback by alternating least squares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels.threads import blas
from segue.models.alternating import CG_STEPS, Entries, Side, aligned, gram, to_axes
from segue.models.falling import Objective
from segue.models.implicit_als_fitted import FittedImplicitALS
from segue.models.weighting import Weighting, check_weighting, weighted

Solver: TypeAlias = Literal["cg", "block", "exact"]

_INITIAL_SCALE: Final = 0.1  # standard deviation of the first item vectors' length (Rendle et al. 2021)


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
        entries = self.observed(dataset.histories, dataset.n_items)
        users, items = self.equations(entries), self.equations(entries.transposed())
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

    def observed(self, histories: Histories, n_items: int) -> Entries:
        """What is observed: each known item once per row with its f(weight), signed, without the zeros."""
        observed = weighted(histories.known(n_items)[0], self.weighting)
        if not observed.weights.all():
            observed = observed.where(observed.weights != 0)
        return Entries(observed.offsets, observed.items, observed.weights, n_items)

    def equations(self, entries: Entries) -> Side:
        """The normal equations of rows of which this is observed."""
        confidence = (1 + self.alpha * np.abs(entries.weights)).astype(np.float32)
        ridge = self.regularization * entries.positives.astype(np.float64) ** self.regularization_exponent
        return Side(
            entries,
            confidence - np.float32(self.unobserved_weight),
            np.where(entries.weights > 0, confidence, np.float32(0)),
            ridge.astype(np.float32),
        )
