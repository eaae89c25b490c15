"""Playlists as files: their order, their names, and where their tracks lie."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from segue.errors import DataError
from segue.readers import ReadOptions, read, sniff
from segue.readers.playlist_lists import located, name_of_file

M3U = """#EXTM3U
#PLAYLIST:Late Night
#EXTINF:303,Portishead - Roads
#EXTALB:Dummy
../Portishead/Dummy/03 Roads.flac
#EXTINF:-1,Teardrop
file:///music/Massive%20Attack/teardrop.mp3

/music/01 - Björk - Jóga.ogg
https://radio.example/stream
"""


def test_an_m3u_gives_names_lengths_and_places(tmp_path: Path) -> None:
    path = tmp_path / "lists" / "x.m3u8"
    path.parent.mkdir()
    path.write_text(M3U, encoding="utf-8")
    assert sniff(path).why == "it begins with #EXTM3U"
    dataset, report = read([path])
    assert list(dataset.users) == ["Late Night"]
    assert (dataset.feedback, dataset.histories.order) == ("presence", "position")
    assert list(dataset.items) == ["portishead - roads", "teardrop", "bjork - joga", "https://radio.example/stream"]
    frame = dataset.catalogue.frame
    assert frame["duration"].to_list() == [303.0, None, None, None]
    assert frame["album"].to_list() == ["Dummy", None, None, None]
    assert frame["location"].to_list() == [
        f"{tmp_path}/Portishead/Dummy/03 Roads.flac",
        "/music/Massive Attack/teardrop.mp3",
        "/music/01 - Björk - Jóga.ogg",
        "https://radio.example/stream",
    ]
    assert report.read == 4


def test_an_m3u_that_is_not_utf8_is_read_as_cp1252_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "old.m3u"
    path.write_bytes("#EXTM3U\r\n#EXTINF:1,Björk - Jóga\r\nC:\\Musik\\Jóga.mp3\r\n".encode("latin-1"))
    dataset, report = read([path])
    assert dataset.catalogue.frame["artist"].to_list() == ["Björk"]
    assert dataset.catalogue.frame["location"].to_list() == ["C:\\Musik\\Jóga.mp3"]
    assert report.notes == ("old.m3u is not UTF-8; it was read as cp1252 (--encoding)",)
    assert read([path], options=ReadOptions(encoding="latin-1"))[1].notes == ()


def test_a_stream_in_segments_is_no_playlist(tmp_path: Path) -> None:
    path = tmp_path / "live.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.9,\nseg0.ts\n")
    with pytest.raises(DataError, match="segments of a stream"):
        read([path])


def test_a_folder_of_playlists_is_several_histories_and_equal_names_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.m3u", "b.m3u"):
        (tmp_path / name).write_text("#PLAYLIST:Mix\nPortishead - Roads.mp3\nPortishead - Roads.mp3\n")
    assert sniff(tmp_path).why == "it holds a.m3u"
    dataset, _ = read([tmp_path])
    assert list(dataset.users) == ["Mix", "Mix (2)"]
    assert dataset.histories.items.tolist() == [0, 0, 0, 0]


def test_a_jspf_takes_known_addresses_for_ids(tmp_path: Path) -> None:
    mbid = "8f3471b5-7e6a-48da-86a9-c1c07a0f47ae"
    path = tmp_path / "list.jspf"
    tracks = [
        {"title": "Roads", "creator": "Portishead", "duration": 303000, "location": ["roads.flac"]},
        {"title": "Joga", "identifier": [f"https://musicbrainz.org/recording/{mbid}"]},
        {"title": "T", "identifier": "https://open.spotify.com/track/67Hna13dNDkZvBpTXRIaOJ?si=1"},
        {"identifier": 7},
        "nothing",
    ]
    path.write_text(json.dumps({"playlist": {"title": "Three", "track": tracks}}))
    assert sniff(path).format == "jspf"
    dataset, report = read([path])
    assert list(dataset.users) == ["Three"]
    assert list(dataset.items) == ["portishead - roads", mbid, "spotify:track:67Hna13dNDkZvBpTXRIaOJ"]
    assert dataset.catalogue.frame["location"].to_list() == [f"{tmp_path}/roads.flac", None, None]
    assert [(each.count, each.places[0].part) for each in report.rejections] == [(2, "track 4")]


XSPF = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Mine</title><trackList>
<track><location>file:///m/Roads.mp3</location><title>{title}</title><creator>Portishead</creator>
<album>Dummy</album><duration>303000</duration></track><track/></trackList></playlist>"""


def test_an_xspf_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.xspf"
    path.write_text(XSPF.format(doctype="", title="Roads &amp; more"))
    assert sniff(path).format == "xspf"
    dataset, report = read([path])
    assert list(dataset.users) == ["Mine"]
    assert dataset.catalogue.frame.row(0, named=True) == {
        "id": "portishead - roads and more",
        "kind": "track",
        "title": "Roads & more",
        "artist": "Portishead",
        "album": "Dummy",
        "duration": 303.0,
        "location": "/m/Roads.mp3",
    }
    assert report.rejected == 1


@pytest.mark.parametrize(
    ("doctype", "title", "words"),
    [
        ('<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>', "&b;", "declares entities"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;", "declares entities"),
        ("", "<oops>", "damaged XML"),
    ],
)
def test_xml_that_reaches_out_or_blows_up_is_refused(tmp_path: Path, doctype: str, title: str, words: str) -> None:
    path = tmp_path / "bad.xspf"
    path.write_text(XSPF.format(doctype=doctype, title=title))
    with pytest.raises(DataError, match=words):
        read([path])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.m3u", "#EXTM3U\n#EXTINF:1,Portishead - Roads\nroads.mp3\n"),
        ("x.xspf", XSPF.format(doctype="", title="Roads")),
        ("x.jspf", '{"playlist": {"track": [{"title": "Roads", "creator": "Portishead", "location": ["roads.mp3"]}]}}'),
    ],
)
def test_a_playlist_in_an_archive_is_seen_from_where_the_archive_lies(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / "lists.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"deep/below/{name}", content)
    assert sniff(path).why == f"it holds {name}"
    frame = read([path])[0].catalogue.frame
    assert frame["id"].to_list() == ["portishead - roads"]
    assert frame["location"].to_list()[0] in (f"{tmp_path}/roads.mp3", "/m/Roads.mp3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("03 - Portishead - Roads.mp3", ("Portishead", "Roads")),
        ("1-07. Roads.flac", (None, "Roads")),
        ("portishead_-_roads.ogg", ("portishead", "roads")),
        ("07 Roads.flac", (None, "Roads")),
        ("99 Luftballons.mp3", (None, "99 Luftballons")),
        ("1999.mp3", (None, "1999")),
        ("Mr. Brightside", (None, "Mr. Brightside")),
    ],
)
def test_a_file_name_tells_artist_and_title(name: str, expected: tuple[str | None, str]) -> None:
    assert name_of_file(f"/music/{name}") == expected


def test_places_are_made_whole_without_asking_the_disk() -> None:
    folder = Path("/home/ana/lists")
    assert located("../a/./b.mp3", folder) == "/home/ana/a/b.mp3"
    assert located("..\\a\\b.mp3", folder) == "/home/ana/a/b.mp3"
    assert located("file:///C:/a%20b.mp3", folder) == "C:/a b.mp3"
    assert located("/x.mp3", folder) == "/x.mp3"
    assert located("http://x/y.mp3", folder) == "http://x/y.mp3"
    assert located("../../../../../x.mp3", folder) == "/x.mp3"
