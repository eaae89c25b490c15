"""What an evaluation measures beyond accuracy."""

# ruff: noqa: ARG002 - a fake model has the arguments of a real one

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, NotFoundError, SettingsError
from segue.evaluation import Evaluation, asking, evaluate, pool
from segue.evaluation.beyond import BeyondResult, beyond_values, pooled_beyond
from segue.evaluation.uncertainty import interval, resampled_means
from segue.metrics import Exposure, coverage, gini, parse, personalization, rmse
from segue.models.explicit_als import ExplicitALS
from segue.models.fitted import FittedModel
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.simulation import simulate
from segue.splits import PerUserRatio, Split
from worlds import dataset_of, two_genres

EVERY = [
    "recall@5",
    "coverage@5",
    "gini@5",
    "entropy@5",
    "top_share@5",
    "personalization@5",
    "novelty@5",
    "popularity@5",
    "popularity_lift@5",
    "diversity@5",
    "factor_diversity@5",
    "calibration@5",
    "serendipity@5",
]


@dataclass(frozen=True)
class GlobalMean:
    """A configuration whose model predicts the same for every pair: the mean training weight, and a bit more."""

    name: ClassVar[str] = "global-mean"

    more: float = 0.0

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> GlobalMeanModel:
        return GlobalMeanModel(self, dataset.items, float(dataset.histories.weights.mean()) + self.more)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> GlobalMeanModel:
        return GlobalMeanModel(self, items, float(arrays["mean"]))


class GlobalMeanModel(FittedModel):
    def __init__(self, configuration: GlobalMean, items: Vocabulary, mean: float) -> None:
        super().__init__(configuration, items)
        self.mean = mean

    def _score(self, histories: Histories, threads: int | None) -> npt.NDArray[np.float32]:
        return np.full((len(histories), self.n_items), self.mean, np.float32)


@pytest.fixture(scope="module")
def split() -> Split:
    return PerUserRatio(test=0.3).split(two_genres().dataset, 0)


@pytest.fixture(scope="module")
def evaluation(split: Split) -> Evaluation:
    return evaluate({"popularity": Popularity(), "item-knn": ItemKNN()}, split, EVERY, resamples=200)


def lists(split: Split, configuration: Popularity | ItemKNN, k: int = 5) -> npt.NDArray[np.int32]:
    return configuration.fit(split.train).recommend(split.test.given, k).items


def test_values_of_the_system_are_those_of_all_lists_together(split: Split, evaluation: Evaluation) -> None:
    top = ItemKNN().fit(split.train).recommend(split.test.given, 5)
    exposure = Exposure.of(top, 5, len(split.train.items))
    assert evaluation.mean("item-knn", "coverage@5") == coverage(exposure)
    assert evaluation.mean("item-knn", "gini@5") == gini(exposure)
    assert evaluation.mean("item-knn", "personalization@5") == personalization(exposure)


def test_values_of_lists_are_means_over_users(split: Split, evaluation: Evaluation) -> None:
    liked = np.bincount(split.train.histories.items, minlength=24)
    shown = lists(split, ItemKNN())
    assert (shown >= 0).all()
    assert evaluation.mean("item-knn", "popularity@5") == pytest.approx(liked[shown].mean())
    users = len(split.train.histories)
    assert evaluation.mean("item-knn", "novelty@5") == pytest.approx(np.mean(-np.log2(liked[shown] / users)))


def test_a_model_that_knows_genres_is_more_personal_and_better_calibrated(evaluation: Evaluation) -> None:
    for metric, better in [("personalization@5", 1), ("calibration@5", -1), ("popularity@5", -1), ("gini@5", -1)]:
        knn, popular = evaluation.mean("item-knn", metric), evaluation.mean("popularity", metric)
        assert better * knn > better * popular, metric


def test_popularity_is_never_serendipitous(evaluation: Evaluation) -> None:
    assert evaluation.mean("popularity", "serendipity@5") == 0
    assert evaluation.mean("item-knn", "serendipity@5") > 0


def test_metrics_of_lists_have_intervals_and_those_of_the_system_have_none(evaluation: Evaluation) -> None:
    found = {value.metric: value for value in evaluation.beyond_values if value.model == "item-knn"}
    assert list(found) == EVERY[1:]
    for name in EVERY[1:6]:
        assert (found[name].low, found[name].high) == (None, None)
    for name in EVERY[6:]:
        value = found[name]
        assert value.low is not None
        assert value.mean is not None
        assert value.high is not None
        assert value.low <= value.mean <= value.high
        assert value.users == evaluation.users.size


