"""What every split gives, and what it refuses to be."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits import SPLITS, HeldOutUsers, Part, PerUserRatio, TimeCut

MakeDataset = Callable[..., Dataset]


def test_an_item_both_given_and_hidden_is_refused() -> None:
    with pytest.raises(DataError, match="leak"):
        Part(np.array([0]), Histories.of([[1, 2]]), Histories.of([[3, 2]]))


def test_the_same_item_given_to_another_user_is_no_leak() -> None:
    assert len(Part(np.array([0, 1]), Histories.of([[1], [2]]), Histories.of([[2], [1]]))) == 2


def test_a_user_without_a_relevant_item_is_refused() -> None:
    with pytest.raises(DataError, match="must have a relevant item"):
        Part(np.array([0, 1]), Histories.of([[1], [1]]), Histories.of([[2], []]))


def test_a_repeated_relevant_item_is_refused() -> None:
    with pytest.raises(DataError, match="relevant twice"):
        Part(np.array([0]), Histories.of([[1]]), Histories.of([[2, 2]]))


def test_rows_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(DataError, match="one row of each per user"):
        Part(np.array([0, 1]), Histories.of([[1]]), Histories.of([[2]]))


def test_the_table_of_splits_goes_by_their_names() -> None:
    assert dict(SPLITS) == {splitter.name: splitter for splitter in SPLITS.values()}
    assert [SPLITS[name] for name in ("held-out-users", "per-user", "time-cut")] == [
        HeldOutUsers,
        PerUserRatio,
        TimeCut,
    ]


@pytest.mark.parametrize("name", ["held-out-users", "per-user", "time-cut"])
def test_every_record_is_json_and_counts_what_the_split_holds(make_dataset: MakeDataset, name: str) -> None:
    split = SPLITS[name](validation=0.2).split(make_dataset(7, "time", users=60), seed=3)  # type: ignore[call-arg]
    record = json.loads(json.dumps(split.record()))
    assert (record["split"], record["seed"]) == (name, 3)
    assert record["settings"]["validation"] == 0.2
    assert record["train"]["entries"] == split.train.histories.n_entries
    assert record["test"]["users"] == len(split.test)
    assert record["test"]["items_relevant"] == split.test.relevant.n_entries
    assert record["validation"] is not None
