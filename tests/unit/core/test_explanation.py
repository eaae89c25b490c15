"""Why a score is what it is."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.explanation import Explanation
from segue.errors import DataError


def explanation() -> Explanation:
    return Explanation(1.5, 0.5, np.array([4, 9, 2, 6]), np.array([0.25, -0.5, 1.0, 0.25]), "additive")


def test_the_strongest_are_the_largest_positive_ones_ties_in_the_order_of_the_history() -> None:
    assert explanation().strongest(2) == [(2, 1.0), (4, 0.25)]
    assert explanation().strongest(10) == [(2, 1.0), (4, 0.25), (6, 0.25)]
    assert explanation().strongest(0) == []


def test_one_contribution_per_item_is_needed() -> None:
    with pytest.raises(DataError, match="one length"):
        Explanation(1.0, 0.0, np.array([1, 2]), np.array([1.0]), "additive")
    with pytest.raises(DataError, match="one length"):
        Explanation(1.0, 0.0, np.array([[1]]), np.array([[1.0]]), "additive")


def test_an_explanation_does_not_change() -> None:
    with pytest.raises(ValueError, match="read-only"):
        explanation().contributions[0] = 3


def test_the_sides_of_a_score_cannot_be_changed_from_outside() -> None:
    sides = {"artist": 0.5}
    explanation = Explanation(0.5, 0.0, np.array([1], np.int32), np.array([0.5], np.float32), "additive", sides)
    sides["artist"] = 9.0
    assert explanation.sides == {"artist": 0.5}
    with pytest.raises(TypeError):
        explanation.sides["artist"] = 1.0  # type: ignore[index]
