"""The k-core of a dataset."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.splits import k_core

MakeDataset = Callable[..., Dataset]


def pairs(dataset: Dataset) -> set[tuple[str, str]]:
    users = dataset.users.ids(dataset.histories.row_of_entry)
    return set(zip(users, dataset.items.ids(dataset.histories.items), strict=True))


def brute_core(known: set[tuple[str, str]], k: int, items_k: int) -> set[tuple[str, str]]:
    while True:
        users = [user for user, _ in known]
        items = [item for _, item in known]
        kept = {(u, i) for u, i in known if users.count(u) >= k and items.count(i) >= items_k}
        if kept == known:
            return kept
        known = kept


@given(seed=st.integers(0, 10_000), k=st.integers(1, 5), items_k=st.integers(1, 8))
def test_the_core_is_the_brute_force_core(make_dataset: MakeDataset, seed: int, k: int, items_k: int) -> None:
    dataset = make_dataset(seed)
    expected = brute_core(pairs(dataset), k, items_k)
    if not expected:
        with pytest.raises(DataError, match="empty"):
            k_core(dataset, k, items_k=items_k)
        return
    core = k_core(dataset, k, items_k=items_k)
    assert pairs(core) == expected
    assert set(core.users) == {user for user, _ in expected}
    assert set(core.items) == {item for _, item in expected}


@given(seed=st.integers(0, 10_000))
def test_ids_keep_their_order_and_entries_their_weights_and_times(make_dataset: MakeDataset, seed: int) -> None:
    dataset = make_dataset(seed, "time")
    core = k_core(dataset, 2)
    assert list(core.users) == [user for user in dataset.users if user in core.users]
    assert list(core.items) == [item for item in dataset.items if item in core.items]
    for row, user in enumerate(core.users):
        before = dataset.histories[dataset.users.position(user)]
        kept = np.array([dataset.items[item] in core.items for item in before.items.tolist()], dtype=bool)
        after = core.histories[row]
        assert core.items.ids(after.items) == dataset.items.ids(before.items[kept])
        assert after.weights.tolist() == before.weights[kept].tolist()
        assert before.times is not None
        assert after.times is not None
        assert after.times.tolist() == before.times[kept].tolist()


def test_dropping_an_item_may_drop_a_user_in_turn() -> None:
    # Item 2 has one user and goes; then user 1 has one item left and goes; items 0 and 1 still have two users each.
    histories = Histories.of([[0, 1], [1, 2], [0, 1]])
    items = Vocabulary(["a", "b", "c"])
    core = k_core(Dataset(Vocabulary(["x", "y", "z"]), items, histories, Catalogue.bare(items)), 2)
    assert list(core.users) == ["x", "z"]
    assert list(core.items) == ["a", "b"]


def test_what_is_known_of_kept_users_and_items_stays() -> None:
    histories = Histories.of([[0, 1], [1, 2], [0, 1]])
    items = Vocabulary(["a", "b", "c"])
    dataset = Dataset(
        Vocabulary(["x", "y", "z"]),
        items,
        histories,
        Catalogue(pl.DataFrame({"id": ["a", "b", "c"], "title": ["A", "B", "C"]})),
        user_table=pl.DataFrame({"country": ["fr", "de", "no"]}),
        friends=sp.csr_array(np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])),
    )
    core = k_core(dataset, 2)
    assert core.catalogue.frame["title"].to_list() == ["A", "B"]
    assert core.user_table is not None
    assert core.user_table["country"].to_list() == ["fr", "no"]
    assert core.friends is not None
    assert core.friends.toarray().tolist() == [[0, 1], [1, 0]]
    assert core.histories.order == "position"


def test_a_k_below_one_is_refused(make_dataset: MakeDataset) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        k_core(make_dataset(0), 0)
