"""Delimited text (CSV, TSV and their kin) as frames of text, row by row accounted for.

Blocks of well-formed lines go through Polars. A block in which a quoted field spans lines, a line is blank, or Polars
finds fault goes line by line through Python's csv module, so that every row keeps its line number and none is lost.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Int64Array
from segue.core.progress import Task
from segue.errors import SettingsError
from segue.readers.report import Tally
from segue.readers.sifting import LINE
from segue.readers.text import TextFile

TOO_WIDE: Final = "too_wide"

_DELIMITERS: Final = "\t,;|"
_SAMPLE_LINES: Final = 200
_LONGEST_RECORD: Final = 200  # lines; a quote that stays open longer was never meant to open

csv.field_size_limit(1 << 27)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates its fields. `width` is the number of columns; `quoted`, whether " encloses fields."""

    delimiter: str
    quoted: bool
    width: int

    def split(self, lines: Sequence[str]) -> list[list[str]]:
        """Lines as fields; blank lines as empty lists."""
        if self.quoted:
            return list(csv.reader(lines, delimiter=self.delimiter))
        return list(csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE))

    def __str__(self) -> str:
        names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
        return f"{names.get(self.delimiter, repr(self.delimiter))}-separated, {self.width} columns"


def sample_lines(text: TextFile) -> list[str]:
    """The first lines that are not blank, without their ends."""
    lines = text.head().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line for line in lines if line.strip("\r\n")][:_SAMPLE_LINES]


def guess_dialect(lines: Sequence[str], delimiter: str | None = None) -> Dialect | None:
    """The delimiter that cuts most lines into the same number (two or more) of fields; None where none does.

    A space is considered only where nothing else fits.
    """
    if delimiter is not None:
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            raise SettingsError(f"a delimiter is one ASCII character, not {delimiter!r}")
        return _fitted(lines, delimiter)[1]
    best: tuple[float, Dialect | None] = (0.0, None)
    for candidate in _DELIMITERS:
        share, dialect = _fitted(lines, candidate)
        if share > best[0]:
            best = (share, dialect)
    if best[1] is None or best[0] < 0.5:
        share, dialect = _fitted(lines, " ")
        if dialect is not None and share >= 0.9:
            return dialect
    return best[1]


def chunks(
    text: TextFile, dialect: Dialect, columns: Mapping[str, int], tally: Tally, task: Task, *, header: bool
) -> Iterator[pl.DataFrame]:
    """The rows in frames: a text column for each entry of `columns` (name -> number from 0), LINE, and TOO_WIDE.

    Fields that are absent are empty. TOO_WIDE is true where a row has more fields than the dialect. Rows are counted on
    the tally; those whose quotes cannot be followed are rejected here. `header` leaves out the first line.
    """
    parser = _Parser(dialect, columns, tally)
    rest, rest_line = b"", 1
    skip = header
    for block, first_line in text.blocks(task):
        data = rest + block
        line = rest_line if rest else first_line
        if skip:
            blank = len(data) - len(data.lstrip(b"\r\n"))
            end = data.find(b"\n", blank) + 1
            line += data.count(b"\n", 0, end or len(data))
            data, skip = (data[end:] if end else b""), False
        frame, rest, rest_line = parser.frame(data, line, last=False)
        if frame.height:
            yield frame
    if rest:
        frame, _, _ = parser.frame(rest, rest_line, last=True)
        if frame.height:
            yield frame


