"""Tensor versions of kernels, on tensors of the main processor, against the compiled kernels and NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="PyTorch comes with the extra `neural`")

from segue.core.arrays import Float32Array
from segue.cuda import topk
from segue.cuda.als import Equations, alternate
from segue.cuda.device import found
from segue.cuda.inverse import definite_inverse
from segue.cuda.topk import product_topk
from segue.errors import ModelError, SettingsError
from segue.kernels.topk import product_topk as compiled_topk

NOTHING = np.zeros(0, np.bool_)


@given(
    seed=st.integers(0, 10_000),
    n=st.integers(0, 9),
    m=st.integers(1, 30),
    k=st.integers(1, 35),
    biased=st.booleans(),
    masked=st.booleans(),
)
def test_lists_are_those_of_the_compiled_kernel(seed: int, n: int, m: int, k: int, biased: bool, masked: bool) -> None:
    random = np.random.default_rng(seed)
    queries = random.integers(-2, 3, (n, 3)).astype(np.float32)  # small whole numbers: exact, and full of ties
    vectors = random.integers(-2, 3, (m, 3)).astype(np.float32)
    bias = random.integers(-1, 2, m).astype(np.float32) if biased else None
    allowed = random.random(m) < 0.7 if masked else NOTHING
    lengths = random.integers(0, 4, n)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    blocked = random.integers(0, m, offsets[-1]).astype(np.int32)
    asked = (queries, vectors, bias, k, offsets, blocked, allowed)
    items, scores = product_topk(*asked, device="cpu")
    expected_items, expected_scores = compiled_topk(*asked)
    np.testing.assert_array_equal(items, expected_items)
    np.testing.assert_array_equal(scores, expected_scores)


def test_many_queries_go_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    queries, vectors = (random.standard_normal((rows, 8)).astype(np.float32) for rows in (50, 40))
    offsets = np.arange(51, dtype=np.int64)
    blocked = random.integers(0, 40, 50).astype(np.int32)
    whole = product_topk(queries, vectors, None, 5, offsets, blocked, NOTHING, device="cpu")
    monkeypatch.setattr(topk, "_BLOCK_BYTES", 7 * 4 * 40)
    parts = product_topk(queries, vectors, None, 5, offsets, blocked, NOTHING, device="cpu")
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_allclose(whole[1], parts[1], rtol=1e-6)


def test_a_vector_that_is_not_a_number_never_comes_back() -> None:
    vectors = np.array([[1.0], [np.nan], [2.0]], np.float32)
    offsets, blocked = np.zeros(2, np.int64), np.zeros(0, np.int32)
    items, scores = product_topk(np.ones((1, 1), np.float32), vectors, None, 3, offsets, blocked, NOTHING, device="cpu")
    assert items.tolist() == [[2, 0, -1]]
    assert scores.tolist() == [[2.0, 1.0, -np.inf]]


# -- alternating least squares ----------------------------------------------------------------------------------------


def problem(seed: int = 0) -> tuple[Equations, Equations, sp.csr_array[np.float32]]:
    """Both sides of a random problem with some empty rows and columns; confidences 3, unobserved 0.25, ridge 0.5."""
    there = np.random.default_rng(seed).random((40, 25)) < 0.2
    there[5], there[:, 7] = False, False
    matrix = sp.csr_array(there.astype(np.float32))
    sides = []
    for side in (matrix, matrix.T.tocsr()):
        m = side.nnz
        sides.append(
            Equations(
                side.indptr.astype(np.int64),
                side.indices.astype(np.int32),
                np.full(m, 3 - 0.25, np.float32),
                np.full(m, 3, np.float32),
                np.full(side.shape[0], 0.5, np.float32),
            )
        )
    return sides[0], sides[1], matrix


def solved(matrix: sp.csr_array[np.float32], fixed: Float32Array) -> Float32Array:
    """Each row's minimum by NumPy: (F' C F + 0.5) x = F' C t, with C 3 where observed and 0.25 elsewhere."""
    rows = []
    for row in np.asarray(matrix.todense()) != 0:
        confidence = np.where(row, 3.0, 0.25)
        left = (fixed.T * confidence) @ fixed + 0.5 * np.eye(fixed.shape[1])
        rows.append(np.linalg.solve(left, fixed.T @ (3.0 * row)) if row.any() else np.zeros(fixed.shape[1]))
    return np.array(rows, np.float32)


@pytest.mark.parametrize("steps", [None, 40])
def test_sweeps_are_least_squares(steps: int | None) -> None:
    users, items, matrix = problem()
    start = np.random.default_rng(1).standard_normal((25, 6)).astype(np.float32)
    start[7] = 0
    told: list[float] = []
    found = alternate(
        users, items, start, unobserved_weight=0.25, iterations=2, steps=steps, device="cpu",
        swept=lambda value: told.append(value()),
    )  # fmt: skip
    x = y = start
    for _ in range(2):
        x = solved(matrix, y)
        y = solved(matrix.T.tocsr(), x)
    np.testing.assert_allclose(found @ found.T, y @ y.T, rtol=5e-3, atol=5e-4)  # axes are turned, products stay
    p = x.astype(np.float64) @ y.T
    observed = np.asarray(matrix.todense()) != 0
    loss = np.where(observed, 3 * (1 - p) ** 2, 0.25 * p**2).sum() + 0.5 * (np.square(x).sum() + np.square(y).sum())
    assert told[1] == pytest.approx(loss, rel=1e-3)
    assert told[1] < told[0]


def test_the_same_input_gives_the_same_bytes_whatever_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    users, items, _ = problem()
    start = np.random.default_rng(1).standard_normal((25, 6)).astype(np.float32)

    def learned() -> Float32Array:
        return alternate(users, items, start, unobserved_weight=0.25, iterations=3, steps=2, device="cpu")

    first = learned()
    assert learned().tobytes() == first.tobytes()
    monkeypatch.setattr("segue.cuda.als._BATCH_BYTES", 4 * 6 * 20)
    np.testing.assert_allclose(learned(), first, rtol=1e-3, atol=1e-4)


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_the_inverse_is_that_of_numpy() -> None:
    half = np.random.default_rng(0).standard_normal((30, 20)).astype(np.float32)
    matrix = half.T @ half + 5 * np.eye(20, dtype=np.float32)
    np.testing.assert_allclose(definite_inverse(matrix, device="cpu"), np.linalg.inv(matrix), rtol=1e-3, atol=1e-5)
    with pytest.raises(ModelError, match="not positive definite"):
        definite_inverse(-matrix, device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:99", "mps", "cuda:-7"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(SettingsError, match="device"):
        found(device)
