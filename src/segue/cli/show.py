"""How answers look: tables for people, JSON for programs, and text from data made harmless."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Align: TypeAlias = Literal["left", "right"]

_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. Where the terminal is narrow, a column that may `shrink` is cut, with an ellipsis."""

    title: str
    align: Align = "left"
    shrink: bool = False


def clean(text: str) -> str:
    """Text from data as one line that cannot steer the terminal: control and direction characters are removed."""
    if text.isprintable():
        return text
    spaced = "".join(" " if character in "\t\n\r\v\f\u2028\u2029" else character for character in text)
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and c not in _DIRECTION)


def say(text: str = "") -> None:
    """A line of the answer, on stdout."""
    print(clean(text))  # noqa: T201


def note(text: str) -> None:
    """A line about the answer, on stderr."""
    print(clean(text), file=sys.stderr)  # noqa: T201


def emit(answer: Any) -> None:
    """The answer as one JSON document, on stdout."""
    print(json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False))  # noqa: T201


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, title: str | None = None) -> None:
    """A table on stdout: with rules and cut to the width on a terminal, plain and whole elsewhere."""
    cells = [[clean(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _on_terminal(columns, cells, title)
    else:
        _plain(columns, cells, title)


def _on_terminal(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=box.SIMPLE_HEAD, title=None if title is None else Text(title), title_justify="left", pad_edge=False
    )
    for column in columns:
        drawn.add_column(
            Text(column.title), justify=column.align, no_wrap=True, overflow="ellipsis", ratio=None,
            min_width=8 if column.shrink else None,
        )  # fmt: skip
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))  # a Text is shown as it is: brackets in a title are no markup
    Console(highlight=False).print(drawn)


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str | None) -> None:
    from rich.cells import cell_len  # a Japanese title takes two places for each character

    lines = [[column.title for column in columns], *rows]
    widths = [max(cell_len(line[number]) for line in lines) for number in range(len(columns))]
    if title is not None:
        print(title)  # noqa: T201
    for line in lines:
        padded = []
        for column, cell, width in zip(columns, line, widths, strict=True):
            gap = " " * (width - cell_len(cell))
            padded.append(gap + cell if column.align == "right" else cell + gap)
        print("  ".join(padded).rstrip())  # noqa: T201
