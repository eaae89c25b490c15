"""MinHash signatures against exact Jaccard similarities, and banding against every pair looked at."""

from __future__ import annotations

import numpy as np
import pytest

from segue.kernels import minhash


def _signed(sets: list[set[int]], places: int, seed: int = 0) -> np.ndarray:
    offsets = np.cumsum([0, *map(len, sets)]).astype(np.int64)
    elements = np.array([element for one in sets for element in sorted(one)], np.uint64)
    out = np.empty((len(sets), places), np.uint32)
    minhash.signatures(offsets, elements, minhash.multipliers(places, seed), out)
    return out


def _sets(n: int, seed: int = 0) -> list[set[int]]:
    rng = np.random.default_rng(seed)
    return [set(rng.integers(0, 60, rng.integers(0, 25)).tolist()) for _ in range(n)]


def test_agreement_estimates_the_jaccard_similarity() -> None:
    sets = _sets(60)
    signed = _signed(sets, 2048)
    pairs = np.array([(i, j) for i in range(60) for j in range(i + 1, 60) if sets[i] or sets[j]])
    exact = np.array([len(sets[i] & sets[j]) / len(sets[i] | sets[j]) for i, j in pairs])
    error = minhash.agreement(signed, pairs) - exact
    assert abs(error.mean()) < 0.002  # unbiased
    assert np.abs(error).max() < 5 * np.sqrt(0.25 / 2048)  # five standard errors at most


def test_equal_sets_agree_and_an_empty_one_is_marked() -> None:
    signed = _signed([{1, 5}, {5, 1}, set()], 16)
    assert np.array_equal(signed[0], signed[1])
    assert (signed[2] == minhash.EMPTY).all()


def test_pairs_are_those_that_agree_in_a_whole_band() -> None:
    signed = _signed(_sets(80), 12)
    wanted = [
        (i, j)
        for i in range(80)
        for j in range(i + 1, 80)
        if signed[i].min() != minhash.EMPTY and (signed[i] == signed[j]).reshape(4, 3).all(axis=1).any()
    ]
    pairs, left_out = minhash.candidate_pairs(signed, 4, most=80)
    assert [tuple(pair) for pair in pairs.tolist()] == wanted
    assert left_out == 0


@pytest.mark.parametrize("most", [1, 3, 9, 10, 20])
def test_a_large_bucket_is_capped_and_what_is_left_out_counted(most: int) -> None:
    pairs, left_out = minhash.candidate_pairs(_signed([{1, 2}] * 10, 3), 1, most=most)
    wanted = [(i, j) for i in range(10) for j in range(i + 1, min(10, i + 1 + most))]
    assert [tuple(pair) for pair in pairs.tolist()] == wanted
    assert left_out == 45 - len(wanted)


def test_nothing_pairs_with_an_empty_set_or_in_an_empty_collection() -> None:
    assert minhash.candidate_pairs(_signed([set(), set()], 4), 2)[0].shape == (0, 2)
    assert minhash.candidate_pairs(np.empty((0, 4), np.uint32), 2)[0].shape == (0, 2)


def test_runs_of_signs_differ_by_their_salt() -> None:
    signs = np.frombuffer("abcdabcdab".encode("utf-32-le"), np.uint32)
    offsets = np.array([0, 4, 8, 10], np.int64)  # abcd, abcd, ab
    out = np.empty(10 - 3, np.uint64)
    minhash.shingles(offsets, signs, np.array([0, 0, 1], np.uint64), 2, out)
    assert out[:3].tolist() == out[3:6].tolist()
    assert out[6] != out[0]
    minhash.shingles(offsets, signs, np.array([0, 1, 0], np.uint64), 2, out)
    assert not set(out[:3].tolist()) & set(out[3:6].tolist())
    assert out[6] == out[0]


def test_the_seed_decides_the_signatures() -> None:
    sets = _sets(5)
    assert np.array_equal(_signed(sets, 8, seed=4), _signed(sets, 8, seed=4))
    assert not np.array_equal(_signed(sets, 8, seed=4), _signed(sets, 8, seed=5))
