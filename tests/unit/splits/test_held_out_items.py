"""Items that training knows nothing of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import DataError, SettingsError
from segue.splits import HeldOutItems
from unit.splits.conftest import MakeDataset


@given(seed=st.integers(0, 10_000), validation=st.sampled_from([0.0, 0.2]))
def test_what_is_hidden_is_nowhere_in_training_and_nothing_else_is(
    make_dataset: MakeDataset, seed: int, validation: float
) -> None:
    dataset = make_dataset(seed)
    split = HeldOutItems(test=0.3, validation=validation).split(dataset, seed)
    new = set(split.test.relevant.items.tolist())
    assert not new & set(split.train.histories.items.tolist())
    assert not new & set(split.test.given.items.tolist())
    assert split.train.items == dataset.items
    for row, user in enumerate(split.test.users.tolist()):
        have = set(dataset.histories[user].items.tolist())
        assert set(split.test.given[row].items.tolist()) | set(split.test.relevant[row].items.tolist()) == have
    if validation:
        assert split.validation is not None
        newer = set(split.validation.relevant.items.tolist())
        assert not newer & (new | set(split.train.histories.items.tolist()))
        assert newer <= set(split.known.histories.items.tolist())


def test_the_share_is_of_the_items_that_have_entries(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(3)
    there = np.unique(dataset.histories.items)
    split = HeldOutItems(test=0.4).split(dataset, 1)
    assert np.unique(split.train.histories.items).size == there.size - round(0.4 * there.size)


def test_the_newest_items_are_those_whose_first_entry_comes_last(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(5, "time")
    split = HeldOutItems(test=0.3, pick="newest").split(dataset)
    times = dataset.histories.times
    assert times is not None
    first = {item: int(times[dataset.histories.items == item].min()) for item in np.unique(dataset.histories.items)}
    hidden = set(split.test.relevant.items.tolist())
    assert min(first[item] for item in hidden) >= max(first[item] for item in first.keys() - hidden)


def test_new_items_can_be_ranked_among_themselves(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(3)
    split = HeldOutItems(test=0.3, among="new").split(dataset, 1)
    assert split.test.allowed is not None
    assert set(np.flatnonzero(split.test.allowed)) == set(split.test.relevant.items.tolist())
    assert HeldOutItems(test=0.3).split(dataset, 1).test.allowed is None


@given(seed=st.integers(0, 10_000), listeners=st.integers(0, 3), validation=st.sampled_from([0.0, 0.2]))
def test_so_many_listeners_of_each_new_item_are_told_and_never_asked_about_it(
    make_dataset: MakeDataset, seed: int, listeners: int, validation: float
) -> None:
    dataset = make_dataset(seed)
    without = HeldOutItems(test=0.3, validation=validation).split(dataset, seed)
    split = HeldOutItems(test=0.3, validation=validation, listeners=listeners).split(dataset, seed)
    assert split.train.histories == without.train.histories
    for part, plain in ((split.test, without.test), (split.validation, without.validation)):
        if part is None or plain is None:
            continue
        assert part.told is not None
        hidden, told = plain.relevant.csr(dataset.n_items) > 0, part.told.csr() > 0
        new = np.flatnonzero(hidden.sum(axis=0))
        known = told[:, new].sum(axis=0)
        assert known.tolist() == np.minimum(listeners, hidden[:, new].sum(axis=0)).tolist()
        assert part.told.users == dataset.users
        assert part.given == part.told.histories[part.users]
        asked = {(user, item) for user, row in zip(part.users, part.relevant, strict=True) for item in row.items}
        all_hidden = {(user, item) for user, row in zip(plain.users, plain.relevant, strict=True) for item in row.items}
        assert asked <= all_hidden
        assert len(asked) == len(all_hidden) - known.sum()


def test_the_listeners_of_a_smaller_number_are_among_those_of_a_larger_one(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(3)
    few, more = (HeldOutItems(test=0.3, listeners=n).split(dataset, 5).test.told for n in (1, 2))
    assert few is not None
    assert more is not None
    assert ((few.csr() > 0) > (more.csr() > 0)).nnz == 0


def test_what_cannot_be_is_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(DataError, match="have none; pick 'random'"):
        HeldOutItems(pick="newest").split(make_dataset(0))
    with pytest.raises(DataError, match="too few to keep"):
        HeldOutItems(test=0.5, validation=0.4).split(make_dataset(0, items=2))
    with pytest.raises(SettingsError, match="pick must be"):
        HeldOutItems(pick="last")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="among must be"):
        HeldOutItems(among="old")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="listeners must be"):
        HeldOutItems(listeners=-1)
