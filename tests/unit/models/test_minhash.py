"""MinHash neighbours: the banding, the neighbours against exact Jaccard similarities, and items that come later."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.protocols import TakesItems
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.models.minhash import Banding, MinHash, MinHashModel
from segue.readers import read
from segue.simulation import simulate
from worlds import dataset_of, first_items, small_datasets

CERTAIN = MinHash(threshold=0.25, sensitivity=1 - 1e-9, permutations=400, min_listeners=1)


def jaccard_of(dataset: Dataset) -> np.ndarray:
    """Jaccard similarities of all pairs of items, dense, the diagonal zero."""
    liked = (dataset.histories.csr(dataset.n_items).toarray() > 0).astype(np.float64)
    both = liked.T @ liked
    sizes = np.diag(both)
    either = sizes[:, None] + sizes[None, :] - both
    similarities = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    np.fill_diagonal(similarities, 0.0)
    return similarities


def dense(model: MinHashModel) -> np.ndarray:
    n = len(model.items)
    return sp.csr_array(model.neighbours.rows[::-1], shape=(n, n)).toarray()


# -- the banding ------------------------------------------------------------------------------------------------------


def test_the_chance_of_a_pair_is_that_of_the_book() -> None:
    # Leskovec, Rajaraman and Ullman, chapter 3.4.2: b = 20, r = 5
    banding = Banding(20, 5)
    expected = {0.2: 0.006, 0.3: 0.047, 0.4: 0.186, 0.5: 0.470, 0.6: 0.802, 0.7: 0.975, 0.8: 0.9996}
    np.testing.assert_allclose(banding.chance(list(expected)), list(expected.values()), atol=6e-4)
    assert banding.places == 100


@given(threshold=st.floats(0.03, 1.0), sensitivity=st.floats(0.05, 0.97), permutations=st.integers(120, 300))
def test_a_banding_reaches_its_aim_with_the_most_rows_that_fit(
    threshold: float, sensitivity: float, permutations: int
) -> None:
    banding = Banding.reaching(threshold, sensitivity, permutations)
    assert banding.chance(threshold) >= sensitivity - 1e-9
    assert banding.places <= permutations
    longer = banding.rows + 1
    assert Banding(permutations // longer, longer).chance(threshold) < sensitivity + 1e-9
    if banding.bands > 1:
        assert Banding(banding.bands - 1, banding.rows).chance(threshold) < sensitivity + 1e-9


def test_known_bandings() -> None:
    assert Banding.reaching(0.5, 0.95, 128) == (23, 3)  # 1 - (7/8)^23 = .954, and 4 rows would need 188 places
    assert Banding.reaching(1.0, 0.95, 16) == (1, 16)
    assert Banding.reaching(0.05, 0.95, 128) == (math.ceil(math.log(0.05) / math.log(0.95)), 1)


def test_a_threshold_out_of_reach_says_what_it_takes() -> None:
    with pytest.raises(SettingsError, match="needs at least 299 permutations, got 128"):
        MinHash(threshold=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0.0},
        {"threshold": 1.5},
        {"threshold": float("nan")},
        {"sensitivity": 1.0},
        {"sensitivity": float("nan")},
        {"permutations": 0},
        {"neighbours": 0},
        {"bucket_cap": 0},
        {"min_listeners": 0},
        {"verify": "perhaps"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        MinHash(**wrong)


# -- the neighbours ---------------------------------------------------------------------------------------------------


def test_neighbours_are_the_pairs_above_the_threshold_with_their_jaccard_similarity() -> None:
    dataset = simulate(listeners=150, tracks=120, seed=5).dataset
    expected = jaccard_of(dataset)
    expected[expected < 0.25] = 0
    model = CERTAIN.fit(dataset)
    assert (expected > 0).sum() > 200
    np.testing.assert_allclose(dense(model), expected, rtol=1e-6)


@given(dataset=small_datasets(), seed=st.integers(0, 5))
def test_what_is_found_is_true_whatever_the_seed(dataset: Dataset, seed: int) -> None:
    found = dense(MinHash(threshold=0.3, min_listeners=1).fit(dataset, seed=seed))
    expected = jaccard_of(dataset)
    assert (expected[found > 0] >= 0.3).all()
    np.testing.assert_allclose(found[found > 0], expected[found > 0], rtol=1e-6)


def test_each_item_keeps_its_nearest() -> None:
    dataset = simulate(listeners=150, tracks=120, seed=5).dataset
    few = MinHash(threshold=0.25, sensitivity=1 - 1e-9, permutations=400, neighbours=3, min_listeners=1).fit(dataset)
    every = CERTAIN.fit(dataset)
    assert few.similar_items(np.arange(120), 3) == every.similar_items(np.arange(120), 3)
    assert np.diff(few.neighbours.offsets).max() == 3


def test_a_score_is_the_sum_of_similarities_and_dislikes_count_for_nothing() -> None:
    dataset = dataset_of([{0: 1.0, 1: 2.0, 2: 1.0}, {0: 3.0, 1: 1.0, 3: 1.0}, {2: 1.0, 1: 1.0}, {3: 1.0, 0: -1.0}], 4)
    model = CERTAIN.fit(dataset)  # listeners: 0 {0, 1}, 1 {0, 1, 2}, 2 {0, 2}, 3 {1, 3}
    history = Histories.of([{0: 5.0, 2: 1.0, 3: -1.0}])
    scores = model.score(history)[0]
    assert scores[1] == pytest.approx(2 / 3 + 2 / 3)
    assert scores[3] == pytest.approx(1 / 3)
    explanation = model.explain(history, 1)
    assert explanation.items.tolist() == [0, 2, 3]
    np.testing.assert_allclose(explanation.contributions, [2 / 3, 2 / 3, 0], rtol=1e-6)
    assert np.isneginf(model.score(Histories.of([{3: -1.0}]))).all()


def test_items_of_too_few_listeners_have_no_neighbours() -> None:
    dataset = dataset_of([{0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0}, {2: 1.0, 3: 1.0}], 4)
    found = dense(MinHash(threshold=0.4, min_listeners=2).fit(dataset))
    assert np.argwhere(found).tolist() == [[2, 3], [3, 2]]


def test_estimates_come_near_the_truth() -> None:
    dataset = simulate(listeners=200, tracks=100, seed=1).dataset
    found = dense(MinHash(threshold=0.3, permutations=4096, verify="estimate").fit(dataset))
    expected = jaccard_of(dataset)
    assert np.abs(found - expected)[found > 0].max() < 5 * np.sqrt(0.25 / 4096)
    assert (found[expected > 0.36] > 0).all()


class Listening:
    """Takes down what is told."""

    def __init__(self) -> None:
        self.done = 0.0
        self.notes: list[str] = []

    @contextmanager
    def task(self, *_about: object, **_more: object) -> Iterator[Listening]:
        yield self

    def advance(self, amount: float = 1.0, note: str = "") -> None:
        self.done += amount
        self.notes += [note] if note else []


def test_pairs_in_large_buckets_are_left_out_and_counted() -> None:
    dataset = dataset_of([dict.fromkeys(range(10), 1.0)] * 2, 10)  # ten items of one audience
    listening = Listening()
    model = MinHash(threshold=1.0, permutations=4, bucket_cap=2).fit(dataset, progress=listening)
    assert model.left_out == 45 - (9 + 8)
    assert model.similar_items([4]).row(0) == [(2, 1.0), (3, 1.0), (5, 1.0), (6, 1.0)]
    assert listening.notes == ["large buckets: 28 pairs left out"]
    assert listening.done == 10


# -- items that come later --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "configuration", [CERTAIN, MinHash(), MinHash(neighbours=3), MinHash(verify="estimate")], ids=str
)
def test_items_added_later_stand_as_if_they_had_been_there(configuration: MinHash) -> None:
    whole = simulate(listeners=80, tracks=100, seed=2).dataset
    model = configuration.fit(first_items(whole, 80), seed=3)
    assert isinstance(model, TakesItems)
    later = model.with_items(whole)
    anew = configuration.fit(whole, seed=3)
    for name, array in anew.arrays().items():
        assert np.array_equal(later.arrays()[name], array), name
    assert later.items == whole.items
    assert later.recommend(whole.histories, 10) == anew.recommend(whole.histories, 10)
    merged = whole.histories.merged()
    heard = np.bincount(merged.items[merged.weights > 0], minlength=100) >= configuration.min_listeners
    origins = [later.origins[item] for item in range(100)]
    assert origins == [("trained" if item < 80 else "projected") if heard[item] else "none" for item in range(100)]


def test_users_are_known_again_by_their_ids() -> None:
    rows = [{0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0}, {1: 1.0, 2: 1.0}, {2: 1.0, 3: 1.0}, {3: 1.0, 0: 1.0}]
    whole = dataset_of(rows, 4)
    order = np.array([4, 2, 0, 3, 1])
    turned = whole.subset(order)
    model = CERTAIN.fit(first_items(whole, 3))
    assert np.array_equal(dense(model.with_items(turned)), dense(CERTAIN.fit(whole)))


def test_what_was_placed_before_is_placed_again_and_what_was_trained_stays() -> None:
    first = dataset_of([{0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0}, {2: 1.0}], 3)
    second = dataset_of([{0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0, 3: 1.0}, {2: 1.0}], 5)
    third = dataset_of([{0: 1.0, 1: 1.0, 4: 1.0}, {0: 1.0, 1: 1.0, 4: 1.0}, {2: 1.0, 3: 1.0}], 5)
    model = CERTAIN.fit(first).with_items(second)
    assert model.similar_items([3]).row(0) == [(0, 0.5), (1, 0.5)]
    assert model.similar_items([0]).row(0) == [(1, 1.0), (3, 0.5)]
    model = model.with_items(third)
    assert model.similar_items([3]).row(0) == [(2, 1.0)]
    assert model.similar_items([0]).row(0) == [(1, 1.0), (4, 1.0)]
    assert [model.origins[item] for item in range(5)] == ["trained", "trained", "trained", "projected", "projected"]
    restored = CERTAIN.restore(model.items, model.arrays())
    assert restored.origins == model.origins


def test_items_must_be_the_known_ones_and_then_more() -> None:
    model = CERTAIN.fit(dataset_of([{0: 1.0, 1: 1.0}], 2))
    with pytest.raises(DataError, match="begin with the 2"):
        model.with_items(dataset_of([{0: 1.0}], 1))


# -- real data --------------------------------------------------------------------------------------------------------


@pytest.mark.data
def test_nearly_all_true_pairs_of_tracks_in_playlists_are_found(research_data: Path) -> None:
    dataset, _ = read([research_data / "million-playlist"], "million-playlist")
    matrix = sp.csr_array(dataset.csr() > 0).astype(np.float32)  # a track may be in a playlist twice
    often = np.flatnonzero(np.bincount(matrix.indices, minlength=dataset.n_items) >= 3)
    tracks = Dataset.from_csr(matrix[:, often], items=Vocabulary(dataset.items.ids(often)), feedback="presence")
    both = sp.triu(sp.csr_array(matrix[:, often].T @ matrix[:, often]), 1).tocoo()
    sizes = np.bincount(matrix.indices, minlength=dataset.n_items)[often]
    similarity = both.data / (sizes[both.row] + sizes[both.col] - both.data)
    true = set(zip(both.row[similarity >= 0.5].tolist(), both.col[similarity >= 0.5].tolist(), strict=True))
    neighbours = MinHash(threshold=0.5).fit(tracks).neighbours
    rows = np.repeat(np.arange(often.size), np.diff(neighbours.offsets))
    found = {(i, j) for i, j in zip(rows.tolist(), neighbours.items.tolist(), strict=True) if i < j}
    assert found <= true
    assert len(found) / len(true) >= 0.95
