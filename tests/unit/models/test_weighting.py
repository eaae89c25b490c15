"""What is made of raw weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.models.weighting import check_weighting, weighted

RAW = Histories.of([{0: 4.0, 1: 0.0, 2: -9.0}])


@pytest.mark.parametrize(
    ("weighting", "exponent", "expected"),
    [
        ("binary", 0.5, [1, 0, -1]),
        ("linear", 0.5, [4, 0, -9]),
        ("log", 0.5, [np.log(5), 0, -np.log(10)]),
        ("power", 0.5, [2, 0, -3]),
        ("power", 1.0, [4, 0, -9]),
    ],
)
def test_a_weight_keeps_its_sign_and_zero_stays_zero(weighting: Any, exponent: float, expected: list[float]) -> None:
    np.testing.assert_allclose(weighted(RAW, weighting, exponent).weights, expected, rtol=1e-6)


def test_repeats_are_merged_before_they_are_weighted() -> None:
    merged = weighted(Histories.of([[3, 5, 3, 3]]), "log")
    assert merged.items.tolist() == [3, 5]
    np.testing.assert_allclose(merged.weights, [np.log(4), np.log(2)], rtol=1e-6)


def test_what_is_no_weighting_is_refused() -> None:
    with pytest.raises(SettingsError, match="weighting must be one of binary, linear, log, power"):
        check_weighting("cubic")
    for exponent in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(SettingsError, match="exponent"):
            check_weighting("power", exponent)
