"""One trial: hyper-parameters that were tried, and what they gave."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from segue.core.spaces import Value

State: TypeAlias = Literal["complete", "pruned", "failed"]
Point: TypeAlias = Mapping[str, Value]
"""A value for each hyper-parameter of a space."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What one point of the space gave.

    number:  counted from 1, in the order of finishing.
    state:   "complete"; "pruned": given up after some of the folds, which were worse than half of the others';
             "failed": the model cannot be fitted with these values on this data, `reason` says why.
    value:   the mean of the target metric over the folds that were asked; None where it failed.
    folds:   the target metric of each of them.
    metrics: the means of all metrics that were asked for, the target among them.
    seconds: of fitting and asking, all folds together.
    same_as: the number of the earlier trial of the same point, whose results these are; None for the first.
    """

    number: int
    state: State
    values: Point
    value: float | None
    folds: tuple[float, ...] = ()
    metrics: Mapping[str, float] | None = None
    seconds: float = 0.0
    same_as: int | None = None
    reason: str | None = None

    @property
    def deviation(self) -> float | None:
        """The standard deviation of the target metric between folds; None for fewer than two."""
        return statistics.stdev(self.folds) if len(self.folds) > 1 else None

    def record(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "number": self.number,
            "state": self.state,
            "values": dict(self.values),
            "value": self.value,
            "deviation": self.deviation,
            "folds": list(self.folds),
            "metrics": dict(self.metrics or {}),
            "seconds": self.seconds,
            "same_as": self.same_as,
            "reason": self.reason,
        }


def key(point: Point) -> tuple[tuple[str, str, Value], ...]:
    """What two equal points share, whatever the order of their names; 1, 1.0 and true are different values."""
    return tuple(sorted((name, type(value).__name__, value) for name, value in point.items()))
