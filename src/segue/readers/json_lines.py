"""JSON lines, one object per row, as frames of text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from segue.core.progress import Task
from segue.readers.report import Tally
from segue.readers.sifting import LINE
from segue.readers.text import TextFile, split_lines, whole_text

_SAMPLE_LINES: Final = 200


def looks_like_it(head: bytes) -> bool:
    """Whether the first line is a whole JSON object, and the second, where there is one, begins like one."""
    lines = [line for line in head.lstrip(b"\xef\xbb\xbf").splitlines() if line.strip()][:2]
    if not lines or (len(lines) > 1 and not lines[1].lstrip().startswith(b"{")):
        return False
    try:
        return isinstance(json.loads(lines[0]), dict)
    except (ValueError, RecursionError):
        return False


def sample(text: TextFile) -> tuple[list[str], list[list[str]]]:
    """The keys of the first objects, in order of appearance, and their values as text."""
    objects = []
    for line in split_lines(text.head())[:_SAMPLE_LINES]:
        found = _object(line)
        if isinstance(found, dict):
            objects.append(found)
    names = list(dict.fromkeys(key for found in objects for key in found))
    return names, [[_text(found.get(name)) or "" for name in names] for found in objects]


def chunks(text: TextFile, columns: Mapping[str, str], tally: Tally, task: Task) -> Iterator[pl.DataFrame]:
    """The rows in frames: a text column for each entry of `columns` (name -> key), and LINE; absent values are empty.

    Lines that are no JSON object, or hold a list or an object where a value should be, are rejected here.
    """
    for block, first_line in text.blocks(task):
        lines = enumerate(block.decode(errors="replace").split("\n"), first_line)
        found = frame(((line, _object(raw)) for line, raw in lines if raw.strip()), columns, tally)
        if found.height:
            yield found


def frame(found: Iterable[tuple[int, dict[str, Any] | str]], columns: Mapping[str, str], tally: Tally) -> pl.DataFrame:
    """Objects as rows, each with its LINE; where there is none, the reason why stands in its place."""
    schema = {**dict.fromkeys(columns, pl.String()), LINE: pl.Int64()}
    rows: list[Sequence[Any]] = []
    for line, each in found:
        tally.rows(1)
        if not isinstance(each, dict):
            tally.reject(each, line)
            continue
        values = [_text(each.get(key)) for key in columns.values()]
        if None in values:
            tally.reject(f"the {list(columns)[values.index(None)]} is a list or an object, not a value", line)
            continue
        rows.append((*values, line))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _object(raw: str) -> dict[str, Any] | str:
    """One line as an object, or the reason why it is none."""
    try:
        found = json.loads(raw)
    except RecursionError:
        return "the line is nested too deeply"
    except ValueError:
        return "the line is not valid JSON"
    return found if isinstance(found, dict) else "the line is not a JSON object"


def _text(value: object) -> str | None:
    """A value as text, "" for null; None for a list or an object."""
    if value is None:
        return ""
    if isinstance(value, str):
        return whole_text(value)
    return None if isinstance(value, (list, dict)) else str(value)
