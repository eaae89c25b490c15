"""What hyper-parameters are judged on never touches the test part."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from segue.core.dataset import Dataset
from segue.errors import DataError, SettingsError
from segue.splits import SPLITS, Folding, HeldOutUsers, LeaveLastOut, PerUserRatio, Splitter, TimeCut
from segue.tuning import Validation, validation_of

SEED = 3


@pytest.fixture(scope="module")
def timed() -> Dataset:
    """40 users with 10 items each, played once, one after another in the course of 400 days."""
    generator = np.random.default_rng(0)
    rows = [
        (f"u{user}", f"i{item}", 86_400 * (10 * step + user % 10))
        for user in range(40)
        for step, item in enumerate(generator.choice(60, 10, replace=False) if user % 4 else range(10))
    ]
    frame = pl.DataFrame(rows, schema=["user", "item", "time"], orient="row")
    return Dataset.from_frame(frame, user="user", item="item", time="time")


def entries(dataset: Dataset, histories: object, users: list[str]) -> set[tuple[str, int]]:
    """(user, item) of each entry."""
    rows, items = histories.row_of_entry.tolist(), histories.items.tolist()  # type: ignore[attr-defined]
    return {(users[row], item) for row, item in zip(rows, items, strict=True)}


def learned(validation: Validation) -> list[set[tuple[str, int]]]:
    return [entries(fold.train, fold.train.histories, list(fold.train.users)) for fold in validation.folds]


@pytest.mark.parametrize("how", [kind() for kind in SPLITS.values()], ids=lambda how: how.name)
@pytest.mark.parametrize("folds", [None, 2, 3])
def test_no_trial_learns_from_or_asks_for_what_the_test_part_hides(
    how: Splitter, folds: int | None, timed: Dataset
) -> None:
    split = how.split(timed, SEED)
    names = list(timed.users)
    hidden = entries(timed, split.test.relevant, [names[user] for user in split.test.users])
    validation = validation_of(timed, how, SEED, folds)
    assert len(list(validation.asked())) == (folds or 1)
    source = list(split.known.users)  # whose rows `part.users` are
    for (fold, part), train in zip(validation.asked(), learned(validation), strict=True):
        assert not hidden & train
        asked = entries(timed, part.relevant, [source[user] for user in part.users])
        assert asked
        assert not hidden & asked
        assert not asked & train
        if not isinstance(how, Folding):
            source = list(fold.train.users)


def test_the_validation_part_of_the_split_itself_is_used_where_there_is_one(timed: Dataset) -> None:
    how = HeldOutUsers(test=0.2, validation=0.1)
    validation = validation_of(timed, how, SEED)
    assert validation.part == "validation"
    assert np.array_equal(validation.folds[0].validation.users, how.split(timed, SEED).validation.users)
    assert validation.users == 4


def test_folds_of_users_ask_everyone_once_who_is_not_in_the_test_part(timed: Dataset) -> None:
    how = HeldOutUsers(test=0.2)
    validation = validation_of(timed, how, SEED, 4)
    asked = np.concatenate([fold.test.users for fold in validation.folds])
    assert sorted(asked.tolist()) == list(range(32))
    assert validation.users == 32


@pytest.mark.parametrize(
    "how", [TimeCut(test=0.2), PerUserRatio(pick="last"), LeaveLastOut()], ids=lambda how: how.name
)
def test_folds_of_what_comes_last_go_back_in_time(how: Splitter, timed: Dataset) -> None:
    first, second, third = learned(validation_of(timed, how, SEED, 3))
    assert first > second > third


def test_a_cut_at_a_fixed_moment_is_made_again_by_share(timed: Dataset) -> None:
    moment = datetime.fromtimestamp(86_400 * 90, UTC)
    validation = validation_of(timed, TimeCut(test_at=moment), SEED)
    (fold,) = validation.folds
    assert int(fold.train.histories.times.max()) < 86_400 * 90 * 0.95
    assert validation.users > 0


def test_the_record_counts_who_was_asked(validation: Validation) -> None:
    told = validation.record()
    assert told["users"] == validation.users == told["folds"][0]["asked"]["users"]
    assert told["folds"][0]["split"] == "held-out-users"
    assert "test" not in told["folds"][0]


@pytest.mark.parametrize("folds", [1, 0, -2])
def test_fewer_than_two_folds_are_refused(folds: int, dataset: Dataset) -> None:
    with pytest.raises(SettingsError, match=f"at least 2 folds, got {folds}"):
        validation_of(dataset, HeldOutUsers(), 0, folds)


def test_data_that_leave_nobody_to_validate_on_are_named_so() -> None:
    rows = pl.DataFrame({"user": ["a", "a", "b", "b"], "item": ["x", "y", "x", "y"]})
    few = Dataset.from_frame(rows, user="user", item="item")
    with pytest.raises(DataError, match="nobody to validate on"):
        validation_of(few, PerUserRatio(test=0.5), 0)
