"""Sources: named recommenders."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.models.popularity import Popularity
from segue.retrieval.sources import Source
from worlds import dataset_of

MODEL = Popularity().fit(dataset_of([{0: 1.0, 1: 1.0, 2: 1.0}, {1: 1.0}], 3))


def test_a_source_nominates_what_its_recommender_would_recommend() -> None:
    source = Source("charts", MODEL, 2)
    histories = Histories.of([{1: 1.0}])
    top = source.nominate(histories, 5, exclude_seen=True, allowed=None, banned=None, threads=1)
    assert top == MODEL.recommend(histories, 3)  # it knows no more than three


def test_a_mask_may_cover_items_that_a_source_does_not_know() -> None:
    top = Source("charts", MODEL).nominate(
        Histories.of([{0: 1.0}]),
        3,
        exclude_seen=False,
        allowed=np.array([True, False, True, True, True]),
        banned=Histories.of([[2]]),
        threads=1,
    )
    assert top.items.tolist() == [[0, -1, -1]]


@pytest.mark.parametrize(("name", "count"), [("", 5), ("charts", 0)])
def test_a_source_needs_a_name_and_something_to_nominate(name: str, count: int) -> None:
    with pytest.raises(SettingsError):
        Source(name, MODEL, count)
