"""Who listened to what: made of matrices and frames."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime
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
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError

TEXT = st.text(max_size=4)
PLAYS = st.lists(st.tuples(TEXT, TEXT, st.integers(1, 5), st.integers(0, 9)), max_size=40)


def frame_of(plays: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    schema = {"u": pl.String, "i": pl.String, "w": pl.Int64, "t": pl.Int64}
    return pl.DataFrame(plays, schema=schema, orient="row")


@given(plays=PLAYS)
def test_a_frame_keeps_every_row_under_its_ids(plays: list[tuple[str, str, int, int]]) -> None:
    dataset = Dataset.from_frame(frame_of(plays), user="u", item="i", weight="w")
    assert list(dataset.users) == list(dict.fromkeys(user for user, *_ in plays))
    assert list(dataset.items) == list(dict.fromkeys(item for _, item, *_ in plays))
    for number, user in enumerate(dataset.users):
        row = dataset.histories[number]
        there = list(zip(dataset.items.ids(row.items), row.weights.tolist(), strict=True))
        assert there == [(item, weight) for who, item, weight, _ in plays if who == user]
    assert (dataset.histories.order, dataset.feedback) == ("none", "plays")


@given(plays=PLAYS)
def test_rows_are_ordered_by_time_within_a_user_and_ties_keep_their_place(
    plays: list[tuple[str, str, int, int]],
) -> None:
    dataset = Dataset.from_frame(frame_of(plays), user="u", item="i", time="t")
    for number, user in enumerate(dataset.users):
        row = dataset.histories[number]
        assert row.times is not None
        expected = sorted(((item, time) for who, item, _, time in plays if who == user), key=lambda pair: pair[1])
        assert list(zip(dataset.items.ids(row.items), row.times.tolist(), strict=True)) == expected
    assert dataset.histories.order == "time"


@given(plays=PLAYS)
def test_equal_data_has_an_equal_fingerprint_and_other_data_another(plays: list[tuple[str, str, int, int]]) -> None:
    dataset = Dataset.from_frame(frame_of(plays), user="u", item="i", weight="w")
    again = Dataset.from_frame(frame_of(plays), user="u", item="i", weight="w")
    assert dataset == again
    assert dataset.fingerprint() == again.fingerprint()
    more = Dataset.from_frame(frame_of([*plays, ("x", "y", 1, 0)]), user="u", item="i", weight="w")
    assert dataset != more
    assert dataset.fingerprint() != more.fingerprint()


def test_what_a_weight_is_follows_from_the_columns_unless_it_is_said() -> None:
    frame = frame_of([("a", "x", 2, 1)])
    assert Dataset.from_frame(frame, user="u", item="i").feedback == "presence"
    assert Dataset.from_frame(frame, user="u", item="i", time="t").feedback == "plays"
    assert Dataset.from_frame(frame, user="u", item="i", weight="w").feedback == "plays"
    rated = Dataset.from_frame(frame, user="u", item="i", weight="w", feedback="ratings", scale=(1, 5))
    assert (rated.feedback, rated.scale, rated.histories.repeats) == ("ratings", (1, 5), "last")


def test_of_repeated_plays_the_sum_counts_and_of_repeated_ratings_the_last() -> None:
    frame = frame_of([("a", "x", 2, 1), ("a", "x", 5, 2)])
    assert Dataset.from_frame(frame, user="u", item="i", weight="w").csr().toarray().tolist() == [[7]]
    rated = Dataset.from_frame(frame, user="u", item="i", weight="w", feedback="ratings")
    assert rated.csr().toarray().tolist() == [[5]]
    assert rated.scale == (2, 5)


def test_times_may_be_dates_moments_or_seconds() -> None:
    second = 86_400
    for column in (
        pl.Series("t", [second]),
        pl.Series("t", [date(1970, 1, 2)]),
        pl.Series("t", [datetime(1970, 1, 2)]),  # noqa: DTZ001 - without a zone means UTC
        pl.Series("t", [datetime(1970, 1, 2, tzinfo=UTC)]).dt.convert_time_zone("Asia/Tokyo"),
    ):
        frame = pl.DataFrame({"u": ["a"], "i": ["x"]}).with_columns(column)
        times = Dataset.from_frame(frame, user="u", item="i", time="t").histories.times
        assert times is not None
        assert times.tolist() == [second]


def test_ids_of_numbers_become_text() -> None:
    dataset = Dataset.from_frame(pl.DataFrame({"u": [7, 3], "i": [1, 1]}), user="u", item="i")
    assert (list(dataset.users), list(dataset.items)) == (["7", "3"], ["1"])


@pytest.mark.parametrize(
    ("columns", "names", "message"),
    [
        ({}, {"user": "who"}, "no column 'who' for the user"),
        ({"u": ["a", None]}, {}, "an id is missing"),
        ({"i": [["x"], ["y"]]}, {}, "ids must be text"),
        ({"w": ["many", "few"]}, {"weight": "w"}, "must hold numbers, it holds String"),
        ({"w": [1.0, float("nan")]}, {"weight": "w"}, "finite"),
        ({"w": [1.0, 1e300]}, {"weight": "w"}, "finite"),
        ({"w": [1, None]}, {"weight": "w"}, "finite"),
        ({"t": [1, None]}, {"time": "t"}, "1 missing times"),
        ({"t": ["today", "then"]}, {"time": "t"}, "must hold dates or whole seconds"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused(columns: dict[str, Any], names: dict[str, Any], message: str) -> None:
    frame = pl.DataFrame({"u": ["a", "b"], "i": ["x", "y"], **columns})
    with pytest.raises(DataError, match=message):
        Dataset.from_frame(frame, **{"user": "u", "item": "i", **names})


def test_a_matrix_is_a_dataset_of_its_rows() -> None:
    matrix = sp.csr_array(np.array([[0, 2.0], [3.0, 0]]))
    dataset = Dataset.from_csr(matrix)
    assert (list(dataset.users), list(dataset.items)) == (["0", "1"], ["0", "1"])
    assert dataset.csr().toarray().tolist() == [[0, 2], [3, 0]]


@given(seed=st.integers(0, 1000), data=st.data())
def test_a_subset_has_the_named_users_with_all_that_is_theirs(seed: int, data: st.DataObject) -> None:
    generator = np.random.default_rng(seed)
    matrix = sp.csr_array(generator.integers(0, 3, (6, 4)).astype(np.float32))
    friends = generator.integers(0, 2, (6, 6))
    dataset = replace(
        Dataset.from_csr(matrix), user_table=pl.DataFrame({"name": list("abcdef")}), friends=sp.csr_array(friends)
    )
    rows = np.array(data.draw(st.permutations(range(6)))[: data.draw(st.integers(0, 6))], dtype=np.int64)
    subset = dataset.subset(rows)
    assert list(subset.users) == [str(row) for row in rows]
    assert np.array_equal(subset.csr().toarray(), matrix.toarray()[rows])
    assert subset.user_table is not None
    assert subset.user_table["name"].to_list() == ["abcdef"[row] for row in rows]
    assert subset.friends is not None
    assert np.array_equal(subset.friends.toarray(), friends[np.ix_(rows, rows)])
    assert subset.items is dataset.items


def two_users() -> dict[str, Any]:
    items = Vocabulary(["x", "y"])
    return {
        "users": Vocabulary(["a", "b"]),
        "items": items,
        "histories": Histories.of([[0, 1], [1]]),
        "catalogue": Catalogue.bare(items),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"users": Vocabulary(["a"])}, "1 users, but 2 histories"),
        ({"histories": Histories.of([[0], [2]])}, "item position 2"),
        ({"catalogue": Catalogue.bare(Vocabulary(["y", "x"]))}, "same ids in the same order"),
        ({"feedback": "skips"}, "feedback must be"),
        ({"feedback": "ratings"}, "scale belongs to ratings"),
        ({"scale": (1.0, 5.0)}, "scale belongs to ratings"),
        ({"feedback": "ratings", "scale": (5.0, 1.0)}, "scale must rise"),
        ({"user_table": pl.DataFrame({"name": ["a"]})}, "one row per user"),
        ({"friends": sp.csr_array((2, 3))}, "users x users"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(change: dict[str, Any], message: str) -> None:
    Dataset(**two_users())
    with pytest.raises(DataError, match=message):
        Dataset(**{**two_users(), **change})


def test_a_dataset_does_not_change() -> None:
    dataset = Dataset(**two_users())
    with pytest.raises(FrozenInstanceError):
        dataset.feedback = "presence"  # type: ignore[misc]
