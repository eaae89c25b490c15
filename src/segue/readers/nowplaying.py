r"""The #nowplaying playlists: a CSV file with one row for each track of each listener's playlists.

    "user_id", "artistname", "trackname", "playlistname"
    "9cc0cfd4d7d7885102480dd99e7a90d6","Elvis Costello","Alison","HARD ROCK 2010"

Every field is quoted; a backslash before a quote or a backslash makes it a character of the text, as a second quote
does. Each playlist of a listener is a history, USER/PLAYLIST; a track is ARTIST/_/TITLE, since there are no ids. The
file lists the tracks of a playlist by title, so their order means nothing.
Pichl, Zangerle, Specht, Towards a Context-Aware Music Recommendation Approach, ICDM Workshops 2015.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress, Task
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.file_set import TOO_WIDE, FileSet, refuse_same
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift
from segue.readers.text import TextFile, first_lines

_HEADER: Final = ("user_id", "artistname", "trackname", "playlistname")
_DIALECT: Final = delimited.Dialect(",", quoted=True, width=len(_HEADER))
_COLUMNS: Final = {"owner": 0, "artist": 1, "title": 2, "playlist": 3}
_ESCAPED: Final = re.compile(rb'\\(["\\])')


@dataclass(frozen=True, slots=True)
class NowPlaying:
    """Playlists as histories, with their names and owners; tracks by the names of artist and title."""

    name: ClassVar[str] = "nowplaying"
    description: ClassVar[str] = f"#nowplaying playlists, a CSV file with the header {', '.join(_HEADER)}"

    def sniff(self, path: Path) -> Guess | None:
        """A file that begins with the published header."""
        lines = first_lines(path)[:1]
        return Guess(self.name, f"it begins with the header {', '.join(_HEADER)}") if lines and _is(lines[0]) else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Files one after another. A track that a playlist has twice counts once."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        rows = Interactions()
        for path in paths:
            text = files.opened(path)
            first = (first_lines(path) or [""])[0]
            if not _is(first):
                raise DataError(
                    f"{path} must begin with the header {', '.join(_HEADER)}; it begins with {first[:80]!r}"
                )
            doubled = _Doubled(text.path, text.encoding, text.source, text.note)
            for frame in files.frames(doubled, _DIALECT, _COLUMNS, header=True):
                rows.add(_named(frame, files.tally), RowForm(weight=False, time=None, feedback="presence"), files.tally)
        refuse_same(files.reports())
        if not rows.n_entries:
            raise DataError(f"{', '.join(map(str, paths))}: no row can be used; expected {', '.join(_HEADER)} in each")
        dataset, merged = rows.dataset("presence", kind="track")
        parts = dataset.users.series.str.splitn("/", 2).struct.unnest()
        context = pl.DataFrame({"user": dataset.users.series, "name": parts["field_1"], "owner": parts["field_0"]})
        dataset = replace(
            dataset,
            histories=replace(dataset.histories, context=context),
            user_table=context.rename({"user": "id"}),
        )
        return dataset, ReadReport(self.name, files.reports(), merged, tuple(files.notes))


class _Doubled(TextFile):
    """A text file in which quotes that a backslash escapes are doubled instead, as other CSV files have it."""

    def blocks(self, task: Task) -> Iterator[tuple[bytes, int]]:
        for block, line in super().blocks(task):
            yield _ESCAPED.sub(lambda found: b'""' if found[1] == b'"' else b"\\", block), line


def _is(line: str) -> bool:
    return tuple(cell.strip().strip('"') for cell in line.removeprefix("\ufeff").split(",")) == _HEADER


def _named(frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    rows = sift(
        frame,
        [
            TOO_WIDE,
            ("the user is missing", pl.col("owner") == ""),
            ("the user is no hash: it holds a slash", pl.col("owner").str.contains("/", literal=True)),
            ("the playlist's name is missing", pl.col("playlist") == ""),
            ("the artist's name is missing", pl.col("artist") == ""),
            ("the track's name is missing", pl.col("title") == ""),
        ],
        tally,
    )
    return rows.with_columns(
        user=pl.concat_str("owner", pl.lit("/"), "playlist"), item=pl.concat_str("artist", pl.lit("/_/"), "title")
    )
