"""Which items of one catalogue are items of another."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from segue.core.catalogue import COLUMNS, Catalogue
from segue.identity import Matches, matches

MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


def catalogue(*rows: dict[str, Any]) -> Catalogue:
    names = list(dict.fromkeys(name for row in rows for name in ("id", *row)))
    filled = [{"id": f"x{number}", **row} for number, row in enumerate(rows)]
    return Catalogue(pl.DataFrame({n: pl.Series([r.get(n) for r in filled], dtype=COLUMNS[n]) for n in names}))


def found(asked: Catalogue, known: Catalogue, played: list[float] | None = None) -> Matches:
    return matches(asked, known, np.array(played or [0.0] * len(known)))


def test_an_id_goes_before_an_isrc_an_isrc_before_an_mbid_and_that_before_a_name() -> None:
    name = {"title": "Roads", "artist": "Portishead"}
    known = catalogue({"id": "a", **name}, {"id": "b", "isrc": "GBAAA9400001"}, {"id": "c", "mbid": MBID}, {"id": "d"})
    asked = catalogue(
        {"id": "d", "isrc": "GBAAA9400001", "mbid": MBID, **name},
        {"isrc": "gb-aaa-94-00001", "mbid": MBID, **name},
        {"mbid": MBID.upper(), **name},
        {"title": "Roads - Remastered 2014", "artist": "PORTISHEAD"},
    )
    result = found(asked, known)
    assert result.positions.tolist() == [3, 1, 2, 0]
    assert result.how.to_list() == ["id", "ISRC", "MBID", "name"]
    assert (result.matched, result.ambiguous) == (4, 0)


def test_of_several_of_one_name_the_same_album_goes_first_and_then_the_most_played() -> None:
    name = {"title": "Roads", "artist": "Portishead"}
    known = catalogue({**name, "album": "Hits"}, {**name, "album": "Dummy"}, {**name, "album": "Live"})
    asked = catalogue(
        {"id": "p", **name, "album": "DUMMY"}, {"id": "q", **name}, {"id": "r", "title": "Roads", "artist": "X"}
    )
    result = found(asked, known, [1.0, 2.0, 3.0])
    assert result.positions.tolist() == [1, 2, -1]
    assert result.several.tolist() == [True, True, False]
    assert found(asked, known).positions.tolist() == [1, 0, -1]


def test_lengths_that_contradict_each_other_are_two_recordings() -> None:
    known = catalogue({"title": "Roads", "artist": "Portishead", "duration": 300.0})
    asked = catalogue(
        {"id": "a", "title": "Roads", "artist": "Portishead", "duration": 312.0},  # within 5 %
        {"id": "b", "title": "Roads", "artist": "Portishead", "duration": 420.0},
        {"id": "c", "title": "Roads", "artist": "Portishead"},
    )
    result = found(asked, known)
    assert result.positions.tolist() == [0, -1, 0]
    assert result.how[1] == "one of that name is there, but of another length"


def test_what_is_missed_is_missed_for_a_reason() -> None:
    known = catalogue({"title": "Roads", "artist": "Portishead"})
    asked = catalogue(
        {"id": "a", "title": "Roads (Live)", "artist": "Portishead"},
        {"id": "b", "title": "Strangers", "artist": "Portishead"},
        {"id": "c", "title": "Roads", "artist": "Lawrence"},
        {"id": "d", "title": "Roads"},
    )
    assert found(asked, known).counts() == {
        "only another version of the song is there": 1,
        "the artist is there, but not this title": 1,
        "the artist is not there": 1,
        "its name says too little (no title, no artist, or one that many share)": 1,
    }


def test_empty_catalogues_match_nothing() -> None:
    some = catalogue({"title": "Roads", "artist": "Portishead"})
    none = Catalogue(some.frame.clear())
    assert found(none, some).positions.tolist() == []
    assert found(some, none).positions.tolist() == [-1]
