"""Metrics of all lists at once."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.topk import TopK
from segue.errors import DataError
from segue.metrics import Exposure, coverage, entropy, gini, personalization, top_share

ALL = (coverage, gini, entropy, top_share, personalization)


def exposure(lists: list[list[int]], n_items: int, k: int = 3) -> Exposure:
    return Exposure.of(TopK.of(lists, k=k), k, n_items)


def test_counts_are_of_the_first_k_entries() -> None:
    found = Exposure.of(TopK.of([[0, 1, 2], [0, 3], []], k=3), 2, 5)
    assert found.counts.tolist() == [2, 1, 0, 1, 0]
    assert found.lengths.tolist() == [1, 0, 2]


def test_lists_counted_in_parts_are_lists_counted_at_once() -> None:
    lists = [[0, 1, 2], [0, 3], [], [4, 1]]
    parts = exposure(lists[:1], 6) + exposure(lists[1:], 6)
    whole = exposure(lists, 6)
    assert parts.counts.tolist() == whole.counts.tolist()
    assert parts.lengths.tolist() == whole.lengths.tolist()
    assert (Exposure.none(3, 6) + whole).counts.tolist() == whole.counts.tolist()


def test_exposures_of_different_catalogues_are_not_added() -> None:
    with pytest.raises(DataError, match="cannot be added"):
        exposure([[0]], 3) + exposure([[0]], 4)
    with pytest.raises(DataError, match="cannot be added"):
        Exposure.none(2, 3) + Exposure.none(3, 3)


def test_coverage_is_of_the_whole_catalogue() -> None:
    assert coverage(exposure([[0, 1, 2], [0, 3]], 10)) == pytest.approx(4 / 10)
    assert coverage(exposure([[]], 10)) == 0


def test_gini_is_worked_by_hand() -> None:
    # Counts 0, 1, 3: shares 0, 1/4, 3/4; (-2 * 0 + 0 * 1/4 + 2 * 3/4) / 2.
    assert gini(exposure([[2], [2, 1], [2]], 3)) == pytest.approx(3 / 4)


def test_gini_is_0_where_all_are_shown_alike_and_1_where_one_is_shown() -> None:
    assert gini(exposure([[0, 1], [2, 3]], 4)) == pytest.approx(0)
    assert gini(exposure([[0], [0], [0]], 4)) == pytest.approx(1)


def test_entropy_counts_the_bits_of_exposure() -> None:
    assert entropy(exposure([[0, 1], [2, 3]], 9)) == pytest.approx(2)
    assert entropy(exposure([[0, 1], [0]], 9)) == pytest.approx(-2 / 3 * log2(2 / 3) - 1 / 3 * log2(1 / 3))
    assert entropy(exposure([[0], [0]], 9)) == 0


def test_the_top_share_is_that_of_one_item_in_a_hundred() -> None:
    lists = [[0, 1], [0, 2], [0, 1]]
    assert top_share(exposure(lists, 100)) == pytest.approx(3 / 6)
    assert top_share(exposure(lists, 101)) == pytest.approx(5 / 6)  # two items


def test_personalization_is_one_less_the_mean_overlap_of_pairs() -> None:
    # Overlaps of the three pairs: 2 of 3, 0 of 3, 1 of 3.
    assert personalization(exposure([[0, 1, 2], [1, 2, 3], [3, 4, 5]], 6)) == pytest.approx(1 - (2 + 0 + 1) / 9)


def test_all_the_same_lists_are_impersonal_and_disjoint_ones_personal() -> None:
    assert personalization(exposure([[0, 1, 2]] * 5, 6)) == pytest.approx(0)
    assert personalization(exposure([[0, 1], [2, 3], [4, 5]], 6)) == pytest.approx(1)


def test_a_short_list_has_room_for_less_overlap() -> None:
    assert personalization(exposure([[0, 1, 2], [0]], 6)) == pytest.approx(0)
    assert personalization(exposure([[0, 1, 2], [0], []], 6)) == pytest.approx(0)


def test_where_nothing_was_shown_only_coverage_is_defined() -> None:
    for lists in ([], [[]], [[], []]):
        found = exposure(lists, 4)
        assert coverage(found) == 0
        assert all(np.isnan(metric(found)) for metric in ALL if metric is not coverage)


def test_one_user_and_one_item_are_no_error() -> None:
    one = exposure([[0]], 1, k=1)
    assert coverage(one) == 1
    assert (entropy(one), top_share(one)) == (0, 1)
    assert np.isnan(gini(one))
    assert np.isnan(personalization(one))
    assert np.isnan(coverage(Exposure.none(1, 0)))


@given(
    lists=st.lists(st.lists(st.integers(0, 7), unique=True, max_size=4), max_size=7),
    n_items=st.integers(8, 12),
    k=st.integers(1, 4),
)
def test_every_metric_agrees_with_counting_one_by_one(lists: list[list[int]], n_items: int, k: int) -> None:
    found = exposure(lists, n_items, k) if k == 4 else Exposure.of(TopK.of(lists, k=4), k, n_items)
    cut = [set(row[:k]) for row in lists]
    counts = [sum(item in row for row in cut) for item in range(n_items)]
    total = sum(counts)
    assert coverage(found) == pytest.approx(sum(count > 0 for count in counts) / n_items)
    if total:
        differences = sum(abs(a - b) for a in counts for b in counts)  # the mean difference form of the index
        assert gini(found) == pytest.approx(differences / (2 * total * (n_items - 1)))
        assert entropy(found) == pytest.approx(-sum(c / total * log2(c / total) for c in counts if c), abs=1e-12)
        assert top_share(found) == pytest.approx(max(counts) / total)
    pairs = [(a, b) for place, a in enumerate(cut) for b in cut[:place]]
    room = sum(min(len(a), len(b)) for a, b in pairs)
    if room:
        assert personalization(found) == pytest.approx(1 - sum(len(a & b) for a, b in pairs) / room)
    else:
        assert np.isnan(personalization(found))
