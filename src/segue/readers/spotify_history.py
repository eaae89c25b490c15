"""Spotify's extended streaming history: everything an account ever played, as a folder, a zip, or single files.

`Streaming_History_Audio_<years>_<n>.json` (before 2023 `endsong_<n>.json`) is a list of objects. Read are ts (when the
play ended, UTC), ms_played, the names of track, artist and album, the URI, reason_end, skipped, incognito_mode, and
whether it is an episode or a chapter of a book. Nothing else (address, user agent, user name, country, platform) is
looked at, and plays of a private session are passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, ClassVar, Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.json_values import number, parsed, text
from segue.readers.listens import Listens, Play
from segue.readers.members import Member, contents, expanded, first_fitting
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.tracks import Track

_NAMES: Final = ("streaming_history_audio_*.json", "endsong*.json")
_SIGNS: Final = (b'"master_metadata_track_name"',)
_TURNED_AWAY: Final = frozenset({"fwdbtn", "backbtn", "clickrow", "playbtn", "clickside", "uriopen"})
_FINISHED: Final = "trackdone"


@dataclass(frozen=True, slots=True)
class SpotifyHistory:
    """Plays with how long they were heard and why they ended."""

    name: ClassVar[str] = "spotify-history"
    description: ClassVar[str] = (
        "Spotify extended streaming history: Streaming_History_Audio_*.json or endsong_*.json, a folder or zip of them"
    )

    def sniff(self, path: Path) -> Guess | None:
        """Files with the names of the export, and in the first of them a key that only this export has."""
        found = first_fitting(path, _wanted, lambda member: member.has(_SIGNS))
        if found is None:
            return None
        where = "it is JSON" if path == found.path else f"it holds {found.name}, JSON"
        return Guess(self.name, f"{where} with master_metadata_track_name")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """All files as the history of one person, `me`. Takes --min-share."""
        options.only("min_share", format=self.name)
        files = expanded(paths, _wanted, "Streaming_History_Audio_*.json or endsong_*.json")
        listens, tallies = Listens(), []
        for file, content, tally in contents(files, self.name, "plays", strict=strict, progress=progress):
            _read(file, content, listens, tally)
            tallies.append(tally)
        return listens.dataset(paths, tallies, options.min_share, format=self.name)


def _wanted(name: str) -> bool:
    return any(fnmatch(name.lower(), pattern) for pattern in _NAMES)


def _read(file: Member, content: bytes, listens: Listens, tally: Tally) -> None:
    entries = parsed(content, file.path)
    if not isinstance(entries, list):
        raise DataError(f"{file.path} is JSON, but no list of plays")
    for place, entry in enumerate(entries, 1):
        tally.rows(1)
        part = f"entry {place}"
        if not isinstance(entry, dict):
            tally.reject("the entry is not an object", part=part)
            continue
        unwanted = _unwanted(entry)
        if unwanted is not None:
            tally.pass_over(unwanted, part=part)
            continue
        time, milliseconds = _time(entry.get("ts")), number(entry.get("ms_played"))
        if time is None:
            tally.reject("ts is no time like 2021-03-04T05:06:07Z", part=part)
        elif milliseconds is None:
            tally.reject("ms_played is no number of milliseconds", part=part)
        else:
            listens.add(_play(entry, time, milliseconds / 1000), tally, part=part)


def _unwanted(entry: Mapping[str, Any]) -> str | None:
    """Why an entry is no music of this person's taste, or None."""
    if entry.get("incognito_mode") is True:
        return "played in a private session"
    if entry.get("episode_name") or entry.get("spotify_episode_uri"):
        return "a podcast, not music"
    if any(value and key.startswith("audiobook_") for key, value in entry.items()):
        return "an audiobook, not music"
    if not entry.get("master_metadata_track_name") and not entry.get("spotify_track_uri"):
        return "neither a track, nor a podcast, nor an audiobook is named"
    return None


def _play(entry: Mapping[str, Any], time: int, seconds: float) -> Play:
    track = Track(
        text(entry.get("master_metadata_track_name")),
        text(entry.get("master_metadata_album_artist_name")),
        text(entry.get("master_metadata_album_album_name")),
        text(entry.get("spotify_track_uri")),
    )
    reason = text(entry.get("reason_end"))
    skipped = entry.get("skipped")
    turned_away = skipped is True or skipped == 1 or reason in _TURNED_AWAY
    refused = turned_away if reason or skipped is not None else None
    return Play(track, time, seconds, finished=reason == _FINISHED, refused=refused)


def _time(value: object) -> int | None:
    """Seconds since 1970 of an ISO time; one without a zone is UTC, as the export says."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    try:
        return int(found.timestamp() // 1)
    except (OverflowError, ValueError):
        return None
