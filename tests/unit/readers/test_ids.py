"""Ids as numbers: by first appearance, whatever their hashes are."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.readers.ids import Ids, Text


def constant(column: pl.Series) -> pl.Series:
    return pl.Series([7], dtype=pl.UInt64).new_from_index(0, column.len())


def by_length(column: pl.Series) -> pl.Series:
    return column.str.len_bytes().cast(pl.UInt64)


@pytest.mark.parametrize("hashing", [pl.Series.hash, constant, by_length])
@given(blocks=st.lists(st.lists(st.sampled_from(["", "a", "b", "ab", "ba", "é", "日本", "a" * 40, "a" * 39 + "b"]))))
def test_ids_are_numbered_by_first_appearance_even_where_hashes_are_the_same(
    hashing: Callable[[pl.Series], pl.Series], blocks: list[list[str]]
) -> None:
    ids = Ids(hashing)
    known: dict[str, int] = {}
    for block in blocks:
        expected = [known.setdefault(text, len(known)) for text in block]
        assert ids.of(Text(pl.Series(block, dtype=pl.String))).tolist() == expected
    assert ids.series.to_list() == list(known)
    assert len(ids) == len(known)


@pytest.mark.parametrize("size", [1, 700, 50_000])
def test_the_table_grows_with_the_ids_and_with_their_text(size: int) -> None:
    texts = [f"{number * 7919 % 30_011}" + "x" * (number % 50) for number in range(50_000)]
    ids, known = Ids(), {}
    for start in range(0, len(texts) if size > 1 else 1500, size):
        block = texts[start : start + size]
        expected = [known.setdefault(text, len(known)) for text in block]
        assert ids.of(Text(pl.Series(block))).tolist() == expected
    assert ids.series.to_list() == list(known)
