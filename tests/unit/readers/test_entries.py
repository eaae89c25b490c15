"""Entries user by user: the same in memory and through files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.histories import Histories
from segue.errors import StorageError
from segue.readers.entries import EntriesByUser, stacked

Row = tuple[int, int, int, int]  # user, item, weight, time
rows = st.lists(st.lists(st.tuples(*(st.integers(0, most) for most in (6, 3, 9, 5))), max_size=8), max_size=6)


@given(rows, st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_each_user_gets_all_entries_in_the_order_in_which_they_came(
    blocks: list[list[Row]], held: int, at_once: int, timed: bool
) -> None:
    entries = EntriesByUser(held, at_once)
    for block in blocks:
        users, items, weights, times = (np.array([row[part] for row in block]) for part in range(4))
        entries.add(
            users.astype(np.int32),
            items.astype(np.int32),
            weights.astype(np.float32),
            times.astype(np.int64) if timed else None,
        )
    everything = [row for block in blocks for row in block]
    assert entries.n_entries == len(everything)
    found: list[Row] = []
    ends = [0]
    for block in entries.blocks(9):
        assert block.start == ends[-1]
        ends.append(block.stop)
        assert block.stop - block.start == 1 or block.items.size <= max(at_once, held)
        for number in range(block.start, block.stop):
            for at in range(block.offsets[number - block.start], block.offsets[number - block.start + 1]):
                time = 0 if block.times is None else int(block.times[at])
                found.append((number, int(block.items[at]), int(block.weights[at]), time))
        assert (block.times is not None) == (timed or not blocks)
    assert ends[-1] == 9
    expected = sorted(everything, key=lambda row: row[0])
    assert found == [row if timed else (*row[:3], 0) for row in expected]


def test_entries_without_weights_weigh_one_and_times_count_only_where_all_have_them() -> None:
    one, two = np.array([1, 0], np.int32), np.array([0], np.int32)
    entries = EntriesByUser(held=2)
    entries.add(one, one, None, np.array([5, 6]))
    entries.add(two, two, np.array([3], np.float32), None)
    (block,) = entries.blocks(2)
    assert block.items.tolist() == [0, 0, 1]
    assert block.weights.tolist() == [1, 3, 1]
    assert block.times is None


@pytest.mark.parametrize("timed", [False, True])
def test_histories_that_are_stacked_in_files_are_those_stacked_in_memory(timed: bool) -> None:
    def block(start: int) -> Histories:
        items = np.arange(start, start + 3, dtype=np.int32)
        times = np.array([1, 2, 2]) if timed else None
        order = "time" if timed else "none"
        return Histories(np.array([0, 1, 1, 3]), items, items.astype(np.float32), times, order=order)

    blocks = [block(start) for start in range(4)]
    assert stacked(iter(blocks), held=4) == stacked(blocks) == Histories.concatenate(blocks)
    assert isinstance(stacked(blocks, held=4).items.base, np.memmap)


def test_a_folder_for_temporary_files_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    entries = EntriesByUser(held=1)
    some = np.zeros(1, np.int32)
    with pytest.raises(StorageError, match="missing"):
        entries.add(some, some, None, None)
