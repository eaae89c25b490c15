"""The arithmetic that all splits share."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.core.histories import Histories
from segue.splits.parting import Distinct, floor_share, nearest_share

ROWS = st.lists(st.lists(st.integers(0, 6), max_size=10), max_size=6)


@given(percent=st.integers(0, 100), count=st.integers(0, 100_000))
def test_shares_are_those_of_exact_fractions(percent: int, count: int) -> None:
    exact = Fraction(percent, 100) * count
    assert floor_share(np.array([count]), percent / 100)[0] == exact.__floor__()
    assert nearest_share(np.array([count]), percent / 100)[0] == (exact + Fraction(1, 2)).__floor__()


@given(rows=ROWS)
def test_distinct_items_are_in_order_of_first_occurrence(rows: list[list[int]]) -> None:
    histories = Histories.of(rows, order="position")
    distinct = Distinct.of(histories)
    expected = [(row, place, item) for row, items in enumerate(rows) for place, item in enumerate(dict.fromkeys(items))]
    found = zip(distinct.row.tolist(), distinct.place.tolist(), histories.items[distinct.first].tolist(), strict=True)
    assert list(found) == expected
    assert distinct.counts.tolist() == [len(set(items)) for items in rows]
    assert np.array_equal(histories.items[distinct.first][distinct.of_entry], histories.items)
