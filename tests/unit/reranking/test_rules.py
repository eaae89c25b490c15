"""Each rule on lists made by hand, and what is reported of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.candidates import Move
from segue.core.catalogue import Catalogue
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.reranking import RULES, ArtistCap, Disliked, ExplicitFilter, Seen
from segue.reranking.course import Course, rerank
from segue.reranking.rule import Rule, Traits

ARTISTS = ["A", "A", "A", "B", "B", None, None, "C"]
TRAITS = Traits(
    Catalogue(
        pl.DataFrame(
            {
                "id": [str(number) for number in range(8)],
                "artist": ARTISTS,
                "explicit": [True, False, None, True, False, False, False, False],
            }
        )
    )
)
DAY = 86_400


def course(rows: list[list[int]], rules: list[Rule], histories: Histories | None = None) -> Course:
    width = max(map(len, rows))
    items = np.array([row + [-1] * (width - len(row)) for row in rows], dtype=np.int32)
    return rerank(items, Histories.empty(len(rows)) if histories is None else histories, rules, TRAITS)


def lists(after: Course) -> list[list[int]]:
    return [
        [int(after.items[row, column]) for column in columns if column >= 0]
        for row, columns in enumerate(after.columns)
    ]


def test_the_seen_are_removed_whatever_their_weight() -> None:
    after = course([[3, 1, 2], [3, 1, 2]], [Seen()], Histories.of([{1: -2.0, 3: 0.0}, {2: 5.0}]))
    assert lists(after) == [[2], [3, 1]]
    assert after.removed.tolist() == [[2], [1]]


def test_the_seen_may_return_after_some_days() -> None:
    times = np.array([0, 8 * DAY, 10 * DAY])
    heard = Histories(np.array([0, 3]), np.array([0, 1, 2]), np.ones(3), times, order="time")
    assert lists(course([[0, 1, 2, 3]], [Seen(days=2)], heard)) == [[0, 3]]
    assert lists(course([[0, 1, 2, 3]], [Seen(days=1)], heard)) == [[0, 1, 3]]
    with pytest.raises(DataError, match="times"):
        course([[0, 1]], [Seen(days=2)], Histories.of([[0]]))


def test_the_disliked_are_removed_when_all_is_summed_up() -> None:
    entries = Histories(np.array([0, 4]), np.array([1, 2, 2, 3]), np.array([-1.0, 2.0, -3.0, 1.0]))
    assert lists(course([[3, 2, 1, 0]], [Disliked()], entries)) == [[3, 0]]


def test_only_what_is_marked_explicit_is_filtered() -> None:
    assert lists(course([[0, 1, 2, 3, 4]], [ExplicitFilter()])) == [[1, 2, 4]]


def test_a_cap_removes_the_third_of_an_artist_and_leaves_the_unknown_alone() -> None:
    after = course([[0, 5, 1, 6, 2, 3, 4, 7]], [ArtistCap(2)])
    assert lists(after) == [[0, 5, 1, 6, 3, 4, 7]]
    assert after.moves(0) == [Move("artist-cap", 2, 5, None, "more than 2 by one artist")]
    assert lists(course([[0, 1, 3, 4, 7]], [ArtistCap(1)])) == [[0, 3, 7]]


def test_a_cap_on_the_top_moves_the_rest_behind_it() -> None:
    after = course([[0, 1, 2, 3, 4, 7]], [ArtistCap(1, top=3)])
    assert lists(after) == [[0, 3, 7, 1, 2, 4]]
    why = "more than 1 by one artist in the first 3"
    assert after.moves(0) == [
        Move("artist-cap", 1, 2, 4, why),
        Move("artist-cap", 2, 3, 5, why),
        Move("artist-cap", 4, 5, 6, why),
    ]
    assert after.removed.tolist() == [[0]]


def test_beyond_the_top_the_cap_lets_everything_through() -> None:
    assert lists(course([[0, 3, 1, 4, 2]], [ArtistCap(1, top=2)])) == [[0, 3, 1, 4, 2]]


def test_a_cap_that_cannot_be_filled_keeps_what_there_is() -> None:
    after = course([[0, 1, 2]], [ArtistCap(1, top=5)])
    assert lists(after) == [[0, 1, 2]]
    assert after.moves(0) == []


def test_rules_work_one_after_the_other_and_each_speaks_for_itself() -> None:
    after = course([[0, 1, 2, 3, 4]], [ExplicitFilter(), ArtistCap(1)], Histories.of([{1: 1.0}]))
    assert lists(after) == [[1, 4]]
    assert after.removed.tolist() == [[2, 1]]
    assert after.moves(0) == [
        Move("explicit-filter", 0, 1, None, "explicit"),
        Move("explicit-filter", 3, 4, None, "explicit"),
        Move("artist-cap", 2, 2, None, "more than 1 by one artist"),
    ]


def test_gaps_in_a_list_are_closed() -> None:
    items = np.array([[2, -1, 4, -1, 1]], dtype=np.int32)
    assert lists(rerank(items, Histories.empty(1), [], TRAITS)) == [[2, 4, 1]]
    assert lists(rerank(items, Histories.empty(1), [ArtistCap(1)], TRAITS)) == [[2, 4]]


@given(
    st.lists(st.permutations(range(8)).map(lambda row: row[:6]), min_size=1, max_size=4),
    st.integers(1, 3),
    st.none() | st.integers(1, 8),
)
def test_a_cap_is_what_a_loop_would_do(rows: list[list[int]], limit: int, top: int | None) -> None:
    expected = []
    for row in rows:
        kept: list[int] = []
        over: list[int] = []
        for place, item in enumerate(row):
            if top is not None and len(kept) == top:
                over.extend(row[place:])
                break
            same = [other for other in kept if ARTISTS[other] is not None and ARTISTS[other] == ARTISTS[item]]
            (kept if len(same) < limit else over).append(item)
        expected.append(kept if top is None else kept + over)
    assert lists(course(rows, [ArtistCap(limit, top)])) == expected


def test_rules_are_found_by_their_own_names() -> None:
    assert {name: rule.name for name, rule in RULES.items()} == {name: name for name in RULES}


@pytest.mark.parametrize(
    "make", [lambda: ArtistCap(0), lambda: ArtistCap(1, top=0), lambda: Seen(days=0), lambda: Seen(days=float("nan"))]
)
def test_wrong_settings_are_refused(make: Any) -> None:
    with pytest.raises(SettingsError):
        make()
