"""Selection held against sorting, over shapes, ties and every float that is no number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.topk import product_topk, select_topk

Lists = tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]

ALL = np.zeros(0, np.bool_)


def nothing_blocked(n: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    return np.zeros(n + 1, np.int64), np.zeros(0, np.int32)


def by_sorting(
    scores: npt.NDArray[np.float32],
    k: int,
    offsets: npt.NDArray[np.int64],
    blocked: npt.NDArray[np.int32],
    allowed: npt.NDArray[np.bool_],
) -> Lists:
    n, m = scores.shape
    items = np.full((n, k), -1, np.int32)
    values = np.full((n, k), -np.inf, np.float32)
    for row in range(n):
        left = scores[row].copy()
        left[blocked[offsets[row] : offsets[row + 1]]] = -np.inf
        if allowed.size:
            left[~allowed] = -np.inf
        left[np.isnan(left)] = -np.inf
        best = np.lexsort((np.arange(m), -left))[:k]
        best = best[left[best] > -np.inf]
        items[row, : best.size], values[row, : best.size] = best, left[best]
    return items, values


def assert_same(found: Lists, expected: Lists) -> None:
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@st.composite
def problems(draw: st.DrawFn) -> dict[str, npt.NDArray[np.generic]]:
    n, m = draw(st.integers(1, 40)), draw(st.sampled_from([1, 2, 15, 16, 17, 100, 700, 5000]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    scores = rng.normal(size=(n, m)).astype(np.float32)
    if draw(st.booleans()):
        scores = np.round(scores)  # ties, and both zeros
    for value in (np.nan, np.inf, -np.inf):
        scores[rng.random((n, m)) < draw(st.sampled_from([0, 0.1, 0.9]))] = value
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, min(m, 30) + 1, n))])
    blocked = rng.integers(0, m, offsets[-1]).astype(np.int32)
    allowed = rng.random(m) < 0.7 if draw(st.booleans()) else ALL
    return {"scores": scores, "offsets": offsets, "blocked": blocked, "allowed": allowed}


@given(problems(), st.sampled_from([1, 3, 20, 400]), st.sampled_from([1, 2]))
def test_selection_agrees_with_sorting(problem: dict[str, npt.NDArray[np.generic]], k: int, threads: int) -> None:
    arguments = (problem["scores"], k, problem["offsets"], problem["blocked"], problem["allowed"])
    assert_same(select_topk(*arguments, threads=threads), by_sorting(*arguments))  # type: ignore[arg-type]


@given(
    st.integers(1, 150),
    st.sampled_from([1, 7, 64, 2047, 2048, 2049, 4500]),
    st.integers(1, 40),
    st.sampled_from([1, 10, 300]),
    st.booleans(),
    st.sampled_from([1, 2]),
    st.integers(0, 2**32),
)
def test_the_best_of_a_product_agree_with_sorting_the_product(
    n: int, m: int, d: int, k: int, with_bias: bool, threads: int, seed: int
) -> None:
    """Small whole numbers make every product exact, so that ties are real ties."""
    rng = np.random.default_rng(seed)
    queries = rng.integers(-3, 4, (n, d)).astype(np.float32)
    vectors = rng.integers(-3, 4, (m, d)).astype(np.float32)
    bias = rng.integers(-3, 4, m).astype(np.float32) if with_bias else None
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 30, n))])
    blocked = rng.integers(0, m, offsets[-1]).astype(np.int32)
    allowed = rng.random(m) < 0.9
    scores = queries @ vectors.T + (0 if bias is None else bias)
    found = product_topk(queries, vectors, bias, k, offsets, blocked, allowed, threads=threads)
    assert_same(found, by_sorting(scores, k, offsets, blocked, allowed))


def test_equal_scores_come_in_order_of_position() -> None:
    items, _ = select_topk(np.zeros((1, 5000), np.float32), 3, *nothing_blocked(1), ALL)
    assert items.tolist() == [[0, 1, 2]]


def test_both_zeros_are_equal() -> None:
    items, _ = select_topk(np.array([[0.0, -0.0, 0.0, -0.0]], np.float32), 4, *nothing_blocked(1), ALL)
    assert items.tolist() == [[0, 1, 2, 3]]


def test_falling_and_rising_scores_are_both_right_over_many_steps() -> None:
    rising = np.arange(20_000, dtype=np.float32)[None, :]
    assert select_topk(rising, 2, *nothing_blocked(1), ALL)[0].tolist() == [[19_999, 19_998]]
    assert select_topk(rising[:, ::-1], 2, *nothing_blocked(1), ALL)[0].tolist() == [[0, 1]]


def test_nan_and_minus_infinity_never_come_back() -> None:
    scores = np.array([[np.nan, -np.inf, np.nan], [-np.inf, 1.0, np.nan]], np.float32)
    items, values = select_topk(scores, 2, *nothing_blocked(2), ALL)
    assert items.tolist() == [[-1, -1], [1, -1]]
    assert values.tolist() == [[-np.inf, -np.inf], [1.0, -np.inf]]


def test_infinity_is_the_best_of_all() -> None:
    items, values = select_topk(np.array([[1.0, np.inf]], np.float32), 1, *nothing_blocked(1), ALL)
    assert (items.tolist(), values.tolist()) == ([[1]], [[np.inf]])


@pytest.mark.parametrize(("n", "m", "k"), [(0, 5, 3), (3, 0, 3), (3, 5, 0), (0, 0, 0)])
def test_nothing_to_select_from_gives_empty_lists(n: int, m: int, k: int) -> None:
    for items, values in (
        select_topk(np.zeros((n, m), np.float32), k, *nothing_blocked(n), ALL),
        product_topk(np.zeros((n, 2), np.float32), np.zeros((m, 2), np.float32), None, k, *nothing_blocked(n), ALL),
    ):
        assert items.shape == values.shape == (n, k)
        assert (items == -1).all()


def test_read_only_writeable_and_strided_arrays_give_the_same() -> None:
    rng = np.random.default_rng(0)
    wide = rng.normal(size=(6, 400)).astype(np.float32)
    strided = wide[::2, ::2]
    frozen = strided.copy()
    frozen.flags.writeable = False
    expected = by_sorting(frozen, 5, *nothing_blocked(3), ALL)
    assert_same(select_topk(strided, 5, *nothing_blocked(3), ALL), expected)
    assert_same(select_topk(frozen, 5, *nothing_blocked(3), ALL), expected)


def test_what_was_given_is_left_as_it_was() -> None:
    scores = np.arange(40, dtype=np.float32).reshape(2, 20)
    before = scores.copy()
    select_topk(scores, 3, np.array([0, 2, 4]), np.array([19, 18, 0, 1], np.int32), ALL)
    np.testing.assert_array_equal(scores, before)


def test_one_query_alone_and_in_a_batch_find_the_same() -> None:
    rng = np.random.default_rng(1)
    queries = rng.normal(size=(300, 32)).astype(np.float32)
    vectors = rng.normal(size=(5000, 32)).astype(np.float32)
    together = product_topk(queries, vectors, None, 10, *nothing_blocked(300), ALL)
    for row in (0, 150, 299):
        alone = product_topk(queries[row : row + 1], vectors, None, 10, *nothing_blocked(1), ALL)
        np.testing.assert_array_equal(alone[0][0], together[0][row])
        np.testing.assert_allclose(alone[1][0], together[1][row], rtol=1e-5)


@pytest.mark.parametrize("shape", ["random", "rising", "falling", "equal", "sampled are best", "sampled are worst"])
@pytest.mark.parametrize("masked", [False, True])
def test_a_threshold_from_a_sample_never_costs_an_item(shape: str, masked: bool) -> None:
    """Many items: where the sample misleads, the row is done again without it."""
    m, k, d = 20_000, 6, 2
    rng = np.random.default_rng(0)
    place = np.arange(m, dtype=np.float32)
    sampled = np.isin(np.arange(m), np.arange(2048) * m // 2048).astype(np.float32)
    first = {
        "random": rng.normal(size=m),
        "rising": place,
        "falling": -place,
        "equal": np.ones(m),
        "sampled are best": sampled * 1000 + place % 7,
        "sampled are worst": -sampled * 1000 + place % 7,
    }[shape]
    vectors = np.stack([first, np.zeros(m)], axis=1).astype(np.float32)
    queries = np.ones((5, d), np.float32)
    offsets = np.arange(6) * 3
    blocked = rng.integers(0, m, 15).astype(np.int32)
    blocked[0] = int(np.argmax(first))
    allowed = rng.random(m) < 0.95 if masked else ALL
    found = product_topk(queries, vectors, None, k, offsets, blocked, allowed)
    assert_same(found, by_sorting(queries @ vectors.T, k, offsets, blocked, allowed))


def test_everything_may_be_asked_for() -> None:
    scores = np.random.default_rng(0).normal(size=(300, 5000)).astype(np.float32)
    items, values = select_topk(scores, 6000, *nothing_blocked(300), ALL)
    assert (items[:, 5000:] == -1).all()
    np.testing.assert_array_equal(values[:, :5000], -np.sort(-scores, axis=1))
