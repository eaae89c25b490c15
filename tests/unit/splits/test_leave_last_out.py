"""The last items of every user."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.splits import LeaveLastOut
from unit.splits.conftest import MakeDataset


def dataset_of(rows: list[list[int]]) -> Dataset:
    histories = Histories.of(rows, order="position")
    return Dataset.from_csr(histories.csr(10)).with_histories(histories)


def test_the_last_item_is_hidden_and_the_one_before_is_for_validation() -> None:
    split = LeaveLastOut(validation=1).split(dataset_of([[4, 2, 7, 1], [3, 5], [6]]))
    assert split.test.users.tolist() == [0, 1]
    assert [split.test.relevant[row].items.tolist() for row in (0, 1)] == [[1], [5]]
    assert [split.test.given[row].items.tolist() for row in (0, 1)] == [[4, 2, 7], [3]]
    assert split.test.without_relevant == 1
    assert split.validation is not None
    assert split.validation.users.tolist() == [0]
    assert split.validation.relevant[0].items.tolist() == [7]
    assert [split.train.histories[row].items.tolist() for row in range(3)] == [[4, 2], [3], [6]]
    assert [split.known.histories[row].items.tolist() for row in range(3)] == [[4, 2, 7], [3], [6]]


def test_last_is_meant_by_first_occurrence_and_later_repeats_are_not_shown() -> None:
    split = LeaveLastOut().split(dataset_of([[4, 2, 4, 7, 2]]))
    assert split.test.relevant[0].items.tolist() == [7]
    assert split.test.given[0].items.tolist() == [4, 2, 4]


def test_who_has_too_few_items_stays_whole() -> None:
    split = LeaveLastOut(test=3).split(dataset_of([[1, 2, 3], [1, 2, 3, 4]]))
    assert split.test.users.tolist() == [1]
    assert split.train.histories.lengths.tolist() == [3, 1]


@given(seed=st.integers(0, 10_000), test=st.integers(1, 4), validation=st.integers(0, 3))
def test_exactly_so_many_items_are_hidden(make_dataset: MakeDataset, seed: int, test: int, validation: int) -> None:
    dataset = make_dataset(seed, "time")
    split = LeaveLastOut(test=test, validation=validation).split(dataset)
    assert set(split.test.relevant.lengths.tolist()) == {test}
    if split.validation is not None:
        assert set(split.validation.relevant.lengths.tolist()) == {validation}
    for row, user in enumerate(split.test.users.tolist()):
        assert split.train.histories[user].n_entries > 0
        whole = dict.fromkeys(dataset.histories[user].items.tolist())
        assert list(whole)[-test:] == split.test.relevant[row].items.tolist()


def test_histories_without_order_and_impossible_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="no order"):
        LeaveLastOut().split(Dataset.from_csr(Histories.of([{1: 1.0, 2: 1.0}]).csr(3)))
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        LeaveLastOut(test=0)
    with pytest.raises(SettingsError, match="at least 0, got -1"):
        LeaveLastOut(validation=-1)
