"""The points at which indexes are held against each other."""

from __future__ import annotations

import numpy as np

from segue.evaluation.index_tradeoff import index_tradeoff
from segue.index.grid import grid
from segue.index.hnsw import HNSWIndex


def vectors(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 8)).astype(np.float32)


def test_points_of_one_line_share_what_is_built_for_the_same_vectors() -> None:
    items = vectors(200)
    first, second = [point for point in grid((8, 90)) if point.name == "hnsw"]
    built, again = first.build(items), second.build(items)
    assert isinstance(built, HNSWIndex)
    assert isinstance(again, HNSWIndex)
    assert built._graph is again._graph
    assert (built.configuration, again.configuration) == (first.kind, second.kind)
    other = first.build(vectors(100, seed=1))
    assert len(other) == 100


def test_every_point_is_measured_and_looking_wider_finds_more() -> None:
    found = index_tradeoff(grid((1, 300)), vectors(1500), vectors(30, seed=1), k=10, repeats=1)
    recalls = {point.label: point.recall for point in found.points}
    assert recalls["exact"] == 1.0
    assert recalls["hnsw (search 300)"] > 0.99
    assert recalls["hnsw (search 300)"] >= recalls["hnsw (search 1)"]
    assert recalls["hnsw int8 (search 300)"] > 0.9
