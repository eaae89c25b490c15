"""Ids as numbers by first appearance, at about the speed at which text is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Int32Array
from segue.errors import DataError
from segue.kernels.numbering import LONGEST, enlarge, number

_FIRST_SLOTS: Final = 1 << 10
_FIRST_BYTES: Final = 1 << 14


class Text:
    """A column of text without nulls, and all of it as one string, of which some things are asked once for all rows."""

    def __init__(self, column: pl.Series) -> None:
        self.column = column
        self.whole: str = column.str.join().item()


class Ids:
    """The ids of columns of text that come block by block: each has a number, the first that appears 0.

    Memory: the ids twice, and 48 to 100 bytes for each.
    """

    def __init__(self, hashing: Callable[[pl.Series], pl.Series] = pl.Series.hash) -> None:
        """`hashing` makes a column of text one of UInt64, the same for the same text."""
        self._hashing = hashing
        self._table = np.zeros(2 * _FIRST_SLOTS, np.uint64)
        self._known = np.empty(_FIRST_BYTES, np.uint8)  # the ids one after the other
        self._used = self._size = 0
        self._hashes = [np.zeros(0, np.uint64)]  # of each id
        self._ids = [pl.Series("id", [], dtype=pl.String)]

    def __len__(self) -> int:
        return self._size

    @property
    def series(self) -> pl.Series:
        """All ids so far, in order of their numbers."""
        self._ids = [pl.concat(self._ids)]
        return self._ids[0].clone()  # shares the memory; a column's `append` changes the column it is called on

    def of(self, text: Text) -> Int32Array:
        """The number of each id of a column, int32, shape (its length,); DataError for an id of 64 MiB or more."""
        hashes = self._hashing(text.column).to_numpy()
        lengths = text.column.str.len_bytes().to_numpy().astype(np.uint32, copy=False)
        if lengths.max(initial=0) >= LONGEST:
            raise DataError(f"an id has {lengths.max():,} bytes; at most {LONGEST - 1:,} are possible")
        content = np.frombuffer(text.whole.encode(), np.uint8)
        numbers, first = np.empty(hashes.size, np.int32), np.empty(hashes.size, np.int32)
        before, row, begin = self._size, 0, 0
        while row < hashes.size:
            new = first[self._size - before :]
            row, begin, self._used, size = number(
                hashes, content, lengths, row, begin, self._table, self._known, self._used, self._size, numbers, new
            )
            self._hashes.append(hashes[new[: size - self._size]])
            self._size = size
            if row < hashes.size:
                self._make_room(int(lengths[row]))
        if self._size > before:
            new_ids = text.column.gather(first[: self._size - before])
            # A column shares the memory of the one that it is taken from: the text of a whole block of the file.
            own = pl.select(pl.concat_str(pl.lit(""), new_ids)).to_series()
            self._ids.append(own.alias("id"))
        return numbers

    def _make_room(self, length: int) -> None:
        """For another id of this many bytes."""
        if self._used + length > self._known.size:
            larger = np.empty(2 * self._known.size + length, np.uint8)
            larger[: self._used] = self._known[: self._used]
            self._known = larger
        if self._size >= self._table.size // 4:
            self._hashes = [np.concatenate(self._hashes)]
            table = np.zeros(2 * self._table.size, np.uint64)
            enlarge(self._hashes[0], self._table, table)
            self._table = table
