"""The music of the demo world: the catalogue, and where every track lies in the space of tastes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from segue.core.arrays import Float32Array, Float64Array, Int32Array, Int64Array
from segue.core.catalogue import Catalogue
from segue.core.vocabulary import Vocabulary
from segue.simulation.discography import Track, artists, discography
from segue.simulation.genres import GENRES, ROOT_OF_GENRE, ROOTS
from segue.simulation.lyrics import lyrics
from segue.simulation.parameters import Parameters
from segue.simulation.sound import audio_features
from segue.simulation.streams import Part, stream

AUDIO_TASTE: Final = ("energy", "valence", "danceability", "acousticness")
_VERSION_APPEAL: Final = 0.35  # how much of an original's strength another version of it has


@dataclass(frozen=True, slots=True, eq=False)
class Music:
    """m tracks in `d = styles + 5` dimensions: style, the features of AUDIO_TASTE, and the era, both standardized.

    catalogue: one row per track.
    identity:  a frame of id, recording and song: what really is the same recording, and the same song.
    vectors:   float32, shape (m, d).
    bias:      float32, shape (m,), log-odds of being liked by a listener without any taste.
    exposure:  float64, shape (m,), how often a track crosses anyone's way, 1 for the most common.
    genres, artists, albums: int32, shape (m,), numbers.
    genre_styles:  float32, shape (g, styles), the direction of each genre.
    artist_styles: float32, shape (a, styles), the direction of each artist beside the genre's.
    artist_genres, artist_exposure: shape (a,).
    """

    catalogue: Catalogue
    identity: pl.DataFrame
    vectors: Float32Array
    bias: Float32Array
    exposure: Float64Array
    genres: Int32Array
    artists: Int32Array
    albums: Int32Array
    genre_styles: Float32Array
    artist_styles: Float32Array
    artist_genres: Int32Array
    artist_exposure: Float64Array

    @property
    def items(self) -> Vocabulary:
        """The ids of the tracks."""
        return Vocabulary(self.catalogue.frame["id"])

    @property
    def durations(self) -> Float32Array:
        """Seconds, float32, shape (m,)."""
        return self.catalogue.frame["duration"].to_numpy().astype(np.float32)

    @property
    def years(self) -> Int64Array:
        """Years of release, shape (m,)."""
        return self.catalogue.frame["released"].dt.year().to_numpy().astype(np.int64)


def make_music(tracks: int, seed: int, parameters: Parameters) -> Music:
    """The tracks of a world of this size and seed; they do not depend on its listeners."""
    rng = stream(seed, Part.MUSIC)
    shares = np.array([genre.share for genre in GENRES])
    n_artists = max(1, min(tracks, round(tracks / parameters.tracks_per_artist)))
    artist_genres = rng.choice(len(GENRES), n_artists, p=shares / shares.sum())
    everyone = artists(artist_genres, tracks, stream(seed, Part.NAMES, 0))
    found = discography(everyone, stream(seed, Part.NAMES, 1))
    of_artist = np.array([track.artist for track in found])
    originals = np.array([track.original for track in found])
    genres = artist_genres[of_artist]
    versions = np.array([track.version for track in found])
    years = np.array([track.year for track in found])

    sung = (rng.random(tracks) < np.array([genre.sung for genre in GENRES])[genres])[originals]
    features = audio_features(genres, of_artist, originals, versions == "live", versions == "acoustic", sung, rng)
    directions = _unit(rng.standard_normal((len(ROOTS), parameters.styles)))
    genre_styles = parameters.root_share * directions[list(ROOT_OF_GENRE)] + parameters.genre_share * _unit(
        rng.standard_normal((len(GENRES), parameters.styles))
    )
    artist_styles = parameters.artist_share * _unit(rng.standard_normal((n_artists, parameters.styles)))
    track_styles = parameters.track_share * _unit(rng.standard_normal((tracks, parameters.styles)))
    style = genre_styles[genres] + artist_styles[of_artist] + track_styles[originals]
    era = years[originals]
    measured = np.column_stack([_standard(features[name]) for name in AUDIO_TASTE] + [_standard(era)])
    artist_strength = -0.7 * np.log1p(rng.permutation(n_artists))
    strength = artist_strength[of_artist] + rng.standard_normal(tracks)
    strength = np.where(originals == np.arange(tracks), strength, strength[originals] + np.log(_VERSION_APPEAL))
    rank = np.empty(tracks)
    rank[np.argsort(-strength, kind="stable")] = np.arange(tracks)
    exposure = ((rank + 1 + parameters.zipf_shift) / (1 + parameters.zipf_shift)) ** -parameters.zipf_exponent
    explicit = (rng.random(tracks) < np.array([genre.explicit for genre in GENRES])[genres])[originals] & sung
    catalogue, identity = _catalogue(
        found, [a.name for a in everyone], genres, features, explicit, exposure, sung, seed
    )
    return Music(
        catalogue,
        identity,
        np.ascontiguousarray(np.hstack([style, measured]), dtype=np.float32),
        (parameters.like_at_neutral + parameters.quality * rng.standard_normal(tracks)[originals]).astype(np.float32),
        exposure,
        genres.astype(np.int32),
        of_artist.astype(np.int32),
        np.array([track.album for track in found], dtype=np.int32),
        genre_styles.astype(np.float32),
        artist_styles.astype(np.float32),
        artist_genres.astype(np.int32),
        np.bincount(of_artist, weights=exposure, minlength=n_artists).astype(np.float64),
    )


def _catalogue(
    found: list[Track],
    names: list[str],
    genres: Int64Array,
    features: dict[str, Float64Array],
    explicit: np.ndarray[tuple[int], np.dtype[np.bool_]],
    exposure: Float64Array,
    sung: np.ndarray[tuple[int], np.dtype[np.bool_]],
    seed: int,
) -> tuple[Catalogue, pl.DataFrame]:
    rng = stream(seed, Part.LYRICS)
    m = len(found)
    width = max(5, len(str(m - 1)))
    ids = [f"t{position:0{width}d}" for position in range(m)]
    scale = np.log(exposure)
    popularity = 100.0 * (1.0 - scale / min(scale.min(), -1.0)) ** 1.5 + 4.0 * rng.standard_normal(m)
    days = rng.integers(0, 365, m)
    of_album: dict[int, datetime.date] = {}
    codes: list[str] = []
    songs: list[str] = []
    recordings: list[str] = []
    texts: list[str | None] = []
    released: list[datetime.date] = []
    for position, track in enumerate(found):
        first = found[track.original]
        same_recording = track.version in ("reissue", "remaster")
        # ZZ is no country's code: such an ISRC is well formed and nobody's.
        code = f"ZZSG{position // 100_000:X}{track.year % 100:02d}{position % 100_000:05d}"
        codes.append(codes[track.original] if track.version == "reissue" else code)
        songs.append(ids[track.original])
        recordings.append(ids[track.original] if same_recording else ids[position])
        if not sung[position]:
            texts.append(None)
        elif track.original != position:
            texts.append(texts[track.original])
        else:
            root = ROOTS[ROOT_OF_GENRE[int(genres[position])]].name
            bare = first.title.split(" (feat.")[0]
            texts.append(lyrics(root, bare, bool(explicit[position]), rng))
        day = datetime.date(track.year, 1, 1) + datetime.timedelta(days=int(days[position]))
        released.append(of_album.setdefault(track.album, day))
    frame = pl.DataFrame(
        {
            "id": ids,
            "kind": ["track"] * m,
            "title": [track.title for track in found],
            "artist": [names[track.artist] for track in found],
            "album": [track.album_title for track in found],
            "genres": [[GENRES[g].name, ROOTS[ROOT_OF_GENRE[g]].name] for g in genres.tolist()],
            "tags": _tags(found, features, sung),
            "explicit": explicit,
            "released": released,
            "popularity": np.clip(np.round(popularity), 0, 100),
            "isrc": codes,
            "location": pl.Series([None] * m, dtype=pl.String),
            "text": pl.Series(texts, dtype=pl.String),
            **features,
        }
    )
    return Catalogue(frame), pl.DataFrame({"id": ids, "recording": recordings, "song": songs})


def _tags(
    found: list[Track], features: dict[str, Float64Array], sung: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> list[list[str]]:
    """What people would write on a track: moods that one hears, and the decade."""
    moods = {
        "energetic": features["energy"] > 0.8,
        "mellow": features["energy"] < 0.35,
        "danceable": features["danceability"] > 0.72,
        "acoustic": features["acousticness"] > 0.7,
        "happy": features["valence"] > 0.7,
        "melancholy": features["valence"] < 0.28,
        "instrumental": ~sung,
        "fast": features["tempo"] > 150,
    }
    named = list(moods)
    flags = np.column_stack(list(moods.values()))
    tags: list[list[str]] = []
    for track, row in zip(found, flags.tolist(), strict=True):
        there = [name for name, flag in zip(named, row, strict=True) if flag]
        decade = found[track.original].year // 10 * 10
        there.append(f"{decade}s" if decade >= 2000 else f"{decade % 100}s")
        if track.version == "live":
            there.append("live")
        tags.append(there)
    return tags


def _unit(rows: Float64Array) -> Float64Array:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _standard(values: Float64Array | Int64Array) -> Float64Array:
    spread = float(np.std(values))
    return (values - np.mean(values)) / (spread if spread > 0 else 1.0)
