"""Playlists as JSPF: {"playlist": {"title": ..., "track": [{"title", "creator", "album", "duration" in ms, ...}]}}.

Identifiers and locations may be one address or a list of them; of them, Spotify URIs and MusicBrainz recordings become
ids. ListenBrainz and others export their playlists so. See xspf.org/jspf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, SegueError
from segue.readers.json_values import number, parsed, text
from segue.readers.members import Member, contents, expanded, members
from segue.readers.playlist_lists import PlaylistLists, placed
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.tracks import Track


@dataclass(frozen=True, slots=True)
class JSPF:
    """Playlists; each is a history in its own order."""

    name: ClassVar[str] = "jspf"
    description: ClassVar[str] = "playlists as JSPF, or a folder or zip of them"

    def sniff(self, path: Path) -> Guess | None:
        """A file called .jspf, or JSON that begins with a playlist."""
        try:
            found = members(path, _wanted)
            if not found or path != found[0].path:
                return Guess(self.name, f"it holds {found[0].name}") if found else None
            head = found[0].head().lstrip(b"\xef\xbb\xbf \t\r\n")
        except SegueError:
            return None
        begins = b"".join(head[:200].split())
        is_playlist = begins.startswith(b'{"playlist":{') and (_wanted(path.name) or b'"track"' in head)
        return Guess(self.name, "it is JSON that begins with a playlist") if is_playlist else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Each file is a playlist, called by its title, or else by its file name."""
        options.only(format=self.name)
        files = expanded(paths, _wanted, "*.jspf")
        lists, tallies = PlaylistLists(), []
        for file, content, tally in contents(files, self.name, "playlists", strict=strict, progress=progress):
            name, tracks = _playlist(parsed(content, file.path), file)
            lists.add(name, [(track, None, f"track {place}") for place, track in enumerate(tracks, 1)], tally)
            tallies.append(tally)
        return lists.dataset(paths, tallies, format=self.name)


def _wanted(name: str) -> bool:
    return name.lower().endswith(".jspf")


def _playlist(document: Any, file: Member) -> tuple[str, list[Track]]:
    playlist = document.get("playlist") if isinstance(document, dict) else None
    tracks = playlist.get("track") if isinstance(playlist, dict) else None
    if not isinstance(playlist, dict) or not isinstance(tracks, list):
        raise DataError(f"{file.path} is JSON, but no playlist with a list of tracks")
    return text(playlist.get("title")) or file.path.stem, [
        _track(track if isinstance(track, dict) else {}, file.folder) for track in tracks
    ]


def _track(track: Mapping[str, Any], folder: Path) -> Track:
    milliseconds = number(track.get("duration"))
    return placed(
        text(track.get("title")),
        text(track.get("creator")),
        text(track.get("album")),
        milliseconds / 1000 if milliseconds and milliseconds < 1e9 else None,
        [*_addresses(track.get("identifier")), *_addresses(track.get("location"))],
        folder,
    )


def _addresses(value: object) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [found for each in listed if (found := text(each)) is not None]
