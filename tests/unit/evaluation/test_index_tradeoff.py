"""Recall against speed: the exact index finds everything, a narrow one less, and a clock by hand gives known speeds."""

# ruff: noqa: ARG002 - a fake index has the arguments of a real one

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from segue.core.arrays import Float32Array, Int32Array
from segue.errors import ModelError, SettingsError
from segue.evaluation.index_tradeoff import IndexTradeoff, TradeoffPoint, index_tradeoff
from segue.index.exact import Exact
from segue.kernels.topk import product_topk

NO_ITEMS, EVERYTHING = np.zeros(0, np.int32), np.zeros(0, np.bool_)


@dataclass(frozen=True)
class FirstDimensions:
    """An approximate index: products of the first few dimensions alone."""

    dimensions: int
    name: str = "first-dimensions"

    @property
    def parameters(self) -> Mapping[str, Any]:
        return {"dimensions": self.dimensions}

    def build(self, vectors: Float32Array) -> FirstDimensionsIndex:
        return FirstDimensionsIndex(np.ascontiguousarray(vectors[:, : self.dimensions]))


@dataclass(frozen=True)
class FirstDimensionsIndex:
    vectors: Float32Array

    def nearest(self, queries: Float32Array, k: int) -> Int32Array:
        short = np.ascontiguousarray(queries[:, : self.vectors.shape[1]])
        offsets = np.zeros(len(queries) + 1, np.int64)
        return product_topk(short, self.vectors, None, k, offsets, NO_ITEMS, EVERYTHING, threads=1)[0]


@dataclass(frozen=True)
class Saying:
    """An index that always says the same."""

    answer: Int32Array
    name: str = "saying"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def build(self, vectors: Float32Array) -> Saying:
        return self

    def nearest(self, queries: Float32Array, k: int) -> Int32Array:
        return self.answer


def vectors(n: int, d: int = 16, seed: int = 0) -> Float32Array:
    """Vectors whose dimensions matter less and less, as those of a factorization in its principal axes."""
    return (np.random.default_rng(seed).standard_normal((n, d)) * 0.8 ** np.arange(d)).astype(np.float32)


def ticking(step: float) -> Callable[[], float]:
    """A clock that goes on by `step` whenever it is read."""
    now = [0.0]

    def read() -> float:
        now[0] += step
        return now[0]

    return read


def test_the_exact_index_finds_everything() -> None:
    found = index_tradeoff([Exact()], vectors(500), vectors(30, seed=1), k=10, repeats=1)
    assert found.points[0].recall == 1.0
    assert found.points[0].label == "exact"


def test_recall_is_the_share_of_the_nearest_that_brute_force_finds() -> None:
    items, queries = vectors(300), vectors(40, seed=1)
    found = index_tradeoff([FirstDimensions(3)], items, queries, k=5, repeats=1)
    true = np.argsort(-(queries.astype(np.float64) @ items.T.astype(np.float64)), axis=1)[:, :5]
    said = np.argsort(-(queries[:, :3].astype(np.float64) @ items[:, :3].T.astype(np.float64)), axis=1)[:, :5]
    shares = [len(set(a) & set(b)) / 5 for a, b in zip(true.tolist(), said.tolist(), strict=True)]
    assert found.points[0].recall == pytest.approx(np.mean(shares))
    assert 0 < found.points[0].recall < 1


def test_more_dimensions_find_more() -> None:
    plans = [FirstDimensions(d) for d in (1, 4, 8, 16)]
    recalls = [point.recall for point in index_tradeoff(plans, vectors(400), vectors(40, seed=1), repeats=1).points]
    assert recalls == sorted(recalls)
    assert recalls[-1] == 1.0


def test_of_equal_vectors_either_will_do_and_one_named_twice_counts_once() -> None:
    items = np.array([[1.0], [1.0], [0.5], [0.0]], np.float32)
    query = np.ones((1, 1), np.float32)

    def recall(*answer: int) -> float:
        said = np.array([answer], np.int32)
        return index_tradeoff([Saying(said)], items, query, k=len(answer), repeats=1).points[0].recall

    assert recall(1) == 1.0
    assert recall(0, 0) == 0.5
    assert recall(2, -1) == 0.0
    assert recall(3, 2, 1) == pytest.approx(2 / 3)


def test_speeds_are_medians_of_a_clock() -> None:
    found = index_tradeoff([Exact()], vectors(50), vectors(8, seed=1), k=3, repeats=3, clock=ticking(0.5))
    assert found.brute_force == found.brute_force_batched == found.points[0].queries_per_second == 8 / 0.5
    assert found.points[0].build_seconds == 0.5


def test_a_record_holds_everything_as_plain_values() -> None:
    found = index_tradeoff([FirstDimensions(2)], vectors(50, 4), vectors(8, 4, seed=1), k=3, repeats=2)
    record = found.record()
    assert record["points"][0]["parameters"] == {"dimensions": 2}
    assert (record["k"], record["n_vectors"], record["dimensions"], record["n_queries"]) == (3, 50, 4, 8)
    assert found.points[0].label == "first-dimensions (dimensions 2)"


def test_what_another_point_beats_at_both_is_not_on_the_frontier() -> None:
    def point(recall: float, speed: float) -> TradeoffPoint:
        return TradeoffPoint("i", {}, recall, speed, 0.0)

    good = [point(0.5, 900.0), point(0.9, 300.0), point(1.0, 100.0)]
    found = IndexTradeoff((good[2], point(0.4, 800.0), good[0], point(0.9, 200.0), good[1]), 1, 1, 10, 1, 1, 1, 1, 1)
    assert found.frontier() == tuple(good)


@pytest.mark.parametrize(
    ("items", "queries", "k", "repeats"),
    [
        (vectors(5, 3), vectors(2, 4), 1, 1),
        (vectors(5, 3), vectors(0, 3), 1, 1),
        (vectors(5, 3), vectors(2, 3), 6, 1),
        (vectors(5, 3), vectors(2, 3), 0, 1),
        (vectors(5, 3), vectors(2, 3), 1, 0),
        (np.full((5, 3), np.nan, np.float32), vectors(2, 3), 1, 1),
    ],
)
def test_what_cannot_be_measured_is_refused(items: Float32Array, queries: Float32Array, k: int, repeats: int) -> None:
    with pytest.raises(SettingsError):
        index_tradeoff([Exact()], items, queries, k, repeats=repeats)


@pytest.mark.parametrize("answer", [np.zeros((1, 2), np.int32), np.zeros(1, np.int32), np.full((1, 1), 9, np.int32)])
def test_an_index_that_answers_out_of_shape_is_named(answer: Int32Array) -> None:
    with pytest.raises(ModelError, match="saying"):
        index_tradeoff([Saying(answer)], vectors(5, 3), vectors(2, 3), k=1, repeats=1)
