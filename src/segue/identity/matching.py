"""Which items of one catalogue are items of another: by id, ISRC, MBID, and then by name.

The first evidence that finds anything decides. By name, items match that share the recording key (see
`segue.identity.keys`) and whose lengths, where both are known, do not contradict each other (10 s and 5 %). Where
several items fit, those of the same album go before others, then the most played one is taken, and it is counted as
ambiguous: they all go by the name of one recording.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import BoolArray, Float64Array, Int32Array, frozen
from segue.core.catalogue import Catalogue
from segue.core.titles import fold
from segue.identity.evidence import APART_SECONDS, APART_SHARE, Evidence

WAYS: Final = ("id", "ISRC", "MBID", "name")


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """What each item of a catalogue is in another.

    positions: int32, shape (n,): the item that it is there, -1 where it is none.
    how:       a text column: one of WAYS, or why it is not there.
    several:   bool, shape (n,): other items fitted as well, and the most played one was taken.
    """

    positions: Int32Array
    how: pl.Series
    several: BoolArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", frozen(self.positions, np.int32))
        object.__setattr__(self, "several", frozen(self.several, np.bool_))

    @property
    def matched(self) -> int:
        """How many were found, the ambiguous ones included."""
        return int(np.count_nonzero(self.positions >= 0))

    @property
    def ambiguous(self) -> int:
        """How many of them fitted several items."""
        return int(np.count_nonzero(self.several))

    def counts(self) -> Mapping[str, int]:
        """How many in each way, and how many are missing for each reason; the ways first, then the most frequent."""
        found = dict(self.how.value_counts(sort=True).iter_rows())
        ways = {way: found.pop(way) for way in WAYS if way in found}
        return {**ways, **found}


def matches(asked: Catalogue, known: Catalogue, played: Float64Array) -> Matches:
    """Finds the items of `asked` in `known`; `played` (float64, a value per known item) says which are played most."""
    ours, theirs = _told(known), _told(asked)
    ours = ours.with_columns(pl.Series("played", played))
    positions = np.full(len(asked), -1, np.int32)
    several = np.zeros(len(asked), np.bool_)
    how = np.full(len(asked), None, dtype=object)
    for way, key in zip(WAYS, ("id", "isrc", "mbid", "recording"), strict=True):
        left = theirs.filter(pl.Series(positions < 0)).drop_nulls(key)
        pairs = left.join(ours.drop_nulls(key), on=key, how="inner", suffix="_known")
        if way == "name":
            gap = (pl.col("duration") - pl.col("duration_known")).abs()
            longer = pl.max_horizontal("duration", "duration_known")
            close = (gap <= APART_SECONDS) | (gap <= APART_SHARE * longer)
            pairs = pairs.filter(close.fill_null(True))
        same_album = pl.col("album").eq_missing(pl.col("album_known"))
        best = (
            pairs.sort("item", ~same_album, -pl.col("played"), "item_known")
            .group_by("item", maintain_order=True)
            .agg(pl.col("item_known").first(), pl.len().alias("fitting"))
        )
        rows = best["item"].to_numpy()
        positions[rows] = best["item_known"].to_numpy()
        several[rows] = best["fitting"].to_numpy() > 1
        how[rows] = way
    missing = theirs.filter(pl.Series(positions < 0))
    how[missing["item"].to_numpy()] = _reasons(missing, ours).to_list()
    return Matches(positions, pl.Series("how", how.tolist(), dtype=pl.String), several)


def _told(catalogue: Catalogue) -> pl.DataFrame:
    evidence = Evidence(catalogue)
    albums = pl.Series([None if name is None else fold(name) for name in catalogue.column("album").to_list()])
    return (
        pl.DataFrame(
            {
                "id": catalogue.frame["id"],
                "isrc": evidence.isrc,
                "mbid": evidence.mbid,
                "recording": evidence.by_name("recording"),
                "song": evidence.by_name("song"),
                "duration": catalogue.column("duration"),
                "artist": evidence.artist,
                "album": albums.cast(pl.String),
            }
        )
        .with_row_index("item")
        .with_columns(pl.col("item").cast(pl.Int32))
    )


def _reasons(missing: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
    def there(column: str) -> pl.Expr:
        return pl.col(column).is_in(known[column].drop_nulls().unique().implode())

    reason = (
        pl.when(pl.col("recording").is_null())
        .then(pl.lit("its name says too little (no title, no artist, or one that many share)"))
        .when(there("recording"))
        .then(pl.lit("one of that name is there, but of another length"))
        .when(there("song"))
        .then(pl.lit("only another version of the song is there"))
        .when(there("artist"))
        .then(pl.lit("the artist is there, but not this title"))
        .otherwise(pl.lit("the artist is not there"))
    )
    return missing.select(reason.alias("how"))["how"]
