"""A best point on the edge of the space is pointed out, unless nothing can lie beyond."""

from __future__ import annotations

import pytest

from segue.core.spaces import Choice, Float, Int, Range
from segue.models import ImplicitALS, ItemKNN, Popularity
from segue.tuning.edges import Edge, edges_of


@pytest.mark.parametrize(
    ("values", "best", "side"),
    [
        (Float(0.01, 10.0, log=True), 9.0, "high"),
        (Float(0.01, 10.0, log=True), 0.012, "low"),
        (Float(0.01, 10.0, log=True), 5.0, None),  # 90 % of the factors of ten
        (Float(0.01, 10.0), 0.012, "low"),
        (Float(0.01, 10.0), 0.4, "low"),  # 4 % of the width
        (Float(0.01, 10.0), 1.0, None),
        (Float(0.01, 10.0), 9.6, "high"),
        (Choice((0.1, 1.0, 10.0)), 10.0, "high"),
        (Choice((10.0, 0.1, 1.0)), 0.1, "low"),  # the order of values, not of the list
        (Choice((0.1, 1.0, 10.0)), 1.0, None),
        (Choice((0.1, 1.0)), 1.0, None),  # one of two ends is always best
    ],
)
def test_the_edge_of_a_range_is_its_outer_twentieth_and_of_a_list_its_end(
    values: Range, best: float, side: str | None
) -> None:
    found = edges_of(ImplicitALS(), {"regularization": values}, {"regularization": best})
    assert [edge.side for edge in found] == ([] if side is None else [side])


@pytest.mark.parametrize(
    ("name", "values", "best"),
    [
        ("unobserved_weight", Float(0.01, 1.0, log=True), 1.0),  # a share
        ("alpha", Float(0.0, 5.0), 0.0),
        ("alpha", Choice((0.0, 1.0, 2.0)), 0.0),
        ("factors", Int(1, 64), 1),
        ("weighting", Choice(("binary", "log", "power")), "binary"),
    ],
)
def test_an_end_that_the_model_lets_nobody_pass_is_no_edge(name: str, values: Range, best: float) -> None:
    assert edges_of(ImplicitALS(), {name: values}, {name: best}) == ()


def test_the_other_end_of_such_a_range_is_one() -> None:
    found = edges_of(ImplicitALS(), {"factors": Int(1, 64)}, {"factors": 64})
    assert found == (Edge("factors", 64, "high", 64),)
    assert "the best factors, 64" in str(found[0])
    assert "allow larger values" in str(found[0])


def test_none_among_numbers_is_no_edge() -> None:
    space = {"half_life": Choice((None, 30.0, 90.0, 365.0))}
    assert edges_of(Popularity(), space, {"half_life": None}) == ()
    assert [edge.side for edge in edges_of(Popularity(), space, {"half_life": 365.0})] == ["high"]


def test_each_parameter_is_looked_at() -> None:
    space = {"neighbours": Int(20, 200), "shrinkage": Float(0.0, 100.0)}
    found = edges_of(ItemKNN(), space, {"neighbours": 21, "shrinkage": 99.0})
    assert [(edge.parameter, edge.side, edge.bound) for edge in found] == [
        ("neighbours", "low", 20),
        ("shrinkage", "high", 100.0),
    ]
