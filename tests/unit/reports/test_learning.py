"""Plots of fits and searches."""

from __future__ import annotations

from segue.reports.learning import history, importance, training


def test_the_best_of_a_search_is_the_largest_or_the_smallest() -> None:
    values = [0.1, None, 0.3, 0.2]
    assert "of 3 trials for m; the best reached 0.3000" in history("h", "m", "ndcg", values, higher_is_better=True).alt
    assert "the best reached 0.1000" in history("h", "m", "rmse", values, higher_is_better=False).alt


def test_parameters_stand_in_order_of_importance() -> None:
    assert (
        importance("i", "m", {"a": 0.2, "b": 0.7, "c": 0.1}).alt
        == "Importance of parameters of m: b 70%, a 20%, c 10%."
    )


def test_a_loss_is_told_from_its_beginning_to_its_end() -> None:
    assert training("t", "m", "loss", [3.0, 2.0, 1.5]).alt == "loss of m: from 3 to 1.5 in 3 iterations."
