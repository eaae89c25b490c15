"""The in-place inverse, and the Gram matrix that it is given, held against NumPy in double precision."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from segue.kernels.dense_inverse import mirror, negative_inverse
from segue.kernels.gram import gram
from segue.kernels.sparse_dense import times_dense, times_dense_at


def positive(n: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    factor = np.random.default_rng(seed).standard_normal((n, n + 5)).astype(np.float32)
    return factor @ factor.T + np.float32(n) * np.eye(n, dtype=np.float32)


@pytest.mark.parametrize("n", [1, 7, 512, 513, 1300])  # within a block, a block, and several with a short last one
def test_the_lower_triangle_becomes_minus_the_inverse(n: int) -> None:
    matrix = positive(n)
    expected = -np.linalg.inv(matrix.astype(np.float64))
    given = np.tril(matrix) + np.triu(np.full((n, n), np.nan, np.float32), 1)  # no one looks at the upper triangle
    heard: list[int] = []
    assert negative_inverse(given, done=heard.append) is None
    assert sum(heard) == n
    assert np.abs(np.tril(given - expected)).max() < 1e-5 * np.abs(expected).max()


def test_threads_do_not_change_a_byte() -> None:
    one, two = positive(1100), positive(1100)
    negative_inverse(one, threads=1)
    negative_inverse(two, threads=2)
    assert np.tril(one).tobytes() == np.tril(two).tobytes()


@pytest.mark.parametrize(("row", "block"), [(3, 0), (700, 512)])
def test_a_matrix_that_is_not_positive_definite_is_told_by_its_block(row: int, block: int) -> None:
    matrix = positive(800)
    matrix[row, row] = -1.0
    assert negative_inverse(matrix) == block
    matrix = positive(800)
    matrix[row, row] = np.nan
    assert negative_inverse(matrix) == block


def test_a_mirrored_matrix_has_its_rows_and_columns_scaled() -> None:
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((150, 150)).astype(np.float32)
    left, right = rng.random(150).astype(np.float32), rng.random(150).astype(np.float32)
    whole = np.tril(matrix) + np.tril(matrix, -1).T
    mirror(matrix, left, right)
    np.testing.assert_allclose(matrix, left[:, None] * whole * right, rtol=1e-6)


def test_a_gram_matrix_is_the_product_of_the_columns() -> None:
    matrix = sp.random_array((300, 170), density=0.1, format="csr", rng=np.random.default_rng(2), dtype=np.float32)
    matrix.sort_indices()
    ridge = np.linspace(0.5, 3, 170)
    dense = matrix.toarray().astype(np.float64)
    expected = dense.T @ dense + np.diag(ridge)
    for threads in (1, 2):
        found = gram(matrix, ridge, threads=threads)
        np.testing.assert_allclose(np.tril(found), np.tril(expected), rtol=1e-6)


def test_sparse_rows_times_a_dense_matrix() -> None:
    rng = np.random.default_rng(3)
    matrix = sp.random_array((600, 90), density=0.2, format="csr", rng=rng, dtype=np.float32)
    dense = rng.standard_normal((90, 2100)).astype(np.float32)
    rows = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data
    expected = matrix.toarray().astype(np.float64) @ dense
    one, two = (times_dense(rows, dense, threads=threads) for threads in (1, 2))
    np.testing.assert_allclose(one, expected, atol=1e-5)
    assert one.tobytes() == two.tobytes()
    candidates = rng.integers(-1, 2100, (600, 4)).astype(np.int32)
    found = times_dense_at(rows, dense, candidates)
    wanted = np.where(candidates < 0, 0, np.take_along_axis(expected, np.maximum(candidates, 0), axis=1))
    np.testing.assert_allclose(found, wanted, atol=1e-5)
