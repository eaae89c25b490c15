"""Some items are kept out of training altogether, as if they had just been released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from segue.core.arrays import BoolArray, Int64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.splits.parting import check_share, check_sum
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class HeldOutItems:
    """Items that are wholly new: only they are relevant.

    test, validation: shares of the items that have an entry; at least one each (validation 0: none).
    pick:             which items: "random" ones, or the "newest", those whose first entry comes last (needs times).
    among:            what is ranked: "all" items that the user has not had, new ones beside known ones, or the "new"
                      ones alone ("which of the releases of this week?").
    relevant_above:   a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).
    listeners:        None: models are told nothing of the held-out items once they are fitted. 0 and more: those that
                      take new items (`segue.core.protocols.TakesItems`) are told of them before they are asked: of
                      their rows in the catalogue, and of so many of their listeners each, drawn by the seed. What a
                      drawn listener made of the item is given, not asked for; an item that has no further listener is
                      asked of nobody. The listeners of a smaller number are among those of a larger one.

    Every entry of a held-out item is hidden; the items stay in the vocabulary and in the catalogue, for models that
    know an item by what it is. Models of who listens to what alone, told nothing, know nothing of them, and find none:
    that is the result. Those asked are the users who have a new item; the items held out for validation are known in
    the test part.
    """

    name: ClassVar[str] = "held-out-items"

    test: float = 0.1
    validation: float = 0.0
    pick: Literal["random", "newest"] = "random"
    among: Literal["all", "new"] = "all"
    relevant_above: float = 0.0
    listeners: int | None = None

    def __post_init__(self) -> None:
        check_share("test", self.test)
        check_share("validation", self.validation, zero=True)
        check_sum(self.test, self.validation)
        if self.pick not in ("random", "newest"):
            raise SettingsError(f"pick must be 'random' or 'newest', got {self.pick!r}")
        if self.among not in ("all", "new"):
            raise SettingsError(f"among must be 'all' or 'new', got {self.among!r}")
        if self.listeners is not None and self.listeners < 0:
            raise SettingsError(f"listeners must be 0 or more, got {self.listeners}")

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`."""
        histories = dataset.histories
        generator = np.random.default_rng(seed)
        order = self._order(histories, generator)
        n_test = max(1, round(self.test * order.size))
        n_validation = max(1, round(self.validation * order.size)) if self.validation else 0
        if n_test + n_validation >= order.size:
            raise DataError(
                f"{order.size} items are too few to keep {n_test + n_validation} of them out of training; "
                "use more data, or hide a share per user"
            )
        in_test = _mask(order[:n_test], dataset.n_items)
        in_validation = _mask(order[n_test : n_test + n_validation], dataset.n_items)
        known = histories.where(~in_test[histories.items])
        test = self._part("test", dataset, ~in_test, in_test, generator)
        if not n_validation:
            return Split(dataset.with_histories(known), None, test, self, seed)
        learned = known.where(~in_validation[known.items])
        validation = self._part("validation", dataset, ~(in_test | in_validation), in_validation, generator)
        return Split(dataset.with_histories(learned), validation, test, self, seed, dataset.with_histories(known))

    def _order(self, histories: Histories, generator: np.random.Generator) -> Int64Array:
        """The items that have an entry, those to be held out first."""
        items: Int64Array = np.unique(histories.items).astype(np.int64)
        if self.pick == "random":
            return generator.permutation(items)
        if histories.times is None:
            raise DataError("the newest items are told by times, and these histories have none; pick 'random' ones")
        first = np.full(histories.n_items, np.iinfo(np.int64).max)
        np.minimum.at(first, histories.items, histories.times)
        return items[np.argsort(-first[items], kind="stable")]

    def _part(
        self, what: str, dataset: Dataset, learned: BoolArray, held_out: BoolArray, generator: np.random.Generator
    ) -> Part:
        """The users of the items `held_out`, who are given what they have of `learned` (both bool, (n_items,))."""
        histories = dataset.histories
        given = learned[histories.items]
        hidden = held_out[histories.items]
        told = None
        if self.listeners is not None:
            drawn = self._drawn(histories.where(hidden), self.listeners, generator)
            known = np.isin(_keys(histories, dataset.n_items), _keys(drawn, dataset.n_items))
            given, hidden = given | known, hidden & ~known
            told = dataset.with_histories(histories.where(given))
        asked = histories.where(hidden).merged()
        users = np.flatnonzero(asked.lengths)
        allowed = held_out if self.among == "new" else None
        return Part.of(what, users, histories.where(given)[users], asked[users], self.relevant_above, allowed, told)

    def _drawn(self, hidden: Histories, listeners: int, generator: np.random.Generator) -> Histories:
        """So many entries of each item, of users to whom it is relevant, at random."""
        merged = hidden.merged()
        liked = merged.where(merged.weights > self.relevant_above)
        order = np.lexsort((generator.random(liked.n_entries), liked.items))
        items = liked.items[order]
        first = np.flatnonzero(np.concatenate([[True], items[1:] != items[:-1]])) if items.size else items
        place = np.arange(items.size) - np.repeat(first, np.diff(np.append(first, items.size)))
        kept = np.zeros(items.size, np.bool_)
        kept[order[place < listeners]] = True
        return liked.where(kept)


def _keys(histories: Histories, n_items: int) -> Int64Array:
    """A number for each entry's row and item, int64, shape (m,)."""
    return histories.row_of_entry * np.int64(n_items) + histories.items


def _mask(items: Int64Array, n_items: int) -> BoolArray:
    mask = np.zeros(n_items, dtype=np.bool_)
    mask[items] = True
    return mask
