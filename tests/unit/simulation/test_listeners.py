from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.simulation import PARAMETERS
from segue.simulation.listeners import make_society
from segue.simulation.streams import Part, cells, scrambled, stream, unit


@given(size=st.integers(1, 400), seed=st.integers(0, 5), cut=st.integers(0, 400))
def test_friends_are_the_same_in_blocks_of_any_size_and_mutual(size: int, seed: int, cut: int) -> None:
    society = make_society(size, seed, PARAMETERS)
    whole = society.friends(0, size)
    assert abs(whole - whole.T).sum() == 0
    assert whole.diagonal().sum() == 0
    cut = min(cut, size)
    blocks = np.vstack([society.friends(0, cut).toarray(), society.friends(cut, size).toarray()])
    assert np.array_equal(blocks, whole.toarray())


@given(size=st.integers(1, 10_000), seed=st.integers(0, 3))
def test_everyone_has_a_place_of_their_own_on_the_ring(size: int, seed: int) -> None:
    society = make_society(size, seed, PARAMETERS)
    rows = np.arange(size)
    places = society.places(rows)
    assert np.array_equal(np.sort(places), rows)
    assert np.array_equal(society.rows(places), rows)


def test_parts_and_cells_have_streams_of_their_own() -> None:
    draws = {stream(0, part, cell).integers(2**60).item() for part in Part for cell in range(3)}
    assert len(draws) == 3 * len(Part)
    assert stream(4, Part.TASTES, 2).random() == stream(4, Part.TASTES, 2).random()


def test_cells_hold_a_thousand_listeners_and_the_last_one_the_rest() -> None:
    assert list(cells(2500)) == [(0, 1000), (1, 1000), (2, 500)]


def test_scrambled_numbers_are_those_of_splitmix64() -> None:
    # The first outputs of SplitMix64 with the state 1234567, as published with its reference code.
    states = np.array([(1234567 + 0x9E3779B97F4A7C15 * step) % 2**64 for step in range(3)], np.uint64)
    assert scrambled(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert unit(scrambled(np.arange(100_000, dtype=np.uint64))).mean() == pytest.approx(0.5, abs=0.005)
