"""Popularity: counts held against counting by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.models.popularity import Popularity
from worlds import dataset_of

DAY = 86_400


def timed(rows: list[tuple[str, str, float, int]], feedback: Any = "plays") -> Dataset:
    frame = pl.DataFrame(rows, schema=["user", "item", "weight", "time"], orient="row")
    return Dataset.from_frame(frame, user="user", item="item", weight="weight", time="time", feedback=feedback)


def test_users_are_counted_by_default_however_often_they_play() -> None:
    model = Popularity().fit(dataset_of([{0: 9.0, 1: 1.0}, {1: 1.0}, {1: 1.0, 2: 1.0}], 4))
    assert model.counts.tolist() == [1, 3, 1, 0]


def test_plays_are_summed_where_asked_for() -> None:
    model = Popularity(count="plays").fit(dataset_of([{0: 9.0, 1: 1.0}, {1: 1.0}, {1: 1.0, 2: 1.0}], 4))
    assert model.counts.tolist() == [9, 3, 1, 0]


@pytest.mark.parametrize("count", ["users", "plays"])
def test_dislikes_and_stored_zeros_do_not_count(count: Any) -> None:
    model = Popularity(count=count).fit(dataset_of([{0: -5.0, 1: 0.0, 2: 1.0}], 3))
    assert model.counts.tolist() == [0, 0, 1]


def test_repeats_of_one_user_count_once() -> None:
    dataset = timed([("a", "x", 1, 0), ("a", "x", 1, 5), ("b", "y", 1, 9)])
    assert Popularity().fit(dataset).counts.tolist() == [1, 1]
    assert Popularity(count="plays").fit(dataset).counts.tolist() == [2, 1]


def test_ties_are_in_order_of_position_and_what_nobody_likes_never_comes() -> None:
    model = Popularity().fit(dataset_of([{2: 1.0, 1: 1.0}, {0: 1.0}, {0: 1.0}], 4))
    assert model.ranking.tolist() == [0, 1, 2]
    top = model.recommend(Histories.of([{3: 1.0}]), 4)
    assert top.items.tolist() == [[0, 1, 2, -1]]
    assert top.scores[0, :3].tolist() == [2, 1, 1]


def test_a_play_is_worth_half_after_each_half_life() -> None:
    # Newest entry: day 20. x was played on days 0 and 20, y on day 10.
    dataset = timed([("a", "x", 4, 0), ("b", "y", 4, 10 * DAY), ("c", "x", 1, 20 * DAY)])
    model = Popularity(count="plays", half_life=10).fit(dataset)
    np.testing.assert_allclose(model.counts, [4 / 4 + 1, 4 / 2])


def test_a_user_counts_for_the_latest_time() -> None:
    dataset = timed([("a", "x", 1, 0), ("a", "x", 1, 10 * DAY), ("b", "y", 1, 20 * DAY), ("c", "x", 1, 0)])
    model = Popularity(half_life=10).fit(dataset)
    np.testing.assert_allclose(model.counts, [1 / 2 + 1 / 4, 1])


def test_scores_within_genres_follow_the_genres_of_what_is_liked() -> None:
    # Two genres of two items each. Liked: items 0 and 1 (genre 0) and 2 (genre 1); 3 is disliked and says nothing.
    dataset = dataset_of([{0: 1.0}, {0: 1.0, 2: 1.0}, {2: 1.0}, {2: 1.0, 3: 1.0}], 4, block=2)
    model = Popularity(within="genres").fit(dataset)
    scores = model.score(Histories.of([{0: 1.0, 1: 1.0, 2: 1.0, 3: -1.0}, {0: 1.0}]))
    np.testing.assert_allclose(scores[0], [2 * 2 / 3, -np.inf, 3 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(scores[1], [2, -np.inf, -np.inf, -np.inf])


def test_an_item_of_two_genres_is_half_of_each() -> None:
    dataset = dataset_of([{0: 1.0, 1: 1.0, 2: 1.0}], 3, block=2)
    frame = dataset.catalogue.frame.with_columns(genres=pl.Series([["a", "b"], ["a"], []], dtype=pl.List(pl.String)))
    model = Popularity(within="genres").fit(replace(dataset, catalogue=type(dataset.catalogue)(frame)))
    scores = model.score(Histories.of([{1: 1.0}, {0: 1.0}, {2: 1.0}]))
    np.testing.assert_allclose(scores[0], [0.5, 1, -np.inf])
    np.testing.assert_allclose(scores[1], [0.5, 0.5, -np.inf])
    assert np.isneginf(scores[2]).all()  # a history without a genre gives no evidence
    parts = model.explain(Histories.of([{1: 1.0, 2: 1.0}]), 0)
    np.testing.assert_allclose(parts.contributions, [0.25, 0])


def test_plain_popularity_owes_nothing_to_the_history() -> None:
    parts = Popularity().fit(dataset_of([{0: 1.0, 1: 1.0}], 2)).explain(Histories.of([{0: 1.0}]), 1)
    assert (parts.score, parts.baseline, parts.contributions.tolist()) == (1.0, 1.0, [0.0])


def test_what_the_dataset_lacks_is_named() -> None:
    plain = dataset_of([{0: 1.0}], 1)
    with pytest.raises(DataError, match="half_life needs times"):
        Popularity(half_life=3).fit(plain)
    bare = Dataset.from_csr(plain.csr())
    with pytest.raises(DataError, match="'genres'"):
        Popularity(within="genres").fit(bare)
    with pytest.raises(DataError, match="ratings"):
        Popularity(count="plays").fit(timed([("a", "x", 4, 0)], feedback="ratings"))


@pytest.mark.parametrize(
    "wrong",
    [{"count": "likes"}, {"within": "artist"}, {"half_life": 0.0}, {"half_life": float("inf")}, {"half_life": -1}],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Popularity(**wrong)


def test_new_items_are_counted_with_the_old_ones_anew() -> None:
    old = Popularity().fit(dataset_of([{0: 1.0, 1: 1.0}, {1: 1.0}], 2))
    new = old.with_items(dataset_of([{0: 1.0, 1: 1.0}, {1: 1.0}, {1: 1.0, 2: 4.0}], 4))
    assert new.counts.tolist() == [1, 3, 1, 0]
    assert new.origins.counts() == {"none": 1, "trained": 3}
