"""A dataset in which each recording, or each song, is one item."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from segue.core.arrays import Float64Array, Int32Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.identity.evidence import By
from segue.identity.keys import Grouping, grouped


@dataclass(frozen=True, slots=True, eq=False)
class MergeReport:
    """What a merge did.

    by:       "recording" or "song".
    before, after: the number of items.
    moved:    a frame with the columns "id" and "kept": for every item that is gone, the one that stands for it.
    grouping: the groups and what joined them.
    """

    by: By
    before: int
    after: int
    moved: pl.DataFrame
    grouping: Grouping

    def __str__(self) -> str:
        found = self.grouping
        return (
            f"{self.before} items are {self.after} {self.by}s: {self.before - self.after} merged away (joined by name "
            f"{found.by_name}, by spelling {found.by_spelling}, by ISRC {found.by_isrc}, by MBID {found.by_mbid}); "
            f"{found.apart} kept apart by films or durations; {found.unnamed} without a key; "
            f"{found.isrc_conflicts} groups with several ISRCs"
        )


def merged(dataset: Dataset, by: By = "recording", *, near: bool = True) -> tuple[Dataset, MergeReport]:
    """The dataset with one item for all that are one recording, or one song, and what was done; `near` as in `grouped`.

    Users stay as they are. Of the items of a group the most played one is kept, with its id and its row of the
    catalogue (on a tie, the one that comes first), at the place of the group's first item. Entries of the others become
    entries of the kept one, in their place and order, with their weights and times: an item that now stands several
    times in a history counts as `Histories.repeats` says, plays sum, of ratings the last one holds. The columns
    "recording" and "song" of the catalogue are left as they are.
    Raises SettingsError for another `by`.
    """
    grouping = grouped(dataset.catalogue, by, near=near)
    result, kept = _one_each(dataset, grouping.codes)
    ids = dataset.items.series
    gone = np.setdiff1d(np.arange(dataset.n_items), kept)
    moved = pl.DataFrame({"id": ids.gather(gone), "kept": ids.gather(kept[grouping.codes[gone]])})
    return result, MergeReport(by, dataset.n_items, len(grouping), moved, grouping)


def merged_by_keys(dataset: Dataset, by: By = "recording") -> Dataset:
    """The same by the keys that the catalogue holds in its column `by`, each item's own; nothing is read from names.

    Raises DataError where an item has no key there (see `segue.identity.keyed`).
    """
    codes = dataset.catalogue.codes(by)
    if np.any(codes < 0):
        raise DataError(f"{np.count_nonzero(codes < 0):,} items have no key in the column {by!r} of the catalogue")
    return _one_each(dataset, codes)[0]


def _one_each(dataset: Dataset, codes: Int32Array) -> tuple[Dataset, Int32Array]:
    """The dataset with one item for each code, and which of its items these are."""
    kept = _most_played(codes, int(codes.max(initial=-1)) + 1, plays(dataset))
    result = replace(
        dataset,
        items=Vocabulary(dataset.items.series.gather(kept)),
        histories=replace(dataset.histories, items=codes[dataset.histories.items]),
        catalogue=Catalogue(dataset.catalogue.frame[kept]),
    )
    return result, kept


def plays(dataset: Dataset) -> Float64Array:
    """How much each item was listened to, float64, shape (n_items,): positive weights, or, of ratings, their number."""
    histories = dataset.histories
    weights = np.ones(histories.n_entries) if dataset.feedback == "ratings" else histories.weights.clip(0.0)
    return np.bincount(histories.items, weights=weights, minlength=dataset.n_items).astype(np.float64)


def _most_played(codes: Int32Array, groups: int, played: Float64Array) -> Int32Array:
    order = np.lexsort((np.arange(codes.size), -played, codes))
    starts = np.searchsorted(codes[order], np.arange(groups))
    return order[starts].astype(np.int32)
