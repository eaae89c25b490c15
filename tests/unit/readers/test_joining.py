"""New data added to old: nobody's position moves, nothing counts twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.readers.joining import joined


def data(*rows: tuple[Any, ...], **how: Any) -> Dataset:
    """(user, item, weight) or (user, item, weight, time)."""
    names = ["user", "item", "weight", "time"][: len(rows[0])]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    time = "time" if "time" in names else None
    return Dataset.from_frame(frame, user="user", item="item", weight="weight", time=time, **how)


def entries(dataset: Dataset) -> dict[str, list[tuple[str, float]]]:
    """user -> (item, weight) in order."""
    result = {}
    for number, user in enumerate(dataset.users):
        row = dataset.histories[number]
        result[user] = list(zip(dataset.items.ids(row.items), row.weights.tolist(), strict=True))
    return result


def test_known_ids_keep_their_positions_and_plays_without_times_are_summed() -> None:
    old = data(("ana", "a", 1.0), ("ben", "b", 2.0))
    result, done = joined(old, data(("cem", "c", 1.0), ("ben", "a", 5.0), ("ben", "b", 3.0)))
    assert old.items.is_prefix_of(result.items)
    assert old.users.is_prefix_of(result.users)
    assert list(result.items) == ["a", "b", "c"]
    assert entries(result) == {"ana": [("a", 1.0)], "ben": [("b", 5.0), ("a", 5.0)], "cem": [("c", 1.0)]}
    assert (done.new_users, done.new_items, done.added, done.repeated) == (1, 1, 3, 0)


def test_dated_plays_are_merged_by_time_and_the_same_play_comes_in_once() -> None:
    old = data(("ana", "a", 1.0, 10), ("ana", "b", 1.0, 30))
    result, done = joined(old, data(("ana", "b", 1.0, 30), ("ana", "c", 1.0, 20), ("ana", "a", 1.0, 40)))
    assert entries(result) == {"ana": [("a", 1.0), ("c", 1.0), ("b", 1.0), ("a", 1.0)]}
    assert result.histories.times is not None
    assert result.histories.times.tolist() == [10, 20, 30, 40]
    assert (done.added, done.repeated) == (2, 1)


def test_of_repeated_ratings_the_new_one_counts() -> None:
    old = data(("ana", "a", 1.0), ("ana", "b", 5.0), feedback="ratings", scale=(0.5, 5.0))
    result, _ = joined(old, data(("ana", "a", 4.0), ("ana", "c", 2.0), feedback="ratings"))
    assert entries(result) == {"ana": [("a", 4.0), ("b", 5.0), ("c", 2.0)]}
    assert result.scale == (0.5, 5.0)


def test_a_playlist_gets_its_new_tracks_behind() -> None:
    def lists(*items: str) -> Dataset:
        base = data(*(("mix", item, 1.0) for item in dict.fromkeys(items)), feedback="presence")
        rows = Histories.of([[base.items.position(item) for item in items]])
        return base.with_histories(rows)

    result, done = joined(lists("a", "b", "a"), lists("c", "a", "d"))
    assert [item for item, _ in entries(result)["mix"]] == ["a", "b", "a", "c", "d"]
    assert (done.added, done.repeated) == (2, 1)


def test_one_person_among_others_is_one_new_user_whose_items_go_where_they_belong() -> None:
    old = data(("ana", "a", 1.0, 10), ("ben", "b", 1.0, 30))
    more = data(("me", "x", 1.0, 5), ("me", "y", -0.5, 6), ("me", "x", 1.0, 7))
    result, done = joined(old, more, np.array([1, -1], np.int32), as_user="cem")
    assert entries(result)["cem"] == [("b", 1.0), ("y", -0.5), ("b", 1.0)]
    assert (done.new_users, done.new_items) == (1, 1)
    known, left = joined(old, more, np.array([1, -1], np.int32), as_user="cem", only_known=True)
    assert entries(known)["cem"] == [("b", 1.0), ("b", 1.0)]
    assert (known.items, left.left_out) == (old.items, 1)


def test_plays_become_presence_where_nothing_else_is_known_and_dislikes_stay() -> None:
    old = data(("ana", "a", 1.0), feedback="presence")
    more = data(("me", "b", 1.0, 1), ("me", "b", 1.0, 2), ("me", "c", -0.5, 3), ("me", "d", 0.0, 4))
    result, done = joined(old, more)
    assert entries(result)["me"] == [("b", 1.0), ("c", -1.0), ("d", 0.0)]
    assert len(done.notes) == 2


def test_what_is_known_of_items_fills_gaps_and_replaces_nothing() -> None:
    def described(dataset: Dataset, **columns: list[Any]) -> Dataset:
        frame = dataset.catalogue.frame.with_columns(pl.Series(name, values) for name, values in columns.items())
        return Dataset(dataset.users, dataset.items, dataset.histories, Catalogue(frame), feedback=dataset.feedback)

    old = described(data(("ana", "a", 1.0), ("ana", "b", 1.0)), title=["A", None])
    more = described(
        data(("me", "b", 1.0), ("me", "a", 1.0), ("me", "c", 1.0)),
        title=["B", "other", "C"],
        location=["/b", "/a", None],
    )
    frame = joined(old, more)[0].catalogue.frame
    assert frame["title"].to_list() == ["A", "B", "C"]
    assert frame["location"].to_list() == ["/a", "/b", None]


def test_tables_contexts_and_friends_go_along() -> None:
    base = data(("ana", "a", 1.0), ("ben", "a", 1.0))
    old = Dataset(
        base.users,
        base.items,
        base.histories.with_context(pl.DataFrame({"name": ["x", "y"]})),
        base.catalogue,
        user_table=pl.DataFrame({"country": ["DE", "FR"]}),
        friends=sp.csr_array(np.array([[0, 1], [1, 0]])),
    )
    theirs = data(("cem", "a", 1.0), ("ana", "a", 1.0))
    more = Dataset(
        theirs.users,
        theirs.items,
        theirs.histories,
        theirs.catalogue,
        user_table=pl.DataFrame({"age": [30, 40]}),
        friends=sp.csr_array(np.array([[0, 1], [1, 0]])),
    )
    result = joined(old, more)[0]
    assert result.user_table is not None
    assert result.user_table.to_dicts() == [
        {"country": "DE", "age": None},
        {"country": "FR", "age": None},
        {"country": None, "age": 30},
    ]
    assert result.histories.context is not None
    assert result.histories.context["name"].to_list() == ["x", "y", None]
    assert result.friends is not None
    assert result.friends.toarray().tolist() == [[0, 1, 1], [1, 0, 0], [1, 0, 0]]
    alone = joined(old, more, as_user="dora")[0]
    assert alone.friends is not None
    assert alone.friends.shape == (3, 3)
    assert alone.user_table is not None
    assert alone.user_table["country"].to_list() == ["DE", "FR", None]


def test_what_cannot_be_of_one_kind_is_refused() -> None:
    rated = data(("ana", "a", 1.0), feedback="ratings", scale=(1.0, 5.0))
    with pytest.raises(DataError, match="ratings and plays do not mix"):
        joined(data(("ana", "a", 1.0)), rated)
    with pytest.raises(DataError, match="from 1 to 5, those of the files from 0 to 10"):
        joined(rated, data(("ana", "a", 1.0), feedback="ratings", scale=(0.0, 10.0)))
    dated = data(("ana", "a", 1.0, 10))
    with pytest.raises(DataError, match="have times, those of the files have none"):
        joined(dated, data(("ana", "b", 1.0)))
    result, _ = joined(dated, data(("me", "b", 1.0)), undated=True)
    assert result.histories.times is not None
    assert result.histories.times.tolist() == [10, 10]


plays = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from("wxyz"), st.just(1.0), st.integers(0, 20)),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(first=plays, second=plays)
def test_joined_in_two_parts_is_the_union_of_all_plays(
    first: list[tuple[str, str, float, int]], second: list[tuple[str, str, float, int]]
) -> None:
    result, done = joined(data(*first), data(*second))
    times = result.histories.times
    assert times is not None
    users = [result.users[int(row)] for row in result.histories.row_of_entry]
    union = sorted(zip(users, result.items.ids(result.histories.items), times.tolist(), strict=True))
    assert union == sorted({(u, i, t) for u, i, _, t in first + second})
    again, nothing = joined(result, data(*second))
    assert again == result
    assert (nothing.added, nothing.repeated) == (0, len(second))
    assert done.added + done.repeated == len(second)
