"""The bounded heap, held against sorting."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.heap import offer, unwind


@given(st.lists(st.sampled_from([-2.0, -0.5, 0.0, 0.5, 1.0, 7.0]), max_size=40), st.integers(0, 12))
def test_the_best_stay_in_order_with_ties_by_position(scores: list[float], room: int) -> None:
    kept, items, size = np.full(room, -np.inf, np.float32), np.full(room, -1, np.int32), 0
    for item in np.random.default_rng(len(scores)).permutation(len(scores)):
        size = offer(kept, items, size, np.float32(scores[item]), np.int32(item))
    unwind(kept, items, size)
    best = sorted(range(len(scores)), key=lambda item: (-scores[item], item))[:room]
    assert size == len(best)
    assert items[:size].tolist() == best
    assert kept[:size].tolist() == [scores[item] for item in best]
