"""The Audioscrobbler set of 2005: plays of artists, whose misspelt ids an alias table leads to the right ones.

    user_artist_data.txt   user artist plays     separated by a space, no header
    artist_data.txt        id name               separated by a tab; some lines are broken; may be missing
    artist_alias.txt       id, its right id      separated by a tab; the first is missing in some lines; may be missing

An alias is followed to its end, through as many others as it takes; plays of an artist and of its aliases are summed.
Artists whom nobody played are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, StorageError
from segue.readers import delimited
from segue.readers.file_set import TEXT, FileSet, only_path, refuse_unlike
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.sifting import sift
from segue.readers.text import first_lines

_PLAYS: Final = "user_artist_data.txt"
_ARTISTS, _ALIASES = "artist_data.txt", "artist_alias.txt"
_DIALECT: Final = delimited.Dialect(" ", quoted=False, width=3)
_COLUMNS: Final = {"user": 0, "item": 1, "weight": 2}
_ROW: Final = re.compile(r"\d+ \d+ \d+")
_ID: Final = r"^[0-9]+$"
_SNIFFED: Final = 20


@dataclass(frozen=True, slots=True)
class Audioscrobbler:
    """Plays of artists by their right ids, with names."""

    name: ClassVar[str] = "audioscrobbler"
    description: ClassVar[str] = f"the Audioscrobbler folder with {_PLAYS}"

    def sniff(self, path: Path) -> Guess | None:
        """A folder with user_artist_data.txt, or that file, with lines of three whole numbers."""
        plays = path / _PLAYS if path.is_dir() else path
        fits = [_ROW.fullmatch(line) is not None for line in first_lines(plays)[:_SNIFFED]]
        if plays.name != _PLAYS or sum(fits) * 2 <= len(fits):
            return None
        where = "it is called" if plays == path else "it is a folder with"
        return Guess(self.name, f"{where} {_PLAYS}, whose lines are three whole numbers")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """The folder, or the file of plays in it. Without one of the other files the report notes what is not known."""
        options.only("encoding", format=self.name)
        path = only_path(paths, self.name)
        plays = path / _PLAYS if path.is_dir() else path
        if not plays.is_file():
            raise StorageError(f"{plays} does not exist; expected the Audioscrobbler folder")
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        text = files.opened(plays)
        fits = [line.count(" ") == 2 for line in delimited.sample_lines(text)]
        refuse_unlike(text, fits, "three fields separated by a space: a user, an artist and a count of plays")
        rows = Interactions()
        for frame in files.frames(text, _DIALECT, _COLUMNS, header=False):
            rows.add(frame, RowForm(weight=True, time=None, feedback="plays"), files.tally)
        if not rows.n_entries:
            raise DataError(f"{plays} has no row that can be used; expected a user, an artist and a count in each")
        right = _aliases(files, plays.parent / _ALIASES)
        resolved = 0

        def canonical(items: pl.DataFrame) -> pl.Series:
            nonlocal resolved
            ids = items["id"]
            found = ids.to_frame().join(right, on="id", how="left", maintain_order="left")["right"]
            resolved = found.len() - found.null_count()
            return pl.select(pl.coalesce(found, ids)).to_series()

        dataset, merged = rows.dataset("plays", kind="artist", canonical=canonical)
        if resolved:
            files.notes.append(f"artists that were another one's alias and became it: {resolved}")
        names = _names(files, plays.parent / _ARTISTS)
        if names is not None:
            catalogue = dataset.catalogue.frame.join(names, on="id", how="left", maintain_order="left")
            unnamed = catalogue["title"].null_count()
            if unnamed:
                files.notes.append(f"artists without a name in {_ARTISTS}: {unnamed}")
            dataset = replace(dataset, catalogue=Catalogue(catalogue))
        return dataset, ReadReport(self.name, files.reports(), merged, tuple(files.notes))


def _aliases(files: FileSet, path: Path) -> pl.DataFrame:
    """id and right: every alias, and the id at the end of its chain."""
    if not path.is_file():
        files.notes.append(f"there is no {path.name}; misspelt artists stay apart")
        return pl.DataFrame(schema={"id": pl.String(), "right": pl.String()})
    lines = files.lines(files.opened(path))
    fields = pl.col(TEXT).str.split("\t").list.eval(pl.element().str.strip_chars())
    rows = lines.with_columns(
        id=fields.list.get(0), next=fields.list.get(1, null_on_oob=True).fill_null(""), width=fields.list.len()
    )
    rows = sift(
        rows,
        [
            ("the line is not two ids with a tab between them", pl.col("width") != 2),
            ("the alias is missing", pl.col("id") == ""),
            ("an id is no whole number", ~(pl.col("id").str.contains(_ID) & pl.col("next").str.contains(_ID))),
            ("the alias came before", ~pl.col("id").is_first_distinct()),
        ],
        files.tally,
    )
    table = dict(rows.select("id", "next").iter_rows())
    ends = _ends(table)
    chained = sum(end is not None and end != table[alias] for alias, end in ends.items())
    rows = rows.with_columns(right=pl.Series([ends[alias] for alias in rows["id"].to_list()], dtype=pl.String))
    rows = sift(rows, [("the alias leads back to itself", pl.col("right").is_null())], files.tally)
    if chained:
        files.notes.append(f"aliases of aliases, followed to their end: {chained}")
    return rows.select("id", "right")


def _ends(table: Mapping[str, str]) -> dict[str, str | None]:
    """For each alias the id to which its chain leads; None where it leads back to itself. Each link is walked once."""
    ends: dict[str, str | None] = {}
    for alias in table:
        way: dict[str, None] = {}
        at = alias
        while at in table and at not in ends and at not in way:
            way[at] = None
            at = table[at]
        end = ends.get(at) if at in ends else None if at in way else at
        ends.update(dict.fromkeys(way, end))
    return ends


def _names(files: FileSet, path: Path) -> pl.DataFrame | None:
    """id and title of the artists; None, with a note, where the file is missing."""
    if not path.is_file():
        files.notes.append(f"there is no {path.name}; the artists' names are not known")
        return None
    lines = files.lines(files.opened(path))
    fields = pl.col(TEXT).str.splitn("\t", 2).struct
    rows = lines.with_columns(
        id=fields.field("field_0").str.strip_chars(), title=fields.field("field_1").fill_null("").str.strip_chars()
    )
    rows = sift(
        rows,
        [
            ("the line is not an id and a name with a tab between them", ~pl.col("id").str.contains(_ID)),
            ("the name is missing", pl.col("title") == ""),
            ("the artist came before", ~pl.col("id").is_first_distinct()),
        ],
        files.tally,
    )
    return rows.select("id", "title")
