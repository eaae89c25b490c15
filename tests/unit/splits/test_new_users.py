"""Users held out by the time of their coming."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import DataError
from segue.splits import NewUsers, inspect
from unit.splits.conftest import MakeDataset


@given(seed=st.integers(0, 10_000), validation=st.sampled_from([0.0, 0.2]))
def test_those_asked_came_last_and_training_ends_when_the_first_of_them_comes(
    make_dataset: MakeDataset, seed: int, validation: float
) -> None:
    dataset = make_dataset(seed, "time")
    times = dataset.histories.times
    assert times is not None
    try:
        split = NewUsers(test=0.3, validation=validation, given=0.5).split(dataset)
    except DataError:
        return  # few distinct seconds: now and then nobody is left
    offsets = dataset.histories.offsets
    came = {user: int(times[offsets[user]]) for user in range(dataset.n_users) if offsets[user] < offsets[user + 1]}
    asked = set(split.test.users.tolist())
    cut = min(came[user] for user in asked)
    known = split.known.histories.times
    assert known is not None
    assert known.max() < cut
    learned = split.train.histories.times
    assert learned is not None
    if split.validation is None:
        assert np.array_equal(learned, known)
    else:
        newer = set(split.validation.users.tolist())
        assert max(came[user] for user in newer) < cut
        assert learned.max() < min(came[user] for user in newer)
        assert not asked & newer
    assert not [warning for warning in inspect(split).warnings if "future" in warning or "later" in warning]


def test_the_first_share_of_a_new_user_is_shown(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(4, "time")
    split = NewUsers(test=0.3, given=0.5).split(dataset)
    for row, user in enumerate(split.test.users.tolist()):
        distinct = list(dict.fromkeys(dataset.histories[user].items.tolist()))
        assert split.test.relevant[row].items.tolist() == distinct[len(distinct) // 2 :]


def test_without_times_nobody_came_last(make_dataset: MakeDataset) -> None:
    with pytest.raises(DataError, match="have none; hold users out at random"):
        NewUsers().split(make_dataset(0))
