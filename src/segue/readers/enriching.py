"""Features joined onto a dataset: which item takes which row, and what it learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.identity.matching import WAYS, matches

_OURS: Final = ("id", "kind", "recording", "song")  # what features never say
_EXAMPLES: Final = 3
_PREFIX: Final = "spotify:track:"
_BARE: Final = r"^[0-9A-Za-z]{22}$"


@dataclass(frozen=True, slots=True)
class Missed:
    """How many items have no features for one reason, and what the first few of them are called."""

    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    """What became of one column: for how many items it was filled, and for how many it was known and stayed."""

    column: str
    filled: int
    kept: int


@dataclass(frozen=True, slots=True)
class MatchReport:
    """How a joining of features went.

    items, rows: how many items the dataset has, and how many rows (things told of) the features have.
    ways:        how many items were matched by id, ISRC, MBID and name; `ambiguous` of them fitted several rows, of
                 which those of the same album go before others, and then the first one was taken.
    missed:      items without features, by the reason.
    unused:      rows that no item took.
    columns:     what each column of the features gave.
    """

    items: int
    rows: int
    ways: Mapping[str, int]
    ambiguous: int
    missed: tuple[Missed, ...]
    unused: int
    columns: tuple[Learned, ...]

    @property
    def matched(self) -> int:
        """How many items have features now."""
        return sum(self.ways.values())


def enriched(dataset: Dataset, features: Catalogue) -> tuple[Dataset, MatchReport]:
    """The dataset with the gaps of its catalogue filled from the features; items, positions and entries are the same.

    An item takes the row of its id (a Spotify id is the same with and without "spotify:track:"), or else of its ISRC
    or MBID, or else of its artist and title (`segue.identity.matching`). A value that is known stays as it is.
    """
    features = _spelt_alike(features, dataset)
    found = matches(dataset.catalogue, features, np.zeros(len(features)))
    rows = pl.Series(found.positions).replace(-1, None)
    frame = dataset.catalogue.frame
    columns = []
    learned = []
    for name in features.columns:
        if name in _OURS or not features.has(name):
            continue
        known = dataset.catalogue.column(name)
        told = features.column(name).gather(rows)
        filled = int((known.is_null() & told.is_not_null()).sum())
        kept = int((known.is_not_null() & told.is_not_null()).sum())
        learned.append(Learned(name, filled, kept))
        if filled:
            columns.append(pl.select(pl.coalesce(known, told).alias(name)).to_series())
    result = replace(dataset, catalogue=Catalogue(frame.with_columns(columns)))
    counts = found.counts()
    missed = tuple(
        Missed(reason, count, _labels(dataset, (found.how == reason).arg_true().head(_EXAMPLES)))
        for reason, count in counts.items()
        if reason not in WAYS
    )
    report = MatchReport(
        items=dataset.n_items,
        rows=len(features),
        ways={way: counts[way] for way in WAYS if way in counts},
        ambiguous=found.ambiguous,
        missed=missed,
        unused=len(features) - rows.drop_nulls().n_unique(),
        columns=tuple(learned),
    )
    return result, report


def _spelt_alike(features: Catalogue, dataset: Dataset) -> Catalogue:
    """The features with Spotify ids in the form that the dataset has, where it has them in the other form only."""
    ids = features.frame["id"]
    other = (
        ids.to_frame()
        .select(
            pl.when(pl.col("id").str.starts_with(_PREFIX))
            .then(pl.col("id").str.strip_prefix(_PREFIX))
            .when(pl.col("id").str.contains(_BARE))
            .then(_PREFIX + pl.col("id"))
        )
        .to_series()
    )
    known = dataset.items.series.implode()
    better = ~ids.is_in(known) & other.is_in(known).fill_null(value=False) & ~other.is_in(ids.implode())
    return Catalogue(features.frame.with_columns(other.zip_with(better, ids).alias("id")))


def _labels(dataset: Dataset, positions: pl.Series) -> tuple[str, ...]:
    return tuple(dataset.catalogue.label(int(position)) for position in positions)
