"""Numbers for ids, lines, and rows in order: held against plain Python."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.kernels.numbering import count, lines, place


@given(st.text("a\r\n", max_size=12))
def test_lines_and_empty_lines_are_counted(text: str) -> None:
    ended = text.split("\n")[:-1]
    assert lines(np.frombuffer(text.encode(), np.uint8)) == (len(ended), sum(line in ("", "\r") for line in ended))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9)), max_size=20))
def test_values_are_placed_number_by_number_in_the_order_in_which_they_came(rows: list[tuple[int, int]]) -> None:
    numbers = np.array([row[0] for row in rows], np.int32)
    counts = np.zeros(5, np.int64)
    count(numbers, counts)
    assert counts.tolist() == [sum(row[0] == number for row in rows) for number in range(5)]
    next_of = np.cumsum(counts) - counts
    out = np.empty(len(rows), np.int64)
    place(numbers + np.int32(7), 7, next_of, np.array([row[1] for row in rows], np.int64), out)
    assert out.tolist() == [row[1] for row in sorted(rows, key=lambda row: row[0])]
    assert next_of.tolist() == np.cumsum(counts).tolist()
