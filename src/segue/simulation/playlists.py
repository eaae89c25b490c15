"""Playlists of the demo world: each has a theme, a name that fits it, and tracks that its owner likes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from segue.core.arrays import BoolArray, Float32Array, Int64Array
from segue.core.asking import row_blocks
from segue.core.dataset import Dataset
from segue.core.histories import Histories
from segue.core.progress import Progress
from segue.core.vocabulary import Vocabulary
from segue.simulation import words
from segue.simulation.genres import GENRES, ROOT_OF_GENRE, ROOTS
from segue.simulation.music import Music
from segue.simulation.parameters import Parameters
from segue.simulation.streams import Part, stream
from segue.simulation.taste import Taste

_KINDS = ("genre", "mood", "decade", "artist", "personal")
_KIND_SHARES = (0.3, 0.25, 0.12, 0.08, 0.25)
_FITTING = 5.0  # log-odds by which a track that fits the theme is preferred to one that does not
_SAME_ARTIST = 0.4


@dataclass(frozen=True, slots=True)
class _Theme:
    name: str
    fits: Float32Array | None  # (m,), how well each track fits, 0 to 1; None: everything does


def make_playlists(music: Music, truth: Taste, seed: int, parameters: Parameters, progress: Progress) -> Dataset:
    """Playlists as a dataset: a history per playlist, in its order, its name and its owner in the context.

    The theme is that of a track which the owner plays. The tracks are drawn without replacement in proportion to how
    often the owner would play them, far more readily where they fit the theme, and put in an order in which each is
    near the one before it.
    """
    rng = stream(seed, Part.PLAYLISTS)
    n = max(1, round(len(truth.users) * parameters.playlists_per_listener))
    m = len(truth.items)
    owners = np.sort(rng.integers(0, len(truth.users), n))
    lengths = parameters.playlist_length * np.exp(0.6 * rng.standard_normal(n) - 0.18)
    lengths = np.clip(np.round(lengths), min(5, m), m // 2).astype(np.int64)
    kinds = rng.choice(len(_KINDS), n, p=_KIND_SHARES)
    themes = _Themes(music)
    names: list[str] = []
    found: list[Int64Array] = []
    with progress.task("Making playlists", n, "playlists") as task:
        for block in row_blocks(n, 8 * m):
            rates = truth.scores(owners[block], aim="plays")
            starts = np.argmax(rates + rng.gumbel(size=rates.shape).astype(np.float32), axis=1)
            for row, start in enumerate(starts.tolist(), block.start):
                theme = themes.of(_KINDS[kinds[row]], start, rng)
                names.append(theme.name)
                keys = rates[row - block.start] + rng.gumbel(size=m)
                if theme.fits is not None:
                    keys += _FITTING * theme.fits
                keys[start] = np.inf
                chosen = np.argpartition(-keys, lengths[row] - 1)[: lengths[row]]
                found.append(_in_order(np.sort(chosen), music, rng))
            task.advance(len(rates))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    items = np.concatenate(found).astype(np.int32)
    ids = [f"p{row:06d}" for row in range(n)]
    context = pl.DataFrame({"playlist": ids, "name": names, "owner": truth.users.series.gather(owners)})
    return Dataset(
        Vocabulary(ids),
        truth.items,
        Histories(offsets, items, np.ones(items.size, np.float32), order="position", context=context),
        music.catalogue,
        feedback="presence",
        user_table=context.select(pl.col("playlist").alias("id"), "name", "owner"),
    )


class _Themes:
    """The theme that a playlist has when it starts with a certain track."""

    def __init__(self, music: Music) -> None:
        frame = music.catalogue.frame
        self._genres = music.genres
        self._roots = np.array(ROOT_OF_GENRE)[music.genres]
        self._decades = music.years // 10 * 10
        self._artists = music.artists
        self._names = frame["artist"].to_list()
        sound = {
            name: frame[name].to_numpy()
            for name in ("energy", "valence", "danceability", "acousticness", "instrumentalness", "tempo")
        }
        self._moods = {
            "chill": (sound["energy"] < 0.45) & (sound["tempo"] < 125),
            "energy": (sound["energy"] > 0.75) & (sound["tempo"] > 115),
            "party": (sound["danceability"] > 0.7) & (sound["energy"] > 0.55),
            "sad": (sound["valence"] < 0.3) & (sound["energy"] < 0.6),
            "happy": sound["valence"] > 0.65,
            "acoustic": sound["acousticness"] > 0.65,
            "focus": sound["instrumentalness"] > 0.5,
        }

    def of(self, kind: str, start: int, rng: np.random.Generator) -> _Theme:
        """The theme of this kind that the track `start` fits; a personal one where the kind has none for it."""
        if kind == "genre":
            return self._genre(start, rng)
        if kind == "decade":
            decade = int(self._decades[start])
            shown = str(decade) if decade >= 2000 else str(decade % 100)
            return _Theme(_named(words.DECADE_PLAYLISTS, shown, rng), _flags(self._decades == decade))
        if kind == "artist":
            name = _named(words.ARTIST_PLAYLISTS, self._names[start], rng)
            alike = np.where(self._genres == self._genres[start], 0.5, 0.0)
            return _Theme(name, np.where(self._artists == self._artists[start], 1.0, alike).astype(np.float32))
        moods = [mood for mood, fits in self._moods.items() if fits[start]]
        if kind == "mood" and moods:
            mood = moods[int(rng.integers(len(moods)))]
            return _Theme(_named(words.MOOD_PLAYLISTS[mood], "", rng), _flags(self._moods[mood]))
        return _Theme(_named(words.PERSONAL_PLAYLISTS, "", rng), None)

    def _genre(self, start: int, rng: np.random.Generator) -> _Theme:
        if rng.random() < 0.35:
            root = int(self._roots[start])
            return _Theme(_named(words.GENRE_PLAYLISTS, ROOTS[root].name, rng), _flags(self._roots == root))
        leaf = int(self._genres[start])
        return _Theme(_named(words.GENRE_PLAYLISTS, GENRES[leaf].name, rng), _flags(self._genres == leaf))


def _flags(fits: BoolArray) -> Float32Array:
    return fits.astype(np.float32)


def _named(patterns: tuple[str, ...], x: str, rng: np.random.Generator) -> str:
    return patterns[int(rng.integers(len(patterns)))].format(x=x, X=x.upper())


def _in_order(chosen: Int64Array, music: Music, rng: np.random.Generator) -> Int64Array:
    """The tracks in an order in which each is near the one before it."""
    vectors: Float32Array = music.vectors[chosen]
    artists = music.artists[chosen]
    likeness = vectors @ vectors.T + _SAME_ARTIST * (artists[:, np.newaxis] == artists)
    likeness += 0.3 * rng.gumbel(size=likeness.shape)
    return chosen[list(_walk(likeness, int(rng.integers(chosen.size))))]


def _walk(likeness: np.ndarray[tuple[int, int], np.dtype[np.float64]], place: int) -> Iterator[int]:
    likeness[:, place] = -np.inf
    yield place
    for _ in range(likeness.shape[0] - 1):
        place = int(likeness[place].argmax())
        likeness[:, place] = -np.inf
        yield place
