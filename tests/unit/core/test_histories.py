"""Histories against lists of tuples."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.core.histories import Histories, Order, Repeats
from segue.errors import DataError

Entry = tuple[int, float, int]  # item, weight, time
MAX_ITEM = 7


@dataclass(frozen=True)
class Naive:
    """The same rows as plain lists."""

    rows: list[list[Entry]]
    repeats: Repeats

    def merged(self) -> list[list[Entry]]:
        result = []
        for row in self.rows:
            weights: dict[int, float] = {}
            times: dict[int, int] = {}
            for item, weight, time in row:
                weights[item] = weight + (weights.get(item, 0.0) if self.repeats == "sum" else 0.0)
                times.setdefault(item, time)
            result.append([(item, weight, times[item]) for item, weight in weights.items()])
        return result


def build(rows: list[list[Entry]], order: Order = "time", repeats: Repeats = "sum") -> Histories:
    flat = [entry for row in rows for entry in row]
    return Histories(
        np.cumsum([0, *map(len, rows)]),
        np.array([item for item, _, _ in flat], dtype=np.int32),
        np.array([weight for _, weight, _ in flat], dtype=np.float32),
        np.array([time for _, _, time in flat], dtype=np.int64),
        order=order,
        repeats=repeats,
        context=pl.DataFrame({"row": list(range(len(rows)))}, schema={"row": pl.Int64}),
    )


def entries(histories: Histories) -> list[list[Entry]]:
    assert histories.times is not None
    flat = list(zip(histories.items.tolist(), histories.weights.tolist(), histories.times.tolist(), strict=True))
    bounds = histories.offsets.tolist()
    return [flat[start:stop] for start, stop in pairwise(bounds)]


def context(histories: Histories) -> list[int]:
    assert histories.context is not None
    return histories.context["row"].to_list()


# Weights are whole numbers, so that sums are exact in any order.
ENTRY = st.tuples(st.integers(0, MAX_ITEM), st.integers(-3, 5).map(float), st.integers(0, 9))
ROWS = st.lists(st.lists(ENTRY, max_size=8).map(lambda row: sorted(row, key=lambda entry: entry[2])), max_size=7)
REPEATS = st.sampled_from(["sum", "last"])


@given(rows=ROWS)
def test_rows_come_back_as_they_went_in(rows: list[list[Entry]]) -> None:
    histories = build(rows)
    assert entries(histories) == rows
    assert len(histories) == len(rows)
    assert histories.lengths.tolist() == [len(row) for row in rows]
    assert histories.row_of_entry.tolist() == [number for number, row in enumerate(rows) for _ in row]
    assert histories.n_entries == sum(map(len, rows))
    assert histories.n_items == max((item + 1 for row in rows for item, _, _ in row), default=0)
    assert histories == build(rows)


@given(
    rows=ROWS,
    start=st.integers(-9, 9) | st.none(),
    stop=st.integers(-9, 9) | st.none(),
    step=st.sampled_from([None, 1, 2, -1, -2]),
)
def test_slicing_is_that_of_a_list(
    rows: list[list[Entry]], start: int | None, stop: int | None, step: int | None
) -> None:
    cut = slice(start, stop, step)
    histories = build(rows)[cut]
    assert entries(histories) == rows[cut]
    assert context(histories) == list(range(len(rows)))[cut]


@given(rows=ROWS, data=st.data())
def test_rows_may_be_named_by_positions_in_any_order(rows: list[list[Entry]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(-len(rows), len(rows) - 1), max_size=9)) if rows else []
    for named in (chosen, np.array(chosen, dtype=np.int64)):
        histories = build(rows)[named]
        assert entries(histories) == [rows[number] for number in chosen]
        assert context(histories) == [list(range(len(rows)))[number] for number in chosen]


@given(rows=ROWS, data=st.data())
def test_rows_may_be_named_by_a_mask(rows: list[list[Entry]], data: st.DataObject) -> None:
    mask = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    histories = build(rows)[np.array(mask, dtype=bool)]
    assert entries(histories) == [row for row, chosen in zip(rows, mask, strict=True) if chosen]


@given(rows=ROWS.filter(bool), data=st.data())
def test_one_number_names_a_single_history(rows: list[list[Entry]], data: st.DataObject) -> None:
    number = data.draw(st.integers(-len(rows), len(rows) - 1))
    assert entries(build(rows)[number]) == [rows[number]]
    assert entries(build(rows)[np.int64(number)]) == [rows[number]]


def test_a_row_that_is_not_there_is_an_index_error() -> None:
    histories = build([[(1, 1.0, 0)]])
    for rows in (1, -2, [1], np.array([True, False])):
        with pytest.raises(IndexError):
            histories[rows]  # type: ignore[index]


@given(parts=st.lists(ROWS, min_size=1, max_size=4))
def test_concatenation_is_that_of_lists(parts: list[list[list[Entry]]]) -> None:
    joined = Histories.concatenate([build(rows) for rows in parts])
    assert entries(joined) == [row for rows in parts for row in rows]
    assert context(joined) == [number for rows in parts for number in range(len(rows))]


@given(rows=ROWS, data=st.data())
def test_cutting_and_joining_gives_the_whole_back(rows: list[list[Entry]], data: st.DataObject) -> None:
    histories = build(rows)
    at = data.draw(st.integers(0, len(rows)))
    assert Histories.concatenate([histories[:at], histories[at:]]) == histories


@given(rows=ROWS, data=st.data())
def test_where_keeps_the_entries_of_the_mask_and_every_row(rows: list[list[Entry]], data: st.DataObject) -> None:
    histories = build(rows)
    size = histories.n_entries
    mask = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    kept = iter(mask)
    assert entries(histories.where(np.array(mask, dtype=bool))) == [[e for e in row if next(kept)] for row in rows]


@given(rows=ROWS, n_items=st.integers(0, MAX_ITEM + 2))
def test_unknown_items_are_left_out_and_counted(rows: list[list[Entry]], n_items: int) -> None:
    known, ignored = build(rows).known(n_items)
    expected = [[entry for entry in row if entry[0] < n_items] for row in rows]
    assert entries(known) == expected
    assert ignored == sum(map(len, rows)) - sum(map(len, expected))


@given(rows=ROWS, repeats=REPEATS)
def test_merging_keeps_the_first_place_and_time_and_one_weight(rows: list[list[Entry]], repeats: Repeats) -> None:
    merged = build(rows, repeats=repeats).merged()
    assert entries(merged) == Naive(rows, repeats).merged()
    assert merged.merged() == merged


@given(rows=ROWS, repeats=REPEATS, extra=st.integers(0, 3))
def test_the_matrix_holds_each_merged_entry_stored_zeros_too(
    rows: list[list[Entry]], repeats: Repeats, extra: int
) -> None:
    histories = build(rows, repeats=repeats)
    n_items = histories.n_items + extra
    matrix = histories.csr(n_items)
    assert matrix.shape == (len(rows), n_items)
    assert matrix.dtype == np.float32
    for number, row in enumerate(Naive(rows, repeats).merged()):
        start, stop = matrix.indptr[number], matrix.indptr[number + 1]
        there = list(zip(matrix.indices[start:stop].tolist(), matrix.data[start:stop].tolist(), strict=True))
        assert there == sorted((item, weight) for item, weight, _ in row)


@given(rows=ROWS)
def test_a_matrix_gives_the_histories_of_its_rows(rows: list[list[Entry]]) -> None:
    matrix = build(rows).csr(MAX_ITEM + 1)
    back = Histories.from_csr(matrix)
    assert back.order == "none"
    again = back.csr(MAX_ITEM + 1)
    assert np.array_equal(again.indptr, matrix.indptr)
    assert np.array_equal(again.indices, matrix.indices)
    assert np.array_equal(again.data, matrix.data)


def test_a_matrix_can_be_changed_without_changing_the_histories() -> None:
    histories = build([[(1, 2.0, 0)]])
    histories.csr().data[:] = 9
    assert histories.weights.tolist() == [2.0]


def test_a_matrix_with_too_few_columns_is_refused() -> None:
    with pytest.raises(DataError, match="only 1 items"):
        build([[(1, 2.0, 0)]]).csr(1)


def test_histories_by_hand() -> None:
    sequences = Histories.of([[3, 1], []])
    assert (sequences.order, sequences.items.tolist(), sequences.weights.tolist()) == ("position", [3, 1], [1, 1])
    weighted = Histories.of([{3: 0.5}, {}, {1: -1}])
    assert (weighted.order, weighted.offsets.tolist(), weighted.weights.tolist()) == ("none", [0, 1, 1, 2], [0.5, -1])
    assert Histories.of([]).order == "none"
    assert len(Histories.empty(3)) == 3


@pytest.mark.parametrize(
    "rows", [[[1.5]], [["a"]], [[2**40]], [[-1]], [{1: None}], [{1: float("nan")}], [{1: 1e300}], [[2**80]]]
)
def test_what_is_no_history_by_hand_is_refused(rows: list[Any]) -> None:
    with pytest.raises(DataError):
        Histories.of(rows)


GOOD: dict[str, Any] = {
    "offsets": [0, 2],
    "items": [1, 2],
    "weights": [1.0, 1.0],
    "times": [5, 6],
    "order": "time",
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offsets": []}, "offsets must be a vector"),
        ({"offsets": [1, 2]}, "offsets must be a vector from 0"),
        ({"offsets": [0, 3]}, "number of entries"),
        ({"offsets": [0, 3, 2]}, "never fall"),
        ({"offsets": [[0, 2]]}, "offsets must be a vector"),
        ({"offsets": [0, 1.5, 2]}, "whole numbers"),
        ({"items": [1]}, "number of entries"),
        ({"items": [1, -2]}, "must be 0 or more, got -2"),
        ({"items": [1, 2**31]}, "32 bits"),
        ({"items": [1, -(2**40)]}, "32 bits"),
        ({"items": [1.0, 2.0]}, "whole numbers"),
        ({"weights": [1.0]}, "one length"),
        ({"weights": [1.0, np.nan]}, "finite"),
        ({"weights": [1.0, np.inf]}, "finite"),
        ({"weights": [1.0, 1e300]}, "finite"),
        ({"weights": ["1", "2"]}, "numbers were expected"),
        ({"times": [5]}, "one length"),
        ({"times": [6, 5]}, "rising times"),
        ({"times": [5, np.nan]}, "whole numbers"),
        ({"times": None}, "need times"),
        ({"order": "random"}, "order must be"),
        ({"repeats": "mean"}, "repeats must be"),
        ({"context": pl.DataFrame({"a": [1, 2]})}, "one row per history"),
    ],
)
def test_parts_that_do_not_fit_are_refused(change: dict[str, Any], message: str) -> None:
    Histories(**GOOD)
    with pytest.raises(DataError, match=message):
        Histories(**{**GOOD, **change})


def test_times_may_fall_from_one_row_to_the_next() -> None:
    assert len(Histories([0, 1, 1, 2], [1, 2], [1, 1], [9, 3], order="time")) == 3  # type: ignore[arg-type]


def test_a_sum_of_weights_that_overflows_is_refused() -> None:
    with pytest.raises(DataError, match="finite"):
        build([[(1, 3e38, 0), (1, 3e38, 1)]]).merged()


def test_histories_of_different_kinds_are_not_joined() -> None:
    with pytest.raises(DataError, match="cannot be joined"):
        Histories.concatenate([Histories.of([[1]]), Histories.of([{1: 1}])])


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(DataError, match="one value per entry"):
        Histories.of([[1, 2]]).where(np.array([True]))


def test_histories_do_not_change() -> None:
    histories = build([[(1, 2.0, 0)]])
    for array in (histories.offsets, histories.items, histories.weights, histories.times):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        histories.items = np.zeros(1, np.int32)  # type: ignore[misc]


def test_a_matrix_that_changes_later_does_not_change_its_histories() -> None:
    matrix = sp.csr_array(np.array([[1.0, 2.0]], dtype=np.float32))
    histories = Histories.from_csr(matrix)
    matrix.data[:] = 9
    assert histories.weights.tolist() == [1.0, 2.0]
