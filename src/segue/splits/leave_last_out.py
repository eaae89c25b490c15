"""The last items of every user are hidden: what comes next?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segue.core.dataset import Dataset
from segue.errors import SettingsError
from segue.splits.parting import Distinct, hide
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class LeaveLastOut:
    """Of each user's distinct items, the last `test` are the test part, and the `validation` before them that part.

    Last is meant by first occurrence: repeats of known items are nothing new. All users stay in training with the
    rest; who has too few items for one to be left stays there whole, and is counted. The usual protocol of models of
    sequences (Kang and McAuley 2018, with test = validation = 1). The histories must have an order.

    relevant_above: a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).

    Users end at different times, so that one user's future is learned from another's: see `TimeCut`.
    """

    name: ClassVar[str] = "leave-last-out"

    test: int = 1
    validation: int = 0
    relevant_above: float = 0.0

    def __post_init__(self) -> None:
        if self.test < 1:
            raise SettingsError(f"test is the number of items hidden of each user, at least 1, got {self.test}")
        if self.validation < 0:
            raise SettingsError(f"validation is the number of items before those, at least 0, got {self.validation}")

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`. Nothing here is random: the seed is only recorded."""
        generator = np.random.default_rng(seed)
        users = np.arange(dataset.n_users, dtype=np.int64)
        distinct = Distinct.of(dataset.histories)
        counts = np.where(distinct.counts > self.test, self.test, 0)
        shown, hidden = hide(dataset.histories, distinct, counts, "last", generator)
        test = Part.of("test", users, shown, hidden, self.relevant_above)
        learned = known = dataset.with_histories(shown)
        validation = None
        if self.validation:
            still = Distinct.of(shown)
            counts = np.where((counts > 0) & (still.counts > self.validation), self.validation, 0)
            shown, hidden = hide(shown, still, counts, "last", generator)
            validation = Part.of("validation", users, shown, hidden, self.relevant_above)
            learned = dataset.with_histories(shown)
        return Split(learned, validation, test, self, seed, known)
