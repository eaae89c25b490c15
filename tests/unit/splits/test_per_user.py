"""Each user's items, parted by a share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.splits import PerUserRatio, Split

MakeDataset = Callable[..., Dataset]
SEEDS = st.integers(0, 10_000)


def rows(histories: Histories) -> list[list[int]]:
    return [histories[row].items.tolist() for row in range(len(histories))]


def dataset_of(histories: Histories) -> Dataset:
    items = Vocabulary(map(str, range(histories.n_items)))
    return Dataset(Vocabulary(map(str, range(len(histories)))), items, histories, Catalogue.bare(items))


def hidden_by_user(split: Split, n_users: int) -> list[set[int]]:
    hidden: list[set[int]] = [set() for _ in range(n_users)]
    for part in (split.test, split.validation):
        if part is not None:
            for user, items in zip(part.users.tolist(), rows(part.relevant), strict=True):
                assert not hidden[user] & set(items), "an item is hidden in two parts"
                hidden[user] |= set(items)
    return hidden


@given(seed=SEEDS, order=st.sampled_from(["none", "position", "time"]), validation=st.sampled_from([0.0, 0.2, 0.3]))
def test_training_and_hidden_items_are_a_partition_of_every_users_items(
    make_dataset: MakeDataset, seed: int, order: str, validation: float
) -> None:
    dataset = make_dataset(seed, order)
    pick = "random" if order == "none" else "last"
    split = PerUserRatio(test=0.3, validation=validation, pick=pick).split(dataset, seed)
    hidden = hidden_by_user(split, dataset.n_users)
    for user, (whole, train) in enumerate(zip(rows(dataset.histories), rows(split.train.histories), strict=True)):
        assert set(train) | hidden[user] == set(whole)
        assert not set(train) & hidden[user]


@given(seed=SEEDS)
def test_a_random_split_hides_the_weights_of_every_repeat_and_loses_none(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed)
    split = PerUserRatio().split(dataset, seed)
    total = split.train.histories.weights.sum() + split.test.relevant.weights.sum()
    assert total == dataset.histories.weights.sum()  # small whole numbers: exact


@given(seed=SEEDS)
def test_the_share_is_the_nearest_whole_number_of_distinct_items(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed)
    test = PerUserRatio(test=0.2).split(dataset, seed).test
    counts = dict(zip(test.users.tolist(), test.relevant.lengths.tolist(), strict=True))
    without = 0
    for user, items in enumerate(rows(dataset.histories)):
        n = len(set(items))
        expected = (2 * n + 5) // 10  # floor(n / 5 + 1 / 2) in whole numbers
        assert counts.get(user, 0) == expected
        without += expected == 0
    assert test.without_relevant == without


@given(seed=SEEDS)
def test_the_last_items_are_those_whose_first_occurrence_comes_last(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed, "time")
    test = PerUserRatio(test=0.4, pick="last").split(dataset, 0).test
    for user, hidden in zip(test.users.tolist(), rows(test.relevant), strict=True):
        by_first = list(dict.fromkeys(dataset.histories[user].items.tolist()))
        assert hidden == by_first[len(by_first) - len(hidden) :]


def test_repeats_after_the_first_hidden_item_are_left_out_of_training() -> None:
    # Distinct by first occurrence: 0 1 2 3; half of 4 is hidden: 2 and 3. The second play of 0 comes after 2 was met.
    split = PerUserRatio(test=0.5, pick="last").split(dataset_of(Histories.of([[0, 1, 1, 2, 0, 3, 2]])))
    assert rows(split.train.histories) == [[0, 1, 1]]
    assert rows(split.test.relevant) == [[2, 3]]
    assert split.test.relevant.weights.tolist() == [2.0, 1.0]


def test_the_test_part_is_given_the_validation_items() -> None:
    split = PerUserRatio(test=0.2, validation=0.2, pick="last").split(dataset_of(Histories.of([[0, 1, 2, 3, 4]])))
    assert split.validation is not None
    assert rows(split.train.histories) == [[0, 1, 2]]
    assert (rows(split.validation.given), rows(split.validation.relevant)) == ([[0, 1, 2]], [[3]])
    assert (rows(split.test.given), rows(split.test.relevant)) == ([[0, 1, 2, 3]], [[4]])


def test_the_same_seed_gives_the_same_split_and_another_seed_another(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(1)
    first, again, other = (PerUserRatio().split(dataset, seed) for seed in (3, 3, 4))
    assert first.train == again.train
    assert first.test.relevant == again.test.relevant
    assert first.test.relevant != other.test.relevant


def test_every_item_of_a_row_is_hidden_equally_often() -> None:
    # One of 5 items is hidden in each of 2,000 equal rows: 400 per item expected, standard deviation 18.
    histories = Histories(np.arange(2001) * 5, np.tile(np.arange(5), 2000), np.ones(10_000))
    hidden = PerUserRatio(test=0.2).split(dataset_of(histories), 0).test.relevant.items
    assert np.abs(np.bincount(hidden, minlength=5) - 400).max() < 5 * 18


def test_items_stay_those_of_the_dataset(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(5)
    assert PerUserRatio().split(dataset).train.items is dataset.items


def test_dislikes_and_seen_items_are_hidden_but_not_relevant() -> None:
    histories = Histories.of([{0: 1, 1: 1, 2: -1}, {0: 1, 1: 1, 2: 0}, {0: 1, 1: 1, 2: 1}], order="position")
    test = PerUserRatio(test=0.3, pick="last").split(dataset_of(histories)).test
    assert test.users.tolist() == [2]
    assert test.without_relevant == 2


def test_a_threshold_says_which_ratings_are_relevant() -> None:
    histories = Histories.of([{0: 5, 1: 4, 2: 3}, {0: 5, 1: 3, 2: 4}], order="position", repeats="last")
    test = PerUserRatio(test=0.3, pick="last", relevant_above=3.5).split(dataset_of(histories)).test
    assert (test.users.tolist(), rows(test.relevant)) == ([1], [[2]])


def test_users_with_one_item_leave_no_test_users() -> None:
    with pytest.raises(DataError, match="no test users"):
        PerUserRatio().split(dataset_of(Histories.of([[0], [1]])))


def test_at_least_one_item_stays_in_training() -> None:
    split = PerUserRatio(test=0.49, validation=0.49).split(dataset_of(Histories.of([[0, 1], [0, 1, 2, 3]])), 0)
    assert split.train.histories.lengths.min() >= 1


def test_the_last_items_of_histories_without_order_are_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(DataError, match="no order"):
        PerUserRatio(pick="last").split(make_dataset(0))


@pytest.mark.parametrize(
    "settings",
    [{"test": 0.0}, {"test": 1.0}, {"test": 0.5, "validation": 0.5}, {"validation": -0.1}, {"pick": "first"}],
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        PerUserRatio(**settings)  # type: ignore[arg-type]


@given(seed=st.integers(0, 10_000), count=st.integers(2, 5))
def test_folds_over_entries_hide_every_item_once(make_dataset: MakeDataset, seed: int, count: int) -> None:
    dataset = make_dataset(seed)
    hidden: dict[int, list[int]] = {}
    sizes = []
    for number, split in enumerate(PerUserRatio(validation=0.1).folds(dataset, count, seed), start=1):
        assert split.fold == (number, count)
        assert split.record()["fold"] == [number, count]
        sizes.append(split.test.relevant.n_entries)
        for row, user in enumerate(split.test.users.tolist()):
            hidden.setdefault(user, []).extend(split.test.relevant[row].items.tolist())
    for user in range(dataset.n_users):
        distinct = set(dataset.histories[user].items.tolist())
        assert sorted(hidden.get(user, [])) == (sorted(distinct) if len(distinct) > 1 else [])
    assert max(sizes) <= sum(sizes) / count * 1.6


def test_folds_of_the_last_items_are_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(SettingsError, match="set pick to 'random'"):
        next(PerUserRatio(pick="last").folds(make_dataset(0, "position"), 3))
    with pytest.raises(SettingsError, match="at least 2 folds, got 1"):
        next(PerUserRatio().folds(make_dataset(0), 1))


def test_train_and_validation_together_are_what_the_test_part_is_shown(make_dataset: MakeDataset) -> None:
    split = PerUserRatio(validation=0.2).split(make_dataset(2), 0)
    known = split.known.histories
    assert known.n_entries > split.train.histories.n_entries
    assert known[split.test.users] == split.test.given
    plain = PerUserRatio().split(make_dataset(2), 0)
    assert plain.known is plain.train
