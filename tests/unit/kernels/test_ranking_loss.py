"""The steps of a ranking loss against differences of the score and dense formulas in float64."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

from segue.kernels.ranking_loss import feature_steps, item_gradients, item_sums, mark_wanted, sample

D, N_ITEMS = 3, 12
DAMPING = np.float32(0.5)
Dense = npt.NDArray[np.float64]


class Batch(NamedTuple):
    """Four histories, the batch being those of rows 2, 0 and 3; row 0 holds a dislike, row 3 one item alone."""

    rows: npt.NDArray[np.int64] = np.array([2, 0, 3])
    starts: npt.NDArray[np.int64] = np.array([0, 4, 7, 8])
    offsets: npt.NDArray[np.int64] = np.array([0, 3, 5, 9, 10])
    items: npt.NDArray[np.int32] = np.array([1, 4, 7, 0, 2, 0, 3, 4, 9, 6], np.int32)
    weights: npt.NDArray[np.float32] = np.array([1, -1, 2, 1, 1, 1, 1, 0.5, 1, 1], np.float32)


BATCH = Batch()
KNOWN = np.array([0, 1, 2, 3, 4, 6, 7, 9, 10], np.int32)


class Sampled(NamedTuple):
    loss: float
    profiles: npt.NDArray[np.float32]
    pulled: npt.NDArray[np.float32]
    drawn: npt.NDArray[np.int32]
    pull: npt.NDArray[np.float32]


def vectors(seed: int, n: int = N_ITEMS) -> tuple[npt.NDArray[np.float32], ...]:
    rng = np.random.default_rng(seed)
    v, z = rng.standard_normal((2, n, D)).astype(np.float32)
    return v, z, rng.standard_normal(n).astype(np.float32)


def sampled(
    v: npt.NDArray[np.float32], z: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], tries: int, seed: int = 0
) -> Sampled:
    states = np.random.default_rng(seed).integers(2**63, size=3, dtype=np.uint64)
    made = (np.empty((3, D), np.float32), np.empty((3, D), np.float32), np.empty(8, np.int32), np.empty(8, np.float32))
    loss = sample(0, 3, *BATCH, v, z, bias, KNOWN, tries, DAMPING, states, *made, np.empty(D, np.float32))
    return Sampled(loss, *made)


def entries() -> list[tuple[int, int, int]]:
    """(place in the batch, entry, slot) of all entries of the batch."""
    return [
        (place, entry, int(BATCH.starts[place] + entry - BATCH.offsets[row]))
        for place, row in enumerate(BATCH.rows)
        for entry in range(BATCH.offsets[row], BATCH.offsets[row + 1])
    ]


def query(row: int, without: int, z: Dense) -> Dense:
    """The formula of the module: k^(-damping) times the sum over the others."""
    others = [e for e in range(BATCH.offsets[row], BATCH.offsets[row + 1]) if e != without]
    total = sum((BATCH.weights[e] * z[BATCH.items[e]] for e in others), np.zeros(D))
    return np.asarray(total / max(1, len(others)) ** 0.5)


def ahead(place: int, entry: int, other: int, v: Dense, z: Dense, bias: Dense) -> float:
    q, i = query(BATCH.rows[place], entry, z), BATCH.items[entry]
    return float(q @ (v[i] - v[other]) + bias[i] - bias[other])


def test_bpr_pulls_by_how_likely_the_wrong_order_is() -> None:
    v, z, bias = vectors(0)
    found = sampled(v, z, bias, tries=0)
    loss = 0.0
    for place, entry, slot in entries():
        if BATCH.weights[entry] < 0:
            assert found.pull[slot] == 0
            continue
        margin = ahead(place, entry, found.drawn[slot], v.astype(np.float64), z, bias)
        assert found.pull[slot] == pytest.approx(1 / (1 + np.exp(margin)), rel=1e-4)
        loss += np.log1p(np.exp(-margin))
    assert found.loss == pytest.approx(loss, rel=1e-4)


@pytest.mark.parametrize("tries", [0, 1, 10])
def test_what_is_drawn_is_known_and_not_held(tries: int) -> None:
    for seed in range(50):
        found = sampled(*vectors(seed), tries=tries, seed=seed)
        for place, _, slot in entries():
            if found.pull[slot] > 0:
                row = BATCH.rows[place]
                held = BATCH.items[BATCH.offsets[row] : BATCH.offsets[row + 1]]
                assert found.drawn[slot] in KNOWN
                assert found.drawn[slot] not in held


def test_warp_pulls_by_the_rank_that_the_number_of_draws_tells() -> None:
    """Pull is log of (9 - 1) / t, t the number of the draw that violated the margin of 1."""
    strengths = {float(np.float32(np.log(8 // t))) for t in range(1, 9)}
    seen: set[float] = set()
    for seed in range(100):
        v, z, bias = vectors(seed)
        found = sampled(v, z, bias, tries=8, seed=seed)
        for place, entry, slot in entries():
            if found.pull[slot] > 0:
                assert ahead(place, entry, found.drawn[slot], v.astype(np.float64), z, bias) < 1 + 1e-5
                assert float(found.pull[slot]) in strengths
                seen.add(float(found.pull[slot]))
    assert len(seen) >= 3


def test_warp_leaves_alone_what_stands_a_margin_ahead_of_all() -> None:
    v, z = np.zeros((2, N_ITEMS, D), np.float32)
    for row_of_batch, row in enumerate(BATCH.rows):
        held = BATCH.items[BATCH.offsets[row] : BATCH.offsets[row + 1]]
        bias = np.where(np.isin(np.arange(N_ITEMS), held), 1.5, 0).astype(np.float32)
        slots = slice(BATCH.starts[row_of_batch], BATCH.starts[row_of_batch + 1])
        assert not sampled(v, z, bias, tries=10).pull[slots].any()


@pytest.mark.parametrize("tries", [0, 10])
def test_the_pull_at_items_is_the_gradient_of_the_scores(tries: int) -> None:
    """Of sum_e pull_e (s_i - s_drawn), with what was drawn and its pull held fixed; by differences."""
    given = vectors(1)
    found = sampled(*given, tries=tries)
    gradients = [np.full_like(part, 9) for part in given]
    touched = np.ones(N_ITEMS, np.int32)  # as if a batch before had left something
    for first, end in ((0, 5), (5, N_ITEMS)):
        item_gradients(first, end, *BATCH, given[0], given[1], DAMPING, *found[1:], *gradients, touched)

    def value(v: Dense, z: Dense, bias: Dense) -> float:
        return sum(
            float(found.pull[slot]) * ahead(place, entry, found.drawn[slot], v, z, bias)
            for place, entry, slot in entries()
            if found.pull[slot] > 0
        )

    wide = [part.astype(np.float64) for part in given]
    for part, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            moved = [array.copy() for array in wide]
            moved[part][index] += 1e-4
            up = value(*moved)
            moved[part][index] -= 2e-4
            assert gradient[index] == pytest.approx((up - value(*moved)) / 2e-4, rel=1e-3, abs=1e-4)
    held = {int(item) for row in BATCH.rows for item in BATCH.items[BATCH.offsets[row] : BATCH.offsets[row + 1]]}
    drawn = {int(item) for item in found.drawn[found.pull > 0]}
    assert set(np.flatnonzero(touched)) == held | drawn


def some_features() -> sp.csr_array:
    matrix = sp.random_array((N_ITEMS, 5), density=0.4, rng=np.random.default_rng(0), format="csr", dtype=np.float32)
    matrix.sort_indices()
    return matrix


def arrays(matrix: sp.csr_array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data


def test_a_feature_takes_the_steps_of_adagrad() -> None:
    features = some_features()
    by_feature = arrays(sp.csr_array(features.T))
    moving = vectors(2, 5)
    squares = np.zeros((3, 5), np.float32)
    expected = [part.astype(np.float64) for part in moving]
    sums = np.zeros((3, 5))
    ridges, rate = np.array([0, 0.1, 0.2, 0.3, 0.4], np.float32), np.float32(0.1)
    dense = features.toarray().astype(np.float64)
    for step in (3, 4):
        touched = np.array([1, 0, 2, 0, 0, 3, 0, 0, 1, 0, 0, 0], np.int32)
        gradients = [part * (touched > 0).reshape(-1, *[1] * (part.ndim - 1)) for part in vectors(step)]
        scratch = np.zeros((2, D), np.float32)
        for first, end in ((0, 2), (2, 5)):
            feature_steps(first, end, *by_feature, *gradients, touched, rate, ridges, *moving, *squares, scratch)
        times = dense.T @ touched
        for part in range(3):
            shape = (-1, *[1] * (moving[part].ndim - 1))
            g = dense.T @ gradients[part] - (ridges * times).reshape(shape) * expected[part]
            sums[part] += (g**2).reshape(5, -1).sum(axis=1)
            expected[part] += rate * g / np.sqrt(sums[part] + 1e-12).reshape(shape)
    for part in range(3):
        np.testing.assert_allclose(moving[part], expected[part], rtol=1e-4, atol=1e-5)


def test_an_item_is_the_sum_of_its_features() -> None:
    features = some_features()
    of_features = vectors(3, 5)
    of_items = [np.full((N_ITEMS, *part.shape[1:]), 9, np.float32) for part in of_features]
    item_sums(0, N_ITEMS, *arrays(features), *of_features, np.full(N_ITEMS, 2, np.int32), *of_items)
    for summed, part in zip(of_items, of_features, strict=True):
        np.testing.assert_allclose(summed, features.toarray() @ part, rtol=1e-5, atol=1e-6)
    wanted = np.where(np.arange(N_ITEMS) == 3, 2, np.where(np.arange(N_ITEMS) == 7, 1, 0)).astype(np.int32)
    changed = vectors(4, 5)
    before = [part.copy() for part in of_items]
    item_sums(0, N_ITEMS, *arrays(features), *changed, wanted, *of_items)
    for part, places in ((0, [3, 7]), (1, [3]), (2, [3, 7])):
        expected = before[part]
        expected[places] = features.toarray()[places] @ changed[part]
        np.testing.assert_allclose(of_items[part], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("tries", [0, 10])
def test_what_is_looked_at_was_marked_as_wanted(tries: int) -> None:
    """Items that are not marked may hold anything."""
    for seed in range(20):
        given = vectors(seed)
        states = np.random.default_rng(seed).integers(2**63, size=3, dtype=np.uint64)
        kept, wanted = states.copy(), np.zeros(N_ITEMS, np.int32)
        mark_wanted(*BATCH, KNOWN, tries, states, wanted)
        assert np.array_equal(states, kept)
        spoilt = tuple(
            np.where((wanted > least).reshape(-1, *[1] * (part.ndim - 1)), part, np.nan).astype(np.float32)
            for part, least in zip(given, (0, 1, 0), strict=True)
        )
        whole, part = (sampled(*these, tries=tries, seed=seed) for these in (given, spoilt))
        assert whole.loss == part.loss
        assert np.array_equal(whole.pulled, part.pulled)
