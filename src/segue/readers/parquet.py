"""Parquet tables as frames of text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from segue.core.progress import Task
from segue.dataset_files import Source
from segue.durable import translated
from segue.errors import DataError
from segue.readers.report import Tally
from segue.readers.sifting import LINE

MAGIC: Final = b"PAR1"
_ROWS: Final = 1 << 20
_SAMPLE_ROWS: Final = 200


def look_at(path: Path, format: str) -> Source:  # noqa: A002
    """The file for the manifest; reads it once."""
    with translated(path), path.open("rb") as file:
        return Source(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest(), format)


def sample(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of the columns, and the first rows as text; DataError where the file is damaged."""
    names = list(_schema(path))
    head = _collected(
        path, pl.scan_parquet(path).head(_SAMPLE_ROWS).select(_as_text(path, {name: name for name in names}))
    )
    return names, [list(row) for row in head.iter_rows()]


def chunks(path: Path, size: int, columns: Mapping[str, str], tally: Tally, task: Task) -> Iterator[pl.DataFrame]:
    """The rows in frames: a text column for each entry of `columns` (name -> column), and LINE, the row from 1.

    Absent values are empty; dates are seconds since 1970; whole numbers in a column of fractions are written as such.
    """
    lazy = pl.scan_parquet(path)
    n_rows = _collected(path, lazy.select(pl.len())).item()
    wanted = _as_text(path, columns)
    for start in range(0, n_rows, _ROWS):
        frame = _collected(path, lazy.slice(start, _ROWS).select(wanted))
        tally.rows(frame.height)
        task.advance(size * frame.height / n_rows)
        yield frame.with_columns(pl.int_range(start + 1, start + 1 + frame.height, dtype=pl.Int64).alias(LINE))


def _as_text(path: Path, columns: Mapping[str, str]) -> list[pl.Expr]:
    schema = _schema(path)
    return [_text(pl.col(column), schema[column]).fill_null("").alias(name) for name, column in columns.items()]


def _text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, (pl.Datetime, pl.Date)):
        return column.dt.epoch("s").cast(pl.String)
    if dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole == column).then(whole.cast(pl.String)).otherwise(column.cast(pl.String))
    if dtype.is_nested() or dtype == pl.Binary:
        return pl.lit(None, pl.String)  # no id and no number, so of no use here
    return column.cast(pl.String)


def _schema(path: Path) -> dict[str, pl.DataType]:
    try:
        with translated(path):
            return dict(pl.read_parquet_schema(path))
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} is a damaged Parquet file ({error}); copy or make it again") from error


def _collected(path: Path, frame: pl.LazyFrame) -> pl.DataFrame:
    try:
        with translated(path):
            return frame.collect(engine="streaming")
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path} is a damaged Parquet file ({error}); copy or make it again") from error
