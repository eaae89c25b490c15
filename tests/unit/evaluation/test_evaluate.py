"""Models asked about a split whose right answers are known."""

# ruff: noqa: ARG002 - a fake model has the arguments of a real one

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from segue.core.arrays import BoolArray, Float32Array, Int32Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, ModelError, NotFoundError, SettingsError
from segue.evaluation import Evaluation, ModelResult, evaluate, pool
from segue.evaluation import asking as run_module
from segue.models.implicit_als import ImplicitALS
from segue.simulation import BestPossible, simulate
from segue.splits import HeldOutItems, HeldOutUsers, PerUserRatio, Split

N_USERS, N_ITEMS = 40, 30


@dataclass(frozen=True)
class Scripted:
    """A configuration whose model scores item i of any history by `(i * factor) % n_items`."""

    name: ClassVar[str] = "scripted"

    factor: int = 1
    silent_below: int = 0  # histories with fewer entries get nothing

    def fit(
        self, dataset: Dataset, *, seed: int = 0, progress: Progress = SILENT, threads: int | None = None
    ) -> ScriptedModel:
        return ScriptedModel(self, dataset.items, seed)

    def restore(self, items: Vocabulary, arrays: Mapping[str, npt.NDArray[Any]]) -> ScriptedModel:
        return ScriptedModel(self, items)


@dataclass(frozen=True)
class ScriptedModel:
    """A recommender without learning; it does what its configuration says, and remembers what it was asked."""

    configuration: Scripted
    items: Vocabulary
    seed: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        row = (np.arange(len(self.items)) * self.configuration.factor) % len(self.items)
        return np.tile(row.astype(np.float32), (len(histories), 1))

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
        self.asked.append((len(histories), k))
        scores = self.score(histories)[0]
        order = np.argsort(-scores, kind="stable")
        rows = []
        for row in range(len(histories)):
            seen = set(histories[row].items.tolist())
            rows.append(
                [int(i) for i in order if i not in seen]
                if len(histories[row].items) >= self.configuration.silent_below
                else []
            )
        return TopK.of(rows, k=k)


@pytest.fixture(scope="module")
def split() -> Split:
    generator = np.random.default_rng(0)
    rows = [generator.permutation(N_ITEMS)[: 6 + user % 7].tolist() for user in range(N_USERS)]
    items = Vocabulary(f"i{number}" for number in range(N_ITEMS))
    dataset = Dataset(
        Vocabulary(f"u{number}" for number in range(N_USERS)),
        items,
        Histories.of(rows, order="none"),
        Catalogue.bare(items),
    )
    return PerUserRatio(test=0.3, validation=0.2).split(dataset, 0)


def test_means_are_those_of_ranking_by_hand(split: Split) -> None:
    evaluation = evaluate({"scripted": Scripted(7)}, split, ["recall@5", "r_precision"])
    expected = []
    for row in range(len(split.test)):
        seen = set(split.test.given[row].items.tolist())
        relevant = set(split.test.relevant[row].items.tolist())
        ranked = sorted((i for i in range(N_ITEMS) if i not in seen), key=lambda i: (-(i * 7 % N_ITEMS), i))
        deep = len(relevant)
        expected.append([len(relevant & set(ranked[:5])) / deep, len(relevant & set(ranked[:deep])) / deep])
    assert evaluation.results[0].values == pytest.approx(np.array(expected))
    assert evaluation.estimate("scripted", "recall@5").mean == pytest.approx(np.mean(expected, axis=0)[0])
    assert evaluation.users.tolist() == split.test.users.tolist()


