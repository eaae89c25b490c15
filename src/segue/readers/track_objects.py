"""Spotify's track objects as JSON: explicit, popularity, album, release date, artists, ISRC, length.

A list of objects, the list that is all a document holds ({"tracks": [...]}, {"items": [...]}), or an object in each
line; an object that holds the track under "track", as entries of playlists do, stands for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Final

import polars as pl

from segue.core.catalogue import COLUMNS, Catalogue
from segue.core.progress import SILENT, Progress, Task
from segue.readers import json_objects
from segue.readers.enricher import gathered, identified
from segue.readers.file_set import refuse_same
from segue.readers.json_values import number, text
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.text import TextFile, look_at, whole_text

_COLUMNS: Final = ("id", "title", "artist", "album", "explicit", "released", "duration", "popularity", "isrc")
_SCHEMA: Final = {name: COLUMNS[name] for name in _COLUMNS}


@dataclass(frozen=True, slots=True)
class TrackObjects:
    """What Spotify tells of a track, by its id, ISRC or name."""

    name: ClassVar[str] = "track-objects"
    description: ClassVar[str] = "Spotify track objects in JSON: explicit, popularity, album, release date, ISRC"

    def sniff(self, path: Path) -> Guess | None:
        """JSON whose first object has the keys of a track object."""
        first = _track(json_objects.first_object(path))
        if first is None or not ("explicit" in first and "artists" in first and "uri" in first):
            return None
        return Guess(self.name, "its first object has the keys explicit, artists and uri")

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Catalogue, ReadReport]:
        """Files one after another, each in memory. A release that names a month or a year only is on its first day."""
        options.only("encoding", format=self.name)
        rows: list[dict[str, Any]] = []
        reports = []
        for path in paths:
            content = look_at(path, self.name, encoding=options.encoding)
            lines = json_objects.is_lines(content)
            tally = (Tally if lines else json_objects.Entries)(path, content.source, strict=strict)
            with progress.task(f"reading {path.name}", content.source.size, "bytes") as task:
                found = _lines(content, task) if lines else enumerate(json_objects.entries(content, task), 1)
                for place, each in found:
                    tally.rows(1)
                    row = _row(each)
                    if isinstance(row, str):
                        tally.reject(row, place)
                    else:
                        rows.append(row)
            reports.append(tally.report())
        refuse_same(reports)
        return gathered(identified(pl.DataFrame(rows, schema=_SCHEMA)), reports, self.name)


def _lines(content: TextFile, task: Task) -> Iterator[tuple[int, Any]]:
    for block, first in content.blocks(task):
        for place, line in enumerate(block.decode(errors="replace").split("\n"), first):
            if line.strip():
                try:
                    yield place, json.loads(line)
                except (ValueError, RecursionError):
                    yield place, "the line is not valid JSON"


def _row(found: object) -> dict[str, Any] | str:
    """What one object tells, or why it is none."""
    if isinstance(found, str):
        return found
    track = _track(found)
    if track is None:
        return "there is no track object"
    album = _object(track.get("album"))
    artists = track.get("artists")
    named = [_text(_object(each).get("name")) for each in artists] if isinstance(artists, list) else []
    length = number(track.get("duration_ms"))
    explicit = track.get("explicit")
    row = {
        "id": _text(track.get("uri")) or _text(track.get("id")),
        "title": _text(track.get("name")),
        "artist": ", ".join(filter(None, named)) or None,
        "album": _text(album.get("name")),
        "explicit": explicit if isinstance(explicit, bool) else None,
        "released": _day(_text(album.get("release_date")) or ""),
        "duration": length / 1000 if length else None,
        "popularity": number(track.get("popularity")),
        "isrc": _text(_object(track.get("external_ids")).get("isrc")),
    }
    return row if row["id"] or row["title"] else "the track has neither an id nor a name"


def _track(found: object) -> dict[str, Any] | None:
    """The track that an object is, or that it holds."""
    if not isinstance(found, dict):
        return None
    if "track" not in found:
        return found
    return found["track"] if isinstance(found["track"], dict) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    plain = text(value)
    return None if plain is None else whole_text(plain)


def _day(told: str) -> date | None:
    """ "1999", "1999-05" and "1999-05-17" as days; None for anything else, such as the year 0000."""
    parts = [*told.split("-"), "1", "1"][:3] if told.count("-") < 3 else []
    try:
        return date(*(int(part) for part in parts))
    except (ValueError, TypeError):
        return None
