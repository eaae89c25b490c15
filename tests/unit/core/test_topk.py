"""Lists of the best items."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.topk import TopK
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError

LISTS = st.lists(st.lists(st.integers(0, 20), unique=True, max_size=6), max_size=6)


@given(rows=LISTS, k=st.integers(0, 8))
def test_lists_come_back_as_they_went_in_cut_at_k(rows: list[list[int]], k: int) -> None:
    top = TopK.of(rows, k=k)
    assert (len(top), top.k) == (len(rows), k)
    assert [[item for item, _ in top.row(number)] for number in range(len(rows))] == [row[:k] for row in rows]
    assert top.lengths.tolist() == [min(k, len(row)) for row in rows]


@given(rows=LISTS, k=st.integers(0, 6))
def test_the_head_of_lists_is_those_lists_cut(rows: list[list[int]], k: int) -> None:
    assert [[i for i, _ in TopK.of(rows, k=6).head(k).row(n)] for n in range(len(rows))] == [row[:k] for row in rows]


@given(a=LISTS, b=LISTS)
def test_joined_lists_are_the_lists_of_both(a: list[list[int]], b: list[list[int]]) -> None:
    assert TopK.concatenate([TopK.of(a, k=6), TopK.of(b, k=6)]).items.tolist() == TopK.of(a + b, k=6).items.tolist()


def test_ignored_entries_add_up() -> None:
    part = TopK(np.array([[1]]), np.array([[1.0]]), ignored=2)
    assert TopK.concatenate([part, part]).ignored == 4
    assert TopK.concatenate([]).k == 0


def test_lists_of_different_k_are_not_joined() -> None:
    with pytest.raises(DataError, match="different k"):
        TopK.concatenate([TopK.of([[1]]), TopK.of([[1, 2]])])


def test_a_frame_names_items_and_rows_and_leaves_the_padding_out() -> None:
    top = TopK(np.array([[1, 0], [0, -1], [-1, -1]]), np.array([[0.5, 0.25], [1.0, -np.inf], [-np.inf, -np.inf]]))
    items = Vocabulary(["x", "y"])
    assert top.to_frame(items).rows() == [(0, 1, "y", 0.5), (0, 2, "x", 0.25), (1, 1, "x", 1.0)]
    assert top.to_frame(items, ["a", "b", "c"])["row"].to_list() == ["a", "a", "b"]
    assert top.to_frame(items, Vocabulary(["a", "b", "c"]))["row"].to_list() == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("items", "scores", "message"),
    [
        ([[1, 2]], [[1.0]], "one shape"),
        ([1, 2], [1.0, 0.5], "matrices"),
        ([[-1, 2]], [[-np.inf, 1.0]], "follows the end"),
        ([[1, 2]], [[1.0, 2.0]], "must fall"),
        ([[1, 2]], [[1.0, np.nan]], "NaN"),
        ([[2**40]], [[1.0]], "32 bits"),
        ([[1.5]], [[1.0]], "whole numbers"),
    ],
)
def test_what_is_no_list_of_the_best_is_refused(items: list[object], scores: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        TopK(np.array(items), np.array(scores))


def test_padding_may_hold_any_score_and_ties_are_allowed() -> None:
    assert TopK(np.array([[3, 4, -1]]), np.array([[1.0, 1.0, np.nan]])).lengths.tolist() == [2]


def test_lists_do_not_change() -> None:
    top = TopK.of([[1]])
    for array in (top.items, top.scores):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 5
