"""The Last.FM set of HetRec 2011: a folder of tab-separated files with plays, artists, tags and friends.

    user_artists.dat         userID artistID weight             plays; required
    artists.dat              id name url pictureURL
    tags.dat                 tagID tagValue                     in Latin-1
    user_taggedartists.dat   userID artistID tagID day month year
    user_friends.dat         userID friendID                    each friendship twice, once from either side

Fields are never quoted (names hold quotation marks), ids have gaps. Cantador, Brusilovsky, Kuflik, 2nd Workshop on
Information Heterogeneity and Fusion in Recommender Systems, RecSys 2011.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import polars as pl
import scipy.sparse as sp

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, StorageError
from segue.readers import delimited
from segue.readers.file_set import TOO_WIDE, FileSet
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift
from segue.readers.text import TextFile

_PLAYS: Final = "user_artists.dat"
_ARTISTS, _TAGS, _TAGGED, _FRIENDS = "artists.dat", "tags.dat", "user_taggedartists.dat", "user_friends.dat"
_HEADERS: Final = {
    _PLAYS: ("userID", "artistID", "weight"),
    _ARTISTS: ("id", "name", "url", "pictureURL"),
    _TAGS: ("tagID", "tagValue"),
    _TAGGED: ("userID", "artistID", "tagID", "day", "month", "year"),
    _FRIENDS: ("userID", "friendID"),
}


@dataclass(frozen=True, slots=True)
class LastFM2K:
    """Plays of artists, with their names, their tags (the most frequent first) and the listeners' friends."""

    name: ClassVar[str] = "lastfm-2k"
    description: ClassVar[str] = f"the HetRec 2011 Last.FM folder with {_PLAYS}"

    def sniff(self, path: Path) -> Guess | None:
        """A folder with user_artists.dat, or that file."""
        if (path / _PLAYS).is_file():
            return Guess(self.name, f"it is a folder with {_PLAYS}")
        return Guess(self.name, f"it is called {_PLAYS}") if path.name == _PLAYS and path.is_file() else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """One folder. Files other than user_artists.dat may be missing; the report notes what is then not known."""
        options.only("encoding", format=self.name)
        if len(paths) != 1:
            raise DataError(f"{self.name} is one folder, {len(paths)} paths came; import them one by one")
        folder = paths[0].parent if paths[0].is_file() else paths[0]
        if not (folder / _PLAYS).is_file():
            raise StorageError(f"{folder / _PLAYS} does not exist; expected the HetRec 2011 Last.FM folder")
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        rows = Interactions()
        form = RowForm(weight=True, time=None, feedback="plays")
        plays = _opened(files, folder / _PLAYS, {"user": "userID", "item": "artistID", "weight": "weight"})
        for frame in files.frames(*plays, header=True):
            rows.add(frame, form, files.tally)
        if not rows.n_entries:
            raise DataError(
                f"{folder / _PLAYS} has no row that can be used; expected userID, artistID and weight in each"
            )
        dataset, merged = rows.dataset("plays")
        names = _table(files, folder / _ARTISTS, id="id", title="name")
        items = dataset.items
        if names is not None:
            names = _sifted_artists(names, files.tally)
            items = items.extended(names["id"])
        catalogue = pl.DataFrame({"id": items.series, "kind": pl.Series(["artist"]).new_from_index(0, len(items))})
        if names is not None:
            catalogue = catalogue.join(names.select("id", "title"), on="id", how="left", maintain_order="left")
        tags = _tags(files, folder, items)
        if tags is not None:
            catalogue = catalogue.join(tags, on="id", how="left", maintain_order="left")
        friends, doubled = _friends(files, folder, dataset.users)
        dataset = replace(dataset, items=items, catalogue=Catalogue(catalogue), friends=friends)
        return dataset, ReadReport(self.name, files.reports(), merged + doubled, tuple(files.notes))


