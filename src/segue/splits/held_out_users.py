"""Some users are kept out of training altogether; a part of their history is shown, the rest is to be guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import numpy as np

from segue.core.arrays import Int64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.splits.parting import Distinct, check_folds, check_share, check_sum, floor_share, hide
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class HeldOutUsers:
    """Users who are wholly new, the standard for implicit data (strong generalization; Liang et al. 2018).

    test, validation: shares of the users, drawn at random; at least one user each (validation 0: none).
    given:            the share of a held-out user's n distinct items that is shown: floor(given x n). None stands for
                      one half where histories are playlists (ordered by position), and for 0.8 elsewhere.
    pick:             which items are hidden: the "last" by first occurrence, or "random" ones. None stands for "last"
                      where histories have an order, and for "random" elsewhere.
    relevant_above:   a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).
    """

    name: ClassVar[str] = "held-out-users"

    test: float = 0.1
    validation: float = 0.0
    given: float | None = None
    pick: Literal["random", "last"] | None = None
    relevant_above: float = 0.0

    def __post_init__(self) -> None:
        check_share("test", self.test)
        check_share("validation", self.validation, zero=True)
        check_sum(self.test, self.validation)
        if self.given is not None:
            check_share("given", self.given)
        if self.pick not in (None, "random", "last"):
            raise SettingsError(f"pick must be 'random' or 'last', got {self.pick!r}")

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`."""
        generator = np.random.default_rng(seed)
        order = generator.permutation(dataset.n_users)
        n_test = max(1, round(self.test * dataset.n_users))
        n_validation = max(1, round(self.validation * dataset.n_users)) if self.validation else 0
        if n_test + n_validation >= dataset.n_users:
            raise DataError(
                f"{dataset.n_users} users are too few to keep {n_test + n_validation} of them out of training; "
                "use more data, or hide a share per user"
            )
        test, validation, train = np.split(order, [n_test, n_test + n_validation])
        return self._split(dataset, train, validation, test, seed, generator)

    def folds(self, dataset: Dataset, count: int, seed: int = 0) -> Iterator[Split]:
        """`count` splits in each of which another 1/count of the users is the test part; `test` is not looked at.

        Each user is asked in exactly one fold. Raises SettingsError for fewer than 2 folds, DataError where
        there are fewer users than folds.
        """
        check_folds(count)
        if count > dataset.n_users:
            raise DataError(f"{count} folds need at least as many users, there are {dataset.n_users}")
        generator = np.random.default_rng(seed)
        parts = np.array_split(generator.permutation(dataset.n_users), count)
        for fold, test in enumerate(parts):
            rest = np.concatenate([part for other, part in enumerate(parts) if other != fold])
            n_validation = max(1, round(self.validation * dataset.n_users)) if self.validation else 0
            split = self._split(dataset, rest[n_validation:], rest[:n_validation], test, seed, generator)
            yield replace(split, fold=(fold + 1, count))

    def _split(
        self,
        dataset: Dataset,
        train: Int64Array,
        validation: Int64Array,
        test: Int64Array,
        seed: int,
        generator: np.random.Generator,
    ) -> Split:
        learned = dataset.subset(np.sort(train))
        return Split(
            train=learned,
            validation=self._part("validation", dataset, np.sort(validation), generator) if validation.size else None,
            test=self._part("test", dataset, np.sort(test), generator),
            how=self,
            seed=seed,
            known=dataset.subset(np.sort(np.concatenate([train, validation]))) if validation.size else learned,
        )

    def _part(self, what: str, dataset: Dataset, users: Int64Array, generator: np.random.Generator) -> Part:
        histories: Histories = dataset.histories[users]
        share = self.given if self.given is not None else (0.5 if histories.order == "position" else 0.8)
        pick = self.pick if self.pick is not None else ("random" if histories.order == "none" else "last")
        distinct = Distinct.of(histories)
        given, hidden = hide(
            histories, distinct, distinct.counts - floor_share(distinct.counts, share), pick, generator
        )
        return Part.of(what, users, given, hidden, self.relevant_above)
