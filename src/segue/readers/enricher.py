"""The port of features: what a file knows of items, to be joined onto a dataset that is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from segue.core.catalogue import COLUMNS, Catalogue
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.identity.identifiers import isrcs
from segue.readers import delimited
from segue.readers.columns import plain_name
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import FileReport, ReadReport
from segue.readers.text import first_lines
from segue.readers.tracks import Track, name_id

_NAMED: Final = ("title", "artist", "album")

IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {  # the plain names (see `plain_name`) of columns that say which item
    "id": (
        *("uri", "trackuri", "spotifytrackuri", "itemid", "item", "trackid", "songid", "recordingid", "artistid"),
        *("albumid", "spotifyid", "id"),
    ),
    "title": ("trackname", "tracktitle", "songtitle", "songname", "track", "song", "title", "name"),
    "artist": ("artistname", "artistnames", "artists", "artist"),
    "album": ("albumname", "albumtitle", "album"),
    "isrc": ("isrc",),
}


class Enricher(Protocol):
    """One form of features."""

    @property
    def name(self) -> str:
        """How the command line calls it."""
        ...

    @property
    def description(self) -> str:
        """One line for the help text."""
        ...

    def sniff(self, path: Path) -> Guess | None:
        """Looks into a file or folder; None where it is something else. Raises nothing for odd content."""
        ...

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """What these files know, one row per thing that they tell of; rows of the same id are one, the first counts.

        A row without an id has one made of its artist and title. With `strict` the first row that cannot be used raises
        RowError. Raises StorageError where a file cannot be read, DataError where it is not what it should be.
        """
        ...


def header(path: Path) -> list[str]:
    """The plain names of the columns in the first line of delimited text; none where it is no such file."""
    lines = first_lines(path)[:1]
    dialect = delimited.guess_dialect(lines) if lines else None
    if dialect is None:
        return []
    _, _, fields = next(dialect.records(lines))
    return [plain_name(cell) for cell in fields or []]


def given(column: str) -> pl.Expr:
    """A text column stripped, null where it is empty."""
    text = pl.col(column).str.strip_chars()
    return pl.when(text != "").then(text).alias(column)


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with an id each: their own, or one made of their artist and title (see `tracks.name_id`).

    `rows` has text columns, null where nothing is known: "id" and some of "title", "artist", "album".
    """
    ids = [
        row["id"] or name_id(Track(row.get("title"), row.get("artist"), row.get("album")))
        for row in rows.select(name for name in ("id", *_NAMED) if name in rows.columns).iter_rows(named=True)
    ]
    return rows.with_columns(pl.Series("id", ids, dtype=pl.String))


def gathered(
    rows: pl.DataFrame,
    files: Sequence[FileReport],
    format: str,  # noqa: A002
    notes: Sequence[str] = (),
) -> tuple[Catalogue, ReadReport]:
    """Rows with ids as a catalogue: of rows of the same id each column's first known value; and the report.

    Raises DataError where there is no row.
    """
    if not rows.height:
        report = ReadReport(format, tuple(files))
        why = f"; most often: {report.rejections[0].reason}" if report.rejections else ""
        raise DataError(f"{', '.join(str(file.path) for file in files)}: no row of {report.read:,} can be used{why}")
    columns = [name for name in COLUMNS if name in rows.columns]
    one = (
        rows.select(columns)
        .group_by("id", maintain_order=True)
        .agg(pl.col(name).drop_nulls().first() for name in columns if name != "id")
    )
    if "isrc" in columns:
        one = one.with_columns(isrcs(one["isrc"]))
    one = one.select(column for column in one if column.null_count() < one.height)
    return Catalogue(one), ReadReport(format, tuple(files), rows.height - one.height, tuple(notes))
