"""Cholesky solutions, whole and block by block, held against dense float64 solutions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from als_equations import Equations, Float32s, Float64s
from segue.kernels.als_blocks import GATHERED, solve_blocks


def by_blocks(equations: Equations, size: int, solved: Float32s | None = None) -> Float32s:
    n, d = equations.shape
    solved = np.full((n, d), 7.0, np.float32) if solved is None else solved
    room = [np.empty(shape, np.float32) for shape in ((max(GATHERED, size), size), (size * size,), (2, size))]
    along = np.empty((2, equations.longest), np.float32)
    others = equations.fixed, equations.shared, equations.ridge
    assert solve_blocks(0, n, *equations.parts, *others, size, solved, *room, along) == -1
    return solved


def dense_blocks(equations: Equations, size: int, solved: Float64s) -> Float64s:
    """The definition: of each block in turn, the minimum with all other factors as they stand."""
    n, d = equations.shape
    for row in range(n):
        matrix, right = equations.of_row(row)
        if not right.any():
            solved[row] = 0
            continue
        for low in range(0, d, size):
            block = np.arange(low, min(low + size, d))
            others = np.delete(np.arange(d), block)
            rest = right[block] - matrix[np.ix_(block, others)] @ solved[row, others]
            solved[row, block] = np.linalg.solve(matrix[np.ix_(block, block)], rest)
    return solved


LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(LENGTHS, st.sampled_from([1, 2, 15, 16, 17, 48]), st.booleans(), st.integers(0, 2**32))
def test_one_block_of_all_factors_is_the_exact_solution(lengths: list[int], d: int, plain: bool, seed: int) -> None:
    """Rows of fewer entries than factors go through the dual; the others, and those without excess, do not."""
    equations = Equations.random(lengths, d, 60, seed, plain=plain)
    np.testing.assert_allclose(by_blocks(equations, d), equations.solution, rtol=2e-3, atol=2e-4)


@given(LENGTHS, st.sampled_from([(7, 3), (16, 8), (33, 16), (24, 1)]), st.booleans(), st.integers(0, 2**32))
def test_each_block_is_the_minimum_with_the_others_as_they_stand(
    lengths: list[int], sizes: tuple[int, int], plain: bool, seed: int
) -> None:
    d, size = sizes
    equations = Equations.random(lengths, d, 60, seed, plain=plain)
    start = np.random.default_rng(seed).normal(size=equations.shape).astype(np.float32)
    expected = dense_blocks(equations, size, start.astype(np.float64))
    np.testing.assert_allclose(by_blocks(equations, size, start), expected, rtol=2e-3, atol=1e-3)


def test_sweeps_over_blocks_lead_to_the_exact_solution() -> None:
    equations = Equations.random([30, 5, 60], 24, 200, 0)
    solved = np.zeros(equations.shape, np.float32)
    values = [equations.value(by_blocks(equations, 5, solved)) for _ in range(60)]
    assert values[:8] == sorted(values[:8], reverse=True)
    np.testing.assert_allclose(solved, equations.solution, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("size", [20, 7])
def test_a_row_heavier_than_what_is_gathered_at_once_is_solved(size: int) -> None:
    equations = Equations.random([GATHERED * 2 + 3, 5, GATHERED], 20, 1000, 0)
    expected = dense_blocks(equations, size, np.full(equations.shape, 7.0))
    np.testing.assert_allclose(by_blocks(equations, size), expected, rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("size", [8, 3])
def test_a_row_that_nothing_pulls_is_zero_even_without_a_ridge(size: int) -> None:
    equations = Equations.random([0, 4, 3], 8, 30, 0)
    equations.pull[:] = 0
    equations.ridge[:] = 0
    assert not by_blocks(equations, size).any()


def test_the_row_that_float32_cannot_solve_is_named() -> None:
    equations = Equations.random([3, 3], 2, 10, 0)
    equations.shared[:] = 0
    equations.ridge[:] = [1, -1e6]
    room = [np.empty(shape, np.float32) for shape in ((2, 2), (GATHERED, 2), (4,), (2, 2), (2, 3))]
    others = equations.fixed, equations.shared, equations.ridge
    assert solve_blocks(0, 2, *equations.parts, *others, 2, *room) == 1
