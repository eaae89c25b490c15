"""The values among which a hyper-parameter is searched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from segue.core.protocols import Configuration
from segue.errors import SettingsError

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Float:
    """Any number from `low` to `high`, both included; with `log`, each factor of ten is as likely as any other.

    Raises SettingsError at birth where the range is empty, or `log` meets a bound that is not above 0.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.low, self.high, self.log)


@dataclass(frozen=True, slots=True)
class Int:
    """Any whole number from `low` to `high`, both included; `log` as for Float."""

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            if not isinstance(bound, int) or isinstance(bound, bool):
                raise SettingsError(f"a range of whole numbers needs whole bounds, got {bound!r}")
        _check_range(self.low, self.high, self.log)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these values, in the order given; SettingsError where there is none, or one stands there twice."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise SettingsError("a list of values to try must name at least one")
        seen: set[tuple[type, Value]] = set()
        for value in self.values:
            if (type(value), value) in seen:
                raise SettingsError(f"a list of values to try names {value!r} twice")
            seen.add((type(value), value))


Range: TypeAlias = Float | Int | Choice
Space: TypeAlias = Mapping[str, Range]


@runtime_checkable
class Tunable(Configuration, Protocol):
    """A configuration that says where its own good values are to be looked for.

    `space` names hyper-parameters; those left out keep the value that they have.
    """

    space: ClassVar[Space]


def size(space: Space) -> int | None:
    """How many different points a space holds; None where a range of real numbers makes them countless."""
    points = 1
    for values in space.values():
        if isinstance(values, Float):
            return None
        points *= len(values.values) if isinstance(values, Choice) else values.high - values.low + 1
    return points


def as_plain(space: Space) -> dict[str, Any]:
    """A space as plain JSON values: a list for a Choice, {"low", "high", "log"} for a range."""
    return {
        name: list(values.values)
        if isinstance(values, Choice)
        else {"low": values.low, "high": values.high, "log": values.log}
        for name, values in space.items()
    }


def _check_range(low: float, high: float, log: bool) -> None:
    for name, bound in (("low", low), ("high", high)):
        if not math.isfinite(bound):
            raise SettingsError(f"{name} must be a finite number, got {bound!r}")
    if not low < high:
        raise SettingsError(f"a range must rise from low to high, got {low!r} to {high!r}")
    if log and low <= 0:
        raise SettingsError(f"a range with log = true must begin above 0, got low = {low!r}")
