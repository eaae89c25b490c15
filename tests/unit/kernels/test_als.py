"""Conjugate gradients held against dense float64 solutions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from als_equations import Equations, Float32s
from segue.kernels.als import coarsen, converge, step_nearer


def in_sixteen_bits(vectors: Float32s) -> tuple[npt.NDArray[np.int16], Float32s]:
    coarse, scale = np.full(vectors.shape, 7, np.int16), np.full(len(vectors), 7, np.float32)
    coarsen(0, len(vectors), vectors, coarse, scale)
    return coarse, scale


def nearer(equations: Equations, steps: int, solved: Float32s, *, coarse: bool = False) -> Float32s:
    d = solved.shape[1]
    typical = np.square(equations.fixed).mean(axis=0)
    fixed, scale = (
        in_sixteen_bits(equations.fixed) if coarse else (equations.fixed, np.ones(len(equations.fixed), np.float32))
    )
    scratch = np.empty((5, d), np.float32)
    others = fixed, scale, equations.shared, equations.ridge, typical
    step_nearer(0, len(solved), *equations.parts, *others, steps, solved, scratch)
    return solved


def converged(equations: Equations, steps: int, enough: float = 1e-12) -> tuple[Float32s, npt.NDArray[np.bool_]]:
    n, d = equations.shape
    solved, reached = np.full((n, d), 7.0, np.float32), np.zeros(n, np.bool_)
    others = equations.fixed, np.ones(len(equations.fixed), np.float32), equations.shared, equations.ridge
    scratch = np.empty((5, d), np.float32)
    converge(0, n, *equations.parts, *others, steps, enough, solved, scratch, reached)
    return solved, reached


LENGTHS = st.lists(st.integers(0, 40), min_size=1, max_size=12)


@given(LENGTHS, st.sampled_from([1, 3, 16, 30]), st.integers(0, 2**32))
def test_enough_steps_lead_to_the_exact_solution(lengths: list[int], d: int, seed: int) -> None:
    equations = Equations.random(lengths, d, 60, seed)
    solved = nearer(equations, 4 * d + 20, np.zeros(equations.shape, np.float32))
    np.testing.assert_allclose(solved, equations.solution, rtol=5e-3, atol=5e-4)


@given(LENGTHS, st.sampled_from([1, 3, 16, 30]), st.booleans(), st.integers(0, 2**32))
def test_what_has_converged_is_the_exact_solution(lengths: list[int], d: int, plain: bool, seed: int) -> None:
    equations = Equations.random(lengths, d, 60, seed, plain=plain)
    solved, reached = converged(equations, 4 * d + 20)
    assert reached.all()
    scale = np.abs(equations.solution).max(initial=1e-3)
    np.testing.assert_allclose(solved, equations.solution, rtol=1e-3, atol=1e-4 * scale)


def test_what_has_not_converged_says_so() -> None:
    equations = Equations.random([30, 0, 30], 24, 200, 0)
    equations.pull[30:] = 0
    solved, reached = converged(equations, 2)
    assert reached.tolist() == [False, True, True]
    assert not solved[1:].any()


def test_a_row_converges_alone_as_among_others() -> None:
    equations = Equations.random([30, 3, 17], 16, 200, 0)
    together, _ = converged(equations, 50)
    for row in range(3):
        part = slice(equations.offsets[row], equations.offsets[row + 1])
        alone = Equations(
            np.array([0, part.stop - part.start]),
            *(of_entries[part] for of_entries in (equations.columns, equations.excess, equations.pull)),
            equations.fixed,
            equations.shared,
            equations.ridge[row : row + 1],
        )
        np.testing.assert_array_equal(converged(alone, 50)[0][0], together[row])


@pytest.mark.parametrize("coarse", [False, True])
def test_each_step_comes_nearer_from_wherever_it_starts(coarse: bool) -> None:
    equations = Equations.random([30] * 20, 24, 200, 0)
    start = np.random.default_rng(1).normal(size=equations.shape).astype(np.float32)
    errors = [
        np.square(nearer(equations, steps, start.copy(), coarse=coarse) - equations.solution).sum()
        for steps in (0, 1, 2, 4, 8)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 100


def test_a_step_in_sixteen_bits_is_a_step_in_thirty_two() -> None:
    equations = Equations.random([30, 1, 0, 7, 2], 24, 200, 0)
    start = np.random.default_rng(1).normal(size=equations.shape).astype(np.float32)
    fine, coarse = (nearer(equations, 2, start.copy(), coarse=coarse) for coarse in (False, True))
    np.testing.assert_allclose(coarse, fine, rtol=0, atol=2e-4 * np.abs(fine).max())


def test_sixteen_bits_hold_every_vector_to_a_part_in_65534_of_its_largest_value() -> None:
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(50, 33)) * np.exp(rng.normal(size=(50, 1)) * 8)).astype(np.float32)
    vectors[3] = 0
    vectors[4] = 1e-38
    coarse, scale = in_sixteen_bits(vectors)
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    assert np.abs(coarse).max() == 32_767
    error = np.abs(coarse * scale[:, None].astype(np.float64) - vectors)
    assert (error <= largest / 65_534 * 1.001 + 1e-30).all()


def test_a_row_that_nothing_pulls_is_zero_even_without_a_ridge() -> None:
    equations = Equations.random([0, 4, 3], 8, 30, 0)
    equations.pull[:] = 0
    equations.ridge[:] = 0
    assert not nearer(equations, 2, np.ones((3, 8), np.float32)).any()
    assert not converged(equations, 2)[0].any()


@pytest.mark.parametrize("writeable", [True, False])
def test_what_is_only_read_may_be_read_only(writeable: bool) -> None:
    equations = Equations.random([3, 9], 4, 30, 0)
    for part in (*equations.parts, equations.fixed, equations.shared, equations.ridge):
        part.flags.writeable = writeable
    np.testing.assert_allclose(converged(equations, 30)[0], equations.solution, rtol=2e-3, atol=2e-4)
