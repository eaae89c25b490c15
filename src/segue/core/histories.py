"""Histories: who listened to what, in one ragged value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from segue.core.arrays import BoolArray, Float32Array, Int32Array, Int64Array, frozen
from segue.errors import DataError

Order: TypeAlias = Literal["time", "position", "none"]
Repeats: TypeAlias = Literal["sum", "last"]
Rows: TypeAlias = "slice | Sequence[int] | npt.NDArray[np.integer[Any]] | BoolArray"


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """n ordered lists of items, with weights and, where known, times.

    offsets: int64, shape (n + 1,), starting at 0, never falling; row u is the entries offsets[u]:offsets[u + 1].
    items:   int32, shape (m,), positions >= 0. The same item may occur several times in a row.
    weights: float32, shape (m,), finite, raw (plays, ratings, presence). Negative: a dislike. Zero: seen, nothing more.
    times:   int64, shape (m,), seconds since 1970 UTC, or None.
    order:   what the order within a row means: "time", "position" (a playlist) or "none".
    repeats: how entries of the same item in one row become one number: "sum" (plays) or "last" (ratings).
    context: a frame with one row per history (its user id, the playlist's name, now), or None.

    Raises DataError at birth where one of these does not hold.
    """

    offsets: Int64Array
    items: Int32Array
    weights: Float32Array
    times: Int64Array | None = None
    order: Order = "none"
    repeats: Repeats = "sum"
    context: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "offsets", frozen(self.offsets, np.int64))
        put(self, "items", frozen(_int32(self.items), np.int32))
        put(self, "weights", frozen(self.weights, np.float32))
        if self.times is not None:
            put(self, "times", frozen(self.times, np.int64))
        self._check()

    def _check(self) -> None:
        offsets, items, weights, times = self.offsets, self.items, self.weights, self.times
        if offsets.ndim != 1 or offsets.size == 0 or offsets[0] != 0 or offsets[-1] != items.size:
            raise DataError(f"offsets must be a vector from 0 to the number of entries ({items.size}), got {offsets!r}")
        if np.any(np.diff(offsets) < 0):
            raise DataError("offsets must never fall")
        if items.ndim != 1 or weights.shape != items.shape or (times is not None and times.shape != items.shape):
            raise DataError(
                f"items, weights and times must be vectors of one length, got {items.shape}, {weights.shape}"
                + (f" and {times.shape}" if times is not None else "")
            )
        if items.size and items.min() < 0:
            raise DataError(f"item positions must be 0 or more, got {items.min()}")
        if weights.size and not np.isfinite(weights).all():
            raise DataError("every weight must be a finite number; NaN or infinity came")
        if self.order not in ("time", "position", "none"):
            raise DataError(f"order must be 'time', 'position' or 'none', got {self.order!r}")
        if self.repeats not in ("sum", "last"):
            raise DataError(f"repeats must be 'sum' or 'last', got {self.repeats!r}")
        if self.order == "time":
            if times is None:
                raise DataError("histories ordered by time need times")
            falls = np.flatnonzero(times[1:] < times[:-1]) + 1
            if not np.isin(falls, offsets).all():
                raise DataError("histories ordered by time must have rising times within each row")
        if self.context is not None and self.context.height != len(self):
            raise DataError(f"context must have one row per history ({len(self)}), got {self.context.height}")

    # -- making some --------------------------------------------------------------------------------------------------

    @classmethod
    def of(
        cls,
        rows: Sequence[Mapping[int, float] | Sequence[int]],
        *,
        order: Order | None = None,
        repeats: Repeats = "sum",
        context: pl.DataFrame | None = None,
    ) -> Histories:
        """Histories by hand: each row a mapping {item: weight}, or a sequence of items, each of weight 1.

        Without `order`, sequences make it "position" and mappings "none".
        """
        items: list[int] = []
        weights: list[float] = []
        offsets = [0]
        for row in rows:
            if isinstance(row, Mapping):
                items.extend(row.keys())
                weights.extend(row.values())
            else:
                items.extend(row)
                weights.extend([1.0] * len(row))
            offsets.append(len(items))
        if order is None:
            sequences = bool(rows) and not any(isinstance(row, Mapping) for row in rows)
            order = "position" if sequences else "none"
        return cls(
            np.array(offsets, dtype=np.int64),
            np.asarray(items),
            np.asarray(weights),
            order=order,
            repeats=repeats,
            context=context,
        )

    @classmethod
    def from_csr(cls, matrix: sp.csr_array[Any] | sp.csr_matrix[Any]) -> Histories:
        """One history per row of a sparse matrix; stored zeros stay (seen), and the order means nothing."""
        csr = sp.csr_array(matrix)
        return cls(
            np.array(csr.indptr, dtype=np.int64),
            np.array(csr.indices, dtype=np.int32),
            np.array(csr.data, dtype=np.float32),
        )

    @classmethod
    def empty(cls, n: int = 0) -> Histories:
        """n histories without an entry."""
        return cls(np.zeros(n + 1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence[Histories]) -> Histories:
        """The rows of all parts, one after the other.

        Order and repeats must agree (DataError); times and context stay where all parts have them.
        """
        if not parts:
            return cls.empty()
        first = parts[0]
        for part in parts:
            if (part.order, part.repeats) != (first.order, first.repeats):
                raise DataError(
                    "histories of different kinds cannot be joined: "
                    f"order {first.order!r}, repeats {first.repeats!r} and "
                    f"order {part.order!r}, repeats {part.repeats!r}"
                )
        starts = np.cumsum([0, *(part.items.size for part in parts)])
        offsets = [parts[0].offsets[:1], *(part.offsets[1:] + s for part, s in zip(parts, starts, strict=False))]
        times = [part.times for part in parts if part.times is not None]
        contexts = [part.context for part in parts if part.context is not None]
        return cls(
            np.concatenate(offsets),
            np.concatenate([part.items for part in parts]),
            np.concatenate([part.weights for part in parts]),
            np.concatenate(times) if len(times) == len(parts) else None,
            order=first.order,
            repeats=first.repeats,
            context=pl.concat(contexts, how="diagonal_relaxed") if len(contexts) == len(parts) else None,
        )

    # -- looking at them ----------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return int(self.offsets.size - 1)

    def __repr__(self) -> str:
        return f"Histories({len(self)} rows, {self.n_entries} entries, order={self.order!r}, repeats={self.repeats!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histories):
            return NotImplemented
        return (
            (self.order, self.repeats) == (other.order, other.repeats)
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.items, other.items)
            and np.array_equal(self.weights, other.weights)
            and _same(self.times, other.times)
            and (self.context is None) == (other.context is None)
            and (self.context is None or other.context is None or self.context.equals(other.context))
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash; use Dataset.fingerprint()

    @property
    def n_entries(self) -> int:
        """The number of entries of all rows, repeats counted."""
        return int(self.items.size)

    @property
    def lengths(self) -> Int64Array:
        """The number of entries of each row, int64, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def row_of_entry(self) -> Int64Array:
        """The row each entry belongs to, int64, shape (m,)."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    @property
    def n_items(self) -> int:
        """One more than the largest position in any row; 0 without entries."""
        return int(self.items.max()) + 1 if self.items.size else 0

    @overload
    def __getitem__(self, rows: int) -> Histories: ...
    @overload
    def __getitem__(self, rows: Rows) -> Histories: ...
    def __getitem__(self, rows: int | Rows) -> Histories:
        """The named rows, in the order named: a slice, positions, a mask, or one number (a single history)."""
        if isinstance(rows, (int, np.integer)):
            number = int(rows) + len(self) if rows < 0 else int(rows)
            if not 0 <= number < len(self):
                raise IndexError(f"row {rows} is outside 0..{len(self) - 1}")
            rows = slice(number, number + 1)
        if isinstance(rows, slice) and rows.step in (None, 1):
            start, stop, _ = rows.indices(len(self))
            return self._contiguous(start, max(start, stop))
        if isinstance(rows, slice):
            chosen = np.arange(len(self), dtype=np.int64)[rows]
        else:
            given = np.asarray(rows)
            if given.dtype == np.bool_ and given.shape != (len(self),):
                raise IndexError(f"a mask over rows must have {len(self)} values, got shape {given.shape}")
            chosen = np.arange(len(self), dtype=np.int64)[given if given.size else given.astype(np.int64)]
        lengths = self.lengths[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        entries = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], lengths)
        return replace(
            self,
            offsets=offsets,
            items=self.items[entries],
            weights=self.weights[entries],
            times=None if self.times is None else self.times[entries],
            context=None if self.context is None else self.context[chosen],
        )

    def csr(self, n_items: int | None = None) -> sp.csr_array[Any]:
        """The histories x items matrix, float32, with sorted columns and repeats merged as `repeats` says.

        Stored zeros stay. `n_items` is the number of columns (by default, just enough); DataError where a position lies
        beyond it.
        """
        columns = self.n_items if n_items is None else n_items
        if self.n_items > columns:
            raise DataError(f"an item position is {self.n_items - 1}, but there are only {columns} items")
        merged = self.merged()
        index_dtype = np.int32 if merged.n_entries < 2**31 else np.int64
        matrix = sp.csr_array(
            (merged.weights.copy(), merged.items.astype(index_dtype), merged.offsets.astype(index_dtype)),
            shape=(len(self), columns),
        )
        matrix.sort_indices()
        return matrix

    # -- deriving others ----------------------------------------------------------------------------------------------

    def merged(self) -> Histories:
        """Each item once per row, at the place of its first occurrence, with the weight that `repeats` makes of them.

        The time kept is the first one, so that an order by time stays one.
        """
        m = self.n_entries
        if m == 0:
            return self
        key = self.row_of_entry * np.int64(self.n_items) + self.items
        if np.all(key[1:] > key[:-1]):  # rising within each row, as rows of a matrix are: nothing repeats
            return self
        by_key = np.argsort(key, kind="stable")
        sorted_key = key[by_key]
        starts = np.flatnonzero(np.concatenate([[True], sorted_key[1:] != sorted_key[:-1]]))
        if starts.size == m:
            return self
        first = by_key[starts]
        if self.repeats == "sum":
            with np.errstate(over="ignore"):  # a sum too large for float32 becomes infinite, and is refused at birth
                value = np.add.reduceat(self.weights[by_key].astype(np.float64), starts).astype(np.float32)
        else:
            value = self.weights[by_key[np.append(starts[1:], m) - 1]]
        in_order = np.argsort(first)
        kept = first[in_order]
        counts = np.bincount(self.row_of_entry[kept], minlength=len(self))
        return replace(
            self,
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            items=self.items[kept],
            weights=value[in_order],
            times=None if self.times is None else self.times[kept],
        )

    def where(self, mask: BoolArray) -> Histories:
        """Only the entries for which the mask (bool, one value per entry) is true; every row stays, perhaps empty."""
        if mask.shape != self.items.shape:
            raise DataError(f"the mask must have one value per entry ({self.n_entries}), got shape {mask.shape}")
        counts = np.concatenate([[0], np.cumsum(mask)])
        return replace(
            self,
            offsets=counts[self.offsets].astype(np.int64),
            items=self.items[mask],
            weights=self.weights[mask],
            times=None if self.times is None else self.times[mask],
        )

    def known(self, n_items: int) -> tuple[Histories, int]:
        """The entries whose item lies below `n_items`, and how many were left out."""
        if self.n_items <= n_items:
            return self, 0
        mask = self.items < n_items
        return self.where(mask), int(mask.size - np.count_nonzero(mask))

    def with_context(self, context: pl.DataFrame | None) -> Histories:
        """The same rows with another context."""
        return replace(self, context=context)

    def _contiguous(self, start: int, stop: int) -> Histories:
        low, high = int(self.offsets[start]), int(self.offsets[stop])
        return replace(
            self,
            offsets=self.offsets[start : stop + 1] - low,
            items=self.items[low:high],
            weights=self.weights[low:high],
            times=None if self.times is None else self.times[low:high],
            context=None if self.context is None else self.context[start:stop],
        )


def _int32(items: npt.NDArray[Any]) -> npt.NDArray[Any]:
    array = np.asarray(items)
    if array.dtype != np.int32 and array.size:
        if not np.issubdtype(array.dtype, np.integer):
            raise DataError(f"item positions must be whole numbers, got {array.dtype}")
        if array.max() > np.iinfo(np.int32).max:
            raise DataError(f"item positions must fit into 32 bits, got {array.max()}")
    return array


def _same(a: Int64Array | None, b: Int64Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return np.array_equal(a, b)