class _Parser:
    def __init__(self, dialect: Dialect, columns: Mapping[str, int], tally: Tally) -> None:
        self._dialect = dialect
        self._columns = dict(columns)
        self._tally = tally
        self._schema = {_column(number): pl.String() for number in range(dialect.width + 1)}

    def frame(self, data: bytes, line: int, *, last: bool) -> tuple[pl.DataFrame, bytes, int]:
        """The rows of whole lines; what is left is a record that goes on in the next block, and its line."""
        body = data.rstrip(b"\r\n")
        if not body:
            return self._empty(), b"", line
        if _blank_lines(body) or (self._dialect.quoted and _open_lines(body)):
            return self._by_line(body, line, last=last)
        height = body.count(b"\n") + 1
        frame = self._by_polars(body)
        if frame is None or frame.height != height:
            return self._by_line(body, line, last=last)
        self._tally.rows(height)
        lines = pl.int_range(line, line + height, dtype=pl.Int64, eager=True)
        return frame.with_columns(lines.alias(LINE)), b"", line

    def _by_polars(self, body: bytes) -> pl.DataFrame | None:
        extra = self._dialect.width
        try:
            frame = pl.read_csv(
                body + b"\n",
                has_header=False,
                columns=[_column(number) for number in sorted({*self._columns.values(), extra})],
                schema=self._schema,
                separator=self._dialect.delimiter,
                quote_char='"' if self._dialect.quoted else None,
                empty_string_is_null=False,
                missing_columns="insert",
                truncate_ragged_lines=True,
            )
        except pl.exceptions.PolarsError:
            return None  # a malformed line: the careful way names it
        return frame.select(
            *(pl.col(_column(number)).fill_null("").alias(name) for name, number in self._columns.items()),
            (pl.col(_column(extra)).fill_null("") != "").alias(TOO_WIDE),
        )

    def _by_line(self, body: bytes, line: int, *, last: bool) -> tuple[pl.DataFrame, bytes, int]:
        """The careful way. A quote that stays open too long rejects the line it opens in; the next is a row again."""
        raw = [part.removesuffix("\r") for part in body.decode(errors="replace").split("\n")]
        rows: list[list[str]] = []
        numbers: list[int] = []
        at = 0
        while at < len(raw):
            stop = at + 1
            while self._dialect.quoted and (still_open := _is_open("\n".join(raw[at:stop]), self._dialect.delimiter)):
                if stop == len(raw) or stop - at >= _LONGEST_RECORD:
                    break
                stop += 1
            else:
                still_open = False
            if still_open and stop == len(raw) and stop - at < _LONGEST_RECORD and not last:
                return self._gathered(rows, numbers), ("\n".join(raw[at:]) + "\n").encode(), line + at
            if still_open:
                self._tally.rows(1)
                self._tally.reject("a quote opens a field and never closes", line + at)
                at += 1
                continue
            fields = self._dialect.split(["\n".join(raw[at:stop])])
            if fields and fields[0]:
                rows.append(fields[0])
                numbers.append(line + at)
            at = stop
        return self._gathered(rows, numbers), b"", line

    def _gathered(self, rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
        self._tally.rows(len(rows))
        width = self._dialect.width
        data: dict[str, list[str]] = {
            name: [row[number] if number < len(row) else "" for row in rows] for name, number in self._columns.items()
        }
        wide = [any(row[width:]) for row in rows]
        frame = pl.DataFrame(data, schema=dict.fromkeys(self._columns, pl.String()))
        return frame.with_columns(pl.Series(TOO_WIDE, wide, dtype=pl.Boolean), pl.Series(LINE, numbers, dtype=pl.Int64))

    def _empty(self) -> pl.DataFrame:
        return self._gathered([], [])


def _column(number: int) -> str:
    return f"column_{number + 1}"  # what Polars calls the columns of a file without a header


def _fitted(lines: Sequence[str], delimiter: str) -> tuple[float, Dialect | None]:
    """The share of lines that have the most frequent number of fields, and the dialect that this makes."""
    best: tuple[float, Dialect | None] = (0.0, None)
    for quoted in (True, False) if delimiter != "\t" or _looks_quoted(lines, delimiter) else (False,):
        dialect = Dialect(delimiter, quoted, 2)
        try:
            widths = [len(row) for row in dialect.split(lines) if row]
        except csv.Error:
            continue
        counts = np.bincount(widths) if widths else np.zeros(1, np.int64)
        counts[: min(2, counts.size)] = 0
        width = int(counts.argmax())
        share = float(counts[width]) / len(lines) if lines else 0.0
        if width >= 2 and share > best[0]:
            best = (share, Dialect(delimiter, quoted, width))
    return best


def _looks_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether in some column most fields stand in quotes; a lone "Heroes" in a tab-separated file is a title."""
    rows = [line.split(delimiter) for line in lines]
    quoted = np.zeros(max(map(len, rows), default=0), dtype=np.int64)
    for row in rows:
        for number, value in enumerate(row):
            quoted[number] += len(value) >= 2 and value[0] == value[-1] == '"'
    return bool(quoted.size and quoted.max() * 2 > len(rows))


def _blank_lines(body: bytes) -> bool:
    return body.startswith((b"\n", b"\r\n")) or b"\n\n" in body or b"\n\r\n" in body


def _open_lines(body: bytes) -> bool:
    """Whether some line holds an odd number of quotes, so that a field may go on in the next line."""
    if b'"' not in body:
        return False
    codes = np.frombuffer(body, dtype=np.uint8)
    ends: Int64Array = np.flatnonzero(codes == ord("\n"))
    before: Int64Array = np.searchsorted(np.flatnonzero(codes == ord('"')), np.append(ends, len(body)))
    return bool(np.any(np.diff(before, prepend=0) % 2))


def _is_open(record: str, delimiter: str) -> bool:
    """Whether a quoted field is still open at the end of this text."""
    if record.count('"') % 2 == 0:
        return False
    try:
        list(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False
