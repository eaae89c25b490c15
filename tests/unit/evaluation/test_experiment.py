"""Experiments: what decides the numbers, and gives them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, NotFoundError, SettingsError
from segue.evaluation import Experiment, PipelinePlan, evaluate, memory
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.pipeline import Pipeline
from segue.retrieval.sources import Source
from segue.splits import HeldOutUsers, PerUserRatio, TimeCut
from worlds import two_genres

NAMES = ("recall@5", "ndcg@5")
WHOLE = PerUserRatio().split(two_genres().dataset)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return two_genres().dataset


def experiment(dataset: Dataset, **changes: object) -> Experiment:
    plain = Experiment(dataset, PerUserRatio(validation=0.2), {"p": Popularity(), "k": ItemKNN()}, NAMES)
    return replace(plain, resamples=200, **changes)  # type: ignore[arg-type]


def test_the_same_experiment_gives_the_same_record(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_STATM", tmp_path / "none")  # memory is measured, as seconds are
    told = [
        experiment(dataset, seed=seed).run(scored_at=datetime(2024, 5, 1, tzinfo=UTC), clock=lambda: 0.0).to_json()
        for seed in (3, 3, 4)
    ]
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_the_record_tells_of_the_dataset_the_lists_and_the_libraries(dataset: Dataset) -> None:
    record = experiment(dataset).run().record()
    assert (record["format"], record["version"]) == ("segue evaluation", 1)
    assert record["dataset"]["fingerprint"] == dataset.fingerprint()
    assert record["dataset"]["entries"] == dataset.histories.n_entries
    assert record["ties"] == "score descending, item position ascending"
    assert record["list_lengths"] == [1, 5, 10, 20]  # of 24 items; 50 and 100 are left out
    assert {"segue", "python", "numpy", "scipy", "numba", "polars"} == set(record["versions"])
    assert {(each["a"], each["b"]) for each in record["comparisons"]} == {("p", "k")}


def test_curves_are_the_metrics_at_every_length(dataset: Dataset) -> None:
    split = PerUserRatio().split(dataset, 0)
    lengths = (1, 3, 20)
    curves = evaluate({"k": ItemKNN()}, split, NAMES, list_lengths=lengths).results[0].curves
    for stem in ("recall", "ndcg"):
        each = evaluate({"k": ItemKNN()}, split, [f"{stem}@{length}" for length in lengths])
        assert curves[stem].tolist() == pytest.approx([estimate.mean for estimate in each.estimates])


def test_test_and_validation_are_apart_and_refitting_learns_from_both(dataset: Dataset) -> None:
    plain = experiment(dataset)
    (split,) = plain.splits()
    on_validation = replace(plain, part="validation").run()
    assert on_validation.users.tolist() == split.validation.users.tolist()  # type: ignore[union-attr]
    refitted = replace(plain, refit=True).run()
    assert refitted.record()["refit"] is True
    by_hand = evaluate({"k": ItemKNN().fit(split.known)}, split, NAMES)
    assert refitted.results[1].values.tolist() == by_hand.results[0].values.tolist()
    assert refitted.results[1].values.tolist() != plain.run().results[1].values.tolist()


def test_the_runs_that_scored_the_same_test_part_are_counted(dataset: Dataset) -> None:
    asked: list[str] = []

    def earlier(fingerprint: str) -> int:
        asked.append(fingerprint)
        return 7

    found = experiment(dataset).run(earlier_runs=earlier)
    assert (found.earlier_runs, found.record()["earlier_test_runs"]) == (7, 7)
    assert asked == [found.split["test_fingerprint"]]
    assert experiment(dataset, part="validation").run(earlier_runs=earlier).earlier_runs is None
    assert len(asked) == 1
    (same,) = experiment(dataset, refit=True).splits()
    (other,) = experiment(dataset, seed=1).splits()
    assert same.test_fingerprint() == asked[0] != other.test_fingerprint()


def test_folds_over_users_ask_each_user_once(dataset: Dataset) -> None:
    found = experiment(dataset, split=HeldOutUsers(), folds=4).run()
    assert found.users.tolist() == list(range(dataset.n_users))
    assert [fold["fold"] for fold in found.record()["split"]["folds"]] == [[n, 4] for n in (1, 2, 3, 4)]


def test_folds_over_entries_count_each_user_once_with_the_mean_of_the_folds(dataset: Dataset) -> None:
    plain = experiment(dataset, split=PerUserRatio(), folds=3)
    found = plain.run()
    folds = [evaluate({"k": ItemKNN()}, split, NAMES) for split in plain.splits()]
    for row, user in enumerate(found.users.tolist()):
        values = [fold.results[0].values[fold.users == user][0] for fold in folds if user in fold.users]
        assert found.results[1].values[row].tolist() == pytest.approx(np.mean(values, axis=0).tolist())
    weights = [len(fold.users) for fold in folds]
    expected = np.average([fold.results[0].curves["recall"] for fold in folds], axis=0, weights=weights)
    assert found.results[1].curves["recall"].tolist() == pytest.approx(expected.tolist())
    relevant = sum(int(fold.results[0].by_popularity["fine"].relevant.sum()) for fold in folds)
    assert found.results[1].by_popularity["fine"].relevant.sum() == relevant


def test_warnings_of_folds_are_told_once_with_their_number(dataset: Dataset) -> None:
    histories = dataset.histories
    times = np.random.default_rng(0).permutation(histories.n_entries)
    offsets = histories.offsets
    for row in range(len(histories)):
        times[offsets[row] : offsets[row + 1]].sort()
    timed = dataset.with_histories(replace(histories, times=times, order="time"))
    warnings = experiment(timed, split=PerUserRatio(), folds=3).run().warnings
    future = [warning for warning in warnings if "the future is known" in warning]
    assert len(future) == 1
    assert future[0].endswith("(in 3 of 3 folds)")


def test_a_whole_pipeline_is_asked_beside_its_models_which_are_fitted_once(dataset: Dataset) -> None:
    fits: list[str] = []

    class Counted(Popularity):
        def fit(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
            fits.append(self.name)
            return super().fit(*arguments, **options)  # type: ignore[arg-type]

    configuration = Counted()
    plan = PipelinePlan(
        {"p": configuration, "k": ItemKNN()},
        lambda models, train: Pipeline(
            [Source(name, models[name], 10) for name in ("p", "k")], catalogue=train.catalogue
        ),
        {"candidates": 10},
    )
    split = PerUserRatio().split(dataset, 0)
    found = evaluate({"p": configuration, "pipeline": plan}, split, NAMES)
    assert fits == ["popularity"]
    assert found.results[1].configuration == {"name": "pipeline", "candidates": 10}
    models = {"p": Popularity().fit(split.train), "k": ItemKNN().fit(split.train)}
    pipeline = plan.assemble(models, split.train)
    ready = evaluate({"pipeline": pipeline}, split, NAMES)
    assert ready.results[0].values.tolist() == found.results[1].values.tolist()
    assert ready.results[0].fit_seconds is None
    assert ready.results[0].configuration["sources"] == ["p", "k"]
    first = pipeline.recommend(split.test.given[:1], 5).top.items[0]
    hits = np.isin(first, split.test.relevant[0].items).sum() / split.test.relevant[0].n_entries
    assert found.results[1].values[0, 0] == pytest.approx(hits)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"metrics": ("recal@5",)}, NotFoundError, "did you mean 'recall@5'"),
        ({"part": "training"}, SettingsError, "part must be 'test' or 'validation'"),
        ({"part": "validation", "refit": True}, SettingsError, "cannot be asked it"),
        ({"folds": 1}, SettingsError, "at least 2, got 1"),
        ({"split": TimeCut(), "folds": 3}, SettingsError, "'time-cut' has no folds"),
        ({"split": WHOLE, "part": "validation"}, SettingsError, "'per-user' is used as it is and has no validation"),
        ({"split": WHOLE, "folds": 3}, SettingsError, "'per-user' has no folds"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_fitted(
    dataset: Dataset, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        experiment(dataset, **changes)


def test_a_split_that_leaves_nobody_to_ask_is_refused(dataset: Dataset) -> None:
    lonely = dataset.with_histories(Histories.of([{user % 3: 1.0} for user in range(dataset.n_users)]))
    with pytest.raises(DataError, match="leaves no test users"):
        experiment(lonely).run()
