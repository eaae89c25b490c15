"""What a catalogue says of which recording each item is: its name, and what its other columns add or contradict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
import polars as pl

from segue.core.arrays import BoolArray
from segue.core.catalogue import Catalogue
from segue.core.titles import Artist, Name, Title, read_artist, read_title
from segue.core.versions import Version
from segue.identity.identifiers import isrcs, mbids

By: TypeAlias = Literal["recording", "song"]

APART_SECONDS: Final = 10.0  # durations of one recording differ by fades, silence and encoders
APART_SHARE: Final = 0.05
_BARE_LIVE: Final = Version("live")


class Evidence:
    """The names of a catalogue read into parts, each distinct text once, and the keys made of them.

    Where a name leaves open which recording is meant, other columns decide:
    - a vague title ("Intro", "Main Theme") takes the album or the film into its key, and the ISRC or MBID where known;
      without an album or a film it has no key;
    - a bare "live" takes the album, where known;
    - an artist that names nobody ("Various Artists"), a missing artist or title, and rows that are no tracks: no key.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        titles, read_titles = _titles(catalogue.column("title"))
        artists, read_artists = _artists(catalogue.column("artist"))
        told = (
            pl.DataFrame([catalogue.column(name) for name in ("title", "artist", "album", "kind", "duration")])
            .with_columns(isrcs(catalogue.column("isrc")), mbids(catalogue.column("mbid")))
            .join(titles, on="title", how="left", maintain_order="left")
            .join(artists, on="artist", how="left", maintain_order="left")
            .join(_albums(catalogue.column("album")), on="album", how="left", maintain_order="left")
            .with_row_index("item")
        )
        with_guests = told.filter(pl.col("has_guests") | pl.col("artist_has_guests"))
        credited = told["artist_key"].to_list()
        for item, artist, title in with_guests.select("item", "artist_number", "title_number").iter_rows():
            if artist is not None and title is not None:
                credited[item] = Name(read_artists[artist], read_titles[title]).credits
        named = pl.col("titled") & pl.col("credited") & (pl.col("kind").fill_null("track") == "track")
        identifier = pl.coalesce("isrc", "mbid", pl.lit(""))
        on_place = pl.concat_str(pl.lit(" | on "), pl.coalesce("album_name", "source"), pl.lit(" "), identifier)
        on_album = pl.concat_str(pl.lit(" | on "), "album_name").fill_null("")
        nothing = pl.lit("")
        self._told = told.with_columns(credits=_strings(credited)).select(
            "item",
            "isrc",
            "mbid",
            "artist_key",
            "source",
            "duration",
            "title_main",
            "vague",
            recording=pl.when(named).then(
                pl.concat_str(
                    "credits",
                    pl.lit(" | "),
                    "title_recording",
                    pl.when("vague").then(on_place).when("bare_live").then(on_album).otherwise(nothing),
                )
            ),
            song=pl.when(named).then(
                pl.concat_str(
                    "artist_key", pl.lit(" | "), "title_song", pl.when("vague").then(on_place).otherwise(nothing)
                )
            ),
        )

    @property
    def isrc(self) -> pl.Series:
        """Valid ISRCs, else null."""
        return self._told["isrc"]

    @property
    def mbid(self) -> pl.Series:
        """Valid MBIDs, else null."""
        return self._told["mbid"]

    @property
    def artist(self) -> pl.Series:
        """The artists' part of the song keys (`Artist.key`), whether they name anybody or not; null without one."""
        return self._told["artist_key"]

    def by_name(self, by: By) -> pl.Series:
        """The key that the names alone give each item, whatever else tells items of one key apart; null without one."""
        return self._told[by]

    def keys(self, by: By) -> tuple[pl.Series, BoolArray]:
        """The key of each item (null where it has none), and which items were kept apart from others of their key.

        Items of one song stay apart where they name different films, those of one recording where their durations
        differ by more than 10 s and 5 %. An item that is silent on what the others contradict each other in stays with
        those that are silent too.
        """
        if by == "recording":
            contradicts = pl.col("duration").max() - pl.col("duration").min() > APART_SECONDS
        else:
            contradicts = pl.col("source").drop_nulls().n_unique() > 1
        doubtful = (
            self._told.drop_nulls(by)
            .group_by(by, maintain_order=True)
            .agg("item", "source", "duration", contradicts=contradicts)
            .filter("contradicts")
        )
        keys = self._told[by].to_list()
        apart = np.zeros(len(keys), np.bool_)
        for group in doubtful.iter_rows(named=True):
            labels = _by_duration(group["duration"]) if by == "recording" else _by_source(group["source"])
            for item, label in zip(group["item"], labels, strict=True):
                keys[item] += label
            apart[group["item"]] = any(labels)
        return pl.Series(by, keys, dtype=pl.String), apart

    def names(self, by: By) -> pl.DataFrame:
        """The distinct keys in parts: item (its first), title, credits, and rest: what else it holds.

        Vague titles are left out.
        """
        named = (
            self._told.with_columns(key=self.keys(by)[0])
            .drop_nulls("key")
            .unique("key", keep="first", maintain_order=True)
            .filter(~pl.col("vague"))
        )
        parts = pl.col("key").str.splitn(" | ", 3)
        return named.select(
            "item",
            title="title_main",
            credits=parts.struct.field("field_0"),
            rest=parts.struct.field("field_2").fill_null(""),
        )


