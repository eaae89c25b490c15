"""Tables of lyrics: columns for the artist, the song and its text, in any order; ids and ISRCs where there are any.

artist,song,text
Ana,"Rain","It rained
and rained"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.progress import SILENT, Progress
from segue.errors import DataError
from segue.readers.enricher import IDENTITY, gathered, given, header, identified
from segue.readers.file_set import TOO_WIDE, FileSet, refuse_same
from segue.readers.named_columns import named_columns
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.sifting import sift

_NAMES: Final[Mapping[str, Sequence[str]]] = {**IDENTITY, "text": ("lyrics", "lyric", "songlyrics", "text")}


@dataclass(frozen=True, slots=True)
class Lyrics:
    """The words of songs, by artist and title."""

    name: ClassVar[str] = "lyrics"
    description: ClassVar[str] = "a table with the columns artist, song and text (or lyrics)"

    def sniff(self, path: Path) -> Guess | None:
        """A header that names an artist, a song and a text."""
        names = header(path)
        roles = {role for role, usual in _NAMES.items() if set(usual) & set(names)}
        return Guess(self.name, "its columns name artists, songs and texts") if roles >= _NEEDED else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """Files one after another. Of several texts of the same song the first counts."""
        options.only("encoding", format=self.name)
        files = FileSet(self.name, encoding=options.encoding, strict=strict, progress=progress)
        parts = []
        for path in paths:
            columns = named_columns(files.opened(path), self.name, _NAMES)
            missing = sorted(_NEEDED - set(columns.numbers))
            if missing:
                raise DataError(
                    f"{path}: expected the columns artist, title and text; there is no {', '.join(missing)}"
                )
            parts += [_songs(frame, files.tally) for frame in files.named_frames(columns)]
        refuse_same(files.reports())
        rows = pl.concat(parts, how="diagonal") if parts else pl.DataFrame(schema={"id": pl.String})
        return gathered(rows, files.reports(), self.name, files.notes)


_NEEDED: Final = {"artist", "title", "text"}


def _songs(frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    told = [name for name in _NAMES if name in frame.columns]
    rows = frame.with_columns(given(name) for name in told)
    if "id" not in told:
        rows = rows.with_columns(pl.lit(None, pl.String).alias("id"))
    nameless = pl.col("id").is_null() & pl.col("title").is_null()
    reasons = [
        TOO_WIDE,
        ("there is neither an id nor a title", nameless),
        ("there is no text", pl.col("text").is_null()),
    ]
    return identified(sift(rows, reasons, tally))
