"""A share of every user's items is hidden; all users stay in training with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import SettingsError
from segue.splits.parting import (
    Distinct,
    check_folds,
    check_share,
    check_sum,
    hide,
    nearest_share,
    part_by,
    random_places,
)
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class PerUserRatio:
    """Of each user's n distinct items, test x n are the test part and validation x n the validation part.

    Both are rounded to the nearest whole number (a half upwards): rounding down would hide visibly less than the share
    asked for. One item at least stays in training.

    pick:           "random", or "last": the items that occur last for the first time (the validation ones just before).
    relevant_above: a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).

    Users with too few items for a share of one stay in training, and are counted. What is given in the test part is
    all that is not hidden there, the validation items included: they are known by then, and not to be guessed again.
    With "random" the future of one user helps to guess the past of another; where there are times, the global time cut
    is the honest one.
    """

    name: ClassVar[str] = "per-user"

    test: float = 0.2
    validation: float = 0.0
    pick: Literal["random", "last"] = "random"
    relevant_above: float = 0.0

    def __post_init__(self) -> None:
        check_share("test", self.test)
        check_share("validation", self.validation, zero=True)
        check_sum(self.test, self.validation)
        if self.pick not in ("random", "last"):
            raise SettingsError(f"pick must be 'random' or 'last', got {self.pick!r}")

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`."""
        generator = np.random.default_rng(seed)
        distinct = Distinct.of(dataset.histories)
        n_test = np.minimum(nearest_share(distinct.counts, self.test), np.maximum(distinct.counts - 1, 0))
        shown, hidden = hide(dataset.histories, distinct, n_test, self.pick, generator)
        return self._split(dataset, distinct, shown, hidden, seed, generator)

    def folds(self, dataset: Dataset, count: int, seed: int = 0) -> Iterator[Split]:
        """`count` splits over entries: each user's distinct items are dealt out at random, so that each is hidden in
        exactly one fold; `test` is not looked at. Who has a single item keeps it in every fold.

        Raises SettingsError for fewer than 2 folds, and for pick "last", which cannot be dealt.
        """
        check_folds(count)
        if self.pick == "last":
            raise SettingsError("folds deal items out at random, and pick is 'last'; set pick to 'random'")
        generator = np.random.default_rng(seed)
        distinct = Distinct.of(dataset.histories)
        first = generator.integers(0, count, dataset.n_users)  # so that short histories fill all folds alike
        dealt = (random_places(distinct, generator) + first[distinct.row]) % count
        for fold in range(count):
            hides = (dealt == fold) & (distinct.counts[distinct.row] > 1)
            shown, hidden = part_by(dataset.histories, distinct, hides)
            split = self._split(dataset, distinct, shown, hidden, seed, generator)
            yield replace(split, fold=(fold + 1, count))

    def _split(
        self,
        dataset: Dataset,
        distinct: Distinct,
        shown: Histories,
        hidden: Histories,
        seed: int,
        generator: np.random.Generator,
    ) -> Split:
        users = np.arange(dataset.n_users, dtype=np.int64)
        test = Part.of("test", users, shown, hidden, self.relevant_above)
        learned = known = dataset.with_histories(shown)
        validation = None
        if self.validation:
            still = Distinct.of(shown)
            counts = np.minimum(nearest_share(distinct.counts, self.validation), np.maximum(still.counts - 1, 0))
            shown, hidden = hide(shown, still, counts, self.pick, generator)
            validation = Part.of("validation", users, shown, hidden, self.relevant_above)
            learned = dataset.with_histories(shown)
        return Split(learned, validation, test, self, seed, known)
