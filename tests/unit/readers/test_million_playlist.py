"""Playlist slices, official and reduced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from segue.errors import DataError, RowError, SettingsError, StorageError
from segue.readers import ReadOptions, read, sniff
from segue.readers.million_playlist import MillionPlaylist


def track(uri: str, **more: Any) -> dict[str, Any]:
    return {"track_uri": uri, "track_name": f"Song {uri}", "artist_name": "Band", **more}


def playlist(pid: int, uris: str, **more: Any) -> dict[str, Any]:
    return {"name": f"List {pid}", "pid": pid, "tracks": [track(uri) for uri in uris], **more}


def slice_of(path: Path, *playlists: Any, name: str | None = "0-999") -> Path:
    info = {} if name is None else {"info": {"slice": name, "version": "v1"}}
    path.write_text(json.dumps({**info, "playlists": list(playlists)}), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mpd.slice.0-999.json"


def test_a_playlist_is_a_history_in_its_order_with_repeats(path: Path) -> None:
    dataset, report = read([slice_of(path, playlist(7, "bab", num_tracks=3), playlist(9, "c"))])
    assert list(dataset.users) == ["0-999:7", "0-999:9"]
    assert [dataset.items[i] for i in dataset.histories.items.tolist()] == ["b", "a", "b", "c"]
    assert dataset.histories.order == "position"
    assert dataset.feedback == "presence"
    assert dataset.histories.context is not None
    assert dataset.histories.context["name"].to_list() == ["List 7", "List 9"]
    assert dataset.catalogue.label(0) == "Band - Song b"
    assert (report.read, report.accepted, report.merged) == (4, 4, 0)


def test_official_fields_are_used(path: Path) -> None:
    tracks = [
        track("second", pos=1),
        track("first", pos=0, album_name="Album", duration_ms=226863),
    ]
    full = {
        **playlist(0, ""),
        "tracks": tracks,
        "collaborative": "true",
        "modified_at": 1493424000,
        "num_followers": 4,
        "description": "when you&#x27;re groovy",
    }
    dataset, _ = read([slice_of(path, full)])
    assert list(dataset.items) == ["first", "second"]
    assert dataset.catalogue.column("album").to_list() == ["Album", None]
    assert dataset.catalogue.column("duration").to_list() == [pytest.approx(226.863), None]
    assert dataset.histories.context is not None
    assert dataset.histories.context.row(0, named=True) == {
        "user": "0-999:0",
        "name": "List 0",
        "description": "when you're groovy",
        "collaborative": True,
        "modified_at": 1493424000,
        "num_followers": 4,
    }


def test_the_same_pid_of_two_origins_is_two_users(tmp_path: Path) -> None:
    one = slice_of(tmp_path / "one.json", playlist(1, "ab"), name="0-703")
    two = slice_of(tmp_path / "two.json", playlist(1, "cd"), name="0-999")
    unnamed = slice_of(tmp_path / "mpd.slice.5-6.json", playlist(1, "ef"), name=None)
    dataset, _ = read([one, two, unnamed])
    assert list(dataset.users) == ["0-703:1", "0-999:1", "5-6:1"]


def test_an_id_does_not_depend_on_what_else_is_read(tmp_path: Path) -> None:
    one = slice_of(tmp_path / "one.json", playlist(1, "ab"), name="0-703")
    two = slice_of(tmp_path / "two.json", playlist(1, "cd"), name="0-999")
    assert list(read([two])[0].users) == ["0-999:1"]
    assert list(read([two, one])[0].users) == ["0-999:1", "0-703:1"]


def test_the_same_playlist_twice_is_merged_and_another_one_is_kept_apart(tmp_path: Path) -> None:
    one = slice_of(tmp_path / "one.json", playlist(1, "ab"))
    copy = slice_of(tmp_path / "copy.json", playlist(1, "ab", num_followers=3))
    other = slice_of(tmp_path / "other.json", playlist(1, "abc"))
    dataset, report = read([one, copy, other])
    assert dataset.n_users == 2
    assert dataset.users[0] == "0-999:1"
    assert dataset.users[1].startswith("0-999:1~")
    assert (report.read, report.accepted, report.merged) == (7, 7, 2)
    assert "other tracks: 1" in report.notes[0]


def test_a_folder_is_its_slices_in_order_of_their_numbers(tmp_path: Path) -> None:
    slice_of(tmp_path / "mpd.slice.1000-1999.json", playlist(1000, "a"), name="1000-1999")
    slice_of(tmp_path / "mpd.slice.0-999.json", playlist(0, "b"))
    slice_of(tmp_path / "official.json", playlist(5, "c"))
    dataset, report = read([tmp_path])
    assert list(dataset.users) == ["0-999:0", "1000-1999:1000"]
    assert "official.json was left out" in report.notes[0]


def test_entries_that_cannot_be_used_are_counted(path: Path) -> None:
    odd = {"pid": 3, "tracks": [{"track_name": "x"}, 5, track("a"), track("")]}
    dataset, report = read([slice_of(path, odd, {"tracks": [track("b"), track("c")]}, {"pid": 4}, "text")])
    assert list(dataset.users) == ["0-999:3"]
    assert (report.read, report.accepted) == (8, 1)
    assert {rejection.reason: rejection.count for rejection in report.rejections} == {
        "the track has no track_uri": 2,
        "the track is not an object": 1,
        "the playlist has no pid": 2,
        "the playlist has no list of tracks": 2,
    }
    assert str(report.rejections[0].places[0]).endswith("mpd.slice.0-999.json, playlist 3, track 1")


def test_strict_stops_at_the_first_entry_that_cannot_be_used(path: Path) -> None:
    with pytest.raises(RowError, match="playlist 3, track 1: the track has no track_uri"):
        read([slice_of(path, {"pid": 3, "tracks": [{}]})], strict=True)


def test_a_playlist_without_tracks_is_a_user_without_entries(path: Path) -> None:
    dataset, _ = read([slice_of(path, playlist(1, ""), playlist(2, "a"))])
    assert dataset.histories.lengths.tolist() == [0, 1]


def test_half_a_character_in_a_name_is_replaced(path: Path) -> None:
    path.write_text('{"playlists": [{"pid": 1, "name": "\\ud83d", "tracks": [{"track_uri": "a\\ud83d"}]}]}')
    dataset, _ = read([path])
    assert list(dataset.items) == ["a\ufffd"]


def test_a_truncated_slice_is_an_error_that_says_where(path: Path) -> None:
    whole = slice_of(path, playlist(1, "ab", description="ö")).read_bytes()
    path.write_bytes(whole[:120])
    with pytest.raises(
        DataError, match=r"0-999\.json is cut short or damaged: .* byte \d+ of 120 .*nothing was imported"
    ):
        read([path])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b'{"playlists": []}{"playlists": []}', "byte 17 of 34"),
        (b'{"playlists": []} \xff', "no UTF-8 text"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"playlists": 3}', "no object with a list of playlists"),
        (b'{"playlists": []}', "not one playlist"),
    ],
)
def test_a_file_that_is_no_slice_is_named(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        MillionPlaylist().read([path])


def test_a_missing_file_and_a_folder_without_slices_are_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        MillionPlaylist().read([tmp_path / "missing.json"])
    with pytest.raises(DataError, match=r"holds no mpd\.slice"):
        MillionPlaylist().read([tmp_path])
    with pytest.raises(SettingsError, match="takes no --delimiter"):
        MillionPlaylist().read([tmp_path], ReadOptions(delimiter=","))


def test_slices_are_recognized(tmp_path: Path, path: Path) -> None:
    slice_of(path, playlist(1, "a"))
    assert sniff(path).format == "million-playlist"
    assert sniff(tmp_path).format == "million-playlist"
