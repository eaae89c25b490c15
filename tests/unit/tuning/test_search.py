"""A search evaluates each point once, keeps every trial, and ends where it should."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segue.core.dataset import Dataset
from segue.core.spaces import Choice, Float, Int, Space
from segue.errors import DataError, NotFoundError, SettingsError
from segue.evaluation import evaluate
from segue.models import ImplicitALS, ItemKNN, Popularity
from segue.tuning import Tuning, Validation, tune
from segue.tuning import search as search_module

ALS = ImplicitALS(factors=3, iterations=2, solver="exact")
GRID: Space = {"factors": Choice((2, 4)), "regularization": Choice((0.1, 1.0, 10.0))}
RANGES: Space = {
    "factors": Int(2, 6),
    "regularization": Float(0.01, 10.0, log=True),
    "unobserved_weight": Float(0.01, 1.0, log=True),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tuning" / "implicit-als.db"


def look(validation: Validation, file: Path, space: Space = GRID, **options: Any) -> Tuning:
    given: dict[str, Any] = {"metrics": ("ndcg@3",), "sampler": "grid", "dataset": "f1", "threads": 1, **options}
    return tune(given.pop("configuration", ALS), validation, file, space=space, **given)


def points(found: Tuning) -> list[tuple[Any, ...]]:
    return [(*trial.values.values(), trial.value, trial.folds, trial.state) for trial in found.trials]


class Counting:
    """Counts the evaluations of `Fold.means`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        means = search_module.Fold.means

        def counted(fold: Any, configuration: Any) -> dict[str, float]:
            self.calls += 1
            return means(fold, configuration)

        monkeypatch.setattr(search_module.Fold, "means", counted)


# -- what is found ----------------------------------------------------------------------------------------------------


def test_a_grid_gives_what_evaluating_every_corner_by_hand_gives(folds: Validation, file: Path) -> None:
    found = look(folds, file, metrics=("ndcg@3", "recall@5"))
    by_hand = {}
    for factors, ridge in itertools.product((2, 4), (0.1, 1.0, 10.0)):
        model = replace(ALS, factors=factors, regularization=ridge)
        values = []
        for split in folds.folds:
            result = evaluate({"als": model}, split, ("ndcg@3", "recall@5"), resamples=100, threads=1)
            values.append([result.estimate("als", metric).mean for metric in ("ndcg@3", "recall@5")])
        by_hand[factors, ridge] = [sum(column) / 3 for column in zip(*values, strict=True)]
    assert len(found.trials) == 6
    for trial in found.trials:
        ndcg, recall = by_hand[trial.values["factors"], trial.values["regularization"]]
        assert trial.value == pytest.approx(ndcg, abs=1e-12)
        assert trial.metrics == {"ndcg@3": pytest.approx(ndcg), "recall@5": pytest.approx(recall)}
        assert len(trial.folds) == 3
    best = found.best
    assert best is not None
    assert best.value == max(trial.value for trial in found.trials)
    assert found.best_configuration() == replace(ALS, **best.values)


def test_where_less_is_better_the_least_is_best(validation: Validation, file: Path) -> None:
    found = look(validation, file, metrics=("clicks",))
    assert not found.higher_is_better
    assert found.best is not None
    assert found.best.value == min(trial.value for trial in found.trials)
    assert [trial.value for trial in found.ranked()] == sorted(trial.value for trial in found.trials)


def test_any_metric_can_be_the_target(validation: Validation, file: Path) -> None:
    names = ("coverage@5", "novelty@5", "rmse", "map@5", "clicks", "popularity@3")
    found = look(validation, file, metrics=names)
    split, _ = next(validation.asked())
    best = found.best
    assert best is not None
    configuration = found.best_configuration()
    assert configuration is not None
    result = evaluate({"als": configuration}, split, names, resamples=100, threads=1)
    assert best.metrics == {name: pytest.approx(result.mean("als", name), abs=1e-12) for name in names}


def test_ties_go_to_the_earlier_trial(validation: Validation, file: Path) -> None:
    space: Space = {"neighbours": Choice((24, 23, 50))}  # all there are
    found = look(validation, file, space, configuration=ItemKNN(shrinkage=0.0))
    assert len({trial.value for trial in found.trials}) == 1
    assert found.best is not None
    assert found.best.number == 1


# -- how it goes on ---------------------------------------------------------------------------------------------------


