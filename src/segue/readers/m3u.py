"""Playlists as M3U and M3U8: one path or address in each line, and what EXTINF says of it in the line before.

`#EXTINF:253,Portishead - Roads` gives seconds, artist and title; `#EXTALB:` the album, `#EXTART:` the artist,
`#PLAYLIST:` the playlist's name. Paths may be relative to the file. Text is UTF-8, or else cp1252.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, SegueError, SettingsError
from segue.readers.members import Member, contents, expanded, is_archive, members
from segue.readers.playlist_lists import AUDIO, PlaylistLists, placed
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.text import looks_like_text
from segue.readers.tracks import Track

_MARK: Final = b"\xef\xbb\xbf"
_ENDINGS: Final = (".m3u", ".m3u8")


@dataclass(frozen=True, slots=True)
class M3U:
    """Playlists; each is a history in its own order."""

    name: ClassVar[str] = "m3u"
    description: ClassVar[str] = "playlists as M3U or M3U8, or a folder or zip of them"

    def sniff(self, path: Path) -> Guess | None:
        """A file that begins with #EXTM3U, or is called so and holds text; a folder or zip with some, and no audio."""
        try:
            if path.is_dir() or is_archive(path):
                found = members(path, _wanted)
                if not found or members(path, lambda name: Path(name).suffix.lower() in AUDIO):
                    return None
                return Guess(self.name, f"it holds {found[0].name}")
            if not path.is_file():
                return None
            head = Member(path, 0).head().removeprefix(_MARK)
        except SegueError:
            return None
        if head.lstrip().startswith(b"#EXTM3U"):
            return Guess(self.name, "it begins with #EXTM3U")
        named = _wanted(path.name) and head.strip() and looks_like_text(head)
        return Guess(self.name, f"it is text, and called {path.suffix}") if named else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """Each file is a playlist, called by its #PLAYLIST, or else by its file name."""
        options.only("encoding", format=self.name)
        files = expanded(paths, _wanted, "*.m3u or *.m3u8")
        lists, tallies, notes = PlaylistLists(), [], []
        for file, content, tally in contents(files, self.name, "playlists", strict=strict, progress=progress):
            text, note = _decoded(content, file, options.encoding)
            notes += note
            name, tracks = _tracks(text, file)
            lists.add(name, [(track, line, "") for track, line in tracks], tally)
            tallies.append(tally)
        return lists.dataset(paths, tallies, format=self.name, notes=notes)


def _wanted(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _decoded(content: bytes, file: Member, encoding: str | None) -> tuple[str, list[str]]:
    if encoding is not None:
        try:
            return content.decode(encoding, "replace"), []
        except LookupError:
            raise SettingsError(f"no encoding {encoding!r}; utf-8 and latin-1 are common ones") from None
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace"), [f"{file.name} is not UTF-8; it was read as cp1252 (--encoding)"]


def _tracks(text: str, file: Member) -> tuple[str, list[tuple[Track, int]]]:
    """The playlist's name, and its tracks with their lines."""
    if "\n#EXT-X-" in text.replace("\r", "\n"):
        raise DataError(f"{file.path} is the list of segments of a stream (HLS), not a playlist of tracks")
    name = file.path.stem
    seconds, title, artist, album = _nothing_said()
    found = []
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.strip()
        key, _, value = line.partition(":")
        value = value.strip()
        if line.startswith("#"):
            if key == "#EXTINF":
                seconds, told_artist, title = _said(value)
                artist = artist or told_artist
            elif key == "#EXTALB":
                album = value
            elif key == "#EXTART":
                artist = value
            elif key == "#PLAYLIST" and value:
                name = value
        elif line:
            found.append((placed(title, artist, album, seconds, [line], file.folder), number))
            seconds, title, artist, album = _nothing_said()
    return name, found


def _nothing_said() -> tuple[float | None, str | None, str | None, str | None]:
    return None, None, None, None


def _said(value: str) -> tuple[float | None, str | None, str | None]:
    """Seconds, artist and title of "253 key="value",Portishead - Roads"."""
    told, _, name = value.partition(",")
    if told.count('"') % 2:  # the comma stands inside a quoted attribute
        rest, _, name = name.partition('",')
        told += rest
    try:
        seconds = float(told.split()[0]) if told.split() else 0.0
    except ValueError:
        seconds = 0.0
    artist, dash, title = name.strip().partition(" - ")
    if not dash:
        return seconds if 0 < seconds < 1e6 else None, None, name.strip() or None
    return seconds if 0 < seconds < 1e6 else None, artist.strip() or None, title.strip() or None
