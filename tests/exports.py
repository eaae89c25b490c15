"""The listening of a simulated listener, written as services and players export it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import segue


@dataclass(frozen=True)
class Heard:
    """One play of a track, to its end. `time` is the second since 1970 at which it began, `seconds` how long it is."""

    title: str
    artist: str
    album: str
    seconds: int
    time: int

    @property
    def end(self) -> int:
        return self.time + self.seconds


def listening(seed: int) -> list[Heard]:
    """What one listener of a simulated world heard, in order of time; of tracks that share a name only the first."""
    dataset = segue.simulate(listeners=3, tracks=400, seed=seed).dataset
    history = dataset.histories[0]
    assert history.times is not None
    rows = dataset.catalogue.frame.select("title", "artist", "album", "duration").rows()
    first: dict[tuple[str, str], int] = {}
    for position, (title, artist, *_) in enumerate(rows):
        first.setdefault((title.casefold(), artist.casefold()), position)
    kept = [
        (int(item), int(time))
        for item, time in zip(history.items, history.times, strict=True)
        if item in first.values()
    ]
    return [
        Heard(title, artist, album, int(duration), time)
        for item, time in kept
        for title, artist, album, duration in [rows[item]]
        if "(" not in title and " - " not in title  # what tells versions of one recording apart is tested elsewhere
    ]


def stamp(seconds: int, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(form)


def spotify_history(path: Path, plays: Sequence[Heard]) -> Path:
    entries = [
        {
            "ts": stamp(play.end, "%Y-%m-%dT%H:%M:%SZ"),
            "ms_played": play.seconds * 1000,
            "master_metadata_track_name": play.title,
            "master_metadata_album_artist_name": play.artist,
            "master_metadata_album_album_name": play.album,
            "reason_end": "trackdone",
            "skipped": False,
            "ip_addr": "203.0.113.7",
        }
        for play in plays
    ]
    return written(path / "Streaming_History_Audio_2024_0.json", json.dumps(entries))


def spotify_account(path: Path, plays: Sequence[Heard]) -> Path:
    entries = [
        {
            "endTime": stamp(play.end, "%Y-%m-%d %H:%M:%S"),
            "artistName": play.artist,
            "trackName": play.title,
            "msPlayed": play.seconds * 1000,
        }
        for play in plays
    ]
    return written(path / "StreamingHistory_music_0.json", json.dumps(entries))


def listenbrainz(path: Path, plays: Sequence[Heard]) -> Path:
    def listen(play: Heard) -> dict[str, Any]:
        told = {"artist_name": play.artist, "track_name": play.title, "release_name": play.album}
        return {"listened_at": play.end, "track_metadata": {**told, "additional_info": {"duration": play.seconds}}}

    return written(path / "1.jsonl", "".join(f"{json.dumps(listen(play))}\n" for play in plays))


def lastfm_csv(path: Path, plays: Sequence[Heard]) -> Path:
    """The newest play first, as Last.fm has it."""
    rows = [(play.artist, play.album, play.title, stamp(play.end, "%d %b %Y, %H:%M:%S")) for play in plays]
    return table(path / "scrobbles.csv", ("artist", "album", "track", "date"), rows[::-1])


def apple_music(path: Path, plays: Sequence[Heard]) -> Path:
    header = ("Song Name", "Album Name", "Artist Name", "Play Duration Milliseconds", "Media Duration In Milliseconds",
              "End Reason Type", "Event End Timestamp", "Event Type", "Media Type")  # fmt: skip
    rows = [
        (play.title, play.album, play.artist, play.seconds * 1000, play.seconds * 1000, "NATURAL_END_OF_TRACK",
         stamp(play.end, "%Y-%m-%dT%H:%M:%S.000Z"), "PLAY_END", "AUDIO")
        for play in plays
    ]  # fmt: skip
    return table(path / "Apple Music Play Activity.csv", header, rows)


def m3u(path: Path, plays: Sequence[Heard]) -> Path:
    lines = [f"#EXTINF:{play.seconds},{play.artist} - {play.title}\n{place}.flac\n" for place, play in enumerate(plays)]
    return written(path / "night.m3u8", "#EXTM3U\n#PLAYLIST:Night\n" + "".join(lines))


def jspf(path: Path, plays: Sequence[Heard]) -> Path:
    tracks = [
        {"title": play.title, "creator": play.artist, "album": play.album, "duration": play.seconds * 1000}
        for play in plays
    ]
    return written(path / "night.jspf", json.dumps({"playlist": {"title": "Night", "track": tracks}}))


def xspf(path: Path, plays: Sequence[Heard]) -> Path:
    tracks = "".join(
        f"<track><title>{escape(play.title)}</title><creator>{escape(play.artist)}</creator>"
        f"<album>{escape(play.album)}</album><duration>{play.seconds * 1000}</duration></track>"
        for play in plays
    )
    return written(
        path / "night.xspf",
        '<?xml version="1.0" encoding="UTF-8"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Night</title>'
        f"<trackList>{tracks}</trackList></playlist>",
    )


def table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


HISTORIES: Final[Mapping[str, Callable[[Path, Sequence[Heard]], Path]]] = {
    "spotify-history": spotify_history,
    "spotify-account": spotify_account,
    "listenbrainz": listenbrainz,
    "lastfm-csv": lastfm_csv,
    "apple-music": apple_music,
}
PLAYLISTS: Final[Mapping[str, Callable[[Path, Sequence[Heard]], Path]]] = {"m3u": m3u, "jspf": jspf, "xspf": xspf}
