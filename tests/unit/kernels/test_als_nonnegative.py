"""Solutions without negative values, held against the active-set method of Lawson and Hanson in SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from als_equations import Equations, Float32s, Float64s
from segue.kernels.als_blocks import GATHERED
from segue.kernels.als_nonnegative import solve_nonnegative


def bounded(equations: Equations, size: int, solved: Float32s | None = None) -> Float32s:
    n, d = equations.shape
    solved = np.zeros((n, d), np.float32) if solved is None else solved
    room = [np.empty(shape, np.float32) for shape in ((GATHERED, size), (2, size * size), (3, d))]
    along, free = np.empty((2, equations.longest), np.float32), np.empty(size, np.bool_)
    others = equations.fixed, equations.shared, equations.ridge
    assert solve_nonnegative(0, n, *equations.parts, *others, size, solved, *room, along, free) == -1
    return solved


def minimum(matrix: Float64s, right: Float64s) -> Float64s:
    """The nonnegative x that minimizes x'Ax/2 - b'x, as |Lx - L^-T b|^2 with A = L'L."""
    upper = np.linalg.cholesky(matrix).T
    return np.asarray(nnls(upper, np.linalg.solve(upper.T, right), maxiter=10_000)[0])


LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=8)


@given(LENGTHS, st.sampled_from([1, 2, 16, 33]), st.booleans(), st.booleans(), st.integers(0, 2**32))
def test_one_block_of_all_factors_is_the_minimum(
    lengths: list[int], d: int, plain: bool, warm: bool, seed: int
) -> None:
    """From zero, and from wherever an earlier sweep came to."""
    equations = Equations.random(lengths, d, 60, seed, plain=plain, turned=False)
    start = np.random.default_rng(seed).normal(size=equations.shape).clip(0).astype(np.float32)
    solved = bounded(equations, d, start if warm else None)
    expected = np.array([minimum(*equations.of_row(row)) for row in range(len(lengths))])
    assert (solved >= 0).all()
    np.testing.assert_allclose(solved, expected, rtol=2e-3, atol=2e-4)


def test_factors_that_pull_against_each_other_are_solved_too() -> None:
    """A fixed side of both signs, as the solver does not ask for one without."""
    equations = Equations.random([40, 3, 90, 12], 48, 200, 0)
    equations.shared = np.diag(equations.shared)
    expected = np.array([minimum(*equations.of_row(row)) for row in range(4)])
    np.testing.assert_allclose(bounded(equations, 48), expected, rtol=2e-3, atol=2e-4)
    assert 0.2 < (expected > 0).mean() < 0.8


@given(LENGTHS, st.sampled_from([(7, 3), (16, 8), (24, 1)]), st.integers(0, 2**32))
def test_each_block_is_the_minimum_with_the_others_as_they_stand(
    lengths: list[int], sizes: tuple[int, int], seed: int
) -> None:
    d, size = sizes
    equations = Equations.random(lengths, d, 60, seed, turned=False)
    start = np.random.default_rng(seed).normal(size=equations.shape).clip(0).astype(np.float32)
    expected = start.astype(np.float64)
    for row in range(len(lengths)):
        matrix, right = equations.of_row(row)
        if not right.any():
            expected[row] = 0
            continue
        for low in range(0, d, size):
            block = np.arange(low, min(low + size, d))
            others = np.delete(np.arange(d), block)
            rest = right[block] - matrix[np.ix_(block, others)] @ expected[row, others]
            expected[row, block] = minimum(matrix[np.ix_(block, block)], rest)
    np.testing.assert_allclose(bounded(equations, size, start), expected, rtol=2e-3, atol=1e-3)


def test_sweeps_over_blocks_lead_to_the_minimum() -> None:
    equations = Equations.random([30, 5, GATHERED + 9], 24, 400, 0, turned=False)
    solved = np.zeros(equations.shape, np.float32)
    values = [equations.value(bounded(equations, 5, solved)) for _ in range(80)]
    assert values[:8] == sorted(values[:8], reverse=True)
    expected = np.array([minimum(*equations.of_row(row)) for row in range(3)])
    np.testing.assert_allclose(solved, expected, rtol=2e-3, atol=5e-4)


@pytest.mark.parametrize("size", [8, 3])
def test_a_row_that_nothing_pulls_is_zero_even_without_a_ridge(size: int) -> None:
    equations = Equations.random([0, 4, 3], 8, 30, 0, turned=False)
    equations.pull[:] = 0
    equations.ridge[:] = 0
    assert not bounded(equations, size, np.ones((3, 8), np.float32)).any()


def test_the_row_that_float32_cannot_solve_is_named() -> None:
    equations = Equations.random([3, 3], 2, 10, 0, turned=False)
    equations.shared[:] = 0
    equations.ridge[:] = [1, -1e6]
    room = [np.ones(shape, np.float32) for shape in ((2, 2), (GATHERED, 2), (2, 4), (3, 2), (2, 3))]
    others = equations.fixed, equations.shared, equations.ridge
    assert solve_nonnegative(0, 2, *equations.parts, *others, 2, *room, np.empty(2, np.bool_)) == 1
