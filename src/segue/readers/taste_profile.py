"""The Echo Nest Taste Profile: how often each listener played each song, with names from the Million Song Dataset.

    train_triplets.txt, or any other name   user song count           tab-separated, no header
    unique_tracks.txt                       track<SEP>song<SEP>artist<SEP>title        may be missing
    taste_profile_song_to_tracks.txt        song, then its tracks     tab-separated; may be missing

A song is named by the first track that unique_tracks.txt gives it, or else by the first track that the other table
gives it. Songs that nobody played are left out: the tables name a million.
McFee, Bertin-Mahieux, Ellis, Lanckriet, The Million Song Dataset Challenge, WWW 2012.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.file_set import TEXT, FileSet, refuse_same, refuse_unlike
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.sifting import sift
from segue.readers.text import first_lines

TRACKS_FILE: Final = "unique_tracks.txt"
_MAPPING: Final = "taste_profile_song_to_tracks.txt"
_TRIPLETS: Final = delimited.Dialect("\t", quoted=False, width=3)
_COLUMNS: Final = {"user": 0, "item": 1, "weight": 2}
_ROW: Final = re.compile(r"[0-9a-f]{40}\tSO[0-9A-Z]{16}\t[0-9]+")
_SONG: Final = r"^SO[0-9A-Z]{16}$"
_TRACK: Final = r"^TR[0-9A-Z]{16}$"
_SNIFFED: Final = 20


@dataclass(frozen=True, slots=True)
class TasteProfile:
    """Counts of plays of songs; titles and artists where the tables of the Million Song Dataset lie beside them."""

    name: ClassVar[str] = "taste-profile"
    description: ClassVar[str] = "lines of a listener's hash, a song SO... and a count, or a folder of such files"

    def sniff(self, path: Path) -> Guess | None:
        """Lines of 40 hex digits, a song's id and a whole number, between tabs."""
        files = _triplets_in(path)
        if not files:
            return None
        where = "its lines are" if files == [path] else f"the lines of {files[0].name} in it are"
        return Guess(self.name, f"{where} a listener of 40 hex digits, a song SO..., and a count")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Files of triplets, or folders of them; the tables are taken where they lie beside the first."""
        options.only("encoding", format=self.name)
        triplets = [file for path in paths for file in (_triplets_in(path) if path.is_dir() else [path])]
        if not triplets:
            raise DataError(f"{', '.join(map(str, paths))}: no .txt file with lines of a listener, a song and a count")
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        rows = Interactions()
        for path in triplets:
            text = files.opened(path)
            fits = [line.count("\t") == 2 for line in delimited.sample_lines(text)]
            refuse_unlike(text, fits, "three tab-separated fields: a listener, a song and a count of plays")
            for frame in files.frames(text, _TRIPLETS, _COLUMNS, header=False):
                rows.add(frame, RowForm(weight=True, time=None, feedback="plays"), files.tally)
        refuse_same(files.reports())
        if not rows.n_entries:
            raise DataError(
                f"{', '.join(map(str, triplets))}: no row can be used; expected a listener, a song and a count"
            )
        dataset, merged = rows.dataset("plays", kind="track")
        names = _names(files, triplets[0].parent, dataset.items.series)
        if names is not None:
            catalogue = dataset.catalogue.frame.join(names, on="id", how="left", maintain_order="left")
            dataset = replace(dataset, catalogue=Catalogue(catalogue))
            unknown = dataset.catalogue.column("title").null_count()
            if unknown:
                files.notes.append(f"songs that the tables do not name: {unknown}")
        return dataset, ReadReport(self.name, files.reports(), merged, tuple(files.notes))


def _triplets_in(path: Path) -> list[Path]:
    """The files of triplets that a path is, or holds, by name."""
    files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
    return [file for file in files if _looks_like_triplets(file)]


def _looks_like_triplets(path: Path) -> bool:
    fits = [_ROW.fullmatch(line) is not None for line in first_lines(path)[:_SNIFFED]]
    return sum(fits) * 2 > len(fits)


def _names(files: FileSet, folder: Path, songs: pl.Series) -> pl.DataFrame | None:
    """id, title and artist of the songs that the tables name; None, with a note, where there are no tables."""
    if not (folder / TRACKS_FILE).is_file():
        files.notes.append(f"there is no {TRACKS_FILE}; titles and artists are not known")
        return None
    tracks = named_tracks(files, folder / TRACKS_FILE)
    named = tracks.filter(pl.col("id").is_in(songs.implode())).unique("id", keep="first", maintain_order=True)
    rest = songs.filter(~songs.is_in(named["id"].implode()))
    if rest.len() and (folder / _MAPPING).is_file():
        pairs = _song_tracks(files, folder / _MAPPING).filter(pl.col("id").is_in(rest.implode()))
        by_track = tracks.drop("id").unique("track", keep="first", maintain_order=True)
        found = pairs.join(by_track, on="track", how="inner", maintain_order="left")
        found = found.unique("id", keep="first", maintain_order=True)
        named = pl.concat([named, found.select(named.columns)])
    return named.select("id", "title", "artist")


def named_tracks(files: FileSet, path: Path) -> pl.DataFrame:
    """track, id (of the song), artist and title of every line of unique_tracks.txt."""
    lines = files.lines(files.opened(path))
    fields = pl.col(TEXT).str.split("<SEP>")
    rows = lines.with_columns(
        width=fields.list.len(),
        **{name: fields.list.get(number, null_on_oob=True) for number, name in enumerate(("track", "id", "artist"))},
        title=fields.list.slice(3).list.join("<SEP>"),
    )
    rows = sift(
        rows,
        [
            ("the line is not track<SEP>song<SEP>artist<SEP>title", pl.col("width") < 4),
            ("the track is no id like TRMMMYQ128F932D901", ~pl.col("track").str.contains(_TRACK)),
            ("the song is no id like SOQMMHC12AB0180CB8", ~pl.col("id").str.contains(_SONG)),
            ("the title is missing", pl.col("title") == ""),
        ],
        files.tally,
    )
    return rows.select("track", "id", pl.when(pl.col("artist") != "").then("artist").alias("artist"), "title")


def _song_tracks(files: FileSet, path: Path) -> pl.DataFrame:
    """id (of a song) and track, one row for each track of a song, in order."""
    lines = files.lines(files.opened(path))
    words = pl.col(TEXT).str.extract_all(r"[^ \t]+")
    rows = lines.with_columns(id=words.list.first(), track=words.list.slice(1))
    wrong = ~pl.col("id").str.contains(_SONG) | pl.col("track").list.eval(~pl.element().str.contains(_TRACK)).list.any()
    rows = sift(rows, [("the line is not a song and its tracks", wrong)], files.tally)
    return rows.select("id", "track").explode("track", empty_as_null=False)
