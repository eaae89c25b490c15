"""Groups over a catalogue: what names, identifiers, albums, films and durations decide together."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Catalogue
from segue.errors import SettingsError
from segue.identity import grouped, keyed
from segue.identity.identifiers import isrcs, mbids

MBID = "3f1c2b6e-9f42-4d0a-8a55-1f2e3d4c5b6a"


def _catalogue(*rows: dict[str, Any]) -> Catalogue:
    columns = {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}
    return Catalogue(pl.DataFrame({"id": [str(number) for number in range(len(rows))], **columns}, strict=False))


def _codes(*rows: dict[str, Any], by: Any = "recording") -> list[int]:
    return grouped(_catalogue(*rows), by).codes.tolist()


COMET = {"artist": "Velma Orchard", "title": "Slow Comet"}
INTRO = {"artist": "Velma Orchard", "title": "Intro"}


def test_one_isrc_is_one_recording_whatever_the_titles() -> None:
    other = {"artist": "V. Orchard", "title": "Slower Comets", "isrc": "us-abc-11-12345"}
    assert _codes({**COMET, "isrc": "USABC1112345"}, other) == [0, 0]


def test_one_mbid_is_one_recording_whatever_the_titles() -> None:
    address = f"https://musicbrainz.org/recording/{MBID}"
    assert _codes({**COMET, "mbid": MBID.upper()}, {"artist": "X", "title": "Y", "mbid": address}) == [0, 0]


def test_different_isrcs_do_not_part_one_name_and_are_counted() -> None:
    found = grouped(_catalogue({**COMET, "isrc": "USABC1112345"}, {**COMET, "isrc": "GBABC1112345"}))
    assert found.codes.tolist() == [0, 0]
    assert found.isrc_conflicts == 1


def test_what_is_no_identifier_joins_nothing() -> None:
    texts = pl.Series(
        "isrc", ["USABC1112345", "us-abc-11-12345", "ISRC: USABC1112345", "?", "000000000000", "USABC0000000"]
    )
    assert isrcs(texts).to_list() == ["USABC1112345"] * 3 + [None] * 3
    assert mbids(pl.Series("mbid", [MBID, MBID.upper(), "-", "0" * 36, None])).to_list() == [
        MBID,
        MBID,
        None,
        None,
        None,
    ]
    assert _codes({**COMET, "isrc": "-"}, {"artist": "X", "title": "Y", "isrc": "-"}) == [0, 1]


def test_whatever_joins_two_items_joins_all_that_each_is_joined_to() -> None:
    bridge = {"artist": "X", "title": "Y", "isrc": "USABC1112345", "mbid": MBID}
    assert (
        _codes(COMET, {**COMET, "mbid": MBID}, bridge, {"artist": "Z", "title": "W", "isrc": "USABC1112345"}) == [0] * 4
    )


def test_a_vague_title_is_one_only_on_one_album_and_without_two_isrcs() -> None:
    here, there = {**INTRO, "album": "First Light"}, {**INTRO, "album": "Second Light"}
    assert _codes(INTRO, INTRO) == [0, 1]
    assert _codes(here, there, {**here, "album": "First Light (Deluxe Edition)"}) == [0, 1, 0]
    assert _codes({**here, "isrc": "USABC1112345"}, {**here, "isrc": "USABC1112346"}) == [0, 1]


def test_an_unnamed_concert_is_one_only_on_one_album_where_albums_are_known() -> None:
    live = {**COMET, "title": "Slow Comet - Live"}
    assert _codes(live, live) == [0, 0]
    assert _codes({**live, "album": "In Oslo"}, {**live, "album": "In Paris"}) == [0, 1]
    assert _codes({**live, "album": "In Oslo"}, {**live, "album": "In Paris"}, by="song") == [0, 0]


def test_durations_that_contradict_each_other_part_recordings_but_not_songs() -> None:
    rows = [{**COMET, "duration": seconds} for seconds in (200.0, 206.0, 300.0)]
    assert _codes(*rows) == [0, 0, 1]
    assert _codes(*rows, by="song") == [0, 0, 0]


def test_one_title_in_two_films_is_two_songs_even_beside_an_unnamed_one() -> None:
    films = [{**COMET, "title": f"Slow Comet{film}"} for film in (' (From "Kitaab")', ' (From "Safar")', "")]
    assert _codes(*films, by="song") == [0, 1, 2]


@pytest.mark.parametrize(
    "row",
    [
        {"artist": "Various Artists", "title": "Polka"},
        {"title": "Polka"},
        {"artist": "X"},
        {"artist": "", "title": " "},
    ],
)
def test_a_name_that_says_too_little_has_no_key(row: dict[str, str]) -> None:
    found = grouped(_catalogue(row, row))
    assert (found.codes.tolist(), found.unnamed) == ([0, 1], 2)
    assert found.keys.to_list() == ["id | 0", "id | 1"]


def test_rows_that_are_artists_are_not_merged_by_name() -> None:
    assert _codes({**COMET, "kind": "artist"}, {**COMET, "kind": "artist"}) == [0, 1]


def test_the_keys_of_a_catalogue_are_equal_exactly_within_groups() -> None:
    catalogue = _catalogue(
        COMET, {**COMET, "title": "Slow Comet - Live"}, {**COMET, "title": "Slow Comet (2011 Remaster)"}
    )
    frame = keyed(catalogue).frame
    plain = "velmaorchard | slow comet"
    assert frame["recording"].to_list() == [plain, f"{plain} | live", plain]
    assert frame["song"].n_unique() == 1
    assert frame.drop("recording", "song").equals(catalogue.frame)


def test_an_empty_catalogue_has_no_groups() -> None:
    empty = Catalogue(pl.DataFrame({"id": pl.Series([], dtype=pl.String)}))
    assert len(grouped(empty)) == 0
    assert keyed(empty).frame.height == 0


def test_other_ways_to_group_are_refused() -> None:
    with pytest.raises(SettingsError, match="'recording' or by 'song'"):
        grouped(_catalogue(COMET), "album")  # type: ignore[arg-type]


TITLES = st.sampled_from(
    ["Slow Comet", "slow comet", "Slow Comet - Live", "Slow Comets", "Slw Comet", "Pt. 2", "Pt. II", "Intro"]
)
ROWS = st.fixed_dictionaries(
    {
        "artist": st.sampled_from(["Velma Orchard", "Orchard, The", "The Orchard", None]),
        "title": TITLES,
        "isrc": st.sampled_from([None, None, None, "USABC1112345", "USABC1112346"]),
        "duration": st.sampled_from([None, 100.0, 104.0, 150.0]),
    }
)


@given(st.lists(ROWS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_the_groups_do_not_depend_on_the_order_of_the_items(rows: list[dict[str, Any]], chance: Any) -> None:
    order = list(range(len(rows)))
    chance.shuffle(order)
    for by in ("recording", "song"):
        codes = _codes(*rows, by=by)
        shuffled = _codes(*(rows[number] for number in order), by=by)
        one = {frozenset(i for i in order if codes[i] == code) for code in codes}
        two = {frozenset(order[place] for place in range(len(order)) if shuffled[place] == code) for code in shuffled}
        assert one == two


@given(st.lists(ROWS, min_size=1, max_size=12))
def test_one_recording_is_always_one_song(rows: list[dict[str, Any]]) -> None:
    recordings, songs = _codes(*rows), _codes(*rows, by="song")
    assert len(set(zip(recordings, songs, strict=True))) == len(set(recordings))
