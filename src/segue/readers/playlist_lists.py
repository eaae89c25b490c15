"""Playlists of any file format, gathered into histories: a playlist is a history in its own order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final
from urllib.parse import unquote, urlsplit

import numpy as np
import polars as pl

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.vocabulary import Vocabulary
from segue.errors import DataError
from segue.identity.identifiers import mbid
from segue.readers.report import ReadReport, Tally
from segue.readers.text import whole_text
from segue.readers.tracks import Track, Tracks

AUDIO: Final = frozenset(
    (
        *(".aac", ".aif", ".aiff", ".alac", ".ape", ".dsf", ".flac", ".m4a", ".m4b", ".mp3", ".mp4", ".mpc", ".oga"),
        *(".ogg", ".opus", ".tta", ".wav", ".wma", ".wv"),
    )
)
_NUMBERED: Final = re.compile(  # "03 - ", "1-07. "; before a mere blank only what a track number may be
    r"^(?:(?:\d{1,2}[-.])?\d{1,3}\s*[-._]\s*|(?:\d{1,2}[-.])?[0-2]\d\s+)(?=\D)"
)
_SPOTIFY: Final = re.compile(r"^(?:spotify:track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/)([A-Za-z0-9]{22})\b")
_RECORDING: Final = re.compile(r"^https?://(?:\w+\.)?musicbrainz\.org/recording/([0-9A-Fa-f-]{36})")


class PlaylistLists:
    """Gathers playlists and the tracks in them."""

    def __init__(self) -> None:
        self._tracks = Tracks()
        self._names: list[str] = []
        self._lists: list[list[int]] = []

    def add(self, name: str, tracks: Sequence[tuple[Track, int | None, str]], tally: Tally) -> None:
        """One playlist; each track with its line and its part for the report. Those that name nothing are rejected."""
        found = []
        for track, line, part in tracks:
            tally.rows(1)
            position = self._tracks.position(track)
            if position is None:
                tally.reject("the entry has neither a title nor an address", line, part=part)
            else:
                found.append(position)
        self._names.append(whole_text(name))
        self._lists.append(found)

    def dataset(
        self,
        paths: Sequence[Path],
        tallies: Sequence[Tally],
        *,
        format: str,  # noqa: A002  # the word that the command line uses
        notes: Sequence[str] = (),
    ) -> tuple[Dataset, ReadReport]:
        """One user per playlist, with its name as the id ("Mix", "Mix (2)"); DataError where all are empty."""
        if not any(self._lists):
            raise DataError(f"{', '.join(map(str, paths))}: there is not one track in it")
        catalogue = self._tracks.catalogue()
        entries = np.array([position for each in self._lists for position in each], np.int32)
        histories = Histories(
            np.concatenate([[0], np.cumsum([len(each) for each in self._lists])]).astype(np.int64),
            entries,
            np.ones(entries.size, np.float32),
            order="position",
            context=pl.DataFrame({"name": pl.Series(self._names, dtype=pl.String)}),
        )
        items = Vocabulary(catalogue.frame["id"])
        dataset = Dataset(Vocabulary(_distinct(self._names)), items, histories, catalogue, feedback="presence")
        return dataset, ReadReport(format, tuple(tally.report() for tally in tallies), 0, tuple(notes))


def placed(
    title: str | None,
    artist: str | None,
    album: str | None,
    duration: float | None,
    addresses: Sequence[str],
    folder: Path,
) -> Track:
    """A track of a playlist. Its id is, of what its addresses tell, a Spotify URI or else an MBID; else its name; else
    its place. A title that is missing is taken from the file's name. Relative paths are seen from `folder`."""
    spotify = next((f"spotify:track:{found[1]}" for a in addresses if (found := _SPOTIFY.match(a))), None)
    recording = next((found[1] for a in addresses if (found := _RECORDING.match(a))), None)
    place = next((a for a in addresses if not _SPOTIFY.match(a) and not _RECORDING.match(a)), None)
    location = None if place is None else located(place, folder)
    if not title and location is not None and urlsplit(location).scheme not in ("http", "https"):
        named_artist, title = name_of_file(location)
        artist = artist or named_artist
    identifier = spotify or (None if title else location)
    return Track(
        title or None, artist or None, album or None, identifier, duration or None, None, mbid(recording), location
    )


def located(address: str, folder: Path) -> str:
    """A path or an address in one form: "file://" taken off, relative paths made absolute; the disk is not asked."""
    if address.lower().startswith("file:"):
        address = unquote(urlsplit(address).path)
        address = address[1:] if re.match(r"^/[A-Za-z]:", address) else address
    if urlsplit(address).scheme and not re.match(r"^[A-Za-z]:[\\/]", address):
        return address
    if PureWindowsPath(address).is_absolute() or PurePosixPath(address).is_absolute():
        return address
    parts: list[str] = []
    for part in (*folder.absolute().parts[1:], *re.split(r"[\\/]", address)):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def name_of_file(place: str) -> tuple[str | None, str]:
    """Artist, where it tells one, and title by a file's name: "03 - Portishead - Roads.mp3" -> Portishead, Roads."""
    name = re.split(r"[\\/]", place)[-1]
    stem, dot, ending = name.rpartition(".")
    stem = stem if dot and f".{ending.lower()}" in AUDIO else name
    stem = stem.replace("_", " ") if " " not in stem else stem
    plain = _NUMBERED.sub("", stem).strip() or stem
    artist, dash, title = plain.partition(" - ")
    return (artist.strip(), title.strip()) if dash and artist.strip() and title.strip() else (None, plain)


def _distinct(names: Sequence[str]) -> list[str]:
    taken: set[str] = set()
    result = []
    for name in names:
        number, candidate = 1, name
        while candidate in taken:
            number += 1
            candidate = f"{name} ({number})"
        taken.add(candidate)
        result.append(candidate)
    return result
