"""What a station is asked: whose history, what is alike, whom an item suits, which rating is expected."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import stations
from segue.errors import NotFoundError, SettingsError
from segue.models.explicit_als import ExplicitALS
from segue.station import Station
from worlds import first_items


@pytest.fixture(scope="module")
def station() -> Station:
    return stations.station()


@pytest.fixture(scope="module")
def rated() -> Station:
    return stations.rated_station()


def test_the_history_of_a_user_is_the_one_of_the_dataset(station: Station) -> None:
    first = station.dataset.users[3]
    assert station.history_of(first) == station.dataset.histories[3]
    with pytest.raises(NotFoundError, match=r"no user 'listener-x' among the .*did you mean listener-"):
        station.history_of("listener-x")


def test_likes_are_resolved_by_id_and_title_and_count_once(station: Station) -> None:
    items = station.dataset.items
    history = station.history_of_likes([items[3], station.dataset.catalogue.label(4), items[3]])
    assert history.items.tolist() == [3, 4]
    assert history.weights.tolist() == [1.0, 1.0]


def test_a_like_is_one_play_or_the_best_rating_of_the_scale(station: Station, rated: Station) -> None:
    assert station.liking([2, 1]).weights.tolist() == [1.0, 1.0]
    assert rated.liking([2, 1, 2]).weights.tolist() == [5.0, 5.0]


def test_a_rating_from_0_to_1_is_a_place_on_the_scale_or_between_dislike_and_like(
    station: Station, rated: Station
) -> None:
    assert [station.weight_of(rating) for rating in (0, 0.5, 1)] == [-1, 0, 1]
    assert [rated.weight_of(rating) for rating in (0, 0.5, 1)] == [1, 3, 5]


def test_users_have_names_where_the_data_tells_them(station: Station, rated: Station) -> None:
    assert station.user_names is None
    assert station.user_name(0) is None
    assert rated.user_name(0) == "Ana 0"
    assert rated.user_name(1) is None
    table = pl.DataFrame({"name": [None] * rated.dataset.n_users}, schema={"name": pl.String})
    assert replace(rated, dataset=replace(rated.dataset, user_table=table)).user_names is None


def test_likeness_comes_from_a_model_that_knows_it(station: Station) -> None:
    name, top = station.similar(0, 3)
    assert name == "item-knn"
    assert top.lengths.tolist() == [3]
    with pytest.raises(SettingsError, match="popularity cannot say which items are alike; ask item-knn"):
        station.similar(0, 3, "popularity")
    with pytest.raises(NotFoundError, match="no model is called 'ease'"):
        station.similar(0, 3, "ease")


def test_the_ranking_model_says_whom_an_item_suits_and_popularity_only_when_asked(
    station: Station, rated: Station
) -> None:
    items = np.array([4, 0])
    assert rated.audience(items, 3)[0] == "explicit-als"  # it ranks
    name, top = station.audience(items, 3)  # fused: none ranks alone
    assert name == "item-knn"
    knn = station.models["item-knn"]
    scores = knn.score(station.dataset.histories)
    scores[station.dataset.histories.row_of_entry, station.dataset.histories.items] = -np.inf
    assert top.scores[:, 0].tolist() == scores.max(axis=0)[items].tolist()
    assert station.audience(items, 3, "popularity")[0] == "popularity"
    with pytest.raises(NotFoundError, match="no model is called 'ease'"):
        station.audience(items, 3, "ease")


def test_an_item_that_came_after_training_is_named(rated: Station) -> None:
    models = {"explicit-als": ExplicitALS(factors=2).fit(first_items(rated.dataset, 5))}
    with pytest.raises(NotFoundError, match=r"explicit-als was trained before .* came; train it again"):
        replace(rated, models=models).audience(np.array([5]), 3)


def test_ratings_are_predicted_by_the_model_that_can_and_held_to_the_scale(station: Station, rated: Station) -> None:
    histories, items = rated.dataset.histories[:2], np.array([[0, 3, -1], [5, -1, -1]], np.int32)
    assert station.predicted(station.dataset.histories[:2], items) is None
    found = rated.predicted(histories, items)
    assert found is not None
    assert np.isnan(found).tolist() == [[False, False, True], [False, True, True]]
    scores = rated.models["explicit-als"].score(histories, items)
    np.testing.assert_allclose(found[items >= 0], scores[items >= 0].clip(1, 5), rtol=1e-5)


def test_scores_of_a_model_that_predicts_are_ratings_and_others_are_none(station: Station, rated: Station) -> None:
    scores = np.array([5.5, 0.5, -np.inf], np.float32)
    found = rated.expected("explicit-als", scores)
    assert found is not None
    np.testing.assert_array_equal(found, [5.0, 1.0, np.nan])
    assert station.expected("item-knn", scores) is None
