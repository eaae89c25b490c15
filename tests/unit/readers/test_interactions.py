"""Rows gathered into histories: through files as in memory."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset, Feedback
from segue.dataset_files import Source
from segue.readers import interactions
from segue.readers.entries import EntriesByUser, stacked
from segue.readers.interactions import Interactions, RowForm
from segue.readers.report import Tally
from segue.readers.times import TimeForm

rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(1, 5), st.integers(1, 3)), min_size=1
)


def gathered(
    blocks: list[list[tuple[str, str, int, int]]], feedback: Feedback, timed: bool, held: int
) -> tuple[Dataset, int]:
    tally = Tally(Path("plays.csv"), Source("plays.csv", 1, "", "table"), strict=True)
    time = TimeForm("seconds since 1970", 1.0) if timed else None
    found = Interactions(EntriesByUser(held, at_once=2))
    for block in blocks:
        names = ["user", "item", "weight", "time"]
        frame = pl.DataFrame(block, schema=names, orient="row").cast(pl.String).with_row_index("line", 1)
        found.add(frame, RowForm(weight=feedback != "presence", time=time, feedback=feedback), tally)
    return found.dataset(feedback)


@pytest.mark.parametrize("feedback", ["plays", "ratings", "presence"])
@pytest.mark.parametrize("timed", [False, True])
@given(blocks=st.lists(rows, min_size=1, max_size=4), held=st.integers(1, 5))
def test_entries_that_went_through_files_make_the_same_dataset(
    feedback: Feedback, timed: bool, blocks: list[list[tuple[str, str, int, int]]], held: int
) -> None:
    assert gathered(blocks, feedback, timed, held) == gathered(blocks, feedback, timed, 1000)


def test_histories_in_files_make_the_same_dataset(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [[("a", "x", 1, 1), ("b", "y", 2, 2)], [("a", "z", 3, 2), ("a", "x", 4, 3)]]
    in_memory = gathered(blocks, "plays", True, 1000)
    monkeypatch.setattr(interactions, "stacked", lambda parts: stacked(parts, held=1))
    assert gathered(blocks, "plays", True, 1) == in_memory
