"""Parting histories into what is shown and what is hidden; the arithmetic that all splits share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from segue.core.arrays import BoolArray, Float64Array, Int64Array
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError

Pick: TypeAlias = Literal["random", "last"]


@dataclass(frozen=True, slots=True, eq=False)
class Distinct:
    """The distinct items of each row, row by row, in order of their first occurrence (p of them in all).

    row:      int64, shape (p,), the row each belongs to.
    place:    int64, shape (p,), its place among the distinct items of its row, from 0.
    first:    int64, shape (p,), the entry where it occurs first.
    of_entry: int64, shape (m,), which distinct item each entry of the histories is.
    counts:   int64, shape (n,), how many distinct items each row has.
    """

    row: Int64Array
    place: Int64Array
    first: Int64Array
    of_entry: Int64Array
    counts: Int64Array

    @classmethod
    def of(cls, histories: Histories) -> Distinct:
        """Finds them by one sort of all entries, which keeps the order of entries of the same item."""
        row_of_entry = histories.row_of_entry
        key = row_of_entry * np.int64(max(1, histories.n_items)) + histories.items
        by_key = np.argsort(key, kind="stable")
        sorted_key = key[by_key]
        new = np.ones(key.size, dtype=np.bool_)
        new[1:] = sorted_key[1:] != sorted_key[:-1]
        first = by_key[new]
        by_first = np.argsort(first, kind="stable")
        number = np.empty_like(by_first)
        number[by_first] = np.arange(by_first.size)
        of_entry = np.empty_like(by_key)
        of_entry[by_key] = number[np.cumsum(new) - 1]
        first = first[by_first]
        row = row_of_entry[first]
        counts = np.bincount(row, minlength=len(histories)).astype(np.int64)
        start = np.cumsum(counts) - counts
        return cls(row, np.arange(row.size) - start[row], first, of_entry, counts)


def hide(
    histories: Histories, distinct: Distinct, counts: Int64Array, pick: Pick, generator: np.random.Generator
) -> tuple[Histories, Histories]:
    """Hides `counts` (int64, one per row) distinct items of each row: what is still shown, and what is hidden.

    "random" takes them uniformly; every entry of a hidden item is hidden with it. "last" takes those whose first
    occurrence comes last; repeats of shown items from there on are left out altogether, since they tell of a time when
    the hidden ones were known. Hidden items come once each, with the weight that `repeats` makes of their entries.
    Raises DataError for "last" where the histories have no order.
    """
    if pick == "last":
        if histories.order == "none":
            raise DataError(
                "the last items of a history cannot be hidden: these histories have no order; hide 'random' ones, "
                "as the split 'per-user' does"
            )
        hidden = distinct.place >= (distinct.counts - counts)[distinct.row]
        begins = np.full(len(histories), histories.n_entries, dtype=np.int64)
        np.minimum.at(begins, distinct.row[hidden], distinct.first[hidden])
        shown_entries = np.arange(histories.n_entries) < begins[histories.row_of_entry]
    else:
        return part_by(histories, distinct, random_places(distinct, generator) < counts[distinct.row])
    return histories.where(shown_entries), histories.where(hidden[distinct.of_entry]).merged()


def part_by(histories: Histories, distinct: Distinct, hidden: BoolArray) -> tuple[Histories, Histories]:
    """Hides these distinct items (bool, shape (p,)) with all their entries: what is still shown, and what is hidden."""
    entries = hidden[distinct.of_entry]
    return histories.where(~entries), histories.where(entries).merged()


def check_folds(count: int) -> None:
    """Raises SettingsError for fewer than 2 folds."""
    if count < 2:
        raise SettingsError(f"there must be at least 2 folds, got {count}")


def floor_share(counts: Int64Array, share: float) -> Int64Array:
    """floor(share x count), where a product that is whole on paper is whole here (0.29 x 100 is 29, not 28)."""
    product: Float64Array = np.asarray(counts * share, dtype=np.float64)
    return np.floor(product + 1e-9).astype(np.int64)


def nearest_share(counts: Int64Array, share: float) -> Int64Array:
    """The whole number nearest to share x count, a half upwards."""
    return np.floor(counts * share + 0.5 + 1e-9).astype(np.int64)


def above(histories: Histories, threshold: float) -> Histories:
    """The entries whose weight lies above the threshold: those that count as relevant."""
    mask: BoolArray = histories.weights > threshold
    return histories if mask.all() else histories.where(mask)


def check_share(name: str, share: float, *, zero: bool = False) -> None:
    """Raises SettingsError unless 0 < share < 1 (or 0 = share, where `zero` allows it)."""
    if not (0 < share < 1 or (zero and share == 0)):
        allowed = "at least 0 and below 1" if zero else "between 0 and 1"
        raise SettingsError(f"{name} is a share and must lie {allowed}, got {share}")


def check_sum(test: float, validation: float) -> None:
    """Raises SettingsError where test and validation leave nothing to learn from."""
    if test + validation >= 1:
        raise SettingsError(f"test ({test}) and validation ({validation}) together must leave something to train on")


def random_places(distinct: Distinct, generator: np.random.Generator) -> Int64Array:
    """A random order of the distinct items within each row: the place of each, from 0."""
    key = (distinct.row << 32) + generator.integers(0, 2**32, distinct.row.size)  # one sort by row, then by chance
    order = np.argsort(key, kind="stable")
    places = np.empty(order.size, dtype=np.int64)
    places[order] = distinct.place  # both are grouped by row, so sorted position s has place s - start of its row
    return places
