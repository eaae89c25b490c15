"""The Last.fm set of a thousand listeners: timestamped plays, newest first, and who the listeners are.

    userid-timestamp-artid-artname-traid-traname.tsv   userid time artid artname traid traname; no header
    userid-profile.tsv                                 #id gender age country registered; may be missing

Tab-separated and never quoted; artid and traid are MBIDs, often empty. The same track stands there with an MBID and
without: rows of the same artist's and track's name are one item, and so are names that have the same MBID. Its id is
the first MBID that stands beside the names, or ARTIST/_/TITLE, as Last.fm itself writes it, where none ever does.
Celma, Music Recommendation and Discovery, 2010.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.file_set import TOO_WIDE, FileSet, only_path, refuse_unlike
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift
from segue.readers.text import first_lines
from segue.readers.times import TimeForm

_PLAYS: Final = "userid-timestamp-artid-artname-traid-traname.tsv"
_PROFILES: Final = "userid-profile.tsv"
_DIALECT: Final = delimited.Dialect("\t", quoted=False, width=6)
_COLUMNS: Final = {"user": 0, "time": 1, "artist": 3, "mbid": 4, "title": 5}
_TIMES: Final = TimeForm("dates like 2009-05-04T23:08:57Z", None, ("%Y-%m-%d %H:%M:%S",))
_MBID: Final = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_MAYBE_MBID: Final = re.compile(f"({_MBID})?")
_WHO: Final = {"id": 0, "gender": 1, "age": 2, "country": 3, "registered": 4}
_OLDEST: Final = 120
_SNIFFED: Final = 20


@dataclass(frozen=True, slots=True)
class LastFM1K:
    """Timestamped plays of tracks, and the listeners' gender, age, country and day of registration."""

    name: ClassVar[str] = "lastfm-1k"
    description: ClassVar[str] = f"timestamped plays of Last.fm listeners ({_PLAYS}), or the folder with it"

    def sniff(self, path: Path) -> Guess | None:
        """Lines of six fields: a listener, a time, an MBID or nothing, a name, an MBID or nothing, a name."""
        plays = _plays_in(path)
        if plays is None:
            return None
        where = "its lines are" if plays == path else f"the lines of {plays.name} in it are"
        return Guess(self.name, f"{where} a listener, a time, and the MBIDs and names of an artist and a track")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """The plays, or the folder with them; userid-profile.tsv is taken where it lies beside them."""
        options.only("encoding", format=self.name)
        path = only_path(paths, self.name)
        plays = _plays_in(path) if path.is_dir() else path
        if plays is None:
            raise DataError(f"{path} holds no {_PLAYS} and no other .tsv file that looks like it")
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        text = files.opened(plays)
        fits = [_fits(line) for line in delimited.sample_lines(text)]
        refuse_unlike(text, fits, "six tab-separated fields: userid, timestamp, artid, artname, traid, traname")
        rows, odd = Interactions(), 0
        form = RowForm(weight=False, time=_TIMES, feedback="plays")
        for frame in files.frames(text, _DIALECT, _COLUMNS, header=False):
            known, malformed = _identified(frame, files.tally)
            rows.add(known, form, files.tally)
            odd += malformed
        if not rows.n_entries:
            raise DataError(f"{plays} has no row that can be used; expected a listener, a time and a track in each")
        dataset, merged = rows.dataset("plays", kind="track", canonical=_ids)
        if odd:
            files.notes.append(f"rows whose track id is no MBID: {odd}; their names alone tell which track it is")
        dataset = replace(dataset, user_table=_listeners(files, plays.parent / _PROFILES, dataset.users))
        return dataset, ReadReport(self.name, files.reports(), merged, tuple(files.notes))


def _plays_in(path: Path) -> Path | None:
    """The file of plays that a path is, or holds: the one of the published name, or else one that looks like it."""
    if not path.is_dir():
        return path if _looks_like_plays(path) else None
    if _looks_like_plays(path / _PLAYS):
        return path / _PLAYS
    return next((file for file in sorted(path.glob("*.tsv")) if _looks_like_plays(file)), None)


def _looks_like_plays(path: Path) -> bool:
    fits = [_fits(line) for line in first_lines(path)[:_SNIFFED]]
    return sum(fits) * 2 > len(fits)


def _fits(line: str) -> bool:
    fields = line.split("\t")
    return (
        len(fields) == _DIALECT.width
        and _TIME.fullmatch(fields[1]) is not None
        and all(_MAYBE_MBID.fullmatch(fields[number]) for number in (2, 4))
    )


def _identified(frame: pl.DataFrame, tally: Tally) -> tuple[pl.DataFrame, int]:
    """The rows with the names as the item, and how many have a track id that is no MBID (it is made empty)."""
    rows = sift(
        frame,
        [
            TOO_WIDE,
            ("the artist's name is missing", pl.col("artist") == ""),
            ("the track's name is missing", pl.col("title") == ""),
        ],
        tally,
    )
    written = pl.col("mbid").str.strip_chars().str.to_lowercase()
    is_one = written.str.contains(f"^{_MBID}$")
    odd = rows.select((~is_one & (written != "")).sum()).item()
    return rows.with_columns(
        item=pl.concat_str("artist", pl.lit("/_/"), "title"), mbid=pl.when(is_one).then(written).otherwise(pl.lit(""))
    ), odd


def _ids(items: pl.DataFrame) -> pl.Series:
    return items.select(pl.coalesce("mbid", "id")).to_series() if "mbid" in items.columns else items["id"]


def _listeners(files: FileSet, path: Path, users: Vocabulary) -> pl.DataFrame | None:
    """Who the listeners are, one row for each of `users`; None, with a note, where the file is missing."""
    if not path.is_file():
        files.notes.append(f"there is no {path.name}; of the listeners nothing but the id is known")
        return None
    text = files.opened(path)
    header = delimited.sample_lines(text)[0].split("\t")
    if [name.strip() for name in header] != ["#id", *list(_WHO)[1:]]:
        raise DataError(
            f"{path} must begin with the tab-separated columns #id, {', '.join(list(_WHO)[1:])}; it begins with "
            f"{delimited.sample_lines(text)[0][:80]!r}"
        )
    told = files.table(text, delimited.Dialect("\t", quoted=False, width=len(_WHO)), _WHO, header=True)
    age = pl.col("age").cast(pl.Int32, strict=False)
    day = pl.col("registered").str.to_date("%b %d, %Y", strict=False)
    is_age = age.is_between(0, _OLDEST).fill_null(value=False)
    told = sift(
        told,
        [
            TOO_WIDE,
            ("the listener's id is missing", pl.col("id") == ""),
            ("the listener came before", ~pl.col("id").is_first_distinct()),
            (f"the age is no number of years up to {_OLDEST}", _given("age") & ~is_age),
            ("the day of registration is none like Feb 24, 2006", _given("registered") & day.is_null()),
        ],
        files.tally,
    )
    silent = told.filter(~pl.col("id").is_in(users.series.implode())).height
    if silent:
        files.notes.append(f"listeners in {path.name} without a play: {silent}; they are left out")
    known = told.select(
        "id",
        pl.when(_given("gender")).then("gender"),
        age,
        pl.when(_given("country")).then("country"),
        day,
    )
    return pl.DataFrame({"id": users.series}).join(known, on="id", how="left", maintain_order="left")


def _given(name: str) -> pl.Expr:
    return pl.col(name) != ""
