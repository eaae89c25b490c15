"""A small sample of every format, held against every reader: each is taken for what it is, and for nothing else.

A table and user lists are general forms, of which others are special cases: asked only where nothing else fits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SegueError
from segue.readers import GENERAL, READERS, sniff

HASH, SONG = "b80344d063b5ccb3212f76538f3d9e43d87dca9e", "SOAKIMP12A8C130995"
MBID = "a7f7df4a-77d8-4f12-8acd-5c60c93f4de8"
PLAYS_1K = "userid-timestamp-artid-artname-traid-traname.tsv"
STREAM = (
    '[{"ts":"2020-01-01T00:00:00Z","ms_played":1000,"master_metadata_track_name":"Roads","reason_end":"trackdone"}]'
)
LISTEN = (
    '{"listened_at": 1577836800, "track_metadata": {"artist_name": "Portishead", "track_name": "Roads", '
    '"additional_info": {"recording_mbid": "a7f7df4a-77d8-4f12-8acd-5c60c93f4de8"}}}\n'
)
APPLE = (
    '"Song Name","Album Name","Artist Name","Play Duration Milliseconds","Media Duration In Milliseconds","End Reason '
    'Type","Event Start Timestamp"\n"Roads","Dummy","Portishead","300000","305000","NATURAL_END_OF_TRACK",'
    '"2020-01-01T00:00:00Z"\n'
)
XSPF = '<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList/></playlist>'

# format -> the files of one folder; the first one named is what the reader is named for
SAMPLES: Final[Mapping[str, Mapping[str, str]]] = {
    "lastfm-2k": {"user_artists.dat": "userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n3\t51\t1\n"},
    "lastfm-1k": {
        PLAYS_1K: f"user_000001\t2009-05-04T23:08:57Z\t{MBID}\tDeep Dish\t\tIbiza\n",
        "userid-profile.tsv": "#id\tgender\tage\tcountry\tregistered\nuser_000001\tm\t\tJapan\tAug 13, 2006\n",
    },
    "taste-profile": {
        "10000.txt": f"{HASH}\t{SONG}\t1\n{HASH}\tSOBBMDR12A8C13253B\t2\n",
        "unique_tracks.txt": f"TRMMMYQ128F932D901<SEP>{SONG}<SEP>Faster Pussy cat<SEP>Silent Night\n",
        "taste_profile_song_to_tracks.txt": f"{SONG}\tTRMMMYQ128F932D901\n",
    },
    "audioscrobbler": {
        "user_artist_data.txt": "1000002 1 55\n1000002 1000006 33\n1000002 1000007 8\n",
        "artist_data.txt": "1\tPortishead\n1000006\tMassive Attack\n",
        "artist_alias.txt": "1000007\t1\n1000008\t1000006\n",
    },
    "nowplaying": {
        "spotify_dataset.csv": (
            '"user_id", "artistname", "trackname", "playlistname"\n'
            '"9cc0cfd4d7d7885102480dd99e7a90d6","Elvis Costello","Alison","HARD ROCK 2010"\n'
        )
    },
    "interactions": {
        "plays.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\nana\tt1\t4.5\t1000000000\n",
    },
    "ratings-json": {
        "ratings.jsonl": '{"user": 7, "artist": "x", "rating": 4.5}\n{"user": 8, "artist": "x", "rating": 4}\n',
        "users.jsonl": '{"id": 7, "first_name": "Ana", "last_name": "Lima"}\n',
        "artists.jsonl": '{"mbid": "x", "name": "Portishead"}\n',
    },
    "million-playlist": {
        "mpd.slice.0-999.json": (
            '{"info": {"slice": "0-999"}, "playlists": [{"name": "x", "pid": 0, "num_tracks": 1, "tracks": '
            '[{"artist_name": "Portishead", "track_uri": "spotify:track:a", "track_name": "Roads"}]}]}'
        )
    },
    "user-lists": {"train.txt": "0 1 2 3 4 5 6 7\n1 3 4\n2 9\n"},
    "spotify-history": {"Streaming_History_Audio_2020_1.json": STREAM},
    "spotify-account": {
        "StreamingHistory0.json": (
            '[{"endTime": "2020-01-01 00:00", "artistName": "Portishead", "trackName": "Roads", "msPlayed": 1000}]'
        )
    },
    "listenbrainz": {"listens.jsonl": LISTEN * 2},
    "lastfm-csv": {
        "scrobbles.csv": "Portishead,Dummy,Roads,01 Jan 2020 00:00\nPortishead,Dummy,Glory Box,01 Jan 2020 00:05\n"
    },
    "apple-music": {"Apple Music Play Activity.csv": APPLE},
    "m3u": {"list.m3u8": "#EXTM3U\n#EXTINF:305,Portishead - Roads\nRoads.flac\n"},
    "jspf": {"list.jspf": '{"playlist": {"title": "x", "track": [{"title": "Roads", "creator": "Portishead"}]}}'},
    "xspf": {"list.xspf": XSPF},
    "music-folder": {"Roads.flac": "fLaC"},
    "table": {"plays.csv": "user,track,plays\nana,t1,12\nben,t2,3\n"},
}
FOLDERS: Final = set(SAMPLES) - {"nowplaying", "user-lists", "lastfm-csv", "table"}  # formats that a folder may have
OTHER_FILES: Final = {  # what lies beside, taken by itself: of no use, or a table of its own
    "userid-profile.tsv",
    "unique_tracks.txt",
    "taste_profile_song_to_tracks.txt",
    "artist_data.txt",
    "artist_alias.txt",
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A folder for each format."""
    root = tmp_path_factory.mktemp("samples")
    for name, files in SAMPLES.items():
        (root / name).mkdir()
        for file, content in files.items():
            (root / name / file).write_text(content, encoding="utf-8")
    return {name: root / name for name in SAMPLES}


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_taken_for_what_it_is(samples: Mapping[str, Path], name: str) -> None:
    if name in FOLDERS:
        assert sniff(samples[name]).format == name
    for file in SAMPLES[name]:
        if file not in OTHER_FILES and name != "music-folder":
            guess = sniff(samples[name] / file)
            assert guess.format == name
            assert guess.why


