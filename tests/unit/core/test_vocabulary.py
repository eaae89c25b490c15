"""Ids and positions."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, NotFoundError

TEXT = st.text(max_size=8)  # any Unicode but surrogates, which are no text
IDS = st.lists(TEXT, unique=True, max_size=120)


@given(ids=IDS)
def test_every_id_comes_back_from_its_position(ids: list[str]) -> None:
    vocabulary = Vocabulary(ids)
    assert len(vocabulary) == len(ids)
    assert list(vocabulary) == ids
    assert [vocabulary[number] for number in range(len(ids))] == ids
    assert [vocabulary.position(identifier) for identifier in ids] == list(range(len(ids)))
    assert vocabulary.positions(ids).tolist() == list(range(len(ids)))
    assert vocabulary.ids(np.arange(len(ids), dtype=np.int32)) == ids


@given(values=st.lists(TEXT, max_size=120))
def test_a_column_is_encoded_by_first_appearance(values: list[str]) -> None:
    vocabulary, positions = Vocabulary.encode(pl.Series(values, dtype=pl.String))
    assert list(vocabulary) == list(dict.fromkeys(values))
    assert positions.dtype == np.int32
    assert vocabulary.ids(positions) == values


@given(ids=IDS, asked=st.lists(st.none() | TEXT, max_size=40), repeats=st.sampled_from([1, 4]))
def test_unknown_and_missing_ids_have_position_minus_one_however_many_are_asked(
    ids: list[str], asked: list[str | None], repeats: int
) -> None:
    known = {identifier: number for number, identifier in enumerate(ids)}
    expected = [-1 if identifier is None else known.get(identifier, -1) for identifier in asked] * repeats
    series = pl.Series(asked * repeats, dtype=pl.String)
    assert Vocabulary(ids).positions(series).tolist() == expected


@given(first=IDS, more=st.lists(TEXT, max_size=60))
def test_an_extended_vocabulary_keeps_every_position(first: list[str], more: list[str]) -> None:
    short = Vocabulary(first)
    long = short.extended(more)
    assert list(long) == list(dict.fromkeys([*first, *more]))
    assert short.is_prefix_of(long)
    assert long.is_prefix_of(short) == (len(long) == len(short))
    assert list(short) == first


@given(a=IDS, b=IDS)
def test_vocabularies_are_equal_when_their_ids_are(a: list[str], b: list[str]) -> None:
    assert (Vocabulary(a) == Vocabulary(b)) == (a == b)
    assert (Vocabulary(a).digest == Vocabulary(b).digest) == (a == b)
    assert hash(Vocabulary(a)) == hash(Vocabulary(list(a)))


def test_the_digest_tells_where_one_id_ends() -> None:
    assert Vocabulary(["ab", "c"]).digest != Vocabulary(["a", "bc"]).digest


def test_an_unknown_id_is_told_its_near_matches() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'radiohead'") as caught:
        Vocabulary(["radiohead", "muse"]).position("radiohed")
    assert caught.value.near == ("radiohead",)


def test_an_unknown_id_in_an_empty_vocabulary_has_none() -> None:
    with pytest.raises(NotFoundError, match="among 0 known ids") as caught:
        Vocabulary().position("x")
    assert caught.value.near == ()


def test_membership_is_by_id() -> None:
    vocabulary = Vocabulary(["a", ""])
    assert "a" in vocabulary
    assert "" in vocabulary
    assert "b" not in vocabulary
    assert 0 not in vocabulary


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", "b", "a"], "'a' occurs more than once"),
        (["a", None], "an id is missing"),
        ([1, 2], "ids must be text"),
        (["\ud800"], "not valid Unicode"),
        (pl.Series([[1], [2]]), "ids must be text"),
        (pl.Series([b"\xff"]), "ids must be text"),
    ],
)
def test_ids_that_cannot_be_are_refused_in_one_line(ids: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        Vocabulary(ids)
    assert "\n" not in str(caught.value)


def test_a_missing_id_is_not_dropped_when_a_vocabulary_grows() -> None:
    with pytest.raises(DataError, match="an id is missing"):
        Vocabulary(["a"]).extended(["b", None])  # type: ignore[list-item]


def test_numbers_in_a_column_become_text() -> None:
    assert list(Vocabulary(pl.Series([3, 1]))) == ["3", "1"]


def test_a_position_outside_is_an_index_error() -> None:
    vocabulary = Vocabulary(["a", "b"])
    for position in (-1, 2):
        with pytest.raises(IndexError):
            vocabulary[position]
        with pytest.raises(IndexError):
            vocabulary.ids([position])


def test_a_vocabulary_does_not_change() -> None:
    vocabulary = Vocabulary(["a"])
    with pytest.raises(AttributeError, match="immutable"):
        vocabulary._series = pl.Series(["b"])  # type: ignore[misc]
    vocabulary.series.append(pl.Series(["b"]))
