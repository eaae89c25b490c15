"""What a catalogue says of which recording each item is: its name, and what its other columns add or contradict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import polars as pl

from segue.core.arrays import BoolArray
from segue.core.catalogue import Catalogue
from segue.core.titles import Name, read_artist, read_title
from segue.core.versions import Version
from segue.identity.identifiers import isrcs, mbids

By: TypeAlias = Literal["recording", "song"]

_APART_SECONDS: Final = 10.0  # durations of one recording differ by fades, silence and encoders
_APART_SHARE: Final = 0.05
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
        titles, self._titles = _titles(catalogue.column("title"))
        artists, self._artists = _artists(catalogue.column("artist"))
        told = (
            pl.DataFrame([catalogue.column(name) for name in ("title", "artist", "album", "kind", "duration")])
            .with_columns(isrcs(catalogue.column("isrc")), mbids(catalogue.column("mbid")))
            .join(titles, on="title", how="left", maintain_order="left")
            .join(artists, on="artist", how="left", maintain_order="left")
            .join(_albums(catalogue.column("album")), on="album", how="left", maintain_order="left")
        )
        named = pl.col("titled") & pl.col("credited") & (pl.col("kind").fill_null("track") == "track")
        identifier = pl.coalesce("isrc", "mbid", pl.lit(""))
        on_place = pl.concat_str(pl.lit(" | on "), pl.coalesce("album_name", "source"), pl.lit(" "), identifier)
        on_album = pl.concat_str(pl.lit(" | on "), "album_name").fill_null("")
        nothing = pl.lit("")
        self._told = told.select(
            "isrc",
            "mbid",
            "source",
            "duration",
            "guests",
            "title_number",
            "artist_number",
            "title_main",
            "artist_main",
            "artist_key",
            "vague",
            recording=pl.when(named).then(
                pl.concat_str(
                    "artist_key",
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
            # whose credits say more than the key: with guests, or several artists, and nothing left open
            credited=(
                named & ~pl.col("vague") & ~pl.col("bare_live") & (pl.col("several") | pl.col("guests").is_not_null())
            ).fill_null(value=False),
        )

    @property
    def isrc(self) -> pl.Series:
        """Valid ISRCs, else null."""
        return self._told["isrc"]

    @property
    def mbid(self) -> pl.Series:
        """Valid MBIDs, else null."""
        return self._told["mbid"]

    def keys(self, by: By) -> tuple[pl.Series, BoolArray]:
        """The key of each item (null where it has none), and which items were kept apart from others of their key.

        Items of one key stay apart where two of them name different films, and, as recordings, where their guests have
        nobody in common or their durations differ by more than 10 s and 5 %. An item that is silent on what the others
        contradict each other in stays with those that are silent too.
        """
        table = self._told.select(by, "source", "guests", "duration").with_row_index("item")
        contradicts = pl.col("source").drop_nulls().n_unique() > 1
        if by == "recording":
            contradicts |= pl.col("guests").drop_nulls().n_unique() > 1
            contradicts |= pl.col("duration").max() - pl.col("duration").min() > _APART_SECONDS
        suspects = (
            table.drop_nulls(by)
            .group_by(by, maintain_order=True)
            .agg("item", "source", "guests", "duration", contradicts=contradicts)
            .filter("contradicts")
        )
        keys = self._told[by].to_list()
        apart = np.zeros(len(keys), np.bool_)
        for group in suspects.iter_rows(named=True):
            labels = [_by_source(group["source"])]
            if by == "recording":
                labels += [_by_guests(group["guests"]), _by_duration(group["duration"])]
            for item, *label in zip(group["item"], *labels, strict=True):
                keys[item] += "".join(label)
            apart[group["item"]] = any(any(label) for label in labels)
        return pl.Series(by, keys, dtype=pl.String), apart

    def credits(self) -> pl.Series:
        """The key over all that are credited, for items with several artists or with guests; else null."""
        open_to = self._told.with_row_index("item").filter("credited").select("item", "artist_number", "title_number")
        found: list[str | None] = [None] * self._told.height
        for item, artist, title in open_to.iter_rows():
            found[item] = Name(self._artists[artist], self._titles[title]).credits
        return pl.Series("credits", found, dtype=pl.String)

    def names(self, by: By) -> pl.DataFrame:
        """The distinct keys in parts: item (its first), title, artist, artist_key, and rest: what else the key holds.

        Vague titles are left out.
        """
        parts = self._told.select("title_main", "artist_main", "artist_key", "vague", key=self.keys(by)[0])
        named = parts.with_row_index("item").drop_nulls("key").unique("key", keep="first", maintain_order=True)
        return named.filter(~pl.col("vague")).select(
            "item",
            "artist_key",
            title="title_main",
            artist="artist_main",
            rest=pl.col("key").str.strip_prefix(pl.concat_str("artist_key", pl.lit(" | "), "title_main")),
        )


def _titles(column: pl.Series) -> tuple[pl.DataFrame, list[Any]]:
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
            "guests": _strings(["; ".join(title.featured) or None for title in read]),
            "titled": np.array([bool(title.main) for title in read], np.bool_),
            "vague": np.array([title.vague for title in read], np.bool_),
            "bare_live": np.array([_BARE_LIVE in title.versions for title in read], np.bool_),
        }
    )
    return frame, read


def _artists(column: pl.Series) -> tuple[pl.DataFrame, list[Any]]:
    texts = column.drop_nulls().unique(maintain_order=True)
    read = [read_artist(text) for text in texts.to_list()]
    frame = pl.DataFrame(
        {
            "artist": texts,
            "artist_number": np.arange(len(read)),
            "artist_main": _strings([artist.main for artist in read]),
            "artist_key": _strings([artist.key for artist in read]),
            "several": np.array([len(artist.names) > 1 or bool(artist.featured) for artist in read], np.bool_),
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


def _by_guests(guests: Sequence[str | None]) -> list[str]:
    """Labels by whom the items have in common, directly or through another item."""
    named = [frozenset(listed.split("; ")) if listed else frozenset() for listed in guests]
    circles: list[frozenset[str]] = []
    for guest in named:
        met = [circle for circle in circles if circle & guest]
        if guest:
            circles = [circle for circle in circles if not circle & guest] + [guest.union(*met)]
    if len(circles) < 2:
        return [""] * len(guests)
    label = {name: min(circle) for circle in circles for name in circle}
    return [f" | with {label[min(guest)]}" if guest else "" for guest in named]


def _by_duration(durations: Sequence[float | None]) -> list[str]:
    """Labels by length: a new one where the next longer item is longer by more than 10 s and 5 %."""
    known = sorted(duration for duration in durations if duration is not None)
    label: dict[float, float] = {}
    for before, duration in zip([None, *known], known, strict=False):
        gap = 0.0 if before is None else duration - before
        same = before is not None and not gap > max(_APART_SECONDS, _APART_SHARE * before)
        label[duration] = label[before] if before is not None and same else duration
    if len(set(label.values())) < 2:
        return [""] * len(durations)
    return ["" if duration is None else f" | {label[duration]:.0f} s" for duration in durations]
