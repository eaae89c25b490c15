"""Where the best point lies on an edge of the space, so that the true best may lie beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from segue.core.protocols import Configuration
from segue.core.spaces import Choice, Range, Space
from segue.errors import SettingsError
from segue.tuning.trial import Point

_NEAR: Final = 0.05  # of the range's width, in factors of ten where the range has `log`
_FEWEST: Final = 3  # values of a list, below which one of two ends is always best


@dataclass(frozen=True, slots=True)
class Edge:
    """A parameter whose best value lies at, or close to, the "low" or "high" end of where it was looked for."""

    parameter: str
    value: float
    side: Literal["low", "high"]
    bound: float

    def __str__(self) -> str:
        wide = "smaller" if self.side == "low" else "larger"
        return (
            f"the best {self.parameter}, {self.value:g}, lies on the edge of its space ({self.side} end "
            f"{self.bound:g}); allow {wide} values under [tuning] in segue.toml and search again"
        )


def edges_of(configuration: Configuration, space: Space, best: Point) -> tuple[Edge, ...]:
    """The edges that the best point lies on.

    An end that the model itself does not let anybody pass (a share of 1, a length of 1) is none. Lists count where they
    hold at least three numbers.
    """
    found = []
    for name, values in space.items():
        value: Any = best[name]
        numbers = _numbers(values)
        if len(numbers) < 2 or not _is_number(value):
            continue
        side = _side(values, numbers, value)
        if side is None:
            continue
        bound, inner = (numbers[0], numbers[1]) if side == "low" else (numbers[-1], numbers[-2])
        if _may_pass(configuration, name, bound, inner):
            found.append(Edge(name, value, side, bound))
    return tuple(found)


def _numbers(values: Range) -> Sequence[float]:
    """The ends of a range, or a list's numbers from low to high; nothing where there is no order."""
    if not isinstance(values, Choice):
        return (values.low, values.high)
    numbers: list[Any] = [value for value in values.values if _is_number(value)]
    return sorted(numbers) if len(numbers) >= _FEWEST else ()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _side(values: Range, numbers: Sequence[float], value: float) -> Literal["low", "high"] | None:
    low, high = numbers[0], numbers[-1]
    near = 0.0
    if not isinstance(values, Choice):
        near = _NEAR
        if values.log:
            low, high, value = math.log(low), math.log(high), math.log(value)
    place = (value - low) / (high - low)
    if place <= near:
        return "low"
    return "high" if place >= 1 - near else None


def _may_pass(configuration: Configuration, name: str, bound: float, inner: float) -> bool:
    """Whether the model takes a value a little beyond a bound; `inner` is on the other side of it."""
    if isinstance(bound, int) and isinstance(inner, int):
        beyond: float = bound + (1 if bound > inner else -1)
    else:
        beyond = bound + 0.01 * (bound - inner)
        if bound > 0 and beyond <= 0:
            beyond = bound / 2
    try:
        replace(configuration, **{name: beyond})  # type: ignore[type-var]  # every configuration is a dataclass
    except SettingsError:
        return False
    return True
