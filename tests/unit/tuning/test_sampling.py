"""Which point comes next depends on the seed and the finished trials alone."""

from __future__ import annotations

import optuna
import pytest

from segue.core.spaces import Choice, Float, Int, Space
from segue.errors import NotFoundError, SettingsError
from segue.tuning.sampling import SAMPLERS, check_sampler, contains, distributions, suggest
from segue.tuning.trial import Point, key

SPACE: Space = {
    "a": Float(0.001, 10.0, log=True),
    "b": Int(1, 40),
    "c": Choice((None, 0.5, "x")),
}
GRID: Space = {"a": Choice((1, 2)), "b": Choice(("x", None, True))}


def history(space: Space, count: int, sampler: str = "tpe", seed: int = 0) -> list[optuna.trial.FrozenTrial]:
    """So many trials, whose value is best where a is near 1 and b near 10."""
    finished: list[optuna.trial.FrozenTrial] = []
    for _ in range(count):
        point = suggest(space, finished, sampler=sampler, seed=seed, maximize=True)
        assert point is not None
        finished.append(tried(space, point))
    return finished


def tried(space: Space, point: Point) -> optuna.trial.FrozenTrial:
    value = -abs(float(point["a"]) - 1.0) - abs(int(point["b"]) - 10) / 10 if point.keys() == SPACE.keys() else 0.0
    return optuna.trial.create_trial(params=dict(point), distributions=distributions(space), value=value)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_next_point_is_a_function_of_seed_and_history(sampler: str) -> None:
    whole = history(SPACE, 15, sampler)
    for done in (0, 3, 10, 14):
        assert suggest(SPACE, whole[:done], sampler=sampler, seed=0, maximize=True) == whole[done].params
    assert suggest(SPACE, whole[:3], sampler=sampler, seed=1, maximize=True) != whole[3].params


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_every_point_lies_in_the_space_and_numbers_are_short(sampler: str) -> None:
    for trial in history(SPACE, 25, sampler):
        assert contains(SPACE, trial.params)
        assert float(f"{trial.params['a']:.4g}") == trial.params["a"]


def test_tpe_finds_better_points_than_chance() -> None:
    best = {name: max(trial.value for trial in history(SPACE, 40, name)) for name in ("tpe", "random")}
    assert best["tpe"] > best["random"]


def test_a_grid_comes_in_order_and_ends() -> None:
    finished = [tried(GRID, point) for point in ({"a": 1, "b": "x"}, {"a": 1, "b": None})]
    assert suggest(GRID, finished, sampler="grid", seed=0, maximize=True) == {"a": 1, "b": True}
    every = [{"a": a, "b": b} for a in (1, 2) for b in ("x", None, True)]
    finished = []
    for point in every:
        assert suggest(GRID, finished, sampler="grid", seed=9, maximize=False) == point
        finished.append(tried(GRID, point))
    assert suggest(GRID, finished, sampler="grid", seed=0, maximize=True) is None


def test_the_first_point_is_the_given_one_where_there_is_one() -> None:
    first = {"a": 0.5, "b": 7, "c": None}
    assert suggest(SPACE, [], sampler="tpe", seed=0, maximize=True, first=first) == first
    one = [tried(SPACE, first)]
    assert suggest(SPACE, one, sampler="tpe", seed=0, maximize=True, first=first) != first


def test_values_are_kept_apart_by_type() -> None:
    assert key({"a": 1}) != key({"a": 1.0}) != key({"a": True})
    assert key({"a": 1, "b": None}) == key({"b": None, "a": 1})
    assert not contains({"a": Choice((1, 2))}, {"a": True})
    assert not contains(SPACE, {"a": None, "b": 1, "c": None})
    assert not contains(SPACE, {"a": 11.0, "b": 1, "c": None})


def test_an_unknown_sampler_gets_the_near_match() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'random'"):
        check_sampler("randon", SPACE)
    with pytest.raises(NotFoundError, match=", ".join(SAMPLERS)):
        check_sampler("zzz", SPACE)


def test_a_grid_needs_lists() -> None:
    check_sampler("grid", GRID)
    with pytest.raises(SettingsError, match=r"a has the range 0\.001 to 10"):
        check_sampler("grid", SPACE)
