"""Fields and records of delimited text, held against Python's csv module."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from segue.dataset_files import Source
from segue.readers.delimited import Dialect, _odd_quotes, _open_after, _Parser, guess_dialect
from segue.readers.report import Tally

lines = st.lists(st.text('ab",é ', min_size=1, max_size=10), min_size=1, max_size=4)


def parser() -> _Parser:
    tally = Tally(Path("plays.csv"), Source("plays.csv", 1, "", "table"), strict=False)
    return _Parser(Dialect(",", quoted=True, width=3), {"user": 0, "item": 1, "weight": 2}, tally)


@given(lines)
def test_the_quick_and_the_careful_way_give_the_same_rows(rows: list[str]) -> None:
    body = "\n".join(rows).encode()
    assume(not _odd_quotes(body, ","))
    try:
        list(csv.reader(rows, strict=True))
    except csv.Error:
        assume(False)
    quick = parser()._by_polars(body)
    careful, rest, _ = parser()._by_line(body, 1, last=True)
    assert rest == b""
    if quick is not None and quick.height == len(rows):
        assert quick.rows() == careful.select(quick.columns).rows()


@given(lines)
def test_a_field_is_open_where_the_csv_module_sees_it_open(rows: list[str]) -> None:
    is_open = False
    for number, line in enumerate(rows, 1):
        is_open = _open_after(line, ",", is_open)
        try:
            list(csv.reader(["\n".join(rows[:number])], strict=True))
        except csv.Error as error:
            assume("unexpected end of data" in str(error))
            assert is_open
        else:
            assert not is_open
            return


@pytest.mark.parametrize(
    ("sample", "delimiter", "quoted", "width"),
    [
        (["a,b", "c,d"], ",", True, 2),
        (["a\tb,c", "d\te,f"], "\t", False, 2),
        (['"a"\t"b"', '"c"\t"d"'], "\t", True, 2),
        (["a;b;c", "1,5;2;3"], ";", True, 3),
        (["0 1 5.0", "1 1 4.0"], " ", True, 3),
        (["a title of, words, a, b", "b|c", "d|e", "f|g"], "|", True, 2),
    ],
)
def test_the_delimiter_that_cuts_evenly_is_found(sample: list[str], delimiter: str, quoted: bool, width: int) -> None:
    assert guess_dialect(sample) == Dialect(delimiter, quoted, width)


def test_words_are_no_columns() -> None:
    assert guess_dialect(["a line of words", "another", "the third of them"]) is None
