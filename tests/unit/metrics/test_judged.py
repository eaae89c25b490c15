"""Lists held against the right answers."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import DataError, ModelError
from segue.metrics import Judged, judge


def lists(*rows: list[int]) -> TopK:
    return TopK.of(rows)


def test_the_weight_and_the_repeats_of_a_relevant_item_do_not_matter() -> None:
    judged = judge(lists([1, 2, 3]), Histories(np.array([0, 3]), np.array([2, 2, 9]), np.array([5.0, -1.0, 0.0])))
    assert judged.hits.tolist() == [[False, True, False]]
    assert judged.relevant.tolist() == [2]


def test_a_list_that_names_a_relevant_item_twice_breaks_the_promise_of_its_model() -> None:
    with pytest.raises(ModelError, match="row 1 names an item twice"):
        judge(lists([1, 2], [3, 3]), Histories.of([[1], [3]]))


def test_a_row_without_relevant_items_is_refused() -> None:
    with pytest.raises(DataError, match="no relevant item"):
        judge(lists([1], [2]), Histories.of([[1], []]))


def test_one_row_of_relevant_items_per_list_is_needed() -> None:
    with pytest.raises(DataError, match="one row of relevant items per list"):
        judge(lists([1], [2]), Histories.of([[1]]))


def test_empty_lists_miss() -> None:
    assert not judge(TopK.of([[], []], k=4), Histories.of([[1], [2]])).hits.any()


def test_no_lists_are_no_error() -> None:
    assert len(judge(TopK.of([], k=4), Histories.empty())) == 0


def test_marks_are_immutable() -> None:
    judged = judge(lists([1, 2]), Histories.of([[1]]))
    with pytest.raises(ValueError, match="read-only"):
        judged.hits[0, 0] = False


def test_misshapen_marks_are_refused() -> None:
    with pytest.raises(DataError, match="a row per list"):
        Judged(np.zeros((2, 3), bool), np.array([1]))
