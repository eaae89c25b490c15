"""Predicted weights beside the true ones."""

# ruff: noqa: ARG002 - a fake model has the arguments of a real one

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.arrays import BoolArray, Float32Array, Int32Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.protocols import PredictsRatings, Recommender
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, ModelError
from segue.metrics import mae, mse, parse, r2, rate, rmse
from segue.metrics import ratings as ratings_module
from segue.models.explicit_als import ExplicitALS
from worlds import rated


@dataclass(frozen=True)
class ItemMean:
    """A configuration whose model predicts the mean training weight of an item, whoever asks."""

    name: ClassVar[str] = "item-mean"

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> ItemMeanModel:
        histories = dataset.histories
        counts = np.bincount(histories.items, minlength=dataset.n_items)
        sums = np.bincount(histories.items, weights=histories.weights, minlength=dataset.n_items)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf)
        return ItemMeanModel(self, dataset.items, means.astype(np.float32))

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> ItemMeanModel:
        return ItemMeanModel(self, items, arrays["means"])


@dataclass(frozen=True)
class ItemMeanModel:
    """It has no evidence for an item without a rating."""

    configuration: ItemMean
    items: Vocabulary
    means: Float32Array

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        if candidates is None:
            return np.tile(self.means, (len(histories), 1))
        return np.where(candidates < 0, np.float32(-np.inf), self.means[np.maximum(candidates, 0)])

    def recommend(
        self,
        histories: Histories,
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: BoolArray | None = None,
        banned: Histories | None = None,
        threads: int | None = None,
    ) -> TopK:
        return TopK.of([[]] * len(histories), k=k)


def model(*means: float) -> ItemMeanModel:
    return ItemMeanModel(ItemMean(), Vocabulary(map(str, range(len(means)))), np.array(means, np.float32))


HIDDEN = Histories.of([{2: 5.0, 0: 1.0}, {1: 3.0}])


def test_the_measures_are_worked_by_hand() -> None:
    predictions, truth = [3.0, 4.0, 5.0, 1.0], [2.0, 4.0, 3.0, 3.0]
    assert mse(predictions, truth) == pytest.approx((1 + 0 + 4 + 4) / 4)
    assert rmse(predictions, truth) == pytest.approx(1.5)
    assert mae(predictions, truth) == pytest.approx((1 + 0 + 2 + 2) / 4)
    assert r2(predictions, truth) == pytest.approx(1 - 9 / (1 + 1 + 0 + 0))


def test_r2_is_1_for_the_truth_0_for_its_mean_and_nothing_where_it_does_not_vary() -> None:
    truth = [1.0, 2.0, 6.0]
    assert r2(truth, truth) == 1
    assert r2([3.0, 3.0, 3.0], truth) == pytest.approx(0)
    assert np.isnan(r2([1.0, 2.0], [4.0, 4.0]))
    assert np.isnan(r2([1.0], [4.0]))


@given(
    pairs=st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), min_size=1, max_size=20),
    offset=st.sampled_from([0.0, 1e6]),
)
def test_the_measures_agree_with_plain_sums_far_from_zero_too(pairs: list[tuple[float, float]], offset: float) -> None:
    predictions, truth = np.array(pairs).T + offset
    errors = [p - t for p, t in zip(predictions, truth, strict=True)]
    assert mse(predictions, truth) == pytest.approx(sum(e * e for e in errors) / len(errors))
    assert mae(predictions, truth) == pytest.approx(sum(map(abs, errors)) / len(errors))
    spread = float(np.square(truth - truth.mean()).sum())
    if spread > 1e-3:
        assert r2(predictions, truth) == pytest.approx(1 - sum(e * e for e in errors) / spread, rel=1e-6, abs=1e-6)


def test_a_fake_that_predicts_is_a_recommender() -> None:
    assert isinstance(model(1.0), Recommender)


