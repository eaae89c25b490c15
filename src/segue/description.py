"""What a dataset looks like, in numbers: for the terminal, for programs, and for a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from segue.core.catalogue import COLUMNS, Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.identity import By, grouped

Period: TypeAlias = Literal["decade", "year", "month", "day"]

_YEAR_1: Final = -62_135_596_800  # what a datetime can hold, in seconds since 1970
_YEAR_9999: Final = 253_402_300_799
QUANTILES: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
_MONTHS_AS_DAYS: Final = 2  # a span of so many months is told day by day,
_YEARS_AS_MONTHS: Final = 3  # one of so many years month by month,
_DECADES_AS_YEARS: Final = 4  # one of so many decades year by year, a longer one decade by decade,
_CENTURIES: Final = 4  # and one of more centuries than these not at all: its times are wrong
_UNITS: Final[dict[Period, str]] = {"decade": "10Y", "year": "Y", "month": "M", "day": "D"}


@dataclass(frozen=True, slots=True)
class Bin:
    """How many counts lie from `low` to `high`, both included."""

    low: int
    high: int
    count: int

    @property
    def label(self) -> str:
        """ "1", "2-3", "4-7"."""
        return f"{self.low:,}" if self.low == self.high else f"{self.low:,}-{self.high:,}"


@dataclass(frozen=True, slots=True)
class Alike:
    """Items that are one under several ids: `groups` of at least two, and the `items` in them."""

    groups: int
    items: int


@dataclass(frozen=True, slots=True)
class Description:
    """Counts of a dataset.

    entries:    all rows of all histories; pairs: distinct (user, item); density: pairs / (users x items).
    weight:     sum of the raw weights (plays), and their smallest and largest.
    first, last: the time span, UTC, or None where there are no times.
    activity:   distinct items per user at QUANTILES; popularity: distinct users per item at QUANTILES.
    half:       the share of items that make up half of all pairs.
    known:      for each column that a catalogue may have, for how many items it is known.
    activity_bins, popularity_bins: how many users have so many items, and items so many users, in bins that double.
    period, over_time: entries by decade, year, month or day (the first letters of its first day in ISO 8601), all from
                the first to the last; empty where there are no times, or where they reach over more than 400 years.
    recordings, songs: items that are one recording, or one song, by name, ISRC or MBID; None where the items have no
                titles to tell by.
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
    activity_bins: tuple[Bin, ...]
    popularity_bins: tuple[Bin, ...]
    period: Period | None
    over_time: dict[str, int]
    recordings: Alike | None
    songs: Alike | None

    @classmethod
    def of(cls, dataset: Dataset) -> Description:
        """Reads everything once."""
        distinct = dataset.histories.merged()
        activity = distinct.lengths
        popularity = np.bincount(distinct.items, minlength=dataset.n_items)
        cells = dataset.n_users * dataset.n_items
        first, last = _span(dataset.histories)
        period, over_time = _over_time(dataset.histories)
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
            activity_bins=_doubling(activity),
            popularity_bins=_doubling(popularity),
            period=period,
            over_time=over_time,
            recordings=_alike(dataset.catalogue, "recording"),
            songs=_alike(dataset.catalogue, "song"),
        )

    def facts(self) -> list[tuple[str, str]]:
        """What there is to say in a line each, as (what, said)."""
        found = [
            ("users", f"{self.users:,}" + (f" ({self.empty_users:,} without an entry)" if self.empty_users else "")),
            ("items", f"{self.items:,}" + (f" ({self.unused_items:,} that nobody has)" if self.unused_items else "")),
            ("entries", f"{self.entries:,}"),
            ("user-item pairs", f"{self.pairs:,}, {self.density:.3%} of all possible"),
        ]
        if self.first is not None and self.last is not None:
            found.append(("time span", f"{self.first:%Y-%m-%d} to {self.last:%Y-%m-%d} (UTC)"))
        found += [
            ("feedback", f"{self.feedback}, {self._weights()}"),
            ("order", {"none": "none known", "position": "as listed", "time": "by time"}[self.order]),
            ("concentration", f"half of all pairs belong to {self.half:.2%} of the items"),
        ]
        for what, alike in (("recordings", self.recordings), ("songs", self.songs)):
            if alike is not None:
                more = alike.items - alike.groups
                told = (
                    f"{alike.items:,} items are {_counted(alike.groups, what)}" if alike.groups else "each item its own"
                )
                found.append((what, told + (f": merging would leave {more:,} items fewer" if alike.groups else "")))
        if self.friends:
            found.append(("friends", f"{self.friends:,} links"))
        return found

    def _weights(self) -> str:
        total, low, high = self.weight
        if self.feedback == "presence":
            return "no counts"
        if self.feedback == "ratings":
            return f"{low:g} to {high:g}"
        return f"{total:,.0f} in all, {low:,.6g} to {high:,.6g} each"

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


def _doubling(counts: npt.NDArray[np.int64]) -> tuple[Bin, ...]:
    """Bins 0, 1, 2-3, 4-7, 8-15 and so on, from the lowest to the highest that holds anything."""
    if not counts.size:
        return ()
    places = np.ceil(np.log2(counts.astype(np.float64) + 1)).astype(np.int64)  # 0: 0, 1: 1, 2-3: 2, 4-7: 3
    filled = np.bincount(places)
    first = int(places.min())
    return tuple(
        Bin(2 ** (place - 1) if place else 0, 2**place - 1, int(filled[place])) for place in range(first, filled.size)
    )


def _over_time(histories: Histories) -> tuple[Period | None, dict[str, int]]:
    if histories.times is None or not histories.n_entries:
        return None, {}
    low, high = int(histories.times.min()), int(histories.times.max())
    if high - low > _CENTURIES * 100 * 365.25 * 86_400:
        return None, {}
    period = _period(low, high)
    unit = f"datetime64[{_UNITS[period]}]"
    places = histories.times.astype("datetime64[s]").astype(unit).astype(np.int64)
    first = int(places.min())
    counts = np.bincount(places - first)
    names = (first + np.arange(counts.size)).astype(unit).astype(str)
    return period, {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _period(low: int, high: int) -> Period:
    first, last = np.array([low, high], "datetime64[s]").astype("datetime64[M]").astype(np.int64)
    months = int(last - first) + 1
    if months <= _MONTHS_AS_DAYS:
        return "day"
    if months <= 12 * _YEARS_AS_MONTHS:
        return "month"
    return "year" if months <= 120 * _DECADES_AS_YEARS else "decade"


def _alike(catalogue: Catalogue, by: By) -> Alike | None:
    if catalogue.has(by):
        sizes = catalogue.column(by).drop_nulls().value_counts()["count"].to_numpy()
    elif catalogue.has("title"):
        sizes = grouped(catalogue, by, near=False).sizes
    else:
        return None
    several = sizes[sizes > 1]
    return Alike(int(several.size), int(several.sum()))


def quantile_name(share: float) -> str:
    """What a person calls a quantile."""
    return {0.0: "least", 0.5: "median", 1.0: "most"}.get(share, f"{share:.0%}")


def _counted(count: int, plural: str) -> str:
    return f"{count:,} {plural.removesuffix('s') if count == 1 else plural}"
