"""Delimited exports whose columns are known by their names, whatever order they stand in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from segue.errors import DataError
from segue.readers import delimited
from segue.readers.columns import plain_name
from segue.readers.delimited import Dialect
from segue.readers.text import TextFile


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """A file, how it is written, and where the columns stand (role -> number from 0)."""

    text: TextFile
    dialect: Dialect
    numbers: Mapping[str, int]
    header: bool
    rows: Sequence[Sequence[str]]


def named_columns(
    text: TextFile,
    format: str,  # noqa: A002  # the word that the command line uses
    names: Mapping[str, Sequence[str]],
    *,
    unnamed: Sequence[str] = (),
) -> NamedColumns:
    """Finds the columns. `names`: for each role the names it may have, plain (see `plain_name`), best first.

    Without a header of such names, the columns are `unnamed`, in that order, where there are exactly as many.
    Raises DataError where neither is so.
    """
    rows = []
    lines = delimited.sample_lines(text)
    dialect = delimited.guess_dialect(lines, _delimiter(lines, names))
    if dialect is not None:
        rows = [fields for _, _, fields in dialect.records(lines) if fields]
    if dialect is None or not rows:
        raise DataError(f"{text.path} has no columns; expected a CSV file")
    plain = [plain_name(cell) for cell in rows[0]]
    numbers = {}
    for role, usual in names.items():
        found = next((plain.index(name) for name in usual if name in plain), None)
        if found is not None:
            numbers[role] = found
    if numbers:
        return NamedColumns(text, replace(dialect, width=len(plain)), numbers, True, rows[1:])
    if unnamed and dialect.width == len(unnamed):
        return NamedColumns(text, dialect, {role: number for number, role in enumerate(unnamed)}, False, rows)
    raise DataError(
        f"{text.path} has none of the columns of {format}; its first row is {', '.join(map(repr, rows[0]))}"
    )


def _delimiter(lines: Sequence[str], names: Mapping[str, Sequence[str]]) -> str | None:
    """The delimiter that cuts the first line into most of the wanted names (two or more), or None.

    It tells more than the lines below: texts of many lines, each with commas and spaces of its own, would outvote it.
    """
    wanted = {name for usual in names.values() for name in usual}
    found = {
        delimiter: len(wanted & {plain_name(cell) for line in lines[:1] for cell in line.split(delimiter)})
        for delimiter in "\t,;|"
    }
    best = max(found, key=lambda delimiter: found[delimiter])
    return best if found[best] > 1 else None
