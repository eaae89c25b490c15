"""Features: what is read of each form, and how it meets the items of a dataset."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.errors import DataError, RowError
from segue.readers import read
from segue.readers.audio_features import AudioFeatures
from segue.readers.enricher import Enricher
from segue.readers.enrichers import ENRICHERS, recognized
from segue.readers.enriching import MatchReport, enriched
from segue.readers.lyrics import Lyrics
from segue.readers.musixmatch import Musixmatch
from segue.readers.tags import Tags
from segue.readers.track_objects import TrackObjects

A, B, C = (f"spotify:track:{letter * 22}" for letter in "abc")
SOUND = "track,artist,uri,danceability,energy,valence,key,tempo,time_signature,duration_ms\r\n"


def dataset(**columns: list[Any]) -> Dataset:
    """One user who heard all of these items once."""
    ids = columns["id"]
    frame = pl.DataFrame({"user": ["u"] * len(ids), "item": ids})
    plain = Dataset.from_frame(frame, user="user", item="item")
    return Dataset(plain.users, plain.items, plain.histories, Catalogue(pl.DataFrame(columns)), plain.feedback)


def written(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def track(**changes: Any) -> dict[str, Any]:
    return {
        "uri": A,
        "name": "Rain",
        "artists": [{"name": "Ana"}, {"name": "Bo"}],
        "album": {"name": "Clouds", "release_date": "1999-05-17", "release_date_precision": "day"},
        "explicit": True,
        "popularity": 41,
        "duration_ms": 200_500,
        "external_ids": {"isrc": "us-rc1-76-07839"},
        **changes,
    }


def test_audio_features_are_numbers_by_id(tmp_path: Path) -> None:
    path = written(
        tmp_path / "sound.csv",
        SOUND + f'"Rain, again",Ana,{A},0.5,0.25,1,-1,0,0,200500\r\n' + f"Sun,Bo,{B},0.1,.2,0,11,120.5,4,\r\n",
    )
    features, report = AudioFeatures().read([path])
    rows = features.frame.to_dicts()
    assert [(row["id"], row["title"], row["artist"]) for row in rows] == [(A, "Rain, again", "Ana"), (B, "Sun", "Bo")]
    assert (rows[0]["danceability"], rows[0]["energy"], rows[0]["valence"], rows[0]["duration"]) == (
        0.5,
        0.25,
        1,
        200.5,
    )
    assert (rows[0]["key"], rows[0]["tempo"], rows[0]["time_signature"]) == (None, None, None)  # none was found
    assert (rows[1]["key"], rows[1]["tempo"], rows[1]["time_signature"], rows[1]["duration"]) == (11, 120.5, 4, None)
    assert (report.read, report.rejected, report.merged) == (2, 0, 0)


def test_a_repeated_id_is_one_row_and_is_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "sound.csv", SOUND + f"Rain,Ana,{A},,0.2,0,0,1,4,1\r\nRain,Ana,{A},0.9,0.3,0,0,1,4,1\r\n")
    features, report = AudioFeatures().read([path])
    assert features.frame.select("danceability", "energy").rows() == [(pytest.approx(0.9), pytest.approx(0.2))]
    assert (report.accepted, report.merged) == (2, 1)


def test_a_feature_out_of_its_range_rejects_the_row_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path / "sound.csv",
        SOUND + f"Rain,Ana,{A},1.5,0,0,0,1,4,1\r\nSun,Bo,{B},0.5,loud,0,0,1,4,1\r\n,,,0.5,0,0,0,1,4,1\r\n"
        f"Sun,Bo,{C},0.5,0,0,0,1,4,1\r\nSun,Bo,{C},nan,0,0,0,1,4,1\r\n",
    )
    features, report = AudioFeatures().read([path])
    assert features.frame["id"].to_list() == [C]
    found = {each.reason: [place.line for place in each.places] for each in report.rejections}
    assert found == {
        "the danceability is no number from 0 to 1": [2, 6],
        "the energy is no number from 0 to 1": [3],
        "there is neither an id nor a title": [4],
    }
    with pytest.raises(RowError, match="line 2: the danceability"):
        AudioFeatures().read([path], strict=True)


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("1999-05-17", date(1999, 5, 17)),
        ("1999-05", date(1999, 5, 1)),
        ("1999", date(1999, 1, 1)),
        ("0000", None),
        ("1999-13", None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_release_is_on_the_first_day_of_what_is_told(tmp_path: Path, told: str | None, day: date | None) -> None:
    path = written(tmp_path / "t.json", json.dumps([track(album={"name": "Clouds", "release_date": told})]))
    features, _ = TrackObjects().read([path])
    assert features.column("released").to_list() == [day]


def test_track_objects_tell_what_spotify_knows(tmp_path: Path) -> None:
    expected = {
        "id": A,
        "title": "Rain",
        "artist": "Ana, Bo",
        "album": "Clouds",
        "explicit": True,
        "released": date(1999, 5, 17),
        "duration": 200.5,
        "popularity": 41.0,
        "isrc": "USRC17607839",
    }
    forms = {
        "list.json": json.dumps([track()]),
        "response.json": json.dumps({"tracks": [track()]}),
        "playlist.json": json.dumps({"items": [{"added_at": "2020", "track": track()}]}),
        "lines.jsonl": json.dumps(track()) + "\n" + json.dumps(track()) + "\n",
    }
    for name, text in forms.items():
        path = written(tmp_path / name, text)
        guess = recognized([path])
        assert guess is not None
        assert guess.format == "track-objects", name
        features, _ = TrackObjects().read([path])
        assert features.frame.to_dicts() == [expected], name


def test_objects_that_are_no_tracks_are_rejected_by_their_number(tmp_path: Path) -> None:
    odd = [track(), None, 7, {"track": None}, {"explicit": False}, track(uri=None, id=None, name=" ")]
    features, report = TrackObjects().read([written(tmp_path / "t.json", json.dumps(odd))])
    assert len(features) == 1
    assert {each.reason: [place.part for place in each.places] for each in report.rejections} == {
        "there is no track object": ["entry 2", "entry 3", "entry 4"],
        "the track has neither an id nor a name": ["entry 5", "entry 6"],
    }


def test_values_of_another_kind_are_not_known_rather_than_an_error(tmp_path: Path) -> None:
    odd = track(artists="Ana", album=[1], explicit="yes", popularity=True, duration_ms="long", external_ids=None)
    features, _ = TrackObjects().read([written(tmp_path / "t.json", json.dumps([odd]))])
    row = features.frame.to_dicts()[0]
    assert {name for name, value in row.items() if value is not None} == {"id", "title"}


def test_lyrics_keep_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path / "songs.csv", 'artist,song,link,text\nAna,Rain,/a,"It ""rained""\n\nand rained"\nBo,Sun,/b,\n'
    )
    guess = recognized([path])
    assert guess is not None
    assert guess.format == "lyrics"
    features, report = Lyrics().read([path])
    assert features.frame.select("title", "artist", "text").rows() == [("Rain", "Ana", 'It "rained"\n\nand rained')]
    assert [(each.reason, each.places[0].line) for each in report.rejections] == [("there is no text", 5)]


def test_long_texts_do_not_hide_the_delimiter(tmp_path: Path) -> None:
    verses = "\n".join(["you and i and the rain"] * 90)
    path = written(tmp_path / "songs.csv", "artist,song,text\n" + f'Ana,Rain,"{verses}"\nBo,Sun,"{verses}"\n' * 3)
    guess = recognized([path])
    assert guess is not None
    assert guess.format == "lyrics"
    features, report = Lyrics().read([path])
    assert features.column("text").to_list() == [verses, verses]
    assert (report.read, report.rejected, report.merged) == (6, 0, 4)


def test_a_list_of_words_is_no_header_of_lyrics(tmp_path: Path) -> None:
    guess = recognized([written(tmp_path / "mxm.txt", "i,artist,song,text\nTRAAAAV128F421A322,4623710,1:2,3:1\n")])
    assert guess is not None
    assert guess.format == "musixmatch"


MXM = (
    "# a comment\n%i,the,you\nTRAAAAV128F421A322,4623710,1:2,3:1\n"
    "TRAAABD128F429CF47,1,4:1\nTRAAABD128F429CF47,1\nTRAAAEF128F4273421,9,2:1\n"
)


def test_a_bag_of_words_becomes_each_word_as_often_as_it_is_sung(tmp_path: Path) -> None:
    path = written(tmp_path / "mxm.txt", MXM)
    guess = recognized([path])
    assert guess is not None
    assert guess.format == "musixmatch"
    features, report = Musixmatch().read([path])
    assert features.frame.rows() == [("TRAAAAV128F421A322", "i i you"), ("TRAAAEF128F4273421", "the")]
    assert (report.read, [each.places[0].line for each in report.rejections]) == (4, [4, 5])


def test_bags_of_words_go_by_song_where_the_table_of_tracks_lies_beside_them(tmp_path: Path) -> None:
    path = written(tmp_path / "mxm.txt", MXM)
    written(tmp_path / "unique_tracks.txt", "TRAAAAV128F421A322<SEP>SOQMMHC12AB0180CB8<SEP>Ana<SEP>Rain\n")
    features, _ = Musixmatch().read([path])
    assert features.frame.select("id", "title", "artist", "text").rows() == [
        ("SOQMMHC12AB0180CB8", "Rain", "Ana", "i i you"),
        ("TRAAAEF128F4273421", None, None, "the"),
    ]


def test_tags_come_with_the_most_frequent_first(tmp_path: Path) -> None:
    path = written(tmp_path / "tags.csv", "item,tag,count\nx,calm,2\nx,loud,5\ny,odd,1\nx,calm,4\nx,,1\ny,bad,-1\n")
    guess = recognized([path])
    assert guess is not None
    assert guess.format == "tags"
    features, report = Tags().read([path])
    assert features.frame.rows() == [("x", ["calm", "loud"]), ("y", ["odd"])]
    assert (report.rejected, report.merged) == (2, 1)


def test_genres_go_by_artist_and_title_as_well(tmp_path: Path) -> None:
    path = written(tmp_path / "genres.tsv", "artist\ttitle\tgenre\nAna\tRain\tfolk\nAna\tRain\tpop\n")
    features, _ = Tags().read([path])
    assert features.frame.select("title", "genres").rows() == [("Rain", ["folk", "pop"])]


def test_a_table_of_plays_with_tags_is_no_table_of_tags(tmp_path: Path) -> None:
    assert recognized([written(tmp_path / "t.csv", "user,item,tag\nu,i,t\n")]) is None
    assert recognized([written(tmp_path / "p.csv", "user,item,plays\nu,i,1\n")]) is None


@pytest.mark.parametrize("form", ENRICHERS.values(), ids=list(ENRICHERS))
@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"hello\n", b'{"a": ', b"[[[[", b"\xff\xfe"])
def test_odd_content_is_not_recognized_and_reading_it_says_what_is_wrong(
    form: Enricher, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    assert form.sniff(path) is None
    assert form.sniff(tmp_path / "missing") is None
    assert form.sniff(tmp_path) is None
    with pytest.raises(DataError, match=r"odd\.json"):
        form.read([path])


def test_files_of_different_forms_are_refused(tmp_path: Path) -> None:
    tags = written(tmp_path / "tags.csv", "item,tag\nx,calm\n")
    sound = written(tmp_path / "sound.csv", SOUND)
    with pytest.raises(DataError, match=r"tags.csv is tags, .*sound.csv is audio-features"):
        recognized([tags, sound])


def features(*rows: dict[str, Any]) -> Catalogue:
    return Catalogue(pl.DataFrame(list(rows), infer_schema_length=None))


def how(report: MatchReport) -> tuple[dict[str, int], dict[str, int]]:
    return dict(report.ways), {each.reason: each.count for each in report.missed}


def test_items_match_by_id_then_isrc_then_artist_and_title() -> None:
    ours = dataset(
        id=["x", "y", "z", "w", "v"],
        title=["Other", "Other", "Rain - Remastered 2011", "Rain - Live", "Rain"],
        artist=["Ana", "Bo", "Ana", "Ana", "Cy"],
        isrc=[None, "USRC17607839", None, None, None],
    )
    told = features(
        {"id": "x", "title": "Rain", "artist": "Zed", "isrc": None, "energy": 0.1},
        {"id": "p", "title": "Sun", "artist": "Zed", "isrc": "USRC17607839", "energy": 0.2},
        {"id": "q", "title": "Rain", "artist": "ANA", "isrc": None, "energy": 0.3},
        {"id": "r", "title": "Unheard", "artist": "Zed", "isrc": None, "energy": 0.4},
    )
    joined, report = enriched(ours, told)
    assert joined.catalogue.column("energy").to_list() == pytest.approx([0.1, 0.2, 0.3, None, None])
    assert how(report) == (
        {"id": 1, "ISRC": 1, "name": 1},
        {"only another version of the song is there": 1, "the artist is not there": 1},
    )
    assert [each.examples for each in report.missed] == [("Ana - Rain - Live",), ("Cy - Rain",)]
    assert (report.items, report.rows, report.matched, report.unused) == (5, 4, 3, 1)


def test_what_is_known_stays_and_positions_and_entries_do() -> None:
    ours = dataset(id=["x", "y"], title=["Mine", None], tags=[["calm"], None])
    told = features({"id": "y", "title": "Theirs", "tags": ["odd"]}, {"id": "x", "title": "Theirs", "tags": ["loud"]})
    joined, report = enriched(ours, told)
    assert joined.catalogue.frame.rows() == [("x", "Mine", ["calm"]), ("y", "Theirs", ["odd"])]
    assert joined.fingerprint() == ours.fingerprint()
    assert {each.column: (each.filled, each.kept) for each in report.columns} == {"title": (1, 1), "tags": (1, 1)}
    again, second = enriched(joined, told)
    assert again.catalogue == joined.catalogue
    assert all(each.filled == 0 for each in second.columns)


def test_of_several_rows_of_one_name_the_first_is_taken_and_it_is_counted() -> None:
    ours = dataset(id=["x"], title=["Rain"], artist=["Ana"])
    told = features(
        {"id": "p", "title": "Rain", "artist": "Ana", "energy": 0.1},
        {"id": "q", "title": "Rain (Remastered)", "artist": "Ana", "energy": 0.9},
    )
    joined, report = enriched(ours, told)
    assert joined.catalogue.column("energy").to_list() == [np.float32(0.1)]
    assert (report.ambiguous, report.unused) == (1, 1)


def test_a_spotify_id_is_the_same_with_and_without_its_prefix() -> None:
    bare = A.removeprefix("spotify:track:")
    for ours, theirs in ((A, bare), (bare, A)):
        joined, report = enriched(dataset(id=[ours]), features({"id": theirs, "energy": 0.5}))
        assert joined.catalogue.column("energy").to_list() == [0.5]
        assert how(report) == ({"id": 1}, {})


def test_every_uri_that_playlists_and_audio_features_share_is_matched_by_id(research_data: Path) -> None:
    playlists, _ = read([research_data / "million-playlist" / "mpd.slice.0-703.json"])
    told, report = AudioFeatures().read(sorted((research_data / "audio-features").glob("*.csv")))
    assert (report.read, report.rejected, report.merged) == (41_106, 0, 546)
    joined, match = enriched(playlists, told)
    shared = set(playlists.items.series) & set(told.frame["id"])
    assert match.ways["id"] == len(shared) == 3_307
    assert match.ways["name"] > 1_000
    assert joined.fingerprint() == playlists.fingerprint()
    objects, report = TrackObjects().read([research_data / "track-objects" / "spotify.json"])
    assert (len(objects), report.read, report.merged) == (1_492, 1_500, 8)
