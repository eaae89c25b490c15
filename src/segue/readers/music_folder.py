"""A folder of music: what the tags of the files say, and where each lies, so that one can ask for "only what I own".

Tags are read by mutagen (extra `audio`): title, artist, album, genres, ISRC, the MusicBrainz recording, the length.
What they leave out is taken from the names of file and folders: "Portishead/Dummy/03 - Roads.flac".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import SILENT, Progress
from segue.core.vocabulary import Vocabulary
from segue.dataset_files import Source
from segue.errors import DataError, MissingExtraError, SegueError
from segue.identity.identifiers import mbid
from segue.readers.listens import SELF
from segue.readers.members import Member, expanded, is_archive, members
from segue.readers.playlist_lists import AUDIO, name_of_file
from segue.readers.reader import NO_OPTIONS, Guess, ReadOptions
from segue.readers.report import ReadReport, Tally
from segue.readers.tracks import Track, Tracks

_TAGS: Final[Mapping[str, tuple[str, ...]]] = {  # mutagen's easy names; then ID3 as in WAV and AIFF; then WMA's
    "title": ("title", "TIT2", "Title"),
    "artist": ("artist", "TPE1", "Author", "albumartist", "TPE2", "WM/AlbumArtist"),
    "album": ("album", "TALB", "WM/AlbumTitle"),
    "genre": ("genre", "TCON", "WM/Genre"),
    "isrc": ("isrc", "TSRC", "WM/ISRC"),
    "recording": ("musicbrainz_trackid", "MusicBrainz/Track Id"),
}


@dataclass(frozen=True, slots=True)
class MusicFolder:
    """The tracks that a person has as files, each with its place; presence, without order or times."""

    name: ClassVar[str] = "music-folder"
    description: ClassVar[str] = "a folder of audio files, read by their tags"

    def sniff(self, path: Path) -> Guess | None:
        """A folder with audio files at any depth."""
        try:
            if not path.is_dir():
                return None
            found = members(path, _wanted)
        except SegueError:
            return None
        return Guess(self.name, f"it is a folder with audio files ({found[0].name})") if found else None

    def read(
        self,
        paths: Sequence[Path],
        options: ReadOptions = NO_OPTIONS,
        *,
        strict: bool = False,
        progress: Progress = SILENT,
    ) -> tuple[Dataset, ReadReport]:
        """The files of all folders as what one person, `me`, has. A track that lies there twice counts once.

        Raises MissingExtraError without mutagen.
        """
        options.only(format=self.name)
        try:
            import mutagen  # deferred: an optional library
        except ImportError:
            raise MissingExtraError("reading the tags of a music folder", "audio") from None
        for path in paths:
            if is_archive(path):
                raise DataError(f"{path} is an archive; unpack it, and name the folder")
        tracks, tallies = Tracks(), []
        owned: list[int] = []
        for path in paths:
            files = expanded([path], _wanted, "audio files")
            tally = Tally(path, _source(path, files), strict=strict)
            with progress.task(f"reading tags in {path.name}", len(files), "files") as task:
                for file in files:
                    tally.rows(1)
                    try:
                        told = mutagen.File(file.path, easy=True)
                    except Exception as error:  # noqa: BLE001  # parsers of damaged audio raise anything
                        tally.reject("the file is damaged", part=f"{_within(file, path)} ({type(error).__name__})")
                        continue
                    if told is None:
                        tally.reject("the file is no audio, whatever its name says", part=_within(file, path))
                        continue
                    position = tracks.position(_track(file.path, path, told))
                    assert position is not None  # a file has a name
                    owned.append(position)
                    task.advance(1, file.name)
            tallies.append(tally)
        if not owned:
            raise DataError(f"{', '.join(map(str, paths))}: none of the audio files can be read")
        distinct = np.unique(np.array(owned, np.int32))
        catalogue = tracks.catalogue()
        dataset = Dataset(
            Vocabulary([SELF]),
            Vocabulary(catalogue.frame["id"]),
            Histories(np.array([0, distinct.size], np.int64), distinct, np.ones(distinct.size, np.float32)),
            catalogue,
            feedback="presence",
        )
        counted = tuple(tally.report() for tally in tallies)
        return dataset, ReadReport(self.name, counted, len(owned) - distinct.size)


def _wanted(name: str) -> bool:
    return Path(name).suffix.lower() in AUDIO and not name.startswith("._")  # what macOS leaves beside a file


def _source(folder: Path, files: Sequence[Member]) -> Source:
    """The folder by the names, sizes and times of its files: reading them whole would take hours."""
    digest = hashlib.sha256()
    for file in files:
        changed = file.path.stat().st_mtime_ns
        digest.update(f"{_within(file, folder)}\0{file.size}\0{changed}\n".encode("utf-8", "surrogateescape"))
    return Source(folder.resolve().name, sum(file.size for file in files), digest.hexdigest(), MusicFolder.name)


def _within(file: Member, folder: Path) -> str:
    return file.path.relative_to(folder).as_posix() if file.path != folder else file.name


def _track(path: Path, folder: Path, told: Any) -> Track:
    tags: Mapping[str, Any] = told.tags or {}
    named_artist, named_title = name_of_file(path.name)
    parents = path.relative_to(folder).parts[:-1]
    length = getattr(told.info, "length", 0.0) or 0.0
    return Track(
        _first(tags, "title") or named_title,
        _first(tags, "artist") or named_artist or (parents[-2] if parents[1:] else None),
        _first(tags, "album") or (parents[-1] if parents[1:] else None),
        duration=float(length) if 0 < length < 1e6 else None,
        isrc=_first(tags, "isrc"),
        mbid=mbid(_first(tags, "recording")),
        location=str(path.absolute()),
        genres=tuple(_all(tags, "genre")) or None,
    )


def _all(tags: Mapping[str, Any], what: str) -> list[str]:
    for name in _TAGS[what]:
        try:
            values = tags.get(name) or []
        except (KeyError, ValueError, TypeError):  # some formats refuse names that they do not know
            continue
        listed = values if isinstance(values, list) else getattr(values, "text", [values])
        found = [text for value in listed if (text := str(value).strip("\0 \t\r\n"))]
        if found:
            return found
    return []


def _first(tags: Mapping[str, Any], what: str) -> str | None:
    return next(iter(_all(tags, what)), None)
