"""Spotify's account data: the plays of the last year, in short form, as a folder, a zip, or single files.

`StreamingHistory_music_<n>.json` (before 2024 `StreamingHistory<n>.json`) is a list of objects with endTime
("2023-11-05 21:07", UTC, when the play ended), artistName, trackName and msPlayed. There are no ids, and nothing says
why a play ended. The files on podcasts and audiobooks beside them are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import ClassVar, Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.json_values import number, parsed, text
from segue.readers.listens import Listens, Play
from segue.readers.members import Member, contents, expanded, first_fitting
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.tracks import Track

_SIGNS: Final = (b'"endTime"', b'"msPlayed"')
_NO_MUSIC: Final = {"podcast": "a podcast, not music", "audiobook": "an audiobook, not music"}


@dataclass(frozen=True, slots=True)
class SpotifyAccount:
    """Plays with how long they were heard."""

    name: ClassVar[str] = "spotify-account"
    description: ClassVar[str] = "Spotify account data: StreamingHistory*.json, a folder or zip of them"

    def sniff(self, path: Path) -> Guess | None:
        """Files with the names of the export, and in the first of them its keys."""
        found = first_fitting(path, _wanted, lambda member: member.has(_SIGNS))
        if found is None:
            return None
        where = "it is JSON" if path == found.path else f"it holds {found.name}, JSON"
        return Guess(self.name, f"{where} with endTime and msPlayed")

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
        files = expanded(paths, _wanted, "StreamingHistory*.json")
        listens, tallies = Listens(), []
        for file, content, tally in contents(files, self.name, "plays", strict=strict, progress=progress):
            _read(file, content, listens, tally)
            tallies.append(tally)
        return listens.dataset(paths, tallies, options.min_share, format=self.name)


def _wanted(name: str) -> bool:
    return fnmatch(name.lower(), "streaminghistory*.json")


def _read(file: Member, content: bytes, listens: Listens, tally: Tally) -> None:
    entries = parsed(content, file.path)
    if not isinstance(entries, list):
        raise DataError(f"{file.path} is JSON, but no list of plays")
    unwanted = next((why for word, why in _NO_MUSIC.items() if word in file.name.lower()), None)
    for place, entry in enumerate(entries, 1):
        tally.rows(1)
        part = f"entry {place}"
        if unwanted is not None:
            tally.pass_over(unwanted, part=part)
            continue
        if not isinstance(entry, dict):
            tally.reject("the entry is not an object", part=part)
            continue
        time, milliseconds = _time(entry.get("endTime")), number(entry.get("msPlayed"))
        if time is None:
            tally.reject("endTime is no time like 2023-11-05 21:07", part=part)
        elif milliseconds is None:
            tally.reject("msPlayed is no number of milliseconds", part=part)
        else:
            track = Track(text(entry.get("trackName")), text(entry.get("artistName")))
            listens.add(Play(track, time, milliseconds / 1000), tally, part=part)


def _time(value: object) -> int | None:
    if not isinstance(value, str):
        return None
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return int(datetime.strptime(value.strip(), form).replace(tzinfo=UTC).timestamp())
        except ValueError:
            continue
    return None
