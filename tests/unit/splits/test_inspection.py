"""Whether a part is a fair sample, and whether training knows the future."""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.stats

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits import HeldOutItems, HeldOutUsers, LeaveLastOut, Part, PerUserRatio, Split, TimeCut, inspect
from segue.splits.inspection import gini
from unit.splits.conftest import MakeDataset


def world(order: str = "none", users: int = 400, items: int = 60) -> Dataset:
    """Items of falling popularity; plays come in random order."""
    generator = np.random.default_rng(0)
    chance = 4 / np.arange(4, items + 4)
    rows = [generator.permutation(np.flatnonzero(generator.random(items) < chance)) for _ in range(users)]
    histories = Histories.of([row.tolist() for row in rows])
    if order == "time":
        times = np.concatenate([np.sort(generator.integers(0, 10**6, len(row))) for row in rows])
        histories = Histories(histories.offsets, histories.items, histories.weights, times, order="time")
    return Dataset.from_csr(histories.csr(items)).with_histories(histories)


def test_the_gini_index_is_worked_by_hand() -> None:
    # Mean absolute difference over twice the mean: of 1, 2, 3 it is (8 / 9) / 4.
    assert gini(np.array([3, 1, 2])) == pytest.approx(2 / 9)
    assert gini(np.array([5, 5, 5])) == 0
    assert gini(np.array([0, 0, 7, 0])) == pytest.approx(3 / 4)
    assert gini(np.zeros(3, np.int64)) == 0


def test_popularity_is_counted_in_users_and_tau_is_scipys() -> None:
    split = PerUserRatio().split(world(), 1)
    found = inspect(split).popularity
    learned = (split.train.csr() > 0).sum(axis=0)
    hidden = np.bincount(split.test.relevant.items, minlength=60)
    assert found.kendall_tau == pytest.approx(scipy.stats.kendalltau(learned, hidden).statistic)
    assert found.gini_train == pytest.approx(gini(np.asarray(learned)))
    assert found.gini_test == pytest.approx(gini(hidden))


@pytest.mark.parametrize("splitter", [PerUserRatio(), HeldOutUsers(test=0.3)])
def test_random_parts_are_fair_samples(splitter: PerUserRatio | HeldOutUsers) -> None:
    for seed in range(5):
        split = splitter.split(world(), seed)
        assert inspect(split, seed=seed).warnings == ()


def test_a_part_of_other_items_is_no_fair_sample() -> None:
    # Hidden are the least popular of each user's items.
    rows = [sorted(row.items.tolist()) for row in (world().histories[user] for user in range(400))]
    dataset = world().with_histories(Histories.of(rows, order="position"))
    split = LeaveLastOut(test=2).split(dataset)
    (warning, *_) = inspect(split).warnings
    assert warning.startswith("not a fair sample")


def test_new_items_are_not_called_unfair(make_dataset: MakeDataset) -> None:
    split = HeldOutItems(test=0.3).split(make_dataset(1), 1)
    assert inspect(split).warnings == ()


def test_a_random_split_of_data_with_times_knows_the_future() -> None:
    split = PerUserRatio().split(world("time"), 0)
    warnings = " ".join(inspect(split).warnings)
    assert re.search("the future is known: (4[5-9]|50)% of the training entries", warnings)
    assert "users are shown entries that are later" in warnings


def test_the_last_items_of_each_user_leak_through_others_only() -> None:
    warnings = " ".join(inspect(LeaveLastOut().split(world("time"))).warnings)
    assert "the future is known" in warnings
    assert "are shown entries" not in warnings


def test_a_time_cut_knows_no_future() -> None:
    warnings = inspect(TimeCut().split(world("time"))).warnings
    assert not [warning for warning in warnings if "future" in warning or "later" in warning]


def test_the_validation_part_is_looked_at_where_it_is_named() -> None:
    split = PerUserRatio(validation=0.2).split(world(), 1)
    assert inspect(split, "validation").popularity != inspect(split).popularity
    with pytest.raises(DataError, match="no validation part"):
        inspect(PerUserRatio().split(world(), 1), "validation")


def test_a_part_where_all_is_alike_has_no_tau() -> None:
    dataset = Dataset.from_csr(Histories.of([{0: 1.0}, {1: 1.0}, {0: 1.0}, {1: 1.0}]).csr(2))
    part = Part(np.array([0, 1]), Histories.empty(2), Histories.of([{0: 1.0}, {1: 1.0}]))
    found = inspect(Split(dataset, None, part, PerUserRatio())).popularity
    assert found.kendall_tau is None
    assert found.gini_test == 0
