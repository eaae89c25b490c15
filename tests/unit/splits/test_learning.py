"""What is learned from: fewer users, no low counts, old plays worth less; who is asked stays whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.splits import AS_IS, HeldOutUsers, Learning, PerUserRatio

MakeDataset = Callable[..., Dataset]
DAY = 86_400


def timed(weights: list[float], items: list[int], days: list[int], **more: object) -> Dataset:
    vocabulary = Vocabulary(["a", "b", "c"])
    histories = Histories(
        np.array([0, len(items)]), np.array(items), np.array(weights, np.float32), DAY * np.array(days), order="time"
    )
    return Dataset(Vocabulary(["u"]), vocabulary, histories, Catalogue.bare(vocabulary), **more)  # type: ignore[arg-type]


def test_low_counts_are_seen_and_nothing_more() -> None:
    plays = timed([1, 1, 1, 1, -1], [0, 1, 0, 2, 2], [0, 1, 2, 3, 4])
    weighed = Learning(min_weight=2).weighed(plays).histories
    assert weighed.items.tolist() == plays.histories.items.tolist()
    assert weighed.weights.tolist() == [1, 0, 1, 1, -1]  # a was played twice, b once; c sums to 0, which is not above 0


def test_of_repeated_ratings_the_last_decides() -> None:
    ratings = Dataset.from_csr(sp.csr_array([[4.0, 1.0]]), feedback="ratings", scale=(1, 5))
    assert Learning(min_weight=3).weighed(ratings).histories.weights.tolist() == [4, 0]
    twice = replace(
        ratings, histories=Histories(np.array([0, 2]), np.array([0, 0]), np.array([5, 2], np.float32), repeats="last")
    )
    assert Learning(min_weight=3).weighed(twice).histories.weights.tolist() == [0, 0]


def test_a_play_is_worth_half_after_a_half_life() -> None:
    plays = timed([4, 4, 4], [0, 1, 2], [0, 10, 20])
    assert Learning(half_life=10).weighed(plays).histories.weights.tolist() == [1, 2, 4]
    with pytest.raises(DataError, match="has no times"):
        Learning(half_life=10).weighed(replace(plays, histories=Histories.of([[0]])))
    rated = replace(plays, feedback="ratings", scale=(0, 5), histories=replace(plays.histories, repeats="last"))
    with pytest.raises(DataError, match="weights are ratings"):
        Learning(half_life=10).weighed(rated)


def test_fewer_users_are_learned_from_and_all_are_asked(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(7, users=60)
    for how in (PerUserRatio(validation=0.2), HeldOutUsers(test=0.2, validation=0.2)):
        split = how.split(dataset, 3)
        fewer = Learning(user_share=0.2).split(split)
        assert len(fewer.train.histories) == round(0.2 * np.count_nonzero(split.train.histories.lengths))
        assert set(fewer.train.users) <= set(split.train.users)
        assert fewer.train.items == split.train.items
        assert (fewer.test.given, fewer.test.relevant) == (split.test.given, split.test.relevant)
        assert fewer.test_fingerprint() == split.test_fingerprint()
        assert fewer.record()["learning"] == {"user_share": 0.2, "min_weight": 0.0, "half_life": None}
        assert Learning(user_share=0.2).split(split).train.fingerprint() == fewer.train.fingerprint()
    assert AS_IS.split(split) is split


def test_shown_histories_are_weighed_as_those_learned_from(make_dataset: MakeDataset) -> None:
    split = HeldOutUsers(test=0.3).split(make_dataset(7, "time", users=60), 3)
    weighed = Learning(min_weight=2.0, half_life=1.0).split(split)
    assert weighed.test.given.weights.max() <= split.test.given.weights.max()
    assert (weighed.test.given.weights == 0).any()
    assert weighed.test.given.items.tolist() == split.test.given.items.tolist()
    assert weighed.test.relevant == split.test.relevant
    assert weighed.test_fingerprint() == split.test_fingerprint()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"user_share": 0.0}, "user_share must lie above 0"),
        ({"user_share": 1.5}, "user_share must lie above 0"),
        ({"min_weight": -1.0}, "min_weight must be a number of at least 0"),
        ({"min_weight": float("inf")}, "min_weight must be"),
        ({"half_life": 0.0}, "half_life must be a number of days above 0"),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, float], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Learning(**values)
