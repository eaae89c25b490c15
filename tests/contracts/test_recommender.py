"""What every model owes, tested once, over all of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue import artifacts
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import (
    Configuration,
    Explains,
    FindsAudience,
    FindsSimilar,
    HasVectors,
    Recommender,
    Storable,
    TakesItems,
)
from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import ArtifactError, DataError, SettingsError
from segue.models import MODELS
from segue.models.content import Content
from segue.models.ease import EASE
from segue.models.feature_mf import FeatureMF
from segue.models.graph_filter import GraphFilter
from segue.models.implicit_als import ImplicitALS
from segue.models.item_knn import ItemKNN
from segue.models.minhash import MinHash
from segue.models.popularity import Popularity
from segue.models.sgd_mf import SGDMF
from segue.models.user_knn import UserKNN
from segue.simulation import simulate
from worlds import TwoGenres, as_ratings, dataset_of, first_items, small_datasets, two_genres, two_genres_rated

#: Models whose optional library is not installed.
MISSING = {"word2vec"} if find_spec("gensim") is None else set()
#: Hyper-parameters that suit worlds of a few dozen items; a model that is not named here runs with its defaults.
SMALL: Mapping[str, dict[str, Any]] = {
    "explicit-als": {"factors": 4, "iterations": 10},
    "implicit-als": {"factors": 8, "iterations": 8},
    "item-knn": {"neighbours": 10},
    "feature-mf": {"factors": 8},
    "sgd-mf": {"factors": 8},
    "word2vec": {
        "dimensions": 16,
        "epochs": 8,
        "learning_rate": 0.2,
        "min_count": 1,
        "negatives": 10,
        "subsampling": 0.0,
        "window": 12,
    },
}
CASES: Mapping[str, Configuration] = {
    **{name: model(**SMALL.get(name, {})) for name, model in MODELS.items() if name not in MISSING},
    "implicit-als, block": ImplicitALS(factors=8, iterations=8, solver="block", block_size=3),
    "implicit-als, nonnegative": ImplicitALS(factors=8, iterations=8, solver="exact", nonnegative=True),
    "popularity, plays": Popularity(count="plays"),
    "popularity, within genres": Popularity(within="genres"),
    "ease, kept": EASE(keep=12),
    "ease, sparse": EASE(method="sparse", keep=12),
    "graph-filter, linear": GraphFilter(alpha=0.0, weighting="log"),
    "item-knn, bm25": ItemKNN("dot", neighbours=8, shrinkage=0.0, weighting="linear", terms="bm25", normalize=True),
    "item-knn, asymmetric": ItemKNN(neighbours=8, alpha=0.3, locality=2.0, terms="tf-idf"),
    "user-knn, jaccard": UserKNN("jaccard", neighbours=9, locality=2.0, terms="none", normalize=True),
    "user-knn, cosine": UserKNN(neighbours=7, alpha=0.7, shrinkage=0.0, weighting="log"),
    "item-knn, jaccard": ItemKNN("jaccard", neighbours=4, shrinkage=1.0),
    "item-knn, binary": ItemKNN(neighbours=3, shrinkage=0.0, weighting="binary"),
    "feature-mf, bpr": FeatureMF(factors=8, loss="bpr", features=("id",)),
    "sgd-mf, adam": SGDMF(factors=8, optimizer="adam", learning_rate=0.05, negatives=1, negative_exponent=0.5),
    "sgd-mf, stopping early": SGDMF(factors=8, validation=0.1, schedule="constant"),
    "content, small": Content(topics=2, codes=64, text=1.0, weighting="linear"),
    "minhash, every listener": MinHash(threshold=0.2, min_listeners=1),
    "minhash, estimated": MinHash(threshold=0.1, verify="estimate", min_listeners=1),
}
IMPERSONAL = {"popularity", "popularity, plays"}  # the same list for everybody

RATED = {"explicit-als"}  # learn from ratings, and are given the worlds as such

every_case = pytest.mark.parametrize("case", list(CASES))
personal_case = pytest.mark.parametrize("case", [case for case in CASES if case not in IMPERSONAL])


@cache
def world(case: str) -> TwoGenres:
    return two_genres_rated() if case in RATED else two_genres()


@cache
def simulated(case: str) -> Dataset:
    made = simulate(listeners=60, tracks=300, seed=3)
    return made.ratings if case in RATED else made.dataset


def meant_for(case: str, dataset: Dataset) -> Dataset:
    """A dataset of small weights as the model of a case takes it."""
    return as_ratings(dataset, (-1.0, 5.0)) if case in RATED else dataset


@cache
def fitted(case: str) -> Recommender:
    return CASES[case].fit(world(case).dataset, seed=7)


def close(a: npt.ArrayLike, b: npt.ArrayLike) -> bool:
    """Equal to 1e-5 of the largest finite score, -inf at the same places."""
    a, b = np.asarray(a), np.asarray(b)
    finite = np.isfinite(a)
    scale = float(np.abs(a[finite]).max(initial=1e-30))
    return bool(
        np.array_equal(finite, np.isfinite(b)) and np.allclose(a[finite], b[finite], rtol=1e-5, atol=1e-5 * scale)
    )


def check_lists(
    model: Recommender,
    histories: Histories,
    top: TopK,
    *,
    exclude_seen: bool = True,
    allowed: npt.NDArray[np.bool_] | None = None,
    banned: Histories | None = None,
) -> None:
    """The lists are the best of the scores of what may come back, all of it up to k, and nothing else."""
    scores = model.score(histories).copy()
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
    for row in range(len(histories)):
        gone = [histories[row].items] if exclude_seen else []
        gone += [] if banned is None else [banned[row].items]
        for away in gone:
            scores[row, away[away < scores.shape[1]]] = -np.inf
    best = -np.sort(-scores, axis=1)[:, : top.k]
    best = np.pad(best, ((0, 0), (0, top.k - best.shape[1])), constant_values=-np.inf)
    assert close(top.scores, best)
    for row in range(len(histories)):
        items = [item for item, _ in top.row(row)]
        assert len(set(items)) == len(items)
        assert close(scores[row, items], top.scores[row, : len(items)])
        assert np.isfinite(scores[row, items]).all()


def without(dataset: Dataset, item: int) -> Dataset:
    """The dataset as if nobody had heard this item."""
    return dataset.with_histories(dataset.histories.where(dataset.histories.items != item))


def test_every_model_of_the_table_is_called_by_its_own_name() -> None:
    for name, model in MODELS.items():
        assert model.name == name
        assert dataclasses.is_dataclass(model)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(model(), dataclasses.fields(model)[0].name, None)


@personal_case
def test_the_withheld_track_of_a_loyal_listener_comes_back_first(case: str) -> None:
    loyal = world(case).dataset.histories[: len(world(case).withheld)]
    top = fitted(case).recommend(loyal, 3)
    assert top.items[:, 0].tolist() == world(case).withheld.tolist()


@every_case
def test_a_fitted_model_says_what_it_was_made_of(case: str) -> None:
    assert fitted(case).configuration == CASES[case]
    assert fitted(case).items == world(case).dataset.items


@every_case
def test_scores_are_single_precision_for_every_item_and_never_nan(case: str) -> None:
    scores = fitted(case).score(world(case).dataset.histories)
    assert scores.dtype == np.float32
    assert scores.shape == (world(case).dataset.n_users, world(case).dataset.n_items)
    assert not np.isnan(scores).any()
    assert not np.isposinf(scores).any()


@every_case
def test_a_longer_list_begins_with_the_shorter_one(case: str) -> None:
    histories = world(case).dataset.histories
    long = fitted(case).recommend(histories, 9)
    for k in (1, 4):
        assert fitted(case).recommend(histories, k) == long.head(k)


@every_case
@given(dataset=small_datasets(), k=st.integers(1, 20), exclude_seen=st.booleans(), data=st.data())
def test_a_list_is_the_best_of_what_may_come_back(
    case: str, dataset: Dataset, k: int, exclude_seen: bool, data: st.DataObject
) -> None:
    dataset = meant_for(case, dataset)
    model = CASES[case].fit(dataset, seed=1)
    n, m = dataset.n_users, dataset.n_items
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=m, max_size=m)))
    banned = Histories.of(data.draw(st.lists(st.sets(st.integers(0, m + 2)).map(list), min_size=n, max_size=n)))
    histories = dataset.histories
    check_lists(model, histories, model.recommend(histories, k, exclude_seen=exclude_seen), exclude_seen=exclude_seen)
    top = model.recommend(histories, k, exclude_seen=exclude_seen, allowed=allowed, banned=banned)
    check_lists(model, histories, top, exclude_seen=exclude_seen, allowed=allowed, banned=banned)


@every_case
def test_the_simulated_world_is_answered_as_the_scores_say(case: str) -> None:
    dataset = simulated(case)
    model = CASES[case].fit(dataset, seed=1)
    top = model.recommend(dataset.histories, 20)
    check_lists(model, dataset.histories, top)
    assert top.lengths.max() == 20


@every_case
def test_a_user_is_answered_by_the_history_alone(case: str) -> None:
    histories = world(case).dataset.histories
    together = fitted(case).recommend(histories, 6)
    scores = fitted(case).score(histories)
    for row in (0, 1, 30, len(histories) - 1):
        copied = Histories(np.array([0, histories.lengths[row]]), histories[row].items, histories[row].weights)
        alone = fitted(case).recommend(copied, 6)
        assert close(alone.scores[0], together.scores[row])
        assert close(fitted(case).score(copied)[0], scores[row])
        for mine, theirs in zip(alone.items[0], together.items[row], strict=True):
            assert mine == theirs or close(scores[row, [mine]], scores[row, [theirs]])


@every_case
def test_repeated_entries_are_answered_as_their_sum(case: str) -> None:
    repeated = Histories.of([[0, 1, 0, 2, 1, 0]])
    merged = Histories.of([{0: 3.0, 1: 2.0, 2: 1.0}])
    assert close(fitted(case).score(repeated), fitted(case).score(merged))
    assert fitted(case).recommend(repeated, 5) == fitted(case).recommend(merged, 5)


@every_case
def test_a_stored_zero_is_seen_and_nothing_more(case: str) -> None:
    dataset = world(case).dataset
    histories = dataset.histories
    zeroed = dataclasses.replace(
        histories, weights=np.where(histories.items % 5 == 0, np.float32(0), histories.weights)
    )
    with_zeros, plain = (
        CASES[case].fit(dataclasses.replace(dataset, histories=given), seed=7)
        for given in (zeroed, zeroed.where(zeroed.weights != 0))
    )
    asked = histories.where(histories.items % 5 != 0)
    assert close(with_zeros.score(asked), plain.score(asked))
    seen = Histories.of([{1: 1.0, 2: 1.0, 0: 0.0, 5: 0.0}])
    assert close(plain.score(seen), plain.score(Histories.of([{1: 1.0, 2: 1.0}])))
    assert not {0, 5} & set(plain.recommend(seen, 20).items[0].tolist())


@every_case
def test_an_empty_history_gets_an_empty_list(case: str) -> None:
    mixed = Histories.of([{}, {0: 1.0}, {}])
    top = fitted(case).recommend(mixed, 4)
    assert top.lengths[[0, 2]].tolist() == [0, 0]
    assert top.lengths[1] > 0
    assert np.isneginf(fitted(case).score(mixed)[[0, 2]]).all()
    assert len(fitted(case).recommend(Histories.empty(), 4)) == 0


@every_case
def test_unknown_positions_are_ignored_and_counted(case: str) -> None:
    unknown = world(case).dataset.n_items
    strange = Histories.of([{0: 1.0, unknown: 9.0, 2: 1.0}, {unknown + 1: 1.0, unknown + 7: 1.0}])
    plain = Histories.of([{0: 1.0, 2: 1.0}, {}])
    top = fitted(case).recommend(strange, 5)
    assert top.ignored == 3
    assert top == fitted(case).recommend(plain, 5)
    assert top.lengths[1] == 0
    assert np.array_equal(fitted(case).score(strange), fitted(case).score(plain))


@every_case
def test_scores_of_candidates_are_those_of_all_items(case: str) -> None:
    histories = world(case).dataset.histories[[0, 5, 25, 50]]
    candidates = np.array([[3, -1, 0, 23], [1, 1, 2, -1], [-1, -1, -1, -1], [12, 13, 0, 11]], dtype=np.int32)
    candidates.flags.writeable = False
    scores = fitted(case).score(histories, candidates)
    expected = np.take_along_axis(fitted(case).score(histories), np.maximum(candidates, 0).astype(np.int64), axis=1)
    expected[candidates < 0] = -np.inf
    assert close(scores, expected)


@every_case
def test_masks_may_be_read_only(case: str) -> None:
    allowed = np.arange(world(case).dataset.n_items) % 2 == 0
    allowed.flags.writeable = False
    top = fitted(case).recommend(world(case).dataset.histories, 5, exclude_seen=False, allowed=allowed)
    assert set(top.items[top.items >= 0] % 2) == {0}


@every_case
@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_seed_and_threads_give_the_same_bytes(case: str, threads: int) -> None:
    first = CASES[case].fit(world(case).dataset, seed=7, threads=threads)
    second = CASES[case].fit(world(case).dataset, seed=7, threads=threads)
    assert isinstance(first, Storable)
    assert isinstance(second, Storable)
    arrays = second.arrays()
    assert first.arrays().keys() == arrays.keys()
    for name, array in first.arrays().items():
        assert array.dtype == arrays[name].dtype
        assert array.tobytes() == arrays[name].tobytes()
    histories = world(case).dataset.histories
    again = [model.recommend(histories, 5, threads=threads) for model in (first, second)]
    assert again[0].items.tobytes() == again[1].items.tobytes()
    assert again[0].scores.tobytes() == again[1].scores.tobytes()


@every_case
def test_the_number_of_threads_does_not_change_a_list(case: str) -> None:
    many = Histories.concatenate([world(case).dataset.histories] * 30)
    one, two = (fitted(case).recommend(many, 5, threads=threads) for threads in (1, 2))
    assert close(one.scores, two.scores)
    assert np.mean(one.items == two.items) > 0.99


@every_case
def test_a_restored_model_answers_the_same(case: str) -> None:
    model = fitted(case)
    assert isinstance(model, Storable)
    arrays = {name: array.copy() for name, array in model.arrays().items()}
    for array in arrays.values():
        array.flags.writeable = False
    restored = CASES[case].restore(model.items, arrays)
    histories = world(case).dataset.histories
    assert restored.recommend(histories, 7) == model.recommend(histories, 7)
    assert np.array_equal(restored.score(histories), model.score(histories))


@every_case
def test_a_saved_and_loaded_model_answers_the_same(case: str, tmp_path: Path) -> None:
    artifacts.save(fitted(case), tmp_path)
    loaded = artifacts.load(tmp_path)
    histories = world(case).dataset.histories
    assert loaded.configuration == CASES[case]
    assert loaded.recommend(histories, 7) == fitted(case).recommend(histories, 7)
    assert np.array_equal(loaded.score(histories), fitted(case).score(histories))


@every_case
@given(dataset=small_datasets())
def test_an_explanation_accounts_for_the_score(case: str, dataset: Dataset) -> None:
    dataset = meant_for(case, dataset)
    model = CASES[case].fit(dataset, seed=1)
    if not isinstance(model, Explains):
        return
    scores = model.score(dataset.histories)
    for row in range(min(4, dataset.n_users)):
        history = dataset.histories[row]
        for item in range(0, dataset.n_items, 3):
            explanation = model.explain(history, item)
            assert explanation.items.tolist() == history.merged().items.tolist()
            assert explanation.score == pytest.approx(float(scores[row, item]), rel=1e-4, abs=1e-5)
            if explanation.kind == "additive":
                total = explanation.baseline + explanation.contributions.astype(np.float64).sum()
                assert total == pytest.approx(explanation.score, rel=1e-4, abs=1e-5)
            else:
                for place in range(history.n_entries):
                    without = history.where(np.arange(history.n_entries) != place)
                    difference = scores[row, item] - model.score(without)[0, item]
                    assert explanation.contributions[place] == pytest.approx(difference, rel=1e-4, abs=1e-5)


@every_case
def test_an_explanation_is_of_one_history_and_a_known_item(case: str) -> None:
    model = fitted(case)
    if not isinstance(model, Explains):
        return
    with pytest.raises(DataError, match=r"one|single"):
        model.explain(world(case).dataset.histories[:2], 0)
    with pytest.raises(DataError):
        model.explain(world(case).dataset.histories[:1], world(case).dataset.n_items)


@every_case
def test_an_embedding_score_is_query_times_item_plus_bias(case: str) -> None:
    model = fitted(case)
    if not isinstance(model, HasVectors):
        return
    histories = world(case).dataset.histories
    scores = model.query_vectors(histories) @ model.item_vectors.T
    if model.item_bias is not None:
        scores = scores + model.item_bias
    given_scores = model.score(histories)
    there = np.isfinite(given_scores)
    assert close(given_scores[there], scores[there])
    assert not model.query_vectors(Histories.empty(1)).any()


@personal_case
def test_similar_items_come_from_the_same_genre_and_never_name_the_item_itself(case: str) -> None:
    model = fitted(case)
    if not isinstance(model, FindsSimilar):
        return
    asked = np.arange(world(case).dataset.n_items)
    top = model.similar_items(asked, 3)
    assert top.lengths.min() == 3
    assert not (top.items == asked[:, None]).any()
    assert (top.items // 12 == asked[:, None] // 12).all()
    assert model.similar_items(asked, 2) == top.head(2)
    for wrong in ([-1], [world(case).dataset.n_items]):
        with pytest.raises(DataError):
            model.similar_items(wrong, 3)
    with pytest.raises(SettingsError):
        model.similar_items([0], 0)


@every_case
@given(dataset=small_datasets(), k=st.integers(1, 14), exclude_seen=st.booleans(), data=st.data())
def test_an_audience_is_the_histories_with_the_highest_scores(
    case: str, dataset: Dataset, k: int, exclude_seen: bool, data: st.DataObject
) -> None:
    dataset = meant_for(case, dataset)
    model = CASES[case].fit(dataset, seed=1)
    if not isinstance(model, FindsAudience):
        return
    items = data.draw(st.lists(st.integers(0, dataset.n_items - 1), min_size=1, max_size=4))
    top = model.recommend_users(items, dataset.histories, k, exclude_seen=exclude_seen)
    scores = model.score(dataset.histories)
    if exclude_seen:
        scores[dataset.histories.row_of_entry, dataset.histories.items] = -np.inf
    for place, item in enumerate(items):
        best = np.pad(-np.sort(-scores[:, item]), (0, k), constant_values=-np.inf)[:k]
        assert close(top.scores[place], best)
        rows = [row for row, _ in top.row(place)]
        assert len(set(rows)) == len(rows)
        assert close(scores[rows, item], top.scores[place, : len(rows)])


@every_case
def test_requests_that_make_no_sense_are_refused(case: str) -> None:
    model, histories = fitted(case), world(case).dataset.histories[:3]
    for k in (0, -1):
        with pytest.raises(SettingsError, match="at least 1"):
            model.recommend(histories, k)
    with pytest.raises(DataError, match="mask"):
        model.recommend(histories, 3, allowed=np.ones(5, np.bool_))
    with pytest.raises(DataError, match="one row per history"):
        model.recommend(histories, 3, banned=Histories.empty(2))
    with pytest.raises(DataError, match="one row per history"):
        model.score(histories, np.zeros((2, 4), np.int32))
    with pytest.raises(DataError, match="knows"):
        model.score(histories, np.full((3, 1), world(case).dataset.n_items, np.int32))


@every_case
def test_one_user_with_one_item_is_enough(case: str) -> None:
    dataset = meant_for(case, dataset_of([{0: 2.0}], 1))
    model = CASES[case].fit(dataset)
    assert model.recommend(dataset.histories, 3).lengths.tolist() == [0]
    check_lists(model, dataset.histories, model.recommend(dataset.histories, 3, exclude_seen=False), exclude_seen=False)


@every_case
@pytest.mark.parametrize("rows", [[], [{}], [{0: 0.0, 1: -1.0}]], ids=["no user", "no entry", "nothing liked"])
def test_a_dataset_without_a_like_is_refused(case: str, rows: list[dict[int, float]]) -> None:
    dataset = dataset_of(rows, 2 if rows else 0)
    if case in RATED:  # to which a low rating says as much as a high one
        dataset = as_ratings(
            dataset.with_histories(dataset.histories.where(dataset.histories.weights == 0)), (1.0, 5.0)
        )
    with pytest.raises(DataError):
        CASES[case].fit(dataset)


@every_case
def test_new_items_join_the_old_ones_which_stay_as_they_were(case: str) -> None:
    before, after = first_items(world(case).dataset, 22), without(world(case).dataset, 23)
    old = CASES[case].fit(before, seed=7)
    if not isinstance(old, TakesItems):
        return
    new = old.with_items(after)
    assert new.configuration == old.configuration
    assert new.items == after.items
    assert len(old.items) == 22
    assert [new.origins[item] for item in range(22)] == ["trained"] * 22
    assert new.origins[22] != "none"
    assert close(new.score(before.histories)[:, :22], old.score(before.histories))
    if case not in IMPERSONAL:
        lacking = after.histories[np.flatnonzero(world(case).withheld == 22)]
        assert new.recommend(lacking, 1, allowed=np.arange(24) != 23).items.ravel().tolist() == [22, 22]
    check_lists(new, after.histories, new.recommend(after.histories, 5))


@every_case
def test_new_items_are_saved_with_what_placed_them(case: str, tmp_path: Path) -> None:
    old = CASES[case].fit(first_items(world(case).dataset, 22), seed=7)
    if not isinstance(old, TakesItems):
        return
    new = old.with_items(without(world(case).dataset, 23))
    artifacts.save(new, tmp_path)
    loaded = artifacts.load(tmp_path)
    assert isinstance(loaded, TakesItems)
    assert loaded.origins == new.origins
    histories = world(case).dataset.histories
    assert np.array_equal(loaded.score(histories), new.score(histories))
    again = loaded.with_items(without(world(case).dataset, 23))
    assert again.origins == new.origins
    assert close(again.score(histories), new.score(histories))


@every_case
def test_new_items_come_after_the_old_ones(case: str) -> None:
    model = fitted(case)
    if not isinstance(model, TakesItems):
        return
    with pytest.raises(DataError, match="begin"):
        model.with_items(first_items(world(case).dataset, 23))


@every_case
def test_what_was_restored_must_fit_the_items(case: str) -> None:
    model = fitted(case)
    assert isinstance(model, Storable)
    with pytest.raises(ArtifactError, match="train"):
        CASES[case].restore(Vocabulary(["only-one"]), model.arrays())
    with pytest.raises(ArtifactError, match="train"):
        CASES[case].restore(model.items, {})
