"""Everybody's lists and every item's audience as tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import stations
from segue import tables
from segue.station import Station


@pytest.fixture(scope="module")
def station() -> Station:
    return stations.station()


@pytest.fixture(scope="module")
def rated() -> Station:
    return stations.rated_station()


def label(station: Station, item: str) -> str:
    return station.dataset.catalogue.label(station.dataset.items.position(item))


def test_everyone_s_lists_are_those_of_each(station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 6)  # three users at a time
    out = tmp_path / "lists.parquet"
    written = tables.recommend_all(station, out, 2)
    frame = pl.read_parquet(out)
    top = station.pipeline.recommend(station.dataset.histories, 2).top
    expected = top.to_frame(station.dataset.items, station.dataset.users).rename({"row": "user"})
    assert frame.drop("item_name").equals(expected)
    assert frame["item_name"].to_list() == [label(station, item) for item in frame["item"]]
    assert written.columns == ("user", "rank", "item", "item_name", "score")
    assert (written.lists, written.rows, written.empty) == (station.dataset.n_users, expected.height, 0)


def test_lists_that_fail_half_way_leave_the_file_that_was_there(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "lists.parquet"
    tables.recommend_all(station, out, 2)
    before = out.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl, "scan_parquet", full)
    with pytest.raises(Exception, match="the disk is full"):
        tables.recommend_all(station, out, 3)
    assert out.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["lists.parquet"]


def test_lists_of_ratings_name_users_and_items_and_tell_the_rating_expected(rated: Station, tmp_path: Path) -> None:
    written = tables.recommend_all(rated, tmp_path / "lists.parquet", 3)
    frame = pl.read_parquet(tmp_path / "lists.parquet")
    assert frame.columns == ["user", "user_name", "rank", "item", "item_name", "score", "rating"]
    assert tuple(frame.columns) == written.columns
    users, items = rated.dataset.users, rated.dataset.items
    for row in frame.iter_rows(named=True):
        assert row["user_name"] == rated.user_name(users.position(row["user"]))
        assert row["item_name"] == label(rated, row["item"])
        history = rated.history_of(row["user"])
        expected = rated.predicted(history, np.array([[items.position(row["item"])]], np.int32))
        assert expected is not None
        assert row["rating"] == pytest.approx(float(expected[0, 0]), rel=1e-5)
        assert 1 <= row["rating"] <= 5


def test_audiences_are_those_of_each_item(rated: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_ROWS_AT_ONCE", 10)  # five items at a time
    written = tables.audience_all(rated, tmp_path / "audience.parquet", 2)
    frame = pl.read_parquet(tmp_path / "audience.parquet")
    assert frame.columns == ["item", "item_name", "rank", "user", "user_name", "score", "rating"]
    every = np.arange(rated.dataset.n_items)
    _, top = rated.audience(every, 2)
    expected = top.to_frame(rated.dataset.users, rated.dataset.items)
    assert frame["item"].to_list() == expected["row"].to_list()
    assert frame["user"].to_list() == expected["item"].to_list()
    np.testing.assert_allclose(frame["score"], expected["score"], rtol=1e-6)
    np.testing.assert_allclose(frame["rating"], expected["score"].clip(1, 5), rtol=1e-6)
    assert (written.lists, written.rows) == (every.size, expected.height)
    assert written.empty == int((top.lengths == 0).sum())


def test_another_model_than_the_one_that_ranks_can_be_asked_for_audiences(station: Station, tmp_path: Path) -> None:
    tables.audience_all(station, tmp_path / "audience.parquet", 2, model="popularity")
    frame = pl.read_parquet(tmp_path / "audience.parquet")
    assert frame.columns == ["item", "item_name", "rank", "user", "score"]