def _titles(column: pl.Series) -> tuple[pl.DataFrame, list[Title]]:
    texts = column.drop_nulls().unique(maintain_order=True)
    read = [read_title(text) for text in texts.to_list()]
    frame = pl.DataFrame(
        {
            "title": texts,
            "title_number": np.arange(len(read)),
            "title_main": _strings([title.main for title in read]),
            "title_recording": _strings([title.recording for title in read]),
            "title_song": _strings([title.song for title in read]),
            "source": _strings([title.source or None for title in read]),
            "has_guests": np.array([bool(title.featured) for title in read], np.bool_),
            "titled": np.array([bool(title.main) for title in read], np.bool_),
            "vague": np.array([title.vague for title in read], np.bool_),
            "bare_live": np.array([_BARE_LIVE in title.versions for title in read], np.bool_),
        }
    )
    return frame, read


def _artists(column: pl.Series) -> tuple[pl.DataFrame, list[Artist]]:
    texts = column.drop_nulls().unique(maintain_order=True)
    read = [read_artist(text) for text in texts.to_list()]
    frame = pl.DataFrame(
        {
            "artist": texts,
            "artist_number": np.arange(len(read)),
            "artist_key": _strings([artist.key for artist in read]),
            "artist_has_guests": np.array([bool(artist.featured) for artist in read], np.bool_),
            "credited": np.array([bool(artist.key) and not artist.vague for artist in read], np.bool_),
        }
    )
    return frame, read


def _albums(column: pl.Series) -> pl.DataFrame:
    texts = column.drop_nulls().unique(maintain_order=True)
    return pl.DataFrame({"album": texts, "album_name": _strings([read_title(text).main for text in texts.to_list()])})


def _strings(values: Sequence[str | None]) -> pl.Series:
    return pl.Series(values, dtype=pl.String)


def _by_source(sources: Sequence[str | None]) -> list[str]:
    if len({source for source in sources if source}) < 2:
        return [""] * len(sources)
    return [f" | from {source}" if source else "" for source in sources]


def _by_duration(durations: Sequence[float | None]) -> list[str]:
    """Labels by length: a new one where the next longer item is longer by more than 10 s and 5 %."""
    known = sorted(duration for duration in durations if duration is not None)
    label: dict[float, float] = {}
    for before, duration in zip([None, *known], known, strict=False):
        gap = 0.0 if before is None else duration - before
        same = before is not None and not gap > max(APART_SECONDS, APART_SHARE * before)
        label[duration] = label[before] if before is not None and same else duration
    if len(set(label.values())) < 2:
        return [""] * len(durations)
    return ["" if duration is None else f" | {label[duration]:.0f} s" for duration in durations]
