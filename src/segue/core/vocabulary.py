"""The user's own ids, and the dense positions that everything inside speaks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Int32Array
from segue.errors import DataError, NotFoundError

MAX_SIZE: Final = 2**31 - 1
_MISSING: Final = "an id is missing (null); every user and item needs an id of its own"


class Vocabulary:
    """String ids <-> dense int32 positions 0..n-1, in order of first appearance.

    Immutable: `extended` returns a new vocabulary in which every known id keeps its position, so arrays and models that
    were made for the shorter one stay valid. Two vocabularies are equal when they hold the same ids in the same order.

    Memory: the ids once, as a column; a hash table is added at the first look-up of a single id.
    """

    __slots__ = ("_digest", "_positions", "_series")

    _series: pl.Series
    _positions: dict[str, int] | None
    _digest: str | None

    def __init__(self, ids: Iterable[str] | pl.Series = ()) -> None:
        """Raises DataError for a null, a repeated id, or text that is not valid Unicode (a lone surrogate)."""
        series = _as_series(ids)
        if series.null_count():
            raise DataError(_MISSING)
        if series.n_unique() != series.len():
            repeated = series.filter(series.is_duplicated())[0]
            raise DataError(f"the id {repeated!r} occurs more than once; ids must be distinct")
        if series.len() > MAX_SIZE:
            raise DataError(f"{series.len()} ids; at most {MAX_SIZE} fit into 32-bit positions")
        object.__setattr__(self, "_series", series)
        object.__setattr__(self, "_positions", None)
        object.__setattr__(self, "_digest", None)

    @classmethod
    def encode(cls, values: pl.Series) -> tuple[Vocabulary, Int32Array]:
        """The vocabulary of a column, by first appearance, and the column as positions (int32, same length)."""
        column = _as_series(values)
        vocabulary = cls(column.unique(maintain_order=True))
        return vocabulary, vocabulary.positions(column)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Vocabulary is immutable; use extended() for a longer one")

    def __len__(self) -> int:
        return self._series.len()

    def __iter__(self) -> Iterator[str]:
        return iter(self._series.to_list())

    def __getitem__(self, position: int) -> str:
        if not 0 <= position < len(self):
            raise IndexError(f"position {position} is outside 0..{len(self) - 1}")
        return str(self._series[int(position)])

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._table

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self is other or (len(self) == len(other) and self._series.equals(other._series))

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} ids)"

    @property
    def series(self) -> pl.Series:
        """The ids as a Polars column of strings, in order of position."""
        return self._series.clone()  # shares the memory; a column's `append` changes the column it is called on

    @property
    def digest(self) -> str:
        """SHA-256 over the ids in order, each with its length, as 64 hex digits."""
        if self._digest is None:
            object.__setattr__(self, "_digest", _digest(self._series))
        assert self._digest is not None
        return self._digest

    def position(self, identifier: str) -> int:
        """The position of one id; NotFoundError offers the nearest known ids."""
        try:
            return self._table[identifier]
        except KeyError:
            near = self._near(identifier)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise NotFoundError(f"no id {identifier!r} among {len(self)} known ids{hint}", near) from None

    def positions(self, identifiers: Sequence[str] | pl.Series) -> Int32Array:
        """Positions of many ids, int32, -1 for an unknown or missing one."""
        asked = _as_series(identifiers)
        if asked.len() < 64:  # a join costs more than a few look-ups
            table = self._table
            return np.array([-1 if i is None else table.get(i, -1) for i in asked.to_list()], dtype=np.int32)
        known = pl.DataFrame({"id": self._series, "position": np.arange(len(self), dtype=np.int32)})
        joined = pl.DataFrame({"id": asked}).join(known, on="id", how="left", maintain_order="left")
        return joined["position"].fill_null(-1).to_numpy().astype(np.int32, copy=False)

    def ids(self, positions: Sequence[int] | Int32Array) -> list[str]:
        """The ids at these positions."""
        index = np.asarray(positions, dtype=np.int64).ravel()
        if index.size and (index.min() < 0 or index.max() >= len(self)):
            raise IndexError(f"positions must lie in 0..{len(self) - 1}, got {index.min()}..{index.max()}")
        return self._series.gather(index).to_list()

    def extended(self, identifiers: Iterable[str] | pl.Series) -> Vocabulary:
        """A vocabulary with the unknown ones of these ids appended, by first appearance; DataError for a null."""
        asked = _as_series(identifiers).unique(maintain_order=True)
        if asked.null_count():
            raise DataError(_MISSING)
        new = asked.filter(~asked.is_in(self._series.implode()))
        return self if new.is_empty() else Vocabulary(pl.concat([self._series, new]))

    def is_prefix_of(self, other: Vocabulary) -> bool:
        """True where `other` holds the same ids at the same positions, and perhaps more after them."""
        return len(self) <= len(other) and self._series.equals(other._series.head(len(self)))

    @property
    def _table(self) -> dict[str, int]:
        if self._positions is None:
            table = {identifier: position for position, identifier in enumerate(self._series.to_list())}
            object.__setattr__(self, "_positions", table)
        assert self._positions is not None
        return self._positions

    def _near(self, identifier: str) -> list[str]:
        from rapidfuzz import process  # deferred: only a failed look-up needs it

        found = process.extract(identifier, self._series.head(200_000).to_list(), limit=3, score_cutoff=60)
        return [choice for choice, _, _ in found]


def _as_series(ids: Iterable[str] | pl.Series) -> pl.Series:
    try:
        if isinstance(ids, pl.Series):
            series = ids if ids.dtype == pl.String else ids.cast(pl.String)
            return series.alias("id").rechunk()
        return pl.Series("id", list(ids), dtype=pl.String)
    except UnicodeEncodeError as error:
        raise DataError(f"an id is not valid Unicode text: {error.object!r}") from None
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise DataError(f"ids must be text: {str(error).splitlines()[0]}") from None


def _digest(series: pl.Series) -> str:
    digest = hashlib.sha256()
    for start in range(0, series.len(), 65_536):
        ids = series.slice(start, 65_536)
        text = np.frombuffer("".join(ids.to_list()).encode(), np.uint8)
        lengths = ids.str.len_bytes().to_numpy().astype("<u4")
        # Each id is preceded by its length, four bytes from the lowest on.
        spread = np.ones(text.size + 4 * lengths.size, np.bool_)
        places = (np.cumsum(lengths + 4, dtype=np.int64) - lengths - 4)[:, np.newaxis] + np.arange(4)
        spread[places] = False
        content = np.empty(spread.size, np.uint8)
        content[places] = lengths.view(np.uint8).reshape(-1, 4)
        content[spread] = text
        digest.update(content.data)
    return digest.hexdigest()