def test_the_same_arguments_give_the_same_trials(folds: Validation, tmp_path: Path) -> None:
    options: dict[str, Any] = {"sampler": "tpe", "trials": 13, "prune": True}
    one = look(folds, tmp_path / "one.db", RANGES, **options)
    two = look(folds, tmp_path / "two.db", RANGES, **options)
    other = look(folds, tmp_path / "other.db", RANGES, **{**options, "seed": 1})
    assert points(one) == points(two)
    assert points(one) != points(other)


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
def test_a_search_in_pieces_is_the_search_in_one(sampler: str, folds: Validation, tmp_path: Path) -> None:
    space = GRID if sampler == "grid" else RANGES
    whole = look(folds, tmp_path / "whole.db", space, sampler=sampler, trials=13, prune=True)
    for trials in (1, 4, 11, 13):
        pieces = look(folds, tmp_path / "pieces.db", space, sampler=sampler, trials=trials, prune=True)
    assert points(pieces) == points(whole)
    assert pieces.before == min(11, len(whole.trials))


class Stops:
    """A listener who interrupts after so many trials."""

    def __init__(self, after: int) -> None:
        self.left = after

    @contextmanager
    def task(self, description: str, total: float | None = None, unit: str = "") -> Iterator[Any]:  # noqa: ARG002
        yield self if unit == "trials" else Quiet()

    def advance(self, amount: float = 1.0, note: str = "") -> None:  # noqa: ARG002
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


class Quiet:
    def advance(self, amount: float = 1.0, note: str = "") -> None:
        """Says nothing."""