def test_asking_in_small_blocks_changes_nothing(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["recall@5", "ndcg@10", "r_precision", "clicks"]
    whole = evaluate({"scripted": Scripted(7)}, split, names)
    monkeypatch.setattr(run_module, "_BLOCK_BYTES", 9 * 500 * 3)  # three users at once
    model = Scripted(7).fit(split.train)
    blocks = evaluate({"scripted": model}, split, names)
    assert {rows for rows, _ in model.asked} == {3, len(split.test) % 3}
    assert np.array_equal(whole.results[0].values, blocks.results[0].values)


def test_users_who_got_nothing_count_as_misses_and_are_counted(split: Split) -> None:
    evaluation = evaluate(
        {"mute": Scripted(1, silent_below=8), "deaf": Scripted(1, silent_below=99)}, split, ["recall@30", "clicks"]
    )
    mute, deaf = evaluation.results
    silent = split.test.given.lengths < 8
    assert mute.nothing == np.count_nonzero(silent) > 0
    assert mute.values[:, 0].tolist() == np.where(silent, 0.0, 1.0).tolist()  # lists of all items find all
    assert evaluation.estimate("mute", "recall@30").mean == pytest.approx(1 - silent.mean())
    assert (deaf.nothing, deaf.values[:, 1].tolist()) == (len(split.test), [51.0] * len(split.test))
    assert evaluation.summary()["got_nothing"].to_list() == [mute.nothing, deaf.nothing]


def test_the_validation_part_is_asked_where_it_is_named(split: Split) -> None:
    assert split.validation is not None
    evaluation = evaluate({"scripted": Scripted()}, split, ["recall@5"], part="validation")
    assert evaluation.users.tolist() == split.validation.users.tolist()
    assert evaluation.record()["part"] == "validation"


def test_a_missing_validation_part_is_told(split: Split) -> None:
    with pytest.raises(DataError, match="no validation part"):
        evaluate({"scripted": Scripted()}, replace(split, validation=None), ["recall@5"], part="validation")


def test_the_seed_reaches_the_fit_and_a_fitted_model_is_asked_as_it_is(split: Split) -> None:
    fitted = Scripted(3).fit(split.train)
    ticks = itertools.count()
    evaluation = evaluate(
        {"a": Scripted(3), "b": fitted}, split, ["recall@5"], seed=9, clock=lambda: float(next(ticks))
    )
    a, b = evaluation.results
    assert (a.fit_seconds, b.fit_seconds) == (1.0, None)
    assert (a.recommend_seconds, b.recommend_seconds) == (1.0, 1.0)
    assert np.array_equal(a.values, b.values)
    assert a.configuration == {"name": "scripted", "factor": 3, "silent_below": 0}


def test_the_best_model_is_the_one_with_the_best_mean_and_clicks_are_best_when_few(split: Split) -> None:
    evaluation = evaluate({"mute": Scripted(1, silent_below=99), "full": Scripted(1)}, split, ["recall@30", "clicks"])
    for metric in ("recall@30", "clicks"):
        best, worse = evaluation.estimate("full", metric), evaluation.estimate("mute", metric)
        assert best.best
        assert best.ties_with_best
        assert (best.behind, best.p, best.p_holm) == (0.0, None, None)
        assert worse.behind == pytest.approx(abs(best.mean - worse.mean))
        assert worse.behind_low > 0
        assert not worse.ties_with_best
        assert worse.p == pytest.approx(1 / 2001)  # of all the signs drawn, none is as far from zero


def test_equal_models_tie(split: Split) -> None:
    evaluation = evaluate({"one": Scripted(7), "two": Scripted(7)}, split, ["recall@5"])
    second = evaluation.estimate("two", "recall@5")
    assert (second.behind, second.behind_low, second.behind_high, second.p) == (0.0, 0.0, 0.0, 1.0)
    assert second.ties_with_best


def test_p_values_are_corrected_for_the_number_of_pairs_of_models(split: Split) -> None:
    models = {"full": Scripted(1), "a": Scripted(1, silent_below=99), "b": Scripted(1, silent_below=99)}
    evaluation = evaluate(models, split, ["recall@30"])
    first = evaluation.estimate("a", "recall@30")
    assert first.p is not None
    assert first.p_holm == pytest.approx(3 * first.p)
    ends = {(each.a, each.b): each.p_randomization_holm for each in evaluation.comparisons}
    assert ends == {("full", "a"): first.p_holm, ("full", "b"): first.p_holm, ("a", "b"): 1.0}


def test_the_same_seed_gives_the_same_record(split: Split) -> None:
    def run(seed: int) -> str:
        models = {"a": Scripted(7), "b": Scripted(11)}
        return evaluate(models, split, ["recall@5", "ndcg@5"], seed=seed, clock=lambda: 0.0).to_json()

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_the_record_is_json_with_every_mean(split: Split) -> None:
    evaluation = evaluate({"a": Scripted(7), "b": Scripted(11)}, split, ["recall@5", "clicks"])
    record = json.loads(evaluation.to_json())
    assert record["users"] == len(split.test)
    assert record["split"]["split"] == "per-user"
    assert record["metrics"] == ["recall@5", "clicks"]
    for model, metric in itertools.product("ab", ["recall@5", "clicks"]):
        there = record["models"][model]["metrics"][metric]
        assert there["mean"] == evaluation.estimate(model, metric).mean
        assert there["interval"][0] <= there["mean"] <= there["interval"][1]


def test_the_frames_hold_every_estimate(split: Split) -> None:
    evaluation = evaluate({"a": Scripted(7), "b": Scripted(11)}, split, ["recall@5", "clicks"])
    frame = evaluation.to_frame()
    assert frame.select("model", "metric").rows() == [
        ("a", "recall@5"),
        ("a", "clicks"),
        ("b", "recall@5"),
        ("b", "clicks"),
    ]
    assert frame["mean"].to_list() == [estimate.mean for estimate in evaluation.estimates]
    summary = evaluation.summary()
    assert summary["model"].to_list() == ["a", "b"]
    assert summary["recall@5"][1] == evaluation.estimate("b", "recall@5").mean


def test_an_estimate_that_was_not_made_is_not_found(split: Split) -> None:
    evaluation = evaluate({"a": Scripted(7)}, split, ["recall@5"])
    with pytest.raises(NotFoundError, match="no estimate of 'ndcg@5' for 'a'"):
        evaluation.estimate("a", "ndcg@5")


def test_folds_are_pooled_user_by_user(split: Split) -> None:
    histories = Histories.of([list(range(user % 3, user % 3 + 6)) for user in range(12)])
    items = Vocabulary(map(str, range(N_ITEMS)))
    dataset = Dataset(Vocabulary(map(str, range(12))), items, histories, Catalogue.bare(items))
    folds = [
        evaluate({"a": Scripted(7)}, fold, ["recall@5"], clock=itertools.count().__next__)
        for fold in HeldOutUsers().folds(dataset, 3)
    ]
    pooled = pool(folds)
    assert sorted(pooled.users.tolist()) == list(range(12))
    by_user = {
        user: row
        for fold in folds
        for user, row in zip(fold.users.tolist(), fold.results[0].values.tolist(), strict=True)
    }
    assert pooled.results[0].values.tolist() == [by_user[user] for user in range(12)]
    assert pooled.results[0].curves["recall"][1] == pytest.approx(pooled.results[0].values.mean())
    assert (pooled.results[0].fit_seconds, pooled.results[0].recommend_seconds) == (3, 3)
    assert len(pooled.record()["split"]["folds"]) == 3


def test_folds_of_different_metrics_are_not_pooled(split: Split) -> None:
    with pytest.raises(DataError, match="can be pooled"):
        pool([evaluate({"a": Scripted()}, split, [metric]) for metric in ("recall@5", "ndcg@5")])
    with pytest.raises(DataError, match="no evaluation"):
        pool([])


def test_a_list_longer_than_the_catalogue_is_refused(split: Split) -> None:
    with pytest.raises(SettingsError, match="only 30 items; ask for 'ndcg@30' or less"):
        evaluate({"a": Scripted()}, split, ["ndcg@31"])


def test_a_misspelled_metric_is_told_its_near_match(split: Split) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'ndcg@10'"):
        evaluate({"a": Scripted()}, split, ["ndgc@10"])


def test_no_model_is_refused(split: Split) -> None:
    with pytest.raises(SettingsError, match="at least one model"):
        evaluate({}, split)


def test_a_model_of_other_items_is_refused(split: Split) -> None:
    with pytest.raises(DataError, match="other items"):
        evaluate({"a": ScriptedModel(Scripted(), Vocabulary(["x", "y"]))}, split, ["recall@5"])


class Short(ScriptedModel):
    def recommend(self, histories: Histories, k: int = 10, **others: Any) -> TopK:  # type: ignore[override]
        return super().recommend(histories, k - 1, **others)


class Elsewhere(ScriptedModel):
    def recommend(self, histories: Histories, k: int = 10, **others: Any) -> TopK:  # type: ignore[override]
        return TopK.of([[N_ITEMS]] * len(histories), k=k)


@pytest.mark.parametrize(("kind", "message"), [(Short, "was expected"), (Elsewhere, "knows only 30 items")])
def test_a_model_that_breaks_its_promise_is_named(split: Split, kind: type[ScriptedModel], message: str) -> None:
    with pytest.raises(ModelError, match=f"culprit.*{message}"):
        evaluate({"culprit": kind(Scripted(), split.train.items)}, split, ["recall@5"])


class Diverged(ScriptedModel):
    """As the models of the house: items with NaN scores never come back, so that lists come out short."""

    def score(self, histories: Histories, candidates: Int32Array | None = None) -> Float32Array:
        scores = super().score(histories, candidates)
        scores[:, ::2] = np.nan
        return scores


class Careless(ScriptedModel):
    def recommend(self, histories: Histories, k: int = 10, **others: Any) -> TopK:  # type: ignore[override]
        top = super().recommend(histories, k, **others)
        return TopK(top.items, np.full_like(top.scores, np.nan))


class Twice(ScriptedModel):
    def recommend(self, histories: Histories, k: int = 10, **others: Any) -> TopK:  # type: ignore[override]
        return TopK(
            np.repeat(np.arange(-(-k // 2), dtype=np.int32), 2)[None, :k].repeat(len(histories), axis=0),
            np.ones((len(histories), k), np.float32),
        )


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Diverged, "gives NaN for .* its fit has diverged: lower its learning rate"),
        (Careless, "a score is NaN; its fit has diverged"),
        (Twice, "names an item twice"),
    ],
)
def test_a_model_that_returns_nan_or_repeats_is_named_with_what_to_do(
    split: Split, kind: type[ScriptedModel], message: str
) -> None:
    with pytest.raises(ModelError, match=f"culprit.*{message}"):
        evaluate({"culprit": kind(Scripted(), split.train.items)}, split, ["recall@5"])


def test_results_that_do_not_fit_together_are_refused() -> None:
    result = ModelResult("a", {}, np.zeros((3, 1)), np.ones(3), None, 0.0)
    with pytest.raises(DataError, match="must have shape"):
        Evaluation("test", {}, np.arange(2), np.ones(2), (), (result,))
    with pytest.raises(DataError, match="at least one model"):
        Evaluation("test", {}, np.arange(2), np.ones(2), (), ())
    with pytest.raises(DataError, match="one length per user"):
        ModelResult("a", {}, np.zeros((3, 1)), np.ones(2), None, 0.0)


def test_the_oracle_of_a_world_stands_beside_models() -> None:
    world = simulate(listeners=60, tracks=200, seed=3)
    split = PerUserRatio(test=0.2).split(world.dataset, seed=0)
    found = evaluate({"oracle": BestPossible(world.truth), "fitted": world.oracle()}, split, ["recall@20"])
    first, second = found.results
    np.testing.assert_array_equal(first.values, second.values)
    assert first.configuration == {"name": "oracle", "truth": "Taste", "aim": "plays", "when": 0.5}
    assert json.loads(json.dumps(found.record()))["models"]


@pytest.mark.parametrize(("listeners", "finds"), [(None, False), (0, True), (2, True)])
def test_models_that_take_new_items_are_told_of_them_unless_they_come_fitted(
    listeners: int | None, finds: bool
) -> None:
    dataset = simulate(listeners=120, tracks=150, seed=1).dataset
    split = HeldOutItems(among="new", listeners=listeners).split(dataset, 1)
    als = ImplicitALS(factors=8, iterations=4)
    fitted = als.fit(split.train)
    found = evaluate({"als": als, "as it is": fitted}, split, ("ndcg@5",), resamples=100)
    assert (found.mean("als", "ndcg@5") > 0) == finds
    assert found.mean("as it is", "ndcg@5") == 0
    if split.test.told is not None:
        told = evaluate({"told": fitted.with_items(split.test.told)}, split, ("ndcg@5",), resamples=100)
        assert told.mean("told", "ndcg@5") == pytest.approx(found.mean("als", "ndcg@5"))
