"""Rankers and orders, held against hand computation and sorting."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.candidates import Pool
from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import ModelError, SettingsError
from segue.models.item_knn import ItemKNN
from segue.ranking.by_model import ModelRanker
from segue.ranking.fusion import ReciprocalRankFusion
from segue.ranking.order import best_first, falling
from segue.retrieval.merging import merge
from worlds import dataset_of

ONE = Histories.of([{0: 1.0}])


def pool_of(*lists: list[int], n_items: int = 20) -> Pool:
    return merge([f"s{i}" for i in range(len(lists))], [TopK.of([items]) for items in lists], n_items)


def test_fusion_adds_reciprocal_ranks() -> None:
    # Item 5: first in one list, third in the other. Item 7: second and first. Item 9: second in the other alone.
    pool = ReciprocalRankFusion().rank(ONE, pool_of([5, 7], [7, 9, 5]))
    assert pool.items.tolist() == [[7, 5, 9]]
    assert pool.scores is not None
    np.testing.assert_allclose(pool.scores[0], [1 / 62 + 1 / 61, 1 / 61 + 1 / 63, 1 / 62], rtol=1e-6)
    assert pool.nominations(0, 9) == (("s1", 2),)


def test_the_constant_says_how_much_the_first_ranks_weigh() -> None:
    pool = ReciprocalRankFusion(constant=0).rank(ONE, pool_of([5, 7], [9, 7]))
    assert pool.items.tolist() == [[5, 7, 9]]  # 1, 1/2 + 1/2, 1: ties by position
    with pytest.raises(SettingsError, match="constant"):
        ReciprocalRankFusion(constant=-1)


MODEL = ItemKNN(shrinkage=0.0, weighting="binary").fit(
    dataset_of([{0: 1, 1: 1, 2: 1}, {0: 1, 2: 1}, {3: 1, 4: 1}, {4: 1}], 6)
)


def test_a_model_ranks_what_it_knows_and_loses_nothing() -> None:
    # For a listener of 0: evidence for 2 (3 users' overlap), then 1. None for 3, 5 and 8 (which it does not even know).
    pool = ModelRanker(MODEL).rank(ONE, pool_of([5, 1], [8, 2], [8, 3]))
    assert pool.items.tolist() == [[2, 1, 8, 5, 3]]
    assert pool.scores is not None
    np.testing.assert_allclose(pool.scores[0, :2], [1, 1 / np.sqrt(2)], rtol=1e-6)
    assert np.isneginf(pool.scores[0, 2:]).all()
    assert pool.nominations(0, 8) == (("s1", 1), ("s2", 1))


class Broken:
    """A model that breaks its promise."""

    configuration = ItemKNN()
    items = MODEL.items

    def score(self, _: Histories, candidates: Any = None) -> Any:
        return np.full(candidates.shape, np.nan, np.float32)


def test_a_score_that_is_no_number_is_an_error() -> None:
    with pytest.raises(ModelError, match="NaN"):
        ModelRanker(Broken()).rank(ONE, pool_of([1]))  # type: ignore[arg-type]


values = st.sampled_from([-np.inf, -3.5, -1.0, -0.0, 0.0, 1e-30, 0.5, 1.0, 7e20])


@given(st.lists(st.tuples(st.integers(0, 19), values, values), unique_by=lambda entry: entry[0], max_size=12))
def test_the_best_come_first_then_those_without_a_score(entries: list[tuple[int, float, float]]) -> None:
    items = np.full((2, 14), -1, np.int32)
    scores = np.zeros((2, 14), np.float32)
    without = np.zeros((2, 14), np.float32)
    for column, (item, score, other) in enumerate(entries):
        items[0, column], scores[0, column], without[0, column] = item, score, max(other, -9.0)
    pool = best_first(Pool(items, ("a",), np.arange(28, dtype=np.int32).reshape(2, 14, 1)), scores, without)
    scored = sorted((e for e in entries if e[1] > -np.inf), key=lambda e: (-np.float32(e[1]), e[0]))
    rest = sorted((e for e in entries if e[1] == -np.inf), key=lambda e: (-np.float32(max(e[2], -9.0)), e[0]))
    assert [item for item in pool.items[0].tolist() if item >= 0] == [item for item, _, _ in scored + rest]
    assert pool.items[0, len(entries) :].tolist() == [-1] * (14 - len(entries))
    assert pool.scores is not None
    assert pool.scores[0, : len(scored)].tolist() == [np.float32(score) for _, score, _ in scored]
    column_of = {item: column for column, (item, _, _) in enumerate(entries)}
    assert [column_of[item] for item in pool.items[0, : len(entries)].tolist()] == pool.ranks[
        0, : len(entries), 0
    ].tolist()


def test_scores_that_fall_already_stay() -> None:
    scores = np.array([[3, 2, 2, -1, -np.inf]], np.float32)
    items = np.array([[4, 1, 6, 0, -1]], np.int32)
    assert falling(scores, items).tolist() == scores.tolist()


@given(st.lists(values, min_size=1, max_size=8), st.integers(1, 8))
def test_any_order_gets_scores_that_agree_with_it(given_scores: list[float], size: int) -> None:
    k = len(given_scores)
    items = np.where(np.arange(k) < size, np.arange(k)[::-1], -1).astype(np.int32)[None]
    scores = falling(np.array([given_scores], np.float32), items)
    TopK(items, scores)  # refuses scores that rise
    there = scores[0, : min(size, k)]
    assert np.isfinite(there).all()
    assert (np.diff(there) < 0).all()  # items fall too, so a tie would be in the wrong order


def test_what_stands_lower_than_its_score_gets_one_just_below_the_one_before() -> None:
    scores = falling(np.array([[0.5, 9.0, -np.inf, 0.1]], np.float32), np.array([[3, 2, 1, 0]], np.int32))
    np.testing.assert_allclose(scores[0], [0.5, 0.5, 0.5, 0.1], rtol=1e-5)
    assert (np.diff(scores[0]) < 0).all()
