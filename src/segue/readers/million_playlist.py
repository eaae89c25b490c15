"""The Spotify Million Playlist Dataset: JSON files `mpd.slice.<from>-<to>.json` with playlists of tracks.

Each playlist is a history in its own order, and a user with the id `<slice>:<pid>`, where the slice is the one that the
file itself names: a pid alone is not unique across files of different origin, and an id must not change with what else
is read. A file that is damaged or cut short is an error even when not strict, since a thousand playlists would be
missing.
Chen, Lamere, Schedl, Zamani, RecSys Challenge 2018.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import polars as pl

from segue.core.catalogue import Catalogue
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import Source
from segue.durable import translated
from segue.errors import DataError
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.text import require_file, whole_text

_SLICES: Final = "mpd.slice.*.json"
_HEAD: Final = 4096
_CONTEXT: Final[Mapping[str, pl.DataType]] = {
    "user": pl.String(),
    "name": pl.String(),
    "description": pl.String(),
    "collaborative": pl.Boolean(),
    "modified_at": pl.Int64(),  # seconds since 1970 UTC
    "num_followers": pl.Int64(),
}
_WORDS: Final = ("track_name", "artist_name", "album_name", "duration_ms")


@dataclass(frozen=True, slots=True)
class MillionPlaylist:
    """Playlists with their names, official or reduced fields; tracks may repeat inside a playlist."""

    name: ClassVar[str] = "million-playlist"
    description: ClassVar[str] = f"Spotify Million Playlist slices ({_SLICES}), or a folder of them"

    def sniff(self, path: Path) -> Guess | None:
        """A folder with slices, or a JSON file with a list of playlists."""
        if path.is_dir():
            slices = _slices_in(path)
            return Guess(self.name, f"it is a folder with {slices[0].name}") if slices else None
        return Guess(self.name, "it is a JSON file with a list of playlists") if _is_slice(path) else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Slices and folders of slices, in the order named; in a folder, by the first number in their names.

        A row is one entry of a playlist. Raises DataError for a damaged slice, with the byte up to which it is whole.
        """
        options.only(format=self.name)
        files, notes = _expanded(paths)
        playlists = _Playlists()
        tallies = []
        with progress.task("reading playlists", sum(path.stat().st_size for path in files), "bytes") as task:
            for path in files:
                content, source = _parsed(path)
                tally = Tally(path, source, strict=strict)
                playlists.add(content, path, tally)
                tallies.append(tally)
                task.advance(source.size, path.name)
        if not playlists.ids:
            raise DataError(f"{', '.join(map(str, paths))}: there is not one playlist that can be used")
        report = ReadReport(
            self.name, tuple(tally.report() for tally in tallies), playlists.merged, (*notes, *playlists.notes())
        )
        return playlists.dataset(), report


class _Playlists:
    """Gathers playlists and the tracks in them."""

    def __init__(self) -> None:
        self.ids: dict[str, bytes] = {}  # id -> digest of the tracks
        self.merged = 0
        self._lengths: list[int] = []
        self._entries: list[np.ndarray[Any, np.dtype[np.int32]]] = []
        self._context: dict[str, list[Any]] = {name: [] for name in _CONTEXT}
        self._tracks: dict[str, int] = {}
        self._known: tuple[list[Any], ...] = tuple([] for _ in _WORDS)
        self._incomplete: set[int] = set()  # the tracks of which not all is known
        self._renamed = self._miscounted = 0

    def add(self, content: Mapping[str, Any], path: Path, tally: Tally) -> None:
        """Takes every playlist of one slice."""
        origin = _origin(content, path)
        for number, playlist in enumerate(content["playlists"]):
            if not isinstance(playlist, dict) or not isinstance(playlist.get("tracks"), list):
                tally.rows(1)
                tally.reject("the playlist has no list of tracks", part=f"playlist {number + 1} of the file")
                continue
            tracks = playlist["tracks"]
            pid = playlist.get("pid")
            if isinstance(pid, bool) or not isinstance(pid, (int, str)) or pid == "":
                count = max(len(tracks), 1)
                tally.rows(count)
                tally.reject("the playlist has no pid", part=f"playlist {number + 1} of the file", count=count)
                continue
            tally.rows(len(tracks))
            uris = self._taken(_in_order(tracks), f"playlist {pid}", tally)
            self._miscounted += playlist.get("num_tracks", len(tracks)) != len(tracks)
            self._append(whole_text(f"{origin}:{pid}"), uris, playlist)

    def dataset(self) -> Dataset:
        """Everything gathered."""
        items = Vocabulary(list(self._tracks))
        titles, artists, albums, durations = self._known
        catalogue = {
            "id": items.series,
            "kind": pl.Series(["track"]).new_from_index(0, len(items)),
            "title": pl.Series(titles, dtype=pl.String),
            "artist": pl.Series(artists, dtype=pl.String),
            "album": pl.Series(albums, dtype=pl.String),
            "duration": pl.Series(durations, dtype=pl.Float32),
        }
        entries = np.concatenate(self._entries) if self._entries else np.zeros(0, np.int32)
        histories = Histories(
            np.concatenate([[0], np.cumsum(np.array(self._lengths, dtype=np.int64))]).astype(np.int64),
            entries,
            np.ones(entries.size, np.float32),
            order="position",
            context=pl.DataFrame(self._context, schema=dict(_CONTEXT)),
        )
        return Dataset(
            Vocabulary(list(self.ids)), items, histories, Catalogue(pl.DataFrame(catalogue)), feedback="presence"
        )

    def notes(self) -> list[str]:
        """What was seen that is worth knowing."""
        notes = []
        if self._renamed:
            notes.append(
                f"playlists with the slice and pid of an earlier one but other tracks: {self._renamed}; "
                "'~' and a digest of their tracks were added to their ids"
            )
        if self._miscounted:
            notes.append(f"playlists that hold another number of tracks than their num_tracks says: {self._miscounted}")
        return notes

    def _taken(self, tracks: Sequence[Any], where: str, tally: Tally) -> list[str]:
        """The ids of the tracks that can be used, after taking note of what is said of each."""
        uris = []
        for place, track in enumerate(tracks, 1):
            uri = track.get("track_uri") if isinstance(track, dict) else None
            if not isinstance(uri, str) or not uri:
                reason = "the track has no track_uri" if isinstance(track, dict) else "the track is not an object"
                tally.reject(reason, part=f"{where}, track {place}")
                continue
            uri = whole_text(uri)
            uris.append(uri)
            position = self._tracks.setdefault(uri, len(self._tracks))
            if position == len(self._known[0]):
                for column in self._known:
                    column.append(None)
                self._incomplete.add(position)
            if position in self._incomplete:
                self._learn(position, track)
        return uris

    def _learn(self, position: int, track: Mapping[str, Any]) -> None:
        """Takes note of what was not known of a track."""
        for column, key in zip(self._known, _WORDS, strict=True):
            if column[position] is None and key in track:
                column[position] = _seconds(track[key]) if key == "duration_ms" else _text(track[key])
        if all(column[position] is not None for column in self._known):
            self._incomplete.remove(position)

    def _append(self, user: str, uris: list[str], playlist: Mapping[str, Any]) -> None:
        positions = np.array([self._tracks[uri] for uri in uris], dtype=np.int32)
        digest = hashlib.blake2b("\n".join(uris).encode(), digest_size=8).digest()
        if user in self.ids and self.ids[user] != digest:
            user = f"{user}~{digest.hex()[:8]}"
            self._renamed += 1
        if user in self.ids:
            self.merged += positions.size
            return
        self.ids[user] = digest
        self._lengths.append(positions.size)
        self._entries.append(positions)
        collaborative = playlist.get("collaborative")
        values = (
            user,
            _text(playlist.get("name")),
            _text(playlist.get("description")),
            None if collaborative is None else str(collaborative).lower() == "true",
            _whole(playlist.get("modified_at")),
            _whole(playlist.get("num_followers")),
        )
        for column, value in zip(self._context.values(), values, strict=True):
            column.append(value)


