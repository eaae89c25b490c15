"""How numbers and names look in a report."""

from __future__ import annotations

import math
import unicodedata
from typing import Final

_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def visible(text: object) -> str:
    """Text from data as one line that can do nothing but be read: control and direction characters are removed."""
    line = " ".join(str(text).split())
    if line.isprintable():
        return line
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs", "Cn") and c not in _DIRECTION)


def brief(name: str) -> str:
    """A name as a plot has room for it."""
    return name if len(name) <= 24 else name[:23] + "…"


def number(value: float | None) -> str:
    """A metric's value: four places below 1, fewer above, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{4 if size < 1 else 3 if size < 10 else 2 if size < 100 else 1}f}"


def short(value: float) -> str:
    """A number on an axis or beside a bar, in at most four significant digits, without an exponent where it can be."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if 1e-4 <= abs(value) < 1e7:
        text = f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.3g}"


def seconds(value: float | None) -> str:
    """A time, in the unit that people would use."""
    if value is None or not math.isfinite(value):
        return "–"
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    if value < 90:
        return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def memory(value: float | None) -> str:
    """An amount of memory in bytes, in the unit that people would use."""
    if value is None or not math.isfinite(value):
        return "–"
    mebibytes = value / 2**20
    if mebibytes >= 1024:
        return f"{mebibytes / 1024:.1f} GiB"
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"


def counted(count: int, noun: str, plural: str = "") -> str:
    """ "1 user", "2,000 users"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
