"""Playlists as XSPF, XML of the namespace http://xspf.org/ns/0/ (see xspf.org/spec).

Read through defusedxml: a document that declares entities, or refers to others, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.errors import DataError, SegueError
from segue.readers.members import Member, contents, expanded, members
from segue.readers.playlist_lists import PlaylistLists, placed
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport
from segue.readers.tracks import Track

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SPACE: Final = "{http://xspf.org/ns/0/}"


@dataclass(frozen=True, slots=True)
class XSPF:
    """Playlists; each is a history in its own order."""

    name: ClassVar[str] = "xspf"
    description: ClassVar[str] = "playlists as XSPF, or a folder or zip of them"

    def sniff(self, path: Path) -> Guess | None:
        """XML that names the namespace of XSPF; a folder or zip with files called .xspf."""
        try:
            found = members(path, _wanted)
            if not found or path != found[0].path:
                return Guess(self.name, f"it holds {found[0].name}") if found else None
            head = found[0].head().lstrip(b"\xef\xbb\xbf \t\r\n")
        except SegueError:
            return None
        is_playlist = head.startswith(b"<") and b"xspf.org/ns/0" in head
        return Guess(self.name, "it is XML of the namespace xspf.org/ns/0") if is_playlist else None

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
        files = expanded(paths, _wanted, "*.xspf")
        lists, tallies = PlaylistLists(), []
        for file, content, tally in contents(files, self.name, "playlists", strict=strict, progress=progress):
            root = _parsed(content, file)
            tracks = [_track(track, file.folder) for track in root.iterfind(f"{_SPACE}trackList/{_SPACE}track")]
            name = _text(root, "title") or file.path.stem
            lists.add(name, [(track, None, f"track {place}") for place, track in enumerate(tracks, 1)], tally)
            tallies.append(tally)
        return lists.dataset(paths, tallies, format=self.name)


def _wanted(name: str) -> bool:
    return name.lower().endswith(".xspf")


def _parsed(content: bytes, file: Member) -> Element:
    try:
        root: Element = fromstring(content)
    except DefusedXmlException as error:
        raise DataError(
            f"{file.path} declares entities or refers to other documents ({type(error).__name__}), which no playlist "
            "needs; it is refused"
        ) from None
    except (ParseError, ValueError, LookupError) as error:
        raise DataError(f"{file.path} is damaged XML ({error}); save the playlist again") from None
    if root.tag != f"{_SPACE}playlist":
        raise DataError(f"{file.path} is XML, but no playlist of the namespace http://xspf.org/ns/0/")
    return root


def _track(track: Element, folder: Path) -> Track:
    addresses = [
        found for tag in ("identifier", "location") for each in track.iterfind(_SPACE + tag) if (found := _said(each))
    ]
    try:
        milliseconds = float(_text(track, "duration") or 0)
    except ValueError:
        milliseconds = 0.0
    duration = milliseconds / 1000 if 0 < milliseconds < 1e9 else None
    return placed(_text(track, "title"), _text(track, "creator"), _text(track, "album"), duration, addresses, folder)


def _text(element: Element, tag: str) -> str | None:
    found = element.find(_SPACE + tag)
    return None if found is None else _said(found)


def _said(element: Element) -> str | None:
    return (element.text or "").strip() or None
