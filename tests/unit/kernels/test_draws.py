"""Random streams: the published generator, and the shares in which things are drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segue.kernels.draws import below, bits, draw, shuffle

NONE = np.zeros(0)


def stream(seed: int) -> npt.NDArray[np.uint64]:
    return np.array([seed], np.uint64)


def test_bits_are_those_of_the_published_generator() -> None:
    """The first numbers of SplitMix64 from 1234567, as Vigna's reference implementation gives them."""
    state = stream(1234567)
    assert [int(bits(state)) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_numbers_below_n_are_alike() -> None:
    state = stream(1)
    drawn = [below(state, 7) for _ in range(70_000)]
    counts = np.bincount(drawn)
    assert counts.size == 7
    assert np.abs(counts - 10_000).max() < 400  # four standard deviations


def test_places_are_drawn_in_proportion_to_their_weights() -> None:
    weights = np.array([9.0, 1.0, 0.0, 3.0, 0.0, 2.0])
    cumulative = np.concatenate([[0.0], np.cumsum(weights)])
    state = stream(2)
    drawn = np.bincount([draw(state, 1, 6, cumulative) for _ in range(60_000)], minlength=6)
    assert drawn[[0, 2, 4]].tolist() == [0, 0, 0]
    np.testing.assert_allclose(drawn[[1, 3, 5]], [10_000, 30_000, 20_000], atol=500)


def test_without_weights_all_places_are_alike() -> None:
    state = stream(3)
    drawn = np.bincount([draw(state, 2, 6, NONE) for _ in range(40_000)], minlength=6)
    assert drawn[:2].tolist() == [0, 0]
    np.testing.assert_allclose(drawn[2:], 10_000, atol=400)


def test_a_shuffle_keeps_what_is_there_and_leaves_the_rest_alone() -> None:
    values = np.arange(100, dtype=np.int32)
    shuffle(stream(4), 10, 60, values)
    assert values[:10].tolist() == list(range(10))
    assert values[60:].tolist() == list(range(60, 100))
    assert sorted(values[10:60]) == list(range(10, 60))
    assert values[10:60].tolist() != list(range(10, 60))


def test_every_order_is_as_likely() -> None:
    state = stream(5)
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(24_000):
        values = np.arange(4, dtype=np.int32)
        shuffle(state, 0, 4, values)
        seen[tuple(values)] = seen.get(tuple(values), 0) + 1
    assert len(seen) == 24
    assert max(abs(count - 1000) for count in seen.values()) < 150