@pytest.mark.parametrize("reader", [name for name in READERS if name not in GENERAL])
def test_no_reader_takes_the_sample_of_another_one(samples: Mapping[str, Path], reader: str) -> None:
    taken = {
        f"{name}/{path.name}"
        for name, folder in samples.items()
        for path in (folder, *folder.iterdir())
        if name != reader and READERS[reader].sniff(path) is not None
    }
    assert taken == set()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"\x00" * 2000,
        b"\xff\xfe" + "a\tb\tc\n".encode("utf-16-le"),
        b"\xff" * 100,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'[{"user": "',
        b'"' * 70_000,
        b"\t" * 70_000,
        b"<" * 1000,
        b"a\rb,c\rd",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_sniffing_raises_nothing_whatever_it_finds(tmp_path: Path, reader: str, content: bytes) -> None:
    for name in ("x.json", "x.txt", "x.csv", "user_artist_data.txt", PLAYS_1K):
        (tmp_path / name).write_bytes(content)
        READERS[reader].sniff(tmp_path / name)
    READERS[reader].sniff(tmp_path)
    READERS[reader].sniff(tmp_path / "missing")


PIECES: Final = [b"", b"\x00", b"\xff", b'"', b"\t", b"\n", b"\r", b"\\", b"{", b"]", b"-9" * 30, b"1e999", b" "]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "music-folder"])
@given(
    kept=st.floats(0.3, 1),
    damage=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(PIECES)), max_size=5),
    which=st.integers(0, 5),
)
def test_a_damaged_file_is_read_or_refused(
    name: str, kept: float, damage: list[tuple[float, bytes]], which: int
) -> None:
    """One of the files of a sample is cut short, and bytes in it are replaced: any error is one that says something."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        for number, (file, sample) in enumerate(SAMPLES[name].items()):
            content = sample.encode()
            if number == which % len(SAMPLES[name]):
                content = content[: round(len(content) * kept)]
                for place, piece in damage:
                    at = round(len(content) * place)
                    content = content[:at] + piece + content[at + 1 :]
            (folder / file).write_bytes(content)
        for path in (folder, folder / next(iter(SAMPLES[name]))):
            READERS[name].sniff(path)
            try:
                dataset, report = READERS[name].read([path])
            except SegueError:
                continue
            assert report.read == report.accepted + report.rejected
            assert dataset.n_users
