"""Every metric against a plain Python oracle, and those that it has against `ir_measures`."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.histories import Histories
from segue.core.topk import TopK
from segue.metrics import judge, parse

Oracle = Callable[[list[int], set[int], int], float]


def hits(ranked: list[int], relevant: set[int], k: int) -> int:
    return sum(item in relevant for item in ranked[:k])


def precision_sum(ranked: list[int], relevant: set[int], k: int) -> float:
    return sum(
        hits(ranked, relevant, rank) / rank
        for rank in range(1, k + 1)
        if ranked[rank - 1 : rank] and ranked[rank - 1] in relevant
    )


def gain(ranked: list[int], relevant: set[int], k: int) -> float:
    return sum(1 / log2(rank + 1) for rank, item in enumerate(ranked[:k], 1) if item in relevant)


def first(ranked: list[int], relevant: set[int], k: int) -> int | None:
    return next((rank for rank, item in enumerate(ranked[:k], 1) if item in relevant), None)


ORACLES: dict[str, Oracle] = {
    "precision": lambda ranked, r, k: hits(ranked, r, k) / k,
    "recall": lambda ranked, r, k: hits(ranked, r, k) / len(r),
    "recall_capped": lambda ranked, r, k: hits(ranked, r, k) / min(k, len(r)),
    "hit_rate": lambda ranked, r, k: float(hits(ranked, r, k) > 0),
    "map": lambda ranked, r, k: precision_sum(ranked, r, k) / len(r),
    "map_capped": lambda ranked, r, k: precision_sum(ranked, r, k) / min(k, len(r)),
    "ndcg": lambda ranked, r, k: gain(ranked, r, k) / gain(sorted(r), r, k),
    "mrr": lambda ranked, r, k: 1 / (first(ranked, r, k) or float("inf")),
}


@st.composite
def answered(draw: st.DrawFn) -> tuple[list[list[int]], list[set[int]]]:
    """Lists of distinct items, some short or empty, and relevant items for each."""
    n = draw(st.integers(1, 6))
    ranked = st.lists(st.integers(0, 30), unique=True, max_size=12)
    relevant = st.sets(st.integers(0, 30), min_size=1, max_size=15)
    return [draw(ranked) for _ in range(n)], [draw(relevant) for _ in range(n)]


@pytest.mark.parametrize("stem", list(ORACLES))
@given(case=answered(), k=st.integers(1, 15))
def test_a_metric_agrees_with_the_oracle(stem: str, case: tuple[list[list[int]], list[set[int]]], k: int) -> None:
    lists, relevant = case
    judged = judge(TopK.of(lists, k=15), Histories.of([list(row) for row in relevant]))
    expected = [ORACLES[stem](ranked, right, k) for ranked, right in zip(lists, relevant, strict=True)]
    assert parse(f"{stem}@{k}").compute(judged) == pytest.approx(expected, abs=1e-12)


@given(case=answered())
def test_r_precision_and_clicks_agree_with_the_oracle(case: tuple[list[list[int]], list[set[int]]]) -> None:
    lists, relevant = case
    judged = judge(TopK.of(lists, k=500), Histories.of([list(row) for row in relevant]))
    pairs = list(zip(lists, relevant, strict=True))
    expected = [hits(ranked, right, len(right)) / len(right) for ranked, right in pairs]
    assert parse("r_precision").compute(judged) == pytest.approx(expected, abs=1e-12)
    ranks = [first(ranked, right, 500) for ranked, right in pairs]
    assert parse("clicks").compute(judged).tolist() == [51 if rank is None else (rank - 1) // 10 for rank in ranks]


def test_metrics_agree_with_ir_measures_on_random_lists() -> None:
    ir_measures = pytest.importorskip(
        "ir_measures", reason="ir_measures, the reference implementation, is not installed"
    )
    generator = np.random.default_rng(0)
    n, n_items, width = 300, 400, 60
    lists = [generator.permutation(n_items)[:width].tolist() for _ in range(n)]
    relevant = [generator.permutation(n_items)[: generator.integers(1, 80)].tolist() for _ in range(n)]
    judged = judge(TopK.of(lists, k=100), Histories.of(relevant))
    qrels = {str(u): {str(item): 1 for item in row} for u, row in enumerate(relevant)}
    run = {str(u): {str(item): float(width - place) for place, item in enumerate(row)} for u, row in enumerate(lists)}
    theirs = {
        "precision@10": "P@10",
        "precision@60": "P@60",
        "recall@20": "R@20",
        "hit_rate@5": "Success@5",
        "map@20": "AP@20",
        "map@60": "AP@60",
        "ndcg@10": "nDCG@10",
        "ndcg@60": "nDCG@60",
        "mrr@100": "RR",
        "r_precision": "Rprec",
    }
    for mine, measure in theirs.items():
        values = {
            int(each.query_id): each.value
            for each in ir_measures.iter_calc([ir_measures.parse_measure(measure)], qrels, run)
        }
        assert parse(mine).compute(judged) == pytest.approx([values[u] for u in range(n)], abs=1e-9), mine
