"""What every split gives, and what it refuses to be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits import (
    SPLITS,
    HeldOutItems,
    HeldOutUsers,
    LeaveLastOut,
    NewUsers,
    Part,
    PerUserRatio,
    TimeCut,
)

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
    assert dict(SPLITS) == {
        "held-out-users": HeldOutUsers,
        "per-user": PerUserRatio,
        "leave-last-out": LeaveLastOut,
        "time-cut": TimeCut,
        "new-users": NewUsers,
        "held-out-items": HeldOutItems,
    }


def test_a_relevant_item_must_be_allowed() -> None:
    allowed = np.array([False, True, True])
    part = Part(np.array([0]), Histories.of([[0]]), Histories.of([[2]]), allowed=allowed)
    assert part.allowed is not None
    assert not part.allowed.flags.writeable
    with pytest.raises(DataError, match="may not be recommended"):
        Part(np.array([0]), Histories.of([[1]]), Histories.of([[0]]), allowed=np.array([False, True]))
    with pytest.raises(DataError, match="may not be recommended"):
        Part(np.array([0]), Histories.of([[1]]), Histories.of([[2]]), allowed=np.array([False, True]))


def test_the_fingerprint_is_of_the_test_part_whatever_was_learned(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(7, users=60)
    split = PerUserRatio(validation=0.2).split(dataset, 3)
    again = PerUserRatio(validation=0.2).split(dataset, 3)
    assert again.test_fingerprint() == split.test_fingerprint()
    assert replace(split, train=split.known).test_fingerprint() == split.test_fingerprint()
    others = [
        PerUserRatio(validation=0.2).split(dataset, 4),
        replace(split, test=split.validation),
        replace(split, test=replace(split.test, allowed=np.ones(dataset.n_items, np.bool_))),
    ]
    assert len({other.test_fingerprint() for other in (split, *others)}) == 4


@pytest.mark.parametrize("name", list(SPLITS))
def test_every_record_is_json_and_counts_what_the_split_holds(make_dataset: MakeDataset, name: str) -> None:
    validation = 1 if name == "leave-last-out" else 0.2
    split = SPLITS[name](validation=validation).split(make_dataset(7, "time", users=60), seed=3)  # type: ignore[call-arg]
    record = json.loads(json.dumps(split.record()))
    assert (record["split"], record["seed"]) == (name, 3)
    assert record["settings"]["validation"] == validation
    assert record["known"]["entries"] == split.known.histories.n_entries > record["train"]["entries"]
    assert record["test_fingerprint"] == split.test_fingerprint()
    assert record["train"]["entries"] == split.train.histories.n_entries
    assert record["test"]["users"] == len(split.test)
    assert record["test"]["items_relevant"] == split.test.relevant.n_entries
    assert record["validation"] is not None
