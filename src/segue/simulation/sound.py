"""How the tracks of the demo world sound: audio features in the ranges of the big catalogues, following the genre."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import expit, logit

from segue.core.arrays import BoolArray, Float64Array, Int64Array
from segue.simulation.genres import GENRES, SOUND

# Shares of the keys 0 (C) to 11 (B); keys that lie well under the hand are more common.
_KEYS: Final = np.array([12, 9, 11, 4, 8, 8, 6, 12, 6, 10, 6, 8], dtype=np.float64) / 100
_ARTIST_SPREAD: Final = 0.35
_TRACK_SPREAD: Final = 0.45


def audio_features(
    genres: Int64Array,
    artists: Int64Array,
    originals: Int64Array,
    live: BoolArray,
    acoustic: BoolArray,
    sung: BoolArray,
    rng: np.random.Generator,
) -> dict[str, Float64Array]:
    """The features of m tracks, each float64 (m,), named as in the catalogue; and "duration" in seconds.

    A feature in 0..1 is, in log-odds, its genre's mean plus what is the artist's and the track's own; loud tracks have
    more energy and less of an acoustic sound. Versions of a song share its key, mode, metre and about its tempo.
    """
    m = genres.size
    means = np.array([genre.sound for genre in GENRES])[genres]
    own = _ARTIST_SPREAD * rng.standard_normal((artists.max(initial=0) + 1, len(SOUND)))[artists]
    own += _TRACK_SPREAD * rng.standard_normal((m, len(SOUND)))
    column = {name: number for number, name in enumerate(SOUND)}
    own[:, column["acousticness"]] -= 0.6 * own[:, column["energy"]]
    own[:, column["valence"]] += 0.4 * own[:, column["danceability"]]
    own[:, column["acousticness"]] += 2.0 * acoustic
    own[:, column["energy"]] += 0.3 * live - 0.8 * acoustic
    features = {
        name: expit(logit(np.clip(means[:, number], 0.01, 0.99)) + own[:, number])
        for name, number in column.items()
        if name not in ("tempo", "instrumentalness")
    }
    features["liveness"] = np.where(live, rng.beta(16, 4, m), features["liveness"])
    words = rng.exponential(0.15, m) ** 2 * 2 * means[:, column["instrumentalness"]]
    features["instrumentalness"] = np.where(sung, np.minimum(words, 0.5), rng.beta(14, 2, m))
    features["loudness"] = np.clip(-25.0 + 21.0 * features["energy"] ** 0.8 + 1.5 * rng.standard_normal(m), -45.0, -0.5)
    tempo = means[:, column["tempo"]] * np.exp(0.13 * rng.standard_normal(m))
    features["tempo"] = np.clip(tempo[originals] * np.exp(0.01 * rng.standard_normal(m)), 50.0, 215.0)
    features["key"] = rng.choice(12, m, p=_KEYS)[originals].astype(np.float64)
    features["mode"] = (rng.random(m) < np.array([genre.major for genre in GENRES])[genres])[originals].astype(
        np.float64
    )
    three = rng.random(m) < np.array([genre.waltz for genre in GENRES])[genres]
    metre = np.where(three, 3.0, np.where(rng.random(m) < 0.015, 5.0, 4.0))
    features["time_signature"] = metre[originals]
    longer = np.where(sung, 1.0, 1.25) * np.where(live, 1.15, 1.0)
    features["duration"] = np.clip(212.0 * longer * np.exp(0.24 * rng.standard_normal(m)), 60.0, 900.0)
    return features
