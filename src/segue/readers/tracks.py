"""Tracks as exports and playlists name them, gathered into a catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Final

import polars as pl

from segue.core.catalogue import COLUMNS, Catalogue
from segue.core.titles import fold, normalized
from segue.identity.identifiers import isrcs
from segue.readers.text import whole_text


@dataclass(frozen=True, slots=True)
class Track:
    """A track as an export names it; `id` is the export's own, or None. `duration` is in seconds."""

    title: str | None
    artist: str | None = None
    album: str | None = None
    id: str | None = None
    duration: float | None = None
    isrc: str | None = None
    mbid: str | None = None
    location: str | None = None
    genres: tuple[str, ...] | None = None


_KNOWN: Final = tuple(entry.name for entry in fields(Track) if entry.name != "id")


@dataclass
class Tracks:
    """Tracks by first appearance; what a later appearance knows and an earlier one did not is added."""

    _positions: dict[str, int] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in _KNOWN})

    def position(self, track: Track) -> int | None:
        """The position of a track; None where it has neither an id nor a title."""
        identifier = track.id or track.mbid or name_id(track)
        if identifier is None:
            return None
        identifier = whole_text(identifier)
        position = self._positions.setdefault(identifier, len(self._ids))
        if position == len(self._ids):
            self._ids.append(identifier)
            for column in self._columns.values():
                column.append(None)
        for name, column in self._columns.items():
            value = getattr(track, name)
            if column[position] is None and value is not None:
                column[position] = whole_text(value) if isinstance(value, str) else value
        return position

    def lengthen(self, position: int, seconds: float) -> None:
        """The track is at least this long."""
        known = self._columns["duration"][position]
        self._columns["duration"][position] = seconds if known is None else max(known, seconds)

    def duration(self, position: int) -> float | None:
        """Its length in seconds, where known."""
        return self._columns["duration"][position]

    def catalogue(self) -> Catalogue:
        """All tracks."""
        known = {name: column for name, column in self._columns.items() if any(v is not None for v in column)}
        columns = [pl.Series(name, column, dtype=COLUMNS[name]) for name, column in known.items()]
        columns = [isrcs(column) if column.name == "isrc" else column for column in columns]
        frame = pl.DataFrame({"id": pl.Series(self._ids, dtype=pl.String)})
        return Catalogue(frame.with_columns(pl.lit("track").alias("kind"), *columns))


def name_id(track: Track) -> str | None:
    """An id made of the name, the same for every spelling of the same recording: "massive attack - teardrop".

    A title that many pieces of one artist share ("Intro"), or whose artist is not known, takes the album along. None
    without a title.
    """
    if not track.title or not track.title.strip():
        return None
    name = normalized(track.artist or "", track.title)
    title = name.title.recording
    if track.album and (name.title.vague or not track.artist):
        title = f"{title} | on {fold(track.album)}"
    return f"{name.credits} - {title}" if track.artist else title
