"""The compiled loops below the metrics beyond accuracy, against plain Python."""

from __future__ import annotations

from itertools import combinations
from math import log

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.beyond import dense_distances, hits_beyond, list_means, mix_divergences, sparse_distances

N_ITEMS, N_FEATURES = 12, 5


def lists(generator: np.random.Generator, n: int, k: int, n_items: int = N_ITEMS) -> np.ndarray:
    """Lists of distinct items, some of which end early."""
    items = np.argsort(generator.random((n, n_items)), axis=1)[:, :k].astype(np.int32)
    items[np.arange(k) >= generator.integers(0, k + 1, n)[:, None]] = -1
    return np.ascontiguousarray(items)


def vectors(generator: np.random.Generator, n_items: int = N_ITEMS, n_features: int = N_FEATURES) -> np.ndarray:
    """Rows of length 1, about a third of them zero, with many zeros in the others."""
    rows = generator.normal(size=(n_items, n_features)) * (generator.random((n_items, n_features)) < 0.6)
    rows[generator.random(n_items) < 0.3] = 0
    lengths = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def ragged(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = sp.csr_array(matrix)
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data.astype(np.float32)


def histories(generator: np.random.Generator, n: int) -> list[list[int]]:
    return [np.flatnonzero(generator.random(N_ITEMS) < 0.3).tolist() for _ in range(n)]


def flat(rows: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return offsets, np.array([item for row in rows for item in row], dtype=np.int32)


def entries(row: np.ndarray, depth: int) -> list[int]:
    return [int(item) for item in row[:depth] if item >= 0]


worlds = given(seed=st.integers(0, 10_000), n=st.integers(1, 6), k=st.integers(1, 8), depth=st.integers(1, 9))


@worlds
def test_means_are_of_the_listed_items(seed: int, n: int, k: int, depth: int) -> None:
    generator = np.random.default_rng(seed)
    items, values = lists(generator, n, k), generator.normal(size=N_ITEMS)
    expected = [np.mean(values[entries(row, depth)]) if entries(row, depth) else np.nan for row in items]
    assert list_means(items, depth, values) == pytest.approx(expected, nan_ok=True)


@worlds
def test_distances_are_those_of_all_pairs(seed: int, n: int, k: int, depth: int) -> None:
    generator = np.random.default_rng(seed)
    items, unit = lists(generator, n, k), vectors(generator)
    expected = []
    for row in items:
        known = [item for item in entries(row, depth) if unit[item].any()]
        pairs = [1 - float(unit[a] @ unit[b]) for a, b in combinations(known, 2)]
        expected.append(np.mean(pairs) if pairs else np.nan)
    assert dense_distances(items, depth, unit) == pytest.approx(expected, abs=1e-5, nan_ok=True)
    assert sparse_distances(items, depth, ragged(unit), N_FEATURES) == pytest.approx(expected, abs=1e-5, nan_ok=True)


@worlds
def test_divergences_are_those_of_the_mixes(seed: int, n: int, k: int, depth: int) -> None:
    generator = np.random.default_rng(seed)
    items, given_ = lists(generator, n, k), histories(generator, n)
    labels = (generator.random((N_ITEMS, 4)) < 0.4).astype(np.float64)
    shares = labels / np.maximum(labels.sum(axis=1, keepdims=True), 1)

    def mix(chosen: list[int]) -> np.ndarray:
        there = [item for item in chosen if shares[item].any()]
        return shares[there].mean(axis=0) if there else np.zeros(4)

    expected = []
    for row, history in zip(items, given_, strict=True):
        p, q = mix(history), mix(entries(row, depth))
        smooth = 0.9 * q + 0.1 * p
        expected.append(sum(a * log(a / b) for a, b in zip(p, smooth, strict=True) if a) if p.any() else np.nan)
    found = mix_divergences(items, depth, *flat(given_), ragged(shares), 4, 0.1)
    assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)


@worlds
def test_hits_beyond_are_outside_the_rows_own_ranking(seed: int, n: int, k: int, depth: int) -> None:
    generator = np.random.default_rng(seed)
    seen = histories(generator, n)
    items = lists(generator, n, k)
    for row, history in zip(items, seen, strict=True):  # no list names what was seen
        kept = [item for item in entries(row, k) if item not in history]
        row[:] = [*kept, *[-1] * (k - len(kept))]
    hits = (generator.random(items.shape) < 0.6) & (items >= 0)
    rank_of = generator.permutation(N_ITEMS).astype(np.int32)
    expected = []
    for row, marks, history in zip(items, hits, seen, strict=True):
        ranking = [item for item in np.argsort(rank_of).tolist() if item not in history][:depth]
        expected.append(sum(bool(mark) and item not in ranking for item, mark in zip(row[:depth], marks, strict=False)))
    assert hits_beyond(items, hits, depth, *flat(seen), rank_of).tolist() == expected


def test_threads_change_nothing_and_read_only_arrays_are_taken() -> None:
    generator = np.random.default_rng(0)
    n, k = 6_000, 50
    items, unit, values = lists(generator, n, k, 60), vectors(generator, 60), generator.random(60)
    given_ = [list(range(row % 7)) for row in range(n)]
    shares = ragged(np.abs(unit))
    arguments = [items, unit, values, *shares, *(history := flat(given_))]
    for array in arguments:
        array.flags.writeable = False
    for one, two in (
        (list_means(items, k, values, threads=threads) for threads in (1, 2)),
        (dense_distances(items, k, unit, threads=threads) for threads in (1, 2)),
        (sparse_distances(items, k, shares, N_FEATURES, threads=threads) for threads in (1, 2)),
        (mix_divergences(items, k, *history, shares, N_FEATURES, 0.01, threads=threads) for threads in (1, 2)),
    ):
        assert np.array_equal(one, two, equal_nan=True)