def test_scores_are_taken_for_predictions_of_what_was_hidden() -> None:
    found = rate(model(2.0, 3.5, 4.0), Histories.of([[1], [0]]), HIDDEN, otherwise=9.0)
    assert found.users.tolist() == [0, 0, 1]
    assert found.items.tolist() == [2, 0, 1]
    assert found.predictions.tolist() == [4.0, 2.0, 3.5]
    assert found.truth.tolist() == [5.0, 1.0, 3.0]
    assert found.unpredicted == 0


def test_a_pair_without_evidence_takes_the_stand_in_and_is_counted() -> None:
    found = rate(model(-np.inf, 3.5), Histories.of([[1], [0]]), HIDDEN, otherwise=3.0)
    assert found.predictions.tolist() == [3.0, 3.0, 3.5]  # item 2 is unknown to the model, item 0 has no evidence
    assert found.unpredicted == 2


def test_a_model_that_predicts_ratings_is_asked_for_every_pair_even_of_unknown_items_and_empty_histories() -> None:
    fitted = ExplicitALS(factors=0, bias_regularization=1e-6).fit(
        rated([{0: 5.0, 1: 5.0}, {1: 5.0}, {0: 1.0}], 2, (1, 5))
    )
    assert isinstance(fitted, PredictsRatings)
    hidden = Histories.of([{1: 1.0, 7: 1.0}, {0: 5.0}])
    found = rate(fitted, Histories.of([{0: 5.0}, {}]), hidden, otherwise=-9.0)
    expected = fitted.predict(Histories.of([{0: 5.0}, {}]), np.array([[1, 7], [0, -1]], np.int32))
    assert found.predictions.tolist() == expected.astype(np.float64).ravel()[:3].tolist()
    assert found.predictions.max() <= 5
    assert found.unpredicted == 0


def test_sums_over_users_give_the_measures_of_all_pairs() -> None:
    found = rate(model(2.0, 3.5, 4.0), Histories.of([[1], [0]]), HIDDEN, otherwise=0.0)
    for name, function in {"rmse": rmse, "mse": mse, "mae": mae, "r2": r2}.items():
        metric = parse(name)
        expected = function(found.predictions, found.truth)
        assert float(metric.compute(found.sums().sum(axis=0))) == pytest.approx(expected)  # type: ignore[arg-type, call-arg]
        assert float(metric.compute(found.sums().mean(axis=0))) == pytest.approx(expected)  # type: ignore[arg-type, call-arg]


def test_rating_in_small_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    hidden = Histories.of(
        [dict.fromkeys(generator.permutation(30)[: 1 + user % 5].tolist(), 2.0) for user in range(40)]
    )
    given_ = Histories.empty(40)
    fitted = model(*generator.random(28))  # two items are unknown to it
    whole = rate(fitted, given_, hidden, otherwise=0.5)
    monkeypatch.setattr(ratings_module, "_BLOCK", 15)
    blocks = rate(fitted, given_, hidden, otherwise=0.5)
    assert whole.predictions.tolist() == blocks.predictions.tolist()
    assert whole.unpredicted == blocks.unpredicted > 0


def test_a_prediction_that_is_no_number_breaks_the_promise() -> None:
    for broken in (np.nan, np.inf):
        with pytest.raises(ModelError, match="NaN or infinite"):
            rate(model(broken, 3.5, 1.0), Histories.of([[1], [0]]), HIDDEN, otherwise=3.0)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(DataError, match="one length, of at least 1"):
        mse([], [])
    with pytest.raises(DataError, match="one length"):
        mae([1.0], [1.0, 2.0])
    with pytest.raises(DataError, match="finite"):
        rmse([np.nan], [1.0])
    with pytest.raises(DataError, match="one row of hidden items"):
        rate(model(1.0), Histories.empty(1), HIDDEN, otherwise=0.0)
    with pytest.raises(DataError, match="at least 1"):
        rate(model(1.0), Histories.empty(2), Histories.empty(2), otherwise=0.0)
