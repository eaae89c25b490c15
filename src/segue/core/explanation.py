"""Why a model gave an item its score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from segue.core.arrays import Float32Array, Int32Array, frozen
from segue.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """The share of each history item in one score.

    score:         the score explained.
    baseline:      what the score would be without any history item.
    items:         int32, shape (h,), the distinct items of the history, in its order.
    contributions: float32, shape (h,).
    kind:          "additive": baseline + sum(contributions) = score. "leave-one-out": each contribution is the score
                   less the score without that item, and the sum means nothing.
    sides:         where a model compares items in several respects, the share of each, baseline + sum(sides) = score;
                   None elsewhere.
    """

    score: float
    baseline: float
    items: Int32Array
    contributions: Float32Array
    kind: Literal["additive", "leave-one-out"]
    sides: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", frozen(self.items, np.int32))
        object.__setattr__(self, "contributions", frozen(self.contributions, np.float32))
        if self.sides is not None:
            object.__setattr__(self, "sides", MappingProxyType(dict(self.sides)))
        if self.items.ndim != 1 or self.items.shape != self.contributions.shape:
            raise DataError(
                f"items and contributions must be vectors of one length, got {self.items.shape} and "
                f"{self.contributions.shape}"
            )

    def strongest(self, k: int) -> list[tuple[int, float]]:
        """The k history items with the largest positive contributions, largest first, as (item, contribution)."""
        order = np.argsort(-self.contributions, kind="stable")[:k]
        return [(int(self.items[i]), float(self.contributions[i])) for i in order if self.contributions[i] > 0]
