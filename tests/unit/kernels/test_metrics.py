"""The compiled loops below the metrics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.metrics import count_hits, first_hits, gains, mark_hits, precision_sums


def problem(seed: int, n: int, k: int, n_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random lists of distinct items, some of which end early, and rising relevant items."""
    generator = np.random.default_rng(seed)
    items = np.argsort(generator.random((n, n_items)), axis=1)[:, :k].astype(np.int32)
    items[np.arange(k) >= generator.integers(0, k + 1, n)[:, None]] = -1
    rows = [np.flatnonzero(generator.random(n_items) < 0.3) for _ in range(n)]
    offsets = np.concatenate([[0], np.cumsum([row.size for row in rows])]).astype(np.int64)
    return items, offsets, np.concatenate(rows).astype(np.int32)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 8), k=st.integers(1, 12))
def test_hits_are_the_listed_relevant_items(seed: int, n: int, k: int) -> None:
    items, offsets, relevant = problem(seed, n, k, 20)
    hits, repeated = mark_hits(items, offsets, relevant)
    expected = [np.isin(items[row], relevant[offsets[row] : offsets[row + 1]]) for row in range(n)]
    assert np.array_equal(hits, expected)
    assert repeated == -1


def test_the_first_row_with_a_repeated_hit_is_named_and_the_repeat_not_marked() -> None:
    items = np.array([[1, 1, 2], [2, 3, 2], [3, 3, 3]], dtype=np.int32)
    hits, repeated = mark_hits(items, np.array([0, 1, 2, 3]), np.array([2, 2, 3], dtype=np.int32))
    assert hits.astype(int).tolist() == [[0, 0, 1], [1, 0, 0], [1, 0, 0]]
    assert repeated == 1


def test_threads_do_not_change_the_marks() -> None:
    items, offsets, relevant = problem(3, 12_000, 90, 120)  # enough entries for several threads
    one, two = (mark_hits(items, offsets, relevant, threads=threads)[0] for threads in (1, 2))
    assert np.array_equal(one, two)


def test_read_only_arrays_are_taken() -> None:
    items, offsets, relevant = problem(0, 4, 5, 20)
    for array in (items, offsets, relevant):
        array.flags.writeable = False
    hits, _ = mark_hits(items, offsets, relevant)
    hits.flags.writeable = False
    assert count_hits(hits, np.full(4, 5)).tolist() == hits.sum(axis=1).tolist()


def test_sums_stop_at_their_depth_and_at_the_end_of_the_list() -> None:
    hits = np.array([[True, False, True, True]])
    assert count_hits(hits, np.array([3])).tolist() == [2]
    assert count_hits(hits, np.array([9])).tolist() == [3]
    assert first_hits(hits[:, 1:].copy(), 1).tolist() == [0]
    assert first_hits(hits[:, 1:].copy(), 2).tolist() == [2]
    assert precision_sums(hits, 3).tolist() == pytest.approx([1 + 2 / 3])
    assert precision_sums(hits, 9).tolist() == pytest.approx([1 + 2 / 3 + 3 / 4])
    assert gains(hits, np.array([1.0, 0.5, 0.25])).tolist() == [1.25]
    assert gains(hits, np.array([1.0, 0.5, 0.25, 0.125, 9.0])).tolist() == [1.375]
