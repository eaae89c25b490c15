"""The counts of a dataset, against counting by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from segue.cli.description import Description
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary


def test_counts_are_those_of_a_count_by_hand() -> None:
    items = Vocabulary(["a", "b", "c", "d"])
    catalogue = Catalogue(pl.DataFrame({"id": items.series, "title": ["A", None, "C", "D"]}))
    histories = Histories(
        np.array([0, 3, 4, 4]),
        np.array([0, 0, 1, 0]),
        np.array([1.0, 2.0, 3.0, 4.0], np.float32),
        np.array([0, 86_400, 86_401, 2 * 86_400]),
        order="time",
    )
    about = Description.of(Dataset(Vocabulary(["u", "v", "w"]), items, histories, catalogue))
    assert (about.users, about.items, about.entries, about.pairs) == (3, 4, 4, 3)
    assert about.density == pytest.approx(3 / 12)
    assert about.weight == (10.0, 1.0, 4.0)
    assert (about.first, about.last) == (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 3, tzinfo=UTC))
    assert about.activity[0] == 0
    assert about.activity[-1] == 2  # u has a (twice) and b
    assert about.popularity[-1] == 2  # a belongs to u and v
    assert about.half == pytest.approx(1 / 4)  # a alone makes 2 of 3 pairs
    assert (about.unused_items, about.empty_users) == (2, 1)
    assert about.known["title"] == 3
    assert about.known["album"] == 0


def test_nothing_at_all_can_be_described() -> None:
    empty = Dataset(Vocabulary(), Vocabulary(), Histories.empty(), Catalogue.bare(Vocabulary()))
    about = Description.of(empty)
    assert about.density == 0.0
    assert about.half == 0.0
    assert about.first is None


def test_a_time_beyond_all_calendars_is_still_described() -> None:
    histories = Histories(
        np.array([0, 2]), np.array([0, 0]), np.ones(2, np.float32), np.array([-(2**61), 2**61]), order="time"
    )
    items = Vocabulary(["a"])
    about = Description.of(Dataset(Vocabulary(["u"]), items, histories, Catalogue.bare(items)))
    assert about.first is not None
    assert about.last is not None
    assert (about.first.year, about.last.year) == (1, 9999)
    assert about.to_json()["first"].startswith("0001-01-01")
