"""Delimited text (CSV, TSV and their kin) as frames of text, row by row accounted for.

Blocks of well-formed lines go through Polars. A block in which a quoted field spans lines, a line is blank, or Polars
finds fault goes line by line through Python's csv module, so that every row keeps its line number and none is lost.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from segue.core.progress import Task
from segue.errors import SettingsError
from segue.kernels.numbering import lines
from segue.readers.report import Tally
from segue.readers.sifting import LINE
from segue.readers.text import TextFile, split_lines

TOO_WIDE: Final = "too_wide"

_DELIMITERS: Final = "\t,;|"
_SAMPLE_LINES: Final = 200
LONGEST_RECORD: Final = 500  # lines; a quote that stays open longer was never meant to open

csv.field_size_limit(1 << 27)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates its fields. `width` is the number of columns; `quoted`, whether " encloses fields."""

    delimiter: str
    quoted: bool
    width: int

    def records(self, lines: Sequence[str]) -> Iterator[tuple[int, int, list[str] | None]]:
        """Lines as records: from which line to before which, and the fields; None where a quote opens and never closes.

        A quote that stays open for too many lines was never meant to open: its line is such a record of its own.
        """
        at = 0
        while at < len(lines):
            stop, still_open = at, False
            while stop < len(lines) and stop - at < LONGEST_RECORD and (stop == at or still_open):
                still_open = self.quoted and _open_after(lines[stop], self.delimiter, still_open)
                stop += 1
            fields = None if still_open else self._fields("\n".join(lines[at:stop]), strict=stop > at + 1)
            yield at, stop, fields
            at = at + 1 if fields is None else stop

    def _fields(self, record: str, *, strict: bool) -> list[str] | None:
        """One record as fields; with `strict`, None where text follows a closing quote: it closed nothing."""
        if not self.quoted:
            return record.split(self.delimiter) if record else []
        try:
            return next(csv.reader([record], delimiter=self.delimiter, strict=strict), [])
        except csv.Error:
            return None

    def __str__(self) -> str:
        names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", " ": "space"}
        return f"{names.get(self.delimiter, repr(self.delimiter))}-separated, {self.width} columns"


def sample_lines(text: TextFile) -> list[str]:
    """The first lines that are not blank, without their ends."""
    return [line for line in split_lines(text.head()) if line.strip("\r\n")][:_SAMPLE_LINES]


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

    Fields that are absent are empty. TOO_WIDE is true where something stands beyond the last column. Rows are counted
    on the tally; those whose quotes cannot be followed are rejected here. `header` leaves out the first line.
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
        ends, blank = lines(np.frombuffer(body, np.uint8))
        if blank or (self._dialect.quoted and _odd_quotes(body, self._dialect.delimiter)):
            return self._by_line(body, line, last=last)
        height = ends + 1
        frame = self._by_polars(body)
        if frame is None or frame.height != height:
            return self._by_line(body, line, last=last)
        self._tally.rows(height)
        numbers = pl.int_range(line, line + height, dtype=pl.Int64, eager=True)
        return frame.with_columns(numbers.alias(LINE)), b"", line

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
        for at, stop, fields in self._dialect.records(raw):
            if fields:
                rows.append(fields)
                numbers.append(line + at)
            elif fields is None:
                if stop == len(raw) and not last and stop - at < LONGEST_RECORD:
                    return self._gathered(rows, numbers), ("\n".join(raw[at:]) + "\n").encode(), line + at
                self._tally.rows(1)
                self._tally.reject("a quote opens a field and never closes", line + at)
        return self._gathered(rows, numbers), b"", line

    def _gathered(self, rows: list[list[str]], numbers: list[int]) -> pl.DataFrame:
        self._tally.rows(len(rows))
        width = self._dialect.width
        data: dict[str, list[str]] = {
            name: [row[number] if number < len(row) else "" for row in rows] for name, number in self._columns.items()
        }
        wide = [len(row) > width and row[width] != "" for row in rows]
        frame = pl.DataFrame(data, schema=dict.fromkeys(self._columns, pl.String()))
        return frame.with_columns(pl.Series(TOO_WIDE, wide, dtype=pl.Boolean), pl.Series(LINE, numbers, dtype=pl.Int64))

    def _empty(self) -> pl.DataFrame:
        return self._gathered([], [])


def _column(number: int) -> str:
    return f"column_{number + 1}"  # what Polars calls the columns of a file without a header


def _fitted(lines: Sequence[str], delimiter: str) -> tuple[float, Dialect | None]:
    """The share of lines that have the most frequent number of fields, and the dialect that this makes.

    Tab-separated fields are quoted only where it looks like it: names in them begin with quotation marks of their own.
    """
    dialect = Dialect(delimiter, delimiter != "\t" or _looks_quoted(lines, delimiter), 2)
    widths = [len(fields) for _, _, fields in dialect.records(lines) if fields]
    counts = np.bincount(widths) if widths else np.zeros(1, np.int64)
    counts[: min(2, counts.size)] = 0
    width = int(counts.argmax())
    return (float(counts[width]) / len(widths), replace(dialect, width=width)) if width else (0.0, None)


def _looks_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether in some column most fields stand in quotes; a lone "Heroes" in a tab-separated file is a title."""
    rows = [line.split(delimiter) for line in lines]
    quoted = np.zeros(max(map(len, rows), default=0), dtype=np.int64)
    for row in rows:
        for number, value in enumerate(row):
            quoted[number] += len(value) >= 2 and value[0] == value[-1] == '"'
    return bool(quoted.size and quoted.max() * 2 > len(rows))


def _odd_quotes(body: bytes, delimiter: str) -> bool:
    """Whether some line holds an odd number of quotes, or some quote stands where none belongs."""
    if b'"' not in body:
        return False
    codes = np.frombuffer(body, dtype=np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    ends = np.append(np.flatnonzero(codes == ord("\n")), len(body))
    if np.any(np.diff(np.searchsorted(quotes, ends), prepend=0) % 2):
        return True
    edges = np.zeros(256, dtype=np.bool_)
    edges[[ord(delimiter), ord("\n"), ord("\r"), ord('"')]] = True
    opens = edges[codes[np.maximum(quotes - 1, 0)]] | (quotes == 0)
    closes = edges[codes[np.minimum(quotes + 1, codes.size - 1)]] | (quotes == codes.size - 1)
    return bool(np.any(~(opens | closes)))


def _open_after(line: str, delimiter: str, is_open: bool) -> bool:
    """Whether a quoted field is open at the end of a line, as Python's csv module sees it.

    A quote opens a field only as its first character; inside, a doubled one is a character of the text.
    """
    if not is_open and '"' not in line:
        return False
    at = 0
    while True:
        if not is_open and line.startswith('"', at):
            is_open, at = True, at + 1
        if is_open:
            at = line.find('"', at)
            while at >= 0 and line.startswith('""', at):
                at = line.find('"', at + 2)
            if at < 0:
                return True
            is_open, at = False, at + 1
        at = line.find(delimiter, at) + 1
        if not at:
            return False
