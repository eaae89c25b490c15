"""Matrix factorization by stochastic gradient descent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from segue.core.arrays import BoolArray, Float32Array, frozen
from segue.core.dataset import Dataset
from segue.core.explanation import Explanation
from segue.core.histories import Histories
from segue.core.origins import Origins
from segue.core.progress import SILENT, Progress
from segue.core.spaces import Float, Int, Space
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, ModelError, SettingsError
from segue.kernels.sgd import GATHERED, fold_in
from segue.kernels.threads import spread
from segue.models.descent import Descent, Pairs, Terms
from segue.models.embedding import EmbeddingModel
from segue.models.new_items import placed
from segue.models.weighting import Weighting, check_weighting, weighted

Target: TypeAlias = Literal["taken", "weight"]
Optimizer: TypeAlias = Literal["sgd", "adam"]
Schedule: TypeAlias = Literal["linear", "constant"]

_PIECE: Final = 256  # histories that a thread solves at a time
_FEW: Final = 2048  # entries that are not worth a second thread
_NOTHING: Final = {
    "taken": "sgd-mf learns from positive weights, but the dataset has none; give it plays or likes",
    "weight": "sgd-mf with target 'weight' learns from weights that differ, and these do not; use target 'taken'",
}
_RISEN: Final = 2.0  # times the loss without any vector: no fit that learns comes near it


@dataclass(frozen=True, kw_only=True)
class SGDMF:
    """Vectors of users and items, learned pair by pair, and held small everywhere by gravity.

    Minimizes over user vectors x (n) and item vectors y (m), with p = x . y and M observed pairs,

        1/M sum_observed [ c (t - p)^2 + sum_drawn p^2 + regularization (|x_u|^2 + |y_i|^2) ]
        + gravity / (n m) sum_all p^2

    Without the last two, p = 1 everywhere would be perfect ("folding"): negative sampling draws `negatives` items for
    each observed pair, and gravity pulls every pair of a user and an item towards 0. Gravity is exact, since the sum
    over all pairs needs only two d x d matrices: sum_ij (x_i . y_j)^2 = trace(X^T X Y^T Y). The objective is that of
    Google's course "Recommendation Systems" (developers.google.com/machine-learning/recommendation, matrix
    factorization, and its exercise "Regularization in Matrix Factorization", which names gravity).
    How the steps are made is told in `segue.models.descent`.

    factors:           d, the length of the vectors.
    epochs:            how often all pairs are visited, at most.
    target:            "taken": t = 1 for a positive weight and 0 for a negative one (a dislike), c = 1 + alpha f(|w|).
                       "weight": t = f(w) less the mean of f(w), which is added to every score; for ratings. c = 1.
                       A weight of 0 is no observation.
    weighting, alpha:  f, see `segue.models.weighting.weighted`, and how much more a pair counts the larger its weight.
    negatives:         items drawn for each observed pair; a drawn item that the user took is drawn all the same.
    negative_exponent: 0: all items are drawn alike; 1: in proportion to how many users have them; or between.
    optimizer:         "sgd", or "adam" (Kingma & Ba 2015) on the gradient of a sixteenth of the pairs at a time: slower
                       by the epoch, with fewer epochs and a learning rate of about 0.02.
    learning_rate:     the first step's; with schedule "linear" it falls to 0 over the epochs.
    initial_scale:     standard deviation of a vector's length before the first step.
    validation:        the share of observed pairs that is held back, by seed, for early stopping: training ends when
                       their loss has not fallen for `patience` epochs, and the vectors of the best epoch are kept.

    Raises SettingsError at birth where a value is not what it must be.
    """

    name: ClassVar[str] = "sgd-mf"
    space: ClassVar[Space] = {
        "factors": Int(16, 256, log=True),
        "learning_rate": Float(0.03, 0.3, log=True),
        "regularization": Float(0.01, 0.5, log=True),
        "gravity": Float(1.0, 200.0, log=True),
    }

    factors: int = 128
    epochs: int = 40
    target: Target = "taken"
    weighting: Weighting = "binary"
    alpha: float = 0.0
    negatives: int = 0
    negative_exponent: float = 0.0
    gravity: float = 10.0
    regularization: float = 0.1
    optimizer: Optimizer = "sgd"
    learning_rate: float = 0.15
    schedule: Schedule = "linear"
    initial_scale: float = 0.1
    validation: float = 0.0
    patience: int = 5

    def __post_init__(self) -> None:
        for name, low in (("factors", 1), ("epochs", 1), ("negatives", 0), ("patience", 1)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < low:
                raise SettingsError(f"{name} must be a whole number of at least {low}, got {value!r}")
        for name in ("alpha", "gravity", "negative_exponent"):
            self._check(name, lambda value: 0 <= value < math.inf, "a number of at least 0")
        for name in ("regularization", "learning_rate", "initial_scale"):
            self._check(name, lambda value: 0 < value < math.inf, "a number above 0")
        self._check("validation", lambda value: 0 <= value <= 0.5, "a share between 0 and 0.5")
        for name, known in (("target", Target), ("optimizer", Optimizer), ("schedule", Schedule)):
            if getattr(self, name) not in get_args(known):
                expected = ", ".join(map(repr, get_args(known)))
                raise SettingsError(f"{name} must be one of {expected}, got {getattr(self, name)!r}")
        check_weighting(self.weighting)

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> FittedSGDMF:
        """Learns item vectors. The same seed gives the same bytes, whatever the number of threads.

        Raises DataError where there is nothing to learn from, ModelError where the loss rises. `progress` is told the
        loss after each epoch: that of the pairs held back, or the mean of c (t - p)^2 over all pairs as they were met.
        """
        entries = self._entries(dataset.histories, dataset.n_items)
        mean = self._mean(entries)
        targets, confidences = self._targets(entries, mean)
        if not targets.any():
            raise DataError(_NOTHING[self.target])
        users = entries.row_of_entry.astype(np.int32)
        pairs = Pairs(users, entries.items, targets, confidences, dataset.n_users, dataset.n_items)
        learned, held = self._parts(pairs, seed)
        terms = self._terms(learned)
        descent = Descent(learned, terms, self.factors, self.initial_scale, self.optimizer, seed, threads)
        vectors = self._descend(descent, learned, held, terms, progress, threads)
        vectors[~_reached(learned, self.target)] = 0
        everywhere, per_entry = terms.of_rows(vectors, threads)
        return FittedSGDMF(
            self, dataset.items, vectors, everywhere.astype(np.float32), per_entry.astype(np.float32), mean
        )

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedSGDMF:
        """The fitted model of its arrays; ArtifactError where they are not those of this configuration."""
        d = self.factors
        shapes = {"item_vectors": (len(items), d), "everywhere": (d, d), "per_entry": (d, d), "mean": (1,)}
        for name, shape in shapes.items():
            array = arrays.get(name)
            if array is None or array.shape != shape or array.dtype != np.float32:
                found = "nothing" if array is None else f"{array.dtype} of shape {array.shape}"
                raise ArtifactError(
                    f"sgd-mf needs {name}, float32 of shape {shape}, found {found}; train the model again"
                )
        vectors, everywhere, per_entry, mean = (arrays[name] for name in shapes)
        origins = Origins.restored(arrays, len(items))
        return FittedSGDMF(self, items, vectors, everywhere, per_entry, float(mean[0]), origins)

    def _descend(
        self,
        descent: Descent,
        learned: Pairs,
        held: Pairs | None,
        terms: Terms,
        progress: Progress,
        threads: int | None,
    ) -> Float32Array:
        """The item vectors of the last epoch, or of the best one."""
        start = float((learned.confidences * np.square(learned.targets)).mean(dtype=np.float64))
        best, best_loss, waited = descent.vectors[1], math.inf, 0
        with progress.task(self.name, total=self.epochs, unit="epoch") as task:
            for epoch in range(self.epochs):
                rate = self.learning_rate * (1 - epoch / self.epochs if self.schedule == "linear" else 1)
                loss = descent.epoch(rate)
                if loss > _RISEN * start:
                    raise ModelError(
                        f"the loss rose from {start:.3g} to {loss:.3g} in epoch {epoch + 1}; "
                        f"lower learning_rate, which is {self.learning_rate:g}"
                    )
                if held is None:
                    task.advance(1, f"loss {loss:.6g}")
                    continue
                x, y = descent.vectors
                loss = held.loss(x, y) + terms.unobserved(learned, x, y, threads)
                task.advance(1, f"validation loss {loss:.6g}")
                if loss < best_loss:
                    best, best_loss, waited = y, loss, 0
                else:
                    waited += 1
                    if waited == self.patience:
                        break
        return descent.vectors[1] if held is None else best

    def _parts(self, pairs: Pairs, seed: int) -> tuple[Pairs, Pairs | None]:
        """The pairs to learn from, and those held back; none of so few that nothing else would be left."""
        count = round(self.validation * len(pairs))
        held = np.zeros(len(pairs), np.bool_)
        held[np.random.default_rng([seed, 1]).permutation(len(pairs))[:count]] = True
        if not held.any() or not pairs.targets[~held].any():
            return pairs, None
        return pairs.take(~held), pairs.take(held)

    def _terms(self, pairs: Pairs) -> Terms:
        shares = np.zeros(0)
        if self.negatives and self.negative_exponent:
            counts = np.bincount(pairs.items, minlength=pairs.n_items).astype(np.float64)
            shares = np.where(counts > 0, counts, 0) ** self.negative_exponent
            shares /= shares.sum()
        everywhere = self.gravity * len(pairs) / (pairs.n_users * pairs.n_items)
        return Terms(everywhere, self.regularization, self.negatives, shares)

    def _entries(self, histories: Histories, n_items: int) -> Histories:
        """What is observed: each known item once per row with its f(weight), signed, without the zeros."""
        observed = weighted(histories.known(n_items)[0], self.weighting)
        return observed if observed.weights.all() else observed.where(observed.weights != 0)

    def _mean(self, entries: Histories) -> float:
        if self.target == "taken" or not entries.n_entries:
            return 0.0
        return float(np.float32(entries.weights.mean(dtype=np.float64)))

    def _targets(self, entries: Histories, mean: float) -> tuple[Float32Array, Float32Array]:
        """t and c of each entry, float32, shape (m,)."""
        if self.target == "weight":
            return entries.weights - np.float32(mean), np.ones(entries.n_entries, np.float32)
        confidences = (1 + self.alpha * np.abs(entries.weights)).astype(np.float32)
        return (entries.weights > 0).astype(np.float32), confidences

    def _check(self, name: str, holds: Callable[[float], bool], expected: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not holds(value):
            raise SettingsError(f"{name} must be {expected}, got {value!r}")


class FittedSGDMF(EmbeddingModel):
    """Item vectors, and what a user's part of the objective needs besides them.

    A history's vector is the exact minimum over x of its part of the objective, item vectors held fixed and drawn pairs
    at their expectation: with its n entries,

        (w G + n (regularization I + negatives D) + sum_e c_e y_e y_e^T) x = sum_e c_e t_e y_e

    G = sum_i y_i y_i^T, w = gravity M / (n_users n_items) as in training, D the mean of y y^T over drawn items.
    The vectors that users had in training are not kept, and serve no better.

    everywhere: w G, float32, shape (d, d).  per_entry: regularization I + negatives D, likewise.
    mean:       what is added to every score; 0 for the target "taken".
    """

    def __init__(
        self,
        configuration: SGDMF,
        items: Vocabulary,
        item_vectors: Float32Array,
        everywhere: Float32Array,
        per_entry: Float32Array,
        mean: float,
        origins: Origins | None = None,
    ) -> None:
        bias = np.full(len(items), mean, np.float32) if configuration.target == "weight" else None
        super().__init__(configuration, items, item_vectors, bias, origins)
        self._sgd = configuration
        self._everywhere: Float32Array = frozen(everywhere, np.float32)
        self._per_entry: Float32Array = frozen(per_entry, np.float32)
        self._mean = mean

    def query_vectors(self, histories: Histories, *, threads: int | None = None) -> Float32Array:
        """float32, shape (n, factors): the exact solution for each history; zeros where nothing pulls away from 0."""
        entries = self._sgd._entries(histories, self.n_items)
        targets, confidences = self._sgd._targets(entries, self._mean)
        d = self._sgd.factors
        vectors = np.zeros((len(histories), d), np.float32)

        def worker(share: Iterator[int]) -> None:
            gathered, matrix = np.zeros((GATHERED, d), np.float32), np.zeros((d, d), np.float32)
            for start in share:
                row = fold_in(
                    start,
                    min(start + _PIECE, len(histories)),
                    entries.offsets,
                    entries.items,
                    targets,
                    confidences,
                    self.item_vectors,
                    self._everywhere,
                    self._per_entry,
                    vectors,
                    gathered,
                    matrix,
                )
                if row >= 0:
                    raise ModelError(
                        f"the equations of row {row} have no solution in float32; raise regularization or lower alpha"
                    )

        spread(worker, range(0, len(histories), _PIECE), threads if entries.n_entries > _FEW else 1)
        return vectors

    def explain(self, history: Histories, item: int) -> Explanation:
        """The score of `item` for a single history, as a sum over the history's items; exact.

        With A x = sum_e c_e t_e y_e the equations of the history, the part of entry e is c_e t_e y_e . A^-1 y_item; one
        with a target of 0 has no part of its own, and acts through A. The baseline is the mean, or -inf where there is
        no evidence. Raises DataError unless there is one history and the item exists.
        """
        if len(history) != 1:
            raise DataError(f"explain takes a single history, got {len(history)}")
        (position,) = self._positions([item])
        known = history.known(self.n_items)[0].merged()
        entries = self._sgd._entries(known, self.n_items)
        targets, confidences = self._sgd._targets(entries, self._mean)
        parts = np.zeros(known.n_entries, np.float32)
        if not self.query_vectors(known).any() or not self._evidence[position]:
            return Explanation(-math.inf, -math.inf, known.items, parts, "additive")
        vectors = self.item_vectors[entries.items].astype(np.float64)
        matrix = (vectors.T * confidences) @ vectors + self._everywhere + entries.n_entries * self._per_entry
        direction = np.linalg.solve(matrix, self.item_vectors[position].astype(np.float64))
        parts[known.weights != 0] = confidences * targets * (vectors @ direction)
        score = self._mean + float(parts.sum(dtype=np.float64))
        return Explanation(score, self._mean, known.items, parts, "additive")

    def with_items(self, dataset: Dataset, *, threads: int | None = None) -> FittedSGDMF:  # noqa: ARG002
        """See `segue.core.protocols.TakesItems`: new items by the averages of what is alike."""
        new = placed(self.items, self.origins, self.item_vectors, None, dataset)
        shared = self._everywhere, self._per_entry, self._mean
        return FittedSGDMF(self._sgd, dataset.items, new.vectors, *shared, new.origins)

    def arrays(self) -> Mapping[str, npt.NDArray[Any]]:
        """item_vectors (n_items, d), everywhere (d, d), per_entry (d, d), mean (1,), all float32; origins, where items
        were placed after training."""
        return {
            "item_vectors": self.item_vectors,
            "everywhere": self._everywhere,
            "per_entry": self._per_entry,
            "mean": np.array([self._mean], np.float32),
            **self.origins.arrays(),
        }


def _reached(pairs: Pairs, target: Target) -> BoolArray:
    """Which items something was learned of: those that somebody took, or weighed."""
    items = pairs.items[pairs.targets > 0] if target == "taken" else pairs.items
    return np.bincount(items, minlength=pairs.n_items) > 0
