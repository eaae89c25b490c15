"""Who recorded what: artists, their albums and songs, and the versions in which a song comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from segue.simulation.genres import GENRES, ROOT_OF_GENRE, ROOTS, Genre
from segue.simulation.naming import album_titles, artist_names, place, titles

LAST_YEAR: Final = 2023  # plays are of 2024, so that nothing is played before it is released

Version: TypeAlias = Literal["studio", "live", "remaster", "acoustic", "reissue"]

_VERSION_RATE: Final = 0.08  # of an artist's tracks that are another version of an earlier one
_VERSIONS: Final[tuple[Version, ...]] = ("live", "remaster", "acoustic", "reissue")
_VERSION_SHARES: Final = (0.4, 0.25, 0.15, 0.2)
_GUEST_RATE: Final = {"hip hop": 0.25, "pop": 0.12, "electronic": 0.10, "soul": 0.10, "latin": 0.15}


@dataclass(frozen=True, slots=True)
class Artist:
    """An artist, the genre (a position in GENRES) and how many tracks there are."""

    name: str
    genre: int
    tracks: int


@dataclass(frozen=True, slots=True)
class Track:
    """A track by the artist `artist`; `original` is the position of the track that it is a version of, or its own."""

    title: str
    artist: int
    album: int
    album_title: str
    year: int
    version: Version
    original: int


def artists(genres: np.ndarray[tuple[int], np.dtype[np.int64]], tracks: int, rng: np.random.Generator) -> list[Artist]:
    """One artist for each of these genres, sharing so many tracks with a heavy tail; everyone has at least one."""
    roots = [ROOTS[ROOT_OF_GENRE[genre]].name for genre in genres.tolist()]
    weights = rng.lognormal(0.0, 0.6, len(roots))
    sizes = 1 + rng.multinomial(tracks - len(roots), weights / weights.sum())
    names = artist_names(roots, rng)
    return [Artist(*row) for row in zip(names, genres.tolist(), sizes.tolist(), strict=True)]


def discography(everyone: list[Artist], rng: np.random.Generator) -> list[Track]:
    """All tracks, artist after artist, each artist's albums in the order of their release."""
    found: list[Track] = []
    n_albums = 0
    for number, artist in enumerate(everyone):
        n_versions = int(rng.binomial(max(0, artist.tracks - 3), _VERSION_RATE))
        n_albums = _studio(found, everyone, number, artist.tracks - n_versions, n_albums, rng)
        n_albums = _versions(found, number, artist, n_versions, n_albums, rng)
    return found


def _studio(
    found: list[Track], everyone: list[Artist], number: int, count: int, n_albums: int, rng: np.random.Generator
) -> int:
    genre = GENRES[everyone[number].genre]
    root = ROOTS[ROOT_OF_GENRE[everyone[number].genre]].name
    songs = titles(root, count, rng)
    sizes = _album_sizes(count, rng)
    names = album_titles(root, songs, len(sizes), rng)
    year = _debut(genre, rng)
    start = 0
    for size, name in zip(sizes, names, strict=True):
        for song in songs[start : start + size]:
            title = song
            if rng.random() < _GUEST_RATE.get(root, 0.03):
                guest = everyone[int(rng.integers(len(everyone)))].name
                title = f"{song} (feat. {guest})" if guest != everyone[number].name else song
            found.append(Track(title, number, n_albums, name, year, "studio", len(found)))
        start += size
        n_albums += 1
        year = min(LAST_YEAR, year + int(rng.integers(1, 5)))
    return n_albums


def _versions(
    found: list[Track], number: int, artist: Artist, count: int, n_albums: int, rng: np.random.Generator
) -> int:
    """Adds other versions of songs by this artist, each kind on an album of its own."""
    first = len(found) - (artist.tracks - count)
    originals = first + rng.permutation(artist.tracks - count)[:count]
    kinds = rng.choice(len(_VERSIONS), count, p=_VERSION_SHARES)
    for kind in sorted(set(kinds.tolist())):
        version = _VERSIONS[kind]
        chosen = [found[position] for position in sorted(originals[kinds == kind].tolist())]
        latest = max(track.year for track in chosen)
        year = min(LAST_YEAR, latest + (int(rng.integers(8, 30)) if version == "remaster" else int(rng.integers(1, 6))))
        album = {
            "live": f"Live at {place(rng)}",
            "remaster": f"{chosen[0].album_title} (Remastered)",
            "acoustic": f"{chosen[0].album_title} (Deluxe Edition)",
            "reissue": f"The Best of {artist.name}",
        }[version]
        for track in chosen:
            title = {
                "live": f"{track.title} (Live)",
                "remaster": f"{track.title} - Remastered {year}",
                "acoustic": f"{track.title} - Acoustic Version",
                "reissue": track.title,
            }[version]
            found.append(Track(title, number, n_albums, album, year, version, track.original))
        n_albums += 1
    return n_albums


def _album_sizes(count: int, rng: np.random.Generator) -> list[int]:
    sizes = []
    while count > 0:
        wanted = int(rng.integers(1, 4)) if rng.random() < 0.25 else int(rng.integers(6, 13))
        sizes.append(min(wanted, count))
        count -= sizes[-1]
    return sizes


def _debut(genre: Genre, rng: np.random.Generator) -> int:
    return int(rng.triangular(genre.started, min(genre.peak, LAST_YEAR), LAST_YEAR + 1))
