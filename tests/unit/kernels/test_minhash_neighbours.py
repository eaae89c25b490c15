"""Neighbours through buckets, against every pair of sets compared."""

from __future__ import annotations

import numpy as np
import pytest

from segue.kernels import minhash
from segue.kernels.minhash_neighbours import Buckets, Sets, bucketed, nearest, signed

BANDS, ROWS = 12, 2


def sets_of(n: int, seed: int = 0) -> list[set[int]]:
    rng = np.random.default_rng(seed)
    centres = [set(rng.integers(0, 60, 12).tolist()) for _ in range(6)]
    found = []
    for _ in range(n):
        centre = centres[rng.integers(0, 6)]
        kept = {element for element in centre if rng.random() < 0.8}
        found.append(kept | set(rng.integers(0, 60, rng.integers(0, 3)).tolist()))
    found[3] = set()
    return found


def packed(sets: list[set[int]]) -> tuple[Sets, np.ndarray, Buckets]:
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    elements = np.array([element for one in sets for element in sorted(one)], np.int32)
    signatures = signed(offsets, elements.astype(np.uint64), minhash.multipliers(BANDS * ROWS, 5), threads=1)
    return Sets(offsets, elements, 60), signatures, bucketed(signatures, BANDS, ROWS, threads=1)


def agree(signatures: np.ndarray, i: int, j: int) -> bool:
    """Whether two signatures agree in a whole band."""
    if minhash.EMPTY in (signatures[i].min(), signatures[j].min()):
        return False
    return bool((signatures[i] == signatures[j]).reshape(BANDS, ROWS).all(axis=1).any())


def jaccard(a: set[int], b: set[int]) -> float:
    return len(a & b) / len(a | b)


def brute_force(sets: list[set[int]], signatures: np.ndarray, i: int, threshold: float) -> list[tuple[int, float]]:
    pairs = [
        (j, float(np.float32(jaccard(sets[i], sets[j]))))
        for j in range(len(sets))
        if j != i and agree(signatures, i, j) and jaccard(sets[i], sets[j]) >= threshold
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def rows_of(items: np.ndarray, similarities: np.ndarray) -> list[list[tuple[int, float]]]:
    return [
        [(int(j), float(s)) for j, s in zip(row, values, strict=True) if j >= 0]
        for row, values in zip(items, similarities, strict=True)
    ]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("k", "threshold"), [(3, 0.2), (50, 0.5), (50, 1.0)])
def test_neighbours_are_the_most_alike_of_those_that_share_a_band(threads: int, k: int, threshold: float) -> None:
    sets = sets_of(700)
    collection, signatures, buckets = packed(sets)
    everything = np.arange(len(sets), dtype=np.int32)
    found = nearest(collection, buckets, None, everything, k=k, threshold=threshold, most=700, threads=threads)
    for i, row in enumerate(rows_of(*found)):
        assert row == brute_force(sets, signatures, i, threshold)[:k]


def test_estimates_are_the_share_of_places_that_agree() -> None:
    sets = sets_of(120)
    collection, signatures, buckets = packed(sets)
    everything = np.arange(len(sets), dtype=np.int32)
    found = nearest(collection, buckets, signatures, everything, k=120, threshold=0.4, most=120)
    for i, row in enumerate(rows_of(*found)):
        share = {j: float(np.float32((signatures[i] == signatures[j]).mean())) for j in range(120) if j != i}
        wanted = [(j, s) for j, s in share.items() if agree(signatures, i, j) and s >= np.float32(0.4)]
        assert row == sorted(wanted, key=lambda pair: (-pair[1], pair[0]))


def test_only_wanted_sets_are_neighbours_and_only_asked_rows_answered() -> None:
    sets = sets_of(200)
    collection, signatures, buckets = packed(sets)
    asked, wanted = np.array([150, 7, 8], np.int32), np.arange(200) >= 100
    found = nearest(collection, buckets, None, asked, k=200, threshold=0.3, most=200, wanted=wanted)
    for i, row in zip(asked.tolist(), rows_of(*found), strict=True):
        assert row == [(j, s) for j, s in brute_force(sets, signatures, i, 0.3) if j >= 100]


def test_a_bucket_holds_the_sets_that_agree_in_its_band_and_nobody_who_is_alone() -> None:
    sets = sets_of(150)
    _, signatures, buckets = packed(sets)
    for band in range(BANDS):
        part = [tuple(row) for row in signatures[:, band * ROWS : (band + 1) * ROWS].tolist()]
        for i in range(150):
            alike = [j for j in range(150) if part[j] == part[i] and sets[j]]
            first = buckets.of[band, i]
            if not sets[i] or len(alike) == 1:
                assert first == -1
            else:
                assert buckets.members[band, first : first + buckets.sizes[band, first]].tolist() == alike


@pytest.mark.parametrize("most", [1, 3, 8, 9, 20])
def test_a_large_bucket_is_looked_at_near_each_set_and_the_rest_counted(most: int) -> None:
    collection, _, buckets = packed([{1, 2}] * 10)
    found = nearest(collection, buckets, None, np.arange(10, dtype=np.int32), k=10, threshold=0.5, most=most)
    wanted = [[(j, 1.0) for j in range(10) if j != i and abs(i - j) <= most] for i in range(10)]
    assert rows_of(*found) == wanted
    met = sum(map(len, wanted)) // 2
    assert buckets.left_out(most) == BANDS * (45 - met)


def test_empty_collections_have_no_neighbours() -> None:
    collection, _, buckets = packed([set(), set(), set(), set()])
    found = nearest(collection, buckets, None, np.arange(4, dtype=np.int32), k=2, threshold=0.1, most=4)
    assert rows_of(*found) == [[], [], [], []]
    assert buckets.left_out(1) == 0


def test_texts_have_numbers_of_their_own() -> None:
    texts = ["", "a", "b", "ab", "ba", "é", "a"]
    encoded = [text.encode() for text in texts]
    out = np.empty(len(texts), np.uint64)
    offsets = np.cumsum([0, *map(len, encoded)]).astype(np.int64)
    minhash.hashed(offsets, np.frombuffer(b"".join(encoded), np.uint8), out)
    assert out[1] == out[6]
    assert len(set(out.tolist())) == 6
