"""How far predicted ratings, or play counts, are from the true ones: MSE, RMSE, MAE and R2.

All are over all pairs of a user and a hidden item at once, so that a user with many hidden items weighs more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float64Array, Int64Array, frozen
from segue.core.histories import Histories
from segue.core.protocols import PredictsRatings, Recommender
from segue.errors import DataError, ModelError

_BLOCK: Final = 2**20  # candidates scored at once, padding included

ErrorMeasure: TypeAlias = Callable[[Float64Array], Float64Array]


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """Predictions beside the truth, m pairs of a user and an item, by user.

    users:              int64, shape (m,), the row of the user of each pair, rising; n_users: how many rows there are.
    items:              int64, shape (m,), the item of each pair.
    predictions, truth: float64, shape (m,), finite.
    unpredicted:        how many predictions are the stand-in for what the model had no evidence for.
    """

    users: Int64Array
    items: Int64Array
    predictions: Float64Array
    truth: Float64Array
    n_users: int
    unpredicted: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "users", frozen(self.users, np.int64))
        object.__setattr__(self, "items", frozen(self.items, np.int64))
        predictions, truth = _pairs(self.predictions, self.truth)
        object.__setattr__(self, "predictions", predictions)
        object.__setattr__(self, "truth", truth)
        if not self.users.shape == self.items.shape == truth.shape:
            raise DataError(
                f"each pair needs a user and an item, got {self.users.size}, {self.items.size}, {truth.size}"
            )

    def sums(self) -> Float64Array:
        """What the four measures need of each user, float64 (n_users, 5); sums of rows are sums over their users.

        The columns are the number of pairs, and the sums of squared errors, absolute errors, truth and squared truth,
        the last two less the mean of all truth, which makes no difference but for the digits that it saves.
        """
        columns = _columns(self.predictions, self.truth)
        return np.stack([np.bincount(self.users, weights=each, minlength=self.n_users) for each in columns], axis=1)


def rate(model: Recommender, given: Histories, hidden: Histories, *, otherwise: float) -> Rated:
    """A model's predictions of the weights that were hidden: of one that predicts ratings, those (which are held to
    the scale); of any other, its scores.

    given, hidden: n rows each, what the model is shown and what it is asked about, each hidden item once.
    otherwise:     the prediction where a score says that there is no evidence (-inf), or the model does not know the
                   item, such as the mean weight of the training data. All pairs stay in the average, whatever the
                   model. A model that predicts ratings has one for every pair.

    Scores mean something where they are on the scale of the weights; what other models are given here is noise.
    Raises DataError where the rows do not fit together or nothing is hidden, ModelError where a score is NaN or +inf.
    """
    if len(given) != len(hidden):
        raise DataError(f"there must be one row of hidden items per history ({len(given)}), got {len(hidden)}")
    predictions = np.full(hidden.n_entries, -np.inf)
    longest = max(1, int(hidden.lengths.max(initial=1)))
    size = max(1, _BLOCK // longest)
    for start in range(0, len(given), size):
        block = hidden[start : start + size]
        places = np.arange(block.n_entries) - np.repeat(block.offsets[:-1], block.lengths)
        candidates = np.full((len(block), int(block.lengths.max(initial=0))), -1, np.int32)
        candidates[block.row_of_entry, places] = np.where(block.items < len(model.items), block.items, -1)
        shown = given[start : start + size]
        ask = model.predict if isinstance(model, PredictsRatings) else model.score
        scores = np.asarray(ask(shown, candidates))
        if scores.shape != candidates.shape:
            raise ModelError(f"scores of {candidates.shape} candidates have shape {scores.shape}")
        first = int(hidden.offsets[start])
        predictions[first : first + block.n_entries] = scores[block.row_of_entry, places]
    missing = predictions == -np.inf
    if not np.isfinite(predictions[~missing]).all():
        raise ModelError("a predicted score is NaN or infinite; every score must be a number, or -inf without evidence")
    predictions[missing] = otherwise
    return Rated(
        hidden.row_of_entry,
        hidden.items.astype(np.int64),
        predictions,
        hidden.weights.astype(np.float64),
        len(hidden),
        int(np.count_nonzero(missing)),
    )


def mse(predictions: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The mean of (prediction - truth)^2. Raises DataError for no pairs, or numbers that are not finite."""
    return _of(predictions, truth, "mse")


def rmse(predictions: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The square root of MSE, in the unit of the ratings (Herlocker, Konstan, Terveen, Riedl 2004)."""
    return _of(predictions, truth, "rmse")


def mae(predictions: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """The mean of |prediction - truth| (Shardanand and Maes 1995)."""
    return _of(predictions, truth, "mae")


def r2(predictions: npt.ArrayLike, truth: npt.ArrayLike) -> float:
    """1 - sum of (prediction - truth)^2 / sum of (mean truth - truth)^2, the coefficient of determination.

    1: every prediction is right; 0: as good as predicting the mean of the truth; below: worse. NaN where the truth does
    not vary.
    """
    return _of(predictions, truth, "r2")


def _mse(sums: Float64Array) -> Float64Array:
    return np.asarray(sums[..., 1] / sums[..., 0])


def _rmse(sums: Float64Array) -> Float64Array:
    return np.sqrt(_mse(sums))


def _mae(sums: Float64Array) -> Float64Array:
    return np.asarray(sums[..., 2] / sums[..., 0])


def _r2(sums: Float64Array) -> Float64Array:
    spread = sums[..., 4] - np.square(sums[..., 3]) / sums[..., 0]
    varies = spread > 1e-12 * sums[..., 4]
    return np.where(varies, 1.0 - sums[..., 1] / np.where(varies, spread, 1.0), np.nan)


ERROR_MEASURES: Final[Mapping[str, ErrorMeasure]] = MappingProxyType(
    {"rmse": _rmse, "mse": _mse, "mae": _mae, "r2": _r2}
)
"""Each measure as a function of sums as `Rated.sums` has them, or of their means over users: (..., 5) -> (...)."""


def _of(predictions: npt.ArrayLike, truth: npt.ArrayLike, name: str) -> float:
    columns = _columns(*_pairs(predictions, truth))
    return float(ERROR_MEASURES[name](np.array([each.sum() for each in columns])))


def _columns(predictions: Float64Array, truth: Float64Array) -> list[Float64Array]:
    """One array of m values for each column of `Rated.sums`."""
    errors, centred = predictions - truth, truth - truth.mean()
    return [np.ones(truth.size), np.square(errors), np.abs(errors), centred, np.square(centred)]


def _pairs(predictions: npt.ArrayLike, truth: npt.ArrayLike) -> tuple[Float64Array, Float64Array]:
    left, right = frozen(predictions, np.float64), frozen(truth, np.float64)
    if left.ndim != 1 or left.shape != right.shape or not left.size:
        raise DataError(
            f"predictions and truth must be vectors of one length, of at least 1, got {left.shape} and {right.shape}"
        )
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        raise DataError("every prediction and every true value must be a finite number; NaN or infinity came")
    return left, right