def test_the_cheap_ones_are_measured_unasked_at_the_main_list_length(split: Split) -> None:
    found = evaluate({"a": Popularity()}, split, ["r_precision", "ndcg@7", "recall@3"], resamples=200)
    names = ["coverage@7", "novelty@7", "popularity@7", "gini@7", "personalization@7", "diversity@7"]
    assert [metric.name for metric in found.beyond] == names
    bare = replace(split, train=replace(split.train, catalogue=Catalogue.bare(split.train.items)))
    assert [m.name for m in evaluate({"a": Popularity()}, bare, ["clicks"], resamples=200).beyond] == [
        f"{name.partition('@')[0]}@20" for name in names[:-1]
    ]


def test_asking_in_small_blocks_changes_nothing(
    split: Split, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_BLOCK_BYTES", 9 * 50 * 3)
    blocks = evaluate({"popularity": Popularity(), "item-knn": ItemKNN()}, split, EVERY, resamples=200)
    assert blocks.beyond_values == evaluation.beyond_values


def test_longer_lists_for_another_metric_change_nothing(split: Split, evaluation: Evaluation) -> None:
    longer = evaluate({"item-knn": ItemKNN()}, split, [*EVERY, "coverage@9"], resamples=200)
    for name in EVERY[1:]:
        assert longer.mean("item-knn", name) == pytest.approx(evaluation.mean("item-knn", name)), name
    assert longer.mean("item-knn", "coverage@9") >= longer.mean("item-knn", "coverage@5")


def test_the_record_holds_them_beside_the_metrics_of_accuracy(evaluation: Evaluation) -> None:
    record = json.loads(evaluation.to_json())
    assert record["metrics"] == ["recall@5"]
    assert record["beyond"] == EVERY[1:]
    assert {"gini@5", "top_share@5", "popularity@5", "popularity_lift@5", "calibration@5"} == set(
        record["lower_is_better"]
    )
    there = record["models"]["item-knn"]["beyond"]
    assert there["coverage@5"] == {
        "mean": evaluation.mean("item-knn", "coverage@5"),
        "interval": None,
        "users": evaluation.users.size,
    }
    assert there["novelty@5"]["interval"][0] <= there["novelty@5"]["mean"] <= there["novelty@5"]["interval"][1]


def test_only_metrics_beyond_accuracy_may_be_asked_for(split: Split) -> None:
    found = evaluate({"a": Popularity(), "b": ItemKNN()}, split, ["gini@5"], resamples=200)
    assert found.metrics == ()
    assert 0 < found.mean("b", "gini@5") < found.mean("a", "gini@5") <= 1
    assert json.loads(found.to_json())["models"]["a"]["metrics"] == {}


def test_a_missing_column_and_a_list_too_long_are_told(split: Split) -> None:
    bare = replace(split, train=replace(split.train, catalogue=Catalogue.bare(split.train.items)))
    with pytest.raises(SettingsError, match="calibration@5 needs the catalogue column 'genres'"):
        evaluate({"a": Popularity()}, bare, ["calibration@5"])
    with pytest.raises(SettingsError, match="only 24 items; ask for 'coverage@24' or less"):
        evaluate({"a": Popularity()}, split, ["coverage@25"])


def test_a_metric_that_was_not_measured_is_not_found(evaluation: Evaluation) -> None:
    with pytest.raises(NotFoundError, match="no estimate of 'gini@6'"):
        evaluation.mean("popularity", "gini@6")


def test_users_without_a_value_are_left_out_of_the_mean_and_counted() -> None:
    values = np.array([[1.0, 2.0], [np.nan, 4.0], [3.0, 9.0]])
    metrics = (parse("novelty@1"), parse("popularity@1"))
    first, second = beyond_values(metrics, {"a": BeyondResult(values)}, 200, 0.95, 7)  # type: ignore[arg-type]
    assert (first.mean, first.users, second.mean, second.users) == (2.0, 2, 5.0, 3)
    low, high = interval(resampled_means(np.array([[1.0], [3.0]]), 200, 7), 0.95)
    assert (first.low, first.high) == (low[0], high[0])


def test_a_value_that_is_defined_for_nobody_is_none(split: Split) -> None:
    nothing = BeyondResult(np.full((2, 1), np.nan), {3: Exposure.none(3, 4)})
    metrics = (parse("novelty@3"), parse("gini@3"), parse("rmse"))
    found = beyond_values(metrics, {"a": nothing}, 200, 0.95, 0)  # type: ignore[arg-type]
    assert [(value.mean, value.low, value.users) for value in found] == [(None, None, 0)] * 3


@pytest.fixture(scope="module")
def rated() -> Split:
    generator = np.random.default_rng(0)
    rows = [{int(item): float(generator.integers(1, 6)) for item in generator.permutation(30)[:10]} for _ in range(40)]
    dataset = dataset_of(rows, 30)
    histories = replace(dataset.histories, repeats="last")
    return PerUserRatio(test=0.3).split(replace(dataset, histories=histories, feedback="ratings", scale=(1.0, 5.0)), 0)


def test_errors_of_ratings_are_over_all_hidden_pairs(rated: Split) -> None:
    found = evaluate(
        {"mean": GlobalMean(), "more": GlobalMean(1.0)}, rated, ["rmse", "mae", "mse", "r2"], resamples=200
    )
    truth = rated.test.relevant.weights.astype(np.float64)
    mean = np.float32(rated.train.histories.weights.mean())
    assert found.mean("mean", "rmse") == pytest.approx(rmse(np.full(truth.size, mean), truth))
    assert found.mean("mean", "mse") == pytest.approx(found.mean("mean", "rmse") ** 2)
    assert found.mean("mean", "r2") == pytest.approx(0, abs=0.05)
    assert found.mean("more", "rmse") > found.mean("mean", "rmse")
    for value in found.beyond_values:
        if value.metric in ("rmse", "mae", "mse", "r2"):
            assert value.low is not None
            assert value.mean is not None
            assert value.high is not None
            assert value.low < value.mean < value.high
            assert value.users == len(rated.test)


def test_the_interval_of_an_error_is_that_of_drawing_users_with_all_their_pairs(rated: Split) -> None:
    found = evaluate({"mean": GlobalMean()}, rated, ["mse"], resamples=200, seed=3)
    mean = np.float64(np.float32(rated.train.histories.weights.mean()))
    errors = [np.square(rated.test.relevant[row].weights - mean) for row in range(len(rated.test))]
    drawn = np.random.default_rng(3)
    n = len(errors)
    means = [np.concatenate([errors[u] for u in drawn.integers(0, n, n)]).mean() for _ in range(200)]
    value = next(value for value in found.beyond_values if value.metric == "mse")
    assert (value.low, value.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])), rel=1e-6)


