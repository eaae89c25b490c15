"""Any table with one row per interaction: delimited text, JSON lines or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Final, TypeAlias

import polars as pl

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress, Task
from segue.dataset_files import Source
from segue.durable import translated
from segue.errors import DataError, SegueError, SettingsError
from segue.readers import delimited, json_lines, parquet
from segue.readers.columns import Columns, choose_columns, looks_like_header
from segue.readers.file_set import refuse_same
from segue.readers.interactions import Interactions, RowForm
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.text import TextFile, look_at, looks_like_text, require_file
from segue.readers.times import guess_form

_HEAD: Final = 1 << 16
Frames: TypeAlias = Callable[[Tally, Task], Iterator[pl.DataFrame]]


@dataclass(frozen=True, slots=True)
class Table:
    """CSV, TSV and other delimited text, JSON lines, and Parquet, with columns for user, item and perhaps more."""

    name: ClassVar[str] = "table"
    description: ClassVar[str] = "CSV, TSV, JSON lines or Parquet with a column for the user and one for the item"

    def sniff(self, path: Path) -> Guess | None:
        """Parquet and JSON lines by their first bytes; text by a delimiter that cuts its lines evenly."""
        try:
            if not path.is_file():
                return None
            head = _head(path)
            if head.startswith(parquet.MAGIC):
                return Guess(self.name, "it is a Parquet file")
            if json_lines.looks_like_it(head):
                return Guess(self.name, "its lines are JSON objects")
            if not head or not looks_like_text(head) or _begins_json(head):
                return None
            dialect = delimited.guess_dialect(delimited.sample_lines(look_at(path, self.name)))
        except SegueError:
            return None
        return None if dialect is None else Guess(self.name, f"its lines are {dialect}")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """All files as one dataset. Columns are found, or named, file by file, and must mean the same in all."""
        files = [_opened(path, options) for path in paths]
        refuse_same(files)
        if len({(file.form.feedback, file.form.time is not None) for file in files}) != 1:
            raise DataError("the files do not hold the same: " + "; ".join(file.columns.note for file in files))
        rows = Interactions()
        tallies = []
        for file in files:
            tally = Tally(file.path, file.source, strict=strict)
            with progress.task(f"reading {file.path.name}", file.source.size, "bytes") as task:
                for frame in file.frames(tally, task):
                    rows.add(frame, file.form, tally)
            tallies.append(tally)
        counted = tuple(tally.report() for tally in tallies)
        if not rows.n_entries:
            raise DataError(_nothing(ReadReport(self.name, counted), files))
        kinds = {file.columns.kind for file in files}
        dataset, merged = rows.dataset(
            files[0].form.feedback, options.scale, kind=kinds.pop() if len(kinds) == 1 else None
        )
        notes = [note for file in files for note in file.notes]
        return dataset, ReadReport(self.name, counted, merged, tuple(notes))


@dataclass(frozen=True, slots=True)
class _File:
    """One table that was looked at: what its columns are, and how to get its rows."""

    path: Path
    source: Source
    columns: Columns
    form: RowForm
    frames: Frames
    notes: tuple[str, ...]


def _opened(path: Path, options: ReadOptions) -> _File:
    require_file(path)
    head = _head(path)
    if head.startswith(parquet.MAGIC):
        return _parquet(path, options)
    text = look_at(path, Table.name, encoding=options.encoding)
    return _json_lines(text, options) if json_lines.looks_like_it(head) else _delimited(text, options)


def _delimited(text: TextFile, options: ReadOptions) -> _File:
    if _begins_json(_head(text.path)):
        raise DataError(
            f"{text.path} is one JSON document, not a table; JSON tables have one object in each line "
            "(for playlists, choose --format million-playlist)"
        )
    lines = delimited.sample_lines(text)
    if not lines:
        raise DataError(f"{text.path} holds only empty lines; expected rows of users and items")
    dialect = delimited.guess_dialect(lines, options.delimiter)
    if dialect is None:
        raise DataError(
            f"{text.path} has no columns: no delimiter (tab, comma, semicolon, bar or space) cuts its lines into two "
            "or more fields; name one with --delimiter"
        )
    rows = [fields for _, _, fields in dialect.records(lines) if fields]
    has_header = looks_like_header(rows, options) if options.header is None else options.header
    names = rows.pop(0) if has_header else None
    shape = replace(dialect, width=len(names)) if names is not None else dialect
    columns = choose_columns(text.path, names, rows, options)
    form = _form(text.path, columns, rows, options, names)
    about = f"{columns.note}; {shape}, {'with' if has_header else 'without'} a header"

    def frames(tally: Tally, task: Task) -> Iterator[pl.DataFrame]:
        return delimited.chunks(text, shape, columns.numbers, tally, task, header=has_header)

    return _File(text.path, text.source, columns, form, frames, _notes(text.note, about, form))


def _json_lines(text: TextFile, options: ReadOptions) -> _File:
    names, rows = json_lines.sample(text)
    columns = choose_columns(text.path, names, rows, options)
    form = _form(text.path, columns, rows, options, None)
    keys = {role: names[number] for role, number in columns.numbers.items()}

    def frames(tally: Tally, task: Task) -> Iterator[pl.DataFrame]:
        return json_lines.chunks(text, keys, tally, task)

    return _File(text.path, text.source, columns, form, frames, _notes(text.note, f"{columns.note}; JSON lines", form))


def _parquet(path: Path, options: ReadOptions) -> _File:
    source = parquet.look_at(path, Table.name)
    names, rows = parquet.sample(path)
    columns = choose_columns(path, names, rows, options)
    form = _form(path, columns, rows, options, None)
    chosen = {role: names[number] for role, number in columns.numbers.items()}

    def frames(tally: Tally, task: Task) -> Iterator[pl.DataFrame]:
        return parquet.chunks(path, source.size, chosen, tally, task)

    return _File(path, source, columns, form, frames, _notes(None, f"{columns.note}; Parquet", form))


def _form(
    path: Path, columns: Columns, rows: Sequence[Sequence[str]], options: ReadOptions, names: Sequence[str] | None
) -> RowForm:
    if options.scale is not None and columns.feedback != "ratings":
        raise SettingsError(
            f"a scale belongs to ratings, but {path} was read as {columns.feedback}; add --feedback ratings"
        )
    time = None
    if "time" in columns.numbers:
        number = columns.numbers["time"]
        values = pl.Series("time", [row[number] for row in rows if number < len(row)], dtype=pl.String)
        time = guess_form(values)
        if time is None and rows:
            example = next((value for value in values if value.strip()), "")
            raise DataError(
                f"{path}: most values of the column for the time are no time that is known, {example!r} for one; "
                "expected a number since 1970, or dates like 2009-05-04T23:08:57Z; choose another column with --time"
            )
    header = None if names is None else {role: names[number] for role, number in columns.numbers.items()}
    weight = "weight" in columns.numbers and columns.feedback != "presence"
    return RowForm(weight, time, columns.feedback, options.scale, header)


def _notes(about_text: str | None, columns: str, form: RowForm) -> tuple[str, ...]:
    time = "" if form.time is None else f"; times are {form.time.name}"
    return (*([about_text] if about_text else []), columns + time)


def _nothing(report: ReadReport, files: Sequence[_File]) -> str:
    where = ", ".join(str(file.path) for file in files)
    if not report.read:
        return f"{where}: there are no rows below the header; expected at least one user and one item"
    first = report.rejections[0]
    return (
        f"{where}: none of {report.read} rows can be used; most often: {first.reason} (first at {first.places[0]}); "
        f"columns were taken as {'; '.join(file.columns.note for file in files)}"
    )


def _head(path: Path) -> bytes:
    with translated(path), path.open("rb") as file:
        return file.read(_HEAD)


def _begins_json(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
