"""Numbers for ids by first appearance, lines told apart, and rows put in the order of such numbers."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba.core import types

from segue.kernels.compile import kernel, read, write

Hashes = npt.NDArray[np.uint64]
Text = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

# A table of ids has two words for each slot: the upper half of a hash and below it the number + 1 (0 in a free slot);
# where the id stands in the text of all ids, and below that its length. One look reaches both.
LONGEST: Final = 1 << 26  # bytes of an id
_UPPER: Final = np.uint64(0xFFFFFFFF00000000)
_LOWER: Final = np.uint64(0x00000000FFFFFFFF)
_LENGTH: Final = np.int64(LONGEST - 1)
_SHIFT: Final = np.int64(26)
_AHEAD: Final = 128  # rows


@kernel(inline=True)
def _equal(a: Text, at: Any, b: Text, beside: Any, length: Any) -> bool:
    """Whether `length` bytes are the same in both."""
    for offset in range(length):  # noqa: SIM110  # Numba knows no generators here
        if a[at + offset] != b[beside + offset]:
            return False
    return True


@kernel(inline=True)
def _touch(hashes: Hashes, table: Hashes, known: Text, out: Numbers) -> None:
    """Brings what is looked for next nearer: memory answers many questions at once faster than one after the other.

    What it writes into `out` says nothing; it keeps the compiler from leaving the questions out.
    """
    mask = np.uint64(table.size // 2 - 1)
    for row in range(hashes.size):
        out[row] = np.int32(table[2 * (hashes[row] & mask)] & np.uint64(1))
    for row in range(hashes.size):
        out[row] += known[np.int64(table[2 * (hashes[row] & mask) + 1]) >> _SHIFT]


@kernel(
    [
        types.Tuple((types.int64, types.int64, types.int64, types.int64))(  # type: ignore[attr-defined]
            read(types.uint64),
            read(types.uint8),
            read(types.uint32),
            types.int64,
            types.int64,
            write(types.uint64),
            write(types.uint8),
            types.int64,
            types.int64,
            write(types.int32),
            write(types.int32),
        )
    ]
)
def number(
    hashes: Hashes,
    text: Text,
    lengths: npt.NDArray[np.uint32],
    start: int,
    begin: int,
    table: Hashes,
    known: Text,
    used: int,
    size: int,
    numbers: Numbers,
    first: Numbers,
) -> tuple[int, int, int, int]:
    """Gives each id the number that it has in a table, or the next free one, until the table is half full.

    hashes:  uint64, shape (n,): the same for the same id; those from row `start` on are looked up.
    text:    uint8: the ids one after the other; `lengths` (uint32, shape (n,)), each below LONGEST; `begin`, where that
             of row `start` begins.
    table:   uint64, shape (2 x a power of two,), open addressing.
    known:   uint8: the ids in the table one after the other, `used` bytes of it; new ones are added behind them.
    size:    the next free number.
    numbers: int32, shape (n,): filled from `start` on.
    first:   int32, shape (n - start,) or more: filled with the rows at which new numbers appeared.

    Returns up to which row it came (n where all were looked up; before that, the table or `known` is too small), where
    that one begins, and the new `used` and `size`.
    """
    slots = table.size // 2
    mask = np.uint64(slots - 1)
    new = 0
    for row in range(start, hashes.size):
        if (row - start) % _AHEAD == 0:
            _touch(hashes[row : row + _AHEAD], table, known, numbers[row : row + _AHEAD])
        length = int(lengths[row])
        if (
            row > start
            and hashes[row] == hashes[row - 1]
            and length == lengths[row - 1]
            and _equal(text, begin, text, begin - length, length)
        ):
            numbers[row] = numbers[row - 1]  # the same id again, as in data that goes user by user
            begin += length
            continue
        tag = hashes[row] & _UPPER
        slot = hashes[row] & mask
        while True:
            word = table[2 * slot]
            if word == 0:
                if size >= slots // 2 or used + length > known.size:
                    return row, begin, used, size
                for at in range(length):
                    known[used + at] = text[begin + at]
                size += 1
                table[2 * slot] = tag | np.uint64(size)
                table[2 * slot + 1] = np.uint64((used << _SHIFT) | length)
                used += length
                numbers[row] = np.int32(size - 1)
                first[new] = row
                new += 1
                break
            if word & _UPPER == tag:
                place = np.int64(table[2 * slot + 1])
                if place & _LENGTH == length and _equal(text, begin, known, place >> _SHIFT, length):
                    numbers[row] = np.int32(np.int64(word & _LOWER) - 1)
                    break
            slot = (slot + np.uint64(1)) & mask
        begin += length
    return hashes.size, begin, used, size


@kernel([types.void(read(types.uint64), read(types.uint64), write(types.uint64))])
def enlarge(hashes: Hashes, table: Hashes, larger: Hashes) -> None:
    """Puts what one table holds into a larger one that is empty; `hashes` (uint64) are those of all numbers."""
    mask = np.uint64(larger.size // 2 - 1)
    for old in range(table.size // 2):
        word = table[2 * old]
        if word == 0:
            continue
        slot = hashes[np.int64(word & _LOWER) - 1] & mask
        while larger[2 * slot] != 0:
            slot = (slot + np.uint64(1)) & mask
        larger[2 * slot] = word
        larger[2 * slot + 1] = table[2 * old + 1]


@kernel([types.Tuple((types.int64, types.int64))(read(types.uint8))])  # type: ignore[attr-defined]
def lines(text: Text) -> tuple[int, int]:
    """How many line feeds there are, and how many of them end a line that is empty (but for a carriage return)."""
    ends = blank = 0
    for at in range(text.size):
        if text[at] == 10:
            ends += 1
            if at == 0 or text[at - 1] == 10 or (text[at - 1] == 13 and (at == 1 or text[at - 2] == 10)):
                blank += 1
    return ends, blank


@kernel([types.void(read(types.int32), write(types.int64))])
def count(numbers: Numbers, counts: Places) -> None:
    """Adds to counts[j] (int64) how often j occurs among `numbers` (int32)."""
    for row in range(numbers.size):
        counts[numbers[row]] += 1


@kernel(
    [
        types.void(read(types.int32), types.int64, write(types.int64), read(dtype), write(dtype))
        for dtype in (types.int32, types.float32, types.int64)
    ]
)
def place(numbers: Numbers, base: int, next_of: Places, values: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
    """Puts each value behind those of its number: out[next_of[number - base]], which is then one further.

    numbers: int32, shape (n,), from `base` on; values, out: of one type (int32, float32 or int64), shape (n,) and more;
    next_of: int64, where the next value of each number goes.
    """
    for row in range(numbers.size):
        which = numbers[row] - base
        out[next_of[which]] = values[row]
        next_of[which] += 1
