"""Readers: one file per source format, each making a Dataset of it and accounting for every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from segue.core.dataset import Dataset
from segue.core.progress import SILENT, Progress
from segue.durable import translated
from segue.errors import DataError, SettingsError
from segue.readers.apple_music import AppleMusic
from segue.readers.audioscrobbler import Audioscrobbler
from segue.readers.interactions_typed import TypedInteractions
from segue.readers.jspf import JSPF
from segue.readers.lastfm_1k import LastFM1K
from segue.readers.lastfm_2k import LastFM2K
from segue.readers.lastfm_csv import LastfmCSV
from segue.readers.listenbrainz import ListenBrainz
from segue.readers.m3u import M3U
from segue.readers.members import is_archive
from segue.readers.million_playlist import MillionPlaylist
from segue.readers.music_folder import MusicFolder
from segue.readers.nowplaying import NowPlaying
from segue.readers.ratings_json import RatingsJson
from segue.readers.reader import NO_OPTIONS, Guess, Reader, ReadOptions
from segue.readers.report import FileReport, Place, ReadReport, Rejection
from segue.readers.spotify_account import SpotifyAccount
from segue.readers.spotify_history import SpotifyHistory
from segue.readers.table import Table
from segue.readers.taste_profile import TasteProfile
from segue.readers.text import look_at
from segue.readers.user_lists import UserLists
from segue.readers.xspf import XSPF

__all__ = [
    "GENERAL",
    "PERSONAL",
    "READERS",
    "FileReport",
    "Guess",
    "Place",
    "ReadOptions",
    "ReadReport",
    "Reader",
    "Rejection",
    "read",
    "sniff",
]

READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        reader.name: reader
        for reader in (  # the particular first
            LastFM2K(),
            LastFM1K(),
            TasteProfile(),
            Audioscrobbler(),
            NowPlaying(),
            TypedInteractions(),
            RatingsJson(),
            MillionPlaylist(),
            UserLists(),
            SpotifyHistory(),
            SpotifyAccount(),
            ListenBrainz(),
            LastfmCSV(),
            AppleMusic(),
            M3U(),
            JSPF(),
            XSPF(),
            MusicFolder(),
            Table(),
        )
    }
)

GENERAL: Final = (UserLists.name, Table.name)  # forms that others are special cases of: taken where no other fits
PERSONAL: Final = frozenset(  # what one person has or heard, under ids of the service that wrote it down
    reader.name
    for reader in (SpotifyHistory, SpotifyAccount, ListenBrainz, LastfmCSV, AppleMusic, M3U, JSPF, XSPF, MusicFolder)
)


def sniff(path: Path) -> Guess:
    """What a file, folder or archive seems to be.

    Raises DataError, with what was looked for, where no reader knows it, and with what was found where several do; a
    table is meant only where nothing more particular fits.
    """
    with translated(path):
        path.stat()
    guesses: list[Guess] = []
    for reader in READERS.values():
        guess = reader.sniff(path) if not guesses or reader.name not in GENERAL else None
        if guess is not None:
            guesses.append(guess)
    if len(guesses) > 1:
        told = "; ".join(f"{guess.format} ({guess.why})" for guess in guesses)
        raise DataError(f"{path} could be of several forms: {told}; choose one with --format")
    if guesses:
        return guesses[0]
    if path.is_file() and not is_archive(path):
        look_at(path, "unknown")  # says so where the file is empty or binary
    looked_for = "; ".join(f"{reader.name} ({reader.description})" for reader in READERS.values())
    kind = "folder" if path.is_dir() else "zip archive" if is_archive(path) else "file"
    raise DataError(f"{path} is a {kind} in no form that is known; looked for {looked_for}; name one with --format")


def read(
    paths: Sequence[Path],
    format: str | None = None,  # noqa: A002  # the word that the command line uses
    options: ReadOptions = NO_OPTIONS,
    *,
    strict: bool = False,
    progress: Progress = SILENT,
) -> tuple[Dataset, ReadReport]:
    """Reads files or folders by the reader named `format`, or the one that fits them all.

    Raises what `sniff` and `Reader.read` raise, and DataError where the paths are of different forms.
    """
    if not paths:
        raise SettingsError("name at least one file or folder to read")
    if format is None:
        guesses = {path: sniff(path).format for path in paths}
        if len(set(guesses.values())) > 1:
            told = ", ".join(f"{path} is {guess}" for path, guess in guesses.items())
            raise DataError(f"the paths are of different forms ({told}); import them one by one")
        format = guesses[paths[0]]  # noqa: A001
    if format not in READERS:
        raise SettingsError(f"no format {format!r}; there are {', '.join(READERS)}")
    return READERS[format].read(paths, options, strict=strict, progress=progress)
