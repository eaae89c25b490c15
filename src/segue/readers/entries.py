"""Entries as numbers, gathered in any order and handed out user after user, in memory that does not grow with them."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from segue.core.arrays import Float32Array, Int32Array, Int64Array
from segue.core.histories import Histories
from segue.dataset_files import row_blocks
from segue.durable import translated
from segue.kernels.numbering import count, place

HELD: Final = 1 << 24  # entries in memory; more than that go to a temporary file
_WITH_TIMES: Final = 4  # columns
AT_ONCE: Final = 1 << 23  # entries of the users that are handed out together, where some are in a file


@dataclass(frozen=True, slots=True)
class Block:
    """All entries of the users `start` to before `stop`, user after user, those of one in the order in which they came.

    offsets: int64, shape (stop - start + 1,), where those of each user begin; items: int32; weights: float32; times:
    int64, or None; all of shape (m,).
    """

    start: int
    stop: int
    offsets: Int64Array
    items: Int32Array
    weights: Float32Array
    times: Int64Array | None


class EntriesByUser:
    """Takes entries as they come, and hands them out in blocks of users.

    Memory: `held` entries (12 bytes each, 20 with times) twice over, and 8 bytes for each user. Beyond that, runs of
    entries in order of user lie in a temporary file, and at most `at_once` of them, or one user's, are handed out
    together.
    """

    def __init__(self, held: int = HELD, at_once: int = AT_ONCE) -> None:
        self._most_held, self._at_once = held, at_once
        self._held: list[tuple[npt.NDArray[Any], ...]] = []  # users, items, weights, and times where there are
        self._runs: list[tuple[_Column, ...]] = []  # the same, in order of user
        self._file: _Scratch | None = None
        self._counts = np.zeros(0, np.int64)  # of each user
        self._timed = True
        self._n_held = 0
        self.n_entries = 0

    def add(self, users: Int32Array, items: Int32Array, weights: Float32Array | None, times: Int64Array | None) -> None:
        """Entries, one value of each vector for each. Without weights they are 1; times count where all have them."""
        self._timed = self._timed and times is not None
        ones = np.ones(users.size, np.float32) if weights is None else weights
        self._held.append((users, items, ones, *([] if times is None else [times])))
        self._n_held += users.size
        self.n_entries += users.size
        self._counts = _widened(self._counts, int(users.max(initial=-1)) + 1)
        count(users, self._counts)
        if self._n_held >= self._most_held:
            if self._file is None:
                self._file = _Scratch()
            self._runs.append(tuple(map(self._file.put, self._in_order())))

    def blocks(self, n_users: int) -> Iterator[Block]:
        """All entries, each user in one block, also those without an entry; can be asked for once."""
        counts = _widened(self._counts, n_users)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        if not self._runs:
            yield _block(0, n_users, offsets, self._held, timed=self._timed)
            return
        self._runs.append(self._in_order())
        ranges = list(row_blocks(offsets, self._at_once))
        edges = [0, *(stop for _, stop in ranges)]
        bounds = [np.searchsorted(run[0][:], edges) for run in self._runs]
        for number, (start, stop) in enumerate(ranges):
            parts = (
                tuple(column[found[number] : found[number + 1]] for column in run)
                for run, found in zip(self._runs, bounds, strict=True)
            )
            yield _block(start, stop, offsets[start : stop + 1] - offsets[start], parts, timed=self._timed)

    def _in_order(self) -> tuple[npt.NDArray[Any], ...]:
        """What is held as columns in the order of users, which is kept within each; nothing is held any more."""
        counts = np.zeros(self._counts.size, np.int64)
        for users, *_ in self._held:
            count(users, counts)
        timed = all(len(part) == _WITH_TIMES for part in self._held)
        block = _block(0, counts.size, np.concatenate([[0], np.cumsum(counts)]), self._held, timed=timed)
        self._held, self._n_held = [], 0
        users = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
        return (users, block.items, block.weights, *([] if block.times is None else [block.times]))


def _block(
    start: int, stop: int, offsets: Int64Array, parts: Iterable[tuple[npt.NDArray[Any], ...]], *, timed: bool
) -> Block:
    """Users, items, weights and perhaps times, part after part, with those of each user together."""
    size = int(offsets[-1])
    items, weights = np.empty(size, np.int32), np.empty(size, np.float32)
    times = np.empty(size, np.int64) if timed else None
    columns: list[npt.NDArray[Any]] = [items, weights, *([] if times is None else [times])]
    next_of = offsets[:-1].copy()
    for users, *values in parts:
        before = next_of
        for column, out in zip(values, columns, strict=False):  # not strict: times that not all entries have
            next_of = before.copy()
            place(users, start, next_of, column, out)
    return Block(start, stop, offsets, items, weights, times)


def stacked(blocks: Iterable[Histories], held: int = HELD) -> Histories:
    """The rows of all blocks (of one kind, without context), one after the other.

    More than `held` entries lie in temporary files that are mapped into memory: the system holds of them what is in
    use. They go when the histories do.
    """
    waiting: list[Histories] = []
    lengths: list[Int64Array] = []
    files: list[_Scratch] = []
    entries = 0
    for block in blocks:
        waiting.append(block)
        lengths.append(block.lengths)
        entries += block.n_entries
        if entries > held:
            files = files or [_Scratch(), _Scratch(), _Scratch()]
            for each in waiting:
                for file, column in zip(files, (each.items, each.weights, each.times), strict=True):
                    if column is not None:
                        file.put(column)
            kind, waiting = block, []
    if not files:
        return Histories.concatenate(waiting)
    items, weights, times = files
    return Histories(
        np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64),
        items.mapped(np.int32),
        weights.mapped(np.float32),
        None if kind.times is None else times.mapped(np.int64),
        order=kind.order,
        repeats=kind.repeats,
    )


def _widened(counts: Int64Array, size: int) -> Int64Array:
    """The counts, with zeros behind them up to a size."""
    return counts if counts.size >= size else np.concatenate([counts, np.zeros(size - counts.size, np.int64)])


class _Scratch:
    """A temporary file of vectors, which is gone when nobody uses it any more."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir())
        with translated(self._folder):
            self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as this
        weakref.finalize(self, self._file.close)
        self._size = 0

    def put(self, values: npt.NDArray[Any]) -> _OnDisk:
        """Writes a vector behind the others."""
        with translated(self._folder):
            self._file.seek(self._size)
            self._file.write(np.ascontiguousarray(values).data)
        at, self._size = self._size, self._size + values.nbytes
        return _OnDisk(self, at, values.size, values.dtype)

    def get(self, at: int, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Reads `count` values from this byte on."""
        values = np.empty(count, dtype)
        with translated(self._folder):
            self._file.seek(at)
            self._file.readinto(values.data.cast("B"))  # type: ignore[attr-defined]  # it is a file of the system
        return values

    def mapped(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """All of it as one vector, mapped into memory."""
        with translated(self._folder):
            self._file.flush()
            return np.memmap(self._file, dtype, mode="r", shape=(self._size // np.dtype(dtype).itemsize,))


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """A vector in a scratch file; a slice of it is read."""

    file: _Scratch
    at: int
    size: int
    dtype: np.dtype[Any]

    def __getitem__(self, part: slice) -> npt.NDArray[Any]:
        start, stop, _ = part.indices(self.size)
        return self.file.get(self.at + start * self.dtype.itemsize, stop - start, self.dtype)


_Column: TypeAlias = npt.NDArray[Any] | _OnDisk
