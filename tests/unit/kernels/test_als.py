"""The solvers of a side, held against dense float64 solutions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.als import GATHERED, conjugate_gradient, exact

Float32s = npt.NDArray[np.float32]


@dataclass
class Equations:
    offsets: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int32]
    excess: Float32s
    pull: Float32s
    fixed: Float32s
    diagonal: Float32s
    ridge: Float32s

    @classmethod
    def random(cls, lengths: list[int], d: int, n_fixed: int, seed: int, plain: bool = False) -> Equations:
        """Rows of these lengths; `plain` ones have no excess at all (every confidence that of the unobserved)."""
        rng = np.random.default_rng(seed)
        fixed = rng.normal(size=(n_fixed, d)) * 0.5
        fixed = fixed @ np.linalg.eigh(fixed.T @ fixed)[1]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns = [rng.choice(n_fixed, length, replace=False) for length in lengths]
        excess = np.zeros(offsets[-1]) if plain else rng.exponential(3.0, offsets[-1])
        liked = rng.random(offsets[-1]) < 0.8
        return cls(
            offsets,
            np.concatenate([*columns, np.zeros(0)]).astype(np.int32),
            excess.astype(np.float32),
            np.where(liked, excess + 1, 0).astype(np.float32),
            fixed.astype(np.float32),
            (0.3 * np.square(fixed).sum(axis=0)).astype(np.float32),
            rng.uniform(0.1, 1.0, len(lengths)).astype(np.float32),
        )

    def dense(self) -> npt.NDArray[np.float64]:
        n, d = self.ridge.size, self.fixed.shape[1]
        x = np.zeros((n, d))
        for row in range(n):
            entries = slice(self.offsets[row], self.offsets[row + 1])
            z = self.fixed[self.columns[entries]].astype(np.float64)
            matrix = np.diag(self.diagonal.astype(np.float64) + self.ridge[row]) + (z.T * self.excess[entries]) @ z
            x[row] = np.linalg.solve(matrix, z.T @ self.pull[entries].astype(np.float64))
        return x

    def exactly(self) -> Float32s:
        n, d = self.ridge.size, self.fixed.shape[1]
        solved = np.full((n, d), 7.0, np.float32)
        gathered, matrix = np.empty((max(GATHERED, d), d), np.float32), np.empty((d, d), np.float32)
        failed = exact(0, n, *self.parts(), self.ridge, solved, gathered, matrix, np.empty((2, d), np.float32))
        assert failed == -1
        return solved

    def by_steps(self, steps: int, solved: Float32s) -> Float32s:
        typical = np.square(self.fixed).mean(axis=0)
        scratch = np.empty((5, self.fixed.shape[1]), np.float32)
        conjugate_gradient(0, self.ridge.size, *self.parts(), self.ridge, typical, steps, solved, scratch)
        return solved

    def parts(self) -> tuple[npt.NDArray[np.generic], ...]:
        return self.offsets, self.columns, self.excess, self.pull, self.fixed, self.diagonal


LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(LENGTHS, st.sampled_from([1, 2, 15, 16, 17, 48]), st.booleans(), st.integers(0, 2**32))
def test_the_exact_solver_agrees_with_a_dense_solution(lengths: list[int], d: int, plain: bool, seed: int) -> None:
    """Rows of fewer entries than factors go through the dual; the others, and those without excess, do not."""
    equations = Equations.random(lengths, d, 60, seed, plain)
    np.testing.assert_allclose(equations.exactly(), equations.dense(), rtol=2e-3, atol=2e-4)


@given(LENGTHS, st.sampled_from([1, 3, 16, 30]), st.integers(0, 2**32))
def test_conjugate_gradients_converge_to_the_exact_solution(lengths: list[int], d: int, seed: int) -> None:
    equations = Equations.random(lengths, d, 60, seed)
    solved = equations.by_steps(4 * d + 20, np.zeros((len(lengths), d), np.float32))
    np.testing.assert_allclose(solved, equations.dense(), rtol=5e-3, atol=5e-4)


def test_each_step_comes_nearer_from_wherever_it_starts() -> None:
    equations = Equations.random([30] * 20, 24, 200, 0)
    expected = equations.dense()
    start = np.random.default_rng(1).normal(size=expected.shape).astype(np.float32)
    errors = [np.square(equations.by_steps(steps, start.copy()) - expected).sum() for steps in (0, 1, 2, 4, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 100


def test_a_row_heavier_than_what_is_gathered_at_once_is_solved() -> None:
    equations = Equations.random([GATHERED * 2 + 3, 5, GATHERED], 20, 1000, 0)
    np.testing.assert_allclose(equations.exactly(), equations.dense(), rtol=2e-3, atol=2e-4)


def test_a_row_that_nothing_pulls_is_zero_even_without_a_ridge() -> None:
    equations = Equations.random([0, 4, 3], 8, 30, 0)
    equations.pull[:] = 0
    equations.ridge[:] = 0
    assert not equations.exactly().any()
    assert not equations.by_steps(2, np.ones((3, 8), np.float32)).any()


def test_the_exact_solver_names_the_row_that_float32_cannot_solve() -> None:
    equations = Equations.random([3, 3], 2, 10, 0)
    equations.diagonal[:] = 0
    equations.ridge[:] = [1, -1e6]
    scratch = np.empty((2, 2), np.float32)
    gathered = np.empty((GATHERED, 2), np.float32)
    assert exact(0, 2, *equations.parts(), equations.ridge, scratch.copy(), gathered, scratch.copy(), scratch) == 1


@pytest.mark.parametrize("writeable", [True, False])
def test_what_is_only_read_may_be_read_only(writeable: bool) -> None:
    equations = Equations.random([3, 9], 4, 30, 0)
    for part in (*equations.parts(), equations.ridge):
        part.flags.writeable = writeable
    np.testing.assert_allclose(equations.exactly(), equations.dense(), rtol=2e-3, atol=2e-4)
