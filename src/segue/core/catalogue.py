"""What is known of each item."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Int32Array
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError

AUDIO_FEATURES: Final = (
    "danceability",
    "energy",
    "loudness",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "key",
    "mode",
    "time_signature",
)

COLUMNS: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "id": pl.String(),
        "kind": pl.String(),  # track, artist or album
        "title": pl.String(),
        "artist": pl.String(),
        "album": pl.String(),
        "genres": pl.List(pl.String()),
        "tags": pl.List(pl.String()),
        "explicit": pl.Boolean(),
        "released": pl.Date(),
        "duration": pl.Float32(),  # seconds
        "popularity": pl.Float32(),  # as the source gives it; counts of plays come from the histories
        "isrc": pl.String(),
        "mbid": pl.String(),
        "location": pl.String(),  # a path or an address where it can be played
        "recording": pl.String(),  # the same recording under several titles shares this key
        "song": pl.String(),  # the same song, live or acoustic too, shares this key
        "text": pl.String(),  # lyrics or a description
        **dict.fromkeys(AUDIO_FEATURES, pl.Float32()),
    }
)


class Catalogue:
    """One row per item, in order of position: a Polars frame with the columns of `COLUMNS`.

    Only "id" is required; of the others, those that the source knows. Columns are cast to their declared type and come
    in the declared order. Raises DataError for an undeclared column, a value that does not fit, a missing or a
    repeated id.
    """

    __slots__ = ("_frame",)

    _frame: pl.DataFrame

    def __init__(self, frame: pl.DataFrame) -> None:
        if "id" not in frame.columns:
            raise DataError(f"a catalogue needs the column 'id', got {frame.columns}")
        unknown = [name for name in frame.columns if name not in COLUMNS]
        if unknown:
            raise DataError(f"unknown catalogue columns {unknown}; known are {list(COLUMNS)}")
        present = [name for name in COLUMNS if name in frame.columns]
        try:
            typed = frame.select(pl.col(name).cast(COLUMNS[name]) for name in present)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"a catalogue value does not fit its column: {str(error).splitlines()[0]}") from None
        if typed["id"].null_count() or typed["id"].n_unique() != typed.height:
            raise DataError("catalogue ids must be present and distinct")
        object.__setattr__(self, "_frame", typed)

    @classmethod
    def bare(cls, items: Vocabulary) -> Catalogue:
        """A catalogue that knows only the ids."""
        return cls(pl.DataFrame({"id": items.series}))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Catalogue is immutable; make a new one of a changed frame")

    def __len__(self) -> int:
        return self._frame.height

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalogue):
            return NotImplemented
        return self._frame.equals(other._frame)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Catalogue({len(self)} items, columns {', '.join(self.columns)})"

    @property
    def frame(self) -> pl.DataFrame:
        """The rows."""
        return self._frame.clone()  # shares the memory; some methods of a frame change the frame they are called on

    @property
    def columns(self) -> list[str]:
        """The columns that this catalogue has, in declared order."""
        return self._frame.columns

    def has(self, column: str) -> bool:
        """True where the column is there and at least one value is known."""
        return column in self._frame.columns and self._frame[column].null_count() < len(self)

    def column(self, name: str) -> pl.Series:
        """One column, nulls where the source does not know; all nulls for a declared column that is absent."""
        if name in self._frame.columns:
            return self._frame[name]
        if name not in COLUMNS:
            raise DataError(f"unknown catalogue column {name!r}; known are {list(COLUMNS)}")
        return pl.Series(name, [None], dtype=COLUMNS[name]).new_from_index(0, len(self))

    def label(self, position: int) -> str:
        """What a person would call the item: "artist - title", the title, or the id."""
        row = self._frame.select(c for c in ("id", "title", "artist") if c in self._frame.columns).row(
            position, named=True
        )
        title, artist = row.get("title"), row.get("artist")
        if title and artist:
            return f"{artist} - {title}"
        return str(title or artist or row["id"])

    @property
    def labels(self) -> pl.Series:
        """The label of every item, in order."""
        title, artist = (
            pl.when(pl.col(name) != "").then(name) if name in self._frame.columns else pl.lit(None, pl.String)
            for name in ("title", "artist")
        )
        both = pl.concat_str(artist, title, separator=" - ")
        return self._frame.select(pl.coalesce(both, title, artist, "id").alias("label"))["label"]

    def codes(self, column: str) -> Int32Array:
        """A text column as dense codes by first appearance, int32, shape (n,); -1 where it is unknown."""
        values = self.column(column)
        distinct = values.drop_nulls().unique(maintain_order=True)
        table = pl.DataFrame({column: distinct, "code": np.arange(distinct.len(), dtype=np.int32)})
        joined = values.to_frame().join(table, on=column, how="left", maintain_order="left")
        return joined["code"].fill_null(-1).to_numpy().astype(np.int32, copy=False)
