"""Steps and solutions of a factorization against dense formulas in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from segue.kernels.sgd import GATHERED, accumulate, adam, descend, fold_in

RATE, RIDGE = np.float32(0.1), np.float32(0.3)
ALL_ALIKE = np.zeros(0)


def vectors(n: int, d: int, seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def state() -> npt.NDArray[np.uint64]:
    return np.array([7], np.uint64)


class Entries:
    """Some observed pairs of 5 users and 6 items."""

    users = np.array([0, 1, 1, 4], np.int32)
    items = np.array([2, 2, 5, 0], np.int32)
    targets = np.array([1, 0, 1, -0.5], np.float32)
    confidences = np.array([1, 2, 3, 0.5], np.float32)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.users, self.items, self.targets, self.confidences))


def test_one_step_follows_the_gradient_of_one_pair() -> None:
    x, y = vectors(5, 3, 0), vectors(6, 3, 1)
    u, v = x[1].astype(np.float64), y[5].astype(np.float64)
    missing = 1 - u @ v
    order = np.array([2], np.int32)
    loss = descend(0, 1, order, *Entries(), x, y, 0, 0, 6, ALL_ALIKE, state(), RATE, RIDGE)
    assert loss == pytest.approx(3 * missing**2, rel=1e-5)
    np.testing.assert_allclose(x[1], u - RATE * (RIDGE * u - 3 * missing * v), rtol=1e-5)
    np.testing.assert_allclose(y[5], v - RATE * (RIDGE * v - 3 * missing * u), rtol=1e-5)
    others = [0, 2, 3, 4]
    assert np.array_equal(x[others], vectors(5, 3, 0)[others])
    assert np.array_equal(y[:5], vectors(6, 3, 1)[:5])


def test_a_drawn_pair_is_pushed_towards_zero() -> None:
    x, y = vectors(5, 3, 0), vectors(6, 3, 1)
    order = np.array([0], np.int32)
    descend(0, 1, order, *Entries(), x, y, 0, 4, 5, ALL_ALIKE, state(), RATE, RIDGE)
    u, v = x[0].astype(np.float64), y[4].astype(np.float64)
    again, items = vectors(5, 3, 0), vectors(6, 3, 1)
    descend(0, 1, order, *Entries(), again, items, 1, 4, 5, ALL_ALIKE, state(), RATE, RIDGE)
    np.testing.assert_allclose(again[0], u - RATE * (u @ v) * v, rtol=1e-5)
    np.testing.assert_allclose(items[4], v - RATE * (u @ v) * u, rtol=1e-5)


@pytest.mark.parametrize("negatives", [0, 2])
def test_the_gradient_is_that_of_the_sum(negatives: int) -> None:
    """By differences of the value in float64; with one item to draw from, what is drawn is known."""
    x, y = vectors(5, 3, 0), vectors(6, 3, 1)
    entries = Entries()

    def value(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
        total = 0.0
        for u, i, t, c in zip(*entries, strict=True):
            total += c * (t - x[u] @ y[i]) ** 2 + negatives * (x[u] @ y[3]) ** 2 + RIDGE * (x[u] @ x[u] + y[i] @ y[i])
        return float(total / 2)

    x_gradient, y_gradient = np.zeros_like(x), np.zeros_like(y)
    loss = accumulate(0, 4, *entries, x, y, x_gradient, y_gradient, negatives, 3, 4, ALL_ALIKE, state(), RIDGE)
    wide = (x.astype(np.float64), y.astype(np.float64))
    products = np.einsum("ij,ij->i", wide[0][entries.users], wide[1][entries.items])
    assert loss == pytest.approx(float((entries.confidences * (entries.targets - products) ** 2).sum()), rel=1e-5)
    for side, gradient in enumerate((x_gradient, y_gradient)):
        for place in np.ndindex(gradient.shape):
            moved = [wide[0].copy(), wide[1].copy()]
            moved[side][place] += 1e-5
            up = value(*moved)
            moved[side][place] -= 2e-5
            assert gradient[place] == pytest.approx((up - value(*moved)) / 2e-5, rel=1e-3, abs=1e-4)


def test_adam_takes_the_published_steps() -> None:
    """Algorithm 1 of Kingma and Ba, in float64."""
    moving, mean, square = vectors(4, 2, 0), np.zeros((4, 2), np.float32), np.zeros((4, 2), np.float32)
    expected, m, v = moving.astype(np.float64), np.zeros((4, 2)), np.zeros((4, 2))
    for t in (1, 2, 3):
        g = vectors(4, 2, t)
        adam(moving, g, mean, square, np.float32(0.01 / (1 - 0.9**t)), np.float32(1 / (1 - 0.999**t)))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g.astype(np.float64) ** 2
        expected -= 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(moving, expected, rtol=1e-4, atol=1e-6)


def test_a_row_is_the_solution_of_its_equations() -> None:
    d, n_items = 4, 400
    fixed = vectors(n_items, d, 3)
    everywhere, per_entry = np.eye(d, dtype=np.float32), np.diag([0.1, 0.2, 0.3, 0.4]).astype(np.float32)
    rng = np.random.default_rng(0)
    lengths = [3, 0, GATHERED + 20, 2]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    columns = np.concatenate([rng.choice(n_items, length, replace=False) for length in lengths]).astype(np.int32)
    targets, confidences = vectors(1, columns.size, 4)[0], np.abs(vectors(1, columns.size, 5)[0])
    targets[offsets[3] :] = 0
    solved = np.full((4, d), 9, np.float32)
    gathered, matrix = np.zeros((GATHERED, d), np.float32), np.zeros((d, d), np.float32)
    failed = fold_in(
        0, 4, offsets, columns, targets, confidences, fixed, everywhere, per_entry, solved, gathered, matrix
    )
    assert failed == -1
    for row in range(4):
        entries = slice(offsets[row], offsets[row + 1])
        z, c, t = fixed[columns[entries]].astype(np.float64), confidences[entries], targets[entries]
        expected = np.linalg.solve(everywhere + len(z) * per_entry + (z.T * c) @ z, (c * t) @ z)
        np.testing.assert_allclose(solved[row], expected, rtol=1e-3, atol=1e-5)
    assert not solved[[1, 3]].any()


def test_equations_without_a_solution_name_their_row() -> None:
    fixed, nothing = vectors(3, 2, 0), np.full((2, 2), -9, np.float32)
    row = (
        np.array([0, 1, 2], np.int64),
        np.array([0, 1], np.int32),
        np.array([0, 1], np.float32),
        np.ones(2, np.float32),
    )
    scratch = np.zeros((GATHERED, 2), np.float32), np.zeros((2, 2), np.float32)
    assert fold_in(0, 2, *row, fixed, nothing, nothing, np.zeros((2, 2), np.float32), *scratch) == 1
