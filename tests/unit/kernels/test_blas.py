"""BLAS called from compiled code, held against NumPy in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.blas import add_gram, add_outer_gram, product, solve_positive

SIZES = st.integers(1, 70)


@given(SIZES, SIZES, SIZES, st.integers(0, 2**32))
def test_product_is_a_times_b_transposed(m: int, n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(m, d)).astype(np.float32), rng.normal(size=(n, d)).astype(np.float32)
    c = np.full((m, n + 3), np.nan, np.float32)
    product(m, n, d, a.ctypes.data, d, b.ctypes.data, d, c.ctypes.data, n + 3)
    np.testing.assert_allclose(c[:, :n], a.astype(np.float64) @ b.T, rtol=1e-4, atol=1e-4)
    assert np.isnan(c[:, n:]).all()


@given(SIZES, SIZES, st.integers(0, 2**32))
def test_gram_matrices_are_added_to_the_lower_triangle(n: int, d: int, seed: int) -> None:
    a = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    inner, outer = np.ones((d, d), np.float32), np.ones((n, n), np.float32)
    add_gram(n, d, a.ctypes.data, inner.ctypes.data)
    add_outer_gram(n, d, a.ctypes.data, outer.ctypes.data)
    exact = a.astype(np.float64)
    np.testing.assert_allclose(np.tril(inner), np.tril(1 + exact.T @ exact), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.tril(outer), np.tril(1 + exact @ exact.T), rtol=1e-4, atol=1e-4)


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_a_positive_system_is_solved_from_its_lower_triangle(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    matrix = root @ root.T + np.eye(n)
    expected = rng.normal(size=n)
    lower = np.tril(matrix).astype(np.float32)
    x = (matrix @ expected).astype(np.float32)
    assert solve_positive(n, lower.ctypes.data, x.ctypes.data) == 0
    np.testing.assert_allclose(x, expected, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("diagonal", "minor"), [([-1.0, 1.0], 1), ([1.0, 0.0], 2)])
def test_a_matrix_that_is_not_positive_is_named_by_its_minor(diagonal: list[float], minor: int) -> None:
    matrix, x = np.diag(diagonal).astype(np.float32), np.ones(2, np.float32)
    assert solve_positive(2, matrix.ctypes.data, x.ctypes.data) == minor
    assert x.tolist() == [1.0, 1.0]
