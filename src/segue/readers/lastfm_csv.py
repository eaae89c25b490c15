"""Last.fm scrobbles as CSV, in the two layouts in which exporters write them.

    artist,album,track,date                  without a header or with one; "21 Nov 2023, 18:42", UTC
    uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid

A scrobble was heard, or it would not be there. The id is the track's MBID; without one it is made of the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, SegueError
from segue.identity.identifiers import mbids
from segue.readers.delimited import guess_dialect
from segue.readers.file_set import TOO_WIDE, FileSet
from segue.readers.listens import Listens, Play
from segue.readers.members import Member
from segue.readers.named_columns import NamedColumns, named_columns
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import LINE, sift
from segue.readers.text import looks_like_text, split_lines
from segue.readers.times import TimeForm, guess_form
from segue.readers.tracks import Track

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("uts", "timestamp", "date", "utctime", "datetime"),
    "artist": ("artist", "artistname"),
    "album": ("album", "albumname"),
    "title": ("track", "trackname", "title", "name"),
    "mbid": ("trackmbid", "mbid"),
}
_UNNAMED: Final = ("artist", "album", "title", "time")
_DATED: Final = re.compile(r"^\d{1,2} \w{3} \d{4},? \d{1,2}:\d{2}$")


@dataclass(frozen=True, slots=True)
class LastfmCSV:
    """Scrobbles of one person."""

    name: ClassVar[str] = "lastfm-csv"
    description: ClassVar[str] = "Last.fm scrobbles as CSV: artist, album, track, date; or uts, utc_time, artist, ..."

    def sniff(self, path: Path) -> Guess | None:
        """A header of uts, artist and track, or of artist, album, track and date; or four columns with such a date."""
        try:
            if not path.is_file():
                return None
            head = Member(path, 0).head(1 << 16)
        except SegueError:
            return None
        if not looks_like_text(head):
            return None
        lines = [line for line in split_lines(head.decode("utf-8-sig", "replace")) if line.strip()][:50]
        dialect = guess_dialect(lines)
        rows = [] if dialect is None else [fields for _, _, fields in dialect.records(lines) if fields]
        if not rows:
            return None
        given = [cell.strip().lower() for cell in rows[0]]
        if given == ["artist", "album", "track", "date"] or (given[0] == "uts" and {"artist", "track"} <= set(given)):
            return Guess(self.name, f"its columns are {', '.join(given)}")
        dated = sum(len(row) == len(_UNNAMED) and _DATED.match(row[3].strip()) is not None for row in rows)
        return (
            Guess(self.name, "its fourth column holds dates as Last.fm writes them") if dated * 2 > len(rows) else None
        )

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """All files as the history of one person, `me`."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        listens = Listens()
        for path in paths:
            file = named_columns(files.opened(path), self.name, _NAMES, unnamed=_UNNAMED)
            missing = [role for role in ("time", "title", "artist") if role not in file.numbers]
            if missing:
                raise DataError(f"{path} has no column for the {' and the '.join(missing)} of a scrobble")
            times = _times(file)
            for frame in files.named_frames(file):
                _take(frame, times, listens, files.tally)
        return listens.dataset(paths, files.tallies, None, format=self.name, notes=files.notes)


def _times(file: NamedColumns) -> TimeForm:
    number = file.numbers["time"]
    form = guess_form(pl.Series("time", [row[number] for row in file.rows if number < len(row)], dtype=pl.String))
    if form is None:
        raise DataError(f"{file.text.path}: the dates are no times that are known; expected 21 Nov 2023, 18:42, or uts")
    return form


def _take(frame: pl.DataFrame, times: TimeForm, listens: Listens, tally: Tally) -> None:
    rows = frame.with_columns(seconds=times.seconds(pl.col("time")))
    reasons = [
        TOO_WIDE,
        (
            "the scrobble has no date (it was playing when the file was made)",
            pl.col("time").str.strip_chars() == "",
        ),
        (f"the time is not one (the others are {times.name})", pl.col("seconds").is_null()),
    ]
    rows = sift(rows, reasons, tally)
    for name in ("album", "mbid"):
        if name not in rows.columns:
            rows = rows.with_columns(pl.lit(None, pl.String).alias(name))
    rows = rows.with_columns(mbids(rows["mbid"]))
    wanted = rows.select("title", "artist", "album", "mbid", "seconds", LINE)
    for title, artist, album, mbid, seconds, line in wanted.iter_rows():
        track = Track(title.strip() or None, artist.strip() or None, (album or "").strip() or None, mbid=mbid)
        listens.add(Play(track, seconds), tally, line)
