"""Each metric against numbers worked by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.errors import SettingsError
from segue.metrics import (
    Judged,
    average_precision,
    average_precision_capped,
    clicks,
    hit_rate,
    judge,
    ndcg,
    precision,
    r_precision,
    recall,
    recall_capped,
    reciprocal_rank,
)

# Lists of 5. Row 0 hits at ranks 2 and 4 of 3 relevant items; row 1 at rank 1 of 8; row 2 not at all; row 3 has a
# list of two, and hits with both of its 2 relevant items.
LISTS = [[10, 11, 12, 13, 14], [20, 21, 22, 23, 24], [30, 31, 32, 33, 34], [40, 41]]
RELEVANT = [[13, 99, 11], [20, 90, 91, 92, 93, 94, 95, 96], [50], [41, 40]]


@pytest.fixture
def judged() -> Judged:
    return judge(TopK.of(LISTS), Histories.of(RELEVANT))


def marked(*ranks: int, relevant: int, k: int = 500) -> Judged:
    """One list of k entries with hits at these ranks."""
    hits = np.zeros((1, k), dtype=bool)
    hits[0, [rank - 1 for rank in ranks]] = True
    return Judged(hits, np.array([relevant]))


def test_hits_are_marked_where_they_are(judged: Judged) -> None:
    assert judged.hits.astype(int).tolist() == [[0, 1, 0, 1, 0], [1, 0, 0, 0, 0], [0] * 5, [1, 1, 0, 0, 0]]
    assert judged.relevant.tolist() == [3, 8, 1, 2]


def test_precision_divides_by_k_however_short_the_list(judged: Judged) -> None:
    assert precision(judged, 5) == pytest.approx([2 / 5, 1 / 5, 0, 2 / 5])
    assert precision(judged, 3) == pytest.approx([1 / 3, 1 / 3, 0, 2 / 3])


def test_recall_divides_by_all_relevant_items(judged: Judged) -> None:
    assert recall(judged, 5) == pytest.approx([2 / 3, 1 / 8, 0, 1])
    assert recall(judged, 1) == pytest.approx([0, 1 / 8, 0, 1 / 2])


def test_capped_recall_divides_by_what_the_list_has_room_for(judged: Judged) -> None:
    assert recall_capped(judged, 5) == pytest.approx([2 / 3, 1 / 5, 0, 1])  # min(5, 3), min(5, 8), min(5, 1), min(5, 2)
    assert recall_capped(judged, 1) == pytest.approx([0, 1, 0, 1])


def test_hit_rate_is_one_where_there_is_a_hit(judged: Judged) -> None:
    assert hit_rate(judged, 5).tolist() == [1, 1, 0, 1]
    assert hit_rate(judged, 1).tolist() == [0, 1, 0, 1]


def test_r_precision_looks_as_far_as_there_are_relevant_items() -> None:
    # |R| = 3: ranks 1..3 of hits at 2 and 4 hold one hit, 1/3. |R| = 4: two of four.
    assert r_precision(marked(2, 4, relevant=3, k=10)) == pytest.approx([1 / 3])
    assert r_precision(marked(2, 4, relevant=4, k=10)) == pytest.approx([2 / 4])


def test_average_precision_in_both_denominators(judged: Judged) -> None:
    # Row 0: precision at rank 2 is 1/2, at rank 4 2/4, sum 1. Row 1: 1/1. Row 3: 1/1 + 2/2 = 2.
    assert average_precision(judged, 5) == pytest.approx([1 / 3, 1 / 8, 0, 2 / 2])
    assert average_precision_capped(judged, 5) == pytest.approx([1 / 3, 1 / 5, 0, 2 / 2])
    # Down to rank 2: row 0 sums 1/2, over |R| = 3 or min(2, 3).
    assert average_precision(judged, 2) == pytest.approx([1 / 6, 1 / 8, 0, 1])
    assert average_precision_capped(judged, 2) == pytest.approx([1 / 4, 1 / 2, 0, 1])


def test_ndcg_has_an_ideal_cut_at_k(judged: Judged) -> None:
    # Row 0: (1/log2 3 + 1/log2 5) / (1 + 1/log2 3 + 1/2). Row 1: 1 / (sum of five discounts), |R| = 8 > 5.
    ideal = [1 + 1 / log2(3) + 1 / 2, 1 + 1 / log2(3) + 1 / 2 + 1 / log2(5) + 1 / log2(6)]
    expected = [(1 / log2(3) + 1 / log2(5)) / ideal[0], 1 / ideal[1], 0, 1]
    assert ndcg(judged, 5) == pytest.approx(expected)
    assert ndcg(judged, 1) == pytest.approx([0, 1, 0, 1])


def test_reciprocal_rank_is_of_the_first_hit(judged: Judged) -> None:
    assert reciprocal_rank(judged, 5) == pytest.approx([1 / 2, 1, 0, 1])
    assert reciprocal_rank(judged, 1) == pytest.approx([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("rank", "expected"), [(1, 0), (10, 0), (11, 1), (20, 1), (21, 2), (491, 49), (500, 49), (501, 51), (None, 51)]
)
def test_clicks_count_pages_of_ten_before_the_first_hit(rank: int | None, expected: int) -> None:
    assert clicks(marked(*([] if rank is None else [rank]), relevant=1, k=510)).tolist() == [expected]


@pytest.mark.parametrize(
    "metric",
    [precision, recall, recall_capped, hit_rate, average_precision, average_precision_capped, ndcg, reciprocal_rank],
)
def test_lists_shorter_than_k_are_refused_rather_than_taken_for_misses(metric: object, judged: Judged) -> None:
    with pytest.raises(SettingsError, match="needs lists of 6, got 5"):
        metric(judged, 6)  # type: ignore[operator]
    with pytest.raises(SettingsError, match="at least 1"):
        metric(judged, 0)  # type: ignore[operator]


def test_metrics_that_say_how_far_they_look_refuse_shorter_lists(judged: Judged) -> None:
    with pytest.raises(SettingsError, match="needs lists of 500"):
        clicks(judged)
    with pytest.raises(SettingsError, match="needs lists of 8"):
        r_precision(judged)
