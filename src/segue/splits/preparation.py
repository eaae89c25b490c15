"""Making a dataset denser before it is split, as many published comparisons do."""

from __future__ import annotations

import numpy as np

from segue.core.arrays import BoolArray, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError, SettingsError
from segue.splits.parting import Distinct


def k_core(dataset: Dataset, k: int = 5, *, items_k: int | None = None) -> Dataset:
    """The largest part in which every user has at least k distinct items and every item at least `items_k` users.

    Users and items that fall short are dropped in turns until none does (the k-core of the bipartite graph; Seidman
    1983). `items_k` is k unless given, and 1 drops only those without any entry. Kept ids keep their order; repeats,
    weights, times and everything known of users and items stay.
    Raises SettingsError for a k below 1, DataError where nothing is left.
    """
    items_k = k if items_k is None else items_k
    if k < 1 or items_k < 1:
        raise SettingsError(f"a core needs a k of at least 1, got {k} for users and {items_k} for items")
    distinct = Distinct.of(dataset.histories)
    rows, columns = distinct.row, dataset.histories.items[distinct.first].astype(np.int64)
    while True:
        users = np.bincount(rows, minlength=dataset.n_users) >= k
        items = np.bincount(columns[users[rows]], minlength=dataset.n_items) >= items_k
        kept = users[rows] & items[columns]
        if kept.all():
            break
        rows, columns = rows[kept], columns[kept]
    if not rows.size:
        raise DataError(
            f"no user has {k} items that {items_k} users each share: the core of {dataset!r} is empty; use a smaller k"
        )
    return _restricted(dataset.subset(np.flatnonzero(users)), items)


def _restricted(dataset: Dataset, items: BoolArray) -> Dataset:
    """The same users with only these items (a mask over items), which get new positions in the old order."""
    chosen: Int64Array = np.flatnonzero(items)
    position = np.full(dataset.n_items, -1, dtype=np.int32)
    position[chosen] = np.arange(chosen.size, dtype=np.int32)
    histories = dataset.histories.where(items[dataset.histories.items])
    return Dataset(
        users=dataset.users,
        items=Vocabulary(dataset.items.series.gather(chosen)),
        histories=type(histories)(
            histories.offsets,
            position[histories.items],
            histories.weights,
            histories.times,
            order=histories.order,
            repeats=histories.repeats,
            context=histories.context,
        ),
        catalogue=Catalogue(dataset.catalogue.frame[chosen]),
        feedback=dataset.feedback,
        scale=dataset.scale,
        user_table=dataset.user_table,
        friends=dataset.friends,
    )
