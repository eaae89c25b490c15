"""Sources: who nominates candidates."""

from __future__ import annotations

from dataclasses import dataclass

from segue.core.arrays import BoolArray
from segue.core.histories import Histories
from segue.core.protocols import Recommender
from segue.core.topk import TopK
from segue.errors import SettingsError
from segue.retrieval.indexed import IndexedSearch
from segue.retrieval.on_device import DeviceSearch


@dataclass(frozen=True)
class Source:
    """A recommender under the name by which reasons call it, and how many items it nominates for each history.

    search: how its best items are found in place of asking it for them, through an index of its vectors; or None.
    """

    name: str
    recommender: Recommender
    count: int = 200
    search: IndexedSearch | DeviceSearch | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise SettingsError("a source needs a name")
        if self.count < 1:
            raise SettingsError(f"the source {self.name!r} must nominate at least 1 item, got {self.count}")

    @property
    def n_items(self) -> int:
        """How many items it knows."""
        return len(self.recommender.items)

    def nominate(
        self,
        histories: Histories,
        count: int,
        *,
        exclude_seen: bool,
        allowed: BoolArray | None,
        banned: Histories | None,
        threads: int | None,
    ) -> TopK:
        """Its best `count` items, or as many as it knows; `allowed` may cover more items than it knows."""
        asked = self.recommender if self.search is None else self.search
        return asked.recommend(
            histories,
            min(count, self.n_items),
            exclude_seen=exclude_seen,
            allowed=None if allowed is None else allowed[: self.n_items],
            banned=banned,
            threads=threads,
        )
