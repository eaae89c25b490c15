"""Scans of packed vectors, against a sort of all products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.scan import pack, scan


def sorted_products(query: np.ndarray, vectors: np.ndarray, chosen: np.ndarray) -> list[int]:
    products = vectors[chosen].astype(np.float64) @ query.astype(np.float64)
    return chosen[np.lexsort((chosen, -products))].tolist()


@given(
    m=st.integers(1, 400),
    d=st.integers(1, 9),
    k=st.integers(1, 500),
    spread=st.sampled_from([0.0, 1.0, 3.0]),
    seed=st.integers(0, 1000),
)
def test_a_scan_finds_what_a_sort_finds_ties_in_order_of_position(
    m: int, d: int, k: int, spread: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    lengths = np.round(rng.lognormal(0, spread, (m, 1)))  # whole numbers, whose products are exact and often equal
    vectors = (rng.integers(-3, 4, (m, d)) * lengths).astype(np.float32)
    query = rng.integers(-3, 4, d).astype(np.float32)
    chosen = np.flatnonzero(rng.random(m) < 0.9).astype(np.int32)
    items, products = scan(query, vectors, pack(vectors, chosen), k)
    expected = sorted_products(query, vectors, chosen)[:k]
    assert items.tolist() == expected + [-1] * (k - len(expected))
    assert products[: len(expected)].tolist() == (vectors[expected] @ query).tolist()
    assert np.isneginf(products[len(expected) :]).all()


@pytest.mark.parametrize("k", [10, 500])
def test_rounding_to_eight_bits_loses_nothing(k: int) -> None:
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((50_000, 20), np.float32)
    packed = pack(vectors, np.arange(50_000, dtype=np.int32))
    for query in rng.standard_normal((5, 20), np.float32):
        products = np.sort(vectors.astype(np.float64) @ query)[::-1][:k]
        np.testing.assert_allclose(scan(query, vectors, packed, k)[1], products, rtol=1e-5)


def test_codes_stand_for_the_vectors_up_to_the_error_that_is_told() -> None:
    rng = np.random.default_rng(5)
    vectors = (rng.standard_normal((300, 7)) * rng.lognormal(0, 1, (300, 1))).astype(np.float32)
    packed = pack(vectors, np.arange(300, dtype=np.int32))
    assert sorted(packed.order[packed.order >= 0].tolist()) == list(range(300))
    lengths = np.linalg.norm(vectors, axis=1)
    assert (np.diff(lengths[packed.order[packed.order >= 0]]) <= 1e-6).all()
    for place, item in enumerate(packed.order.tolist()):
        if item >= 0:
            block = place // 64
            told = packed.codes[block, :, place % 64] * packed.scales[block]
            assert np.linalg.norm(vectors[item] - told) <= packed.errors[block] * (1 + 1e-6)
            assert lengths[item] <= packed.norms[block] * (1 + 1e-6)


def test_an_empty_pack_has_no_answer() -> None:
    vectors = np.ones((3, 2), np.float32)
    items, _ = scan(vectors[0], vectors, pack(vectors, np.zeros(0, np.int32)), 2)
    assert items.tolist() == [-1, -1]