def test_an_interrupted_search_has_recorded_what_is_finished(validation: Validation, file: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        look(validation, file, progress=Stops(4))
    record = json.loads(file.with_suffix(".json").read_text())
    assert len(record["trials"]) == 4
    assert len(look(validation, file).trials) == 6


def test_a_point_that_was_tried_is_not_evaluated_again(
    validation: Validation, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(monkeypatch)
    found = look(validation, file, {"factors": Choice((2, 3, 4, 5, 6, 7))}, sampler="random", trials=20)
    different = {trial.values["factors"] for trial in found.trials}
    assert counting.calls == len(different)
    repeated = [trial for trial in found.trials if trial.same_as is not None]
    assert len(found.trials) == len(different) + len(repeated)
    assert repeated
    for trial in repeated:
        first = found.trials[trial.same_as - 1]
        assert (first.same_as, first.values, first.value, first.folds) == (
            None,
            trial.values,
            trial.value,
            trial.folds,
        )
        assert trial.seconds == 0.0
    assert [trial.same_as for trial in found.ranked()] == [None] * len(different)


def test_a_space_without_untried_points_ends_the_search(validation: Validation, file: Path) -> None:
    found = look(validation, file, {"factors": Choice((2, 4))}, sampler="random", trials=100)
    assert {trial.values["factors"] for trial in found.trials} == {2, 4}
    assert len(found.trials) < 100


def test_the_current_settings_are_tried_first_where_they_lie_in_the_space(folds: Validation, tmp_path: Path) -> None:
    inside = look(folds, tmp_path / "inside.db", RANGES, sampler="tpe", trials=1)
    assert dict(inside.trials[0].values) == {"factors": 3, "regularization": 0.1, "unobserved_weight": 0.1}
    narrow: Space = {**RANGES, "factors": Int(4, 6)}
    outside = look(folds, tmp_path / "outside.db", narrow, sampler="tpe", trials=1)
    assert outside.trials[0].values["factors"] >= 4


def test_a_search_begins_no_trial_after_its_time(validation: Validation, file: Path) -> None:
    seconds = itertools.count()
    found = look(validation, file, timeout=7.5, clock=lambda: float(next(seconds)))
    # 0 at the start; each trial looks at the clock three times: before it, at its beginning, at its end
    assert len(found.trials) == 3
    assert [trial.seconds for trial in found.trials] == [1.0, 1.0, 1.0]


# -- pruning and failing ----------------------------------------------------------------------------------------------


def test_pruning_gives_up_what_is_worse_than_the_median_so_far(folds: Validation, file: Path) -> None:
    space: Space = {"regularization": Choice((0.01, 0.02, 0.05, 0.1, 0.2, 1e9))}
    found = look(folds, file, space, prune=True)
    assert [trial.state for trial in found.trials] == ["complete"] * 5 + ["pruned"]
    last = found.trials[-1]
    assert len(last.folds) == 1
    assert last.value == last.folds[0]
    assert last not in found.ranked()


def test_without_pruning_every_fold_is_asked(folds: Validation, file: Path) -> None:
    space: Space = {"regularization": Choice((0.01, 0.02, 0.05, 0.1, 0.2, 1e9))}
    assert {len(trial.folds) for trial in look(folds, file, space).trials} == {3}


def test_a_point_that_the_data_refuses_fails_and_the_search_goes_on(validation: Validation, file: Path) -> None:
    space: Space = {"half_life": Choice((30.0, None, 90.0))}
    found = look(validation, file, space, configuration=Popularity())
    assert [trial.state for trial in found.trials] == ["failed", "complete", "failed"]
    assert "half_life needs times" in (found.trials[0].reason or "")
    assert found.best is not None
    assert found.best.number == 2
    again = look(validation, file, space, configuration=Popularity())
    assert points(again) == points(found)


def test_a_point_that_the_model_refuses_fails_too(validation: Validation, file: Path) -> None:
    found = look(validation, file, {"regularization": Choice((0.0, 1.0))})
    assert [trial.state for trial in found.trials] == ["failed", "complete"]
    assert "more than 0" in (found.trials[0].reason or "")


def test_where_every_point_fails_the_reason_is_told(validation: Validation, file: Path) -> None:
    with pytest.raises(DataError, match=r"none of the 2 trials could be evaluated.*half_life needs times"):
        look(validation, file, {"half_life": Choice((30.0, 90.0))}, configuration=Popularity())
    assert json.loads(file.with_suffix(".json").read_text())["best"] is None


# -- the record -------------------------------------------------------------------------------------------------------


def test_the_record_tells_everything_in_plain_values(folds: Validation, file: Path) -> None:
    found = look(folds, file, RANGES, sampler="tpe", trials=12)
    record = json.loads(file.with_suffix(".json").read_text())
    assert record == json.loads(json.dumps(found.record()))
    assert record["metric"] == "ndcg@3"
    assert record["space"]["factors"] == {"low": 2, "high": 6, "log": False}
    assert [trial["number"] for trial in record["trials"]] == list(range(1, 13))
    assert record["best"]["value"] == max(trial["value"] for trial in record["trials"])
    assert set(record["importance"]) == set(RANGES)
    assert sum(record["importance"].values()) == pytest.approx(1.0)
    assert list(record["importance"].values()) == sorted(record["importance"].values(), reverse=True)
    assert record["validation"]["users"] == folds.users


def test_few_trials_say_nothing_of_importance(validation: Validation, file: Path) -> None:
    assert look(validation, file).importance == {}


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"trials": 0}, SettingsError, "at least 1 trial, got 0"),
        ({"timeout": 0.0}, SettingsError, "above 0, got 0"),
        ({"timeout": float("nan")}, SettingsError, "above 0, got nan"),
        ({"prune": True}, SettingsError, "ask for 2 folds or more"),
        ({"metrics": ()}, SettingsError, "at least one metric"),
        ({"metrics": ("ndgc@3",)}, NotFoundError, "did you mean 'ndcg@3'"),
        ({"metrics": ("recall@25",)}, SettingsError, "only 24 items; ask for 'recall@24'"),
        ({"sampler": "tpee"}, NotFoundError, "did you mean 'tpe'"),
        ({"space": {"factor": Choice((1, 2))}}, SettingsError, "no hyper-parameter 'factor'; did you mean 'factors'"),
        ({"space": {}}, SettingsError, "nothing to search"),
    ],
)
def test_arguments_that_cannot_be_are_refused_before_anything_is_written(
    options: dict[str, Any], kind: type[Exception], message: str, validation: Validation, file: Path
) -> None:
    with pytest.raises(kind, match=message):
        look(validation, file, **options)
    assert not file.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": ("recall@3",)}, r"other metrics \(ndcg@3, now recall@3\)"),
        ({"dataset": "f2"}, r"another dataset \(f1, now f2\)"),
        ({"seed": 4}, r"another seed \(0, now 4\)"),
        ({"space": {"factors": Choice((2, 4))}}, r"another space \(regularization: 0.1, 1.0, 10.0, now null\)"),
        ({"configuration": replace(ALS, iterations=9)}, r"not searched \(iterations: 2, now 9\)"),
    ],
)
def test_a_study_is_not_continued_where_its_trials_would_not_compare(
    options: dict[str, Any], message: str, validation: Validation, file: Path
) -> None:
    look(validation, file, trials=1)
    with pytest.raises(SettingsError, match=message):
        look(validation, file, **options)


def test_a_study_is_not_continued_on_another_split(validation: Validation, folds: Validation, file: Path) -> None:
    look(validation, file, trials=1)
    with pytest.raises(SettingsError, match=r"another split \(folds: 1, now 3\)"):
        look(folds, file)


def test_the_sampler_and_the_searched_values_of_the_settings_may_change(validation: Validation, file: Path) -> None:
    look(validation, file, trials=1)
    found = look(validation, file, trials=3, sampler="random", configuration=replace(ALS, factors=4))
    assert len(found.trials) == 3


def test_a_model_without_a_space_asks_for_one(validation: Validation, file: Path, dataset: Dataset) -> None:
    class Spaceless:
        name = "spaceless"

    with pytest.raises(SettingsError, match=r"write some into segue.toml, under \[tuning.spaceless\]"):
        tune(Spaceless(), validation, file, dataset=dataset.fingerprint())  # type: ignore[arg-type]
