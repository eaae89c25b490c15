"""What one model's answers came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segue.core.arrays import Float64Array, Int32Array, frozen
from segue.errors import DataError
from segue.evaluation.beyond import BeyondResult
from segue.evaluation.bins import ItemBins


@dataclass(frozen=True, slots=True, eq=False)
class ModelResult:
    """One model's answers to the users of a part, measured.

    configuration:     name and hyper-parameters, as plain values.
    values:            float64, shape (n users, m metrics).
    list_lengths:      int32, shape (n users,), how many items each user got.
    fit_seconds:       wall-clock time of fitting; None where the model came fitted. A pipeline's is that of its models.
    recommend_seconds: wall-clock time of making all lists.
    curves:            by metric without "@k": means at the list lengths of the evaluation, float64.
    by_popularity:     by the name of a table of bins: means by popularity of the relevant items.
    beyond:            what the lists and predictions are like, beyond accuracy; None where nothing was looked at.
    fit_memory:        by how many bytes the process grew at most while fitting; None where the system does not tell. A
                       pipeline's is that of the largest of its models.
    """

    name: str
    configuration: Mapping[str, Any]
    values: Float64Array
    list_lengths: Int32Array
    fit_seconds: float | None
    recommend_seconds: float
    curves: Mapping[str, Float64Array] = field(default_factory=dict)
    by_popularity: Mapping[str, ItemBins] = field(default_factory=dict)
    beyond: BeyondResult | None = None
    fit_memory: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen(self.values, np.float64))
        object.__setattr__(self, "list_lengths", frozen(self.list_lengths, np.int32))
        if self.values.ndim != 2 or self.list_lengths.shape != self.values.shape[:1]:
            raise DataError(
                f"a result needs values (users, metrics) and one length per user, got {self.values.shape} and "
                f"{self.list_lengths.shape}"
            )

    @property
    def nothing(self) -> int:
        """How many users got an empty list. They count as misses in every mean."""
        return int(np.count_nonzero(self.list_lengths == 0))
