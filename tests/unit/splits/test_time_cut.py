"""One global cut in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.splits import TimeCut

MakeDataset = Callable[..., Dataset]
SEEDS = st.integers(0, 10_000)


def rows(histories: Histories) -> list[list[int]]:
    return [histories[row].items.tolist() for row in range(len(histories))]


def timed(*plays: list[tuple[int, int]]) -> Dataset:
    """One user per list of (item, second)."""
    flat = [play for user in plays for play in user]
    histories = Histories(
        np.concatenate([[0], np.cumsum([len(user) for user in plays])]).astype(np.int64),
        np.array([item for item, _ in flat]),
        np.ones(len(flat)),
        np.array([second for _, second in flat], dtype=np.int64),
        order="time",
    )
    items = Vocabulary(map(str, range(histories.n_items)))
    return Dataset(Vocabulary(map(str, range(len(plays)))), items, histories, Catalogue.bare(items))


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_known_items_and_their_repeats_are_not_relevant_after_the_cut() -> None:
    dataset = timed([(0, 1), (1, 5), (0, 10), (2, 11), (2, 12)], [(3, 2)], [(0, 10)])
    split = TimeCut(test_at=at(10)).split(dataset)
    assert rows(split.train.histories) == [[0, 1], [3], []]
    assert split.test.users.tolist() == [0, 2]
    assert rows(split.test.given) == [[0, 1], []]  # the third user is wholly new
    assert rows(split.test.relevant) == [[2], [0]]
    assert split.test.relevant.weights.tolist() == [2.0, 1.0]
    assert split.test.without_relevant == 1
    assert split.test.counts()["users_without_history"] == 1


def test_validation_lies_between_training_and_test() -> None:
    dataset = timed([(0, 1), (1, 5), (2, 10)], [(0, 2), (2, 6), (1, 11)])
    split = TimeCut(validation_at=at(4), test_at=at(10)).split(dataset)
    assert split.validation is not None
    assert rows(split.train.histories) == [[0], [0]]
    assert rows(split.validation.relevant) == [[1], [2]]
    assert rows(split.test.given) == [[0, 1], [0, 2]]
    assert rows(split.test.relevant) == [[2], [1]]


@given(seed=SEEDS, validation=st.sampled_from([0.0, 0.25]))
def test_nothing_of_the_future_is_learned_from_or_given(
    make_dataset: MakeDataset, seed: int, validation: float
) -> None:
    dataset = make_dataset(seed, "time")
    split = TimeCut(test=0.25, validation=validation).split(dataset)
    last = split.train.histories.times.max()  # type: ignore[union-attr]
    for part in (split.validation, split.test):
        if part is not None:
            assert part.relevant.times is not None
            assert last < part.relevant.times.min()
            assert part.given.times is not None
            assert part.given.times.max(initial=0) < part.relevant.times.min()
    assert split.test.given.n_entries + split.test.relevant.n_entries <= dataset.histories.n_entries


@given(seed=SEEDS)
def test_given_and_relevant_items_are_a_partition_of_each_users_items(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed, "time")
    test = TimeCut(test=0.3).split(dataset).test
    for user, shown, hidden in zip(test.users.tolist(), rows(test.given), rows(test.relevant), strict=True):
        assert set(shown) | set(hidden) == set(dataset.histories[user].items.tolist())
        assert not set(shown) & set(hidden)


def test_a_share_cuts_off_that_share_of_the_entries() -> None:
    dataset = timed([(item, item) for item in range(10)])
    split = TimeCut(test=0.3).split(dataset)
    assert rows(split.train.histories) == [list(range(7))]
    assert rows(split.test.relevant) == [[7, 8, 9]]


def test_a_moment_without_a_time_zone_is_utc() -> None:
    naive = TimeCut(test_at=datetime(1970, 1, 1, 0, 0, 10)).split(timed([(0, 9), (1, 10)]))  # noqa: DTZ001
    aware = TimeCut(test_at=datetime(1970, 1, 1, 2, 0, 10, tzinfo=timezone(timedelta(hours=2)))).split(
        timed([(0, 9), (1, 10)])
    )
    assert rows(naive.train.histories) == rows(aware.train.histories) == [[0]]


def test_the_record_names_the_moment() -> None:
    record = TimeCut(test_at=at(10)).split(timed([(0, 9), (1, 10)])).record()
    assert record["settings"]["test_at"] == "1970-01-01T00:00:10+00:00"


def test_histories_without_times_are_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(DataError, match="needs times"):
        TimeCut().split(make_dataset(0, "position"))


def test_a_cut_after_everything_leaves_no_test_users() -> None:
    with pytest.raises(DataError, match="no test users"):
        TimeCut(test_at=at(100)).split(timed([(0, 1), (1, 2)]))


def test_a_cut_before_everything_leaves_nothing_to_train_on() -> None:
    with pytest.raises(DataError, match="nothing to train on"):
        TimeCut(test_at=at(0)).split(timed([(0, 1), (1, 2)]))


def test_an_empty_validation_period_is_refused() -> None:
    with pytest.raises(DataError, match="validation period is empty"):
        TimeCut(test=0.2, validation=0.2).split(timed([(0, 1), (1, 5), (2, 5), (3, 5), (4, 5)]))


def test_an_empty_dataset_is_refused() -> None:
    histories = Histories(np.zeros(2), np.zeros(0, np.int32), np.zeros(0), np.zeros(0), order="time")
    items = Vocabulary(["a"])
    with pytest.raises(DataError, match="no entries"):
        TimeCut().split(Dataset(Vocabulary(["u"]), items, histories, Catalogue.bare(items)))


def test_validation_after_test_is_refused() -> None:
    with pytest.raises(SettingsError, match="must come before"):
        TimeCut(validation_at=at(10), test_at=at(10))
