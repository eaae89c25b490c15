"""The small pictures of the pages, made of numbers: no image is loaded from anywhere."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Final

from segue.service.replies import Item

HUES: Final = 8  # classes .sleeve-0 .. .sleeve-7 of the style sheet


@dataclass(frozen=True, slots=True)
class Sleeve:
    """A cover on a field of 40 x 40: a hue shared by an artist's items, and two crossing curves of the item's own."""

    hue: int
    falling: str
    rising: str


def sleeve(item: Item) -> Sleeve:
    """The same picture for the same item, always."""
    own = zlib.crc32(item.id.encode())
    a, b, c, d = (6 + ((own >> shift) & 0xFF) % 29 for shift in (0, 8, 16, 24))
    hue = zlib.crc32((item.artist or item.id).encode()) % HUES
    return Sleeve(
        hue,
        f"M0 {a}C{c} {a} {40 - d} {min(40, b + 8)} 40 {b}V40H0Z",
        f"M0 {40 - b // 2}C{d} {40 - a // 3} {40 - c // 2} {a} 40 {a // 2 + 8}V40H0Z",
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the waveform on the first page: its centre, and half the height of the song that ends and begins."""

    x: float
    ending: float
    beginning: float


def crossfade(count: int = 72, gap: float = 10.0) -> list[Bar]:
    """A song that ends while the next begins, as bars of a waveform around a middle line (heights up to 1)."""
    bars = []
    for number in range(count):
        at = number / (count - 1)
        out = math.cos(math.pi / 2 * min(1.0, max(0.0, (at - 0.28) / 0.44))) ** 2
        texture = 0.34 + 0.30 * abs(math.sin(number * 0.83)) + 0.36 * abs(math.sin(number * 0.31 + 0.7))
        other = 0.34 + 0.34 * abs(math.sin(number * 0.57 + 1.9)) + 0.32 * abs(math.sin(number * 1.13))
        bars.append(Bar(round(gap * (number + 0.5), 1), round(texture * out, 3), round(other * (1 - out), 3)))
    return bars
