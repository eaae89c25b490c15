"""Exports of services: what is read of them, what is never looked at, and what a play counts."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.dataset import Dataset
from segue.errors import DataError, RowError, SettingsError
from segue.readers import ReadOptions, read, sniff

TEARDROP = "spotify:track:67Hna13dNDkZvBpTXRIaOJ"
MBID = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def extended(**changes: Any) -> dict[str, Any]:
    """An entry of the extended streaming history, in the layout that Spotify documents."""
    return {
        "ts": "2021-03-04T05:06:07Z",
        "username": "ana-secret-name",
        "platform": "secret-platform",
        "ms_played": 330000,
        "conn_country": "ZZ",
        "ip_addr": "203.0.113.77",
        "user_agent_decrypted": "secret-agent",
        "master_metadata_track_name": "Teardrop",
        "master_metadata_album_artist_name": "Massive Attack",
        "master_metadata_album_album_name": "Mezzanine",
        "spotify_track_uri": TEARDROP,
        "episode_name": None,
        "episode_show_name": None,
        "spotify_episode_uri": None,
        "audiobook_title": None,
        "audiobook_uri": None,
        "reason_start": "clickrow",
        "reason_end": "trackdone",
        "shuffle": False,
        "skipped": False,
        "offline": False,
        "incognito_mode": False,
        **changes,
    }


def spotify(folder: Path, *entries: Any, name: str = "Streaming_History_Audio_2021_0.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(list(entries)), encoding="utf-8")
    return folder / name


def weights(dataset: Dataset) -> list[float]:
    return dataset.histories.weights.tolist()


def test_plays_come_with_their_time_their_id_and_what_is_known_of_the_track(tmp_path: Path) -> None:
    path = spotify(tmp_path, extended(ts="2021-03-04T07:06:07+02:00"))
    dataset, report = read([path])
    assert report.format == "spotify-history"
    assert list(dataset.users) == ["me"]
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [at("2021-03-04T05:06:07Z")]
    row = dataset.catalogue.frame.row(0, named=True)
    assert row == {
        "id": TEARDROP,
        "kind": "track",
        "title": "Teardrop",
        "artist": "Massive Attack",
        "album": "Mezzanine",
        "duration": 330.0,  # as long as it ran when it ran to its end
    }


def test_a_play_counts_from_half_of_the_track_on_a_skip_speaks_against_it_and_an_accident_says_nothing(
    tmp_path: Path,
) -> None:
    plays = [
        extended(),
        extended(ts="2021-03-05T00:00:00Z", ms_played=165000, reason_end="fwdbtn", skipped=True),
        extended(ts="2021-03-06T00:00:00Z", ms_played=164999, reason_end="fwdbtn", skipped=True),
        extended(ts="2021-03-07T00:00:00Z", ms_played=100000, reason_end="logout", skipped=False),
        extended(ts="2021-03-08T00:00:00Z", ms_played=100000, reason_end=None, skipped=None),
    ]
    dataset, report = read([spotify(tmp_path, *plays)])
    assert weights(dataset) == [1.0, 1.0, -0.5, 0.0, -0.5]
    told = "; ".join(report.notes)
    assert told.startswith("plays of which enough was heard (50% of the track, or 30 s where its length is not known)")
    assert told.endswith(": 2 (weight 1); skipped or broken off: 2 (-0.5); ended by something else: 1 (0)")
    assert weights(read([tmp_path], options=ReadOptions(min_share=0.3))[0]) == [1.0] * 5
    assert weights(read([tmp_path], options=ReadOptions(min_share=0.51))[0]) == [1.0, -0.5, -0.5, 0.0, -0.5]


def test_without_a_length_thirty_seconds_count(tmp_path: Path) -> None:
    plays = [
        extended(ts=f"2021-03-0{day}T00:00:00Z", spotify_track_uri=f"spotify:track:{day}", **told)
        for day, told in enumerate(
            (
                {"ms_played": 30000, "reason_end": "endplay", "skipped": None},
                {"ms_played": 29999, "reason_end": "endplay", "skipped": None},
                {"ms_played": 30000, "reason_end": "fwdbtn", "skipped": None},
            ),
            start=1,
        )
    ]
    assert weights(read([spotify(tmp_path, *plays)])[0]) == [1.0, 0.0, -0.5]


def test_a_track_skipped_more_than_twice_as_often_as_heard_is_a_dislike_and_no_other(tmp_path: Path) -> None:
    skip = {"ms_played": 1000, "reason_end": "fwdbtn", "skipped": True}
    plays = [extended()] + [extended(ts=f"2021-03-05T00:00:0{n}Z", **skip) for n in range(3)]
    assert read([spotify(tmp_path, *plays)])[0].histories.merged().weights.tolist() == [-0.5]
    assert read([spotify(tmp_path, *plays[:3])])[0].histories.merged().weights.tolist() == [0.0]


def test_what_is_no_music_and_what_was_private_is_counted_and_left_out_strict_or_not(tmp_path: Path) -> None:
    nothing = {"master_metadata_track_name": None, "spotify_track_uri": None}
    path = spotify(
        tmp_path,
        extended(),
        extended(incognito_mode=True, master_metadata_track_name="A secret song", spotify_track_uri="spotify:track:s"),
        extended(episode_name="On whales", spotify_episode_uri="spotify:episode:1", **nothing),
        extended(audiobook_title="A book", audiobook_uri="spotify:show:1", **nothing),
        extended(**nothing),
    )
    _, report = read([path], strict=True)
    assert {each.reason: each.count for each in report.rejections} == {
        "played in a private session": 1,
        "a podcast, not music": 1,
        "an audiobook, not music": 1,
        "neither a track, nor a podcast, nor an audiobook is named": 1,
    }
    assert (report.read, report.accepted) == (5, 1)


def test_entries_that_cannot_be_used_are_counted_by_reason_and_place(tmp_path: Path) -> None:
    path = spotify(
        tmp_path,
        extended(),
        extended(ts="yesterday"),
        extended(ts="1956-01-01T00:00:00Z"),
        extended(ms_played=-1),
        extended(ms_played="many"),
        "text",
        None,
    )
    _, report = read([path])
    assert {each.reason: [place.part for place in each.places] for each in report.rejections} == {
        "ms_played is no number of milliseconds": ["entry 4", "entry 5"],
        "the entry is not an object": ["entry 6", "entry 7"],
        "ts is no time like 2021-03-04T05:06:07Z": ["entry 2"],
        "the time lies outside the years 1970 to 2099": ["entry 3"],
    }
    with pytest.raises(RowError, match="entry 2"):
        read([path], strict=True)


def test_an_export_is_the_same_as_a_file_a_folder_and_a_zip(tmp_path: Path) -> None:
    folder = tmp_path / "my_spotify_data" / "Spotify Extended Streaming History"
    spotify(folder, extended())
    spotify(folder, extended(ts="2022-01-01T00:00:00Z"), name="endsong_1.json")
    (folder / "ReadMeFirst.pdf").write_bytes(b"%PDF")
    archive = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(folder.iterdir()):
            file.write(path, f"Spotify Extended Streaming History/{path.name}")
    from_folder, folder_report = read([tmp_path / "my_spotify_data"])
    from_zip, zip_report = read([archive])
    assert from_folder == from_zip
    assert from_folder.histories.n_entries == 2
    assert folder_report.sources == zip_report.sources
    assert sniff(archive).why == "it holds Streaming_History_Audio_2021_0.json, JSON with master_metadata_track_name"


def test_the_same_track_at_the_same_second_is_one_play(tmp_path: Path) -> None:
    spotify(tmp_path, extended(), extended(ts="2021-03-04T05:10:00Z"))
    spotify(tmp_path, extended(), name="Streaming_History_Audio_2021_1.json")
    dataset, report = read([tmp_path])
    assert (dataset.histories.n_entries, report.merged) == (2, 1)


def test_the_short_form_has_names_for_ids_and_leaves_podcasts_out(tmp_path: Path) -> None:
    play = {"endTime": "2023-11-05 21:07", "artistName": "Portishead", "trackName": "Roads", "msPlayed": 300000}
    spotify(
        tmp_path,
        play,
        {**play, "endTime": "2023-11-06 21:07", "trackName": "Roads - Remastered 2014", "msPlayed": 2000},
        name="StreamingHistory_music_0.json",
    )
    spotify(tmp_path, {**play, "trackName": "An episode"}, name="StreamingHistory_podcast_0.json")
    (tmp_path / "Playlist1.json").write_text('{"playlists": [{"name": "x", "lastModifiedDate": "2023-01-01"}]}')
    assert sniff(tmp_path).format == "spotify-account"
    dataset, report = read([tmp_path])
    assert list(dataset.items) == ["portishead - roads"]
    assert weights(dataset) == [1.0, -0.5]
    assert dataset.histories.times is not None
    assert dataset.histories.times[0] == at("2023-11-05T21:07:00+00:00")
    assert [each.reason for each in report.rejections] == ["a podcast, not music"]


def listen(time: Any, title: str = "Roads", **info: Any) -> dict[str, Any]:
    return {
        "listened_at": time,
        "track_metadata": {
            "artist_name": "Portishead",
            "track_name": title,
            "release_name": "Dummy",
            "additional_info": {"submission_client": "secret-client", "origin_url": "http://secret", **info},
        },
    }


def test_listens_take_the_mbid_for_an_id_and_the_name_without_one(tmp_path: Path) -> None:
    archive = tmp_path / "listenbrainz_ana.zip"
    lines = [listen(1700000000, recording_mbid=MBID, duration_ms=303000), listen(1700000500, "Sour Times")]
    mapped = listen(1600000000, "Roads (mapped)")
    mapped["track_metadata"]["mbid_mapping"] = {"recording_mbid": MBID.upper()}
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("user.json", '{"user_name": "ana-secret"}')
        file.writestr("feedback.jsonl", '{"score": 1}')
        file.writestr("listens/2023/11.jsonl", "\n".join(map(json.dumps, lines)) + "\n{broken\n")
        file.writestr("listens/2020/9.jsonl", json.dumps(mapped) + "\n")
    assert sniff(archive).format == "listenbrainz"
    dataset, report = read([archive])
    assert list(dataset.items) == [MBID, "portishead - sour times"]
    assert dataset.histories.items.tolist() == [0, 0, 1]  # in order of time
    assert weights(dataset) == [1.0, 1.0, 1.0]
    assert dataset.catalogue.column("duration").to_list() == [303.0, None]
    assert [(each.reason, str(each.places[0])[-8:]) for each in report.rejections] == [
        ("the line is not valid JSON", ", line 3")
    ]
    with pytest.raises(SettingsError, match="--min-share"):
        read([archive], options=ReadOptions(min_share=0.5))


def test_listens_may_be_one_json_list(tmp_path: Path) -> None:
    path = tmp_path / "ana_lb-2023-11-14.json"
    path.write_text(json.dumps([listen(1700000000), listen("soon"), 7]), encoding="utf-8")
    assert sniff(path).why == "it is JSON with listened_at and track_metadata"
    _, report = read([path])
    assert (report.read, report.accepted) == (3, 1)


@pytest.mark.parametrize("header", ["", "artist,album,track,date\n"])
def test_scrobbles_with_dates_in_words(tmp_path: Path, header: str) -> None:
    path = tmp_path / "ana.csv"
    path.write_text(
        f'{header}Portishead,Dummy,Roads,"04 Nov 2023, 21:07"\n'
        '"Crosby, Stills & Nash",,Marrakesh Express,"05 Nov 2023, 01:02"\n'
        "Portishead,Dummy,Glory Box,\n"
        'Portishead,Dummy,,"06 Nov 2023, 01:02"\n',
        encoding="utf-8",
    )
    assert sniff(path).format == "lastfm-csv"
    dataset, report = read([path])
    assert list(dataset.items) == ["portishead - roads", "crosby + nash + stills - marrakesh express"]
    assert dataset.histories.times is not None
    assert dataset.histories.times[0] == at("2023-11-04T21:07:00+00:00")
    assert sorted(each.reason for each in report.rejections) == [
        "the play names no track",
        "the scrobble has no date (it was playing when the file was made)",
    ]


def test_scrobbles_with_seconds_and_mbids(tmp_path: Path) -> None:
    path = tmp_path / "scrobbles.csv"
    path.write_text(
        "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
        f'"1700000000","14 Nov 2023, 22:13","Portishead","","Dummy","","Roads","{MBID}"\n',
        encoding="utf-8",
    )
    assert sniff(path).format == "lastfm-csv"
    dataset, _ = read([path])
    assert list(dataset.items) == [MBID]
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [1700000000]


APPLE = (
    "Apple ID Number,Artist Name,Client IP Address,Container Album Name,Device Identifier,End Reason Type,"
    "Event End Timestamp,Event Type,Media Duration In Milliseconds,Media Type,Play Duration Milliseconds,Song Name,"
    "Event Timestamp\n"
)


def test_plays_of_apple_music_count_by_the_share_that_was_heard(tmp_path: Path) -> None:
    folder = tmp_path / "Apple_Media_Services" / "Apple Music Activity"
    folder.mkdir(parents=True)
    rows = [
        "NATURAL_END_OF_TRACK,2023-04-05T06:07:08.123Z,PLAY_END,300000,AUDIO,299000,Roads",
        "TRACK_SKIPPED_FORWARDS,2023-04-06T08:07:08+02:00,PLAY_END,300000,AUDIO,9000,Roads",
        "PLAYBACK_MANUALLY_PAUSED,2023-04-07T06:07:08Z,PLAY_END,300000,AUDIO,9000,Roads",
        ",2023-04-08T06:07:08Z,PLAY_START,300000,AUDIO,0,Roads",
        "NATURAL_END_OF_TRACK,2023-04-08T06:07:08Z,PLAY_END,300000,VIDEO,300000,Roads",
        "NATURAL_END_OF_TRACK,2023-04-08T06:07:08Z,PLAY_END,300000,AUDIO,300000,",
        "NATURAL_END_OF_TRACK,,PLAY_END,300000,AUDIO,300000,Roads",
        "NATURAL_END_OF_TRACK,2023-04-08T06:07:08Z,PLAY_END,300000,AUDIO,-5,Roads",
    ]
    text = APPLE + "".join(f"1234,Portishead,203.0.113.77,Dummy,secret-device,{row},\n" for row in rows)
    (folder / "Apple Music Play Activity.csv").write_text(text, encoding="utf-8")
    assert sniff(tmp_path).format == "apple-music"
    dataset, report = read([tmp_path])
    assert weights(dataset) == [1.0, -0.5, 0.0]
    assert dataset.histories.times is not None
    assert dataset.histories.times.tolist() == [
        at("2023-04-05T06:07:08Z"), at("2023-04-06T06:07:08Z"), at("2023-04-07T06:07:08Z")
    ]  # fmt: skip
    assert {each.reason: each.places[0].line for each in report.rejections} == {
        "not the end of a play (a start, lyrics, ...)": 5,
        "not audio (a video, ...)": 6,
        "the play names no song": 7,
        "the time is not one like 2023-04-05T06:07:08Z": 8,
        "the play duration is no number of milliseconds": 9,
    }


def test_a_song_without_an_artist_is_told_apart_by_its_album(tmp_path: Path) -> None:
    path = tmp_path / "Apple Music Play Activity.csv"
    row = "1,,ip,{},x,NATURAL_END_OF_TRACK,2023-04-0{}T06:07:08Z,PLAY_END,300000,AUDIO,300000,Roads,\n"
    path.write_text(APPLE + row.format("Dummy", 5) + row.format("Roseland", 6), encoding="utf-8")
    assert list(read([path])[0].items) == ["roads | on dummy", "roads | on roseland"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'[{"ts": "2021-03-04T05:06:07Z", "master_metadata_track_name": "Tear', "cut short or damaged"),
        (b'[] {"master_metadata_track_name": 1}', "more than one JSON document"),
        (b"\xff\xfe[", "no UTF-8 text"),
        (b"   ", "is empty"),
        (b'{"a": 1}', "no list of plays"),
        (b"[" * 100_000, "cannot be read"),
        (b"[]", "there are no plays in it"),
        (b'[{"ts": 3, "ms_played": 1, "spotify_track_uri": "x"}]', "none of 1 entries can be used; most often: ts is"),
    ],
)
def test_a_damaged_export_is_refused_in_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "Streaming_History_Audio_2021_0.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read([path], "spotify-history")


def test_a_byte_order_mark_is_no_part_of_the_document(tmp_path: Path) -> None:
    path = spotify(tmp_path, extended())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert sniff(path).format == "spotify-history"
    assert read([path])[0].n_items == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(changes=st.dictionaries(st.sampled_from(sorted(extended())), json_values))
def test_whatever_stands_in_an_entry_it_is_accepted_or_counted(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    path = spotify(tmp_path_factory.mktemp("x"), extended(ts="2020-01-01T00:00:00Z"), extended(**changes))
    dataset, report = read([path], "spotify-history")
    assert report.read == 2
    assert dataset.histories.n_entries + report.merged == report.accepted


@given(changes=st.dictionaries(st.sampled_from(["listened_at", "track_metadata"]), json_values))
def test_whatever_stands_in_a_listen_it_is_accepted_or_counted(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("x") / "l.jsonl"
    path.write_text(json.dumps(listen(1600000000)) + "\n" + json.dumps({**listen(1), **changes}) + "\n")
    dataset, report = read([path], "listenbrainz")
    assert report.read == 2
    assert dataset.histories.n_entries + report.merged == report.accepted
