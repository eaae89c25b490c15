"""Regressions of ratings, held against dense float64 solutions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.ratings import GATHERED, regress


class Regressions:
    """Random rows of these lengths, with w coordinates, the last of which is the constant."""

    def __init__(self, lengths: list[int], w: int, seed: int, n_fixed: int = 60) -> None:
        rng = np.random.default_rng(seed)
        self.offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns = [rng.choice(n_fixed, length, replace=False) for length in lengths]
        self.columns = np.concatenate([*columns, np.zeros(0)]).astype(np.int32)
        self.ratings = rng.normal(size=self.columns.size).astype(np.float32)
        self.fixed = (rng.normal(size=(n_fixed, w)) * 0.5).astype(np.float32)
        self.fixed[:, -1] = 1
        self.bias = rng.normal(size=n_fixed).astype(np.float32)
        self.ridge = rng.uniform(0.1, 1.0, len(lengths)).astype(np.float32)

    def solve(self, bias_ridge: float = 2.0) -> npt.NDArray[np.float32]:
        n, w = self.ridge.size, self.fixed.shape[1]
        solved = np.full((n, w), 7.0, np.float32)
        assert regress(0, n, *self.parts(), bias_ridge, solved, *self.scratch()) == -1
        return solved

    def parts(self) -> tuple[npt.NDArray[np.generic], ...]:
        return self.offsets, self.columns, self.ratings, self.fixed, self.bias, self.ridge

    def scratch(self) -> tuple[npt.NDArray[np.float32], ...]:
        w = self.fixed.shape[1]
        return np.empty((max(GATHERED, w), w), np.float32), np.empty((w, w), np.float32), np.empty(w, np.float32)

    def dense(self, bias_ridge: float = 2.0) -> npt.NDArray[np.float64]:
        n, w = self.ridge.size, self.fixed.shape[1]
        solved = np.zeros((n, w))
        for row in range(n):
            entries = slice(self.offsets[row], self.offsets[row + 1])
            z = self.fixed[self.columns[entries]].astype(np.float64)
            t = self.ratings[entries].astype(np.float64) - self.bias[self.columns[entries]]
            ridge = np.diag([*[float(self.ridge[row])] * (w - 1), bias_ridge])
            solved[row] = np.linalg.solve(z.T @ z + ridge, z.T @ t)
        return solved


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=12), st.sampled_from([1, 2, 16, 17, 33]), st.integers(0, 2**32)
)
def test_each_row_agrees_with_a_dense_solution(lengths: list[int], w: int, seed: int) -> None:
    """Rows of fewer entries than coordinates go through the dual, the others do not."""
    regressions = Regressions(lengths, w, seed)
    np.testing.assert_allclose(regressions.solve(), regressions.dense(), rtol=1e-3, atol=1e-4)


def test_a_row_heavier_than_what_is_gathered_at_once_is_solved() -> None:
    regressions = Regressions([GATHERED * 2 + 3, 5, GATHERED], 20, 0, n_fixed=1000)
    np.testing.assert_allclose(regressions.solve(), regressions.dense(), rtol=1e-3, atol=1e-4)


def test_without_vectors_a_bias_is_a_mean_drawn_towards_zero() -> None:
    """Three ratings and a penalty of 2: the sum of what is left over 3 + 2."""
    regressions = Regressions([3], 1, 0)
    left = regressions.ratings - regressions.bias[regressions.columns]
    np.testing.assert_allclose(regressions.solve(), [[left.sum() / 5]], rtol=1e-5)


def test_a_row_without_entries_is_zero() -> None:
    assert not Regressions([0, 0], 4, 0).solve().any()


def test_the_row_that_float32_cannot_solve_is_named() -> None:
    regressions = Regressions([9, 9], 4, 0)
    regressions.fixed[:] = 0
    regressions.ridge[:] = [1, -1]
    solved = np.zeros((2, 4), np.float32)
    assert regress(0, 2, *regressions.parts(), 1.0, solved, *regressions.scratch()) == 1


@pytest.mark.parametrize("writeable", [True, False])
def test_what_is_only_read_may_be_read_only(writeable: bool) -> None:
    regressions = Regressions([3, 9], 5, 0)
    for part in regressions.parts():
        part.flags.writeable = writeable
    np.testing.assert_allclose(regressions.solve(), regressions.dense(), rtol=1e-3, atol=1e-4)
