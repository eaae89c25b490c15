"""Predictions of ratings or play counts beside the truth, as reports look at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.core.arrays import Float64Array, frozen
from segue.errors import DataError
from segue.metrics import mae, r2, rmse


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Hidden ratings, or counts, and what a model said of them.

    truth, predicted: float64, shape (n,), finite, n at least 1.
    popularity:       float64, shape (n,), how many training users have each pair's item; None where it is not known.

    Raises DataError at birth where shapes differ, nothing is there, or a number is not finite.
    """

    truth: Float64Array
    predicted: Float64Array
    popularity: Float64Array | None = None

    def __post_init__(self) -> None:
        columns = ["truth", "predicted"] + ([] if self.popularity is None else ["popularity"])
        for column in columns:
            object.__setattr__(self, column, frozen(getattr(self, column), np.float64))
        shapes = {getattr(self, column).shape for column in columns}
        if len(shapes) > 1 or self.truth.ndim != 1 or not self.truth.size:
            raise DataError(f"predictions need vectors of one length, at least 1, got shapes {sorted(shapes)}")
        if not all(np.isfinite(getattr(self, column)).all() for column in columns):
            raise DataError("predictions must be finite numbers; NaN or infinity came")

    @property
    def errors(self) -> Float64Array:
        """Prediction less truth: positive where the model promised too much."""
        return self.predicted - self.truth

    def facts(self) -> dict[str, float]:
        """Bias (the mean error), MAE, RMSE, and R2 where the truth varies."""
        facts = {
            "bias": float(self.errors.mean()),
            "MAE": mae(self.predicted, self.truth),
            "RMSE": rmse(self.predicted, self.truth),
        }
        explained = r2(self.predicted, self.truth)
        return facts if np.isnan(explained) else {**facts, "R²": explained}
