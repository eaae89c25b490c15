"""The users who came last are asked; nothing is learned from what happened since the first of them came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError
from segue.splits.parting import Distinct, check_share, check_sum, floor_share, hide
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class NewUsers:
    """Users held out by time: those whose first entry comes last, as a service meets them.

    test, validation: shares of the users who have an entry; at least one user each (validation 0: none). Who came in
                      the same second as the first of a part belongs to it too.
    given:            the share of a new user's n distinct items that is shown, the first ones: floor(given x n).
    relevant_above:   a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).

    Training ends when the first new user comes: later entries of older users are not learned from, so that nobody's
    future is known. `HeldOutUsers` draws users at random from all times.
    """

    name: ClassVar[str] = "new-users"

    test: float = 0.1
    validation: float = 0.0
    given: float = 0.8
    relevant_above: float = 0.0

    def __post_init__(self) -> None:
        check_share("test", self.test)
        check_share("validation", self.validation, zero=True)
        check_sum(self.test, self.validation)
        check_share("given", self.given)

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`. Nothing here is random: the seed is only recorded."""
        histories, times = dataset.histories, dataset.histories.times
        if times is None:
            raise DataError("who came last is told by times, and these histories have none; hold users out at random")
        came = np.full(len(histories), np.iinfo(np.int64).max)
        np.minimum.at(came, histories.row_of_entry, times)
        there = np.flatnonzero(histories.lengths)
        by_time = np.sort(came[there])
        n_test = max(1, round(self.test * there.size))
        n_validation = max(1, round(self.validation * there.size)) if self.validation else 0
        if n_test + n_validation >= there.size:
            raise DataError(
                f"{there.size} users are too few to keep {n_test + n_validation} of them out of training; use more data"
            )
        cut = int(by_time[there.size - n_test])
        known = dataset.with_histories(histories.where(times < cut))
        new = there[came[there] >= cut]
        test = self._part("test", histories, new)
        if not n_validation:
            return Split(known, None, test, self, seed)
        earlier = int(by_time[there.size - n_test - n_validation])
        if earlier >= cut:
            raise DataError("the users for validation came in the same second as those of the test part; ask for more")
        new = there[(came[there] >= earlier) & (came[there] < cut)]
        validation = self._part("validation", known.histories, new)
        learned = dataset.with_histories(histories.where(times < earlier))
        return Split(learned, validation, test, self, seed, known)

    def _part(self, what: str, histories: Histories, users: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Part:
        chosen = histories[users]
        distinct = Distinct.of(chosen)
        hidden_counts = distinct.counts - floor_share(distinct.counts, self.given)
        given, hidden = hide(chosen, distinct, hidden_counts, "last", np.random.default_rng(0))
        return Part.of(what, users, given, hidden, self.relevant_above)
