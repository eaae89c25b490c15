"""Results by how much is known of users and items."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.evaluation import Evaluation, evaluate
from segue.evaluation.bins import EDGES, bin_of, bins
from segue.models.item_knn import ItemKNN
from segue.models.popularity import Popularity
from segue.splits import HeldOutItems, HeldOutUsers, Part, PerUserRatio, Split

K = 5


@pytest.fixture(scope="module")
def split() -> Split:
    """Users with 1 to 40 of 60 items of falling popularity."""
    generator = np.random.default_rng(0)
    chance = 1 / np.arange(1, 61)
    sizes = generator.integers(2, 41, 150)
    rows = [generator.choice(60, size, replace=False, p=chance / chance.sum()).tolist() for size in sizes]
    dataset = Dataset.from_csr(Histories.of([dict.fromkeys(row, 1.0) for row in rows]).csr(60))
    return PerUserRatio(test=0.5).split(dataset, 0)


@pytest.fixture(scope="module")
def evaluation(split: Split) -> Evaluation:
    return evaluate({"popularity": Popularity(), "item-knn": ItemKNN()}, split, [f"recall@{K}", f"ndcg@{K}"])


def test_bins_have_labels_that_say_what_they_hold() -> None:
    assert [each.label for each in bins(EDGES["fine"])] == ["0", "1-4", "5-9", "10-19", "20-49", "50-99", "100+"]
    assert [each.label for each in bins(EDGES["cold"])] == ["0-4", "5+"]


@given(count=st.integers(0, 10_000))
def test_every_count_lies_in_its_bin(count: int) -> None:
    for edges in EDGES.values():
        each = bins(edges)[int(bin_of(np.array([count]), edges)[0])]
        assert each.low <= count
        assert each.high is None or count <= each.high


def test_means_of_a_bin_of_users_are_over_its_users(split: Split, evaluation: Evaluation) -> None:
    given_items = split.test.given.lengths
    for table, edges in EDGES.items():
        number = bin_of(given_items, edges)
        for result in evaluation.results:
            rows = evaluation.activity[table][result.name]
            assert sum(row.users for row in rows) == len(split.test)
            for row in rows:
                members = number == bins(edges).index(row.bin)
                assert row.users == np.count_nonzero(members)
                mean = result.values[members, 0].mean()
                assert row.means[f"recall@{K}"] == pytest.approx(mean)
                low, high = row.intervals[f"recall@{K}"]
                assert low - 1e-12 <= mean <= high + 1e-12


def test_means_of_a_bin_of_items_are_as_if_only_its_items_were_relevant(split: Split) -> None:
    model = Popularity().fit(split.train)
    evaluation = evaluate({"popularity": model}, split, [f"recall@{K}", "r_precision"])
    listeners = (split.train.csr() > 0).sum(axis=0)
    top = model.recommend(split.test.given, 60).items
    for table, edges in EDGES.items():
        found = evaluation.results[0].by_popularity[table]
        number = bin_of(np.asarray(listeners), edges)
        for place in range(len(edges)):
            recalls, precisions, pairs = [], [], 0
            for row in range(len(split.test)):
                relevant = {i for i in split.test.relevant[row].items.tolist() if number[i] == place}
                if relevant:
                    recalls.append(len(relevant & set(top[row, :K].tolist())) / len(relevant))
                    n = len(relevant)
                    precisions.append(len(relevant & set(top[row, :n].tolist())) / n)
                    pairs += n
            assert (found.users[place], found.relevant[place]) == (len(recalls), pairs)
            if recalls:
                assert found.means[place].tolist() == pytest.approx([np.mean(recalls), np.mean(precisions)])
            else:
                assert np.isnan(found.means[place]).all()


def test_the_record_has_one_row_per_bin_that_is_there(evaluation: Evaluation) -> None:
    record = evaluation.record()
    for side in ("users", "items"):
        for table in EDGES:
            heads = record["bins"][side][table]
            assert all(head["users"] > 0 for head in heads)
            for model in record["models"].values():
                rows = model["bins"][side][table]
                assert len(rows) == len(heads)
                assert all(0 <= row[f"recall@{K}"] <= 1 for row in rows)


def test_a_model_of_listening_finds_no_wholly_new_item_and_counts_who_got_nothing(split: Split) -> None:
    new = HeldOutItems(test=0.2, among="new").split(split.train, 0)
    evaluation = evaluate({"item-knn": ItemKNN()}, new, [f"recall@{K}"])
    assert evaluation.estimate("item-knn", f"recall@{K}").mean == 0
    assert evaluation.results[0].nothing == len(new.test)
    assert [head["label"] for head in evaluation.record()["bins"]["items"]["fine"]] == ["0"]


def test_only_allowed_items_are_recommended(split: Split) -> None:
    allowed = np.zeros(60, dtype=np.bool_)
    allowed[30:] = True
    rows = np.flatnonzero([bool((split.test.relevant[row].items >= 30).any()) for row in range(len(split.test))])
    relevant = split.test.relevant.where(split.test.relevant.items >= 30)[rows]
    part = Part(np.arange(rows.size), split.test.given[rows], relevant, allowed=allowed)
    limited = Split(split.train, None, part, split.how)
    free = Split(split.train, None, Part(part.users, part.given, part.relevant), split.how)
    lists = {name: evaluate({"p": Popularity()}, each, [f"recall@{K}"]) for name, each in (("l", limited), ("f", free))}
    assert lists["l"].estimate("p", f"recall@{K}").mean > lists["f"].estimate("p", f"recall@{K}").mean
    model = Popularity().fit(split.train)
    by_hand = model.recommend(part.given, K, allowed=allowed).items
    expected = np.mean(
        [
            len(set(by_hand[row].tolist()) & set(relevant[row].items.tolist())) / relevant[row].n_entries
            for row in range(rows.size)
        ]
    )
    assert lists["l"].estimate("p", f"recall@{K}").mean == pytest.approx(expected)


def test_wholly_new_users_without_a_history_are_asked_and_counted(split: Split) -> None:
    new = HeldOutUsers(test=0.3, given=0.01).split(split.train, 0)  # floor(.01 n) items are shown: none
    evaluation = evaluate({"popularity": Popularity()}, new, [f"recall@{K}"])
    assert evaluation.split["test"]["users_without_history"] == len(new.test)
    assert [row.bin.label for row in evaluation.activity["fine"]["popularity"]] == ["0"]
    assert evaluation.results[0].nothing == len(new.test)  # only the pipeline falls back
