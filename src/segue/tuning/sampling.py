"""Which point of a space is tried next."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from rapidfuzz import process

from segue.core.spaces import Choice, Float, Int, Range, Space
from segue.errors import NotFoundError, SettingsError
from segue.tuning.trial import Point, key

_DIGITS: Final = 4  # of a number drawn from a range: more would say nothing, and be hard to read
_RANDOM_FIRST: Final = 10  # trials before TPE has something to learn from

SAMPLERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tpe": "what did well so far decides where to look next (tree-structured Parzen estimators)",
        "grid": "every point of a space that is made of lists, in their order",
        "random": "any point, each as likely as the other",
    }
)
"""The ways to choose points, by name, and what each does."""


def check_sampler(name: str, space: Space) -> None:
    """Raises NotFoundError, with the near match, for an unknown sampler; SettingsError for a grid without corners."""
    if name not in SAMPLERS:
        near = [match for match, _, _ in process.extract(name, list(SAMPLERS), limit=1, score_cutoff=50)]
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SAMPLERS)}"
        raise NotFoundError(f"there is no sampler {name!r}; {hint}", near)
    if name == "grid":
        for parameter, values in space.items():
            if not isinstance(values, Choice):
                raise SettingsError(
                    f"a grid needs a list of values for each parameter, and {parameter} has the range {values.low:g} "
                    f"to {values.high:g}; write a list into segue.toml, under [tuning], or search with tpe"
                )


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The space in Optuna's words."""
    return {name: _distribution(values) for name, values in space.items()}


def suggest(
    space: Space,
    finished: Sequence[optuna.trial.FrozenTrial],
    *,
    sampler: str,
    seed: int,
    maximize: bool,
    first: Point | None = None,
) -> Point | None:
    """The next point, which depends on the arguments alone: whoever is killed and comes again gets the same.

    The sampler's generator is made anew from `seed` and the number of finished trials. `first` is tried before any
    other, where there is one. None where a grid is done.
    """
    if sampler == "grid":
        tried = {key(trial.params) for trial in finished}
        return next((point for point in _grid(space) if key(point) not in tried), None)
    if first is not None and not finished:
        return first
    state = int(np.random.SeedSequence([seed, len(finished)]).generate_state(1)[0])
    study = optuna.create_study(direction="maximize" if maximize else "minimize", sampler=_sampler(sampler, state))
    study.add_trials(finished)
    drawn = study.ask(distributions(space)).params
    return {name: _readable(drawn[name], values) for name, values in space.items()}


def contains(space: Space, point: Point) -> bool:
    """Whether every value of the point lies in its range."""
    for name, values in space.items():
        value: Any = point[name]
        if isinstance(values, Choice):
            if (type(value), value) not in {(type(each), each) for each in values.values}:
                return False
        elif value is None or not values.low <= value <= values.high:
            return False
    return True


def _grid(space: Space) -> Iterator[Point]:
    lists = [values.values for values in space.values() if isinstance(values, Choice)]
    for corner in itertools.product(*lists):
        yield dict(zip(space, corner, strict=True))


def _sampler(name: str, seed: int) -> optuna.samplers.BaseSampler:
    if name == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=_RANDOM_FIRST, multivariate=True, constant_liar=False)


def _distribution(values: Range) -> BaseDistribution:
    if isinstance(values, Choice):
        return CategoricalDistribution(values.values)
    if isinstance(values, Int):
        return IntDistribution(values.low, values.high, log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)


def _readable(value: Any, values: Range) -> Any:
    """A number of a range with a few digits, still inside of it."""
    if not isinstance(values, Float):
        return value
    return min(max(float(f"{value:.{_DIGITS}g}"), values.low), values.high)
