"""A dataset with one item per recording or song."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.identity import merged

NAMES = ["Slow Comet", "Slow Comet - Remastered 2011", "Tin Roof", "Slow Comet - Live", "Tin Roof (Mono)"]


def _dataset(histories: Histories, **more: object) -> Dataset:
    items = Vocabulary(f"i{number}" for number in range(len(NAMES)))
    catalogue = Catalogue(pl.DataFrame({"id": items.series, "title": NAMES, "artist": ["Velma Orchard"] * len(NAMES)}))
    users = Vocabulary(f"u{number}" for number in range(len(histories)))
    return replace(Dataset(users, items, histories, catalogue), **more)  # type: ignore[arg-type]


def test_the_most_played_item_stands_for_its_group_and_plays_sum() -> None:
    dataset = _dataset(Histories.of([{0: 2, 1: 5, 2: 1}, {3: 4, 0: 1, 4: 1}]))
    result, report = merged(dataset, "recording")
    assert result.items.series.to_list() == ["i1", "i2", "i3"]  # i2 and i4 were played once each: the first one stays
    assert result.catalogue.column("title").to_list() == [NAMES[1], NAMES[2], NAMES[3]]
    assert result.csr().toarray().tolist() == [[7, 1, 0], [1, 1, 4]]
    assert report.moved.rows() == [("i0", "i1"), ("i4", "i2")]
    assert (report.before, report.after) == (5, 3)
    assert "5 items are 3 recordings: 2 merged away" in str(report)
    assert result.users == dataset.users


def test_by_song_live_recordings_are_merged_too() -> None:
    result, _ = merged(_dataset(Histories.of([{0: 2, 1: 5, 3: 9}])), "song")
    assert result.items.series.to_list() == ["i3", "i2"]
    assert result.csr().toarray().tolist() == [[16, 0]]


def test_of_ratings_of_one_song_the_last_one_counts() -> None:
    histories = Histories.of([{0: 2.0, 1: 5.0}, {1: 1.0}], repeats="last")
    result, _ = merged(_dataset(histories, feedback="ratings", scale=(1.0, 5.0)), "recording")
    assert result.items.series.to_list()[0] == "i1"  # rated twice, i0 once
    assert result.csr().toarray()[:, 0].tolist() == [5, 1]


def test_order_and_times_of_the_entries_stay() -> None:
    histories = Histories(
        np.array([0, 3]), np.array([1, 2, 0]), np.ones(3, np.float32), np.array([10, 20, 30]), order="time"
    )
    result, _ = merged(_dataset(histories), "recording")
    assert result.histories.times is not None
    assert result.histories.times.tolist() == [10, 20, 30]
    assert result.histories.items.tolist() == [0, 1, 0]


def test_a_dislike_does_not_make_an_item_played() -> None:
    result, _ = merged(_dataset(Histories.of([{0: 1, 1: -5}])), "recording")
    assert result.items.series.to_list()[0] == "i0"


def test_merging_twice_changes_nothing_more() -> None:
    once, _ = merged(_dataset(Histories.of([{0: 2, 1: 5, 2: 1, 3: 1, 4: 2}])), "song")
    twice, report = merged(once, "song")
    assert twice == once
    assert report.moved.is_empty()


@given(st.lists(st.dictionaries(st.integers(0, len(NAMES) - 1), st.integers(-3, 9).map(float)), min_size=1, max_size=6))
def test_nothing_is_lost_of_what_a_user_played(rows: list[dict[int, float]]) -> None:
    dataset = _dataset(Histories.of(rows, order="none"))
    for by in ("recording", "song"):
        result, report = merged(dataset, by)  # type: ignore[arg-type]
        kept = dict(report.moved.iter_rows())
        names = [kept.get(name, name) for name in dataset.items.series]
        before, after = dataset.csr().toarray(), result.csr().toarray()
        for position, name in enumerate(result.items.series):
            members = [number for number, stands in enumerate(names) if stands == name]
            assert np.array_equal(after[:, position], before[:, members].sum(axis=1))
