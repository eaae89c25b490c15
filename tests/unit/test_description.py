"""The counts of a dataset, against counting by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.description import Alike, Bin, Description


def test_counts_are_those_of_a_count_by_hand() -> None:
    items = Vocabulary(["a", "b", "c", "d"])
    catalogue = Catalogue(pl.DataFrame({"id": items.series, "title": ["A", None, "C", "D"]}))
    histories = Histories(
        np.array([0, 3, 4, 4]),
        np.array([0, 0, 1, 0]),
        np.array([1.0, 2.0, 3.0, 4.0], np.float32),
        np.array([0, 86_400, 86_401, 2 * 86_400]),
        order="time",
    )
    about = Description.of(Dataset(Vocabulary(["u", "v", "w"]), items, histories, catalogue))
    assert (about.users, about.items, about.entries, about.pairs) == (3, 4, 4, 3)
    assert about.density == pytest.approx(3 / 12)
    assert about.weight == (10.0, 1.0, 4.0)
    assert (about.first, about.last) == (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 3, tzinfo=UTC))
    assert about.activity[0] == 0
    assert about.activity[-1] == 2  # u has a (twice) and b
    assert about.popularity[-1] == 2  # a belongs to u and v
    assert about.half == pytest.approx(1 / 4)  # a alone makes 2 of 3 pairs
    assert (about.unused_items, about.empty_users) == (2, 1)
    assert about.known["title"] == 3
    assert about.known["album"] == 0


def test_nothing_at_all_can_be_described() -> None:
    empty = Dataset(Vocabulary(), Vocabulary(), Histories.empty(), Catalogue.bare(Vocabulary()))
    about = Description.of(empty)
    assert about.density == 0.0
    assert about.half == 0.0
    assert about.first is None


def test_a_time_beyond_all_calendars_is_still_described() -> None:
    histories = Histories(
        np.array([0, 2]), np.array([0, 0]), np.ones(2, np.float32), np.array([-(2**61), 2**61]), order="time"
    )
    items = Vocabulary(["a"])
    about = Description.of(Dataset(Vocabulary(["u"]), items, histories, Catalogue.bare(items)))
    assert about.first is not None
    assert about.last is not None
    assert (about.first.year, about.last.year) == (1, 9999)
    assert about.to_json()["first"].startswith("0001-01-01")


def plays(times: list[int]) -> Dataset:
    items = Vocabulary(["a"])
    histories = Histories(
        np.array([0, len(times)]), np.zeros(len(times), np.int32), np.ones(len(times), np.float32), np.array(times),
        order="time",
    )  # fmt: skip
    return Dataset(Vocabulary(["u"]), items, histories, Catalogue.bare(items))


def test_bins_double_and_leave_nobody_out() -> None:
    histories = Histories.of([[0], [0, 1], [0, 1, 2], list(range(7)), list(range(8)), []])
    items = Vocabulary([str(item) for item in range(8)])
    about = Description.of(Dataset(Vocabulary("abcdef"), items, histories, Catalogue.bare(items)))
    assert about.activity_bins == (Bin(0, 0, 1), Bin(1, 1, 1), Bin(2, 3, 2), Bin(4, 7, 1), Bin(8, 15, 1))
    assert sum(each.count for each in about.popularity_bins) == 8
    assert [each.label for each in about.activity_bins] == ["0", "1", "2-3", "4-7", "8-15"]


def test_entries_are_counted_by_a_period_that_suits_their_span() -> None:
    day = 86_400
    assert Description.of(plays([0, 1, 2 * day])).over_time == {"1970-01-01": 2, "1970-01-02": 0, "1970-01-03": 1}
    months = Description.of(plays([0, 100 * day]))
    assert (months.period, months.over_time) == ("month", {"1970-01": 1, "1970-02": 0, "1970-03": 0, "1970-04": 1})
    years = Description.of(plays([-1, 5 * 366 * day]))
    assert (years.period, next(iter(years.over_time)), len(years.over_time)) == ("year", "1969", 7)
    assert Description.of(plays([0, 60 * 366 * day])).over_time["1970"] == 1  # a decade
    assert Description.of(plays([0, 500 * 366 * day])).over_time == {}


def test_items_that_are_one_under_several_titles_are_counted() -> None:
    items = Vocabulary(["a", "b", "c", "d"])
    frame = pl.DataFrame(
        {
            "id": items.series,
            "artist": ["Nova"] * 4,
            "title": ["Slow Tide", "Slow Tide - Remastered 2011", "Slow Tide (Live)", "Other Tide"],
        }
    )
    data = Dataset(Vocabulary(["u"]), items, Histories.of([[0, 1, 2, 3]]), Catalogue(frame))
    about = Description.of(data)
    assert (about.recordings, about.songs) == (Alike(1, 2), Alike(1, 3))
    assert dict(about.facts())["songs"] == "3 items are 1 song: merging would leave 2 items fewer"
    told = about.to_json()
    assert told["recordings"] == {"groups": 1, "items": 2}
    assert Description.of(plays([0])).recordings is None
