"""The values among which hyper-parameters are searched."""

from __future__ import annotations

import dataclasses
import math

import pytest

from segue.core.spaces import Choice, Float, Int, Tunable, as_plain, size
from segue.errors import SettingsError
from segue.models import MODELS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(2.0, 1.0), "must rise"),
        (lambda: Float(1.0, 1.0), "must rise"),
        (lambda: Float(0.0, 1.0, log=True), "begin above 0"),
        (lambda: Float(0.0, math.inf), "high must be a finite number"),
        (lambda: Float(math.nan, 1.0), "low must be a finite number"),
        (lambda: Int(1, 2.5), "whole bounds, got 2.5"),
        (lambda: Int(True, 2), "whole bounds, got True"),
        (lambda: Choice(()), "at least one"),
        (lambda: Choice((1, 2, 1)), "names 1 twice"),
    ],
)
def test_a_range_that_cannot_be_is_refused_at_birth(make: object, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make()  # type: ignore[operator]


def test_equal_values_of_different_types_are_different_choices() -> None:
    assert Choice((1, True, 1.0)).values == (1, True, 1.0)


def test_the_size_of_a_space_is_the_product_of_its_lists_and_whole_ranges() -> None:
    assert size({"a": Choice(("x", "y", None)), "b": Int(5, 8)}) == 12
    assert size({"a": Choice((1,)), "b": Float(0.0, 1.0)}) is None


def test_a_space_as_plain_values_tells_lists_from_ranges() -> None:
    space = {"a": Choice(("x", None)), "b": Int(1, 4), "c": Float(0.1, 1.0, log=True)}
    assert as_plain(space) == {
        "a": ["x", None],
        "b": {"low": 1, "high": 4, "log": False},
        "c": {"low": 0.1, "high": 1.0, "log": True},
    }


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_space_of_its_own_parameters_with_values_it_takes(name: str) -> None:
    configuration = MODELS[name]()
    assert isinstance(configuration, Tunable)
    known = {field.name for field in dataclasses.fields(MODELS[name])}
    for parameter, values in configuration.space.items():
        assert parameter in known
        tried = values.values if isinstance(values, Choice) else (values.low, values.high)
        for value in tried:
            assert getattr(dataclasses.replace(configuration, **{parameter: value}), parameter) == value