def _opened(
    files: FileSet, path: Path, columns: Mapping[str, str]
) -> tuple[TextFile, delimited.Dialect, Mapping[str, int]]:
    """A file, its dialect, and where `columns` (name -> column of the file) stand; DataError for another header."""
    header = _HEADERS[path.name]
    text = files.opened(path)
    first = delimited.sample_lines(text)[:1]
    if not first or tuple(cell.strip() for cell in first[0].split("\t")[: len(header)]) != header:
        raise DataError(
            f"{text.path} must begin with the tab-separated columns {', '.join(header)}; it begins with "
            f"{first[0][:80] if first else ''!r}"
        )
    numbers = {name: header.index(column) for name, column in columns.items()}
    return text, delimited.Dialect("\t", quoted=False, width=len(header)), numbers


def _table(files: FileSet, path: Path, **columns: str) -> pl.DataFrame | None:
    """The rows of a file, a text column for each of `columns`; None, with a note, where the file is missing."""
    if not path.is_file():
        files.notes.append(f"there is no {path.name}; what it tells is not known")
        return None
    return files.table(*_opened(files, path, columns), header=True)


def _sifted_artists(names: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    return sift(
        names,
        [
            TOO_WIDE,
            ("the id is missing", pl.col("id") == ""),
            ("the name is missing", pl.col("title") == ""),
            ("the artist came before", ~pl.col("id").is_first_distinct()),
        ],
        tally,
    )


def _tags(files: FileSet, folder: Path, items: Vocabulary) -> pl.DataFrame | None:
    """id and tags of each tagged artist, the tag given by most listeners first, of equals the lower tag id."""
    words = _table(files, folder / _TAGS, tag="tagID", word="tagValue")
    if words is None:
        return None
    words = sift(
        words,
        [
            TOO_WIDE,
            ("the id is missing", pl.col("tag") == ""),
            ("the tag is missing", pl.col("word").str.strip_chars() == ""),
            ("the tag id came before", ~pl.col("tag").is_first_distinct()),
        ],
        files.tally,
    )
    given = _table(files, folder / _TAGGED, user="userID", id="artistID", tag="tagID")
    if given is None:
        return None
    given = sift(
        given,
        [
            TOO_WIDE,
            ("the user is missing", pl.col("user") == ""),
            (f"the artist is not in {_PLAYS} or {_ARTISTS}", ~pl.col("id").is_in(items.series.implode())),
            (f"the tag is not in {_TAGS}", ~pl.col("tag").is_in(words["tag"].implode())),
        ],
        files.tally,
    )
    counted = given.group_by("id", "tag").agg(pl.col("user").n_unique().alias("listeners"))
    named = counted.join(words.select("tag", pl.col("word").str.strip_chars()), on="tag")
    in_order = named.sort(
        pl.col("listeners"), pl.col("tag").cast(pl.Int64, strict=False), "tag", descending=[True, False, False]
    )
    return in_order.group_by("id", maintain_order=True).agg(pl.col("word").alias("tags"))


def _friends(files: FileSet, folder: Path, users: Vocabulary) -> tuple[sp.csr_array[Any] | None, int]:
    """Who knows whom, int8 and symmetric, and how many rows repeat another one."""
    pairs = _table(files, folder / _FRIENDS, user="userID", friend="friendID")
    if pairs is None:
        return None, 0
    known = users.series.implode()
    pairs = sift(
        pairs,
        [
            TOO_WIDE,
            ("the user or the friend is missing", (pl.col("user") == "") | (pl.col("friend") == "")),
            ("a user is a friend of their own", pl.col("user") == pl.col("friend")),
            (
                f"the user or the friend has no row in {_PLAYS}",
                ~(pl.col("user").is_in(known) & pl.col("friend").is_in(known)),
            ),
        ],
        files.tally,
    )
    distinct = pairs.unique(["user", "friend"])
    a, b = users.positions(distinct["user"]), users.positions(distinct["friend"])
    rows, columns = np.concatenate([a, b]), np.concatenate([b, a])
    matrix = sp.csr_array(sp.coo_array((np.ones(rows.size, np.int8), (rows, columns)), shape=(len(users), len(users))))
    matrix.data[:] = 1  # both directions were summed
    return matrix, pairs.height - distinct.height
