"""Four panels and the bias by popularity, of predictions whose errors are known."""

from __future__ import annotations

import numpy as np
import pytest

from segue.errors import DataError
from segue.evaluation.predictions import Predictions
from segue.reports.rating import diagnosis

TRUTH = np.array([1.0, 2.0, 3.0, 4.0])


def test_the_facts_are_those_worked_by_hand() -> None:
    facts = Predictions(TRUTH, np.array([2.0, 2.0, 3.0, 2.0])).facts()
    assert facts["bias"] == pytest.approx(-0.25)  # (1 + 0 + 0 - 2) / 4
    assert facts["MAE"] == pytest.approx(0.75)
    assert facts["RMSE"] == pytest.approx(np.sqrt(5 / 4))
    assert facts["R²"] == pytest.approx(1 - 5 / 5)  # squares about the mean 2.5: 2.25 + .25 + .25 + 2.25


def test_a_truth_that_does_not_vary_has_no_r2() -> None:
    assert "R²" not in Predictions(np.ones(3), np.zeros(3)).facts()


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (np.ones(2), np.ones(3)),
        (np.ones(0), np.ones(0)),
        (np.ones((1, 1)), np.ones((1, 1))),
        (np.ones(1), np.array([np.nan])),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(truth: np.ndarray, predicted: np.ndarray) -> None:
    with pytest.raises(DataError):
        Predictions(truth, predicted)


def test_four_panels_and_the_bias_where_popularity_is_known() -> None:
    bare = diagnosis("ratings", "made", Predictions(TRUTH, TRUTH + 0.5))
    assert [plot.name for plot in bare] == [
        "ratings-prediction",
        "ratings-errors",
        "ratings-quantiles",
        "ratings-residuals",
    ]
    assert "bias 0.5, MAE 0.5, RMSE 0.5" in bare[0].alt
    known = diagnosis("ratings", "made", Predictions(TRUTH, TRUTH + np.array([1.0, 1.0, -1.0, -1.0]), TRUTH))
    assert known[-1].name == "ratings-popularity"
    assert known[-1].alt.endswith("1, 1, -1, -1.")  # from the least popular to the most


def test_many_pairs_are_drawn_as_cells_of_one_colour_in_many_strengths() -> None:
    rng = np.random.default_rng(0)
    stars = np.round(rng.random(2000) * 4)
    for truth in (stars, rng.random(2000)):
        plot = diagnosis("ratings", "made", Predictions(truth, truth + rng.standard_normal(2000)))[0]
        assert "var(--series-1); fill-opacity" in plot.inline.replace("; opacity", "; fill-opacity")
        assert plot.inline.count("<path") < 1000


@pytest.mark.parametrize("n", [1, 2, 500])
def test_equal_errors_and_single_pairs_are_no_trouble(n: int) -> None:
    assert len(diagnosis("ratings", "made", Predictions(np.full(n, 3.0), np.full(n, 3.0), np.full(n, 7.0)))) == 5
