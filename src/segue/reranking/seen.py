"""What was heard does not come back, or not so soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from segue.core.arrays import Int32Array
from segue.core.histories import Histories
from segue.errors import DataError, SettingsError
from segue.kernels.lists import contained
from segue.reranking.rule import Ruling, Traits

_DAY: Final = 86_400  # seconds


@dataclass(frozen=True)
class Seen:
    """Removes the items of the history, whatever their weight.

    days: only those heard within so many days before the newest entry of the history; older favourites may come back.
          None: all. A pipeline asked with exclude_seen=True leaves all of them out before this rule; to bring old
          favourites back, ask with exclude_seen=False.
    """

    name: ClassVar[str] = "seen"
    needs: ClassVar[tuple[str, ...]] = ()

    days: float | None = None

    def __post_init__(self) -> None:
        if self.days is not None and not 0 < self.days < np.inf:
            raise SettingsError(f"days must be a number above 0, or None, got {self.days!r}")

    @property
    def why(self) -> str:
        """See `segue.reranking.rule.Rule`."""
        return "already in the history" if self.days is None else f"heard within {self.days:g} days"

    def apply(self, items: Int32Array, histories: Histories, traits: Traits) -> Ruling:
        """See `segue.reranking.rule.Rule`. Raises DataError where `days` is set and the histories have no times."""
        recent = histories
        if self.days is not None and histories.n_entries:
            if histories.times is None:
                raise DataError("the rule 'seen' with days needs histories with times; leave days out")
            row = histories.row_of_entry
            newest = np.full(len(histories), np.iinfo(np.int64).min)
            np.maximum.at(newest, row, histories.times)
            recent = histories.where(newest[row] - histories.times <= self.days * _DAY)
        return Ruling(contained(items, recent.offsets, recent.items, len(traits)))
