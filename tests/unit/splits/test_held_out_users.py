"""Users kept out of training, with fold-in."""

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
from segue.splits import HeldOutUsers

MakeDataset = Callable[..., Dataset]
SEEDS = st.integers(0, 10_000)


def rows(histories: Histories) -> list[list[int]]:
    return [histories[row].items.tolist() for row in range(len(histories))]


def dataset_of(histories: Histories) -> Dataset:
    items = Vocabulary(map(str, range(histories.n_items)))
    return Dataset(Vocabulary(map(str, range(len(histories)))), items, histories, Catalogue.bare(items))


@given(seed=SEEDS, order=st.sampled_from(["none", "position", "time"]))
def test_a_held_out_user_is_not_in_training(make_dataset: MakeDataset, seed: int, order: str) -> None:
    dataset = make_dataset(seed, order, users=60)
    split = HeldOutUsers(test=0.3, validation=0.2).split(dataset, seed)
    assert split.validation is not None
    trained = set(split.train.users)
    tested, validated = (set(dataset.users.ids(part.users)) for part in (split.test, split.validation))
    assert not trained & tested
    assert not trained & validated
    assert not tested & validated
    left_out = split.test.without_relevant + split.validation.without_relevant
    assert len(trained) + len(tested) + len(validated) + left_out == dataset.n_users


@given(seed=SEEDS, order=st.sampled_from(["none", "position", "time"]))
def test_given_and_hidden_items_are_a_partition_of_a_held_out_users_items(
    make_dataset: MakeDataset, seed: int, order: str
) -> None:
    dataset = make_dataset(seed, order, users=60)
    test = HeldOutUsers(test=0.5).split(dataset, seed).test
    for user, shown, hidden in zip(test.users.tolist(), rows(test.given), rows(test.relevant), strict=True):
        assert set(shown) | set(hidden) == set(dataset.histories[user].items.tolist())
        assert not set(shown) & set(hidden)
        assert len(hidden) == len(set(hidden))


@given(seed=SEEDS)
def test_training_users_keep_their_histories_whole(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed, users=60)
    train = HeldOutUsers(test=0.5).split(dataset, seed).train
    assert train.histories == dataset.histories[dataset.users.positions(list(train.users))]
    assert train.items is dataset.items


def test_of_a_playlist_the_first_half_of_the_distinct_tracks_is_given() -> None:
    # 5 distinct tracks (7 appears twice): floor(5 / 2) = 2 seeds. The repeat of 3 after the cut is left out.
    playlists = Histories.of([[7, 3, 7, 5, 3, 2, 9]] * 2, order="position")
    test = HeldOutUsers(test=0.5).split(dataset_of(playlists)).test
    assert rows(test.given) == [[7, 3, 7]]
    assert rows(test.relevant) == [[5, 2, 9]]


def test_a_hidden_track_that_training_never_saw_stays_relevant() -> None:
    playlists = Histories.of([[0, 1, 2], [3, 4, 5]], order="position")
    split = HeldOutUsers(test=0.5).split(dataset_of(playlists))
    assert set(split.test.relevant.items.tolist()).isdisjoint(split.train.histories.items.tolist())
    assert split.test.relevant.n_entries == 2


def test_histories_without_order_give_four_fifths_at_random() -> None:
    histories = Histories(np.arange(101) * 10, np.tile(np.arange(10), 100), np.ones(1000))
    test = HeldOutUsers().split(dataset_of(histories)).test
    assert test.given.lengths.tolist() == [8] * 10
    assert len({tuple(row) for row in rows(test.relevant)}) > 1


@given(seed=SEEDS, folds=st.integers(2, 7))
def test_every_user_is_asked_in_one_fold_and_trained_on_in_the_others(
    make_dataset: MakeDataset, seed: int, folds: int
) -> None:
    dataset = dataset_of(Histories(np.arange(21) * 4, np.tile(np.arange(4), 20), np.ones(80)))
    splits = list(HeldOutUsers().folds(dataset, folds, seed))
    asked = np.concatenate([split.test.users for split in splits])
    assert sorted(asked.tolist()) == list(range(20))
    assert all(len(split.train.users) + len(split.test) == 20 for split in splits)


def test_folds_can_have_a_validation_part(make_dataset: MakeDataset) -> None:
    dataset = dataset_of(Histories(np.arange(21) * 4, np.tile(np.arange(4), 20), np.ones(80)))
    for split in HeldOutUsers(validation=0.1).folds(dataset, 4):
        assert split.validation is not None
        assert (len(split.train.users), len(split.validation), len(split.test)) == (13, 2, 5)


def test_the_same_seed_gives_the_same_split_and_another_seed_another(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(1, users=100)
    first, again, other = (HeldOutUsers().split(dataset, seed) for seed in (3, 3, 4))
    assert first.train == again.train
    assert first.test.relevant == again.test.relevant
    assert first.test.users.tolist() != other.test.users.tolist()


def test_too_few_users_are_refused() -> None:
    with pytest.raises(DataError, match="too few"):
        HeldOutUsers().split(dataset_of(Histories.of([[0, 1, 2]])))


def test_test_users_without_hidden_items_are_refused() -> None:
    with pytest.raises(DataError, match="no test users"):
        HeldOutUsers().split(dataset_of(Histories.of([[], [], []], order="none")))


def test_more_folds_than_users_are_refused() -> None:
    dataset = dataset_of(Histories.of([[0, 1], [1, 0]]))
    with pytest.raises(DataError, match="3 folds"):
        next(HeldOutUsers().folds(dataset, 3))
    with pytest.raises(SettingsError, match="at least 2"):
        next(HeldOutUsers().folds(dataset, 1))


@pytest.mark.parametrize(
    "settings",
    [{"test": 0.0}, {"given": 1.0}, {"test": 0.5, "validation": 0.5}, {"validation": 1.0}, {"pick": "middle"}],
)
def test_impossible_settings_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        HeldOutUsers(**settings)  # type: ignore[arg-type]