def _expanded(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The slices that the paths name, and a note on files of a folder that were left out."""
    files: list[Path] = []
    notes: list[str] = []
    for path in paths:
        if not path.is_dir():
            require_file(path)
            files.append(path)
            continue
        slices = _slices_in(path)
        if not slices:
            raise DataError(f"{path} holds no {_SLICES} and no other JSON file with a list of playlists")
        files += slices
        others = sorted(other.name for other in path.glob("*.json") if other not in slices)
        if others:
            notes.append(f"of {path.name}, {', '.join(others)} was left out; name a file to have it read")
    return list(dict.fromkeys(files)), notes


def _slices_in(folder: Path) -> list[Path]:
    """The files named as slices, or else those that look like one, in order of the numbers in their names."""
    named = [path for path in folder.glob(_SLICES) if path.is_file()]
    found = named or [path for path in folder.glob("*.json") if _is_slice(path)]
    return sorted(found, key=lambda path: ([int(n) for n in re.findall(r"\d+", path.name)], path.name))


def _is_slice(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object and b'"playlists"' in head and b'"lastModifiedDate"' not in head  # as in Spotify's account data


def _parsed(path: Path) -> tuple[dict[str, Any], Source]:
    with translated(path):
        raw = path.read_bytes()
    source = Source(path.name, len(raw), hashlib.sha256(raw).hexdigest(), MillionPlaylist.name)
    if not raw:
        raise DataError(f"{path} is empty (0 bytes); expected a JSON object with a list of playlists")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is no UTF-8 text (byte {error.start} of {len(raw)}), so no JSON; copy it again, or leave it out"
        ) from None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        at = len(text[: error.pos].encode()) + len(raw) - len(text.encode())
        raise DataError(
            f"{path} is cut short or damaged: it is valid JSON up to byte {at} of {len(raw)} ({error.msg}); "
            "copy it again, or leave it out; nothing was imported"
        ) from None
    except RecursionError:
        raise DataError(f"{path} is nested too deeply to be a list of playlists") from None
    if not isinstance(content, dict) or not isinstance(content.get("playlists"), list):
        raise DataError(f"{path} is JSON, but no object with a list of playlists")
    return content, source


def _origin(content: Mapping[str, Any], path: Path) -> str:
    info = content.get("info")
    named = info.get("slice") if isinstance(info, dict) else None
    return named if isinstance(named, str) and named else path.stem.removeprefix("mpd.slice.")


def _in_order(tracks: list[Any]) -> list[Any]:
    """By the field "pos", where every track has one."""
    positions = [track.get("pos") if isinstance(track, dict) else None for track in tracks]
    known = [position for position in positions if isinstance(position, int)]
    if len(known) < len(tracks):
        return tracks
    return [tracks[number] for number in sorted(range(len(tracks)), key=known.__getitem__)]


def _text(value: object) -> str | None:
    """Names as they were typed: descriptions come with HTML entities."""
    return html.unescape(whole_text(value)) if isinstance(value, str) and value else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63 else None


def _seconds(milliseconds: object) -> float | None:
    known = isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool) and 0 < milliseconds < 1e12
    return milliseconds / 1000 if known else None  # type: ignore[operator]  # a number, as `known` says
