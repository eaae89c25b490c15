"""Candidates and who nominated them."""

from __future__ import annotations

import numpy as np
import pytest

from segue.core.candidates import Pool
from segue.errors import DataError


@pytest.fixture
def pool() -> Pool:
    """Two histories, two sources: item 5 by both, item 7 by the second; then item 7 by the first alone."""
    return Pool(np.array([[5, 7], [7, -1]]), ("als", "popularity"), np.array([[[2, 1], [0, 3]], [[1, 0], [0, 0]]]))


def test_an_item_knows_who_nominated_it_best_rank_first(pool: Pool) -> None:
    assert pool.nominations(0, 5) == (("popularity", 1), ("als", 2))
    assert pool.nominations(0, 7) == (("popularity", 3),)
    assert pool.nominations(1, 7) == (("als", 1),)
    assert pool.nominations(1, 5) == ()


def test_sizes_leave_the_padding_out(pool: Pool) -> None:
    assert len(pool) == 2
    assert pool.sizes.tolist() == [2, 1]


def test_a_scored_pool_is_another_pool(pool: Pool) -> None:
    scored = pool.scored(np.array([[0.5, 0.1], [0.2, -np.inf]], dtype=np.float32))
    assert pool.scores is None
    assert scored.scores is not None
    assert scored.nominations(0, 5) == pool.nominations(0, 5)


def test_parts_that_do_not_fit_are_refused(pool: Pool) -> None:
    with pytest.raises(DataError, match="a pool needs"):
        Pool(np.array([[5, 7]]), ("als",), np.zeros((1, 2, 2)))
    with pytest.raises(DataError, match="a pool needs"):
        Pool(np.array([5, 7]), ("als",), np.zeros((2, 1)))
    with pytest.raises(DataError, match="scores must have the shape"):
        pool.scored(np.zeros((2, 3), np.float32))


def test_a_pool_does_not_change(pool: Pool) -> None:
    for array in (pool.items, pool.ranks):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
