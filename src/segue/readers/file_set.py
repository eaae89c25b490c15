"""The files that make up one set, each opened once, with its tally and what is worth knowing of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from segue.core.progress import Progress
from segue.dataset_files import Source
from segue.errors import DataError
from segue.readers import delimited
from segue.readers.named_columns import NamedColumns
from segue.readers.report import FileReport, Tally
from segue.readers.sifting import LINE
from segue.readers.text import TextFile, look_at

TEXT: Final = "text"
TOO_WIDE: Final = ("there are more fields than columns", pl.col(delimited.TOO_WIDE))


class Known(Protocol):
    """A file whose content is known."""

    @property
    def path(self) -> Path: ...

    @property
    def source(self) -> Source: ...


class FileSet:
    """Opens the files of one set; `tally` is that of the one opened last; `notes` are for the report."""

    tally: Tally

    def __init__(self, format: str, *, encoding: str | None, strict: bool, progress: Progress) -> None:  # noqa: A002
        self._format, self._encoding, self._strict, self._progress = format, encoding, strict, progress
        self.tallies: list[Tally] = []
        self.notes: list[str] = []

    def opened(self, path: Path) -> TextFile:
        """The file, looked at, with a new tally; raises what `look_at` raises."""
        text = look_at(path, self._format, encoding=self._encoding)
        if text.note:
            self.notes.append(text.note)
        self.tally = Tally(path, text.source, strict=self._strict)
        self.tallies.append(self.tally)
        return text

    def frames(
        self, text: TextFile, dialect: delimited.Dialect, columns: Mapping[str, int], *, header: bool
    ) -> Iterator[pl.DataFrame]:
        """The rows of delimited text in frames, as `delimited.chunks` gives them."""
        with self._progress.task(f"reading {text.path.name}", text.source.size, "bytes") as task:
            yield from delimited.chunks(text, dialect, columns, self.tally, task, header=header)

    def named_frames(self, columns: NamedColumns) -> Iterator[pl.DataFrame]:
        """The same of columns that were found by their names."""
        return self.frames(columns.text, columns.dialect, columns.numbers, header=columns.header)

    def table(
        self, text: TextFile, dialect: delimited.Dialect, columns: Mapping[str, int], *, header: bool
    ) -> pl.DataFrame:
        """The rows in one frame, with no rows where there are none."""
        empty = pl.DataFrame(
            schema={**dict.fromkeys(columns, pl.String()), delimited.TOO_WIDE: pl.Boolean(), LINE: pl.Int64()}
        )
        return pl.concat([empty, *self.frames(text, dialect, columns, header=header)], how="diagonal")

    def lines(self, text: TextFile) -> pl.DataFrame:
        """The lines that are not blank, without their ends, as TEXT and LINE; each counts as a row."""
        blocks = [pl.DataFrame(schema={TEXT: pl.String(), LINE: pl.Int64()})]
        with self._progress.task(f"reading {text.path.name}", text.source.size, "bytes") as task:
            for block, first in text.blocks(task):
                lines = pl.Series(TEXT, block.decode(errors="replace").split("\n"), dtype=pl.String)
                numbers = pl.int_range(first, first + lines.len(), dtype=pl.Int64, eager=True).alias(LINE)
                frame = pl.DataFrame([lines.str.strip_chars_end("\r"), numbers])
                blocks.append(frame.filter(pl.col(TEXT).str.strip_chars() != ""))
        rows = pl.concat(blocks)
        self.tally.rows(rows.height)
        return rows

    def reports(self) -> tuple[FileReport, ...]:
        """What became of the rows of each file, in the order in which they were opened."""
        return tuple(tally.report() for tally in self.tallies)


def only_path(paths: Sequence[Path], format: str) -> Path:  # noqa: A002
    """The one path; DataError where several came."""
    if len(paths) != 1:
        raise DataError(f"{format} is one folder or file, {len(paths)} paths came; import them one by one")
    return paths[0]


def refuse_same(files: Sequence[Known]) -> None:
    """Raises DataError where two of the files hold the same bytes, whose rows would count twice."""
    seen: dict[str, Path] = {}
    for file in files:
        if file.source.sha256 in seen:
            raise DataError(f"{seen[file.source.sha256]} and {file.path} hold the same bytes; leave one of them out")
        seen[file.source.sha256] = file.path


def refuse_unlike(text: TextFile, fits: Sequence[bool], expected: str) -> None:
    """Raises DataError where most of the first lines are not what they should be."""
    if sum(fits) * 2 <= len(fits):
        first = text.head().lstrip("\r\n")[:80].splitlines()
        raise DataError(f"{text.path}: expected {expected}; it begins with {first[0] if first else ''!r}")
