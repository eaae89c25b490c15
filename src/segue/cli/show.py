"""How answers look: tables for people, JSON for programs, and text from data made harmless."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Align: TypeAlias = Literal["left", "right"]

_GAP: Final = "  "
_SHRUNK: Final = 8  # the least places of a column that may shrink
_BAR: Final = 40  # places of the longest bar of a plot
_BLOCK: Final = "\u2588"
_PARTS: Final = ("", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589")  # eighths of a block
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


def counted(number: int, noun: str) -> str:
    """ "1 user", "2,000 users"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say(text: str = "") -> None:
    """A line of the answer, on stdout."""
    print(clean(text))  # noqa: T201


def paragraph(text: str, indent: str = "") -> None:
    """A sentence of the answer, on stdout, in lines of at most 80 places; all but the first are indented further."""
    for line in textwrap.wrap(clean(text), 80, initial_indent=indent, subsequent_indent=indent + "  "):
        print(line)  # noqa: T201


def scores(values: Sequence[float]) -> list[str]:
    """Scores of one list with the same number of decimals: four significant digits of the largest."""
    largest = max((abs(value) for value in values), default=0.0)
    before = len(str(int(largest))) if largest >= 1 else 0
    return [f"{value:.{max(0, 4 - before)}f}" for value in values]


def note(text: str) -> None:
    """A line about the answer, on stderr."""
    sys.stdout.flush()  # so that the two come in the order in which they were written
    print(clean(text), file=sys.stderr)  # noqa: T201


def emit(answer: Any) -> None:
    """The answer as one JSON document, on stdout."""
    print(json.dumps(answer, ensure_ascii=False, indent=2, allow_nan=False))  # noqa: T201


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout: cut to the width of the terminal where there is one, whole elsewhere."""
    from rich.cells import cell_len, set_cell_size  # a Japanese title takes two places for each character

    lines = [[column.title for column in columns], *([clean(cell) for cell in row] for row in rows)]
    widths = [max(cell_len(line[number]) for line in lines) for number in range(len(columns))]
    if sys.stdout.isatty():
        widths = _cut(columns, widths, shutil.get_terminal_size().columns)
    if not any(lines[0]):
        del lines[0]  # a list of facts needs no head
    for line in lines:
        fitted = []
        for column, cell, width in zip(columns, line, widths, strict=True):
            text = cell if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "\u2026"
            gap = " " * (width - cell_len(text))
            fitted.append(gap + text if column.align == "right" else text + gap)
        print(_GAP.join(fitted).rstrip())  # noqa: T201


def bars(what: str, counted: str, rows: Sequence[tuple[str, int]]) -> None:
    """A small plot on stdout: a bar and a number for each row, the longest bar for the largest number."""
    block = _BLOCK if _can_print(_BLOCK + "".join(_PARTS)) else "#"
    largest = max((count for _, count in rows), default=0)
    drawn = []
    for label, count in rows:
        eighths = round(8 * _BAR * count / largest) if largest else 0
        rest = _PARTS[eighths % 8] if block == _BLOCK else ""
        if count and not eighths:
            rest = _PARTS[1] if block == _BLOCK else "."
        drawn.append((label, f"{count:,}", block * (eighths // 8) + rest))
    table([Column(what, "right"), Column(counted, "right"), Column("")], drawn)


def _can_print(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _cut(columns: Sequence[Column], widths: Sequence[int], available: int) -> list[int]:
    """Widths that fit, if need be at the cost of the columns that may shrink; each keeps a few places."""
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - available
    fitted = list(widths)
    for number, column in enumerate(columns):
        if column.shrink and over > 0:
            given = min(over, max(0, fitted[number] - _SHRUNK))
            fitted[number] -= given
            over -= given
    return fitted
