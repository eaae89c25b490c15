"""What a dataset looks like, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from segue.core.catalogue import COLUMNS, Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories

_YEAR_1: Final = -62_135_596_800  # what a datetime can hold, in seconds since 1970
_YEAR_9999: Final = 253_402_300_799
QUANTILES: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Description:
    """Counts of a dataset.

    entries:    all rows of all histories; pairs: distinct (user, item); density: pairs / (users x items).
    weight:     sum of the raw weights (plays), and their smallest and largest.
    first, last: the time span, UTC, or None where there are no times.
    activity:   distinct items per user at QUANTILES; popularity: distinct users per item at QUANTILES.
    half:       the share of items that make up half of all pairs.
    known:      for each column that a catalogue may have, for how many items it is known.
    """

    users: int
    items: int
    entries: int
    pairs: int
    density: float
    feedback: str
    order: str
    weight: tuple[float, float, float]
    first: datetime | None
    last: datetime | None
    activity: tuple[float, ...]
    popularity: tuple[float, ...]
    half: float
    unused_items: int
    empty_users: int
    friends: int
    known: dict[str, int]

    @classmethod
    def of(cls, dataset: Dataset) -> Description:
        """Reads everything once."""
        distinct = dataset.histories.merged()
        activity = distinct.lengths
        popularity = np.bincount(distinct.items, minlength=dataset.n_items)
        cells = dataset.n_users * dataset.n_items
        first, last = _span(dataset.histories)
        return cls(
            users=dataset.n_users,
            items=dataset.n_items,
            entries=dataset.histories.n_entries,
            pairs=distinct.n_entries,
            density=distinct.n_entries / cells if cells else 0.0,
            feedback=dataset.feedback,
            order=dataset.histories.order,
            weight=_weights(dataset.histories),
            first=first,
            last=last,
            activity=_quantiles(activity),
            popularity=_quantiles(popularity),
            half=_half(popularity),
            unused_items=int(np.count_nonzero(popularity == 0)),
            empty_users=int(np.count_nonzero(activity == 0)),
            friends=0 if dataset.friends is None else int(dataset.friends.nnz),
            known=_known(dataset.catalogue),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        answer = asdict(self)
        answer["first"] = None if self.first is None else self.first.isoformat()
        answer["last"] = None if self.last is None else self.last.isoformat()
        answer["quantiles"] = list(QUANTILES)
        return answer


def _span(histories: Histories) -> tuple[datetime | None, datetime | None]:
    if histories.times is None or not histories.n_entries:
        return None, None
    span = int(histories.times.min()), int(histories.times.max())
    low, high = (min(max(second, _YEAR_1), _YEAR_9999) for second in span)  # a wrong time must not fail here
    return datetime.fromtimestamp(low, UTC), datetime.fromtimestamp(high, UTC)


def _weights(histories: Histories) -> tuple[float, float, float]:
    if not histories.n_entries:
        return 0.0, 0.0, 0.0
    weights = histories.weights
    return float(weights.sum(dtype=np.float64)), float(weights.min()), float(weights.max())


def _quantiles(counts: npt.NDArray[np.int64]) -> tuple[float, ...]:
    if not counts.size:
        return (0.0,) * len(QUANTILES)
    return tuple(float(value) for value in np.quantile(counts, QUANTILES))


def _half(popularity: npt.NDArray[np.int64]) -> float:
    total = int(popularity.sum())
    if not total:
        return 0.0
    falling = np.cumsum(np.sort(popularity)[::-1])
    return float((np.searchsorted(falling, total / 2) + 1) / popularity.size)


def _known(catalogue: Catalogue) -> dict[str, int]:
    return {name: len(catalogue) - catalogue.column(name).null_count() for name in COLUMNS if name != "id"}
