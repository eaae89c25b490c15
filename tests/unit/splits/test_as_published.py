"""A training and a test set as they were published."""

from __future__ import annotations

import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.splits import PublishedSplit, inspect, published_split

HOW = PublishedSplit("train.txt", "test.txt", "a" * 64, "b" * 64)


def lists(rows: dict[str, str]) -> Dataset:
    words = {user: text.split() for user, text in rows.items()}
    items = Vocabulary(dict.fromkeys(item for row in words.values() for item in row))
    histories = Histories.of([dict.fromkeys(items.positions(row).tolist(), 1.0) for row in words.values()])
    return Dataset(Vocabulary(words), items, histories, Catalogue.bare(items), feedback="presence")


def test_users_and_items_are_numbered_by_appearance_in_training_then_test() -> None:
    split = published_split(lists({"7": "c a", "3": "b"}), lists({"3": "a d", "9": "c", "7": "b"}), HOW)
    assert list(split.train.items) == ["c", "a", "b", "d"]
    assert list(split.train.users) == ["7", "3", "9"]
    assert split.test.users.tolist() == [0, 1, 2]
    assert [split.test.given[row].items.tolist() for row in range(3)] == [[0, 1], [2], []]
    assert [split.test.relevant[row].items.tolist() for row in range(3)] == [[2], [1, 3], [0]]
    assert split.validation is None
    assert split.record()["settings"]["test_sha256"] == "b" * 64


def test_what_the_training_file_tells_is_left_out_of_the_answers_and_told() -> None:
    split = published_split(lists({"1": "a b", "2": "c"}), lists({"1": "b c", "2": "c"}), HOW)
    assert split.test.users.tolist() == [0]
    assert split.test.relevant[0].items.tolist() == [2]
    assert split.test.without_relevant == 1
    assert split.record()["settings"]["known_already"] == 2
    assert "2 items of users in test.txt stand in train.txt, too" in inspect(split).warnings[-1]


def test_files_of_different_splits_are_told_apart() -> None:
    with pytest.raises(DataError, match="no item in common"):
        published_split(lists({"1": "a b"}), lists({"1": "x y"}), HOW)


def test_a_test_file_that_asks_for_nothing_new_is_refused() -> None:
    with pytest.raises(DataError, match="leaves no test users"):
        published_split(lists({"1": "a b"}), lists({"1": "a"}), HOW)
