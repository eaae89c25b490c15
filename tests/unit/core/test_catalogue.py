"""What is known of each item."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import AUDIO_FEATURES, COLUMNS, Catalogue
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError


def catalogue(**columns: Any) -> Catalogue:
    length = len(next(iter(columns.values())))
    return Catalogue(pl.DataFrame({"id": [f"i{number}" for number in range(length)], **columns}))


def test_columns_come_in_declared_order_and_type() -> None:
    made = Catalogue(
        pl.DataFrame(
            {"tempo": [120], "title": ["A"], "released": [date(2001, 2, 3)], "genres": [["rock", "pop"]], "id": [7]}
        )
    )
    assert made.columns == ["id", "title", "genres", "released", "tempo"]
    assert [made.frame.schema[name] for name in made.columns] == [COLUMNS[name] for name in made.columns]
    assert made.frame["id"].to_list() == ["7"]


def test_every_declared_column_is_there_though_the_source_does_not_know_it() -> None:
    bare = Catalogue.bare(Vocabulary(["a", "b"]))
    assert bare.columns == ["id"]
    for name, dtype in COLUMNS.items():
        column = bare.column(name)
        assert (column.name, column.dtype, column.len()) == (name, dtype, 2)
        assert column.null_count() == (0 if name == "id" else 2)
        assert bare.has(name) == (name == "id")
    assert set(AUDIO_FEATURES) <= set(COLUMNS)


def test_a_column_without_a_known_value_is_not_had() -> None:
    assert not catalogue(title=[None, None]).has("title")
    assert catalogue(title=[None, "x"]).has("title")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"title": ["A"]}, "needs the column 'id'"),
        ({"id": ["a"], "titel": ["A"]}, "unknown catalogue columns"),
        ({"id": ["a", "a"]}, "present and distinct"),
        ({"id": ["a", None]}, "present and distinct"),
        ({"id": ["a"], "duration": ["long"]}, "does not fit its column"),
        ({"id": ["a"], "genres": ["rock"]}, "does not fit its column"),
    ],
)
def test_a_frame_that_is_no_catalogue_is_refused_in_one_line(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        Catalogue(pl.DataFrame(columns))
    assert "\n" not in str(caught.value)


def test_an_undeclared_column_cannot_be_asked_for() -> None:
    with pytest.raises(DataError, match="unknown catalogue column 'titel'"):
        catalogue(title=["A"]).column("titel")


def test_a_label_is_what_a_person_would_say() -> None:
    made = catalogue(title=["Creep", "Untitled", None, None], artist=["Radiohead", None, "Muse", None])
    assert [made.label(position) for position in range(4)] == ["Radiohead - Creep", "Untitled", "Muse", "i3"]
    assert Catalogue.bare(Vocabulary(["a"])).label(0) == "a"


@given(artists=st.lists(st.none() | st.text(max_size=3), min_size=1, max_size=30))
def test_codes_are_dense_by_first_appearance(artists: list[str | None]) -> None:
    distinct = list(dict.fromkeys(artist for artist in artists if artist is not None))
    made = Catalogue(
        pl.DataFrame({"id": list(map(str, range(len(artists)))), "artist": pl.Series(artists, dtype=pl.String)})
    )
    codes = made.codes("artist")
    assert codes.dtype == np.int32
    assert codes.tolist() == [-1 if artist is None else distinct.index(artist) for artist in artists]


def test_codes_of_an_absent_column_are_all_unknown() -> None:
    assert catalogue(title=["a", "b"]).codes("artist").tolist() == [-1, -1]


def test_catalogues_are_equal_when_their_rows_are() -> None:
    assert catalogue(title=["a", None]) == catalogue(title=["a", None])
    assert catalogue(title=["a", None]) != catalogue(title=["a", "b"])


def test_a_catalogue_does_not_change() -> None:
    made = catalogue(title=["a"])
    with pytest.raises(AttributeError, match="immutable"):
        made._frame = pl.DataFrame()  # type: ignore[misc]
    made.frame.insert_column(0, pl.Series("other", [1]))
    assert made.columns == ["id", "title"]
