"""Everything before one moment is known, everything after it is to be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import numpy as np

from segue.core.arrays import Int64Array
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.splits.parting import Distinct, check_share, check_sum
from segue.splits.split import Part, Split


@dataclass(frozen=True, slots=True)
class TimeCut:
    """One global cut, the same for all users, so that nobody's future is learned from.

    test, validation:        shares of all entries that lie after the cut of each part; entries of the very second of a
                             cut lie after it, so that a share may come out larger.
    test_at, validation_at:  the moments themselves, which then take the place of the shares; without a time zone, UTC.
    relevant_above:          a hidden item is relevant where its weight lies above this (a rating of 4 or 5: 3.5).

    Given is a user's history before the cut; relevant are the items met after it for the first time. Later repeats of
    what was known before are neither given, nor relevant, nor learned from. Users who come only after the cut are asked
    with an empty history. The test part is shown the validation period too: it is known by then.
    """

    name: ClassVar[str] = "time-cut"

    test: float = 0.1
    validation: float = 0.0
    test_at: datetime | None = None
    validation_at: datetime | None = None
    relevant_above: float = 0.0

    def __post_init__(self) -> None:
        check_share("test", self.test)
        check_share("validation", self.validation, zero=True)
        check_sum(self.test, self.validation)
        if self.test_at and self.validation_at and _seconds(self.validation_at) >= _seconds(self.test_at):
            raise SettingsError(f"validation_at ({self.validation_at}) must come before test_at ({self.test_at})")

    def split(self, dataset: Dataset, seed: int = 0) -> Split:
        """See `segue.splits.split.Splitter.split`. Nothing here is random: the seed is only recorded."""
        histories = dataset.histories
        if histories.times is None:
            raise DataError(
                "a time cut needs times, and these histories have none; hold out users, or a share per user"
            )
        times, distinct = histories.times, Distinct.of(histories)
        by_time = np.sort(times)
        cut = _seconds(self.test_at) if self.test_at else _quantile(by_time, 1 - self.test)
        users = np.arange(dataset.n_users, dtype=np.int64)
        test = Part.of("test", users, *_cut(histories, times, distinct, cut), self.relevant_above)
        learned = known = dataset.with_histories(histories.where(times < cut))
        validation = None
        if self.validation or self.validation_at:
            end = cut
            cut = (
                _seconds(self.validation_at)
                if self.validation_at
                else _quantile(by_time, 1 - self.test - self.validation)
            )
            if cut >= end:
                raise DataError(
                    "the validation period is empty: its cut does not come before the test cut; ask for larger shares"
                )
            given, hidden = _cut(histories, times, distinct, cut, end)
            validation = Part.of("validation", users, given, hidden, self.relevant_above)
            learned = dataset.with_histories(given)
        return Split(learned, validation, test, self, seed, known)


def _cut(
    histories: Histories, times: Int64Array, distinct: Distinct, cut: int, end: int | None = None
) -> tuple[Histories, Histories]:
    """What came before the cut, and the items that came between the cut and the end for the first time."""
    before = times < cut
    known = np.zeros(distinct.row.size, dtype=np.bool_)
    known[distinct.of_entry[before]] = True
    after = ~before & ~known[distinct.of_entry]
    if end is not None:
        after &= times < end
    return histories.where(before), histories.where(after).merged()


def _quantile(by_time: Int64Array, share: float) -> int:
    if not by_time.size:
        raise DataError("there is nothing to split: the dataset has no entries")
    return int(by_time[min(by_time.size - 1, int(np.floor(share * by_time.size + 1e-9)))])


def _seconds(moment: datetime) -> int:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(np.ceil(aware.timestamp()))
