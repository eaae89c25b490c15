"""Metrics by name."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.histories import Histories
from segue.errors import NotFoundError, SettingsError
from segue.metrics import METRICS, Judged, ndcg, parse, parse_all, r_precision
from segue.metrics.beyond import LIST_METRICS, RATING_METRICS, SYSTEM_METRICS
from segue.metrics.named import CUT_METRICS, WHOLE_METRICS

JUDGED = Judged(np.array([[False, True, True], [True, False, False]]), np.array([2, 3]))


def test_a_name_with_a_list_length_is_that_metric_at_that_length() -> None:
    metric = parse("ndcg@2")
    assert (metric.name, metric.k, metric.higher_is_better) == ("ndcg@2", 2, True)
    assert metric.compute(JUDGED).tolist() == ndcg(JUDGED, 2).tolist()
    assert metric.depth(Histories.of([[1, 2, 3]])) == 2


def test_r_precision_needs_lists_as_long_as_the_most_relevant_items() -> None:
    metric = parse("r_precision")
    assert metric.compute(JUDGED).tolist() == r_precision(JUDGED).tolist()
    assert metric.depth(Histories.of([[1], [2, 3, 4]])) == 3


def test_of_clicks_fewer_are_better() -> None:
    metric = parse("clicks")
    assert not metric.higher_is_better
    assert metric.depth(Histories.of([[1]])) == 500


def test_every_metric_has_a_name_that_parses() -> None:
    for name in METRICS:
        whole = name in WHOLE_METRICS or name in RATING_METRICS
        assert parse(name if whole else f"{name}@3").name == (name if whole else f"{name}@3")


def test_case_and_blanks_do_not_matter() -> None:
    assert parse(" NDCG@020 ").name == "ndcg@20"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("recal@20", "recall@20"),
        ("nDGC@5", "ndcg@5"),
        ("click", "clicks"),
        ("rprecision", "r_precision"),
        ("covrage@5", "coverage@5"),
        ("rsme", "rmse"),
    ],
)
def test_a_misspelled_name_is_told_its_near_match(name: str, near: str) -> None:
    with pytest.raises(NotFoundError, match="did you mean") as caught:
        parse(name)
    assert near in caught.value.near


def test_a_name_like_no_other_is_told_all_names() -> None:
    with pytest.raises(NotFoundError, match="known are precision@k") as caught:
        parse("xyz")
    assert caught.value.near == ()


@pytest.mark.parametrize(
    "name", ["recall@0", "recall@", "recall@-1", "recall@2.5", "recall@ten", "recall@²", "recall@1@2"]
)
def test_a_list_length_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="at least 1"):
        parse(name)


@pytest.mark.parametrize("stem", [*CUT_METRICS, *LIST_METRICS, *SYSTEM_METRICS])
def test_a_missing_list_length_is_asked_for(stem: str) -> None:
    with pytest.raises(SettingsError, match=f"'{stem}@20'"):
        parse(stem)


@pytest.mark.parametrize("name", ["clicks@10", "rmse@10"])
def test_a_length_for_a_metric_that_takes_none_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="takes no list length"):
        parse(name)


def test_each_metric_comes_once_in_the_order_asked() -> None:
    assert [metric.name for metric in parse_all(["ndcg@5", "clicks", "NDCG@5"])] == ["ndcg@5", "clicks"]


def test_no_metric_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least one metric"):
        parse_all([])
