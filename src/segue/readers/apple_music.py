"""Apple's "Apple Music Play Activity.csv", from the media services part of a privacy export.

Rows of Event Type PLAY_END are plays: Song Name (before 2022 Content Name), Artist Name (where the file has it),
Container or Album Name, Play Duration Milliseconds, Media Duration In Milliseconds, Event End Timestamp and End Reason
Type. Addresses, devices, and whatever else the file holds are not looked at. Times are ISO, with "Z" or an offset.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.columns import plain_name
from segue.readers.listens import Listens, Play
from segue.readers.members import Member, contents, expanded, first_fitting
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.tracks import Track

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("songname", "contentname", "trackname"),
    "artist": ("artistname", "containerartistname"),
    "album": ("albumname", "containeralbumname"),
    "played": ("playdurationmilliseconds",),
    "length": ("mediadurationinmilliseconds",),
    "end": ("eventendtimestamp", "eventtimestamp"),
    "start": ("eventtimestamp", "eventstarttimestamp", "eventreceivedtimestamp"),
    "reason": ("endreasontype",),
    "event": ("eventtype",),
    "media": ("mediatype",),
}
_SIGNS: Final = frozenset({"playdurationmilliseconds", "mediadurationinmilliseconds"})
_FINISHED: Final = "NATURAL_END_OF_TRACK"
_TURNED_AWAY: Final = ("TRACK_SKIPPED", "MANUALLY_SELECTED")


@dataclass(frozen=True, slots=True)
class AppleMusic:
    """Plays with how long they were heard, of how much, and why they ended."""

    name: ClassVar[str] = "apple-music"
    description: ClassVar[str] = "Apple Music Play Activity.csv, by itself or in a folder or zip"

    def sniff(self, path: Path) -> Guess | None:
        """A file whose header names the two durations."""
        found = first_fitting(path, _wanted, lambda member: set(_header(member)) >= _SIGNS)
        if found is None:
            return None
        where = "its header names" if path == found.path else f"it holds {found.name}, whose header names"
        return Guess(self.name, f"{where} Play Duration Milliseconds and Media Duration In Milliseconds")

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
        files = expanded(paths, _wanted, "Apple Music Play Activity.csv")
        listens, tallies = Listens(), []
        for file, content, tally in contents(files, self.name, "plays", strict=strict, progress=progress):
            _read(file, content, listens, tally)
            tallies.append(tally)
        return listens.dataset(paths, tallies, options.min_share, format=self.name)


def _wanted(name: str) -> bool:
    plain = name.lower()
    return plain.endswith(".csv") and "play activity" in plain


def _header(member: Member) -> list[str]:
    first = member.head().removeprefix(b"\xef\xbb\xbf").split(b"\n")[0].decode("utf-8", "replace")
    return [plain_name(cell) for cell in next(csv.reader([first.partition("\r")[0]]), [])]


def _read(file: Member, content: bytes, listens: Listens, tally: Tally) -> None:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    try:
        header = [plain_name(cell) for cell in next(rows, [])]
        numbers = {
            role: header.index(name)
            for role, names in _NAMES.items()
            if (name := next((name for name in names if name in header), None)) is not None
        }
        if not ({"title", "played"} <= set(numbers) and {"start", "end"} & set(numbers)):
            raise DataError(f"{file.path} has no columns for the song, the time and the play duration")
        for row in rows:
            if row:
                _take(row, numbers, rows.line_num, listens, tally)
    except csv.Error as error:
        raise DataError(f"{file.path}, line {rows.line_num}: {error}; the file is damaged, copy it again") from None


def _take(row: Sequence[str], numbers: Mapping[str, int], line: int, listens: Listens, tally: Tally) -> None:
    def cell(role: str) -> str:
        number = numbers.get(role, -1)
        return row[number].strip() if 0 <= number < len(row) else ""

    tally.rows(1)
    event, media, reason = cell("event").upper(), cell("media").upper(), cell("reason").upper()
    if event not in ("PLAY_END", ""):
        tally.pass_over("not the end of a play (a start, lyrics, ...)", line)
        return
    if media and media not in ("AUDIO", "SONG", "MUSIC"):
        tally.pass_over("not audio (a video, ...)", line)
        return
    if not cell("title"):
        tally.pass_over("the play names no song", line)
        return
    time = _time(cell("end") or cell("start"))
    played, length = _milliseconds(cell("played")), _milliseconds(cell("length"))
    if time is None:
        tally.reject("the time is not one like 2023-04-05T06:07:08Z", line)
    elif played is None:
        tally.reject("the play duration is no number of milliseconds", line)
    else:
        track = Track(cell("title"), cell("artist") or None, cell("album") or None, duration=length or None)
        refused = reason.startswith(_TURNED_AWAY) if reason else None
        listens.add(Play(track, time, played, finished=reason == _FINISHED, refused=refused), tally, line)


def _time(value: str) -> int | None:
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return int(found.timestamp() // 1)
    except (ValueError, OverflowError):
        return None


def _milliseconds(value: str) -> float | None:
    try:
        seconds = float(value) / 1000
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None
