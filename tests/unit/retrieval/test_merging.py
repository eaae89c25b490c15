"""Merging nominations, held against dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.core.topk import TopK
from segue.retrieval.fallback import next_best
from segue.retrieval.merging import merge

N_ITEMS = 12
lists = st.lists(st.integers(0, N_ITEMS - 1), unique=True, max_size=6)


@given(st.lists(st.tuples(lists, lists, lists), min_size=1, max_size=8))
def test_a_pool_remembers_who_nominated_what_at_which_rank(rows: list[tuple[list[int], ...]]) -> None:
    names = ("a", "b", "c")
    pool = merge(names, [TopK.of([row[source] for row in rows], 6) for source in range(3)], N_ITEMS)
    for number, row in enumerate(rows):
        ranks: dict[int, dict[str, int]] = {}
        for name, nominated in zip(names, row, strict=True):
            for rank, item in enumerate(nominated, start=1):
                ranks.setdefault(item, {})[name] = rank
        found = [item for item in pool.items[number].tolist() if item >= 0]
        assert found == list(ranks)
        for item in found:
            assert dict(pool.nominations(number, item)) == ranks[item]


def test_many_threads_merge_the_same() -> None:
    generator = np.random.default_rng(0)
    tops = [TopK.of([generator.permutation(50)[:k].tolist() for _ in range(900)]) for k in (7, 3)]
    one, two = (merge(("a", "b"), tops, 50, threads=threads) for threads in (1, 2))
    assert np.array_equal(one.items, two.items)
    assert np.array_equal(one.ranks, two.ranks)


def test_a_pool_of_nobody_is_empty() -> None:
    pool = merge(("a",), [TopK.of([[], []], 3)], 5)
    assert pool.items.shape == (2, 0)
    assert pool.sizes.tolist() == [0, 0]


@given(
    st.permutations(range(N_ITEMS)),
    st.integers(1, N_ITEMS),
    st.lists(st.tuples(lists, lists), min_size=1, max_size=5),
)
def test_the_next_best_are_neither_pooled_nor_blocked(
    ranking: list[int], count: int, rows: list[tuple[list[int], list[int]]]
) -> None:
    offsets = np.cumsum([0, *(len(blocked) for _, blocked in rows)])
    blocked = np.array([item for _, row in rows for item in row], dtype=np.int32)
    pooled = TopK.of([pool for pool, _ in rows], 6).items
    found = next_best(np.array(ranking, np.int32), count, pooled, (offsets, blocked), N_ITEMS)
    for number, (pool, gone) in enumerate(rows):
        expected = [item for item in ranking if item not in pool and item not in gone][:count]
        assert [item for item in found[number].tolist() if item >= 0] == expected