def test_a_stand_in_for_a_prediction_is_counted_in_the_record(rated: Split) -> None:
    found = evaluate({"knn": ItemKNN(neighbours=1)}, rated, ["rmse"], resamples=200)
    assert found.record()["models"]["knn"]["unpredicted"] > 0
    assert np.isfinite(found.mean("knn", "rmse"))


def test_folds_are_pooled_with_all_their_lists() -> None:
    dataset = two_genres().dataset
    folds = [
        evaluate({"a": ItemKNN()}, fold, ["coverage@3", "novelty@3", "rmse"], resamples=200)
        for fold in PerUserRatio().folds(dataset, 3)
    ]
    pooled = pool(folds)
    first, *others = [fold.results[0].beyond for fold in folds]
    assert first is not None
    exposure = first.exposures[3]
    for other in others:
        assert other is not None
        exposure += other.exposures[3]
    assert pooled.mean("a", "coverage@3") == coverage(exposure)
    asked = np.concatenate([fold.users for fold in folds])
    novelties = np.concatenate([fold.results[0].beyond.values[:, 0] for fold in folds])  # type: ignore[union-attr]
    by_user = [np.nanmean(novelties[asked == user]) for user in pooled.users]
    assert pooled.mean("a", "novelty@3") == pytest.approx(np.mean(by_user))
    squares = sum(fold.results[0].beyond.errors[:, :2].sum(axis=0) for fold in folds)  # type: ignore[union-attr, index]
    assert pooled.mean("a", "rmse") == pytest.approx(np.sqrt(squares[1] / squares[0]))


def test_folds_of_different_metrics_are_not_pooled() -> None:
    one, two = (BeyondResult(np.zeros((1, 0)), {k: Exposure.none(k, 3)}) for k in (2, 3))
    for other in (two, BeyondResult(np.zeros((1, 1)), one.exposures)):
        with pytest.raises(DataError, match="can be pooled"):
            pooled_beyond([one, other], np.array([0, 1]))


def test_a_reader_of_errors_is_told_whose_scores_predict_weights(rated: Split) -> None:
    models = {"knn": ItemKNN()}
    asked = evaluate(models, rated, ["recall@5", "rmse", "r2"], resamples=200).warnings
    assert [warning for warning in asked if warning.startswith("rmse, r2 take scores for predicted weights")]
    assert not any("scores" in warning for warning in evaluate(models, rated, ["recall@5"], resamples=200).warnings)


def test_a_reader_of_errors_is_told_where_low_ratings_are_not_among_them() -> None:
    ratings = simulate(listeners=40, tracks=60, seed=0).ratings
    models = {"biases": ExplicitALS(factors=0)}
    for above, told in ((0.0, False), (3.5, True)):
        split = PerUserRatio(relevant_above=above).split(ratings)
        warnings = evaluate(models, split, ["rmse"], resamples=100).warnings
        assert any("hidden ratings above 3.5 only" in warning for warning in warnings) == told
